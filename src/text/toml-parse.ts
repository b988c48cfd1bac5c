/** TOML is parsed to check and to read, never to print. */
import parse from '@iarna/toml/parse-string.js';
import { type Fault, faultAt } from './edit.ts';

/** Line and column counted from 1, message without a full stop. */
export type TomlFault = Fault;

/** The parsed table, or where and why it does not parse. A byte-order mark is refused as the toolkit refuses it. */
export const parseToml = (text: string): { readonly value: unknown } | { readonly fault: TomlFault } => {
  try {
    // The parser takes a CR inside a comment for a control character; lines and columns stay the same without it.
    return { value: parse(text.replaceAll('\r\n', '\n')) };
  } catch (error) {
    return { fault: faultOf(text, error) };
  }
};

const faultOf = (text: string, error: unknown): TomlFault => {
  const { line, col, message } = error as { line?: number; col?: number; message?: string };
  if (typeof line !== 'number' || typeof col !== 'number')
    return faultAt(text, 0, error instanceof RangeError ? 'nested too deeply to be read' : 'this is not valid TOML');
  // The parser counts lines and columns from 0, and at the end of a line it has already gone past it.
  const lines = text.split('\n');
  const row = Math.min(line, lines.length - 1);
  const here = (lines[row] ?? '').replace(/\r$/, '');
  const said = (message ?? '').split(' at row ')[0]?.split('\n')[0] ?? '';
  const at = (column: number, why: string): TomlFault => ({ line: row + 1, column, message: why });
  const unknown = /^Unknown (escape )?character:? "?(\d+)"?$/.exec(said);
  if (unknown !== null) {
    const code = Number(unknown[2]);
    // One past the last code point is the parser's sign for the end of the text.
    if (code > 0x10ffff) return at(here.length + 1, 'the text ends too early here');
    const char = String.fromCodePoint(code);
    if (char === '\uFEFF') return at(1, 'the file begins with a byte order mark, which TOML readers refuse');
    const what = unknown[1] ? `the escape \\${char} does not exist` : `unexpected character ${JSON.stringify(char)}`;
    return at(Math.max(1, Math.min(col, here.length)), what);
  }
  const open = said === 'Unterminated string' ? openQuote(here) : null;
  if (open !== null) return at(open + 1, 'the string that begins here has no closing quote');
  if (said === "Can't redefine existing key") return at(here.search(/\S|$/) + 1, 'this is defined a second time here');
  const reason = said.charAt(0).toLowerCase() + said.slice(1);
  return at(Math.min(col, here.length) + 1, reason || 'this is not valid TOML');
};

/** Offset in a line of the quote that is never closed. */
export const openQuote = (line: string): number | null => {
  let open: number | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (open === null) {
      if (char === '#') return null;
      if (char === '"' || char === "'") open = i;
    } else if (char === '\\' && line[open] === '"') i++;
    else if (char === line[open]) open = null;
  }
  return open;
};
