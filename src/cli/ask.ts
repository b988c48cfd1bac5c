/** A question on the terminal outside the wizard. */
import { createInterface } from 'node:readline/promises';
import type { Context } from './context.ts';

/** True for the line `y` or `yes` and for nothing else; false at the end of input. */
export const ask = async (question: string, context: Pick<Context, 'signal'>): Promise<boolean> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>(resolve => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(question, { signal: context.signal }), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
};
