/**
 * Edits of YAML by span: pairs and items taken out, pairs and items put in. Nothing is printed anew. Comments of what goes
 * stay, each on a line of its own.
 */
import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { eolOf, sameValue } from '../text/edit.ts';
import { applied, ordered, Refused, type Span, withoutLastEol } from './spans.ts';
import {
  aliasesOf,
  type Comment,
  commentsOf,
  type Doc,
  dashOf,
  endOf,
  isFlow,
  isMap,
  isSeq,
  keyText,
  type Parent,
  pairEnd,
  pairStart,
  parentsOf,
  type Source,
} from './yaml.ts';
import { columnOf, flowText, type Habits, habitsOf, itemLines, pairLines, type Value } from './yaml-print.ts';

type AnyPair = Pair<Node, Node | null>;

/** Keys that may go when nothing is left below them. */
const HOLLOW = new Set([
  'deploy',
  'resources',
  'reservations',
  'devices',
  'environment',
  'gpus',
  'volumes',
  'volumeMounts',
  'env',
  'limits',
  'securityContext',
]);

interface Put {
  readonly into: YAMLMap | YAMLSeq;
  /** The pair that it follows or whose place it takes; the last one if null. */
  readonly after: AnyPair | null;
  readonly key: string | null;
  readonly value: Value;
}

export interface YamlEditor {
  /** Takes an item of a list out. */
  readonly dropItem: (item: Node) => void;
  readonly dropPair: (map: YAMLMap, pair: Pair) => void;
  /** Puts `key: value` behind a pair, or in its place where that goes. */
  readonly putPair: (map: YAMLMap, after: Pair | null, key: string, value: Value) => void;
  readonly putItem: (seq: YAMLSeq, value: Value) => void;
  readonly replace: (span: Span) => void;
  /** A map that may lose everything and stays all the same. */
  readonly keep: (map: YAMLMap) => void;
  readonly habits: Habits;
  /** The spans, in order, and the text after them. Throws Refused. */
  readonly done: () => { readonly spans: readonly Span[]; readonly text: string };
}

export const yamlEditor = (source: Source, doc: Doc): YamlEditor => {
  const eol = eolOf(source.text);
  const isOpen = source.text !== '' && !source.text.endsWith('\n');
  const text = isOpen ? source.text + eol : source.text;
  const habits = habitsOf(source, eol);
  const parents = parentsOf(doc);
  const uses = aliasesOf(doc);
  const comments = commentsOf(source.text);
  const goneItems = new Set<Node>();
  const gonePairs = new Map<AnyPair, YAMLMap>();
  const kept = new Set<Node>();
  const puts: Put[] = [];
  const spans: Span[] = [];

  const lineStart = (offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = (offset: number): number => {
    const at = text.indexOf('\n', offset);
    return at < 0 ? text.length : at + 1;
  };
  const firstComment = (from: number): number => {
    let [low, high] = [0, comments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((comments[middle] as Comment).from < from) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const commentsIn = (from: number, to: number): readonly Comment[] => {
    const found: Comment[] = [];
    for (let i = firstComment(from); i < comments.length && comments[i]!.from < to; i++) found.push(comments[i]!);
    return found;
  };

  /** Whole lines go; their comments stay, no deeper than what went: below a block scalar they would become its text. */
  const dropLines = (from: number, to: number): void => {
    const column = from - lineStart(from);
    for (let at = lineStart(from); at < to; at = lineEnd(at)) {
      const end = lineEnd(at);
      const [comment] = commentsIn(at, end);
      if (comment === undefined) {
        spans.push({ from: at, to: end, put: '' });
        continue;
      }
      const indent = /^ */.exec(text.slice(at, comment.from))?.[0].length ?? 0;
      spans.push({ from: at + Math.min(indent, column), to: comment.from, put: '' });
    }
  };

  const isFirstOnLine = (offset: number): boolean => /^[ \t]*$/.test(text.slice(lineStart(offset), offset));

  const parentOf = (node: Node): Parent | undefined => parents.get(node);
  /** Others use it, or its tag says something even where it is empty. */
  const isShared = (node: Node): boolean =>
    ('anchor' in node && node.anchor !== undefined && uses.has(node)) || node.tag === '!override';
  const isEmptied = (node: YAMLMap | YAMLSeq): boolean =>
    !puts.some(p => p.into === node) &&
    (isMap(node)
      ? node.items.every(p => gonePairs.has(p as AnyPair))
      : node.items.every(i => goneItems.has(i as Node)));

  /** What holds nothing any more goes too, up to a key that may be empty. */
  const prune = (): void => {
    for (let changed = true; changed; ) {
      changed = false;
      const holders = new Set<YAMLMap | YAMLSeq>();
      for (const item of goneItems) {
        const parent = parentOf(item);
        if (parent && 'seq' in parent) holders.add(parent.seq);
      }
      for (const map of gonePairs.values()) holders.add(map);
      for (const holder of holders) {
        if (!isEmptied(holder) || kept.has(holder) || isShared(holder)) continue;
        const parent = parentOf(holder);
        if (!parent || !('map' in parent) || gonePairs.has(parent.pair as AnyPair)) continue;
        if (!HOLLOW.has(keyText(parent.pair))) continue;
        gonePairs.set(parent.pair as AnyPair, parent.map);
        changed = true;
      }
    }
  };

  const start = (node: Node | AnyPair): number => {
    if ('key' in node) return pairStart(node as AnyPair);
    return (node as Node).range?.[0] ?? 0;
  };
  const end = (node: Node | AnyPair): number =>
    'key' in node ? pairEnd(node as AnyPair, text) : endOf(node as Node, text);

  /** Runs of what goes from a flow collection, each with one of its commas. */
  const dropFlow = (all: readonly (Node | AnyPair)[], gone: (x: Node | AnyPair) => boolean): void => {
    for (let a = 0; a < all.length; a++) {
      if (!gone(all[a]!)) continue;
      let b = a;
      while (b + 1 < all.length && gone(all[b + 1]!)) b++;
      const [first, last] = [all[a]!, all[b]!];
      const next = all[b + 1];
      const before = all[a - 1];
      const from = next ? start(first) : before ? end(before) : start(first);
      const to = next ? start(next) : end(last);
      if (commentsIn(from, to).length === 0) spans.push({ from, to, put: '' });
      else for (let i = a; i <= b; i++) dropFlowItem(all[i]!, next !== undefined || i < b ? 'after' : 'before', before);
      a = b;
    }
  };

  /** One item with one comma; the comments around it stay where they are. */
  const dropFlowItem = (item: Node | AnyPair, comma: 'after' | 'before', before: Node | AnyPair | undefined): void => {
    if (comma === 'before' && before) {
      const at = commaFrom(end(before), start(item));
      if (at !== null) spans.push({ from: at, to: at + 1, put: '' });
    }
    const after = comma === 'after' ? commaFrom(end(item), text.length) : null;
    let to = after === null ? end(item) : after + 1;
    if (after !== null && after > end(item)) {
      spans.push({ from: after, to: after + 1, put: '' });
      to = end(item);
    }
    const blank = /^[ \t]*(?=#)/.exec(text.slice(to))?.[0].length ?? 0;
    const isAlone = isFirstOnLine(start(item)) && /^[ \t]*\r?\n/.test(text.slice(to));
    spans.push(
      isAlone
        ? { from: lineStart(start(item)), to: lineEnd(to), put: '' }
        : { from: start(item), to: to + blank, put: '' },
    );
  };
  const commaFrom = (from: number, to: number): number | null => {
    for (let at = from; at < to; at++) {
      const [comment] = text[at] === '#' ? commentsIn(at, at + 1) : [];
      if (comment) at = comment.to - 1;
      else if (text[at] === ',') return at;
      else if (/[^\s]/.test(text[at] ?? '')) return null;
    }
    return null;
  };

  const isGonePair = (x: Node | AnyPair): boolean => gonePairs.has(x as AnyPair);
  const isGoneItem = (x: Node | AnyPair): boolean => goneItems.has(x as Node);
  /** Something inside a pair or item that goes as a whole needs no span of its own. */
  const isInsideGone = (node: Node): boolean => {
    for (let parent = parentOf(node); parent; ) {
      if ('map' in parent) {
        if (gonePairs.has(parent.pair as AnyPair)) return true;
        parent = parentOf(parent.map);
      } else {
        const item = parent.seq.items[parent.index] as Node;
        if (goneItems.has(item)) return true;
        parent = parentOf(parent.seq);
      }
    }
    return false;
  };

  const dropAll = (): void => {
    const maps = new Set(gonePairs.values());
    const seqs = new Set<YAMLSeq>();
    for (const item of goneItems) {
      const parent = parentOf(item);
      if (!parent || !('seq' in parent)) throw new Refused('the request is not an item of a list of its own');
      seqs.add(parent.seq);
    }
    for (const map of maps) {
      if (isInsideGone(map)) continue;
      const emptied = isEmptied(map);
      if (isFlow(map)) {
        const replaced = puts.filter(p => p.into === map).map(p => p.after ?? (map.items.at(-1) as AnyPair));
        dropFlow(map.items as AnyPair[], x => isGonePair(x) && !replaced.includes(x as AnyPair));
        continue;
      }
      for (const pair of map.items as AnyPair[]) {
        if (!gonePairs.has(pair)) continue;
        if (!isFirstOnLine(pairStart(pair))) throw new Refused('the key stands behind something else on its line');
        dropLines(pairStart(pair), pairEnd(pair, text));
      }
      if (emptied) fillEmpty(map, '{}');
    }
    for (const seq of seqs) {
      if (isInsideGone(seq)) continue;
      if (isFlow(seq)) {
        dropFlow(seq.items as Node[], isGoneItem);
        continue;
      }
      for (const [i, item] of (seq.items as Node[]).entries()) {
        if (!goneItems.has(item)) continue;
        const dash = dashOf(seq, i);
        if (dash === null || !isFirstOnLine(dash))
          throw new Refused('the item stands behind something else on its line');
        dropLines(dash, Math.max(endOf(item, text), dash + 1));
      }
      if (isEmptied(seq)) fillEmpty(seq, '[]');
    }
  };

  /** A block collection that stays but holds nothing any more: `{}` behind its key and anchor. */
  const fillEmpty = (node: YAMLMap | YAMLSeq, what: string): void => {
    const parent = parentOf(node);
    const pair = parent && 'map' in parent ? (parent.pair as AnyPair) : null;
    const sep = (pair as { srcToken?: { sep?: { type: string; offset: number; source: string }[] } } | null)?.srcToken
      ?.sep;
    const last = sep?.filter(t => t.type === 'map-value-ind' || t.type === 'anchor' || t.type === 'tag').at(-1);
    if (!last) throw new Refused('nothing would be left where something has to stand');
    const at = last.offset + last.source.length;
    spans.push({ from: at, to: at, put: ` ${what}` });
  };

  const lines = (list: readonly string[]): string => list.map(l => l + eol).join('');

  /** Services and anchors that share a place ask for it together. */
  const add = (put: Put): void => {
    const isThere = puts.some(
      p => p.into === put.into && p.key === put.key && p.after === put.after && sameValue(p.value, put.value),
    );
    if (!isThere) puts.push(put);
  };

  const putIntoFlowMap = (map: YAMLMap, after: AnyPair | null, mine: readonly Put[]): void => {
    const pairs = map.items as AnyPair[];
    const json = pairs.length > 0 && pairs.every(p => (p.key as { type?: string }).type === 'QUOTE_DOUBLE');
    const isOnLines = after !== null && isFirstOnLine(start(after));
    const own = isOnLines ? `${eol}${' '.repeat(columnOf(text, start(after)))}` : ' ';
    const list = mine
      .map(p => `${json ? JSON.stringify(p.key) : p.key}: ${flowText(p.value, habits, json)}`)
      .join(`,${own}`);
    if (after === null || (isEmptied(map) && !gonePairs.has(after))) {
      const at = (map.range?.[0] ?? 0) + 1;
      spans.push({ from: at, to: at, put: list });
    } else if (gonePairs.has(after)) {
      if (commentsIn(start(after), end(after)).length > 0)
        throw new Refused('a comment stands inside what would be replaced');
      spans.push({ from: start(after), to: end(after), put: list });
    } else spans.push({ from: end(after), to: end(after), put: `,${own}${list}` });
  };

  const putIntoMap = (put: Put & { readonly into: YAMLMap; readonly key: string }): void => {
    const pairs = put.into.items as AnyPair[];
    const after = put.after ?? pairs.at(-1) ?? null;
    if (after === null) throw new Refused('the mapping is empty');
    const column = columnOf(text, pairStart(pairs[0]!));
    const at = lineEnd(Math.max(end(after), start(after)));
    spans.push({ from: at, to: at, put: lines(pairLines(put.key, put.value, column, habits)) });
  };

  const putIntoFlowSeq = (seq: YAMLSeq, mine: readonly Put[]): void => {
    const items = seq.items as Node[];
    const json = items.length > 0 && items.every(i => (i as { type?: string }).type === 'QUOTE_DOUBLE');
    const last = items.findLast(i => !goneItems.has(i));
    const isOnLines = last !== undefined && isFirstOnLine(start(last));
    const own = isOnLines ? `${eol}${' '.repeat(columnOf(text, start(last)))}` : ' ';
    const list = mine.map(p => flowText(p.value, habits, json)).join(`,${own}`);
    const at = last ? end(last) : (seq.range?.[0] ?? 0) + 1;
    spans.push({ from: at, to: at, put: last ? `,${own}${list}` : list });
  };

  const putIntoSeq = (put: Put & { readonly into: YAMLSeq }): void => {
    const seq = put.into;
    const items = seq.items as Node[];
    const last = items.at(-1);
    const dash = dashOf(seq, items.length - 1);
    if (!last || dash === null) throw new Refused('the list is empty');
    const at = lineEnd(Math.max(end(last), dash));
    spans.push({ from: at, to: at, put: lines(itemLines(put.value, columnOf(text, dash), habits)) });
  };

  return {
    habits,
    dropItem: item => void goneItems.add(item),
    dropPair: (map, pair) => void gonePairs.set(pair as AnyPair, map),
    putPair: (map, after, key, value) => add({ into: map, after: after as AnyPair | null, key, value }),
    putItem: (seq, value) => add({ into: seq, after: null, key: null, value }),
    replace: span => void spans.push(span),
    keep: map => void kept.add(map),
    done: () => {
      prune();
      dropAll();
      for (const [into, mine] of Map.groupBy(puts, p => p.into)) {
        if (!isFlow(into)) continue;
        if (isSeq(into)) putIntoFlowSeq(into, mine);
        else
          for (const [after, same] of Map.groupBy(mine, p => p.after ?? (into.items.at(-1) as AnyPair) ?? null))
            putIntoFlowMap(into, after, same);
      }
      for (const put of puts) {
        if (isFlow(put.into)) continue;
        if (isMap(put.into)) putIntoMap({ ...put, into: put.into, key: put.key ?? '' });
        else if (isSeq(put.into)) putIntoSeq({ ...put, into: put.into });
      }
      const list = ordered(spans);
      const own = isOpen ? ordered(withoutLastEol(source.text, eol, list)) : list;
      return { spans: own, text: applied(source.text, own) };
    },
  };
};
