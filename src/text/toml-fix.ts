/** The one slip that keeps a TOML file from being read, where there is only one way to see it. */
import { type CharacterFix, splice } from './edit.ts';
import { tomlFault } from './toml.ts';
import { openQuote } from './toml-parse.ts';

interface Line {
  readonly text: string;
  readonly start: number;
}

const linesOf = (text: string): readonly Line[] => {
  let start = 0;
  return text.split('\n').map(line => {
    const at = start;
    start += line.length + 1;
    return { text: line.replace(/\r$/, ''), start: at };
  });
};

/** `mode = "cdi` with nothing behind it that could be meant otherwise: no comment, list or second quote. */
const closedString = (text: string, line: number): CharacterFix | null => {
  const here = linesOf(text)[line - 1];
  const open = here && openQuote(here.text);
  if (here === undefined || open === null || open === undefined) return null;
  const quote = here.text[open] ?? '"';
  const value = here.text.slice(open + 1).trimEnd();
  if (!/^[ \t]*[^=#"'[{]+=[ \t]*$/.test(here.text.slice(0, open)) || !/^[^"'#,;[\]{}\\]+$/.test(value)) return null;
  const column = open + 1 + value.length;
  return {
    text: splice(text, here.start + column, here.start + column, quote),
    did: `added the missing quote at line ${line}, column ${column + 1}`,
    line,
    column: column + 1,
  };
};

/** A header given again directly below its own table: without the second header the keys stand where they were meant. */
const oneHeader = (text: string): CharacterFix | null => {
  const lines = linesOf(text);
  const headers = lines.flatMap((line, i) => {
    const name = /^[ \t]*\[([^[\]]+)\][ \t]*$/.exec(line.text)?.[1];
    const any = name ?? (/^[ \t]*\[/.test(line.text) ? '' : null);
    return any === null ? [] : [{ i, name: any.trim() }];
  });
  for (const [n, header] of headers.entries()) {
    const again = headers[n + 1];
    if (again === undefined || header.name === '' || again.name !== header.name) continue;
    const from = lines[again.i]?.start ?? 0;
    const to = lines[again.i + 1]?.start ?? text.length;
    const line = again.i + 1;
    return {
      text: splice(text, from, to, ''),
      did: `removed the second [${header.name}] at line ${line}`,
      line,
      column: 1,
    };
  }
  return null;
};

/**
 * The text with a missing closing quote added, or with the second of two adjoining equal table headers taken out.
 * Null where it is not certain, where the result would still not parse, and for a text without a fault.
 */
export const oneTomlFix = (text: string): CharacterFix | null => {
  const fault = tomlFault(text);
  if (fault === null) return null;
  const fix = closedString(text, fault.line) ?? oneHeader(text);
  return fix !== null && tomlFault(fix.text) === null ? fix : null;
};
