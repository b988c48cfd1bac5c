/** Every signature of the catalogue compiled once: patterns, the literals to search for, and who needs which. */
import { notMine } from '../../flows/not-mine.ts';
import { signs } from '../../flows/signatures/index.ts';
import type { Foreign, Signature } from '../engine/signature.ts';
import { type Literals, literals } from './literals.ts';
import { type Pattern, pattern } from './pattern.ts';

export interface Entry {
  readonly id: string;
  readonly signature: Signature;
  /** Indexes into `patterns`: one of these … */
  readonly says: readonly number[];
  /** … and all of these. */
  readonly also: readonly number[];
}
export interface ForeignEntry {
  readonly foreign: Foreign;
  readonly says: readonly number[];
}
export interface Catalogue {
  readonly patterns: readonly Pattern[];
  readonly entries: readonly Entry[];
  readonly foreign: readonly ForeignEntry[];
  /** By pattern: the entries that it speaks for. */
  readonly usedBy: readonly (readonly Entry[])[];
  readonly foreignBy: readonly (readonly ForeignEntry[])[];
  /** Finds the anchors; its table is made for the first long text. */
  readonly search: () => Literals;
}

/** No pattern's fixed run is shorter. */
export const LEAST = 5;

let made: Catalogue | undefined;

/** Compiled at the first call. */
export const catalogue = (): Catalogue => {
  if (made !== undefined) return made;
  const patterns: Pattern[] = [];
  const usedBy: Entry[][] = [];
  const foreignBy: ForeignEntry[][] = [];
  const byText = new Map<string, number>();
  const add = (text: string): number => {
    const known = byText.get(text);
    if (known !== undefined) return known;
    byText.set(text, patterns.length);
    usedBy.push([]);
    foreignBy.push([]);
    return patterns.push(pattern(text, LEAST)) - 1;
  };
  const entries: Entry[] = [];
  for (const [id, { shows }] of Object.entries(signs))
    for (const signature of shows) {
      const entry = { id, signature, says: signature.says.map(add), also: signature.also?.map(add) ?? [] };
      entries.push(entry);
      for (const index of entry.says) usedBy[index]!.push(entry);
    }
  const foreign = notMine.map(one => ({ foreign: one, says: one.says.map(add) }));
  for (const entry of foreign) for (const index of entry.says) foreignBy[index]!.push(entry);
  let search: Literals | undefined;
  made = {
    patterns,
    entries,
    foreign,
    usedBy,
    foreignBy,
    search: () => {
      search ??= literals(
        patterns.map(p => p.anchor),
        LEAST,
      );
      return search;
    },
  };
  return made;
};
