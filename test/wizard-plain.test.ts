/** The wizard as lines: what a pipe or a dumb terminal gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, runPlain } from '../src/wizard/plain.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { type PretendOptions, pretend } from './fixtures/outside.ts';

async function* linesOf(lines: readonly string[]) {
  yield* lines;
}

const told = async (lines: readonly string[], options: PretendOptions = {}) => {
  const p = pretend(options);
  const wizard = createWizard({ outside: p.outside });
  let out = '';
  const end = await runPlain({
    wizard,
    version: '0.1.0',
    lines: linesOf(lines),
    out: text => {
      out += text;
    },
    ascii: false,
    colour: false,
    columns: 80,
  });
  return { p, out, end };
};

test('the same session as numbered lines, to a proven fix', async () => {
  const { p, out, end } = await told(['1', '1', 'y', 'yes', '1']);
  assert.equal(end.exitCode, 0);
  assert.equal(p.applied, 1);
  for (const row of [/✔ Hardware/, /✖ ldconfig/, /✔ Fixed/, /Fixed and proven/]) assert.match(out, row);
});

test('no cursor is moved, nothing is coloured, and every row is told once', async () => {
  const { out } = await told(['1', '1', 'y', 'y', '1']);
  assert.doesNotMatch(out, /\u001b/);
  assert.equal(out.match(/✔ Hardware/g)?.length, 1);
});

test('the end of the input declines and stops; a fault that was found stands', async () => {
  const { p, end } = await told(['1', '1']);
  assert.equal(p.applied, 0);
  assert.equal(end.exitCode, 1);
  assert.ok(p.said.some(e => e.type === 'answered' && e.answer === 'no'));
  assert.equal((await told([])).end.exitCode, 0);
});

test('only the lines y and yes confirm a change', async () => {
  for (const line of ['', '1', 'n', 'no', 'ok', 'yep', 'yes please', 'apply']) {
    const { p } = await told(['1', '1', line]);
    assert.equal(p.applied, 0, line);
  }
});

test('letters do what they do on the screen, and nonsense is said to be none', async () => {
  const { out } = await told(['1', 'w', 'zz', '99', 'q']);
  assert.match(out, /a paragraph/);
  assert.equal(out.match(/That is no answer here/g)?.length, 2);
});

test('a question about a change does not mistake commands and diff for an answer', () => {
  const p = pretend();
  const wizard = createWizard({ outside: p.outside });
  const view = { ...viewOf(wizard.state(), '0'), choices: [], confirm: 'Apply?', keys: [['c', 'commands']] as const };
  assert.deepEqual(answerOf(view, 'c'), { do: 'commands' });
  assert.deepEqual(answerOf(view, 'y'), { do: 'yes' });
  assert.deepEqual(answerOf(view, '1'), { do: 'no' });
});

test('an interruption at a question ends with 130, though no line ever comes', async () => {
  const p = pretend();
  const wizard = createWizard({ outside: p.outside });
  const never = { next: () => new Promise<IteratorResult<string>>(() => {}) };
  const end = runPlain({
    wizard,
    version: '0',
    lines: never,
    out: text => {
      if (text.endsWith('> ')) wizard.send({ do: 'interrupt' });
    },
    ascii: false,
    colour: false,
    columns: 80,
  });
  assert.equal((await end).exitCode, 130);
});
