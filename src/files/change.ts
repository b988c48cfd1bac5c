/** What changes between two texts, as spans down to the character. */
import { diffLines } from '../text/diff.ts';
import type { Span } from './spans.ts';

/** Narrows a span to what really differs. */
const narrowed = (before: string, span: Span): Span => {
  const old = before.slice(span.from, span.to);
  let head = 0;
  while (head < old.length && head < span.put.length && old[head] === span.put[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < span.put.length - head &&
    old[old.length - 1 - tail] === span.put[span.put.length - 1 - tail]
  )
    tail++;
  return { from: span.from + head, to: span.to - tail, put: span.put.slice(head, span.put.length - tail) };
};

/** Every byte outside them is the same; put in their places they make `after`. */
export const spansOf = (before: string, after: string): readonly Span[] => {
  const spans: { from: number; to: number; put: string }[] = [];
  let at = 0;
  let isOpen = false;
  for (const { sign, text, noNewline } of diffLines(before, after)) {
    const line = noNewline ? text : `${text}\n`;
    if (sign === ' ') {
      at += line.length;
      isOpen = false;
      continue;
    }
    if (!isOpen) spans.push({ from: at, to: at, put: '' });
    isOpen = true;
    const span = spans.at(-1)!;
    if (sign === '-') {
      at += line.length;
      span.to = at;
    } else span.put += line;
  }
  return spans.map(s => narrowed(before, s));
};
