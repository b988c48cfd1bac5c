/** Line diffs: exact unified text for patch(1) and for transcripts, and the same as data for the screen. */

export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  /** Without its "\n"; a "\r" stays. */
  readonly text: string;
  /** This is the last line of its side and has no newline. */
  readonly noNewline?: true;
}

export interface Hunk {
  /** First line of the hunk in the old file, from 1; 0 where the old side is empty. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly DiffLine[];
}

/** Beyond this many cells a stretch without common anchors is shown as replaced; it bounds time and memory. */
const CELLS = 4_000_000;

const splitLines = (text: string): string[] => {
  if (text === '') return [];
  const lines = text.split('\n');
  // The newline stays part of the comparison: "a" and "a\n" are different lines.
  const last = lines.pop() ?? '';
  return [...lines.map(line => `${line}\n`), ...(last === '' ? [] : [last])];
};

type Pair = readonly [oldIndex: number, newIndex: number];

/** Shortest edit script between two stretches (Myers), as the pairs of lines that stay. */
const myers = (a: readonly number[], b: readonly number[], emit: (pair: Pair) => void, offA: number, offB: number) => {
  const max = a.length + b.length;
  const reach = new Int32Array(2 * max + 2);
  const trail: Int32Array[] = [];
  const budget = Math.ceil(CELLS / (max + 1)) + 64;
  for (let d = 0; d <= max; d++) {
    if (d > budget) return;
    trail.push(reach.slice(max - d, max + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach[max + k - 1] ?? 0) < (reach[max + k + 1] ?? 0));
      let x = down ? (reach[max + k + 1] ?? 0) : (reach[max + k - 1] ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[max + k] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trail, emit, offA, offB);
    }
  }
};

const walkBack = (
  a: readonly number[],
  b: readonly number[],
  trail: readonly Int32Array[],
  emit: (pair: Pair) => void,
  offA: number,
  offB: number,
) => {
  const kept: Pair[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trail.length - 1; d >= 0; d--) {
    const reach = trail[d] ?? new Int32Array();
    const k = x - y;
    const at = (diagonal: number) => reach[diagonal + d] ?? 0;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY && x > 0 && y > 0 && a[x - 1] === b[y - 1]) kept.push([offA + --x, offB + --y]);
    x = fromX;
    y = fromY;
  }
  for (const pair of kept.toReversed()) emit(pair);
};

/** Lines that stand once on both sides, in the longest order both share; they hold long diffs together and fast. */
const anchors = (a: readonly number[], b: readonly number[]): readonly Pair[] => {
  const once = (side: readonly number[]) => {
    const where = new Map<number, number>();
    for (const [i, line] of side.entries()) where.set(line, where.has(line) ? -1 : i);
    return where;
  };
  const inB = once(b);
  const pairs: Pair[] = [];
  for (const [line, i] of once(a)) {
    const j = inB.get(line);
    if (i >= 0 && j !== undefined && j >= 0) pairs.push([i, j]);
  }
  pairs.sort((p, q) => p[0] - q[0]);
  const piles: number[] = [];
  const before: number[] = [];
  for (const [n, pair] of pairs.entries()) {
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[piles[middle] ?? 0]?.[1] ?? 0) < pair[1]) low = middle + 1;
      else high = middle;
    }
    before[n] = low > 0 ? (piles[low - 1] ?? -1) : -1;
    piles[low] = n;
  }
  const chain: Pair[] = [];
  for (let n = piles.at(-1) ?? -1; n >= 0; n = before[n] ?? -1) {
    const pair = pairs[n];
    if (pair !== undefined) chain.push(pair);
  }
  return chain.toReversed();
};

const kept = (a: readonly number[], b: readonly number[]): readonly Pair[] => {
  const pairs: Pair[] = [];
  const emit = (pair: Pair) => pairs.push(pair);
  const between = (fromA: number, toA: number, fromB: number, toB: number) => {
    let head = 0;
    while (fromA + head < toA && fromB + head < toB && a[fromA + head] === b[fromB + head]) {
      emit([fromA + head, fromB + head]);
      head++;
    }
    let tail = 0;
    while (toA - tail > fromA + head && toB - tail > fromB + head && a[toA - tail - 1] === b[toB - tail - 1]) tail++;
    const left = a.slice(fromA + head, toA - tail);
    const right = b.slice(fromB + head, toB - tail);
    if (left.length > 0 && right.length > 0) {
      const fixed = left.length * right.length > CELLS ? anchors(left, right) : [];
      if (fixed.length === 0) myers(left, right, emit, fromA + head, fromB + head);
      let lastA = fromA + head;
      let lastB = fromB + head;
      for (const [i, j] of fixed) {
        between(lastA, fromA + head + i, lastB, fromB + head + j);
        emit([fromA + head + i, fromB + head + j]);
        lastA = fromA + head + i + 1;
        lastB = fromB + head + j + 1;
      }
      if (fixed.length > 0) between(lastA, toA - tail, lastB, toB - tail);
    }
    for (; tail > 0; tail--) emit([toA - tail, toB - tail]);
  };
  between(0, a.length, 0, b.length);
  return pairs;
};

const lineOf = (sign: DiffLine['sign'], line: string): DiffLine =>
  line.endsWith('\n') ? { sign, text: line.slice(0, -1) } : { sign, text: line, noNewline: true };

/** Every line of both sides in order; removed lines come before the added ones that replace them. */
export const diffLines = (before: string, after: string): readonly DiffLine[] => {
  const old = splitLines(before);
  const now = splitLines(after);
  const numbers = new Map<string, number>();
  const numbered = (lines: readonly string[]) =>
    lines.map(line => {
      const known = numbers.get(line) ?? numbers.size;
      numbers.set(line, known);
      return known;
    });
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  for (const [atOld, atNow] of [...kept(numbered(old), numbered(now)), [old.length, now.length] as const]) {
    for (; i < atOld; i++) lines.push(lineOf('-', old[i] ?? ''));
    for (; j < atNow; j++) lines.push(lineOf('+', now[j] ?? ''));
    if (i < old.length) lines.push(lineOf(' ', old[i++] ?? ''));
    j++;
  }
  return lines;
};

/** The changed places with `context` lines around each; null stands for a file that does not exist. */
export const hunks = (before: string | null, after: string | null, context = 3): readonly Hunk[] => {
  const lines = diffLines(before ?? '', after ?? '');
  const changed = lines.flatMap((line, i) => (line.sign === ' ' ? [] : [i]));
  const ranges: [number, number][] = [];
  for (const i of changed) {
    const range = ranges.at(-1);
    if (range !== undefined && i - context <= range[1]) range[1] = Math.min(lines.length, i + context + 1);
    else ranges.push([Math.max(0, i - context), Math.min(lines.length, i + context + 1)]);
  }
  const found: Hunk[] = [];
  let old = 0;
  let now = 0;
  let at = 0;
  const count = (from: number, to: number, sign: '-' | '+') =>
    lines.slice(from, to).filter(line => line.sign === ' ' || line.sign === sign).length;
  for (const [from, to] of ranges) {
    old += count(at, from, '-');
    now += count(at, from, '+');
    const oldLines = count(from, to, '-');
    const newLines = count(from, to, '+');
    found.push({
      oldStart: oldLines === 0 ? old : old + 1,
      oldLines,
      newStart: newLines === 0 ? now : now + 1,
      newLines,
      lines: lines.slice(from, to),
    });
    old += oldLines;
    now += newLines;
    at = to;
  }
  return found;
};

const range = (start: number, count: number): string => (count === 1 ? `${start}` : `${start},${count}`);

/**
 * The unified diff of one file, ending in a newline; '' where nothing changes. null is a file that does not exist:
 * creation and deletion name /dev/null.
 */
export const unifiedDiff = (path: string, before: string | null, after: string | null, context = 3): string => {
  if (before === after) return '';
  const head = `--- ${before === null ? '/dev/null' : path}\n+++ ${after === null ? '/dev/null' : path}\n`;
  return (
    head +
    hunks(before, after, context)
      .map(
        hunk =>
          `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@\n` +
          hunk.lines
            .map(line => `${line.sign}${line.text}\n${line.noNewline ? '\\ No newline at end of file\n' : ''}`)
            .join(''),
      )
      .join('')
  );
};

/** How many lines come and go, for a summary. */
export const diffCount = (
  before: string | null,
  after: string | null,
): { readonly added: number; readonly removed: number } => {
  const lines = diffLines(before ?? '', after ?? '');
  return {
    added: lines.filter(line => line.sign === '+').length,
    removed: lines.filter(line => line.sign === '-').length,
  };
};
