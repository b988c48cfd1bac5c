/**
 * Edits of TOML files that belong to a person (config.toml). A parser only checks before and after; the text itself is
 * changed by span, so comments, order, indent and line ends stay.
 */
import {
  type Edit,
  edited,
  eolOf,
  type Fault,
  faultAt,
  indentAt,
  placeOf,
  refused,
  sameValue,
  splice,
  withKey,
} from './edit.ts';
import { parseToml } from './toml-parse.ts';
import { dottedKey, quotedKey, type Statement, scanToml } from './toml-scan.ts';

type Key = Extract<Statement, { is: 'key' }>;
type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: Fault };

const parsed = (text: string): Parsed => {
  const result = parseToml(text);
  return 'fault' in result ? { ok: false, fault: result.fault } : { ok: true, value: result.value };
};

/** Line, column and reason; null where the text is good TOML. */
export const tomlFault = (text: string): Fault | null => {
  const result = parsed(text);
  return result.ok ? null : result.fault;
};

/** The parsed value; undefined where the text has a fault. */
export const tomlValue = (text: string): unknown => {
  const result = parsed(text);
  return result.ok ? result.value : undefined;
};

const startsWith = (path: readonly string[], head: readonly string[]): boolean =>
  head.length <= path.length && head.every((part, i) => part === path[i]);
const samePath = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && startsWith(a, b);

interface Found {
  /** The assignment of exactly this key. */
  readonly exact: Key | null;
  /** Index of the header of exactly this table; -1 for the root, null where there is none. */
  readonly header: number | null;
  /** The last assignment that names the table by dots, and the table it stands in. */
  readonly dotted: { readonly statement: Key; readonly within: readonly string[] } | null;
  /** Why this key cannot be touched: an inline table, an array of tables, a table of that name. */
  readonly obstacle: { readonly offset: number; readonly message: string } | null;
}

const find = (statements: readonly Statement[], table: readonly string[], key: string): Found => {
  const full = [...table, key];
  let within: readonly string[] = [];
  let foreign = false;
  let header: number | null = table.length === 0 ? -1 : null;
  let exact: Key | null = null;
  let dotted: Found['dotted'] = null;
  let obstacle: Found['obstacle'] = null;
  const name = quotedPath(full);
  const arrays: (readonly string[])[] = [];
  for (const [i, s] of statements.entries()) {
    if (s.is === 'table' || s.is === 'tableArray') {
      within = s.path;
      if (s.is === 'tableArray') {
        arrays.push(s.path);
        if (startsWith(table, s.path))
          obstacle ??= { offset: s.start, message: `[[${quotedPath(s.path)}]] is an array of tables` };
      }
      foreign = arrays.some(array => startsWith(s.path, array));
      if (startsWith(s.path, full)) obstacle ??= { offset: s.start, message: `${name} is a table and no value` };
      if (s.is === 'table' && !foreign && samePath(s.path, table)) header = i;
    } else if (s.is === 'key' && !foreign) {
      const path = [...within, ...s.path];
      if (samePath(path, full)) exact = s;
      else if (startsWith(full, path))
        obstacle ??= {
          offset: s.start,
          message: `${quotedPath(path)} is written as one value, so ${name} cannot be set in it`,
        };
      else if (startsWith(path, full)) obstacle ??= { offset: s.start, message: `${name} is a table and no value` };
      else if (samePath(path.slice(0, -1), table) && s.path.length > 1) dotted = { statement: s, within };
    }
  }
  return { exact, header, dotted, obstacle };
};

const quotedPath = (path: readonly string[]): string => path.map(quotedKey).join('.');

/** A line put after the line that ends at `lineEnd`, also where that line is the last and has no terminator. */
const lineAfter = (text: string, lineEnd: number, line: string): string => {
  const own = text.slice(0, lineEnd).endsWith('\r\n') ? '\r\n' : text[lineEnd - 1] === '\n' ? '\n' : null;
  return own === null ? splice(text, lineEnd, lineEnd, eolOf(text) + line) : splice(text, lineEnd, lineEnd, line + own);
};

/** A commented-out example of the key, e.g. `#mode = "auto"`, before any commented-out header. */
const exampleOf = (text: string, region: readonly Statement[], key: string): Statement | null => {
  for (const s of region) {
    if (s.is !== 'comment') continue;
    const said = text
      .slice(s.start, s.lineEnd)
      .replace(/^#+[ \t]*/, '')
      .trimEnd();
    if (/^\[+[^[\]=]+\]+$/.test(said)) return null;
    const equals = said.indexOf('=');
    if (equals > 0 && samePath(dottedKey(said.slice(0, equals)) ?? [], [key])) return s;
  }
  return null;
};

const inTable = (
  text: string,
  statements: readonly Statement[],
  header: number,
  key: string,
  literal: string,
): string => {
  const rest = statements.slice(header + 1);
  const until = rest.findIndex(s => s.is === 'table' || s.is === 'tableArray');
  const region = until < 0 ? rest : rest.slice(0, until);
  const line = `${quotedKey(key)} = ${literal}`;
  const after = exampleOf(text, region, key) ?? region.findLast(s => s.is === 'key') ?? statements[header];
  if (after !== undefined) return lineAfter(text, after.lineEnd, indentAt(text, after.start) + line);
  const top = leadingComment(region);
  return splice(text, top, top, line + eolOf(text));
};

/** Root keys of a file that has none go below a licence comment at its top, which a blank line sets apart. */
const leadingComment = (region: readonly Statement[]): number => {
  const end = region.findIndex(s => s.is !== 'comment');
  const blank = region[end];
  return end > 0 && blank?.is === 'blank' ? blank.lineEnd : 0;
};

const newTable = (text: string, table: readonly string[], key: string, literal: string): string => {
  const eol = eolOf(text);
  const block = `[${quotedPath(table)}]${eol}${quotedKey(key)} = ${literal}`;
  if (text.trim() === '') return `${text}${block}${eol}`;
  if (!text.endsWith('\n')) return `${text}${eol}${eol}${block}`;
  return `${text}${/\n\r?\n$/.test(text) ? '' : eol}${block}${eol}`;
};

const inserted = (
  text: string,
  statements: readonly Statement[],
  found: Found,
  table: readonly string[],
  key: string,
  literal: string,
): string => {
  if (found.header !== null && !(found.header < 0 && text.trim() === ''))
    return inTable(text, statements, found.header, key, literal);
  if (found.dotted !== null) {
    const { statement, within } = found.dotted;
    const prefix = quotedPath(table.slice(within.length));
    return lineAfter(
      text,
      statement.lineEnd,
      `${indentAt(text, statement.start)}${prefix}.${quotedKey(key)} = ${literal}`,
    );
  }
  if (table.length === 0) return `${text}${quotedKey(key)} = ${literal}${eolOf(text)}`;
  return newTable(text, table, key, literal);
};

type Ready =
  | {
      readonly ok: true;
      readonly before: unknown;
      readonly statements: readonly Statement[];
      readonly path: readonly string[];
      readonly found: Found;
    }
  | { readonly ok: false; readonly fault: Fault };

const ready = (text: string, table: string, key: string): Ready => {
  const result = parsed(text);
  if (!result.ok) return result;
  const path = table === '' ? [] : dottedKey(table);
  if (path === null) return { ok: false, fault: faultAt(text, 0, `${JSON.stringify(table)} is no name of a table`) };
  const statements = scanToml(text);
  if (statements === null)
    return { ok: false, fault: faultAt(text, 0, 'this TOML is written in a way this editor does not follow') };
  const found = find(statements, path, key);
  if (found.exact === null && found.obstacle !== null)
    return { ok: false, fault: { ...placeOf(text, found.obstacle.offset), message: found.obstacle.message } };
  return { ok: true, before: result.value, statements, path, found };
};

/** The change is right only if the text now means the old value and exactly that. */
const checked = (before: string | null, after: string, expected: unknown): Edit => {
  const result = parsed(after);
  if (result.ok && sameValue(result.value, expected)) return edited(before, after);
  return refused(faultAt(before ?? '', 0, 'the change could not be confined to that key'));
};

/**
 * Sets `key` in `table` to a TOML literal (`"cdi"` with its quotes, `true`, `["a", "b"]`). `table` is a dotted key,
 * '' for the top of the file; `key` is one plain name. A missing table is added at the end; where the table has a
 * commented-out example of the key, the line goes directly below it. `text` is null where there is no file yet.
 */
export const setToml = (text: string | null, table: string, key: string, literal: string): Edit => {
  const body = text ?? '';
  const value = parsed(`x = ${literal}`);
  if (!value.ok || literal.includes('\n')) return refused(faultAt(body, 0, `${literal} is no TOML value of one line`));
  const at = ready(body, table, key);
  if (!at.ok) return refused(at.fault);
  const wanted = (value.value as { readonly x: unknown }).x;
  const { exact } = at.found;
  if (exact !== null && sameValue(valueAt(body, exact), wanted)) return edited(text, body);
  const after =
    exact !== null
      ? splice(body, exact.valueStart, exact.valueEnd, literal)
      : inserted(body, at.statements, at.found, at.path, key, literal);
  return checked(text, after, withKey(at.before, [...at.path, key], wanted));
};

const valueAt = (text: string, key: Key): unknown => {
  const value = parsed(`x = ${text.slice(key.valueStart, key.valueEnd)}`);
  return value.ok ? (value.value as { readonly x: unknown }).x : undefined;
};

/** Takes `key` out of `table` with its line; a comment behind the value stays as a line of its own. */
export const removeToml = (text: string | null, table: string, key: string): Edit => {
  if (text === null) return { ok: true, text: '', changed: false };
  const at = ready(text, table, key);
  if (!at.ok) return refused(at.fault);
  const { exact } = at.found;
  if (exact === null) return edited(text, text);
  const lineStart = exact.start - indentAt(text, exact.start).length;
  const after =
    exact.comment === null ? splice(text, lineStart, exact.lineEnd, '') : splice(text, exact.start, exact.comment, '');
  const expected = withKey(at.before, [...at.path, key], undefined);
  const result = checked(text, after, expected);
  // A table that only dotted keys made disappears with its last key.
  return result.ok || exact.path.length === 1 ? result : checked(text, after, pruned(expected, [...at.path]));
};

const pruned = (tree: unknown, path: readonly string[]): unknown => {
  const parent = path.reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], tree);
  if (path.length === 0 || typeof parent !== 'object' || parent === null || Object.keys(parent).length > 0) return tree;
  return pruned(withKey(tree, path, undefined), path.slice(0, -1));
};
