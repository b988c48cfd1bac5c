// `npm start`: builds when the build is missing or older than its sources, then becomes the program (same process, so
// the terminal and its signals are the program's own).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

if (
  Number(process.versions.node.split('.')[0]) < 24 ||
  !existsSync(new URL('../node_modules/esbuild', import.meta.url))
) {
  process.stderr.write('Run `npm ci` first: it brings the Node 24 and the build tool that `npm start` uses.\n');
  process.exit(64);
}
const { ensureBuilt } = await import('./bundle.ts');
const program = await ensureBuilt();
const words = process.argv.slice(2);
process.argv = [
  process.argv[0],
  program,
  ...(words.length === 1 && words[0] === '--demo' ? ['--demo', 'list'] : words),
];
// npm starts scripts in the package's folder; the words name files as seen from where the person stands.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
await import(fileURLToPath(new URL('../dist/gpumedic.mjs', import.meta.url)));
