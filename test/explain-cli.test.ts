/** `gpumedic explain` as a program: FILE, a pipe, formats, exit codes, --here, --follow. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Explanation } from '../src/explain/index.ts';
import { environment, program, run, state } from './cli-run.ts';

const MISMATCH = 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.107\n';
const told = (stdout: string): Explanation => JSON.parse(stdout) as Explanation;

test('a cause from a pipe or a file: 1, and the shape of gpumedic.explain/1', () => {
  const file = join(state, 'error.txt');
  writeFileSync(file, MISMATCH);
  for (const result of [
    run(['explain', '--json'], { input: MISMATCH }),
    run(['explain', '--json', file]),
    run(['explain', '--format', 'json', '-'], { input: MISMATCH }),
  ]) {
    assert.deepEqual([result.code, result.stderr], [1, '']);
    const { schema, notMine, causes } = told(result.stdout);
    assert.deepEqual([schema, notMine], ['gpumedic.explain/1', false]);
    const best = causes[0]!;
    assert.equal(best.id, 'driver-library-version-mismatch');
    assert.deepEqual(best.matched[0], { line: 1, text: 'Failed to initialize NVML: Driver/library version mismatch' });
    assert.ok(best.confidence > 0.9 && best.toTell.length > 10);
  }
});

test('not ours: 0 and an empty list; nothing known: 2', () => {
  const foreign = run(['explain', '--json'], { input: 'Bind for 0.0.0.0:80 failed: port is already allocated\n' });
  assert.equal(foreign.code, 0);
  assert.deepEqual([told(foreign.stdout).notMine, told(foreign.stdout).causes], [true, []]);
  const unknown = run(['explain', '--json'], { input: 'my nvidia container is slow\n' });
  assert.equal(unknown.code, 2);
  assert.deepEqual([told(unknown.stdout).notMine, told(unknown.stdout).causes], [false, []]);
  assert.equal(run(['explain', '--json'], { input: ' \n' }).code, 2);
});

test('as text: the id, what it means, the line that told, what settles it, and that only the text was judged', () => {
  const { code, stdout, stderr } = run(['explain'], { input: MISMATCH });
  assert.deepEqual([code, stderr], [1, '']);
  assert.match(stdout, /driver-library-version-mismatch/);
  assert.match(stdout, /line 1 +Failed to initialize NVML/);
  assert.match(stdout, /to tell/);
  assert.match(stdout, /text alone/);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  assert.match(run(['explain', '--ascii'], { input: MISMATCH }).stdout, /^[\x20-\x7e\n]+$/);
});

test('escape sequences of the text never reach the terminal', () => {
  const { stdout } = run(['explain'], { input: `\u001b]0;owned\u0007\u001b[2J${MISMATCH}`, env: { FORCE_COLOR: '0' } });
  assert.doesNotMatch(stdout, /[\u001b\u0007]/);
});

test('a token beside the message or beside a dangerous line is not repeated', () => {
  const token = 'hf_abcdefghijklmnopqrstuvwxyz012345';
  const input = `${MISMATCH}docker run -e HF_TOKEN=${token} x && docker system prune -af --volumes\n`;
  for (const words of [['explain'], ['explain', '--json']]) {
    const { stdout } = run(words, { input });
    assert.doesNotMatch(stdout, /abcdefghijklmnop/);
    assert.match(stdout, /prune/);
  }
});

test('a file that cannot be read: one line on stderr, 64', () => {
  for (const file of ['/no/such/file', state]) {
    const { code, stdout, stderr } = run(['explain', file]);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, /^gpumedic: [^\n]+\n$/);
  }
});

test('--here: what this machine shows goes first, and what it contradicts goes down', () => {
  const input = 'Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all\n';
  const alone = told(run(['explain', '--json'], { input }).stdout);
  const broken = told(run(['explain', '--json', '--here', '--demo', 'spec-conflict'], { input }).stdout);
  const healthy = told(run(['explain', '--json', '--here', '--demo', 'app-module-missing'], { input }).stdout);
  assert.equal(alone.causes[0]?.id, 'cdi-spec-missing');
  assert.equal(broken.causes[0]?.id, 'cdi-spec-conflict');
  assert.ok(broken.causes[0]!.confidence > alone.causes[0]!.confidence);
  assert.ok((healthy.causes[0]?.confidence ?? 0) < alone.causes[0]!.confidence);
});

test('--follow speaks once for each new cause while the text still comes', async () => {
  const child = spawn(process.execPath, [program, 'explain', '--json', '--follow'], {
    env: environment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const lines = async (count: number): Promise<string[]> => {
    while (out.split('\n').length - 1 < count) await once(child.stdout, 'data');
    return out.trim().split('\n');
  };
  child.stdin.write(MISMATCH);
  assert.equal(told((await lines(1))[0]!).causes[0]?.id, 'driver-library-version-mismatch');
  child.stdin.write(`${MISMATCH}nothing new\n`);
  child.stdin.write('NVRM: Xid (PCI:0000:65:00): 79, pid=1, GPU has fallen off the bus.\n');
  assert.equal(told((await lines(2))[1]!).causes[0]?.id, 'gpu-fallen-off-bus');
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 1);
  assert.equal((await lines(3)).length, 3);
});

test('--follow on a file reads what is added to it', async () => {
  const file = join(state, 'growing.log');
  writeFileSync(file, MISMATCH);
  const child = spawn(process.execPath, [program, 'explain', '--json', '--follow', file], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  while (out.split('\n').length - 1 < 1) await once(child.stdout, 'data');
  appendFileSync(file, 'NVRM: Xid (PCI:0000:65:00): 79, pid=1, GPU has fallen off the bus.\n');
  while (out.split('\n').length - 1 < 2) await once(child.stdout, 'data');
  assert.equal(told(out.trim().split('\n')[1]!).causes[0]?.id, 'gpu-fallen-off-bus');
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 130);
});
