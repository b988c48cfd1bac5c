/**
 * The state folder: /var/lib/gpumedic for root, else $XDG_STATE_HOME/gpumedic. Folders are 0700 and files 0600. With
 * the live box, the only place that uses node:fs on the machine.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Locked, type Store, StoreError } from './journal.ts';
import { idsInOrder, isSessionId, nextId } from './session-id.ts';

export interface StateOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: this process's. */
  readonly uid?: number;
  /** Default: the home folder in /etc/passwd. */
  readonly homeOf?: (user: string) => string | null;
}

/** The folder of contract section 6. */
export const stateDir = (options: StateOptions = {}): string => {
  const env = options.env ?? process.env;
  if ((options.uid ?? process.getuid?.()) === 0) return '/var/lib/gpumedic';
  const xdg = env.XDG_STATE_HOME;
  // The XDG specification: a relative path there is to be ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(env.HOME ?? '/', '.local/state'), 'gpumedic');
};

const homeInPasswd = (user: string): string | null => {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find(entry => entry.startsWith(`${user}:`));
    return line?.split(':')[5] || null;
  } catch {
    return null;
  }
};

/** Folders whose sessions this person may see: their own, and for root also that of the user behind sudo. */
export const stateDirs = (options: StateOptions = {}): readonly string[] => {
  const env = options.env ?? process.env;
  const own = stateDir(options);
  const behind = (options.uid ?? process.getuid?.()) === 0 ? env.SUDO_USER : undefined;
  const home = behind && behind !== 'root' ? (options.homeOf ?? homeInPasswd)(behind) : null;
  return home && isAbsolute(home) ? [own, join(home, '.local/state/gpumedic')] : [own];
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file size limit is reached',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read only',
  ENOTDIR: 'a folder of the path is a file',
  ELOOP: 'it is a symbolic link',
};
const storeError = (path: string, what: 'written' | 'read', error: unknown): StoreError =>
  new StoreError(`${path} could not be ${what}: ${WORDS[codeOf(error)] ?? (codeOf(error) || String(error))}`);

const trying = async <T>(path: string, what: 'written' | 'read', action: () => T): Promise<T> => {
  try {
    return action();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw storeError(path, what, error);
  }
};

const syncFolder = (path: string): void => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const makeFolder = (path: string): void => {
  const parent = dirname(path);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    makeFolder(parent);
    makeFolder(path);
    return;
  }
  syncFolder(parent);
};

/** Writes everything, or throws: a short write on a full disk is no success. */
const writeAll = (fd: number, text: string): void => {
  const bytes = Buffer.from(text, 'utf8');
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
};

// Never through a link: root may be writing below another person's home.
const OURS = constants.O_NOFOLLOW;

const writeNew = (path: string, text: string): void => {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | OURS, 0o600);
  try {
    writeAll(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const appendLine = (path: string, line: string): void => {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | OURS, 0o600);
  try {
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    // A line cut short by a crash must not swallow the next one.
    const torn = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    writeAll(fd, `${torn ? '\n' : ''}${line}\n`);
    fsyncSync(fd);
    if (size === 0) syncFolder(dirname(path));
  } finally {
    closeSync(fd);
  }
};

const readText = (path: string): string | null => {
  try {
    const fd = openSync(path, constants.O_RDONLY | OURS);
    try {
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
};

/** Who holds the lock; the boot and the process's start time tell a reused process id from the old one. */
interface Holder {
  readonly pid: number;
  readonly boot: string;
  readonly started: string;
}

const readOr = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};
const bootId = (): string => readOr('/proc/sys/kernel/random/boot_id');
/** Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
const startedOf = (pid: number): string => readOr(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[19] ?? '';

const isAlive = (holder: Holder): boolean => {
  if (holder.boot !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  return startedOf(holder.pid) === holder.started;
};

const holderIn = (text: string): Holder | null => {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : null;
  } catch {
    return null;
  }
};

const takeLock = (dir: string): Locked => {
  const path = join(dir, 'lock');
  const mine = JSON.stringify({ pid: process.pid, boot: bootId(), started: startedOf(process.pid) } satisfies Holder);
  const draft = `${path}.${process.pid}`;
  const drop = (file: string) => {
    try {
      unlinkSync(file);
    } catch {}
  };
  makeFolder(dir);
  drop(draft);
  writeNew(draft, mine);
  try {
    for (let tries = 0; ; tries++) {
      try {
        // A link appears whole or not at all, so nobody reads half a lock.
        linkSync(draft, path);
        break;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || tries > 20) throw error;
      }
      const text = readText(path);
      const holder = text === null ? null : holderIn(text);
      if (holder !== null && isAlive(holder)) return { ok: false, pid: holder.pid };
      if (text === null) continue;
      const stale = `${draft}.stale`;
      try {
        renameSync(path, stale);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        throw error;
      }
      // Somebody else may have taken the stale lock first; then what we moved away is theirs.
      if (readText(stale) !== text) {
        try {
          linkSync(stale, path);
        } catch {}
      }
      drop(stale);
    }
  } finally {
    drop(draft);
  }
  return {
    ok: true,
    release: async () => {
      if (readText(path) === mine) drop(path);
    },
  };
};

/** Sessions on disk below `dir`, which is made when something is written. */
export const diskStore = (dir: string = stateDir()): Store => {
  const sessions = join(dir, 'sessions');
  const fileOf = (id: string, file: string): string => {
    if (!isSessionId(id)) throw new StoreError(`${JSON.stringify(id)} is no name of a session`);
    if (file.split('/').some(part => part === '' || part === '..'))
      throw new StoreError(`${file} is no file of a session`);
    return join(sessions, id, file);
  };
  const names = (): readonly string[] => {
    try {
      return readdirSync(sessions);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  };
  return {
    where: dir,
    create: now =>
      trying(sessions, 'written', () => {
        makeFolder(sessions);
        if ((lstatSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700);
        for (;;) {
          const id = nextId(names(), now);
          try {
            mkdirSync(join(sessions, id), { mode: 0o700 });
          } catch (error) {
            if (codeOf(error) === 'EEXIST') continue;
            throw error;
          }
          syncFolder(sessions);
          return id;
        }
      }),
    ids: () =>
      trying(sessions, 'read', () => idsInOrder(names().filter(name => lstatSync(join(sessions, name)).isDirectory()))),
    append: (id, file, line) => trying(join(sessions, id, file), 'written', () => appendLine(fileOf(id, file), line)),
    put: (id, file, text) =>
      trying(join(sessions, id, file), 'written', () => {
        const path = fileOf(id, file);
        makeFolder(dirname(path));
        const draft = `${path}.new`;
        try {
          unlinkSync(draft);
        } catch {}
        writeNew(draft, text);
        renameSync(draft, path);
        syncFolder(dirname(path));
      }),
    get: (id, file) =>
      trying(join(sessions, id, file), 'read', () => (isSessionId(id) ? readText(fileOf(id, file)) : null)),
    lock: () => trying(join(dir, 'lock'), 'written', () => takeLock(dir)),
  };
};

/** One's own sessions first; for root then those of the user behind sudo. */
export const diskStores = (options: StateOptions = {}): readonly Store[] =>
  stateDirs(options).map(dir => diskStore(dir));
