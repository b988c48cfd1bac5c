/** What a recording answers: what it holds, what follows from that, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoxError } from '../src/box/box.ts';
import { recordedBox } from '../src/box/recorded.ts';
import { parseSnapshot } from '../src/snapshot/snapshot.ts';

const stat = (type: string, more = {}) => ({ type, mode: '0o644', uid: 0, gid: 0, size: 3, mtime: 7, ...more });
const link = (target: string) => stat('link', { mode: '0o777', target });
const box = (held: object) =>
  recordedBox(parseSnapshot({ format: 'gpumedic-snapshot/1', ...held }, 'x.json'), 'x.json');
const ran = (code: number, stdout = '', stderr = '') => ({ kind: 'exited', code, stdout, stderr });
const UNRECORDED = { kind: 'unrecorded' };
const ABSENT = { kind: 'absent' };

test('a command is found by its exact arguments and nothing near them', async () => {
  const b = box({ commands: [{ argv: ['nvidia-smi', '-L'], code: 0, stdout: 'GPU 0\n', stderr: '', ms: 3 }] });
  assert.deepEqual(await b.run({ argv: ['nvidia-smi', '-L'] }), ran(0, 'GPU 0\n'));
  for (const argv of [['nvidia-smi'], ['nvidia-smi', '-L', ''], ['nvidia-smi -L'], ['NVIDIA-SMI', '-L']])
    assert.deepEqual(await b.run({ argv: argv as [string] }), UNRECORDED, argv.join(' '));
});

test('absent, denied, timed out, killed and truncated commands are told apart', async () => {
  const b = box({
    commands: [
      { argv: ['a', '1'], code: 127, stdout: '', stderr: '', ms: 0, absent: true },
      { argv: ['b'], denied: true },
      { argv: ['c'], timedOut: true, ms: 900 },
      { argv: ['d'], code: -11, stdout: 'half', stderr: '', ms: 1 },
      { argv: ['e'], code: -15, stdout: 'much', stderr: '', ms: 1, truncated: true },
    ],
  });
  assert.deepEqual(await b.run({ argv: ['a', '1'] }), ABSENT);
  assert.deepEqual(await b.run({ argv: ['b'] }), { kind: 'denied' });
  assert.deepEqual(await b.run({ argv: ['c'] }), { kind: 'timedOut', afterMs: 900 });
  assert.deepEqual(await b.run({ argv: ['d'] }), ran(-11, 'half'));
  assert.deepEqual(await b.run({ argv: ['e'] }), { ...ran(-15, 'much'), truncated: true });
});

test('a program that was absent once is absent for every argument; one that ran is not concluded about', async () => {
  const b = box({
    commands: [
      { argv: ['snap', 'list'], code: 127, absent: true },
      { argv: ['docker', 'info'], code: 0 },
      { argv: ['odd', '1'], code: 127, absent: true },
      { argv: ['odd', '2'], code: 0 },
    ],
  });
  assert.deepEqual(await b.run({ argv: ['snap', 'version'] }), ABSENT);
  assert.deepEqual(await b.run({ argv: ['which', 'snap'] }), ran(1));
  assert.deepEqual(await b.run({ argv: ['docker', 'ps'] }), UNRECORDED);
  assert.deepEqual(await b.run({ argv: ['odd', '3'] }), UNRECORDED);
});

test('a command that reads stdin is not answered from one that did not', async () => {
  const b = box({ commands: [{ argv: ['cat'], code: 0, stdout: 'x' }] });
  assert.deepEqual(await b.run({ argv: ['cat'], stdin: 'y' }), UNRECORDED);
});

test('which is answered for single names out of a held list, and for lists out of single names', async () => {
  const b = box({
    commands: [
      { argv: ['which', 'a', 'b', 'c'], code: 1, stdout: '/usr/bin/a\n/opt/x/c\n', stderr: '' },
      { argv: ['which', 'd'], code: 0, stdout: '/bin/d\n', stderr: '' },
      { argv: ['which', '-a', 'e'], code: 0, stdout: '/bin/e\n', stderr: '' },
      { argv: ['which', 'f'], timedOut: true },
    ],
  });
  assert.deepEqual(await b.run({ argv: ['which', 'a'] }), ran(0, '/usr/bin/a\n'));
  assert.deepEqual(await b.run({ argv: ['which', 'b'] }), ran(1));
  assert.deepEqual(await b.run({ argv: ['which', 'd', 'b', 'c'] }), ran(1, '/bin/d\n/opt/x/c\n'));
  assert.deepEqual(await b.run({ argv: ['which', 'd', 'a'] }), ran(0, '/bin/d\n/usr/bin/a\n'));
  for (const name of ['e', 'z', '-a']) assert.deepEqual(await b.run({ argv: ['which', name] }), UNRECORDED, name);
  assert.deepEqual(await b.run({ argv: ['which', 'f', 'a'] }), UNRECORDED);
  assert.deepEqual(await b.run({ argv: ['b', '--version'] }), ABSENT);
});

test('cat and files say the same thing, in both directions', async () => {
  const b = box({
    commands: [
      { argv: ['cat', '/held/by/cat'], code: 0, stdout: 'one\n', stderr: '' },
      { argv: ['cat', '/gone'], code: 1, stdout: '', stderr: 'cat: /gone: No such file or directory\n' },
      { argv: ['cat', '/secret'], code: 1, stdout: '', stderr: 'cat: /secret: Permission denied\n' },
      { argv: ['cat', '/odd'], code: 1, stdout: '', stderr: 'cat: /odd: Something else\n' },
      { argv: ['cat', '/cut'], code: -15, stdout: 'ha', stderr: '', truncated: true },
    ],
    files: { '/held/by/files': 'two', '/none': null, '/empty': '' },
    errors: {
      '/no': 'EACCES',
      '/io': 'EIO',
      '/dir': 'EISDIR',
      '/bin': 'binary',
      '/big': 'tooBig',
      '/new': 'EWHATEVER',
    },
  });
  assert.deepEqual(await b.read('/held/by/cat'), { kind: 'file', text: 'one\n' });
  assert.deepEqual(await b.read('/gone'), ABSENT);
  assert.deepEqual(await b.read('/secret'), { kind: 'denied' });
  assert.deepEqual(await b.read('/odd'), UNRECORDED);
  assert.deepEqual(await b.read('/cut'), { kind: 'unreadable', why: 'tooBig' });
  assert.deepEqual(await b.run({ argv: ['cat', '/held/by/files'] }), ran(0, 'two'));
  assert.deepEqual(await b.run({ argv: ['cat', '/empty'] }), ran(0));
  assert.deepEqual(await b.run({ argv: ['cat', '/none'] }), ran(1, '', 'cat: /none: No such file or directory\n'));
  assert.deepEqual(await b.run({ argv: ['cat', '/no'] }), ran(1, '', 'cat: /no: Permission denied\n'));
  assert.deepEqual(await b.run({ argv: ['cat', '/dir'] }), ran(1, '', 'cat: /dir: Is a directory\n'));
  assert.deepEqual(await b.run({ argv: ['cat', '/unheard'] }), UNRECORDED);
  assert.deepEqual(await b.run({ argv: ['cat', '/none', '/empty'] }), UNRECORDED);
  assert.deepEqual(await b.read('/no'), { kind: 'denied' });
  for (const [path, why] of Object.entries({ io: 'EIO', dir: 'EISDIR', bin: 'binary', big: 'tooBig', new: 'other' }))
    assert.deepEqual(await b.read(`/${path}`), { kind: 'unreadable', why }, path);
});

test('a listing without a name, or a folder that is absent, proves that the path is absent', async () => {
  const b = box({
    dirs: { '/etc/docker': ['daemon.json', 'certs.d'], '/run/cdi': null },
    files: { '/not/there': null },
  });
  for (const path of [
    '/etc/docker/key.json',
    '/etc/docker/deep/below/it',
    '/run/cdi/nvidia.yaml',
    '/not/there/either',
    '/run/cdi',
  ]) {
    assert.deepEqual(await b.read(path), ABSENT, path);
    assert.deepEqual(await b.list(path), ABSENT, path);
    assert.deepEqual(await b.stat(path), ABSENT, path);
  }
  for (const path of [
    '/etc/docker/daemon.json',
    '/etc/docker/certs.d/x',
    '/etc/dockers',
    '/etc/cdi',
    '/run',
    '/',
    '/etc',
  ]) {
    assert.deepEqual(await b.read(path), UNRECORDED, path);
    assert.deepEqual(await b.stat(path), UNRECORDED, path);
  }
  assert.deepEqual(await b.read('/etc/docker'), { kind: 'unreadable', why: 'EISDIR' });
  assert.deepEqual(await b.list('/etc/docker'), { kind: 'dir', names: ['daemon.json', 'certs.d'] });
});

test('relative paths, and names that every object has, are not concluded about', async () => {
  const b = box({ files: {}, dirs: { '/': ['etc'] } });
  for (const path of ['constructor', '__proto__', 'toString']) {
    assert.deepEqual(await b.read(path), UNRECORDED, path);
    assert.deepEqual(await b.stat(path), UNRECORDED, path);
  }
});

test('links that are held lead on, from either spelling, but an lstat stays at the link', async () => {
  const b = box({
    stats: {
      '/var/run': link('/run'),
      '/lib': link('usr/lib'),
      '/usr/lib/libcuda.so': link('libcuda.so.1'),
      '/usr/lib/libcuda.so.1': link('./x/../libcuda.so.580'),
      '/usr/lib/libcuda.so.580': stat('file', { mode: '0o755' }),
      '/etc/dangling': link('/run/nothing'),
      '/run/docker.sock': stat('socket', { mode: '0o660' }),
    },
    files: { '/run/cdi/nvidia.yaml': 'spec', '/lib/systemd/docker.service': 'unit' },
    dirs: { '/run': ['cdi', 'docker.sock'], '/usr/lib': ['libcuda.so', 'libcuda.so.1', 'libcuda.so.580', 'systemd'] },
  });
  assert.deepEqual(await b.read('/var/run/cdi/nvidia.yaml'), { kind: 'file', text: 'spec' });
  assert.deepEqual(await b.read('/usr/lib/systemd/docker.service'), { kind: 'file', text: 'unit' });
  assert.deepEqual(await b.list('/var/run'), { kind: 'dir', names: ['cdi', 'docker.sock'] });
  assert.deepEqual(await b.read('/var/run/other'), ABSENT);
  assert.deepEqual(await b.stat('/lib/libmissing.so'), ABSENT);
  const at = async (path: string) => {
    const s = await b.stat(path);
    return s.kind === 'stat' ? [s.stat.type, s.stat.mode, s.stat.target] : s.kind;
  };
  assert.deepEqual(await at('/lib/libcuda.so'), ['link', 0o777, 'libcuda.so.1']);
  assert.deepEqual(await at('/lib/libcuda.so.580'), ['file', 0o755, undefined]);
  assert.deepEqual(await at('/var/run/docker.sock'), ['socket', 0o660, undefined]);
  assert.deepEqual(await at('/var/run'), ['link', 0o777, '/run']);
  // A link that leads nowhere is there, and yet nothing can be read at its end.
  assert.deepEqual(await at('/etc/dangling'), ['link', 0o777, '/run/nothing']);
  assert.deepEqual(await b.read('/etc/dangling'), ABSENT);
  // The end of the chain is a file of unknown content.
  assert.deepEqual(await b.read('/lib/libcuda.so'), UNRECORDED);
});

test('a file that reads as absent may still be a link that leads nowhere', async () => {
  const b = box({ files: { '/etc/a': null, '/opt/b': null }, dirs: { '/etc': ['a'] } });
  assert.deepEqual(await b.read('/etc/a'), ABSENT);
  assert.deepEqual(await b.stat('/etc/a'), UNRECORDED);
  assert.deepEqual(await b.stat('/opt/b'), ABSENT);
});

test('links in a circle end', async () => {
  const b = box({ stats: { '/a': link('/b'), '/b': link('a'), '/c': link('/c/c') } });
  assert.deepEqual(await b.read('/a'), { kind: 'unreadable', why: 'ELOOP' });
  assert.deepEqual(await b.list('/c/x'), { kind: 'unreadable', why: 'ELOOP' });
  assert.equal((await b.stat('/a')).kind, 'stat');
});

test('a device keeps its numbers, a mode its bits', async () => {
  const b = box({ stats: { '/dev/nvidia0': stat('char', { mode: '0o4666', major: 195, minor: 0 }) } });
  assert.deepEqual(await b.stat('/dev/nvidia0'), {
    kind: 'stat',
    stat: { type: 'char', mode: 0o4666, uid: 0, gid: 0, size: 3, mtime: 7, major: 195, minor: 0 },
  });
});

test('a recording is never changed', async () => {
  const b = box({ commands: [{ argv: ['systemctl', 'restart', 'docker'], code: 0 }] });
  const refused = (e: unknown) => e instanceof BoxError && e.code === 'readOnly' && e.message.includes('x.json');
  await assert.rejects(b.write('/etc/a', 'x'), refused);
  await assert.rejects(b.write('/etc/a', null, { root: true }), refused);
  await assert.rejects(b.run({ argv: ['systemctl', 'restart', 'docker'], changes: true }), refused);
});
