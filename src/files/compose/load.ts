/** From files to services: layers in order, extends, include, env files. Reads through the box only. */
import type { FileRead } from '../../box/box.ts';
import type { Fault } from '../../text/edit.ts';
import { dirOf, joined } from '../paths.ts';
import { parseYaml, type Source } from '../yaml.ts';
import { type Env, envOf, filled } from './interpolate.ts';
import { came, cleaned, keyed, laid } from './merge.ts';
import { at, itemsOf, Malformed, type Table, type Tree, textOf, treeOf } from './tree.ts';

export interface EnvFile {
  readonly path: string;
  readonly env: Env;
}
export interface Service {
  readonly name: string;
  readonly tree: Table;
  readonly profiles: readonly string[];
  readonly envFiles: readonly EnvFile[];
  /** Files that take part in it and could not be read, so that something of it is not known. */
  readonly missing: readonly string[];
  /** Files of `env_file` that could not be read. */
  readonly missingEnv: readonly string[];
}
export interface Project {
  /** The files as Compose is given them. */
  readonly layers: readonly string[];
  readonly services: ReadonlyMap<string, Service>;
  /** Every YAML file that was read, by path. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly faults: readonly { readonly path: string; readonly fault: Fault }[];
  readonly env: Env;
}

export type Read = (path: string) => Promise<FileRead>;

interface Loading {
  readonly read: Read;
  readonly sources: Map<string, Source>;
  readonly faults: { path: string; fault: Fault }[];
  readonly tokens: boolean;
}
interface Loose {
  readonly tree: Tree;
  readonly missing: readonly string[];
}

const faultOf = (error: unknown): { path: string; fault: Fault } => {
  if (!(error instanceof Malformed)) throw error;
  const { source, node } = error.spot;
  return { path: source.path, fault: { ...source.at(node?.range?.[0] ?? 0), message: error.message } };
};

const open = async (load: Loading, path: string): Promise<Source | null> => {
  const known = load.sources.get(path);
  if (known) return known;
  const found = await load.read(path);
  if (found.kind !== 'file') return null;
  const source = parseYaml(path, found.text, load.tokens);
  load.sources.set(path, source);
  if (source.fault) load.faults.push({ path, fault: source.fault });
  return source;
};

/** The services of one document, with their `extends` worked out. */
const servicesOf = async (
  load: Loading,
  source: Source,
  root: Tree,
  seen: readonly string[] = [],
): Promise<ReadonlyMap<string, Loose>> => {
  const table = at(root, 'services');
  const done = new Map<string, Loose>();
  if (table?.is !== 'table') return done;
  const one = async (name: string, path: readonly string[]): Promise<Loose | null> => {
    const made = done.get(name);
    if (made) return made;
    const own = table.entries.get(name)?.value;
    if (own === undefined) return null;
    if (own.is !== 'table') {
      if (own.is === 'leaf' && own.value === null) return { tree: own, missing: [] };
      throw new Malformed(own.spot, `the service ${name} has to be a mapping`);
    }
    const extend = at(own, 'extends');
    let loose: Loose = { tree: own, missing: [] };
    if (extend !== undefined && extend.tag !== 'reset') loose = await extended(name, own, extend, path);
    done.set(name, loose);
    return loose;
  };
  const extended = async (name: string, own: Table, extend: Tree, path: readonly string[]): Promise<Loose> => {
    const base = textOf(extend) ?? textOf(at(extend, 'service')) ?? '';
    const file = textOf(at(extend, 'file'));
    const id = `${file ?? ''}#${base}`;
    if (path.includes(id)) throw new Malformed(extend.spot, `${name} extends itself`);
    const from =
      file === undefined
        ? await one(base, [...path, id])
        : await fromFile(load, joined(dirOf(source.path), file), base, [...seen, ...path, id], extend);
    if (from === null) {
      if (file === undefined) throw new Malformed(extend.spot, `there is no service ${base} to extend`);
      return { tree: own, missing: [joined(dirOf(source.path), file)] };
    }
    const below = came(from.tree, { how: 'extends', name: base });
    return { tree: laid(below, own) ?? own, missing: from.missing };
  };
  for (const name of table.entries.keys()) await one(name, [`#${name}`]);
  return done;
};

const fromFile = async (
  load: Loading,
  path: string,
  name: string,
  seen: readonly string[],
  extend: Tree,
): Promise<Loose | null> => {
  if (seen.length > 40) throw new Malformed(extend.spot, 'extends goes in a circle');
  const source = await open(load, path);
  const doc = source?.docs[0];
  if (!source || source.fault || !doc) return null;
  const found = (await servicesOf(load, source, treeOf(source, doc, doc.contents), seen)).get(name);
  return found ?? null;
};

const includesOf = (root: Tree, dir: string): readonly (readonly string[])[] =>
  itemsOf(at(root, 'include')).map(item => {
    const path = at(item, 'path');
    const many = path?.is === 'list' ? path.items : path ? [path] : [item];
    return many.map(p => textOf(p)).flatMap(p => (p === undefined ? [] : [joined(dir, p)]));
  });

const stack = async (load: Loading, layers: readonly string[], depth: number): Promise<Map<string, Loose>> => {
  const services = new Map<string, Loose>();
  for (const [n, path] of layers.entries()) {
    const source = await open(load, path);
    if (!source || source.fault) continue;
    for (const [m, doc] of source.docs.entries()) {
      const root = treeOf(source, doc, doc.contents);
      if (root.is !== 'table') throw new Malformed(root.spot, 'a Compose file is a mapping with services');
      const listed = at(root, 'services');
      if (listed !== undefined && listed.is !== 'table' && (listed.is === 'list' || textOf(listed) !== undefined))
        throw new Malformed(listed.spot, 'services has to be a mapping');
      for (const files of depth > 8 ? [] : includesOf(root, dirOf(path)))
        for (const [name, loose] of await stack(load, files, depth + 1))
          if (!services.has(name))
            services.set(name, { ...loose, tree: came(loose.tree, { how: 'include', name: files[0] ?? '' }) });
      for (const [name, { tree, missing }] of await servicesOf(load, source, root)) {
        const below = services.get(name);
        const over = n + m > 0 && below ? came(tree, { how: 'override', name: path }) : tree;
        const both = laid(below?.tree, over);
        if (both === null) services.delete(name);
        else services.set(name, { tree: both, missing: [...(below?.missing ?? []), ...missing] });
      }
    }
  }
  return services;
};

const envFiles = async (load: Loading, tree: Table, dir: string, env: Env) => {
  const listed = at(tree, 'env_file');
  const items = listed?.is === 'list' ? listed.items : listed ? [listed] : [];
  const files: EnvFile[] = [];
  const missing: string[] = [];
  for (const item of items) {
    const text = textOf(item) ?? textOf(at(item, 'path'));
    const path = text === undefined ? null : filled(text, env);
    if (path === null) continue;
    const full = joined(dirOf(item.spot.source.path) || dir, path);
    const found = await load.read(full);
    if (found.kind === 'file') files.push({ path: full, env: envOf(found.text) });
    else if (textOf(at(item, 'required')) !== 'false') missing.push(full);
  }
  return { files, missing };
};

/** Loads the files of one project, the first being the base. Never throws for what stands in the files. */
export const loadProject = async (read: Read, layers: readonly string[], tokens = false): Promise<Project> => {
  const load: Loading = { read, sources: new Map(), faults: [], tokens };
  const services = new Map<string, Service>();
  const dir = dirOf(layers[0] ?? '/');
  const dotEnv = await read(`${dir}/.env`);
  const env = dotEnv.kind === 'file' ? envOf(dotEnv.text) : {};
  try {
    for (const [name, { tree, missing }] of await stack(load, layers, 0)) {
      const table = cleaned(tree);
      if (table?.is !== 'table') continue;
      const environment = table.entries.get('environment');
      const entries = new Map(table.entries);
      if (environment) entries.set('environment', { ...environment, value: keyed(environment.value) });
      const listed = await envFiles(load, table, dir, env);
      services.set(name, {
        name,
        tree: { ...table, entries },
        profiles: itemsOf(at(table, 'profiles')).flatMap(p => textOf(p) ?? []),
        envFiles: listed.files,
        missing,
        missingEnv: listed.missing,
      });
    }
  } catch (error) {
    load.faults.push(faultOf(error));
  }
  return { layers, services, sources: load.sources, faults: load.faults, env };
};
