/** What the text editors share: their answer, places in a text, line ends, and equality of parsed values. */

/** Where a text breaks or resists, for "path:line:column: message". */
export interface Fault {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** A short sentence without a full stop. */
  readonly message: string;
}

/** The answer of every editor here: they never throw and never change a text they do not understand. */
export type Edit =
  /** `changed` is false where the text already says so; `text` is then the text given. */
  | { readonly ok: true; readonly text: string; readonly changed: boolean }
  | { readonly ok: false; readonly fault: Fault };

/** A repair of a text that does not parse, offered only where there is no second way to read it. */
export interface CharacterFix {
  readonly text: string;
  /** What was done, for people: "removed the comma at line 8, column 6". */
  readonly did: string;
  readonly line: number;
  readonly column: number;
}

export const BOM = '\uFEFF';

export const edited = (before: string | null, after: string): Edit =>
  before !== null && before === after
    ? { ok: true, text: before, changed: false }
    : { ok: true, text: after, changed: true };

export const refused = (fault: Fault): Edit => ({ ok: false, fault });

/** The place of an offset, counted from 1. */
export const placeOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  const upTo = text.slice(0, Math.max(0, offset));
  const lineStart = upTo.lastIndexOf('\n') + 1;
  return { line: upTo.split('\n').length, column: upTo.length - lineStart + 1 };
};

export const faultAt = (text: string, offset: number, message: string): Fault => ({
  ...placeOf(text, offset),
  message,
});

/** The line end most lines of the text have; "\n" where there is none. */
export const eolOf = (text: string): '\n' | '\r\n' => {
  const crlf = text.split('\r\n').length - 1;
  const lf = text.split('\n').length - 1 - crlf;
  return crlf > lf ? '\r\n' : '\n';
};

/** Offset of the first character of the line that holds `offset`. */
export const lineStartOf = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** The blanks a line starts with. */
export const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(lineStartOf(text, offset)))?.[0] ?? '';

export const splice = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

type Table = { readonly [key: string]: unknown };
export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Deep equality of parsed JSON or TOML; prototypes do not matter (a TOML parser's tables have none). */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (a === b || Object.is(a, b)) return true;
  if (a instanceof Date || b instanceof Date)
    return (
      a instanceof Date && b instanceof Date && String(a.valueOf()) === String(b.valueOf()) && textOf(a) === textOf(b)
    );
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  if (!isTable(a) || !isTable(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && sameValue(a[key], b[key]));
};

const textOf = (date: Date): string => (Number.isNaN(date.valueOf()) ? 'invalid' : date.toISOString());

/** A copy of parsed tables with one key set, or taken out where `value` is undefined; missing tables are made. */
export const withKey = (tree: unknown, path: readonly string[], value: unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  // Entries and no assignment: a key may be called __proto__.
  const entries = Object.entries(isTable(tree) ? tree : {});
  const at = entries.findIndex(([name]) => name === key);
  if (rest.length === 0 && value === undefined) return Object.fromEntries(entries.filter((_, i) => i !== at));
  const next: [string, unknown] = [key, withKey(at < 0 ? undefined : entries[at]?.[1], rest, value)];
  return Object.fromEntries(at < 0 ? [...entries, next] : entries.map((entry, i) => (i === at ? next : entry)));
};
