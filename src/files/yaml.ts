/** YAML with places: parsing that never throws, and the offsets that an edit by span needs. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Fault } from '../text/edit.ts';

export type Doc = Document.Parsed;

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly docs: readonly Doc[];
  /** Where it does not parse; the documents are then not to be used. */
  readonly fault: Fault | null;
  readonly at: (offset: number) => Place;
}

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const lineOfMessage = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').replace(/[.:]$/, '');

/** `tokens` keeps what an edit needs; judging does without. */
export const parseYaml = (path: string, text: string, tokens = false): Source => {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    keepSourceTokens: tokens,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const docs = (Array.isArray(parsed) ? parsed : []) as unknown as readonly Doc[];
  const error = docs.flatMap(d => d.errors)[0];
  const fault = error === undefined ? null : { ...at(error.pos[0]), message: lineOfMessage(error.message) };
  return { path, text, docs: docs.filter(d => d.contents !== null), fault, at };
};

export interface Comment {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Every comment of a text, in order, without its line end. */
export const commentsOf = (text: string): readonly Comment[] => {
  const found: Comment[] = [];
  let before = '';
  let at = 0;
  for (const lexeme of new Lexer().lex(text)) {
    // Documents and scalars are announced by control characters that the text does not hold.
    if (lexeme === '\u0002' || lexeme === '\u0018' || lexeme === '\u001f') {
      before = lexeme;
      continue;
    }
    const trimmed = lexeme.trimEnd();
    if (lexeme.startsWith('#') && before !== '\u001f') found.push({ from: at, to: at + trimmed.length, text: trimmed });
    at += lexeme.length;
    before = lexeme;
  }
  return found;
};

/** A document as plain data. An alias that has lost its anchor gives data that equals nothing else. */
export const plainDoc = (doc: Doc | undefined): unknown => {
  try {
    return doc?.toJS({ maxAliasCount: -1 });
  } catch (error) {
    if (error instanceof ReferenceError) return { [error.message]: Symbol(error.message) };
    throw error;
  }
};

export const isFlow = (node: unknown): boolean => isCollection(node) && node.flow === true;

/** Just after the last character of the node's own content; comments and blank lines behind it do not count. */
export const endOf = (node: Node, text: string): number => {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last = node.items.at(-1) as Node | Pair;
    return isPair(last) ? pairEnd(last as Pair<Node, Node | null>, text) : endOf(last as Node, text);
  }
  const [start = 0, end = 0] = node.range ?? [];
  if (!isScalar(node) || (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED')) return end;
  // A block scalar's range runs over its last line end; with + the blank lines behind it are content.
  const ends = /^[|>][0-9]*\+/.test(text.slice(start, start + 4)) ? /(?:\r?\n)?$/ : /\s*$/;
  return end - (ends.exec(text.slice(start, end))?.[0].length ?? 0);
};

const tokenEnd = (tokens: readonly { offset: number; source: string; type: string }[], type: string): number | null => {
  const found = tokens.find(t => t.type === type);
  return found === undefined ? null : found.offset + found.source.length;
};

type Sep = readonly { offset: number; source: string; type: string }[];

export const pairEnd = (pair: Pair<Node, Node | null>, text: string): number => {
  const { value, key } = pair;
  const isEmpty = value === null || (isScalar(value) && value.range?.[0] === value.range?.[1]);
  if (!isEmpty) return endOf(value, text);
  const sep = (pair as { srcToken?: { sep?: Sep } }).srcToken?.sep ?? [];
  const props = sep.filter(t => t.type === 'anchor' || t.type === 'tag').at(-1);
  if (props !== undefined) return props.offset + props.source.length;
  return tokenEnd(sep, 'map-value-ind') ?? key.range?.[1] ?? 0;
};

export const pairStart = (pair: Pair<Node, Node | null>): number => {
  const start = (pair as { srcToken?: { start?: Sep } }).srcToken?.start ?? [];
  const props = start.find(t => t.type === 'anchor' || t.type === 'tag' || t.type === 'explicit-key-ind');
  return props?.offset ?? pair.key.range?.[0] ?? 0;
};

/** The dash of an item of a block sequence; null in flow style. */
export const dashOf = (seq: YAMLSeq, index: number): number | null => {
  const token = seq.srcToken;
  if (token?.type !== 'block-seq') return null;
  const items = token.items.filter(i => i.start.some(t => t.type === 'seq-item-ind'));
  return items[index]?.start.find(t => t.type === 'seq-item-ind')?.offset ?? null;
};

export type Parent = { readonly map: YAMLMap; readonly pair: Pair } | { readonly seq: YAMLSeq; readonly index: number };

/** What holds each node of a document. */
export const parentsOf = (doc: Doc): ReadonlyMap<Node, Parent> => {
  const parents = new Map<Node, Parent>();
  visit(doc, {
    Map: (_, map) => {
      for (const pair of map.items) if (pair.value) parents.set(pair.value as Node, { map, pair });
    },
    Seq: (_, seq) => {
      for (const [index, item] of seq.items.entries()) parents.set(item as Node, { seq, index });
    },
  });
  return parents;
};

/** Aliases by the node they mean. */
export const aliasesOf = (doc: Doc): ReadonlyMap<Node, number> => {
  const uses = new Map<Node, number>();
  visit(doc, {
    Alias: (_, alias) => {
      const target = alias.resolve(doc);
      if (target) uses.set(target, (uses.get(target) ?? 0) + 1);
    },
  });
  return uses;
};

export const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : '');
export { isAlias, isMap, isScalar, isSeq };
