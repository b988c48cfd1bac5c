/** Keys to intents: pure, one key at a time, so that several keys in one chunk each see what the one before did. */
import type { Key } from 'ink';
import type { Intent } from '../wizard/state.ts';
import type { View } from '../wizard/view.ts';

export interface Cursor {
  /** What the cursor belongs to; on another screen it starts where that one begins. */
  readonly screen: string;
  readonly at: number;
  readonly scroll: number;
}

export type Press =
  | 'up'
  | 'down'
  | 'left'
  | 'enter'
  | 'escape'
  | 'pageDown'
  | 'pageUp'
  | 'interrupt'
  | 'erase'
  /** Ctrl-D. */
  | 'end'
  | { readonly char: string };

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One chunk of input as single keys; plain text of several characters is split. */
export const pressesOf = (input: string, key: Key): readonly Press[] => {
  if (key.ctrl) return input === 'c' ? ['interrupt'] : input === 'd' ? ['end'] : [];
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.leftArrow) return ['left'];
  if (key.pageDown) return ['pageDown'];
  if (key.pageUp) return ['pageUp'];
  if (key.return) return ['enter'];
  if (key.escape) return ['escape'];
  if (key.backspace || key.delete) return ['erase'];
  if (key.meta || key.tab || key.rightArrow) return [];
  return [...segmenter.segment(input)].map(
    ({ segment }): Press =>
      segment === '\r' || segment === '\n' ? 'enter' : segment === '\u0003' ? 'interrupt' : { char: segment },
  );
};

export const screenOf = (view: View): string =>
  JSON.stringify([view.lead[0], view.choices.map(c => c.id), view.confirm]);

export const cursorFor = (view: View, cursor: Cursor): Cursor => {
  const screen = screenOf(view);
  return cursor.screen === screen ? cursor : { screen, at: view.start ?? 0, scroll: 0 };
};

/** Letters and what they ask for, on both screens. */
export const LETTERS: Readonly<Record<string, Intent>> = {
  w: { do: 'why' },
  e: { do: 'evidence' },
  d: { do: 'diff' },
  c: { do: 'commands' },
  b: { do: 'back' },
  '?': { do: 'help' },
  q: { do: 'quit' },
};

/** A letter means something only where the last row offers it; help, back and quit do everywhere. */
export const isOffered = (view: View, letter: string): boolean =>
  '?bq'.includes(letter) || view.keys.some(([key]) => key === letter);

/**
 * @param isAlone the key came in a chunk of its own and the question has been painted: without it `y` confirms nothing
 */
export const press = (
  view: View,
  before: Cursor,
  key: Press,
  { page, most, isAlone }: { readonly page: number; readonly most: number; readonly isAlone: boolean },
): { readonly cursor: Cursor; readonly intent?: Intent } => {
  const cursor = cursorFor(view, before);
  const count = view.choices.length;
  const scrolled = (by: number): Cursor => ({ ...cursor, scroll: Math.max(0, Math.min(most, cursor.scroll + by)) });
  const moved = (by: number): Cursor =>
    count > 0 ? { ...cursor, at: (cursor.at + by + count) % count } : scrolled(by);
  if (key === 'interrupt') return { cursor, intent: { do: 'interrupt' } };
  if (key === 'up') return { cursor: moved(-1) };
  if (key === 'down') return { cursor: moved(1) };
  if (view.takes !== undefined) {
    if (key === 'erase') return { cursor, intent: { do: 'erase' } };
    if (key === 'enter' && view.takes !== '') return { cursor, intent: { do: 'type', text: '\n' } };
    if (typeof key === 'object') return { cursor, intent: { do: 'type', text: key.char } };
  }
  if (key === 'erase') return { cursor };
  if (key === 'end') return view.takes === undefined ? { cursor } : { cursor, intent: { do: 'choose', id: 'explain' } };
  if (key === 'left' || key === 'escape') return { cursor, intent: { do: 'back' } };
  if (key === 'pageDown') return { cursor: scrolled(page) };
  if (key === 'pageUp') return { cursor: scrolled(-page) };
  if (key === 'enter') {
    const id = view.enters ?? view.choices[cursor.at]?.id;
    return id === undefined ? { cursor } : { cursor, intent: { do: 'choose', id } };
  }
  const { char } = key;
  const row = view.choices[cursor.at];
  if (char === ' ' && row?.ticked !== undefined) return { cursor, intent: { do: 'tick', id: row.id } };
  if (char === ' ') return { cursor: cursor.scroll >= most ? { ...cursor, scroll: 0 } : scrolled(page) };
  if (char === 'k') return { cursor: moved(-1) };
  if (char === 'j') return { cursor: moved(1) };
  if (view.confirm !== null && (char === 'y' || char === 'n')) {
    if (char === 'y' && !isAlone) return { cursor };
    return { cursor, intent: { do: char === 'y' ? 'yes' : 'no' } };
  }
  // A digit moves to its line; Enter then chooses, so that no digit ever starts something by itself.
  if (/^[1-9]$/.test(char) && Number(char) <= count) return { cursor: { ...cursor, at: Number(char) - 1 } };
  const intent = isOffered(view, char) ? LETTERS[char] : undefined;
  return intent ? { cursor, intent } : { cursor };
};
