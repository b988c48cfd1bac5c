/** The questions of a fix, a page each, before its plan is made: which page stands there and what is ticked. Pure. */
import type { Choice, Chosen } from '../engine/fix.ts';
import type { Event } from '../transcript/event.ts';
import type { Said } from './outside.ts';
import type { Intent } from './state.ts';

export interface Picks {
  readonly page: number;
  readonly taken: Chosen;
  /** The last tick was to be taken away and stayed. */
  readonly stays?: true;
}

/** As the pages begin; after a plan was made one step back leads to the last of them, as it was answered. */
export const startOf = (asks: readonly Choice[], chosen: Chosen | null): Picks => ({
  page: chosen === null ? 0 : Math.max(0, asks.length - 1),
  taken: Object.fromEntries(asks.map(({ id, initial }) => [id, chosen?.[id] ?? initial])),
});

/** Ids of what a page offers. */
export const TAKEN = 'taken';
export const rowId = (value: string): string => `pick ${value}`;

/** Where an intent leads: another state of the pages, all of them answered, or away from them. */
export type Turn = { readonly picks: Picks } | { readonly done: Chosen } | 'away' | null;

/** Null where the intent means nothing here. At least one option stays ticked once one is. */
export const turned = (asks: readonly Choice[], { page, taken }: Picks, intent: Intent): Turn => {
  const ask = asks[page];
  if (ask === undefined) return null;
  const now = taken[ask.id] ?? [];
  const offered = (ids: readonly string[]) => ask.options.map(o => o.value).filter(v => ids.includes(rowId(v)));
  const onward = (values: readonly string[]): Turn => {
    if (values.length === 0) return null;
    const all = { ...taken, [ask.id]: values };
    return page + 1 < asks.length ? { picks: { page: page + 1, taken: all } } : { done: all };
  };
  switch (intent.do) {
    case 'back':
      return page > 0 ? { picks: { page: page - 1, taken } } : 'away';
    case 'tick': {
      const [value] = offered([intent.id]);
      if (!ask.many || value === undefined) return null;
      const next = ask.options.map(o => o.value).filter(v => (v === value ? !now.includes(v) : now.includes(v)));
      return {
        picks: next.length === 0 ? { page, taken, stays: true } : { page, taken: { ...taken, [ask.id]: next } },
      };
    }
    case 'take':
      return ask.many ? onward(offered(intent.ids)) : null;
    case 'choose':
      return ask.many ? (intent.id === TAKEN ? onward(now) : null) : onward(offered([intent.id]));
    default:
      return null;
  }
};

/** `asked`: on the screen; `given`: on the command line; `initial`: nobody was asked. */
export type By = Extract<Event, { type: 'chose' }>['by'];

/** For the log: each question with what it offered and what was taken, so that a replay need not guess. */
export const choseEvents = (
  fix: string,
  finding: string,
  asks: readonly Choice[],
  chosen: Chosen,
  by: (choice: string) => By,
): readonly Said[] =>
  asks.flatMap(({ id, question, many, options, initial }) => {
    const taken = chosen[id] ?? initial;
    return taken.length === 0
      ? []
      : [{ type: 'chose', fix, finding, choice: id, question, many, options, taken, by: by(id) }];
  });
