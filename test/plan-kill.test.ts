/** The same on a real disk with real processes: kill -9 between any two steps and in the middle of a write, then undo. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveBox } from '../src/box/live.ts';
import { historyOf, unfinished } from '../src/plan/history.ts';
import { diskStore } from '../src/plan/store.ts';
import { undoSession } from '../src/plan/undo.ts';
import { edit, planOf } from './plan-fake.ts';

const CHILD = fileURLToPath(new URL('plan-kill-child.ts', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'gpumedic-kill-'));
after(() => rmSync(base, { recursive: true, force: true }));

const program = (path: string, body: string) => writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });

let made = 0;
/** A folder that stands for "/", with a file, a link to one, programs on PATH and a state folder. */
const scratch = (cp?: string) => {
  const folder = join(base, String(made++));
  const root = join(folder, 'root');
  const bin = join(folder, 'bin');
  for (const dir of [join(root, 'etc/docker'), join(root, 'data'), bin]) mkdirSync(dir, { recursive: true });
  writeFileSync(join(root, 'etc/docker/daemon.json'), '{"größe": 1}\r\n');
  chmodSync(join(root, 'etc/docker/daemon.json'), 0o640);
  writeFileSync(join(root, 'data/real.toml'), 'a = 1');
  symlinkSync('../data/real.toml', join(root, 'etc/link.toml'));
  program(join(bin, 'flag-on'), 'echo on > "$GPUMEDIC_ROOT/data/flag"');
  program(join(bin, 'flag-off'), 'rm -f "$GPUMEDIC_ROOT/data/flag"');
  program(join(bin, 'restart-it'), 'cat "$GPUMEDIC_ROOT/etc/docker/daemon.json" > "$GPUMEDIC_ROOT/../service"');
  if (cp !== undefined) program(join(bin, 'cp'), cp);
  return { folder, root, state: join(folder, 'state'), path: `${bin}:${process.env.PATH}` };
};

const PLAN = planOf(
  [
    edit('/etc/docker/daemon.json', '{"größe": 1}\r\n', '{"größe": 2}\r\n'),
    { do: 'run', command: { argv: ['flag-on'] }, undo: { argv: ['flag-off'] }, why: 'because' },
    edit('/etc/link.toml', 'a = 1', 'a = 2'),
    edit('/etc/new.json', null, '{}\n', 0o600),
  ],
  { settle: [{ argv: ['restart-it'] }] },
);

/** Every name, type, mode and byte below a folder. */
const picture = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const held = stat.isSymbolicLink() ? readlinkSync(path) : stat.isFile() ? readFileSync(path, 'utf8') : '';
      return JSON.stringify([name, stat.mode.toString(8), held]);
    })
    .join('\n');

type Scratch = ReturnType<typeof scratch>;
const child = (
  where: Scratch,
  at: number,
  shell?: string,
): Promise<{ readonly signal: string | null; readonly out: string }> =>
  new Promise(resolve => {
    const argument = JSON.stringify({ ...where, plan: PLAN, at });
    const argv = shell === undefined ? [CHILD, argument] : ['-c', shell, process.execPath, CHILD, argument];
    const run = execFile(
      shell === undefined ? process.execPath : 'sh',
      argv,
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (_, out) => resolve({ signal: run.signalCode, out }),
    );
  });

const undoneAfterKill = async (where: Scratch, before: string): Promise<void> => {
  const store = diskStore(where.state);
  const [session] = await unfinished(store);
  if (session !== undefined) {
    const box = liveBox({ root: where.root, isRoot: true, env: { PATH: where.path } });
    assert.equal((await undoSession(box, store, session.id)).kind, 'undone');
  }
  assert.equal(picture(where.root), before);
  assert.deepEqual(await unfinished(store), []);
};

test('killed before any effect on disk or journal, then undone: byte-identical, nothing left beside', async () => {
  const whole = scratch();
  const original = picture(whole.root);
  const { out } = await child(whole, -1);
  const { result, count } = JSON.parse(out) as { readonly result: { readonly kind: string }; readonly count: number };
  assert.equal(result.kind, 'applied');
  assert.notEqual(picture(whole.root), original);
  assert.ok(count >= 20, `${count} effects`);
  const points = Array.from({ length: count }, (_, at) => at);
  const worker = async () => {
    for (let at = points.shift(); at !== undefined; at = points.shift()) {
      const where = scratch();
      const before = picture(where.root);
      const ended = await child(where, at);
      assert.deepEqual([ended.signal, ended.out], ['SIGKILL', ''], `effect ${at}`);
      await undoneAfterKill(where, before);
    }
  };
  await Promise.all([worker(), worker()]);
  const store = diskStore(whole.state);
  const box = liveBox({ root: whole.root, isRoot: true, env: { PATH: whole.path } });
  const [session] = await historyOf(store);
  assert.equal((await undoSession(box, store, session?.id ?? '')).kind, 'undone');
  assert.equal(picture(whole.root), original);
});

test('killed in the middle of a write: the half-made file beside the target is swept away too', async () => {
  // The live box copies attributes by cp between making the new file and renaming it.
  for (const target of ['daemon.json', 'real.toml']) {
    const where = scratch(`case "$*" in *${target}*) kill -9 $PPID;; esac`);
    const before = picture(where.root);
    assert.equal((await child(where, -1)).signal, 'SIGKILL');
    assert.match(picture(where.root), /gpumedic-new/, 'the kill came in the middle');
    rmSync(join(where.folder, 'bin/cp'));
    await undoneAfterKill(where, before);
  }
});

test('no room for the journal: nothing is applied', async () => {
  const where = scratch();
  const before = picture(where.root);
  const { out } = await child(where, -1, `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`);
  const { result } = JSON.parse(out) as { readonly result: { readonly kind: string; readonly because: string } };
  assert.equal(result.kind, 'refused');
  assert.match(result.because, /could not be written: the file size limit is reached/);
  assert.equal(picture(where.root), before);
});
