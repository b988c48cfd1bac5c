/** `--demo random`: a simulated broken box whose fault is not told; at the end it is, with the keys and the time it took. */

import type { Box } from '../box/box.ts';
import { readOnly } from '../box/wrap.ts';
import { languageOf, textsOf } from '../learn/lang.ts';
import { duration } from '../transcript/markdown-text.ts';
import { type Context, has } from './context.ts';

export interface Riddle {
  readonly box: Box;
  /** Lines for after the wizard. */
  readonly answer: () => Promise<string>;
}

/** Escape sequences are one key each. */
export const keysIn = (chunk: string): number =>
  (chunk.match(/\u001b\[[0-9;?]*[A-Za-z~]|\u001bO[A-Za-z]|[^\n]/gu) ?? []).length + (chunk.match(/\n/g) ?? []).length;

/** Counts what is read from `stdin` from now on, whoever reads it. */
const counted = (stdin: Pick<NodeJS.ReadStream, 'read'>): (() => number) => {
  const read = stdin.read.bind(stdin);
  let keys = 0;
  stdin.read = (size?: number) => {
    const chunk = read(size) as string | Buffer | null;
    if (chunk !== null) keys += keysIn(String(chunk));
    return chunk;
  };
  return () => keys;
};

/** A broken box by chance; `pick` is a number that nobody can foresee. */
export const randomName = (names: readonly string[], pick: number): string => {
  const broken = names.filter(name => !name.startsWith('healthy'));
  return broken[Math.abs(Math.floor(pick)) % broken.length]!;
};

/** Its name would give it away. */
export const randomBox = async (
  pick: number,
): Promise<{ readonly name: string; readonly title: string; readonly box: Box }> => {
  const { demos } = await import('../sim/worlds/index.ts');
  const { simBox } = await import('../sim/index.ts');
  const name = randomName(Object.keys(demos), pick);
  return { name, title: demos[name]!.title, box: { ...simBox(await demos[name]!.load()), name: 'random' } };
};

export const riddleOf = async (context: Context): Promise<Riddle> => {
  const began = context.now();
  const { t } = await textsOf(languageOf(context.env));
  const { name, title, box } = await randomBox(began);
  const keys = counted(process.stdin);
  context.out(`${t('random.title')}\n`);
  return {
    box: has(context, 'read-only') ? readOnly(box) : box,
    answer: async () =>
      `${t('random.solved', { name, title })}\n${t('random.count', { keys: keys(), time: duration(context.now() - began) })}\n`,
  };
};
