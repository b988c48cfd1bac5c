/** The live box over real programs and files in a temporary folder: every outcome there is, and none that hangs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { liveBox } from '../src/box/live.ts';
import { deviceOf } from '../src/box/live-look.ts';
import { farMounts } from '../src/box/place.ts';

const dir = mkdtempSync(join(tmpdir(), 'gpumedic-test-'));
chmodSync(dir, 0o755);
after(() => rmSync(dir, { recursive: true }));
const bin = join(dir, 'bin');
mkdirSync(bin);
const program = (name: string, body: string, mode = 0o755): void => {
  writeFileSync(join(bin, name), body);
  chmodSync(join(bin, name), mode);
};
const PATH = `${bin}:/usr/bin:/bin`;
const box = liveBox({ env: { PATH, NVIDIA_CTK_CDI_OUTPUT_FILE_PATH: '/tmp/x', LC_ALL: 'de_DE.UTF-8' }, lookMs: 2000 });

/** Runs as somebody who may do nothing, where we are root. */
const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
};

test('a command gets its arguments as they are, no stdin, a fixed language and the folder /', async () => {
  program(
    'show',
    '#!/bin/sh\nprintf "[%s]" "$@"; pwd; cat; echo $LC_ALL $NVIDIA_CTK_CDI_OUTPUT_FILE_PATH >&2; exit 3\n',
  );
  const ran = await box.run({ argv: ['show', 'a b', '$(id)', '*', "'", ''] });
  assert.deepEqual(ran, {
    kind: 'exited',
    code: 3,
    stdout: "[a b][$(id)][*]['][]/\n",
    stderr: 'C\n',
  });
  assert.equal((await box.run({ argv: ['cat'], stdin: 'typed' })).kind, 'exited');
  assert.deepEqual(await box.run({ argv: ['cat'], stdin: 'typed' }), {
    kind: 'exited',
    code: 0,
    stdout: 'typed',
    stderr: '',
  });
});

test('a missing program is absent, one without the right to run it denied', async () => {
  assert.deepEqual(await box.run({ argv: ['no-such-program'] }), { kind: 'absent' });
  assert.deepEqual(await box.run({ argv: [join(dir, 'nowhere/x')] }), { kind: 'absent' });
  program('locked', '#!/bin/sh\n', 0o644);
  assert.deepEqual(await box.run({ argv: ['locked'] }), { kind: 'denied' });
});

test('a folder on PATH that may not be entered does not make a missing program look forbidden', async () => {
  const closed = join(dir, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const b = liveBox({ env: { PATH: `${closed}:/usr/bin:/bin` } });
  await asNobody(async () => assert.deepEqual(await b.run({ argv: ['no-such-program'] }), { kind: 'absent' }));
});

test('a folder that vanished under us does not make every program look absent', async () => {
  const home = process.cwd();
  const gone = join(dir, 'gone');
  mkdirSync(gone);
  process.chdir(gone);
  try {
    rmSync(gone, { recursive: true });
    assert.deepEqual(await box.run({ argv: ['printf', 'x'] }), { kind: 'exited', code: 0, stdout: 'x', stderr: '' });
  } finally {
    process.chdir(home);
  }
});

test('a program that is there but cannot be started is not called absent', async () => {
  program('interpreter', '#!/no/such/interpreter\n');
  const missing = await box.run({ argv: ['interpreter'] });
  assert.deepEqual(missing, {
    kind: 'exited',
    code: 127,
    stdout: '',
    stderr: 'interpreter: cannot execute: required file not found\n',
  });
});

test('death by a signal is a negative code', async () => {
  program('crash', '#!/bin/sh\necho half\nkill -SEGV $$\n');
  assert.deepEqual(await box.run({ argv: ['crash'] }), { kind: 'exited', code: -11, stdout: 'half\n', stderr: '' });
});

test('a hung command times out, also one that ignores the signal or leaves a child with the pipe', async () => {
  program('hang', '#!/bin/sh\nexec sleep 60\n');
  program('stubborn', "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 60; done\n");
  program('forks', '#!/bin/sh\nsleep 60 &\nexit 0\n');
  const runs = ['hang', 'stubborn', 'forks'].map(name => box.run({ argv: [name], timeoutMs: 150 }));
  assert.deepEqual(await Promise.all(runs), Array(3).fill({ kind: 'timedOut', afterMs: 150 }));
});

test('an abort ends the command and is thrown', async () => {
  // Ready once it holds the pipe open for writing; the pipe ends when the command does.
  execFileSync('mkfifo', [join(dir, 'alive')]);
  program('wait', `#!/bin/sh\nexec 3> ${dir}/alive\necho ready >&3\nexec sleep 60\n`);
  const stop = new AbortController();
  const run = box.run({ argv: ['wait'] }, stop.signal);
  const alive = createReadStream(join(dir, 'alive'));
  const ended = once(alive, 'end');
  alive.once('data', () => stop.abort(new Error('enough')));
  await assert.rejects(run, /enough/);
  await ended;
  await assert.rejects(box.run({ argv: ['wait'] }, AbortSignal.abort(new Error('before'))), /before/);
});

test('endless output is cut off and marked', async () => {
  const small = liveBox({ env: { PATH }, maxOutput: 1000 });
  const ran = await small.run({ argv: ['yes', 'gpu'] });
  assert.ok(ran.kind === 'exited' && ran.truncated === true, JSON.stringify(ran).slice(0, 100));
  assert.equal(ran.stdout, 'gpu\n'.repeat(250));
  const whole = await small.run({ argv: ['printf', 'x'] });
  assert.deepEqual(whole, { kind: 'exited', code: 0, stdout: 'x', stderr: '' });
});

test('what needs root goes through sudo -n, whose refusals are told from those of the command', async () => {
  program(
    'sudo',
    `#!/bin/sh
[ "$1 $2" = "-n --" ] || exit 99
shift 2
case "$1" in
  refused) echo "sudo: a password is required" >&2; exit 1;;
  stranger) echo "Sorry, user a is not allowed to execute 'x' as root on b." >&2; exit 1;;
  missing) echo "sudo: missing: command not found" >&2; exit 1;;
esac
exec "$@"
`,
  );
  const user = liveBox({ env: { PATH }, isRoot: false });
  const root = (...argv: [string, ...string[]]) => user.run({ argv, root: true });
  assert.deepEqual(await root('refused'), { kind: 'denied' });
  assert.deepEqual(await root('stranger'), { kind: 'denied' });
  assert.deepEqual(await root('missing'), { kind: 'absent' });
  assert.deepEqual(await root('printf', 'a b'), { kind: 'exited', code: 0, stdout: 'a b', stderr: '' });
  assert.deepEqual(await root('sh', '-c', 'echo no >&2; exit 1'), {
    kind: 'exited',
    code: 1,
    stdout: '',
    stderr: 'no\n',
  });
  const without = liveBox({ env: { PATH: '/nowhere' }, isRoot: false });
  assert.deepEqual(await without.run({ argv: ['id'], root: true }), { kind: 'denied' });
  // Root itself needs no sudo.
  assert.equal((await liveBox({ env: { PATH }, isRoot: true }).run({ argv: ['refused'], root: true })).kind, 'absent');
});

test('files: text as it is, and every reason why there is none', async () => {
  const at = (name: string) => join(dir, name);
  writeFileSync(at('text'), '\ufeffeins\r\n한국어\n');
  writeFileSync(at('empty'), '');
  writeFileSync(at('nul'), 'a\0b');
  writeFileSync(at('latin'), Buffer.from([0x66, 0xfc, 0x72]));
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 3 * 1024 * 1024);
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync('text', at('link'));
  symlinkSync('fifo', at('tofifo'));
  symlinkSync('nowhere', at('dangling'));
  symlinkSync('circle', at('circle'));
  writeFileSync(at('secret'), 'x', { mode: 0 });
  assert.deepEqual(await box.read(at('text')), { kind: 'file', text: '\ufeffeins\r\n한국어\n' });
  assert.deepEqual(await box.read(at('link')), { kind: 'file', text: '\ufeffeins\r\n한국어\n' });
  assert.deepEqual(await box.read(at('empty')), { kind: 'file', text: '' });
  for (const name of ['none', 'none/below', 'text/below', 'dangling'])
    assert.deepEqual(await box.read(at(name)), { kind: 'absent' }, name);
  const unreadable = {
    nul: 'binary',
    latin: 'binary',
    huge: 'tooBig',
    folder: 'EISDIR',
    fifo: 'other',
    tofifo: 'other',
    circle: 'ELOOP',
  };
  for (const [name, why] of Object.entries(unreadable))
    assert.deepEqual(await box.read(at(name)), { kind: 'unreadable', why }, name);
  assert.deepEqual(await box.read('/dev/zero'), { kind: 'unreadable', why: 'other' });
  await asNobody(async () => assert.deepEqual(await box.read(at('secret')), { kind: 'denied' }));
});

test('files of the kernel, whose sizes lie, are read whole', async () => {
  const read = await box.read('/proc/self/status');
  assert.ok(read.kind === 'file' && /^Pid:\t\d+$/m.test(read.text));
  const cmdline = await box.read('/proc/self/cmdline');
  assert.ok(cmdline.kind === 'file' && cmdline.text.includes('\0') && !cmdline.text.endsWith('\0'));
});

test('listings are sorted, hidden names too; what is no folder says so', async () => {
  mkdirSync(join(dir, 'names'));
  for (const name of ['b', 'a', '.hidden']) writeFileSync(join(dir, 'names', name), '');
  assert.deepEqual(await box.list(join(dir, 'names')), { kind: 'dir', names: ['.hidden', 'a', 'b'] });
  assert.deepEqual(await box.list(join(dir, 'names/a')), { kind: 'unreadable', why: 'other' });
  assert.deepEqual(await box.list(join(dir, 'names/a/b')), { kind: 'absent' });
  assert.deepEqual(await box.list(join(dir, 'nowhere')), { kind: 'absent' });
  mkdirSync(join(dir, 'shut'), { mode: 0 });
  await asNobody(async () => assert.deepEqual(await box.list(join(dir, 'shut')), { kind: 'denied' }));
  await asNobody(async () => assert.deepEqual(await box.stat(join(dir, 'shut/x')), { kind: 'denied' }));
});

test('stat shows the thing itself: type, bits, target, device numbers', async () => {
  const kind = async (path: string) => {
    const s = await box.stat(path);
    return s.kind === 'stat' ? s.stat : s;
  };
  writeFileSync(join(dir, 'plain'), 'four');
  chmodSync(join(dir, 'plain'), 0o4640);
  const plain = await kind(join(dir, 'plain'));
  assert.ok('type' in plain && plain.type === 'file' && plain.mode === 0o4640 && plain.size === 4);
  assert.ok(Number.isInteger(plain.mtime) && !('target' in plain) && !('major' in plain));
  symlinkSync('../no/where', join(dir, 'away'));
  assert.deepEqual(await kind(join(dir, 'away')).then(s => 'type' in s && [s.type, s.target]), ['link', '../no/where']);
  assert.deepEqual(await kind('/dev/null').then(s => 'type' in s && [s.type, s.major, s.minor]), ['char', 1, 3]);
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  assert.deepEqual(await kind(join(dir, 'pipe')).then(s => 'type' in s && s.type), 'fifo');
  assert.deepEqual(await kind(dir).then(s => 'type' in s && s.type), 'dir');
  assert.deepEqual(await box.stat(join(dir, 'nothing')), { kind: 'absent' });
  const server = createServer().listen(join(dir, 'sock'));
  await new Promise(resolve => server.once('listening', resolve));
  assert.deepEqual(await kind(join(dir, 'sock')).then(s => 'type' in s && s.type), 'socket');
  server.close();
});

test('device numbers are unpacked as Linux packs them', () => {
  assert.deepEqual(deviceOf(0xc3ff), { major: 195, minor: 255 });
  assert.deepEqual(deviceOf(0x1234500 + 0x67), { major: 0x345, minor: 0x1200 + 0x67 });
  assert.deepEqual(deviceOf(508 * 256), { major: 508, minor: 0 });
  assert.deepEqual(deviceOf(0xfff00000 + 0x12), { major: 0, minor: 0xfff00 + 0x12 });
});

test('places that may hang are known from the mount table', () => {
  const table = [
    '22 1 254:0 / / rw - ext4 /dev/vda rw',
    '30 22 0:30 / /home rw,relatime shared:1 - nfs4 server:/home rw',
    '31 22 0:31 / /mnt/a\\040b rw - fuse.sshfs a@b: rw',
    '32 22 0:32 / /run rw - tmpfs tmpfs rw',
    '33 22 0:33 / /wsl rw - 9p drvfs rw',
  ].join('\n');
  assert.deepEqual(farMounts(table), ['/proc/driver/nvidia', '/home', '/mnt/a b', '/wsl']);
});

test('at such a place everything is asked through children that can be left behind', async () => {
  const slow = join(dir, 'slow');
  mkdirSync(join(slow, 'sub'), { recursive: true });
  writeFileSync(join(slow, 'text'), 'far away\n');
  writeFileSync(join(slow, 'nul'), 'a\0b');
  symlinkSync('text', join(slow, 'link'));
  symlinkSync(join(slow, 'text'), join(dir, 'into'));
  const far = liveBox({ env: { PATH: '/usr/bin:/bin' }, slow: [slow] });
  for (const path of ['text', 'link', 'nul', 'sub', 'none', 'text/below'].map(n => join(slow, n))) {
    assert.deepEqual(await far.read(path), await box.read(path), path);
    assert.deepEqual(await far.stat(path), await box.stat(path), path);
  }
  for (const path of [slow, join(slow, 'none')]) assert.deepEqual(await far.list(path), await box.list(path), path);
  assert.deepEqual(await far.read(join(dir, 'into')), { kind: 'file', text: 'far away\n' });

  for (const name of ['cat', 'ls', 'stat']) program(name, '#!/bin/sh\nexec sleep 60\n');
  const dead = liveBox({ env: { PATH }, slow: [slow], lookMs: 100 });
  const late = { kind: 'timedOut', afterMs: 100 };
  const looks = [dead.read(join(dir, 'into')), dead.list(slow), dead.stat(join(slow, 'text'))];
  assert.deepEqual(await Promise.all(looks), [late, late, late]);
  for (const name of ['cat', 'ls', 'stat']) rmSync(join(bin, name), { force: true });
  // Nobody else waits for it.
  assert.deepEqual(await dead.read(join(dir, 'plain')), { kind: 'file', text: 'four' });
});

test('under a root folder no link leads out of it, and commands are told where it is', async () => {
  const root = join(dir, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'run'));
  mkdirSync(join(root, 'var'));
  symlinkSync('/run', join(root, 'var/run'));
  symlinkSync('../../../../../../../etc/os-release', join(root, 'etc/out'));
  writeFileSync(join(root, 'run/a'), 'inside');
  const b = liveBox({ root: `${root}/`, env: { PATH } });
  assert.deepEqual(await b.read('/var/run/a'), { kind: 'file', text: 'inside' });
  assert.deepEqual(await b.list('/'), { kind: 'dir', names: ['etc', 'run', 'var'] });
  assert.deepEqual(await b.read('/etc/out'), { kind: 'absent' });
  assert.deepEqual(await b.read('/etc/passwd'), { kind: 'absent' });
  const s = await b.stat('/var/run');
  assert.ok(s.kind === 'stat' && s.stat.target === '/run');
  await b.write('/var/run/new/b', 'x');
  assert.deepEqual(await b.list('/run/new'), { kind: 'dir', names: ['b'] });
  assert.deepEqual(await b.run({ argv: ['printenv', 'GPUMEDIC_ROOT'] }), {
    kind: 'exited',
    code: 0,
    stdout: `${root}\n`,
    stderr: '',
  });
});
