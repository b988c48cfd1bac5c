/** `npm run check`: types, lint and format, and that what the docs draw and count is what the flows say now. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './bundle.ts';

const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const checks: readonly (readonly [string, string, readonly string[]])[] = [
  ['types', bin('tsc'), ['--noEmit']],
  ['lint and format', bin('biome'), ['ci', '--error-on-warnings', '--colors=off']],
  ['drawings in the docs', process.execPath, [join(root, 'tools/draw.ts'), '--check']],
  ['coverage of the field', process.execPath, [join(root, 'tools/coverage.ts'), '--check']],
];

/** True when every check passed; says on stdout which did. */
export const checkAll = (): boolean =>
  checks
    .map(([what, program, args]) => {
      const { status } = spawnSync(program, [...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
      process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'}  ${what}\n`);
      return status === 0;
    })
    .every(passed => passed);

if (import.meta.main) process.exitCode = checkAll() ? 0 : 1;
