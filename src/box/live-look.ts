/** Reads, lists and stats on this machine; bounded in size and in time, and never waiting for a pipe or a device. */
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import type { Box, Command, DirRead, FileRead, Ran, Stat, StatRead, Unread } from './box.ts';
import { farDir, farFile, farStat } from './live-far.ts';
import type { Places } from './place.ts';

export interface Looking {
  readonly places: Places;
  /** Bytes of one file. */
  readonly maxFile: number;
  /** Milliseconds for one look. */
  readonly lookMs: number;
  /** Asks about places that may hang through a child, which can be left behind where a thread cannot. */
  readonly run: (command: Command) => Promise<Ran>;
}

export const unreadOf = (error: unknown): Unread => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'denied' };
  if (code === 'EIO' || code === 'EISDIR' || code === 'ELOOP') return { kind: 'unreadable', why: code };
  return { kind: 'unreadable', why: 'other' };
};

/** The kernel writes such files itself: sizes lie, and a text may end in NUL (the model in a device tree). */
const fromKernel = (path: string): boolean => path.startsWith('/proc/') || path.startsWith('/sys/');

/** The text of a file's bytes; what is not UTF-8 is not text, because writing it back would change it. */
export const textOf = (bytes: Buffer, path: string): FileRead => {
  if (fromKernel(path)) return { kind: 'file', text: bytes.toString('utf8').replace(/\0+$/, '') };
  if (!isUtf8(bytes) || bytes.includes(0)) return { kind: 'unreadable', why: 'binary' };
  return { kind: 'file', text: bytes.toString('utf8') };
};

/** Null where there is more than `max`. */
const bytesOf = async (handle: FileHandle, max: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024, null);
    if (bytesRead === 0) return Buffer.concat(chunks, size);
    size += bytesRead;
    if (size > max) return null;
    chunks.push(buffer.subarray(0, bytesRead));
  }
};

const typeOf = (s: Awaited<ReturnType<typeof lstat>>): Stat['type'] => {
  if (s.isSymbolicLink()) return 'link';
  if (s.isDirectory()) return 'dir';
  if (s.isCharacterDevice()) return 'char';
  if (s.isBlockDevice()) return 'block';
  if (s.isSocket()) return 'socket';
  return s.isFIFO() ? 'fifo' : 'file';
};

/** Linux packs a device number as minor 0-7, major 8-19, minor 20-31, major 32-43. */
export const deviceOf = (rdev: number): { readonly major: number; readonly minor: number } => {
  const high = Math.floor(rdev / 2 ** 32);
  const low = rdev % 2 ** 32;
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
};

const readNear = async (path: string, real: string, maxFile: number): Promise<FileRead> => {
  // Opening a pipe or a device can wait or do something, so the type is looked at before and again after.
  const before = await stat(real);
  if (before.isDirectory()) return { kind: 'unreadable', why: 'EISDIR' };
  if (!before.isFile()) return { kind: 'unreadable', why: 'other' };
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const now = await handle.stat();
    if (!now.isFile()) return { kind: 'unreadable', why: 'other' };
    if (now.size > maxFile && !fromKernel(path)) return { kind: 'unreadable', why: 'tooBig' };
    const bytes = await bytesOf(handle, maxFile);
    return bytes === null ? { kind: 'unreadable', why: 'tooBig' } : textOf(bytes, path);
  } finally {
    await handle.close();
  }
};

const listNear = async (real: string): Promise<DirRead> => {
  try {
    return { kind: 'dir', names: (await readdir(real)).sort() };
  } catch (error) {
    const isThere =
      (error as NodeJS.ErrnoException).code === 'ENOTDIR' &&
      (await lstat(real).then(
        () => true,
        () => false,
      ));
    return isThere ? { kind: 'unreadable', why: 'other' } : unreadOf(error);
  }
};

const statNear = async (real: string): Promise<StatRead> => {
  const s = await lstat(real);
  const type = typeOf(s);
  return {
    kind: 'stat',
    stat: {
      type,
      mode: s.mode & 0o7777,
      uid: s.uid,
      gid: s.gid,
      size: s.size,
      mtime: Math.floor(s.mtimeMs / 1000),
      ...(type === 'link' && { target: await readlink(real) }),
      ...((type === 'char' || type === 'block') && deviceOf(s.rdev)),
    },
  };
};

export const lookWith = (how: Looking): Pick<Box, 'read' | 'list' | 'stat'> => {
  /** Nobody waits for a look longer than this, even where the place was not known to hang. */
  const inTime = async <T>(look: () => Promise<T | Unread>): Promise<T | Unread> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Unread>(resolve => {
      timer = setTimeout(resolve, how.lookMs, { kind: 'timedOut', afterMs: how.lookMs });
    });
    try {
      return await Promise.race([look().catch(unreadOf), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const far = (...argv: [string, ...string[]]): Promise<Ran> => how.run({ argv, timeoutMs: how.lookMs });

  return {
    read: async path => {
      const place = await inTime(() => how.places.find(path, true));
      if (!('real' in place)) return place;
      if (place.far) return farFile(await far('cat', '--', place.real), path);
      return inTime(() => readNear(path, place.real, how.maxFile));
    },
    list: async path => {
      const place = await inTime(() => how.places.find(path, true));
      if (!('real' in place)) return place;
      if (place.far) return farDir(await far('ls', '-A1', '--', `${place.real}/.`));
      return inTime(() => listNear(place.real));
    },
    stat: async path => {
      const place = await inTime(() => how.places.find(path, false));
      if (!('real' in place)) return place;
      if (place.far) return farStat(await far('stat', '-c', '%f %u %g %s %Y %t %T', '--', place.real), far, place.real);
      return inTime(() => statNear(place.real));
    },
  };
};
