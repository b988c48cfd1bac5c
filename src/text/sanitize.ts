/** Makes foreign text safe to print: what a command wrote is untrusted and may carry escapes, overwrites and disguises. */

/** OSC, DCS, SOS, PM and APC strings, 7 and 8 bit; an unterminated one ends with its line, so it cannot hide the rest. */
const STRINGS = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?/g;
const CSI = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g;
const ESCAPES = /\u001b[ -/]*[0-~]?/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Characters of no width; the joiner and the emoji selector stay where they build a picture. */
const HIDDEN =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: the combining ones are meant, each by itself
  /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]|(?<![\p{Extended_Pictographic}\ufe0f\u{1f3fb}-\u{1f3ff}])\u200d|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})[\ufe00-\ufe0f]/gu;

/** The last thing a line showed: a lone carriage return starts the line again. */
const overwritten = (line: string): string => {
  if (!line.includes('\r')) return line;
  const parts = line.split('\r');
  return parts.findLast(part => part !== '') ?? '';
};

const named = (c: string): string => `<U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`;

/**
 * Text without anything that could drive a terminal: no escape sequences, no control characters but newline and tab,
 * characters that turn the reading direction shown by their number, characters without width removed. A second pass
 * changes nothing. Time is linear in the length.
 */
export const printable = (text: string): string => {
  if (/^[\n\t -~]*$/.test(text)) return text;
  const plain = text.toWellFormed().replace(STRINGS, '').replace(CSI, '').replace(ESCAPES, '').replace(CONTROLS, '');
  return unhidden(plain)
    .replace(/(?<!\r)\r+\n/g, '\n')
    .replace(/[\u0085\u2028\u2029]/g, '\n')
    .split('\n')
    .map(overwritten)
    .join('\n')
    .replace(BIDI, named);
};

/** Removing one character can leave another without its picture; two passes settle it for all but made-up text. */
const unhidden = (text: string): string => {
  let now = text;
  for (let pass = 0; pass < 4; pass++) {
    const next = now.replace(HIDDEN, '');
    if (next === now) return now;
    now = next;
  }
  return now.replace(/[\u200d\ufe00-\ufe0f]/g, '');
};

/** The first `maxCols` characters of a line, marked where it was cut. */
export const clip = (line: string, maxCols: number): string => {
  if (line.length <= maxCols) return line;
  const characters = Array.from(line.slice(0, maxCols * 2 + 2));
  return characters.length <= maxCols ? line : `${characters.slice(0, Math.max(0, maxCols - 1)).join('')}…`;
};

/** A printable beginning of a text: at most `maxLines` lines of `maxCols` characters, and how many lines were left out. */
export const excerpt = (text: string, maxLines: number, maxCols: number): string => {
  const lines = printable(text).replace(/\n+$/, '').split('\n');
  const shown = lines.slice(0, maxLines).map(line => clip(line, maxCols));
  const left = lines.length - shown.length;
  return left > 0 ? [...shown, `… ${left} more line${left === 1 ? '' : 's'}`].join('\n') : shown.join('\n');
};
