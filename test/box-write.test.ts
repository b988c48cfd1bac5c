/** Writing through the live box: all or nothing, and the file keeps everything but its text. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BoxError } from '../src/box/box.ts';
import { type LiveOptions, liveBox } from '../src/box/live.ts';

const dir = mkdtempSync(join(tmpdir(), 'gpumedic-test-'));
chmodSync(dir, 0o755);
after(() => rmSync(dir, { recursive: true }));
const isRoot = process.geteuid?.() === 0;
const bin = join(dir, 'bin');
mkdirSync(bin);
const program = (name: string, body: string): void => writeFileSync(join(bin, name), body, { mode: 0o755 });
// Stands for sudo: checks how it is called, notes it, and runs the command as whoever we are.
program('sudo', `#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 99\nshift 2\necho "$1" >> ${dir}/sudo.log\nexec "$@"\n`);
const PATH = `${bin}:/usr/bin:/bin`;

const folder = (name: string): string => {
  const path = join(dir, name);
  mkdirSync(path);
  return path;
};
const refused = (code: BoxError['code'], words: RegExp) => (e: unknown) =>
  e instanceof BoxError && e.code === code && words.test(e.message) ? true : assert.fail(String(e));

const ways: Record<string, { readonly options: LiveOptions; readonly write: { readonly root: boolean } }> = {
  directly: { options: { env: { PATH } }, write: { root: false } },
  'as root by sudo': { options: { env: { PATH }, isRoot: false }, write: { root: true } },
};

for (const [way, { options, write }] of Object.entries(ways)) {
  const box = liveBox(options);
  const home = folder(way);

  test(`${way}: a file keeps mode, owner and attributes, gets the text byte for byte and a new time`, async () => {
    const path = join(home, 'daemon.json');
    writeFileSync(path, 'old');
    if (isRoot) chownSync(path, 1234, 4321);
    chmodSync(path, 0o640);
    utimesSync(path, 1, 1);
    const text = '\ufeff{\r\n  "a": "한국어"\t}\n';
    await box.write(path, text, { ...write, mode: 0o777 });
    assert.equal(readFileSync(path, 'utf8'), text);
    const s = statSync(path);
    assert.equal(s.mode & 0o7777, 0o640);
    if (isRoot) assert.deepEqual([s.uid, s.gid], [1234, 4321]);
    assert.ok(s.mtimeMs > 1000);
    await box.write(path, '', write);
    assert.equal(readFileSync(path, 'utf8'), '');
    assert.deepEqual(readdirSync(home), ['daemon.json']);
  });

  test(`${way}: a link stays a link, its end is replaced, whichever way it leads there`, async () => {
    const at = join(home, 'links');
    mkdirSync(join(at, 'real'), { recursive: true });
    writeFileSync(join(at, 'real/file'), 'old');
    symlinkSync('real', join(at, 'dir'));
    symlinkSync(join(at, 'dir/file'), join(at, 'file'));
    symlinkSync('real/later', join(at, 'dangling'));
    await box.write(join(at, 'file'), 'new', write);
    await box.write(join(at, 'dangling'), 'made', write);
    assert.ok(lstatSync(join(at, 'file')).isSymbolicLink() && lstatSync(join(at, 'dangling')).isSymbolicLink());
    assert.deepEqual(readdirSync(join(at, 'real')), ['file', 'later']);
    assert.equal(readFileSync(join(at, 'real/file'), 'utf8'), 'new');
    // Taking back what was made leaves the link as it was.
    await box.write(join(at, 'dangling'), null, write);
    assert.deepEqual(readdirSync(join(at, 'real')), ['file']);
    assert.ok(lstatSync(join(at, 'dangling')).isSymbolicLink());
  });

  test(`${way}: a new file gets the mode asked for, whatever the umask, in a folder that is made where missing`, async () => {
    const old = process.umask(0o077);
    try {
      await box.write(join(home, 'new/cdi/nvidia.yaml'), 'spec', { ...write, mode: 0o664 });
      await box.write(join(home, 'plain'), 'x', write);
    } finally {
      process.umask(old);
    }
    assert.equal(statSync(join(home, 'new/cdi/nvidia.yaml')).mode & 0o7777, 0o664);
    assert.equal(statSync(join(home, 'plain')).mode & 0o7777, 0o644);
    assert.deepEqual(readdirSync(join(home, 'new/cdi')), ['nvidia.yaml']);
    for (const made of ['new', 'new/cdi']) assert.equal(statSync(join(home, made)).mode & 0o7777, 0o755, made);
  });

  test(`${way}: what a killed write left beside the file goes with the next one, and nothing else`, async () => {
    const at = join(home, 'left');
    mkdirSync(at);
    const others = [
      '.file.0123456789ab.gpumedic-new',
      '.file.swp',
      '.file.gpumedic-new',
      '.other.0123456789ab.gpumedic-new',
    ];
    for (const name of others) writeFileSync(join(at, name), '');
    await box.write(join(at, 'file'), 'x', write);
    assert.deepEqual(readdirSync(at).sort(), [...others.slice(1), 'file'].sort());
    writeFileSync(join(at, others[0] as string), '');
    await box.write(join(at, 'file'), null, write);
    assert.deepEqual(readdirSync(at).sort(), others.slice(1).sort());
  });

  test(`${way}: null removes, and removing what is not there is no error`, async () => {
    const path = join(home, 'away');
    writeFileSync(path, 'x');
    await box.write(path, null, write);
    await box.write(path, null, write);
    assert.throws(() => lstatSync(path), /ENOENT/);
  });

  test(`${way}: what is no regular file is refused and left alone`, async () => {
    const at = join(home, 'odd');
    mkdirSync(join(at, 'folder'), { recursive: true });
    execFileSync('mkfifo', [join(at, 'fifo')]);
    for (const name of ['folder', 'fifo'])
      for (const text of ['x', null])
        await assert.rejects(box.write(join(at, name), text, write), refused('other', /is not a regular file/));
    await assert.rejects(box.write('/dev/null', null, write), refused('other', /is not a regular file/));
    assert.deepEqual(readdirSync(at), ['fifo', 'folder']);
    await assert.rejects(box.write(join(at, 'fifo/below'), 'x', write), (e: unknown) => e instanceof BoxError);
  });
}

test('by sudo nothing else than these programs is run, each with an argument vector', () => {
  const used = new Set(readFileSync(join(dir, 'sudo.log'), 'utf8').trim().split('\n'));
  assert.deepEqual([...used].sort(), ['cp', 'install', 'mv', 'readlink', 'rm', 'stat', 'sync']);
});

test('a failing step under sudo leaves the old file and nothing beside it', async () => {
  const home = folder('failing');
  const path = join(home, 'file');
  writeFileSync(path, 'old');
  const broken = join(dir, 'broken');
  mkdirSync(broken);
  const box = liveBox({ env: { PATH: `${broken}:${PATH}` }, isRoot: false });
  writeFileSync(join(broken, 'mv'), '#!/bin/sh\necho "mv: cannot move: No space left on device" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await assert.rejects(box.write(path, 'new', { root: true }), refused('noSpace', /No space left/));
  writeFileSync(join(broken, 'sudo'), '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n', { mode: 0o755 });
  await assert.rejects(box.write(path, 'new', { root: true }), refused('denied', /sudo refused/));
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(home), ['file']);
});

test('without a cp that copies attributes, owner and mode still follow', async () => {
  const home = folder('simple');
  const path = join(home, 'file');
  writeFileSync(path, 'old');
  if (isRoot) chownSync(path, 1234, 4321);
  chmodSync(path, 0o604);
  await liveBox({ env: { PATH: '/nowhere' } }).write(path, 'new');
  const s = statSync(path);
  assert.deepEqual([s.mode & 0o7777, isRoot && s.uid, readFileSync(path, 'utf8')], [0o604, isRoot && 1234, 'new']);
});

test('where writing is not allowed the reason is told and nothing is left', async () => {
  const home = folder('locked');
  writeFileSync(join(home, 'file'), 'old');
  chmodSync(home, 0o555);
  if (isRoot) process.seteuid?.(65534);
  try {
    await assert.rejects(
      liveBox().write(join(home, 'file'), 'new'),
      refused('denied', /file could not be written: permission denied/),
    );
    await assert.rejects(liveBox().write(join(home, 'file'), null), refused('denied', /permission denied/));
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  assert.deepEqual(readdirSync(home), ['file']);
  assert.equal(readFileSync(join(home, 'file'), 'utf8'), 'old');
});

// Makes a disk of one page, which only a mount namespace of its own can have.
const onTinyDisk = (
  script: string,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync(
    'unshare',
    [
      '--mount',
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      'sh',
      '-c',
      `mount -t tmpfs -o size=8k none "${dir}/tiny" && exec "$@"`,
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ],
    { encoding: 'utf8', timeout: 20_000 },
  );
mkdirSync(join(dir, 'tiny'));
const mountable = onTinyDisk('').status === 0;

test('a full disk is told as such, the old file stays whole and the new one is gone', {
  skip: !mountable && 'no mount namespace here',
}, () => {
  const live = new URL('../src/box/live.ts', import.meta.url).href;
  const ran = onTinyDisk(`
    import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
    import { liveBox } from ${JSON.stringify(live)};
    const at = ${JSON.stringify(join(dir, 'tiny'))};
    writeFileSync(at + '/file', 'old');
    const error = await liveBox().write(at + '/file', 'x'.repeat(100_000)).catch(e => e);
    console.log(error.code, '|', error.message, '|', readFileSync(at + '/file', 'utf8'), '|', readdirSync(at).join());
  `);
  assert.equal(
    ran.stdout,
    `noSpace | ${join(dir, 'tiny')}/file could not be written: no space left on the device | old | file\n`,
    ran.stderr,
  );
});

test('extended attributes follow', async t => {
  const path = join(folder('xattr'), 'file');
  writeFileSync(path, 'old');
  const python = (code: string) => spawnSync('python3', ['-c', code, path], { encoding: 'utf8' });
  const set = python('import os,sys; os.setxattr(sys.argv[1], "user.note", b"kept")');
  if (set.status !== 0) return t.skip('no way to set an extended attribute here');
  await liveBox().write(path, 'new');
  assert.equal(python('import os,sys; print(os.getxattr(sys.argv[1], "user.note").decode())').stdout, 'kept\n');
});
