/** Planted secrets and identities: none reaches anything that is shared, and what a reader needs stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactor } from '../src/transcript/redact.ts';
import { kinds } from './secrets/kinds.ts';
import { figures } from './secrets/plant.ts';

test('no planted secret or identity is in any form of a session or in a snapshot; the keep-list is whole', () => {
  const { leaks, damaged, kinds: count, places, kept } = figures();
  assert.deepEqual(leaks, []);
  assert.deepEqual(damaged, []);
  assert.ok(count >= 25 && places >= 4 && kept >= 100);
});

test('the search finds what is not hidden: each plant is seen in an unredacted text', () => {
  for (const { make } of kinds) {
    const plant = make();
    for (const hidden of plant.hidden) {
      assert.ok(plant.text.includes(hidden));
      assert.ok(plant.argv.join(' ').includes(hidden));
    }
  }
});

test('a name has one stand-in within and across the files of a session', () => {
  const redact = redactor();
  const said = ['a.env', 'b.log'].map(file => redact.text(`${file}: 10.20.30.40 and 10.20.30.41`));
  assert.deepEqual(said, ['a.env: ip-1 and ip-2', 'b.log: ip-1 and ip-2']);
});
