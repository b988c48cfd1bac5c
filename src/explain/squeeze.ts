/**
 * Two views of a text. `squeezed`: lower case, without white space, quotes, backslashes and asterisks, so that wrapping,
 * quoting and escaping do not count; every character outside Latin-1 is one mark. `spaced`: the cleaned lines.
 */
export interface View {
  readonly bytes: Uint8Array;
  readonly squeezed: string;
  readonly spaced: string;
  /** Where each line begins in `squeezed`. */
  readonly starts: readonly number[];
}

const DROP = 0;
const OTHER = 0xff;
const BACKSLASH = 92;
const LETTER_N = 110;
const LETTER_R = 114;
const LETTER_T = 116;

/** What a character of Latin-1 becomes; 0 drops it. */
const fold = new Uint8Array(256);
for (let c = 33; c < 256; c++) fold[c] = c >= 65 && c <= 90 ? c + 32 : c;
for (const c of [...'\'"`*\\', '\u00a0', '\u00ad', '\u00ab', '\u00bb', '\u00b4']) fold[c.charCodeAt(0)] = DROP;
for (let c = 127; c < 160; c++) fold[c] = DROP;

/** A character beyond Latin-1: typographic forms of what ASCII has, else a mark. */
const foldWide = (c: number): number => {
  if (c >= 0xff01 && c <= 0xff5e) return fold[c - 0xfee0]!;
  if ((c >= 0x2018 && c <= 0x201f) || c === 0x2032 || c === 0x2033 || c === 0x300c || c === 0x300d) return DROP;
  if (c >= 0x2010 && c <= 0x2015) return 45;
  if ((c >= 0x2000 && c <= 0x200f) || c === 0x3000 || c === 0xfeff || c === 0x202f || c === 0x2060) return DROP;
  return c === 0x2212 ? 45 : OTHER;
};

/** Lower case without white space, quotes and escapes: what patterns and texts are compared in. */
export const squeezeLines = (lines: readonly string[]): View => {
  let size = 0;
  for (const line of lines) size += line.length;
  const bytes = new Uint8Array(size);
  const starts: number[] = [];
  let at = 0;
  let isEscaped = false;
  for (const line of lines) {
    starts.push(at);
    for (let i = 0; i < line.length; i++) {
      const c = line.charCodeAt(i);
      if (c === BACKSLASH) {
        isEscaped = true;
        continue;
      }
      const isBreak = isEscaped && (c === LETTER_N || c === LETTER_T || c === LETTER_R);
      isEscaped = false;
      if (isBreak) continue;
      const folded = c < 256 ? fold[c]! : foldWide(c);
      if (folded !== DROP) bytes[at++] = folded;
    }
  }
  const used = bytes.subarray(0, at);
  return { bytes: used, squeezed: latin1(used), spaced: spacedOf(lines), starts };
};

const spacedOf = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .toLowerCase()
    .replace(/[^\S\n]+/g, ' ');

const latin1 = (bytes: Uint8Array): string => {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
};

const DROPPED = /[\s"'`*\\\u2018\u2019\u201c\u201d]+/g;

/** The same for one literal of a pattern, which is ASCII but for typographic quotes. */
export const squeeze = (text: string): string => text.toLowerCase().replace(DROPPED, '');

/** The line (0-based) that holds an offset of `squeezed`. */
export const lineAt = (view: View, offset: number): number => {
  let low = 0;
  let high = view.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (view.starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
};
