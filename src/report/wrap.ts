/** Breaking text into lines at words. */
import { cells } from './cells.ts';

/** Lines of at most `width` cells; a longer word stands on a line of its own, cut where it must be. */
export const wrap = (text: string, width: number): string[] => {
  const limit = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(w => w !== '')) {
    let rest = word;
    if (line !== '' && cells(line) + 1 + cells(rest) <= limit) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (cells(rest) > limit) {
      const head = cut(rest, limit);
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  if (line !== '') lines.push(line);
  return lines;
};

/** The longest start of `text` that fits; at least one character, so that callers always get on. */
export const cut = (text: string, width: number): string => {
  let used = 0;
  let end = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    const wide = cells(segment);
    if (used + wide > width && end > 0) break;
    used += wide;
    end += segment.length;
  }
  return text.slice(0, end);
};

/** One line of at most `width` cells, ending in `mark` where something was left out. */
export const truncate = (text: string, width: number, mark = '…'): string =>
  cells(text) <= width ? text : cut(text, Math.max(1, width - cells(mark))) + mark;

/** Padded with spaces to `width` cells. */
export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - cells(text)));
