import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands, later } from '../src/cli/commands.ts';
import { root } from '../tools/bundle.ts';
import { environment, program, run, state } from './cli-run.ts';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

test('--version prints one line', () => {
  assert.deepEqual(run(['--version']), { code: 0, stdout: `gpumedic ${version}\n`, stderr: '' });
});

test('--help names every command that works, and none that does not yet', () => {
  const { code, stdout } = run(['--help']);
  assert.equal(code, 0);
  for (const name of Object.keys(commands).filter(c => c !== 'wizard'))
    assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
  for (const name of Object.keys(later)) assert.doesNotMatch(stdout, new RegExp(`^  ${name}\\b`, 'm'));
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('every command has help of its own, in ASCII where that is asked for', () => {
  for (const name of Object.keys(commands)) {
    const { code, stdout, stderr } = run([name, '--help', '--ascii']);
    assert.deepEqual([code, stderr], [0, ''], name);
    assert.match(stdout, /^[\x20-\x7e\n]+$/, name);
  }
});

test('wrong words: one line with a hint on stderr, nothing on stdout, 64', () => {
  for (const words of [
    ['chekc'],
    ['check', '--jsn'],
    ...Object.keys(later).map(word => [word]),
    ['undo', '1', '2'],
    ['--demo'],
    ['--demo', 'no-such-box'],
  ]) {
    const { code, stdout, stderr } = run(words);
    assert.deepEqual([code, stdout], [64, ''], words.join(' '));
    assert.match(stderr, /^gpumedic: [^\n]+; [^\n]+\n$/, words.join(' '));
  }
});

test('escapes in a word do not reach the terminal', () => {
  const { stderr } = run(['\u001b[31mred\u0007']);
  assert.match(stderr, /^[\x20-\x7e“”\n]+$/);
});

const badFiles: readonly (readonly [string, Buffer | null, RegExp])[] = [
  ['missing', null, /missing\.json/],
  ['empty', Buffer.alloc(0), /empty\.json/],
  ['binary', Buffer.from([0, 1, 2, 255, 254, 0, 7]), /binary\.json/],
  ['cut', Buffer.from('{"format":"gpumedic-snapshot/1","files":{'), /cut\.json/],
  ['foreign', Buffer.from('{"format":"tar"}'), /foreign\.json/],
  ['gzip-cut', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), /gzip-cut\.json/],
];

test('a snapshot that cannot be used: one line that names the file, 64, for every command', () => {
  for (const [name, bytes, says] of badFiles) {
    const path = join(state, `${name}.json`);
    if (bytes !== null) writeFileSync(path, bytes);
    for (const command of ['check', 'fix']) {
      const { code, stdout, stderr } = run([command, '--box', path]);
      assert.deepEqual([code, stdout], [64, ''], `${command} ${name}: ${stderr}`);
      assert.match(stderr, /^gpumedic: [^\n]+\n$/, `${command} ${name}`);
      assert.match(stderr, says);
    }
  }
  const { code, stderr } = run(['check', '--box', state]);
  assert.equal(code, 64);
  assert.match(stderr, /^gpumedic: [^\n]+\n$/);
});

test('a Node that is too old is told in one line what is needed', () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.1' } });`;
  const { code, stdout, stderr } = run(['check'], {
    node: ['--import', `data:text/javascript,${encodeURIComponent(older)}`],
  });
  assert.deepEqual([code, stdout], [64, '']);
  assert.match(stderr, /^gpumedic needs Node 22\.3 or newer and this is 18\.20\.1: [^\n]+\n$/);
  assert.doesNotMatch(
    readFileSync(program, 'utf8'),
    /=>|`|\?\.|\?\?|\bconst\b|\blet\b|\bawait\b/,
    'syntax that an old Node cannot parse',
  );
});

test('a reader that leaves early is no error and leaves no trace', async () => {
  const child = spawn(process.execPath, [program, 'flows'], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', data => {
    stderr += data;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise(resolve => child.on('close', resolve));
  assert.deepEqual([code, stderr], [0, '']);
});

test('a full disk under the output is said, not swallowed', () => {
  const { status, stderr } = spawnSync(process.execPath, [program, '--help'], {
    env: environment(),
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  });
  assert.equal(status, 64);
  assert.equal(stderr, 'gpumedic: the output could not be written (ENOSPC)\n');
});

test('a reader that comes late gets everything', async () => {
  const whole = run(['flows']).stdout;
  const child = spawn('sh', ['-c', '"$0" "$1" flows | { sleep 0.3; cat; }', process.execPath, program], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', data => {
    text += data;
  });
  await new Promise(resolve => child.on('close', resolve));
  assert.equal(text, whole);
});

test('a fault of ours: 70, what to do about it, and where it happened only when asked', () => {
  const broken = `JSON.stringify = () => { throw new Error('broken for a test') };`;
  const node = ['--import', `data:text/javascript,${encodeURIComponent(broken)}`];
  const words = ['--demo', 'list', '--json'];
  const quiet = run(words, { node });
  assert.deepEqual([quiet.code, quiet.stdout], [70, '']);
  assert.match(quiet.stderr, /^gpumedic: internal error: broken for a test\n/);
  assert.match(quiet.stderr, /report it/);
  assert.doesNotMatch(quiet.stderr, /^ {4}at /m);
  assert.match(run(words, { node, env: { GPUMEDIC_DEBUG: '1' } }).stderr, /^ {4}at /m);
});

test('--demo list names the simulated boxes, as text and as JSON', () => {
  const text = run(['--demo', 'list']);
  const json = run(['--demo', 'list', '--json']);
  assert.deepEqual([text.code, json.code], [0, 0], text.stderr + json.stderr);
  const { schema, demos } = JSON.parse(json.stdout) as { schema: string; demos: { name: string; title: string }[] };
  assert.equal(schema, 'gpumedic.demos/1');
  assert.ok(demos.length >= 8);
  for (const demo of demos) assert.ok(text.stdout.includes(demo.name));
});
