/**
 * Edits of JSON files that belong to a person (daemon.json). Only the span that says the thing is touched: key order,
 * indent, line ends, a byte order mark and a missing final newline stay. Strict JSON, as dockerd reads it.
 */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import {
  BOM,
  type Edit,
  edited,
  eolOf,
  type Fault,
  faultAt,
  indentAt,
  isTable,
  refused,
  sameValue,
  splice,
  withKey,
} from './edit.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

const SAYS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is neither a string in quotes, a number, true, false nor null',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a name in double quotes was expected here',
  ValueExpected: 'a value was expected here',
  ColonExpected: 'a colon was expected here',
  CommaExpected: 'a comma was expected before this',
  CloseBraceExpected: 'a closing brace } was expected here',
  CloseBracketExpected: 'a closing bracket ] was expected here',
  EndOfFileExpected: 'the file should have ended before this',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'the string that begins here has no closing quote',
  UnexpectedEndOfNumber: 'this number ends too early',
  InvalidUnicode: 'this \\u escape needs four hexadecimal digits',
  InvalidEscapeCharacter: 'this escape does not exist in JSON',
  InvalidCharacter: 'this character is not allowed here',
};

type Tree = { readonly ok: true; readonly root: Node } | { readonly ok: false; readonly fault: Fault };

/** Parses a text without byte order mark; keys given twice are a fault too, since programs differ in which one counts. */
const treeOf = (text: string): Tree => {
  try {
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, STRICT);
    const first = errors[0];
    if (first !== undefined) return { ok: false, fault: faultOf(text, first) };
    if (root === undefined) return { ok: false, fault: faultAt(text, 0, SAYS.ValueExpected ?? '') };
    JSON.parse(text);
    const twice = givenTwice(root);
    if (twice !== null)
      return { ok: false, fault: faultAt(text, twice.offset, `the key "${twice.value}" is given twice`) };
    return { ok: true, root };
  } catch (error) {
    const message = error instanceof RangeError ? 'nested too deeply to be read' : 'this is not valid JSON';
    return { ok: false, fault: faultAt(text, 0, message) };
  }
};

const faultOf = (text: string, error: ParseError): Fault => {
  const before = text.slice(0, error.offset).trimEnd();
  const here = text[error.offset];
  if (before.endsWith(',') && (here === '}' || here === ']'))
    return faultAt(text, before.length - 1, 'nothing follows this comma; JSON allows none before a closing bracket');
  return faultAt(text, error.offset, SAYS[printParseErrorCode(error.error)] ?? 'this is not valid JSON');
};

const givenTwice = (node: Node): Node | null => {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const key = node.type === 'object' ? child.children?.[0] : undefined;
    if (key !== undefined) {
      if (seen.has(key.value)) return key;
      seen.add(key.value);
    }
    const deeper = givenTwice(child);
    if (deeper !== null) return deeper;
  }
  return null;
};

const split = (text: string): { readonly bom: string; readonly body: string } =>
  text.startsWith(BOM) ? { bom: BOM, body: text.slice(1) } : { bom: '', body: text };

/** Line, column and what was expected; null where the text is good JSON with every key once. */
export const jsonFault = (text: string): Fault | null => {
  const { body } = split(text);
  const tree = treeOf(body);
  return tree.ok ? null : tree.fault;
};

/** The parsed value; undefined where the text has a fault. */
export const jsonValue = (text: string): unknown => {
  const { body } = split(text);
  return treeOf(body).ok ? JSON.parse(body) : undefined;
};

const endOf = (node: Node): number => node.offset + node.length;
const propertyOf = (object: Node, key: string): Node | undefined =>
  object.children?.find(property => property.children?.[0]?.value === key);
const valueNodeOf = (property: Node): Node | undefined => property.children?.[1];

/** One step of indent: the first member's, relative to its object; two blanks where nothing tells. */
const stepOf = (text: string, root: Node): string => {
  const first = root.children?.[0];
  if (first === undefined || !text.slice(root.offset, first.offset).includes('\n')) return '  ';
  const outer = indentAt(text, root.offset);
  const inner = indentAt(text, first.offset);
  return inner.startsWith(outer) && inner.length > outer.length ? inner.slice(outer.length) : '  ';
};

const printed = (value: JsonValue, step: string, eol: string, base: string): string =>
  JSON.stringify(value, null, step).replaceAll('\n', eol + base);
const inline = (value: JsonValue): string => JSON.stringify(value, null, 1).replace(/\n */g, ' ');

interface Style {
  readonly step: string;
  readonly eol: string;
  /** The whole file stands on one line. */
  readonly flat: boolean;
}

/** Adds a member after the last one, laid out like its neighbours. */
const addMember = (text: string, object: Node, key: string, value: JsonValue, style: Style): string => {
  const last = object.children?.at(-1);
  const name = JSON.stringify(key);
  if (last === undefined) {
    const base = indentAt(text, object.offset);
    const member = style.flat
      ? `${name}: ${inline(value)}`
      : `${style.eol}${base}${style.step}${name}: ${printed(value, style.step, style.eol, base + style.step)}${style.eol}${base}`;
    return splice(text, object.offset + 1, endOf(object) - 1, member);
  }
  const previous = object.children?.at(-2);
  const gap = text.slice(previous === undefined ? object.offset + 1 : endOf(previous), last.offset);
  const lastKey = last.children?.[0];
  const lastValue = valueNodeOf(last);
  const between = lastKey && lastValue ? text.slice(endOf(lastKey), lastValue.offset) : ': ';
  const colon = between.includes('\n') ? ': ' : between;
  if (!gap.includes('\n')) return splice(text, endOf(last), endOf(last), `, ${name}${colon}${inline(value)}`);
  const indent = indentAt(text, last.offset);
  const member = `${name}${colon}${printed(value, style.step, style.eol, indent)}`;
  return splice(text, endOf(last), endOf(last), `,${style.eol}${indent}${member}`);
};

type Paths = readonly { readonly path: readonly string[]; readonly value: JsonValue }[];

/** An object that meets an object is merged member by member; anything else is set as a whole. */
const leavesOf = (root: Node, path: readonly string[], value: JsonValue): Paths => {
  let node: Node | undefined = root;
  for (const key of path) {
    const property: Node | undefined = node?.type === 'object' ? propertyOf(node, key) : undefined;
    node = property && valueNodeOf(property);
  }
  if (node?.type !== 'object' || !isTable(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(root, [...path, key], inner as JsonValue));
};

const setOne = (body: string, path: readonly string[], value: JsonValue): Edit => {
  const tree = treeOf(body);
  if (!tree.ok) return refused(tree.fault);
  const flat = !body.trim().includes('\n') && (tree.root.children?.length ?? 0) > 0;
  const style: Style = { step: stepOf(body, tree.root), eol: eolOf(body), flat };
  let node = tree.root;
  for (const [i, key] of path.entries()) {
    if (node.type === 'null') return edited(body, replaced(body, node, nested(path.slice(i), value), style));
    if (node.type !== 'object') {
      const where = i === 0 ? 'the file' : `"${path.slice(0, i).join('.')}"`;
      return refused(faultAt(body, node.offset, `${where} holds ${articled(node.type)} where an object is needed`));
    }
    const property = propertyOf(node, key);
    if (property === undefined)
      return edited(body, addMember(body, node, key, nested(path.slice(i + 1), value), style));
    const next = valueNodeOf(property);
    if (next === undefined) return refused(faultAt(body, property.offset, 'this member has no value'));
    node = next;
  }
  if (sameValue(JSON.parse(body.slice(node.offset, endOf(node))), value)) return edited(body, body);
  return edited(body, replaced(body, node, value, style));
};

const articled = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);

const replaced = (body: string, node: Node, value: JsonValue, style: Style): string =>
  splice(
    body,
    node.offset,
    endOf(node),
    style.flat ? inline(value) : printed(value, style.step, style.eol, indentAt(body, node.offset)),
  );

const nested = (path: readonly string[], value: JsonValue): JsonValue =>
  path.toReversed().reduce<JsonValue>((inner, key) => Object.fromEntries([[key, inner]]), value);

/** The change is right only if the text now means the old value and exactly that. */
const checked = (before: string, after: string, expected: unknown): Edit => {
  const tree = treeOf(after);
  if (tree.ok && sameValue(JSON.parse(after), expected)) return edited(before, after);
  return refused(faultAt(before, 0, 'the change could not be confined to that key'));
};

/**
 * Sets the member at `path`; objects on the way are made, and an object that meets an object is merged. `text` is the
 * whole file, null or empty where there is none yet. A text with a fault or a key given twice is refused.
 */
export const setJson = (text: string | null, path: readonly string[], value: JsonValue): Edit => {
  const { bom, body } = split(text ?? '');
  if (body.trim() === '') return edited(text, `${bom}${JSON.stringify(nested(path, value), null, 2)}\n`);
  const tree = treeOf(body);
  if (!tree.ok) return refused(tree.fault);
  let now = body;
  let expected: unknown = JSON.parse(body);
  for (const leaf of leavesOf(tree.root, path, value)) {
    const step = setOne(now, leaf.path, leaf.value);
    if (!step.ok) return step;
    now = step.text;
    expected = withKey(expected, leaf.path, leaf.value);
  }
  const result = checked(body, now, expected);
  return result.ok ? edited(text, bom + result.text) : result;
};

/** Takes the member at `path` out; the objects around it stay, also when they are empty then. */
export const removeJson = (text: string | null, path: readonly string[]): Edit => {
  if (text === null) return { ok: true, text: '', changed: false };
  const { bom, body } = split(text);
  if (body.trim() === '' || path.length === 0) return edited(text, text);
  const tree = treeOf(body);
  if (!tree.ok) return refused(tree.fault);
  let parent: Node | undefined = tree.root;
  for (const key of path.slice(0, -1)) {
    const property: Node | undefined = parent?.type === 'object' ? propertyOf(parent, key) : undefined;
    parent = property && valueNodeOf(property);
  }
  const members = parent?.type === 'object' ? (parent.children ?? []) : [];
  const at = members.findIndex(member => member.children?.[0]?.value === path.at(-1));
  const member = members[at];
  if (parent === undefined || member === undefined) return edited(text, text);
  const next = members[at + 1];
  const previous = members[at - 1];
  const without = next
    ? splice(body, member.offset, next.offset, '')
    : previous
      ? splice(body, endOf(previous), endOf(member), '')
      : splice(body, parent.offset + 1, endOf(parent) - 1, '');
  const result = checked(body, without, withKey(JSON.parse(body), path, undefined));
  return result.ok ? edited(text, bom + result.text) : result;
};
