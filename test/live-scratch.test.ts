/**
 * The whole way on the live box: files below a temporary directory, programs on a PATH of their own that answer as the
 * recorded machine did, and a container start that really depends on the file that is mended.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { liveBox } from '../src/box/live.ts';
import { diskStore } from '../src/plan/store.ts';
import { realOutside } from '../src/wizard/real.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { recording } from './edited.ts';
import { hands } from './hands.ts';

const CONFIG = '/etc/nvidia-container-runtime/config.toml';
const IMAGE = 'debian:trixie';

/** Answers from a folder of files named after the sum of the arguments; what is not there is not known. */
const FAKE = `#!/bin/sh
sum=$(printf '%s\\n' "\${0##*/}" "$@" | md5sum | cut -c1-32)
table="\${0%/bin/*}/answers/$sum"
[ -f "$table.code" ] || { echo "no answer for \${0##*/} $*" >&2; exit 99; }
cat "$table.out"; cat "$table.err" >&2; exit "$(cat "$table.code")"
`;

/** A container starts with a GPU as long as the file names an ldconfig that exists. */
const DOCKER = `#!/bin/sh
case "$1" in
run) if grep -q 'ldconfig.real' "$GPUMEDIC_ROOT${CONFIG}"; then
    echo 'nvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory' >&2; exit 125
  fi; echo 'GPU 0: NVIDIA GeForce RTX 4070 Ti SUPER (UUID: GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3)'; exit 0;;
images) echo '${IMAGE}'; exit 0;;
esac
exec "\${0%/*}/docker-recorded" "$@"
`;

const sumOf = (argv: readonly string[]) =>
  createHash('md5')
    .update(argv.map(a => `${a}\n`).join(''))
    .digest('hex');

/** The recorded machine below a folder. */
const lay = (name: string): { readonly root: string; readonly bin: string } => {
  const root = mkdtempSync(join(tmpdir(), 'gpumedic-scratch-'));
  const box = recording(name);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  mkdirSync(join(root, 'answers'), { recursive: true });
  for (const [path, stat] of Object.entries(box.stats)) {
    if (stat.type !== 'link' || !['/lib', '/sbin', '/var/run'].includes(path)) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const target = stat.target!.startsWith('/') ? join(root, stat.target!) : stat.target!;
    symlinkSync(target, join(root, path));
    mkdirSync(join(dirname(join(root, path)), stat.target!.startsWith('/') ? '.' : stat.target!), { recursive: true });
    if (stat.target!.startsWith('/')) mkdirSync(target, { recursive: true });
  }
  for (const [dir, names] of Object.entries(box.dirs)) {
    if (names === null || dir.startsWith('/sys/module')) continue;
    // A folder whose parent was listed first stands there as an empty file already.
    if (existsSync(join(root, dir)) && statSync(join(root, dir)).isFile()) rmSync(join(root, dir));
    mkdirSync(join(root, dir), { recursive: true });
    for (const n of names) {
      if (/^0000:/.test(n)) mkdirSync(join(root, dir, n), { recursive: true });
      else if (/nvidia|cuda|ldconfig|runc/.test(n) && !existsSync(join(root, dir, n))) put(`${dir}/${n}`, '');
    }
  }
  for (const [path, text] of Object.entries(box.files)) {
    if (text === null || path.startsWith('/run/') || path.startsWith('/sys/bus/pci')) continue;
    rmSync(join(root, path), { recursive: true, force: true });
    put(path, text);
  }
  rmSync(join(root, '/sbin/ldconfig'), { force: true });
  put('/sbin/ldconfig', '\u007fELF\u0000');
  chmodSync(join(root, '/sbin/ldconfig'), 0o755);
  put('/usr/bin/crun', '');
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  for (const c of box.commands) {
    if (c.absent) continue;
    const argv = c.argv[0] === 'docker' ? ['docker-recorded', ...c.argv.slice(1)] : c.argv;
    const at = join(root, 'answers', sumOf(argv));
    writeFileSync(`${at}.out`, c.stdout ?? '');
    writeFileSync(`${at}.err`, c.stderr ?? '');
    writeFileSync(`${at}.code`, String(c.code));
    if (!existsSync(join(bin, argv[0]!)) && argv[0] !== 'sh' && argv[0] !== 'cat') program(argv[0]!, FAKE);
  }
  program('docker', DOCKER);
  return { root, bin };
};

test('start to proven fix on the live box in a scratch root, and back byte for byte', async t => {
  const { root, bin } = lay('ldconfig-real-missing@v114');
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const state = join(root, 'state');
  const box = liveBox({ root, env: { PATH: `${bin}:${process.env.PATH ?? ''}` }, isRoot: true });
  const config = join(root, CONFIG);
  chmodSync(config, 0o640);
  const before = readFileSync(config);

  const wizard = createWizard({
    outside: realOutside({ box, store: diskStore(state), version: '0', command: 'gpumedic', now: Date.now }),
  });
  const me = hands(wizard);
  await me.choose('why');
  await me.asked();
  assert.equal(wizard.state().walk?.found?.id, 'ldconfig-path-wrong');
  assert.deepEqual(readFileSync(config), before, 'looking changes nothing');
  me.key('enter', 'Enter');
  await me.asked();
  me.key({ char: 'y' }, 'y');
  const proof = await me.asked();
  assert.deepEqual(wizard.state().walk?.fixed, ['ldconfig-path-wrong']);
  assert.match(readFileSync(config, 'utf8'), /^ldconfig = "@\/sbin\/ldconfig"$/m);
  assert.equal(statSync(config).mode & 0o777, 0o640);
  assert.ok(proof.confirm !== null, 'a proof is offered');
  me.key({ char: 'y' }, 'y');
  await me.asked();
  assert.equal(wizard.state().proven?.ok, true, wizard.state().proven?.shows);

  await me.choose('undo');
  await me.choose('20');
  await me.asked();
  me.key({ char: 'y' }, 'y');
  await me.asked();
  assert.deepEqual(readFileSync(config), before);
  assert.equal(statSync(config).mode & 0o777, 0o640);
});
