/** No fix breaks something else: each that fits a simulated machine is carried out there, needed or not, and everything is checked again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequences } from '../flows/explains.ts';
import { fixes } from '../flows/fixes/index.ts';
import type { Facts } from '../flows/probes/index.ts';
import type { Box } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';

/** It trades one thing for another, and its summary says so. */
const WITH_A_PRICE: Readonly<Record<string, RegExp>> = {
  'set-mode-cdi': /Price: /,
};

const look = async (box: Box) => {
  const report = await checkBox(box);
  return { facts: report.internal.facts, ids: report.findings.filter(f => f.severity === 'fault').map(f => f.id) };
};
const fits = (f: (typeof fixes)[number], facts: Facts): boolean => {
  try {
    return f.by !== 'guide' && f.mends.some(id => f.fits(facts, id));
  } catch {
    return false;
  }
};

let carriedOut = 0;
for (const [name, demo] of Object.entries(demos))
  test(`${name}: no fix that fits makes another check fail`, async () => {
    const { facts, ids } = await look(simBox(await demo.load()));
    for (const f of fixes.filter(f => fits(f, facts)))
      for (const finding of f.mends) {
        const box = simBox(await demo.load());
        const plan = await proposeFix(box, f, facts, finding);
        if (isRefusal(plan)) continue;
        const applied = await applyPlan(box, plan, journalIn(memoryStore()));
        // What does not take is taken back by itself.
        if (applied.kind !== 'applied') {
          assert.deepEqual((await look(box)).ids, ids, `${f.id} for ${finding} failed and left something behind`);
          continue;
        }
        carriedOut += 1;
        const hidden = new Set([finding, ...ids].flatMap(id => consequences[id] ?? []));
        const fresh = (await look(box)).ids.filter(id => !ids.includes(id) && !hidden.has(id));
        if (fresh.length > 0 && WITH_A_PRICE[f.id]?.test(plan.summary)) continue;
        assert.deepEqual(fresh, [], `${f.id} for ${finding}`);
      }
  });

test('that was more than a few', () => assert.ok(carriedOut > 150, `${carriedOut} were carried out`));
