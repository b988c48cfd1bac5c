/** How Compose lays one service over another: for `extends` and for override files. */
import type { Entry, Leaf, List, Table, Tree, Via } from './tree.ts';

const withVia = (tree: Tree, via: Via): Tree => {
  const how = [...tree.via, via];
  if (tree.is === 'leaf') return { ...tree, via: how };
  if (tree.is === 'list') return { ...tree, via: how, items: tree.items.map(i => withVia(i, via)) };
  return { ...tree, via: how, entries: new Map([...tree.entries].map(([k, e]) => [k, entryVia(e, via)])) };
};
const entryVia = (entry: Entry, via: Via): Entry => ({
  value: withVia(entry.value, via),
  written: entry.written.map(w => ({ ...w, via: [...w.via, via] })),
});

/** The whole tree came by this way. */
export const came = (tree: Tree, via: Via): Tree => withVia(tree, via);

/** Keys whose list is replaced as a whole. */
const REPLACED = new Set(['command', 'entrypoint', 'healthcheck.test']);
/** Keys that may be a list of NAME=value or a mapping. */
const KEYED = new Set([
  'environment',
  'labels',
  'annotations',
  'build.args',
  'deploy.labels',
  'sysctls',
  'extra_hosts',
]);

/** `- NAME=value` items as a mapping, the last of one name winning, as Compose does before it merges. */
export const keyed = (tree: Tree): Tree => {
  if (tree.is !== 'list') return tree;
  const entries = new Map<string, Entry>();
  for (const item of tree.items) {
    if (item.is !== 'leaf') continue;
    const text = typeof item.value === 'string' ? item.value : item.raw;
    const cut = text.indexOf('=');
    const name = cut < 0 ? text : text.slice(0, cut);
    const value: Leaf = { ...item, value: cut < 0 ? null : text.slice(cut + 1), raw: text.slice(cut + 1) };
    entries.set(name, { value, written: [] });
  }
  return { is: 'table', entries, spot: tree.spot, via: tree.via, ...(tree.tag && { tag: tree.tag }) };
};

const plainKey = (tree: Tree): string => (tree.is === 'leaf' ? `=${String(tree.value)}` : '');

/** What makes two mounts or devices one: the place in the container. */
const targetOf = (tree: Tree, path: string): string => {
  if (tree.is === 'table') {
    const target = tree.entries.get('target')?.value;
    return target?.is === 'leaf' && path === 'volumes' ? `@${String(target.value)}` : '';
  }
  if (tree.is !== 'leaf' || typeof tree.value !== 'string') return '';
  if (path !== 'volumes' && path !== 'devices') return plainKey(tree);
  const parts = tree.value.replace(/\$\{[^}]*\}/g, v => v.replaceAll(':', '\u0000')).split(':');
  return `@${(parts[1] ?? parts[0] ?? '').replaceAll('\u0000', ':')}`;
};

const appended = (a: List, b: List, path: string): List => {
  const items = [...a.items];
  for (const item of b.items) {
    const key = targetOf(item, path);
    const same = key === '' ? -1 : items.findIndex(i => targetOf(i, path) === key);
    if (same >= 0) items[same] = item;
    else items.push(item);
  }
  return { ...b, items };
};

/** `over` laid on `under`; null where a `!reset` takes the key away. */
export const laid = (under: Tree | undefined, over: Tree, path = ''): Tree | null => {
  if (over.tag === 'reset') return null;
  if (over.tag === 'override' || under === undefined) return cleaned(over);
  if (KEYED.has(path)) return bothTables(keyed(under), keyed(over), path);
  if (over.is === 'leaf' && over.value === null) return under;
  if (REPLACED.has(path)) return cleaned(over);
  if (under.is === 'list' && over.is === 'list') return appended(under, over, path);
  return bothTables(under, over, path);
};

const bothTables = (under: Tree, over: Tree, path: string): Tree => {
  if (under.is !== 'table' || over.is !== 'table') return cleaned(over) ?? over;
  const entries = new Map(under.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const value = laid(below?.value, entry.value, path === '' ? key : `${path}.${key}`);
    if (value === null) entries.delete(key);
    else
      entries.set(key, {
        value,
        written: [...(entry.value.tag === 'override' ? [] : (below?.written ?? [])), ...entry.written],
      });
  }
  return { ...over, entries };
};

/** Without what `!reset` takes away inside. */
export const cleaned = (tree: Tree): Tree | null => {
  if (tree.tag === 'reset') return null;
  if (tree.is !== 'table') return tree;
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries) {
    const value = cleaned(entry.value);
    if (value !== null) entries.set(key, { ...entry, value });
  }
  return { ...tree, entries } satisfies Table;
};
