/** A small box and a store to break: everything that happens to them can be made to fail or to be the last thing ever. */
import { type Box, BoxError, type Command, type Ran } from '../src/box/box.ts';
import { type Store, StoreError } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import type { Plan, Step } from '../src/plan/plan.ts';

export interface World {
  readonly files: Map<string, string>;
  readonly modes: Map<string, number>;
  readonly flags: Set<string>;
  /** The files as the service last read them. */
  service: string;
  readonly ran: string[];
}

export const worldOf = (files: Readonly<Record<string, string>>): World => {
  const world = {
    files: new Map(Object.entries(files)),
    modes: new Map<string, number>(),
    flags: new Set<string>(),
    service: '',
    ran: [],
  };
  return { ...world, service: picture(world) };
};

/** Files and flags as one text, to compare. */
export const picture = (world: Pick<World, 'files' | 'flags'>): string =>
  JSON.stringify([[...world.files].sort(), [...world.flags].sort()]);

const exited = (code: number, stderr = ''): Ran => ({ kind: 'exited', code, stdout: '', stderr });

/** Commands: `on X`, `off X` set and clear a flag, `restart` reads the files, `true`, `false`. */
export const fakeBox = (world: World): Box => ({
  name: 'fake',
  kind: 'simulated',
  run: async ({ argv: [program, word = ''] }: Command) => {
    world.ran.push([program, word].join(' ').trim());
    if (program === 'on') world.flags.add(word);
    else if (program === 'off') world.flags.delete(word);
    else if (program === 'restart') world.service = picture(world);
    else if (program === 'false') return exited(1, 'it does not work');
    else if (program !== 'true') return { kind: 'absent' };
    return exited(0);
  },
  read: async path => {
    const text = world.files.get(path);
    return text === undefined ? { kind: 'absent' } : { kind: 'file', text };
  },
  list: async () => ({ kind: 'absent' }),
  stat: async path => {
    const text = world.files.get(path);
    if (text === undefined) return { kind: 'absent' };
    const mode = world.modes.get(path) ?? 0o644;
    return { kind: 'stat', stat: { type: 'file', mode, uid: 0, gid: 0, size: text.length, mtime: 0 } };
  },
  write: async (path, text, options) => {
    if (text === null) {
      world.files.delete(path);
      world.modes.delete(path);
      return;
    }
    if (!world.files.has(path)) world.modes.set(path, options?.mode ?? 0o644);
    world.files.set(path, text);
  },
});

/** Not an error the program knows: it stands for a kill, so nothing may catch it. */
export class Crash extends Error {}

export type Mishap = 'crash before' | 'crash after' | 'fail';

/** Counts every effect on box and journal; the `at`-th (from 0) crashes or fails. `count` tells how many there were. */
export const mishap = (box: Box, store: Store, at: number, how: Mishap) => {
  let count = 0;
  const effect = async <T>(action: () => Promise<T>, failure: () => T): Promise<T> => {
    const mine = count++ === at;
    if (mine && how === 'crash before') throw new Crash();
    if (mine && how === 'fail') return failure();
    const result = await action();
    if (mine) throw new Crash();
    return result;
  };
  const broken = (): never => {
    throw new StoreError('no space left on the device');
  };
  const breaking: Box = {
    ...box,
    run: command =>
      effect(
        () => box.run(command),
        () => exited(1, 'made to fail'),
      ),
    write: (path, text, options) =>
      effect(
        () => box.write(path, text, options),
        () => {
          throw new BoxError('noSpace', `${path} could not be written`);
        },
      ),
  };
  const journal: Store = {
    ...store,
    create: now => effect(() => store.create(now), broken),
    append: (id, file, line) => effect(() => store.append(id, file, line), broken),
    put: (id, file, text) => effect(() => store.put(id, file, text), broken),
  };
  return { box: breaking, store: journal, count: () => count };
};

/** After a kill nobody holds the lock any more; on disk the dead process id says so. */
export const unlocked = (store: Store): Store => ({
  ...store,
  lock: async () => ({ ok: true, release: async () => {} }),
});

export const edit = (path: string, before: string | null, after: string | null, mode?: number): Step => ({
  do: 'edit',
  path,
  before,
  after,
  root: true,
  why: 'because',
  ...(mode !== undefined && { mode }),
});

export const turnOn = (flag: string): Step => ({
  do: 'run',
  command: { argv: ['on', flag] },
  undo: { argv: ['off', flag] },
  why: 'because',
});

export const planOf = (steps: readonly Step[], rest: Partial<Plan> = {}): Plan => ({
  fix: 'some-fix',
  finding: 'some-finding',
  title: 'Do something',
  summary: 'It does something.',
  privilege: 3,
  effect: ['E1', 'RD'],
  touches: steps.flatMap(step => (step.do === 'edit' ? [step.path] : [])),
  steps,
  validate: [],
  settle: [],
  interrupts: null,
  afterwards: [],
  ...rest,
});

export const NOON = Date.UTC(2026, 10, 22, 12);
export { memoryStore };
