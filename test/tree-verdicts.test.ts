/**
 * Every verdict of every check, brought about by editing the raw outputs of a recorded box: real probes, real decisions.
 * Each line says what was done to the machine, which form of request is walked, and which verdict the walk must meet.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flows, ROOT } from '../flows/index.ts';
import { requests } from '../flows/rules/requests.ts';
import { cached } from '../src/box/cache.ts';
import { collect } from '../src/engine/report.ts';
import { walk } from '../src/engine/walk.ts';
import type { Case } from './verdicts/words.ts';

const folder = join(import.meta.dirname, 'verdicts');
const files: readonly { readonly cases: readonly Case[]; readonly excused?: readonly string[] }[] = await Promise.all(
  readdirSync(folder)
    .filter(f => f !== 'words.ts')
    .sort()
    .map(f => import(join(folder, f))),
);
const cases = files.flatMap(f => f.cases);

const met = new Set<string>();

for (const [verdict, way, box] of cases) {
  test(`${verdict} (${way})`, async () => {
    const facts = await collect(cached(box().box())).facts();
    const trail = walk(flows, ROOT, facts, requests[way]);
    const steps = trail.steps.map(s => `${s.flow}.${s.node}.${s.verdict}`);
    assert.ok(steps.includes(verdict), `the walk went ${steps.join(' > ')}`);
    met.add(verdict);
    // A finding that cannot be shown is no finding.
    const step = trail.steps.find(s => `${s.flow}.${s.node}.${s.verdict}` === verdict)!;
    if (step.finding) assert.ok(step.seen.length > 0, 'a finding needs evidence');
    if (verdict.endsWith('cannotTell')) assert.ok(step.missing.length > 0, 'and not telling needs a reason');
  });
}

test('every verdict of every check is produced', t => {
  const all = Object.values(flows).flatMap(f =>
    Object.entries(f.nodes).flatMap(([node, c]) => Object.keys(c.on).map(v => `${f.id}.${node}.${v}`)),
  );
  const never = new Set(files.flatMap(f => f.excused ?? []));
  const missing = all.filter(v => !met.has(v) && !never.has(v));
  t.diagnostic(`${met.size} of ${all.length} verdicts produced, ${never.size} excused`);
  assert.deepEqual(missing, []);
});
