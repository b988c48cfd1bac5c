/** A simulated machine behind the same door as a real one. */
import {
  type Box,
  BoxError,
  type Command,
  type DirRead,
  type FileRead,
  type Ran,
  type StatRead,
  type Unread,
} from '../box/box.ts';
import { mayRead } from './coreutils.ts';
import { basename, dirname, get, lget, names, overwrite, remove, resolve, statOf } from './fs.ts';
import { inPath } from './path.ts';
import { programs } from './programs.ts';
import { driverSleeps, tick, type World } from './world.ts';

const mayBeRoot = (world: World): boolean => world.user.uid === 0 || world.user.groups.some(([, g]) => g === 'sudo');

/** Runs a command in the world. A program without a file on the PATH, or without a model, is not installed. */
export const runIn = (world: World, command: Command): Ran => {
  const argv = command.argv[0] === 'sudo' ? command.argv.slice(command.argv[1] === '-n' ? 2 : 1) : command.argv;
  const [name = '', ...args] = argv;
  const root = world.user.uid === 0 || command.root === true || argv !== command.argv;
  const at = inPath(world, name);
  const entry = get(world.fs, at ?? name);
  if (at === null) return entry?.type === 'file' && name.includes('/') ? { kind: 'denied' } : { kind: 'absent' };
  const called = basename(at);
  const program = programs[called];
  if (!program) return { kind: 'absent' };
  if (root && !mayBeRoot(world)) return { kind: 'denied' };
  if (world.hangs?.has(called) || (called === 'nvidia-smi' && driverSleeps(world)))
    return { kind: 'timedOut', afterMs: command.timeoutMs ?? 10_000 };
  return program({
    world,
    args,
    argv,
    root,
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    exec: inner => runIn(world, { argv: inner, root: true }),
  });
};

const unread = (world: World, path: string): Unread =>
  resolve(world.fs, path) === null ? { kind: 'unreadable', why: 'ELOOP' } : { kind: 'absent' };

/** The box of a world. Writes and commands change the world; nothing outside it is touched. */
export const simBox = (world: World): Box => {
  const { fs } = world;
  return {
    name: world.name,
    kind: 'simulated',
    run: async command => runIn(world, command),
    read: async (path): Promise<FileRead> => {
      const entry = get(fs, path);
      if (!entry) return unread(world, path);
      if (entry.type === 'dir') return { kind: 'unreadable', why: 'EISDIR' };
      if (!mayRead(world, entry, false)) return { kind: 'denied' };
      if (entry.type !== 'file') return { kind: 'unreadable', why: 'other' };
      return entry.binary ? { kind: 'unreadable', why: 'binary' } : { kind: 'file', text: entry.text };
    },
    list: async (path): Promise<DirRead> => {
      const inside = names(fs, path);
      if (inside) return { kind: 'dir', names: inside };
      return get(fs, path) ? { kind: 'unreadable', why: 'other' } : unread(world, path);
    },
    stat: async (path): Promise<StatRead> => {
      const entry = lget(fs, path);
      return entry ? { kind: 'stat', stat: statOf(entry) } : unread(world, path);
    },
    write: async (path, content, options) => {
      const root = world.user.uid === 0 || (options?.root === true && mayBeRoot(world));
      const at = resolve(fs, path) ?? path;
      const entry = get(fs, at);
      if (entry?.type === 'dir') throw new BoxError('other', `${path} is a directory`);
      const own = entry ? entry.uid === world.user.uid : (get(fs, dirname(at))?.uid ?? 0) === world.user.uid;
      if (!root && !own) throw new BoxError('denied', `${path}: permission denied`);
      if (!get(fs, dirname(at))) throw new BoxError('gone', `${dirname(path)} does not exist`);
      tick(world);
      if (content === null) remove(fs, at);
      else overwrite(fs, at, content, options?.mode);
    },
  };
};
