/** The small language of signatures, compiled. No regular expression: every step is bounded, so no text is slow. */
import { squeeze } from './squeeze.ts';

/** Fixed characters, digits, or one of several texts. */
type Piece = { readonly literal: string } | { readonly oneOf: readonly string[] } | 'digits';
/** Pieces without a gap between them. */
type Group = readonly Piece[];

export interface Pattern {
  readonly groups: readonly Group[];
  /** The group that holds the longest fixed run, and the pieces before it in that group. */
  readonly anchorGroup: number;
  readonly anchorPiece: number;
}

/** Most characters that a `…` stands for. */
const GAP = 200;
const MOST_DIGITS = 20;

const piecesOf = (text: string): Piece[] => {
  const pieces: Piece[] = [];
  for (const part of text.split(/(#|<[^<>]+\|[^<>]*>)/)) {
    if (part === '#') pieces.push('digits');
    else if (part.startsWith('<') && part.endsWith('>') && part.includes('|'))
      pieces.push({ oneOf: part.slice(1, -1).split('|').map(squeeze) });
    else {
      const literal = squeeze(part);
      if (literal !== '') pieces.push({ literal });
    }
  }
  return pieces;
};

const SPECIAL = /…|#|<[^<>]+\|[^<>]*>/;

/** No gap, digits or alternatives in it. */
export const isPlain = (text: string): boolean =>
  !text.includes('…') && !text.includes('#') && !(text.includes('<') && SPECIAL.test(text));

/** The longest run of fixed characters in squeezed form. Throws where none has at least `least` characters. */
export const anchorOf = (text: string, least: number): string => {
  let anchor = '';
  if (isPlain(text)) anchor = squeeze(text);
  else for (const run of text.split(SPECIAL).map(squeeze)) if (run.length > anchor.length) anchor = run;
  if (anchor.length < least) throw new Error(`pattern without a fixed run of ${least} characters: ${text}`);
  return anchor;
};

/** Parses a pattern whose longest fixed run is known. */
export const pattern = (text: string, anchor: string): Pattern => {
  const groups = text
    .split('…')
    .map(piecesOf)
    .filter(pieces => pieces.length > 0);
  for (const [anchorGroup, group] of groups.entries()) {
    const anchorPiece = group.findIndex(piece => piece !== 'digits' && 'literal' in piece && piece.literal === anchor);
    if (anchorPiece >= 0) return { groups, anchorGroup, anchorPiece };
  }
  throw new Error(`pattern without its fixed run: ${text}`);
};

const isDigit = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at);
  return c >= 48 && c <= 57;
};

/** Where the group ends that begins at `at`, or -1. */
const endOf = (text: string, group: Group, at: number): number => {
  let now = at;
  for (const piece of group) {
    if (piece === 'digits') {
      const from = now;
      while (now - from < MOST_DIGITS && isDigit(text, now)) now++;
      if (now === from) return -1;
    } else if ('literal' in piece) {
      if (!text.startsWith(piece.literal, now)) return -1;
      now += piece.literal.length;
    } else {
      const from = now;
      const found = piece.oneOf.find(one => text.startsWith(one, from));
      if (found === undefined) return -1;
      now += found.length;
    }
  }
  return now;
};

const longestOf = (group: Group): number =>
  group.reduce(
    (sum, piece) =>
      sum +
      (piece === 'digits'
        ? MOST_DIGITS
        : 'literal' in piece
          ? piece.literal.length
          : Math.max(...piece.oneOf.map(one => one.length))),
    0,
  );

/** Where the group begins whose anchor stands at `at`. */
const startOfAnchor = (text: string, { groups, anchorGroup, anchorPiece }: Pattern, at: number): number => {
  const group = groups[anchorGroup]!;
  if (anchorPiece === 0) return endOf(text, group, at) < 0 ? -1 : at;
  const before = group.slice(0, anchorPiece);
  for (let from = at; from >= Math.max(0, at - longestOf(before)); from--)
    if (endOf(text, before, from) === at && endOf(text, group, from) >= 0) return from;
  return -1;
};

/** The place of a pattern whose anchor stands at `at`, or null. */
export const place = (text: string, p: Pattern, at: number): { readonly from: number; readonly to: number } | null => {
  const { groups, anchorGroup } = p;
  const start = startOfAnchor(text, p, at);
  if (start < 0) return null;
  let from = start;
  let starts = [start];
  for (let g = anchorGroup - 1; g >= 0; g--) {
    const group = groups[g]!;
    const latest = starts[0]!;
    const next: number[] = [];
    const first = Math.max(0, starts.at(-1)! - GAP - longestOf(group));
    for (let at = latest; at >= first; at--) {
      const end = endOf(text, group, at);
      if (end >= 0 && starts.some(s => end <= s && s - end <= GAP)) next.push(at);
      if (next.length >= 8) break;
    }
    if (next.length === 0) return null;
    starts = next;
    from = next[0]!;
  }
  let ends = [endOf(text, groups[anchorGroup]!, start)];
  let to = ends[0]!;
  for (let g = anchorGroup + 1; g < groups.length; g++) {
    const group = groups[g]!;
    const next: number[] = [];
    const last = ends.at(-1)! + GAP;
    for (let at = ends[0]!; at <= last; at++) {
      const end = endOf(text, group, at);
      if (end >= 0 && ends.some(e => e <= at && at - e <= GAP)) next.push(end);
      if (next.length >= 8) break;
    }
    if (next.length === 0) return null;
    ends = next;
    to = next[0]!;
  }
  return { from, to };
};
