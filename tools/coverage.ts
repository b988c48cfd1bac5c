/**
 * `npm run coverage`: which failure modes the program knows, and by what. Writes docs/coverage.md; with --check it only
 * says whether that page is stale. Fails when an id is neither written out nor reachable, or when a fix has no test.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixes } from '../flows/fixes/index.ts';
import { allFlows } from '../flows/index.ts';
import { modeIds } from '../flows/modes/ids.ts';
import { modes } from '../flows/modes/index.ts';
import { signs } from '../flows/signatures/index.ts';
import { type Flow, isFinding } from '../src/engine/flow.ts';
import { guard } from '../src/guard/guard.ts';
import { cases as asideCases } from '../test/aside-cases.ts';
import { mend, projects } from '../test/file-mends.ts';
import { cases as fixCases } from '../test/fix-cases.ts';
import { texts } from '../test/fixtures/texts/index.ts';
import type { Case } from '../test/verdicts/words.ts';
import { root } from './bundle.ts';

const page = join(root, 'docs/coverage.md');
const folder = join(root, 'test/verdicts');

/** Carried out and undone by tests of their own, which build the boxes that those need. */
const elsewhere: Readonly<Record<string, string>> = {
  'mig-device-string-wrong': 'test/device-names.test.ts',
  'wsl-cdi-device-names': 'test/device-names.test.ts',
};

const verdictFiles: readonly { readonly cases?: readonly Case[] }[] = await Promise.all(
  readdirSync(folder)
    .filter(f => f.endsWith('.ts') && f !== 'words.ts')
    .map(f => import(join(folder, f))),
);
const produced = new Set([...verdictFiles.flatMap(f => f.cases ?? []), ...asideCases].map(([verdict]) => verdict));

interface Place {
  readonly node: string;
  readonly probes: readonly string[];
  readonly produced: boolean;
}
/** Where in the tree an id is found, and whether a box of the tests leads there. */
const places = new Map<string, Place[]>();
for (const flow of Object.values<Flow>(allFlows)) {
  for (const [node, check] of Object.entries(flow.nodes)) {
    for (const [verdict, target] of Object.entries(check.on)) {
      if (!isFinding(target)) continue;
      const place = {
        node: `${flow.id}.${node}`,
        probes: check.probes,
        produced: produced.has(`${flow.id}.${node}.${verdict}`),
      };
      places.set(target.id, [...(places.get(target.id) ?? []), place]);
    }
  }
}

const carriedOut: readonly (readonly string[])[] = await Promise.all([
  ...Object.values(fixCases).map(async c => [c.finding]),
  // Edits of project files, each applied, proven and undone.
  ...Object.values(projects).map(async p => {
    const { proven, trouble } = await mend(p);
    return proven.length > 0 && trouble.length === 0 ? [p.finding] : [];
  }),
  Promise.resolve(Object.keys(elsewhere)),
]);
const mended = new Set(carriedOut.flat());
const inFiles = new Set(Object.values(projects).map(p => p.finding));
const written = (id: string): boolean => id in modes;
const told = new Set(texts.map(([id]) => id));
const ids = Object.entries<readonly [section: string, priority: number, kind: string, title: string]>(modeIds);

const row = ([id, [section, priority, kind]]: (typeof ids)[number]) => {
  const at = places.get(id) ?? [];
  const text = id in signs;
  const offered = fixes.filter(f => f.mends.includes(id));
  const planned = offered.some(f => f.by !== 'guide');
  const guarded = kind === 'guard' && guard('docker system prune -af --volumes').length > 0;
  const reached = [
    ...(guarded ? ['text'] : []),
    ...(at.some(p => p.produced) ? ['box'] : []),
    ...(told.has(id) ? ['text'] : []),
  ];
  return {
    id,
    section,
    priority,
    kind,
    written: id in modes,
    where:
      kind === 'guard'
        ? 'guard (explain)'
        : at.length > 0
          ? [...new Set(at.map(p => p.node))].join(', ')
          : text
            ? 'explain'
            : '',
    probes: [...new Set(at.flatMap(p => p.probes))],
    offered: offered.map(f => f.id),
    reached,
    mended:
      mended.has(id) && (planned || inFiles.has(id))
        ? 'fixed, undone'
        : offered.length > 0 || written(id)
          ? 'guided'
          : '',
  };
};
const rows = ids.map(row);

const cell = (text: string) => text.replaceAll('|', '\\|') || '-';
const short = (names: readonly string[]) =>
  names.length > 4 ? `${names.slice(0, 4).join(', ')} +${names.length - 4}` : names.join(', ');
const text = `# Which failure modes the program knows

Written by \`npm run coverage\` from \`flows/\` and the tests. "Where" is the check of the tree that finds it (\`gpumedic flows\`),
or \`explain\` where only a text tells it. "Reached" says what in the tests leads there: a box (raw outputs of a machine) or
an error text. "Fix" says whether a plan was applied, verified and undone in a test, or that steps for a person are given.

${rows.filter(r => r.written && r.where !== '').length} of ${rows.length} are written out and have a place; ${rows.filter(r => r.reached.length > 0).length} are reached in a test.

| id | P | class | where | probes | reached | fix |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map(r => `| ${r.id} | ${r.priority} | ${r.kind} | ${cell(r.where)} | ${cell(short(r.probes))} | ${cell(r.reached.join(', '))} | ${cell(r.mended)} |`).join('\n')}
`;

const missing = rows.filter(r => !r.written || r.where === '' || r.reached.length === 0).map(r => r.id);
const claimed = rows.filter(r => r.kind === 'apply' || r.kind === 'patch');
const unmended = claimed.filter(r => r.mended !== 'fixed, undone').map(r => r.id);
process.stdout.write(
  `${rows.length - missing.length} of ${rows.length} failure modes written out, placed and reached in a test\n` +
    `${claimed.filter(r => r.mended === 'fixed, undone').length} of ${claimed.length} of the classes apply and patch mended by plan and undone in a test\n`,
);
if (unmended.length > 0) process.stdout.write(`not mended in a test: ${unmended.join(' ')}\n`);
if (missing.length > 0) process.stdout.write(`missing: ${missing.join(' ')}\n`);
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/coverage.md is not what flows/ and the tests say now: npm run coverage\n');
  process.exitCode = 1;
}
if (missing.length > 0 || unmended.length > 0) process.exitCode = 1;
