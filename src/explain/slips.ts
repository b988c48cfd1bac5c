/** Fixed strings with a slip of the eye or the hand, or cut at one end: looked for only where nothing exact was found. */
import { type Catalogue, tells } from './catalogue.ts';
import { cleanLine } from './clean.ts';
import { type Hits, hintOf } from './hits.ts';
import { isPlain } from './pattern.ts';
import { lineAt, squeeze, squeezeLines } from './squeeze.ts';

/** Shorter strings are too alike to be guessed. */
const LEAST = 18;
/** A pattern with gaps is looked for by its anchor where that is most of it. */
const MOSTLY = 0.85;
const SEED = 7;
const MOST_SEEDS = 60;

/** Adds what looks like a signature with a few wrong characters; returns how many were added. */
export const addSlips = (
  hits: Hits,
  catalogue: Catalogue,
  lines: readonly string[],
  first: number,
  alsoCut: boolean,
): number => {
  const view = squeezeLines(lines.map(cleanLine));
  const text = view.squeezed;
  const places = new Map<string, number[]>();
  for (let at = 0; at + SEED <= text.length; at++) {
    const seed = text.slice(at, at + SEED);
    const known = places.get(seed);
    if (known === undefined) places.set(seed, [at]);
    else if (known.length < MOST_SEEDS) known.push(at);
  }
  const exact = [...hits.found].filter(([index]) => tells(catalogue, index)).map(([, hit]) => hit);
  const slips: (Place & { readonly index: number; readonly size: number })[] = [];
  catalogue.anchors.forEach((anchor, index) => {
    if (anchor.length < LEAST || hits.found.has(index) || !tells(catalogue, index)) return;
    const written = catalogue.texts[index]!;
    const whole = isPlain(written) ? 1 : anchor.length / squeeze(written).length;
    if (whole < MOSTLY) return;
    const best = bestPlace(text, places, anchor);
    if (best === null || (best.isCut && !alsoCut)) return;
    const size = anchor.length;
    // What is said there word for word is not a misspelt form of something else.
    if (exact.some(hit => overlap(hit.order, hit.size, best.from, size) > HALF * size)) return;
    slips.push({ ...best, share: whole < 1 ? best.share * 0.9 : best.share, index, size });
  });
  slips.sort((a, b) => b.share * b.size - a.share * a.size);
  const kept: typeof slips = [];
  for (const slip of slips) {
    const rivals = kept.filter(other => overlap(other.from, other.size, slip.from, slip.size) > ALIKE * slip.size);
    if (rivals.some(other => other.share > slip.share + CLOSE)) continue;
    kept.push(slip);
    const line = lineAt(view, slip.from);
    hits.found.set(slip.index, {
      order: slip.from,
      size: slip.size,
      lines: [{ line: first + line, raw: lines[line]!, hint: hintOf(catalogue.texts[slip.index]!) }],
      share: slip.share,
    });
  }
  return kept.length;
};

/** Share of the shorter one from which two places are one. */
const ALIKE = 0.6;
const CLOSE = 0.011;
const HALF = 0.45;

const overlap = (a: number, sizeA: number, b: number, sizeB: number): number =>
  Math.min(a + sizeA, b + sizeB) - Math.max(a, b);

interface Place {
  readonly from: number;
  readonly share: number;
  readonly isCut: boolean;
}

const bestPlace = (text: string, places: ReadonlyMap<string, readonly number[]>, literal: string): Place | null => {
  let best: Place | null = null;
  const seen = new Set<number>();
  for (let offset = 0; offset + SEED <= literal.length; offset += 3) {
    for (const at of places.get(literal.slice(offset, offset + SEED)) ?? []) {
      const start = at - offset;
      if (seen.has(start)) continue;
      seen.add(start);
      const { share, isCut } = likeness(text, literal, at, offset);
      if (share > 0 && (best === null || share > best.share)) best = { from: Math.max(0, start), share, isCut };
    }
  }
  return best;
};

const NOT_ALIKE = { share: 0, isCut: false };

/** Walks from a common seed to both ends, allowing an exchanged, a missing or an extra character now and then. */
const likeness = (
  text: string,
  literal: string,
  at: number,
  offset: number,
): { readonly share: number; readonly isCut: boolean } => {
  const most = Math.max(1, Math.min(4, Math.floor(literal.length / 12)));
  const after = walk(text, literal, at + SEED, offset + SEED, 1, most);
  const before = walk(text, literal, at - 1, offset - 1, -1, most);
  const wrong = after.wrong + before.wrong;
  const covered = SEED + after.covered + before.covered;
  if (wrong > most) return NOT_ALIKE;
  if (covered >= literal.length - 1) return { share: 0.97 - 0.02 * wrong, isCut: false };
  const part = covered / literal.length;
  const isCut = (before.atEdge || after.atEdge) && part >= 0.55 && covered >= LEAST;
  return isCut ? { share: 0.75 * part, isCut } : NOT_ALIKE;
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
