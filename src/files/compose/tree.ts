/** A Compose file with its anchors, merge keys and layers worked out, each value knowing where it is written. */
import type { Alias, Node, Pair, YAMLMap } from 'yaml';
import type { Doc, Source } from '../yaml.ts';
import { isAlias, isMap, isScalar, isSeq } from '../yaml.ts';

/** How a value came into a service, beside being written in it. */
export interface Via {
  readonly how: 'anchor' | 'merge' | 'extends' | 'override' | 'include';
  /** Anchor, service or file. */
  readonly name: string;
}

/** Where something is physically written. */
export interface Spot {
  readonly source: Source;
  readonly doc: Doc;
  readonly node: Node | null;
}

/** One place where a key of a map is written. */
export interface Written extends Spot {
  readonly map: YAMLMap;
  readonly pair: Pair;
  readonly via: readonly Via[];
}

interface Base {
  readonly spot: Spot;
  readonly via: readonly Via[];
  /** `!reset` and `!override`, which only Compose knows. */
  readonly tag?: 'reset' | 'override';
  /** In a list: the item as written, which may be an alias. */
  readonly slot?: Node;
}
export interface Leaf extends Base {
  readonly is: 'leaf';
  readonly value: unknown;
  /** The characters of the scalar, uninterpreted. */
  readonly raw: string;
}
export interface List extends Base {
  readonly is: 'list';
  readonly items: readonly Tree[];
}
export interface Table extends Base {
  readonly is: 'table';
  readonly entries: ReadonlyMap<string, Entry>;
}
export interface Entry {
  readonly value: Tree;
  /** Every place that contributes, the earliest layer first. */
  readonly written: readonly Written[];
}
export type Tree = Leaf | List | Table;

/** A file that is YAML but not what Compose takes. */
export class Malformed extends Error {
  readonly spot: Spot;
  constructor(spot: Spot, message: string) {
    super(message);
    this.name = 'Malformed';
    this.spot = spot;
  }
}

/** An alias bomb is told, not expanded. */
const MOST_NODES = 200_000;
const DEEPEST = 80;

const tagOf = (node: Node): Pick<Base, 'tag'> => {
  const tag = (node as { tag?: string }).tag;
  return tag === '!reset' ? { tag: 'reset' } : tag === '!override' ? { tag: 'override' } : {};
};

const isMergeKey = (pair: Pair): boolean =>
  isScalar(pair.key) && pair.key.value === '<<' && (pair.key.type === 'PLAIN' || pair.key.type === undefined);

/** The tree of a document as YAML alone makes it: aliases followed, merge keys merged, own keys winning. */
export const treeOf = (source: Source, doc: Doc, node: Node | null, via: readonly Via[] = []): Tree => {
  let count = 0;
  const spotOf = (n: Node | null): Spot => ({ source, doc, node: n });
  const follow = (alias: Alias, path: readonly Node[]): Node => {
    const target = alias.resolve(doc);
    if (!target) throw new Malformed(spotOf(alias), `there is no anchor &${alias.source}`);
    if (path.includes(target)) throw new Malformed(spotOf(alias), `the alias *${alias.source} holds itself`);
    return target;
  };
  const make = (n: Node | null, how: readonly Via[], path: readonly Node[]): Tree => {
    if (++count > MOST_NODES || path.length > DEEPEST)
      throw new Malformed(spotOf(n), 'aliases make this file larger than is sensible');
    if (n === null) return { is: 'leaf', value: null, raw: '', spot: spotOf(null), via: how };
    if (isAlias(n)) {
      const target = follow(n, path);
      return make(target, [...how, { how: 'anchor', name: n.source }], [...path, target]);
    }
    if (isSeq(n))
      return {
        is: 'list',
        items: n.items.map(item => ({ ...make(item as Node, how, [...path, n]), slot: item as Node })),
        spot: spotOf(n),
        via: how,
        ...tagOf(n),
      };
    if (isMap(n)) return { ...table(n, how, [...path, n]), ...tagOf(n) };
    const scalar = n as { value?: unknown; source?: string };
    return {
      is: 'leaf',
      value: scalar.value,
      raw: scalar.source ?? String(scalar.value ?? ''),
      spot: spotOf(n),
      via: how,
      ...tagOf(n),
    };
  };
  const table = (map: YAMLMap, how: readonly Via[], path: readonly Node[]): Table => {
    const entries = new Map<string, Entry>();
    const merges: Pair[] = [];
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        merges.push(pair);
        continue;
      }
      if (!isScalar(pair.key)) continue;
      const value = make((pair.value as Node | null) ?? null, how, path);
      entries.set(String(pair.key.value), { value, written: [{ ...spotOf(pair.key), map, pair, via: how }] });
    }
    for (const pair of merges) {
      const sources = isSeq(pair.value) ? (pair.value.items as Node[]) : [pair.value as Node];
      for (const item of sources) {
        const target = isAlias(item) ? follow(item, path) : item;
        if (!isMap(target))
          throw new Malformed(spotOf(item ?? (pair.key as Node)), 'a merge key takes a mapping or a list of mappings');
        const name = isAlias(item) ? item.source : '<<';
        const from = table(target, [...how, { how: 'merge', name }], [...path, target]);
        for (const [key, entry] of from.entries) if (!entries.has(key)) entries.set(key, entry);
      }
    }
    return { is: 'table', entries, spot: spotOf(map), via: how };
  };
  return make(node, via, node === null ? [] : []);
};

/** Plain data of a tree, as text where Compose would interpolate; for comparing. */
export const plainOf = (tree: Tree): unknown =>
  tree.is === 'leaf'
    ? tree.value
    : tree.is === 'list'
      ? tree.items.map(plainOf)
      : Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plainOf(entry.value)]));

export const at = (tree: Tree | undefined, ...path: readonly string[]): Tree | undefined => {
  let here = tree;
  for (const key of path) here = here?.is === 'table' ? here.entries.get(key)?.value : undefined;
  return here;
};

export const entryAt = (tree: Tree | undefined, key: string): Entry | undefined =>
  tree?.is === 'table' ? tree.entries.get(key) : undefined;

export const itemsOf = (tree: Tree | undefined): readonly Tree[] => (tree?.is === 'list' ? tree.items : []);

/** A scalar as text; undefined for anything else and for null. */
export const textOf = (tree: Tree | undefined): string | undefined =>
  tree?.is !== 'leaf' || tree.value === null || tree.value === undefined
    ? undefined
    : typeof tree.value === 'string'
      ? tree.value
      : tree.raw || String(tree.value);
