/** Where the new request is written: in place of the old one, in the service, or in a copy of the service's own. */
import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { isTable } from '../../text/edit.ts';
import { Refused } from '../spans.ts';
import { type Doc, isAlias, isMap, isScalar, isSeq, keyText, type Source } from '../yaml.ts';
import { type YamlEditor, yamlEditor } from '../yaml-edit.ts';
import { columnOf, pairLines, scalar, type Value } from '../yaml-print.ts';
import { restOf } from './check.ts';
import type { Service } from './load.ts';
import type { Asked } from './requests.ts';
import type { Job } from './rewrite.ts';
import { keysOf } from './snippet.ts';
import { type Entry, entryAt, plainOf, type Spot, type Tree } from './tree.ts';

/** New texts by path. */
export type Edits = ReadonlyMap<string, string>;

interface Pen {
  readonly on: (spot: Spot) => YamlEditor;
  readonly texts: () => Edits;
}

export const pen = (): Pen => {
  const editors = new Map<Doc, { editor: YamlEditor; source: Source }>();
  return {
    on: spot => {
      const known = editors.get(spot.doc);
      if (known) return known.editor;
      const editor = yamlEditor(spot.source, spot.doc);
      editors.set(spot.doc, { editor, source: spot.source });
      return editor;
    },
    texts: () => {
      const texts = new Map<string, string>();
      for (const { editor, source } of editors.values()) {
        if (texts.has(source.path)) throw new Refused('the request is spread over several documents of one file');
        texts.set(source.path, editor.done().text);
      }
      return texts;
    },
  };
};

const drop = (p: Pen, asked: readonly Asked[]): void => {
  for (const part of asked.flatMap(a => a.parts)) {
    if (part.part === 'item') p.on(part.spot).dropItem(part.spot.node as Node);
    else p.on(part.written).dropPair(part.written.map, part.written.pair);
  }
};

/** A map of a service's level, and the pair behind which new keys come. */
interface Home {
  readonly spot: Spot;
  readonly map: YAMLMap;
  readonly after: Pair | null;
}

const homeOfRequest = (asked: Asked): Home => {
  const { written } = asked.top;
  const place = written.findLast(w => w.source === asked.spot.source && w.doc === asked.spot.doc) ?? written.at(-1);
  if (!place) throw new Refused('where the request is written cannot be told');
  return { spot: place, map: place.map, after: place.pair };
};

const homeOfService = (tree: Tree, asked: Asked | undefined): Home => {
  const { node } = tree.spot;
  if (!isMap(node)) throw new Refused('the service is no mapping of its own');
  const own = asked?.top.written.find(w => w.map === node);
  return { spot: tree.spot, map: node, after: own?.pair ?? null };
};

const nodeOf = (pair: Pair | undefined, doc: Doc): Node | null => {
  const value = (pair?.value ?? null) as Node | null;
  return isAlias(value) ? (value.resolve(doc) ?? null) : value;
};

const isEmpty = (value: Node | null): boolean => value === null || (isScalar(value) && value.value === null);

/** The pair of a key in this map, or in a map merged into it. */
const pairFor = (entry: Entry | undefined, home: Home): Pair | undefined => {
  const own = entry?.written.find(w => w.map === home.map);
  if (own) return own.pair;
  return entry?.written.find(w => w.doc === home.spot.doc && w.via.some(v => v.how === 'merge'))?.pair;
};

const addItems = (e: YamlEditor, home: Home, entry: Entry | undefined, key: string, items: readonly Value[]): void => {
  const pair = pairFor(entry, home);
  const value = nodeOf(pair, home.spot.doc);
  if (pair === undefined) e.putPair(home.map, home.after, key, items);
  else if (isSeq(value)) for (const item of items) e.putItem(value as YAMLSeq, item);
  else if (isEmpty(value)) {
    e.dropPair(home.map, pair);
    e.putPair(home.map, pair, key, items);
  } else throw new Refused(`${key} is there already and is no list`);
};

/** Puts a value below a path of mappings, making what is missing. */
const addBelow = (e: YamlEditor, home: Home, top: Entry | undefined, path: readonly string[], item: Value): void => {
  let map = home.map;
  let pair = pairFor(top, home);
  let after = home.after;
  for (const [i, key] of path.entries()) {
    const rest = path.slice(i + 1);
    const value = nodeOf(pair, home.spot.doc);
    if (pair === undefined || isEmpty(value)) {
      const nested = rest.reduceRight<Value>((inner, k) => ({ [k]: inner }), [item]);
      if (pair !== undefined) throw new Refused(`${key} is there already and empty`);
      e.putPair(map, after, key, nested);
      return;
    }
    if (rest.length === 0) {
      if (!isSeq(value)) throw new Refused(`${key} is no list`);
      e.putItem(value as YAMLSeq, item);
      return;
    }
    if (!isMap(value)) throw new Refused(`${key} is no mapping`);
    map = value;
    after = null;
    pair = map.items.find(p => keyText(p) === rest[0]);
  }
};

/** Sets a scalar that is there to another word, in the quotes it has. */
export const setScalar = (e: YamlEditor, node: Node, text: string): void => {
  if (!isScalar(node) || !node.range) throw new Refused('a variable is written in a way that is not edited');
  const quote = node.type === 'QUOTE_DOUBLE' ? '"' : node.type === 'QUOTE_SINGLE' ? "'" : '';
  e.replace({ from: node.range[0], to: node.range[1], put: quote ? `${quote}${text}${quote}` : scalar(text, '') });
};

const addVariables = (e: YamlEditor, home: Home, job: Job): void => {
  const wanted = Object.entries(job.wish.environment ?? {});
  if (wanted.length === 0) return;
  const entry = entryAt(job.service.tree, 'environment');
  const fresh: [string, string][] = [];
  for (const [name, value] of wanted) {
    const now = entryAt(entry?.value, name);
    const node = now?.value.spot.node;
    const goes = job.asked.some(a =>
      a.parts.some(p =>
        p.part === 'item'
          ? p.spot.node === node
          : p.written.map === now?.written[0]?.map && keyText(p.written.pair) === name,
      ),
    );
    if (!now || goes) fresh.push([name, value]);
    else if (now.written.length > 0) setScalar(e, node as Node, value);
    else setScalar(e, node as Node, `${name}=${value}`);
  }
  const pair = pairFor(entry, home);
  const value = nodeOf(pair, home.spot.doc);
  if (fresh.length === 0) return;
  if (pair === undefined) e.putPair(home.map, home.after, 'environment', Object.fromEntries(fresh));
  else if (isMap(value)) for (const [k, v] of fresh) e.putPair(value, null, k, v);
  else if (isSeq(value)) for (const [k, v] of fresh) e.putItem(value as YAMLSeq, `${k}=${v}`);
  else if (pair && isEmpty(value)) {
    e.dropPair(home.map, pair);
    e.putPair(home.map, pair, 'environment', Object.fromEntries(fresh));
  } else throw new Refused('environment is written in a way that is not edited');
};

const write = (p: Pen, job: Job, home: Home): void => {
  const e = p.on(home.spot);
  const { wish, service } = job;
  e.keep(home.map);
  if (wish.runtime) {
    const pair = pairFor(entryAt(service.tree, 'runtime'), home);
    const isGoing = job.asked.some(a => a.key === 'runtime');
    const value = nodeOf(pair, home.spot.doc);
    if (pair && !isGoing && value) setScalar(e, value, wish.runtime);
    else e.putPair(home.map, home.after, 'runtime', wish.runtime);
  }
  addVariables(e, home, job);
  if (wish.devices) addItems(e, home, entryAt(service.tree, 'devices'), 'devices', wish.devices);
  if (wish.gpus !== undefined) e.putPair(home.map, home.after, 'gpus', wish.gpus);
  if (wish.reservation)
    addBelow(
      e,
      home,
      entryAt(service.tree, 'deploy'),
      ['deploy', 'resources', 'reservations', 'devices'],
      wish.reservation,
    );
};

const withHomes = (jobs: readonly Job[], homeOf: (job: Job) => Home): Edits => {
  const p = pen();
  const homes = new Set<YAMLMap>();
  for (const job of jobs) drop(p, job.asked);
  for (const job of jobs) {
    const home = homeOf(job);
    if (homes.has(home.map)) continue;
    homes.add(home.map);
    write(p, job, home);
  }
  return p.texts();
};

const firstOf = (job: Job): Asked => {
  const [first] = job.asked;
  if (!first) throw new Refused('nothing is asked for');
  // The runtime alone carries no ids; what names the GPUs is the place people look at.
  return job.asked.find(a => a.form !== 'runtime') ?? first;
};

/** The new request stands where the old one stood, in a shared anchor too. */
export const inPlace = (jobs: readonly Job[]): Edits => withHomes(jobs, job => homeOfRequest(firstOf(job)));

/** The old request goes where it is written, the new one comes into each service. */
export const inService = (jobs: readonly Job[]): Edits =>
  withHomes(jobs, job => homeOfService(job.service.tree, job.asked[0]));

const valueOfPlain = (value: unknown): Value => {
  if (Array.isArray(value)) return value.map(valueOfPlain);
  if (isTable(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, valueOfPlain(v)]));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new Refused('a value of the shared part cannot be copied');
};

/**
 * As inService, and services that inherit from these but have switched the old request off switch the new one off, too:
 * `devices: []` beside their `deploy: {}`.
 */
export const inServiceNotHeirs = (jobs: readonly Job[], others: readonly Service[]): Edits => {
  const p = pen();
  const homes = new Set<YAMLMap>();
  for (const job of jobs) drop(p, job.asked);
  for (const job of jobs) {
    const home = homeOfService(job.service.tree, job.asked[0]);
    if (!homes.has(home.map)) write(p, job, home);
    homes.add(home.map);
  }
  const key = jobs[0]?.wish.devices ? 'devices' : jobs[0]?.wish.gpus === undefined ? null : 'gpus';
  if (key === null) throw new Refused('a service that inherits from it would get the GPU, too');
  for (const other of others) {
    const { node } = other.tree.spot;
    const isHeir = [...other.tree.entries.values()].some(e => e.written.some(w => homes.has(w.map)));
    if (!isHeir || !isMap(node) || homes.has(node)) continue;
    const own = node.items.find(x => keyText(x) === 'deploy') ?? null;
    if (!node.items.some(x => keyText(x) === key)) p.on(other.tree.spot).putPair(node, own, key, []);
  }
  return p.texts();
};

/** Keys that come from a shared place are written out for this service alone, without the request. */
export const ownCopy = (job: Job): Edits => {
  const { service, asked, wish } = job;
  const plain = plainOf(service.tree) as Readonly<Record<string, unknown>>;
  const keys = new Set(asked.map(a => a.key));
  if (keys.has('runtime') || keys.has('gpus'))
    throw new Refused(
      'what comes from a shared part cannot be switched off in one service; change it for all, or take the service out of it',
    );
  const raw = asked.some(a => a.form === 'raw');
  const rest = restOf(plain, raw, []);
  const own: Record<string, Value> = {};
  for (const key of keys) own[key] = key in rest ? valueOfPlain(rest[key]) : key === 'devices' ? [] : {};
  const fresh = keysOf(wish);
  if (wish.environment && 'environment' in plain)
    own.environment = { ...(valueOfPlain(plain.environment) as Record<string, Value>), ...wish.environment };
  for (const [key, value] of Object.entries(fresh)) {
    if (key === 'environment') own.environment ??= value;
    else if (key === 'devices')
      own.devices = [...((own.devices as Value[] | undefined) ?? listOf(plain.devices)), ...(value as Value[])];
    else if (key === 'deploy')
      own.deploy = merged(own.deploy ?? (plain.deploy === undefined ? {} : valueOfPlain(plain.deploy)), value);
    else own[key] = value;
  }
  return writeOwn(job, own);
};

const listOf = (value: unknown): Value[] => (Array.isArray(value) ? value.map(valueOfPlain) : []);

const merged = (a: Value, b: Value): Value => {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (typeof a === 'object' && typeof b === 'object' && !Array.isArray(a) && !Array.isArray(b)) {
    const out: Record<string, Value> = { ...(a as Record<string, Value>) };
    for (const [k, v] of Object.entries(b)) out[k] = k in out ? merged(out[k]!, v) : v;
    return out;
  }
  return b;
};

const writeOwn = (job: Job, own: Readonly<Record<string, Value>>): Edits => {
  const p = pen();
  const { tree, name } = job.service;
  const { source, doc } = tree.spot;
  const services = isMap(doc.contents)
    ? nodeOf(
        doc.contents.items.find(x => keyText(x) === 'services'),
        doc,
      )
    : null;
  const pair = isMap(services) ? services.items.find(x => keyText(x) === name) : undefined;
  if (!isMap(services) || !pair) throw new Refused('the service is not written here');
  const e = p.on(tree.spot);
  const value = pair.value as Node | null;
  if (isAlias(value) && value.range) {
    // The service is itself an alias: it becomes a mapping that merges it.
    const column = columnOf(source.text, (pair.key as Node).range?.[0] ?? 0) + e.habits.step;
    const lines = [
      `${' '.repeat(column)}<<: *${value.source}`,
      ...Object.entries(own).flatMap(([k, v]) => pairLines(k, v, column, e.habits)),
    ];
    const from = (pair.key as Node).range?.[1] ?? 0;
    const colon = source.text.indexOf(':', from) + 1;
    e.replace({ from: colon, to: value.range[1], put: e.habits.eol + lines.join(e.habits.eol) });
    return p.texts();
  }
  if (!isMap(value)) throw new Refused('the service is no mapping of its own');
  const last = value.items.at(-1) as Pair | undefined;
  for (const [key, put] of Object.entries(own)) {
    const there = value.items.find(x => keyText(x) === key);
    if (there) e.dropPair(value, there);
    const isHollow = typeof put === 'object' && Object.keys(put).length === 0;
    if (there && isHollow) continue;
    e.putPair(value, there ?? last ?? null, key, put);
  }
  e.keep(value);
  return p.texts();
};
