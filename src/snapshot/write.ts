/** Writes a recording where a person said, gzipped and readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { InputError, shownPath } from '../box/errors.ts';
import type { Snapshot } from './snapshot.ts';

/** Writes the whole file or nothing. Throws InputError where the place cannot be written. Returns its size in bytes. */
export const writeSnapshot = async (snapshot: Snapshot, path: string): Promise<number> => {
  const bytes = await promisify(gzip)(JSON.stringify(snapshot));
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
    return bytes.length;
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    const { code, message } = error as NodeJS.ErrnoException;
    const words: Readonly<Record<string, string>> = {
      ENOENT: 'no such folder',
      EACCES: 'permission denied',
      EROFS: 'the file system is read only',
      ENOSPC: 'no space left on the device',
      EISDIR: 'is a directory',
      ENOTDIR: 'no such folder',
    };
    throw new InputError(`${shownPath(path)}: the snapshot could not be written: ${words[code ?? ''] ?? message}`);
  }
};
