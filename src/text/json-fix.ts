/** The one character that keeps a JSON file from being read, where there is only one way to see it. */
import { type ParseError, parseTree } from 'jsonc-parser';
import { BOM, type CharacterFix, eolOf, placeOf, sameValue, splice } from './edit.ts';
import { jsonFault } from './json.ts';

/** Files beyond this are not searched: every candidate is parsed. UTF-16 units. */
const SEARCHED = 32_768;

/**
 * Offset up to which a repair can lie: the text before the first error begins some good JSON, so whatever is changed
 * behind the error cannot mend it.
 */
const firstError = (text: string): number => {
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true });
  const first = errors[0];
  return first === undefined ? text.length : first.offset + Math.max(1, first.length);
};

interface Candidate {
  readonly text: string;
  readonly did: string;
  readonly offset: number;
}

/** Offsets of characters that stand outside strings. */
const outsideStrings = (text: string): number[] => {
  const offsets: number[] = [];
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"' || char === '\n') inString = false;
    } else if (char === '"') inString = true;
    else offsets.push(i);
  }
  return offsets;
};

const isBlank = (char: string | undefined): boolean => char === undefined || /\s/.test(char);
const NAMES: Readonly<Record<string, string>> = { ',': 'comma', '}': 'closing brace', ']': 'closing bracket' };

/** Single characters that can be too many: punctuation, or anything that stands by itself. Never part of a word or number. */
const removals = (text: string): Candidate[] =>
  outsideStrings(text).flatMap(offset => {
    const char = text[offset] ?? '';
    const alone = isBlank(text[offset - 1]) && isBlank(text[offset + 1]) && !/[\s\d]/.test(char);
    if (!/[,;:{}[\]]/.test(char) && !alone) return [];
    return [{ text: splice(text, offset, offset + 1, ''), did: `removed the ${NAMES[char] ?? `"${char}"`}`, offset }];
  });

/** A comma at the end of a line whose next line begins something new. */
const commas = (text: string): Candidate[] =>
  outsideStrings(text).flatMap(offset => {
    if (text[offset] !== '\n') return [];
    const end = text.slice(0, offset).trimEnd().length;
    if (end === 0 || !/["}\]\w]/.test(text[end - 1] ?? '')) return [];
    if (!/["{[\w-]/.test(text.slice(offset).trimStart()[0] ?? '')) return [];
    return [{ text: splice(text, end, end, ','), did: 'added the missing comma', offset: end }];
  });

/** A value may have ended just before this offset. */
const endsToken = (text: string, offset: number): boolean => {
  const before = text[offset - 1] ?? '';
  return /["}\]]/.test(before) || (/\w/.test(before) && !/\w/.test(text[offset] ?? ''));
};

/** A closing bracket after any token; only the one at the end is offered, the others are there to find a second reading. */
const closings = (text: string): Candidate[] => {
  const end = text.trimEnd().length;
  const eol = text.includes('\n') ? eolOf(text) : '';
  return ['}', ']'].flatMap(char => [
    ...outsideStrings(text)
      .filter(offset => offset < end && endsToken(text, offset))
      .map(offset => ({ text: splice(text, offset, offset, char), did: '', offset })),
    { text: splice(text, end, end, eol + char), did: `added the missing last ${NAMES[char]}`, offset: end },
  ]);
};

/**
 * Over several lines, every bracket closes at the indent of the line that opened it, and what is inside stands deeper.
 * Where two readings are good JSON, the layout tells which one the person wrote.
 */
const isLaidOut = (text: string): boolean => {
  const opened: { readonly line: number; readonly indent: number }[] = [];
  const lines = text.split('\n');
  for (const [line, content] of lines.entries()) {
    const indent = content.length - content.trimStart().length;
    const lead = content[indent];
    if (lead !== undefined && !/[}\]]/.test(lead) && indent <= (opened.at(-1)?.indent ?? -1)) return false;
    for (const offset of outsideStrings(content)) {
      const char = content[offset] ?? '';
      if (/[{[]/.test(char)) opened.push({ line, indent });
      if (!/[}\]]/.test(char)) continue;
      const opener = opened.pop();
      if (opener === undefined) return false;
      if (offset === indent ? opener.indent !== indent : opener.line !== line) return false;
    }
  }
  return text.trim().includes('\n') && opened.length === 0;
};

/**
 * The text with one character added or taken out so that it parses: a comma too many or too few (too few only between
 * lines), a closing brace missing at the end, a stray character. Null unless every single-character repair that
 * parses means the same, or only this one agrees with the layout of the lines; null too for a text that has no fault.
 */
export const oneCharacterFix = (text: string): CharacterFix | null => {
  const bom = text.startsWith(BOM) ? BOM : '';
  const body = text.slice(bom.length);
  if (body.length > SEARCHED || jsonFault(body) === null) return null;
  const reach = firstError(body);
  const good = [...removals(body), ...commas(body), ...closings(body)].flatMap(candidate => {
    if (candidate.offset > reach) return [];
    try {
      return [{ ...candidate, value: JSON.parse(candidate.text) as unknown }];
    } catch {
      return [];
    }
  });
  const offered = good.findLast(candidate => candidate.did !== '');
  if (offered === undefined) return null;
  const rivals = good.filter(other => !sameValue(other.value, offered.value));
  if (rivals.length > 0 && (!isLaidOut(offered.text) || rivals.some(rival => isLaidOut(rival.text)))) return null;
  if (jsonFault(offered.text) !== null) return null;
  const place = placeOf(body, offered.offset);
  return {
    text: bom + offered.text,
    did: `${offered.did} at line ${place.line}, column ${place.column}`,
    ...place,
  };
};
