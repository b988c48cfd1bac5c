/** Reports as they are pasted: what was misread once is read now, and its look-alike is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainText } from '../src/explain/index.ts';
import { readings } from './fixtures/texts/reports.ts';

const shown = (text: string): string =>
  explainText(text)
    .causes.map(c => `${c.id} ${c.confidence}`)
    .join(', ') || 'nothing';

for (const { name, reached, apart } of readings)
  test(name, () => {
    for (const [id, text] of reached) assert.equal(explainText(text).causes[0]?.id, id, `${shown(text)} for ${text}`);
    for (const [id, text] of apart) {
      const told = explainText(text);
      if (id === 'ours') assert.deepEqual(told.causes, [], `${shown(text)} for ${text}`);
      else assert.notEqual(told.causes[0]?.id, id, `${shown(text)} for ${text}`);
    }
  });

test('what is not ours is said to be not ours, with a reason', () => {
  const silent = readings
    .flatMap(({ apart }) => apart)
    .filter(([id, text]) => id === 'ours' && /error|denied|cannot/i.test(text))
    .map(([, text]) => ({ text, told: explainText(text) }))
    .filter(({ told }) => !told.notMine || told.foreign === undefined);
  assert.deepEqual(
    silent.map(({ text }) => text),
    [],
  );
});

test('an answer from no message at all stays below what is called likely, and points at no line', () => {
  for (const { reached } of readings.filter(({ name }) => name.includes('never called likely')))
    for (const [, text] of reached)
      for (const { confidence, matched } of explainText(text).causes) {
        assert.ok(confidence < 0.5, text);
        assert.deepEqual(matched, []);
      }
});
