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
  /** Anchors of the patterns, each once; `anchored[i]` are the patterns of the i-th. */
  readonly anchors: readonly string[];
  readonly anchored: readonly (readonly number[])[];
  readonly search: Literals;
}

/** No pattern's fixed run is shorter. */
export const LEAST = 5;

let made: Catalogue | undefined;

/** Compiled at the first call. */
export const catalogue = (): Catalogue => {
  if (made !== undefined) return made;
  const patterns: Pattern[] = [];
  const byText = new Map<string, number>();
  const add = (text: string): number => {
    const known = byText.get(text);
    if (known !== undefined) return known;
    byText.set(text, patterns.length);
    return patterns.push(pattern(text, LEAST)) - 1;
  };
  const entries: Entry[] = [];
  for (const [id, { shows }] of Object.entries(signs))
    for (const signature of shows)
      entries.push({ id, signature, says: signature.says.map(add), also: (signature.also ?? []).map(add) });
  const foreign = notMine.map(one => ({ foreign: one, says: one.says.map(add) }));
  const anchors: string[] = [];
  const anchored: number[][] = [];
  const byAnchor = new Map<string, number>();
  patterns.forEach((p, index) => {
    const known = byAnchor.get(p.anchor);
    if (known !== undefined) anchored[known]!.push(index);
    else {
      byAnchor.set(p.anchor, anchors.length);
      anchors.push(p.anchor);
      anchored.push([index]);
    }
  });
  made = { patterns, entries, foreign, anchors, anchored, search: literals(anchors, LEAST) };
  return made;
};
