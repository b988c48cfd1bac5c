/** Modes are wrappers: what a box may do, and who is told about it, is decided here and nowhere else. */
import { type Box, BoxError, type Command, type DirRead, type FileRead, type Ran, type StatRead } from './box.ts';

/** Refuses every change with BoxError('readOnly'). */
export const readOnly = (box: Box): Box => ({
  ...box,
  async run(command, signal) {
    if (command.changes === true)
      throw new BoxError('readOnly', `read only: ${command.argv.join(' ')} would change ${box.name}`);
    return box.run(command, signal);
  },
  async write(path) {
    throw new BoxError('readOnly', `read only: ${path} on ${box.name} is not changed`);
  },
});

/** The answer for a command that was not run because it may load kernel modules or create device nodes. */
export const HELD_BACK: Ran = { kind: 'denied', heldBack: 'mayLoad' };

/** For people, where such an answer leaves something unknown. */
export const HELD_BACK_WORDS = 'not run, because it may load kernel modules (allow it with --load-modules)';

export const isHeldBack = (ran: Ran): boolean => ran.kind === 'denied' && ran.heldBack === 'mayLoad';

/**
 * Runs a command marked `mayLoad` only where `allowed` says that there is nothing left to load; otherwise the answer
 * is HELD_BACK, which is `denied` and tellable from the machine's own refusal. `allowed` is asked each time, so give
 * it a box with a cache.
 */
export const noLoading = (box: Box, allowed: () => Promise<boolean>): Box => ({
  ...box,
  async run(command, signal) {
    if (command.mayLoad === true && !(await allowed())) return HELD_BACK;
    return box.run(command, signal);
  },
});

/** One thing that was asked of a box or done to it, with how long it took. */
export type Entry = { readonly tookMs: number } & (
  | { readonly ask: 'run'; readonly command: Command; readonly result: Ran }
  | { readonly ask: 'read'; readonly path: string; readonly result: FileRead }
  | { readonly ask: 'list'; readonly path: string; readonly result: DirRead }
  | { readonly ask: 'stat'; readonly path: string; readonly result: StatRead }
  | { readonly ask: 'write'; readonly path: string; readonly text: string | null; readonly ok: boolean }
);

/**
 * Tells `note` about everything once it has been answered. What throws (an abort, a refused change) is not noted,
 * except a write that failed. `clock` gives milliseconds.
 */
export const recording = (box: Box, note: (entry: Entry) => void, clock = (): number => performance.now()): Box => {
  const timed = async <T>(ask: () => Promise<T>): Promise<{ result: T; tookMs: number }> => {
    const from = clock();
    const result = await ask();
    return { result, tookMs: Math.round(clock() - from) };
  };
  return {
    ...box,
    async run(command, signal) {
      const { result, tookMs } = await timed(() => box.run(command, signal));
      note({ ask: 'run', command, result, tookMs });
      return result;
    },
    async read(path) {
      const { result, tookMs } = await timed(() => box.read(path));
      note({ ask: 'read', path, result, tookMs });
      return result;
    },
    async list(path) {
      const { result, tookMs } = await timed(() => box.list(path));
      note({ ask: 'list', path, result, tookMs });
      return result;
    },
    async stat(path) {
      const { result, tookMs } = await timed(() => box.stat(path));
      note({ ask: 'stat', path, result, tookMs });
      return result;
    },
    async write(path, text, options) {
      const from = clock();
      const done = (ok: boolean): void => note({ ask: 'write', path, text, ok, tookMs: Math.round(clock() - from) });
      try {
        await box.write(path, text, options);
      } catch (error) {
        done(false);
        throw error;
      }
      done(true);
    },
  };
};
