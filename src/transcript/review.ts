/** What a person is shown before something is shared: what was taken out, what was replaced by what, what stays. Pure. */
import { printable } from '../text/sanitize.ts';

export interface Shared {
  /** Where it goes, in words: a file's name, "standard output". */
  readonly to: string;
  /** What is in it, in words, one thing a line. */
  readonly holds: readonly string[];
  /** The whole text as it would be shared. */
  readonly text: string;
  /** Names and their stand-ins, where they are known here; a log knows only the stand-ins. */
  readonly standIns?: readonly (readonly [name: string, alias: string])[];
}

const ALIAS = /\b(?:GPU-uuid|MIG-uuid|user|host|registry|ip|ip6|mac|uuid|serial|machine|email|home)-\d{1,6}\b/g;

const counted = (words: Iterable<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};
const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([word, n]) => (n === 1 ? word : `${word} (${n} times)`)).join(', ');

/** Kinds of what was removed, and how often the mark of each stands in the text. */
export const removedIn = (text: string): ReadonlyMap<string, number> =>
  counted([...text.matchAll(/\[removed: ([^\]\n]{1,60})\]/g)].map(match => match[1]!));

/** Paragraphs, not yet broken into lines. */
export const reviewOf = ({ to, holds, text, standIns = [] }: Shared): readonly string[] => {
  const removed = removedIn(text);
  const aliases = counted([...text.matchAll(ALIAS)].map(match => match[0]));
  const known = new Map(standIns.map(([name, alias]) => [alias, name]));
  const replaced = [...aliases.keys()].map(alias => {
    const name = known.get(alias) ?? known.get(alias.replace(/^(?:GPU|MIG)-/, ''));
    return name === undefined ? alias : `${printable(name)} is now ${alias}`;
  });
  return [
    `To be shared: ${to}.`,
    ...holds,
    removed.size === 0 ? 'Removed: nothing was found that looks like a secret.' : `Removed: ${listed(removed)}.`,
    ...(replaced.length > 0 ? [`Replaced, the same all through: ${replaced.join(', ')}.`] : []),
    'Stays: versions, models, PCI addresses, names of libraries, digests, paths of the stack, and what the programs said.',
  ];
};

/** The text without words that its owner named. Longer ones first, so that no half of one is left. */
export const takeOut = (text: string, words: readonly string[]): string =>
  [...words]
    .filter(word => word.trim() !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((now, word) => now.replaceAll(word, '[removed: by hand]'), text);

/** Words of our own shapes; taking a piece out of one would lose the event, not a secret. */
const OURS = new Set('type kind do direction severity outcome platform where format works ok'.split(' '));

/** The same for any value of plain data: strings anywhere in it, and keys that are paths. */
export const takeOutOf = <T>(value: T, words: readonly string[], key = ''): T => {
  if (words.length === 0) return value;
  if (typeof value === 'string') return (OURS.has(key) ? value : takeOut(value, words)) as T;
  if (Array.isArray(value)) return value.map(item => takeOutOf(item, words)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name.includes('/') ? takeOut(name, words) : name,
      takeOutOf(item, words, name),
    ]),
  ) as T;
};
