/** What was found so far: the first place of each pattern and what the text shows besides, in bounded memory. */
import type { Feature, Foreign } from '../engine/signature.ts';
import type { Catalogue } from './catalogue.ts';
import { cleanLine } from './clean.ts';
import { addFeatures, versionsIn } from './features.ts';
import { place } from './pattern.ts';
import { lineAt, squeezeLines } from './squeeze.ts';

export interface Line {
  /** From 1. */
  readonly line: number;
  /** As it stands in the text; neither redacted nor made printable yet. */
  readonly raw: string;
  /** A word of what was found, in lower case. */
  readonly hint: string;
}
export interface Hit {
  /** Order of appearance: the offset in the squeezed text. */
  readonly order: number;
  /** Squeezed characters. */
  readonly size: number;
  readonly lines: readonly Line[];
  /** 1 for an exact match, less for one with slips or cut. */
  readonly share: number;
}
export interface Hits {
  readonly found: Map<number, Hit>;
  readonly features: Set<Feature>;
  readonly versions: Record<string, string>;
  /** Foreign matters whose own test held. */
  readonly foreign: Set<Foreign>;
  order: number;
}

export const noHits = (): Hits => ({
  found: new Map(),
  features: new Set(),
  versions: {},
  foreign: new Set(),
  order: 0,
});

const MOST_TRIES = 400;
/** A shorter text is searched string by string: making the table would take longer. */
const SHORT = 4000;
const MOST_LINES = 3;
const KEPT = 8000;
/** A part of the raw line that holds what was found; a line of a megabyte is not kept whole. */
const kept = (raw: string, hint: string): string => {
  if (raw.length <= KEPT) return raw;
  const at = Math.max(0, raw.toLowerCase().indexOf(hint));
  return raw.slice(Math.max(0, at - KEPT / 2), at + KEPT / 2);
};

export const hintOf = (text: string): string =>
  text
    .toLowerCase()
    .split(/[\s"'`…#<>|]+/)
    .reduce((best, word) => (word.length > best.length ? word : best), '');

/** Looks through consecutive lines; `first` is the number of the first of them. */
export const addLines = (hits: Hits, catalogue: Catalogue, lines: readonly string[], first: number): void => {
  const view = squeezeLines(lines.map(cleanLine));
  addFeatures(hits.features, view.spaced);
  for (const [name, version] of Object.entries(versionsIn(view.spaced))) hits.versions[name] ??= version;
  for (const { foreign } of catalogue.foreign) if (foreign.test?.test(view.spaced) === true) hits.foreign.add(foreign);
  const tries = new Map<number, number>();
  const order = hits.order;
  const look = (index: number, at: number): number => {
    if (hits.found.has(index)) return -1;
    const tried = (tries.get(index) ?? 0) + 1;
    if (tried > MOST_TRIES) return -1;
    tries.set(index, tried);
    const found = place(view.squeezed, catalogue.pattern(index), at);
    if (found === null) return -1;
    const from = lineAt(view, found.from);
    const to = Math.min(lineAt(view, Math.max(found.from, found.to - 1)), from + MOST_LINES - 1);
    const hint = hintOf(catalogue.texts[index]!);
    const shown = lines.slice(from, to + 1).map((raw, i) => ({
      line: first + from + i,
      raw: kept(raw, hint),
      hint,
    }));
    hits.found.set(index, { order: order + found.from, size: found.to - found.from, lines: shown, share: 1 });
    return -1;
  };
  if (hits.order + view.bytes.length > SHORT) catalogue.search().scan(view.bytes, look);
  else
    catalogue.anchors.forEach((anchor, index) => {
      for (let at = view.squeezed.indexOf(anchor); at >= 0; at = view.squeezed.indexOf(anchor, at + 1)) look(index, at);
    });
  hits.order += view.bytes.length;
};
