/** `node test/secrets/figures.ts` prints what the planted secrets show. */
import { figures } from './plant.ts';

const f = figures();
process.stdout.write(
  `planted: ${f.kinds} kinds of secrets and identities in ${f.places} places, searched for in ${f.forms} forms (${f.searched} texts)
leaks: ${f.leaks.length}
kept: ${f.kept - f.damaged.length} of ${f.kept} strings of the field undamaged
`,
);
for (const { kind, place, form, shows } of f.leaks)
  process.stdout.write(`  ${kind} / ${place} / ${form}: ${shows.slice(0, 300)}\n`);
for (const text of f.damaged) process.stdout.write(`  damaged: ${text}\n`);
process.exitCode = f.leaks.length + f.damaged.length === 0 ? 0 : 1;
