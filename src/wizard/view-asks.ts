/** What is shown of a question that a fix asks before it makes its plan. */
import type { Choice as Ask } from '../engine/fix.ts';
import { printable } from '../text/sanitize.ts';
import { text } from './lines.ts';
import { type Picks, rowId, TAKEN } from './picks.ts';
import { MOVE, TAIL, type View } from './view-types.ts';

export const asksView = (asks: readonly Ask[], { page, taken, stays }: Picks): Partial<View> => {
  const ask = asks[page];
  if (ask === undefined) return {};
  const { question, many, options } = ask;
  const now = taken[ask.id] ?? [];
  const about = [
    ...(asks.length > 1 ? [`question ${page + 1} of ${asks.length}`] : []),
    ...(many ? [now.length === 0 ? 'nothing is taken yet' : `${now.length} of ${options.length} taken`] : []),
    ...(stays ? ['one has to stay'] : []),
  ].join(' · ');
  const start = options.findIndex(o => now.includes(o.value));
  return {
    lead: [
      text(printable(question), 'strong'),
      ...(about === '' ? [] : [text(about, stays || (many && now.length === 0) ? 'unsure' : 'dim')]),
    ],
    choices: options.map(({ value, label, hint }) => ({
      id: rowId(value),
      label: printable(label),
      ...(hint !== undefined && { hint: printable(hint) }),
      ...(many && { ticked: now.includes(value) }),
    })),
    ...(many ? { enters: TAKEN } : start >= 0 && { start }),
    keys: many ? [['Space', 'tick'], ['Enter', 'go on'], MOVE[0], ...TAIL] : [...MOVE, ...TAIL],
  };
};
