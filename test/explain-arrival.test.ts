/** The same message however it arrives: wrapped, quoted, prefixed, misspelt, surrounded, cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainText } from '../src/explain/index.ts';
import { texts } from './fixtures/texts/index.ts';
import { mutations } from './fixtures/texts/mutations.ts';

const SURE = 0.9;

const answers = mutations.map(mutation => ({
  mutation,
  told: texts.map(([id, text]) => {
    const best = explainText(mutation.change(text)).causes[0];
    return { id, said: best?.id, confidence: best?.confidence ?? 0, isRight: best?.id === id };
  }),
}));

for (const { mutation, told } of answers.filter(({ mutation }) => mutation.isCut !== true))
  test(`${mutation.name}: at least 95 of 100 are named`, () => {
    const wrong = told.filter(answer => !answer.isRight).map(({ id, said }) => `${id}: said ${said ?? 'nothing'}`);
    assert.ok(wrong.length <= told.length * 0.05, wrong.join('\n'));
  });

for (const { mutation, told } of answers.filter(({ mutation }) => mutation.isCut === true))
  test(`${mutation.name}: never surely wrong`, () => {
    assert.deepEqual(
      told.filter(answer => !answer.isRight && answer.confidence >= SURE),
      [],
    );
    assert.ok(told.filter(answer => answer.isRight).length > told.length / 2);
  });

test('an answer given with 0.9 or more is right 97 times of 100, and less sure answers less often', t => {
  const all = answers.flatMap(({ told }) => told).filter(answer => answer.said !== undefined);
  const rows = [
    [0.9, 1.01],
    [0.75, 0.9],
    [0.5, 0.75],
    [0.25, 0.5],
    [0, 0.25],
  ].map(([from = 0, to = 0]) => {
    const some = all.filter(({ confidence }) => confidence >= from && confidence < to);
    return {
      from,
      answers: some.length,
      share: some.filter(({ isRight }) => isRight).length / Math.max(1, some.length),
    };
  });
  for (const { from, answers: count, share } of rows)
    t.diagnostic(`confidence from ${from.toFixed(2)}: ${count} answers, ${(100 * share).toFixed(1)} % right`);
  assert.ok(rows[0]!.share >= 0.97);
  assert.ok(rows[0]!.answers > all.length / 2);
});
