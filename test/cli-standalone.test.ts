import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostTarget, standalone } from '../tools/standalone.ts';
import { environment } from './cli-run.ts';

const work = mkdtempSync(join(tmpdir(), 'gpumedic-standalone-'));
after(() => rmSync(work, { recursive: true, force: true }));

test('the standalone executable is the whole program, without a Node beside it', {
  skip: hostTarget === null,
}, async () => {
  const path = await standalone(hostTarget!, work);
  const run = (...words: string[]) =>
    spawnSync(path, words, { env: environment({ PATH: '' }), encoding: 'utf8', input: '' });
  assert.match(run('--version').stdout, /^gpumedic \d+\.\d+\.\d+\n$/);
  const { status, stdout } = run('check', '--json', '--demo', 'cdi-spec-stale');
  assert.equal(status, 1);
  assert.equal(JSON.parse(stdout).findings[0].id, 'cdi-spec-stale');
  assert.match(run('fix', '--yes', '--demo', 'ldconfig-real').stdout, /fixed and verified/);
  const wizard = run('--demo', 'healthy-new');
  assert.equal(wizard.status, 0, wizard.stderr);
  assert.match(wizard.stdout, /Find out why/);
  const wrong = run('chekc');
  assert.deepEqual([wrong.status, wrong.stdout], [64, '']);
});
