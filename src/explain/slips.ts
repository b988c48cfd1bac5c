/** Fixed strings with a slip of the eye or the hand, or cut at one end: looked for only where nothing exact was found. */
import type { Catalogue } from './catalogue.ts';
import { cleanLine } from './clean.ts';
import type { Hits } from './hits.ts';
import { lineAt, squeezeLines } from './squeeze.ts';

/** Shorter strings are too alike to be guessed. */
const LEAST = 18;
const SEED = 7;
const MOST_SEEDS = 60;

/** Adds what looks like a signature with a few wrong characters; returns how many were added. */
export const addSlips = (hits: Hits, catalogue: Catalogue, lines: readonly string[], first: number): number => {
  const view = squeezeLines(lines.map(cleanLine));
  const text = view.squeezed;
  const places = new Map<string, number[]>();
  for (let at = 0; at + SEED <= text.length; at++) {
    const seed = text.slice(at, at + SEED);
    const known = places.get(seed);
    if (known === undefined) places.set(seed, [at]);
    else if (known.length < MOST_SEEDS) known.push(at);
  }
  let added = 0;
  catalogue.patterns.forEach((p, index) => {
    if (hits.found.has(index) || p.groups.length > 1 || p.groups[0]!.length > 1 || p.anchor.length < LEAST) return;
    const best = bestPlace(text, places, p.anchor);
    if (best === null) return;
    const line = lineAt(view, best.from);
    hits.found.set(index, {
      order: hits.order + best.from,
      lines: [{ line: first + line, raw: lines[line]! }],
      share: best.share,
    });
    added++;
  });
  return added;
};

interface Place {
  readonly from: number;
  readonly share: number;
}

const bestPlace = (text: string, places: ReadonlyMap<string, readonly number[]>, literal: string): Place | null => {
  let best: Place | null = null;
  const seen = new Set<number>();
  for (let offset = 0; offset + SEED <= literal.length; offset += 3) {
    for (const at of places.get(literal.slice(offset, offset + SEED)) ?? []) {
      const start = at - offset;
      if (seen.has(start)) continue;
      seen.add(start);
      const share = likeness(text, literal, at, offset);
      if (share > 0 && (best === null || share > best.share)) best = { from: Math.max(0, start), share };
    }
  }
  return best;
};

/** Walks from a common seed to both ends, allowing an exchanged, a missing or an extra character now and then. */
const likeness = (text: string, literal: string, at: number, offset: number): number => {
  const most = Math.max(1, Math.min(4, Math.floor(literal.length / 12)));
  const after = walk(text, literal, at + SEED, offset + SEED, 1, most);
  const before = walk(text, literal, at - 1, offset - 1, -1, most);
  const wrong = after.wrong + before.wrong;
  const covered = SEED + after.covered + before.covered;
  const isCut = before.atEdge || after.atEdge;
  if (wrong > most) return 0;
  if (covered >= literal.length - 1) return 0.97 - 0.02 * wrong;
  const part = covered / literal.length;
  return isCut && part >= 0.55 && covered >= LEAST ? 0.75 * part : 0;
};

const walk = (
  text: string,
  literal: string,
  textAt: number,
  literalAt: number,
  step: 1 | -1,
  most: number,
): { covered: number; wrong: number; atEdge: boolean } => {
  let t = textAt;
  let l = literalAt;
  let wrong = 0;
  let covered = 0;
  while (l >= 0 && l < literal.length) {
    if (t < 0 || t >= text.length) return { covered, wrong, atEdge: true };
    if (text[t] === literal[l]) {
      t += step;
      l += step;
      covered++;
      continue;
    }
    if (wrong >= most) return { covered, wrong, atEdge: false };
    wrong++;
    if (text[t + step] === literal[l]) t += step;
    else if (text[t] === literal[l + step]) {
      l += step;
      covered++;
    } else {
      t += step;
      l += step;
      covered++;
    }
  }
  return { covered, wrong, atEdge: false };
};
