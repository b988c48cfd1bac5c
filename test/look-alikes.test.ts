/**
 * What looks alike is told apart: on a box that has one failure mode, none of those it is confused with is a fault, and
 * a text that names one is not taken for the other.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flows } from '../flows/index.ts';
import { modeIds } from '../flows/modes/ids.ts';
import { modes } from '../flows/modes/index.ts';
import { isFinding } from '../src/engine/flow.ts';
import { checkBox } from '../src/engine/report.ts';
import { explainText } from '../src/explain/index.ts';
import { texts } from './fixtures/texts/index.ts';
import type { Case } from './verdicts/words.ts';

const folder = join(import.meta.dirname, 'verdicts');
const files: readonly { readonly cases?: readonly Case[] }[] = await Promise.all(
  readdirSync(folder)
    .filter(f => f !== 'words.ts')
    .map(f => import(join(folder, f))),
);

/** Both directions of "not to confuse". */
const confused = (id: string): readonly string[] => [
  ...new Set([
    ...(modes[id]?.notToConfuse.map(n => n.id) ?? []),
    ...Object.values(modes)
      .filter(m => m.notToConfuse.some(n => n.id === id))
      .map(m => m.id),
  ]),
];

const idOf = (verdict: string): string | null => {
  const [flow = '', node = '', word = ''] = verdict.split('.');
  const target = flows[flow as keyof typeof flows]?.nodes[node]?.on[word];
  return target !== undefined && isFinding(target) ? target.id : null;
};

/** Every recorded Jetson of the fixtures lacks files of its lists: that fault is really there as well. */
const TOO = 'tegra-csv-missing-or-empty';

const apart = new Set<string>();
for (const { cases = [] } of files) {
  for (const [verdict, way, box] of cases) {
    const id = idOf(verdict);
    if (id === null) continue;
    test(`a box with ${id} (${verdict}, ${way}) has none of its look-alikes`, async () => {
      const report = await checkBox(box().box());
      const faults = report.findings.filter(f => f.severity === 'fault').map(f => f.id);
      // On a way that nobody set up, or as a mere note, it proves nothing about what else is wrong with the box.
      if (!faults.includes(id)) return;
      const wrong = confused(id).filter(other => other !== id && other !== TOO && faults.includes(other));
      assert.deepEqual(wrong, [], faults.join(', '));
      for (const other of confused(id)) apart.add(other);
    });
  }
}

for (const [id, text] of texts) {
  test(`a text of ${id} is not taken for a look-alike: ${text.slice(0, 40).replaceAll(/\s+/g, ' ')}`, () => {
    const first = explainText(text).causes[0]?.id;
    assert.ok(first === id || !confused(id).includes(first ?? ''), `${first} first`);
    for (const other of confused(id)) apart.add(other);
  });
}

test('every failure mode has a look-alike that does not reach it', t => {
  // What is no state of the box and no text is told apart where it is tested: test/guard.test.ts, test/aside-cases.ts.
  const elsewhere = ['destructive-advice-guard', 'over-privileged-workaround'];
  const missing = Object.keys(modeIds).filter(id => !apart.has(id) && !elsewhere.includes(id));
  t.diagnostic(`${Object.keys(modeIds).length - missing.length} of ${Object.keys(modeIds).length} have one`);
  assert.deepEqual(missing, []);
});
