/** Makes a recording of a box: asks it everything that is named and writes down the answers. */
import type { Box } from '../box/box.ts';
import { type Entry, isHeldBack, readOnly, recording } from '../box/wrap.ts';
import type { Ask } from '../engine/probe.ts';
import { FORMAT, type Snapshot, type SnapshotCommand, type SnapshotStat } from './snapshot.ts';

const octal = (mode: number): string => `0o${mode.toString(8)}`;

const commandOf = (entry: Extract<Entry, { ask: 'run' }>): SnapshotCommand | undefined => {
  const { command, result, tookMs: ms } = entry;
  const nothing = { argv: command.argv, code: -1, stdout: '', stderr: '', ms };
  // What was typed into a command is not held, so its answer would be taken for that of the bare command.
  if (command.stdin !== undefined || isHeldBack(result)) return undefined;
  switch (result.kind) {
    case 'exited': {
      const { code, stdout, stderr, truncated } = result;
      return { argv: command.argv, code, stdout, stderr, ms, ...(truncated === true && { truncated }) };
    }
    case 'absent':
      return { ...nothing, code: 127, absent: true };
    case 'denied':
      return { ...nothing, code: 126, denied: true };
    case 'timedOut':
      return { ...nothing, ms: result.afterMs, timedOut: true };
    case 'unrecorded':
      return undefined;
  }
};

/** Gathers entries of `recording`; `snapshot` gives what they amount to so far. A later answer replaces an earlier one. */
export const recorder = (description?: string): { note(entry: Entry): void; snapshot(): Snapshot } => {
  const commands = new Map<string, SnapshotCommand>();
  const files = new Map<string, string | null>();
  const dirs = new Map<string, readonly string[] | null>();
  const stats = new Map<string, SnapshotStat>();
  const errors = new Map<string, string>();
  const listing = new Map<string, string>();

  const trouble = ({ ask, path, result }: Exclude<Entry, { ask: 'run' | 'write' }>): void => {
    const where = ask === 'list' ? listing : errors;
    if (result.kind === 'denied') where.set(path, 'EACCES');
    else if (result.kind === 'timedOut') where.set(path, `timedOut:${result.afterMs}`);
    else if (result.kind === 'unreadable') where.set(path, result.why);
  };

  const note = (entry: Entry): void => {
    switch (entry.ask) {
      case 'run': {
        const command = commandOf(entry);
        if (command !== undefined) commands.set(JSON.stringify(command.argv), command);
        return;
      }
      case 'read':
        if (entry.result.kind === 'file') files.set(entry.path, entry.result.text);
        else if (entry.result.kind === 'absent') files.set(entry.path, null);
        else trouble(entry);
        return;
      case 'list':
        if (entry.result.kind === 'dir') dirs.set(entry.path, entry.result.names);
        else if (entry.result.kind === 'absent') dirs.set(entry.path, null);
        else trouble(entry);
        return;
      case 'stat':
        if (entry.result.kind === 'stat')
          stats.set(entry.path, { ...entry.result.stat, mode: octal(entry.result.stat.mode) });
        else if (entry.result.kind === 'absent') files.set(entry.path, null);
        else trouble(entry);
        return;
      case 'write':
        return;
    }
  };

  /** One word for each path; a second, marked as of the listing, only where listing failed otherwise than reading. */
  const troubles = (): ReadonlyMap<string, string> => {
    const all = new Map(errors);
    for (const [path, word] of listing) {
      const reading = errors.get(path);
      // That something is no folder says nothing about reading it.
      const alone = word === 'other' ? 'list:other' : word;
      all.set(path, reading === undefined ? alone : reading === word ? word : `${reading} list:${word}`);
    }
    return all;
  };

  const sorted = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    note,
    snapshot: () => ({
      format: FORMAT,
      ...(description !== undefined && { description }),
      commands: [...commands.values()],
      files: sorted(files),
      dirs: sorted(dirs),
      stats: sorted(stats),
      errors: sorted(troubles()),
    }),
  };
};

/** Above this many questions at a time a small machine answers them no faster, and slower ones time out. */
const AT_ONCE = 8;

/** Links by which the same file has two names, so that a recording can answer for both. */
const LINKS: readonly Ask[] = ['/bin', '/sbin', '/lib', '/lib64', '/var/run'].map(path => ({ ask: 'stat', path }));

/**
 * Asks `box` all of `asks` and then `more`, which is handed the same recorded box for questions that depend on answers.
 * Nothing that changes the machine is asked; `more` that tries is refused.
 */
export const recordSnapshot = async (
  box: Box,
  asks: readonly Ask[],
  more?: (recorded: Box) => Promise<unknown>,
  options: { readonly description?: string; readonly signal?: AbortSignal } = {},
): Promise<Snapshot> => {
  const { note, snapshot } = recorder(options.description);
  const recorded = recording(readOnly(box), note);
  const todo = [...LINKS, ...asks].toReversed();
  const work = async (): Promise<void> => {
    for (let ask = todo.pop(); ask !== undefined; ask = todo.pop()) {
      options.signal?.throwIfAborted();
      if (ask.ask === 'read') await recorded.read(ask.path);
      else if (ask.ask === 'list') await recorded.list(ask.path);
      else if (ask.ask === 'stat') await recorded.stat(ask.path);
      else if (ask.command.changes !== true) await recorded.run(ask.command, options.signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await more?.(recorded);
  return snapshot();
};
