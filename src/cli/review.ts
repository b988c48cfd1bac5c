/** The look at what is shared, on standard error, and the words that its owner takes out besides. */
import { createInterface } from 'node:readline/promises';
import { wrap } from '../report/wrap.ts';
import { reviewOf, type Shared } from '../transcript/review.ts';
import { type Context, given } from './context.ts';

const ASK = 'Take out more? A word or a piece of text, one a line; an empty line goes on: ';

/** Whether somebody sits there who can answer. */
const isAttended = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Words to take out, from --hide (separated by commas) and from the person. Empty where nothing more is to go. */
export const review = async (shared: Shared, context: Context, mayAsk = true): Promise<readonly string[]> => {
  const columns = Math.min(context.terminal.columns, 100);
  context.err(
    `${reviewOf(shared)
      .flatMap(paragraph => wrap(paragraph, columns))
      .join('\n')}\n`,
  );
  const words = (given(context, 'hide') ?? '').split(',').filter(word => word.trim() !== '');
  if (!mayAsk || !isAttended() || given(context, 'hide') !== undefined) return words;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>(resolve => lines.once('close', () => resolve('')));
  try {
    for (;;) {
      const word = await Promise.race([lines.question(ASK, { signal: context.signal }), ended]);
      if (word.trim() === '') return words;
      words.push(word);
    }
  } finally {
    lines.close();
  }
};
