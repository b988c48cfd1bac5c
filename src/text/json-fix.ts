/** The one character that keeps a JSON file from being read, where there is only one way to see it. */
import { BOM, type CharacterFix, eolOf, placeOf, sameValue, splice } from './edit.ts';
import { jsonFault } from './json.ts';

/** Files beyond this are not searched: every candidate is parsed. UTF-16 units. */
const SEARCHED = 16_384;

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

/** A closing bracket after any token; only the one at the end is offered, the others are there to find a second reading. */
const closings = (text: string): Candidate[] => {
  const end = text.trimEnd().length;
  const eol = text.includes('\n') ? eolOf(text) : '';
  return ['}', ']'].flatMap(char => [
    ...outsideStrings(text)
      .filter(offset => offset < end)
      .map(offset => ({ text: splice(text, offset, offset, char), did: '', offset })),
    { text: splice(text, end, end, eol + char), did: `added the missing ${NAMES[char]} at the end`, offset: end },
  ]);
};

/**
 * The text with one character added or taken out so that it parses: a comma too many or too few (too few only between
 * lines), a closing brace missing at the end, a stray character. Null unless every single-character repair that
 * parses means the same, and null for a text that has no fault.
 */
export const oneCharacterFix = (text: string): CharacterFix | null => {
  const bom = text.startsWith(BOM) ? BOM : '';
  const body = text.slice(bom.length);
  if (body.length > SEARCHED || jsonFault(body) === null) return null;
  const good = [...removals(body), ...commas(body), ...closings(body)].flatMap(candidate => {
    try {
      return [{ ...candidate, value: JSON.parse(candidate.text) as unknown }];
    } catch {
      return [];
    }
  });
  const offered = good.findLast(candidate => candidate.did !== '');
  if (offered === undefined || !good.every(other => sameValue(other.value, offered.value))) return null;
  if (jsonFault(offered.text) !== null) return null;
  const place = placeOf(body, offered.offset);
  return {
    text: bom + offered.text,
    did: `${offered.did} at line ${place.line}, column ${place.column}`,
    ...place,
  };
};
