/** The commands around what is shared, as a person types them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unzipSync } from 'node:zlib';
import { run, state } from './cli-run.ts';

test('every form of a simulated session on standard output, the review on standard error', () => {
  for (const [words, begins] of [
    [['--format', 'md'], /^# NVIDIA GPU in containers\n/],
    [['--json'], /^\{\n {2}"schema": "gpumedic\.transcript\/1",\n {2}"session": "ldconfig-real"/],
    [['--format', 'sh'], /^#!\/bin\/sh\n/],
    [['--format', 'ansible'], /^# The changes/],
    [['--format', 'junit'], /^<\?xml/],
    [['--format', 'cast'], /^\{"version":2,/],
    [['--to-issue'], /^\*\*Describe the bug\*\*\n/],
  ] as const) {
    const { code, stdout, stderr } = run(['transcript', '--demo', 'ldconfig-real', ...words]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, begins);
    assert.match(stderr, /^To be shared: session ldconfig-real as /);
  }
});

test('--hide takes a word out of what is written', () => {
  const { stdout } = run(['transcript', '--demo', 'ldconfig-real', '--hide', 'trixie,ldconfig.real']);
  assert.doesNotMatch(stdout, /trixie|ldconfig\.real/);
  assert.match(stdout, /removed: by hand/);
});

test('--to-issue is Markdown and says so', () => {
  const { code, stderr } = run(['transcript', '--demo', 'ldconfig-real', '--to-issue', '--format', 'sh']);
  assert.equal(code, 64);
  assert.match(stderr, /--to-issue is Markdown/);
});

test('the exported script mends the same broken file, once', () => {
  const root = join(state, 'root');
  const config = join(root, 'etc/nvidia-container-runtime/config.toml');
  const { stdout } = run(['transcript', '--demo', 'ldconfig-real', '--format', 'sh']);
  const before = run(['check', '--demo', 'ldconfig-real', '--json']).stdout;
  assert.match(before, /ldconfig-path-wrong/);
  mkdirSync(join(config, '..'), { recursive: true });
  writeFileSync(config, 'foreign\n');
  const shell = () =>
    spawnSync('sh', ['-s'], { input: stdout, env: { PATH: process.env.PATH, ROOT: root }, encoding: 'utf8' });
  const { status, stderr } = shell();
  assert.deepEqual([status, readFileSync(config, 'utf8')], [1, 'foreign\n']);
  assert.match(stderr, /nothing was changed/);
});

test('snapshot: the review names stand-ins and their names, --hide works, --script prints the collector', () => {
  const path = join(state, 'demo.json.gz');
  const { code, stderr } = run(['snapshot', '--demo', 'healthy-old', '-o', path, '--hide', 'trixie']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^To be shared: /);
  assert.match(stderr, /is now GPU-uuid-\d/);
  const text = unzipSync(readFileSync(path)).toString();
  assert.doesNotMatch(text, /trixie/);
  assert.match(run(['snapshot', '--script']).stdout, /^#!\/bin\/sh\n[\s\S]*gpumedic-snapshot\/1/);
});

test('a bug report from a recording that somebody sent', () => {
  const path = join(state, 'sent.json.gz');
  run(['snapshot', '--demo', 'cdi-spec-stale', '-o', path]);
  const { code, stdout } = run(['transcript', '--box', path, '--to-issue']);
  assert.equal(code, 0);
  assert.match(stdout, /cdi-spec-stale/);
  assert.match(stdout, /CPU Architecture: `x86_64`/);
  assert.match(stdout, /`\/etc\/cdi\/nvidia\.yaml`: /);
  assert.match(stdout, /Nothing was changed\./);
});
