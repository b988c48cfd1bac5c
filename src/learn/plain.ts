/** The lessons as lines: numbered answers on standard input; at the end of the input the chapter is read to its end. */

import { drawLine } from '../ui/rows.ts';
import { themeOf } from '../ui/theme.ts';
import { answerOf, painted } from '../wizard/plain.ts';
import type { Learner } from './learner.ts';

export interface PlainLearn {
  readonly learner: Learner;
  readonly lines: AsyncIterator<string>;
  readonly out: (text: string) => void;
  readonly ascii: boolean;
  /** For words that a proposal brings along. */
  readonly say?: ((text: string) => string) | undefined;
  readonly colour: boolean;
  readonly columns: number;
}

export const learnPlain = async ({ learner, lines, out, ascii, say, colour, columns }: PlainLearn): Promise<number> => {
  const theme = themeOf(ascii, say);
  const { texts } = learner.lesson();
  let code: number | null = null;
  void learner.ended.then(ended => {
    code = ended;
  });
  const draw = (): void => {
    const view = learner.view();
    out('\n');
    if (view.isTop)
      for (const line of [`${view.title} (${view.status})`, ...view.header.filter(Boolean)])
        out(`${theme.text(line)}\n`);
    for (const line of [...view.lead, ...view.body])
      for (const drawn of drawLine(line, columns, theme)) out(`${painted(drawn, colour)}\n`);
    for (const [i, choice] of view.choices.entries())
      out(`  ${i + 1}  ${theme.text(choice.label)}${choice.hint ? `  (${theme.text(choice.hint)})` : ''}\n`);
    const letters = view.keys.flatMap(([key, does]) => (/^[a-z?]$/.test(key) ? [`${key} ${does}`] : []));
    const ask = view.confirm === null ? `1-${view.choices.length}` : `${view.confirm} y/n`;
    out(theme.text(`${[ask, ...letters].join(', ')} > `));
  };
  while (code === null) {
    draw();
    const line = await lines.next();
    if (code !== null) break;
    const { place } = learner.lesson();
    if (line.done) {
      out('\n');
      if (place.at !== 'page') break;
      await learner.send({ do: 'choose', id: 'next' });
      continue;
    }
    const intent = answerOf(learner.view(), line.value);
    if (intent === null) out(`${theme.text(texts.t('screen.no-answer', { n: learner.view().choices.length }))}\n`);
    else await learner.send(intent);
    await Promise.resolve();
  }
  return code ?? 0;
};
