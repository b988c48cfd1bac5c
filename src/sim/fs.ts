/** A file system in memory: files, directories, links and device nodes, with paths resolved the way Linux does it. */
import type { Stat } from '../box/box.ts';

interface Meta {
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since the epoch. */
  mtime: number;
}
export type Entry = Meta &
  (
    | { type: 'file'; text: string; binary?: boolean; size?: number }
    | { type: 'dir' }
    | { type: 'link'; target: string }
    | { type: 'char' | 'block'; major: number; minor: number }
    | { type: 'socket' | 'fifo' }
  );
export type FileEntry = Extract<Entry, { type: 'file' }>;

export interface Fs {
  readonly entries: Map<string, Entry>;
  readonly children: Map<string, Set<string>>;
  /** The time given to what is created; the world moves it. */
  now: number;
}

export const emptyFs = (now: number): Fs => ({
  entries: new Map([['/', { type: 'dir', mode: 0o755, uid: 0, gid: 0, mtime: now }]]),
  children: new Map([['/', new Set()]]),
  now,
});

const join = (dir: string, name: string): string => (dir === '/' ? `/${name}` : `${dir}/${name}`);
const parts = (path: string): string[] => path.split('/').filter(p => p !== '' && p !== '.');
export const dirname = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
export const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The path with links followed; the last part need not exist. Null for a loop of links. */
export const resolve = (fs: Fs, path: string, followLast = true): string | null => {
  let rest = parts(path);
  let here = '/';
  for (let hops = 0; rest.length > 0; ) {
    const name = rest[0]!;
    rest = rest.slice(1);
    if (name === '..') {
      here = dirname(here);
      continue;
    }
    const next = join(here, name);
    const entry = fs.entries.get(next);
    if (entry?.type === 'link' && (rest.length > 0 || followLast)) {
      if (++hops > 40) return null;
      rest = [...parts(entry.target), ...rest];
      if (entry.target.startsWith('/')) here = '/';
      continue;
    }
    here = next;
  }
  return here;
};

/** The entry itself, a link as a link. */
export const lget = (fs: Fs, path: string): Entry | undefined => {
  const at = resolve(fs, path, false);
  return at === null ? undefined : fs.entries.get(at);
};

/** The entry after following links. */
export const get = (fs: Fs, path: string): Entry | undefined => {
  const at = resolve(fs, path);
  return at === null ? undefined : fs.entries.get(at);
};

export const exists = (fs: Fs, path: string): boolean => get(fs, path) !== undefined;
export const isDir = (fs: Fs, path: string): boolean => get(fs, path)?.type === 'dir';

/** The text of a file, undefined where there is none. */
export const text = (fs: Fs, path: string): string | undefined => {
  const entry = get(fs, path);
  return entry?.type === 'file' ? entry.text : undefined;
};

/** Names in a directory, sorted; undefined where it is none. */
export const names = (fs: Fs, path: string): string[] | undefined => {
  const at = resolve(fs, path);
  if (at === null || fs.entries.get(at)?.type !== 'dir') return undefined;
  return [...(fs.children.get(at) ?? [])].sort();
};

export const mkdir = (fs: Fs, path: string, meta: Partial<Meta> = {}): string => {
  const at = resolve(fs, path) ?? path;
  const have = fs.entries.get(at);
  if (have) {
    if (have.type === 'dir') Object.assign(have, meta);
    return at;
  }
  const parent = mkdir(fs, dirname(at));
  fs.entries.set(at, { type: 'dir', mode: 0o755, uid: 0, gid: 0, mtime: fs.now, ...meta });
  fs.children.set(at, new Set());
  fs.children.get(parent)?.add(basename(at));
  return at;
};

type NewEntry = Entry extends infer E ? (E extends Entry ? Omit<E, keyof Meta> & Partial<Meta> : never) : never;

/** Puts an entry at a path, making the directories above it. The last part is not followed. */
export const put = (fs: Fs, path: string, entry: NewEntry): void => {
  if (entry.type === 'dir') {
    mkdir(fs, path, entry);
    return;
  }
  const dir = mkdir(fs, dirname(path));
  const at = join(dir, basename(path));
  const mode = entry.type === 'link' ? 0o777 : 0o644;
  fs.entries.set(at, { mode, uid: 0, gid: 0, mtime: fs.now, ...entry } as Entry);
  fs.children.get(dir)?.add(basename(at));
};

export const file = (fs: Fs, path: string, content: string, meta: Partial<Meta> = {}): void =>
  put(fs, path, { type: 'file', text: content, ...meta });
export const link = (fs: Fs, path: string, target: string): void => put(fs, path, { type: 'link', target });
/** A program or library: a file whose content nobody reads. */
export const binary = (fs: Fs, path: string, size = 65536, meta: Partial<Meta> = {}): void =>
  put(fs, path, { type: 'file', text: '', binary: true, size, mode: 0o755, ...meta });
export const node = (fs: Fs, path: string, major: number, minor: number, mode = 0o666): void =>
  put(fs, path, { type: 'char', major, minor, mode });

/** Writes through links; an existing file keeps its owner and mode. */
export const overwrite = (fs: Fs, path: string, content: string, mode = 0o644): void => {
  const at = resolve(fs, path) ?? path;
  const have = fs.entries.get(at);
  if (have?.type === 'file') {
    have.text = content;
    have.mtime = fs.now;
    delete have.size;
    delete have.binary;
  } else file(fs, at, content, { mode });
};

/** Removes an entry and, for a directory, all below it. */
export const remove = (fs: Fs, path: string): void => {
  const at = resolve(fs, path, false);
  if (at === null || at === '/') return;
  for (const name of fs.children.get(at) ?? []) remove(fs, join(at, name));
  fs.children.delete(at);
  fs.entries.delete(at);
  fs.children.get(dirname(at))?.delete(basename(at));
};

export const statOf = (entry: Entry): Stat => {
  const { type, mode, uid, gid, mtime } = entry;
  const base = { type, mode, uid, gid, mtime };
  if (entry.type === 'file') return { ...base, size: entry.size ?? Buffer.byteLength(entry.text) };
  if (entry.type === 'link') return { ...base, size: entry.target.length, target: entry.target };
  if (entry.type === 'char' || entry.type === 'block')
    return { ...base, size: 0, major: entry.major, minor: entry.minor };
  return { ...base, size: entry.type === 'dir' ? 4096 : 0 };
};
