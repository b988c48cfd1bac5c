/**
 * `npm test`: all that CI runs. The checks first, then every test through Node's own runner, whose counts come last.
 * Words after `--` are handed to the runner: `npm test -- --test-name-pattern undo`.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './bundle.ts';
import { checkAll } from './check.ts';

const isChecked = checkAll();
const isBuilt = await ensureBuilt().then(
  () => true,
  error => {
    process.stdout.write(`FAILED  build\n${error instanceof Error ? error.message : error}\n`);
    return false;
  },
);
const files = globSync('test/**/*.test.{ts,tsx}', { cwd: root }).sort();
const { status } = spawnSync(
  process.execPath,
  [`--import=${join(root, 'tools/tsx.ts')}`, '--test', '--test-concurrency=2', ...process.argv.slice(2), ...files],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0' } },
);
if (!isChecked || !isBuilt) process.stdout.write('\nThe checks FAILED; see above the tests.\n');
process.exitCode = isChecked && isBuilt && status === 0 ? 0 : 1;
