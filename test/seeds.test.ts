/** The end states that the field notes leave a machine in, each with a deliberate verdict; docs/seeds.md says the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { edit } from './edited.ts';

interface EndState {
  readonly verdict: 'ok' | 'fault' | 'unknown';
  readonly faults: readonly string[];
  /** Risks and notes that must be among those told. */
  readonly also: readonly string[];
}

/** By a recording of the real thing ("name@stack") or a simulated box. */
const states: Readonly<Record<string, EndState>> = {
  'seed1-final@old': { verdict: 'fault', faults: ['hook-in-nonlegacy-mode'], also: [] },
  'seed1-final@new': { verdict: 'ok', faults: [], also: [] },
  'seed2-final@old': { verdict: 'ok', faults: [], also: [] },
  'seed2-final@new': { verdict: 'ok', faults: [], also: [] },
  'seed1-units': { verdict: 'ok', faults: [], also: ['own-generate-unit-broken'] },
  'jetson-workaround': { verdict: 'ok', faults: [], also: ['over-privileged-workaround'] },
};

const page = readFileSync(join(import.meta.dirname, '../docs/seeds.md'), 'utf8');

for (const [name, end] of Object.entries(states)) {
  test(`${name}: ${end.verdict}`, async () => {
    const box = name.includes('@') ? edit(name).box() : simBox(await demos[name]!.load());
    const report = await checkBox(box);
    const of = (severity: string) => report.findings.filter(f => f.severity === severity).map(f => f.id);
    assert.equal(report.verdict, end.verdict);
    assert.deepEqual(of('fault'), end.faults);
    for (const id of end.also) assert.ok([...of('risk'), ...of('note')].includes(id), id);
    // The page for readers names the state, its verdict and what is told.
    const line = page.split('\n').find(l => l.startsWith(`| \`${name}\``));
    assert.ok(line, 'docs/seeds.md has a line for it');
    for (const word of [end.verdict, ...end.faults, ...end.also])
      assert.ok(line.includes(word), `${word} in "${line}"`);
  });
}
