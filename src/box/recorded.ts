/** A box that answers from a recording: by exact argv and path, and by what follows from them without a guess. */

import type { Snapshot, SnapshotCommand } from '../snapshot/snapshot.ts';
import {
  type Box,
  BoxError,
  type Command,
  type DirRead,
  type FileRead,
  type Ran,
  type StatRead,
  type Unread,
} from './box.ts';
import { heldBy } from './held.ts';
import { programsOf } from './programs.ts';

const UNRECORDED = { kind: 'unrecorded' } as const;
const ABSENT = { kind: 'absent' } as const;

const ranOf = (c: SnapshotCommand): Ran => {
  if (c.absent === true) return ABSENT;
  if (c.denied === true) return { kind: 'denied' };
  if (c.timedOut === true) return { kind: 'timedOut', afterMs: c.ms ?? 0 };
  const ran = { kind: 'exited', code: c.code, stdout: c.stdout ?? '', stderr: c.stderr ?? '' } as const;
  return c.truncated === true ? { ...ran, truncated: true } : ran;
};

const unreadOf = (error: string): Unread => {
  if (error === 'EACCES' || error === 'EPERM') return { kind: 'denied' };
  if (error === 'ENOENT') return ABSENT;
  if (error.startsWith('timedOut')) return { kind: 'timedOut', afterMs: Number(error.split(':')[1] ?? 0) || 0 };
  for (const why of ['EIO', 'EISDIR', 'tooBig', 'binary', 'ELOOP'] as const)
    if (error === why) return { kind: 'unreadable', why };
  return { kind: 'unreadable', why: 'other' };
};

/** The word for reading and the word for listing, where they differ: "EISDIR list:EACCES". */
const troubleOf = (error = ''): { readonly reading?: string; readonly listing?: string } => {
  const words = error.split(' ').filter(Boolean);
  const reading = words.find(w => !w.startsWith('list:'));
  const listing = words.find(w => w.startsWith('list:'))?.slice('list:'.length) ?? reading;
  return { ...(reading !== undefined && { reading }), ...(listing !== undefined && { listing }) };
};

/** What `cat PATH` says about the file, where it says something. */
const catSays = (c: SnapshotCommand | undefined): FileRead | undefined => {
  const ran = c === undefined ? UNRECORDED : ranOf(c);
  if (ran.kind === 'timedOut') return ran;
  if (ran.kind !== 'exited') return undefined;
  if (ran.truncated === true) return { kind: 'unreadable', why: 'tooBig' };
  if (ran.code === 0) return { kind: 'file', text: ran.stdout };
  if (/: No such file or directory\s*$/.test(ran.stderr)) return ABSENT;
  if (/: Permission denied\s*$/.test(ran.stderr)) return { kind: 'denied' };
  if (/: Is a directory\s*$/.test(ran.stderr)) return { kind: 'unreadable', why: 'EISDIR' };
  return undefined;
};

/** What `cat PATH` would print, from what is known of the file. */
const catWould = (path: string, read: FileRead): Ran => {
  const failed = (words: string): Ran => ({ kind: 'exited', code: 1, stdout: '', stderr: `cat: ${path}: ${words}\n` });
  switch (read.kind) {
    case 'file':
      return { kind: 'exited', code: 0, stdout: read.text, stderr: '' };
    case 'absent':
      return failed('No such file or directory');
    case 'denied':
      return failed('Permission denied');
    case 'timedOut':
      return read;
    case 'unreadable':
      if (read.why === 'EISDIR') return failed('Is a directory');
      if (read.why === 'EIO') return failed('Input/output error');
      return UNRECORDED;
    case 'unrecorded':
      return UNRECORDED;
  }
};

/** The key under which a command is held. NUL cannot stand in an argument. */
const keyOf = (argv: readonly string[]): string => argv.join('\0');

/** `name` is shown to people: the file's name. Never touches the machine; refuses every change with BoxError. */
export const recordedBox = (snapshot: Snapshot, name: string): Box => {
  const commands = new Map(snapshot.commands.map(c => [keyOf(c.argv), c]));
  const held = heldBy(snapshot);
  const programs = programsOf(snapshot.commands);

  const read = (path: string): FileRead => {
    const facts = held.at(path);
    if (typeof facts.text === 'string') return { kind: 'file', text: facts.text };
    const cat = catSays(commands.get(keyOf(['cat', path])));
    if (facts.text === null) return cat ?? ABSENT;
    if (cat !== undefined) return cat;
    const { reading } = troubleOf(facts.error);
    if (reading !== undefined) return unreadOf(reading);
    if (facts.stat?.type === 'dir' || Array.isArray(facts.names)) return { kind: 'unreadable', why: 'EISDIR' };
    if (held.absent(path, true)) return ABSENT;
    if (held.loops(path)) return { kind: 'unreadable', why: 'ELOOP' };
    return UNRECORDED;
  };

  const list = (path: string): DirRead => {
    const facts = held.at(path);
    if (facts.names === null) return ABSENT;
    if (facts.names !== undefined) return { kind: 'dir', names: facts.names };
    const { reading, listing } = troubleOf(facts.error);
    const isFile = typeof facts.text === 'string' || reading === 'tooBig' || reading === 'binary';
    if (isFile || (facts.stat !== undefined && facts.stat.type !== 'dir')) return { kind: 'unreadable', why: 'other' };
    if (listing !== undefined && listing !== 'EISDIR') return unreadOf(listing);
    if (held.absent(path, true)) return ABSENT;
    if (held.loops(path)) return { kind: 'unreadable', why: 'ELOOP' };
    return UNRECORDED;
  };

  const stat = (path: string): StatRead => {
    const found = held.itself(path);
    if (found !== undefined) {
      const { type, mode, uid, gid, size, mtime, target, major, minor } = found;
      const numbers = { mode: Number.parseInt(mode.slice(2), 8), uid, gid, size, mtime };
      return {
        kind: 'stat',
        stat: {
          type,
          ...numbers,
          ...(target !== undefined && { target }),
          ...(major !== undefined && { major }),
          ...(minor !== undefined && { minor }),
        },
      };
    }
    if (held.absent(path, false)) return ABSENT;
    const { reading } = troubleOf(held.at(path).error);
    if (reading === 'EACCES' || reading === 'EPERM' || reading?.startsWith('timedOut')) return unreadOf(reading);
    return UNRECORDED;
  };

  const run = (command: Command): Ran => {
    const { argv } = command;
    // A recording does not hold what was typed into a command, so it cannot know the answer to it.
    if (command.stdin !== undefined) return UNRECORDED;
    const exact = commands.get(keyOf(argv));
    if (exact !== undefined) return ranOf(exact);
    if (argv[0] === 'cat' && argv.length === 2 && argv[1]?.startsWith('/')) return catWould(argv[1], read(argv[1]));
    if (argv[0] === 'which') return programs.which(argv.slice(1)) ?? UNRECORDED;
    return programs.absent(argv[0]) ? ABSENT : UNRECORDED;
  };

  return {
    name,
    kind: 'recorded',
    async run(command) {
      if (command.changes === true)
        throw new BoxError('readOnly', `${name} is a recording: ${command.argv[0]} cannot be run`);
      return run(command);
    },
    read: async path => read(path),
    list: async path => list(path),
    stat: async path => stat(path),
    async write(path) {
      throw new BoxError('readOnly', `${name} is a recording: ${path} cannot be changed`);
    },
  };
};
