/** `npm run build`; with `-- --standalone` also one executable each for linux-x64 and linux-arm64. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram, chunks } from './bundle.ts';

await buildProgram();
const size = readdirSync(chunks).reduce((sum, name) => sum + statSync(join(chunks, name)).size, 0);
process.stdout.write(`dist/gpumedic.mjs, ${Math.round(size / 1024)} KiB in dist/chunks\n`);
if (process.argv.includes('--standalone'))
  await (await import('./standalone.ts')).buildStandalone(process.argv.slice(2));
