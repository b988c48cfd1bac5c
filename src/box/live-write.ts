/**
 * Replaces a file so that a reader, or a machine that loses power, finds either the old text or the new one, and keeps
 * its owner, mode, links and extended attributes. As root, or for a file of our own, directly; otherwise by `sudo -n`.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { BoxError, type Command, type Ran, type WriteOptions } from './box.ts';
import type { Places } from './place.ts';

export interface Writing {
  readonly places: Places;
  readonly isRoot: boolean;
  readonly run: (command: Command) => Promise<Ran>;
}

const CODES: Readonly<Record<string, readonly [BoxError['code'], string]>> = {
  ENOSPC: ['noSpace', 'no space left on the device'],
  EDQUOT: ['noSpace', 'the disk quota is used up'],
  EFBIG: ['noSpace', 'the file size limit is reached'],
  EACCES: ['denied', 'permission denied'],
  EPERM: ['denied', 'operation not permitted'],
  EROFS: ['readOnly', 'the file system is read only'],
  ENOENT: ['gone', 'no such file or directory'],
  ENOTDIR: ['gone', 'a folder of the path is a file'],
  EBUSY: ['other', 'it is mounted by itself and cannot be replaced'],
};

const boxError = (path: string, error: unknown): BoxError => {
  if (error instanceof BoxError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [kind, words] = CODES[code] ?? ['other', message];
  return new BoxError(kind, `${path} could not be written: ${words}`);
};

/** Putting a file on a slow disk can take a while. */
const SUDO_MS = 60_000;

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const within = (folder: string, name: string): string => `${folder === '/' ? '' : folder}/${name}`;

/** Hidden, and with an end that no service reads as one of its own files. */
const END = '.gpumedic-new';
const besideOf = (path: string): string =>
  within(folderOf(path), `.${nameOf(path)}.${randomBytes(6).toString('hex')}${END}`);

/** What an earlier write of the same file left beside it when it was killed. */
const leftBeside = async (path: string): Promise<readonly string[]> => {
  const start = `.${nameOf(path)}.`;
  const names = await readdir(folderOf(path)).catch(() => []);
  const ours = names.filter(
    name => name.startsWith(start) && /^[0-9a-f]{12}$/.test(name.slice(start.length, -END.length)),
  );
  return ours.filter(name => name.endsWith(END)).map(name => within(folderOf(path), name));
};

/** Readable by all, whatever the umask: services and rootless engines look into such folders. */
const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = folderOf(made)) await chmod(made, 0o755);
};

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(folderOf(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

const regular = async (path: string, real: string): Promise<Awaited<ReturnType<typeof lstat>> | null> => {
  const found = await lstat(real).catch(error => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found !== null && !found.isFile())
    throw new BoxError('other', `${path} could not be written: it is not a regular file`);
  return found;
};

const replaceDirectly = async (how: Writing, path: string, real: string, text: string | null, mode: number) => {
  const old = await regular(path, real);
  for (const left of await leftBeside(real)) await unlink(left);
  if (text === null) {
    if (old === null) return;
    await unlink(real);
    await syncFolder(real);
    return;
  }
  await makeFolder(folderOf(real));
  const beside = besideOf(real);
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      beside,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    // Node has no call for extended attributes, so cp copies them; without such a cp, owner and mode still follow.
    if (old !== null) await how.run({ argv: ['cp', '--attributes-only', '--preserve=all', '--', real, beside] });
    await handle.writeFile(text);
    if (old !== null) {
      await handle.chown(Number(old.uid), Number(old.gid));
      await handle.chmod(Number(old.mode) & 0o7777);
    } else await handle.chmod(mode);
    const now = new Date();
    await handle.utimes(now, now);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(beside, real);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(real);
};

/**
 * The same by `sudo -n`, argv only: the text is staged in a private folder of ours; then, beside the file, `cp` makes
 * a copy that has its attributes and takes the text, `sync` puts it on disk, `mv -T` replaces the file, `sync` again.
 */
const replaceBySudo = async (
  how: Writing,
  root: string,
  path: string,
  text: string | null,
  mode: number,
): Promise<void> => {
  const sudo = async (...argv: [string, ...string[]]): Promise<string> => {
    const ran = await how.run({ argv, root: true, changes: true, timeoutMs: SUDO_MS });
    if (ran.kind === 'exited' && ran.code === 0) return ran.stdout;
    if (ran.kind === 'denied') throw new BoxError('denied', `${path} could not be written: sudo refused`);
    if (ran.kind !== 'exited') throw new BoxError('other', `${path} could not be written: ${argv[0]} ${ran.kind}`);
    const words = ran.stderr.trim().split('\n').at(-1) ?? '';
    const code = /No space left|quota exceeded/i.test(words)
      ? 'noSpace'
      : /Read-only file system/.test(words)
        ? 'readOnly'
        : /Permission denied|not permitted/.test(words)
          ? 'denied'
          : 'other';
    throw new BoxError(code, `${path} could not be written: ${words || `${argv[0]} failed with ${ran.code}`}`);
  };
  // Perhaps only root can see where the path leads.
  const real = await how.places.find(path, true).then(
    place => place.real,
    () => sudo('readlink', '-m', '-n', '--', `${root}${path}`),
  );
  const kind = await how.run({ argv: ['stat', '-c', '%F', '--', real], root: true });
  if (kind.kind === 'denied') throw new BoxError('denied', `${path} could not be written: sudo refused`);
  const exists = kind.kind === 'exited' && kind.code === 0;
  if (exists && !/^regular /.test(kind.stdout))
    throw new BoxError('other', `${path} could not be written: it is not a regular file`);
  const left = await leftBeside(real);
  if (left.length > 0) await sudo('rm', '-f', '--', ...left);
  if (text === null) {
    if (exists) await sudo('rm', '--', real);
    await sudo('sync', folderOf(real));
    return;
  }
  const staging = await mkdtemp(`${tmpdir()}/gpumedic-`);
  try {
    const staged = `${staging}/text`;
    await writeFile(staged, text, { mode: 0o600, flag: 'wx' });
    const beside = besideOf(real);
    try {
      if (exists) {
        await sudo('cp', '--attributes-only', '--preserve=all', '--', real, beside);
        await sudo('cp', '--no-preserve=all', '--', staged, beside);
      } else await sudo('install', '-D', '-m', mode.toString(8).padStart(4, '0'), '--', staged, beside);
      await sudo('sync', beside);
      await sudo('mv', '-T', '--', beside, real);
    } catch (error) {
      await how.run({ argv: ['rm', '-f', '--', beside], root: true, changes: true }).catch(() => undefined);
      throw error;
    }
    await sudo('sync', folderOf(real));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
};

/** Throws BoxError. A folder that is missing is made (0755); removing what is not there is no error. */
export const writeWith =
  (how: Writing, root: string) =>
  async (path: string, text: string | null, options: WriteOptions = {}): Promise<void> => {
    const mode = options.mode ?? 0o644;
    try {
      if (options.root === true && !how.isRoot) return await replaceBySudo(how, root, path, text, mode);
      const { real } = await how.places.find(path, true);
      await replaceDirectly(how, path, real, text, mode);
    } catch (error) {
      throw boxError(path, error);
    }
  };
