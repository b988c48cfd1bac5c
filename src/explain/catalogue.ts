/** Every signature of the catalogue compiled once: patterns, the literals to search for, and who needs which. */
import { notMine } from '../../flows/not-mine.ts';
import { signs } from '../../flows/signatures/index.ts';
import type { Foreign, Signature } from '../engine/signature.ts';
import { type Literals, literals } from './literals.ts';
import { anchorOf, type Pattern, pattern } from './pattern.ts';

export interface Entry {
  readonly id: string;
  readonly signature: Signature;
  /** Patterns from here on: one of the first `says`, and all of the `also` after them. */
  readonly from: number;
  readonly says: number;
  readonly also: number;
}
export interface ForeignEntry {
  readonly foreign: Foreign;
  readonly from: number;
  readonly says: number;
}
export interface Catalogue {
  /** The patterns as they are written, the fixed run of each, and to whom it belongs. */
  readonly texts: readonly string[];
  readonly anchors: readonly string[];
  readonly owners: readonly (Entry | ForeignEntry)[];
  readonly entries: readonly Entry[];
  readonly foreign: readonly ForeignEntry[];
  readonly pattern: (index: number) => Pattern;
  /** Finds the anchors; its table is made for the first long text. */
  readonly search: () => Literals;
}

/** No pattern's fixed run is shorter. */
export const LEAST = 5;

let made: Catalogue | undefined;

/** Made at the first call; a start pays for it, so patterns are parsed only when their fixed run was found. */
export const catalogue = (): Catalogue => {
  if (made !== undefined) return made;
  const texts: string[] = [];
  const owners: (Entry | ForeignEntry)[] = [];
  const add = (owner: Entry | ForeignEntry, more: readonly string[]): void => {
    for (const text of more) {
      texts.push(text);
      owners.push(owner);
    }
  };
  const entries: Entry[] = [];
  for (const id in signs)
    for (const signature of signs[id as keyof typeof signs]!.shows) {
      const { says, also = [] } = signature;
      const entry = { id, signature, from: texts.length, says: says.length, also: also.length };
      entries.push(entry);
      add(entry, says);
      add(entry, also);
    }
  const foreign = notMine.map(one => {
    const entry = { foreign: one, from: texts.length, says: one.says.length };
    add(entry, one.says);
    return entry;
  });
  const anchors = texts.map(text => anchorOf(text, LEAST));
  const patterns: (Pattern | undefined)[] = [];
  let search: Literals | undefined;
  made = {
    texts,
    anchors,
    owners,
    entries,
    foreign,
    pattern: index => {
      patterns[index] ??= pattern(texts[index]!, anchors[index]!);
      return patterns[index];
    },
    search: () => {
      search ??= literals(anchors, LEAST);
      return search;
    },
  };
  return made;
};

export const isForeign = (owner: Entry | ForeignEntry): owner is ForeignEntry => 'foreign' in owner;

/** The pattern is one of those that a mode is told by, not one that has to stand beside it, nor a foreign one. */
export const tells = (known: Catalogue, index: number): boolean => {
  const owner = known.owners[index]!;
  return !isForeign(owner) && index < owner.from + owner.says;
};
