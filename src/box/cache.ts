/** Identical questions are asked once: side by side they share the promise, later its result, until something changed. */
import type { Box, Command, Ran } from './box.ts';

export interface CachedBox extends Box {
  /** After a change nothing that was known before it counts. A write and a changing command bring this about themselves. */
  forget(): void;
}

interface Shared {
  readonly answer: Promise<Ran>;
  readonly stop: AbortController;
  /** Who still wants the answer; the command is stopped when the last one gives up. */
  waiting: number;
  settled: boolean;
}

const keyOf = (c: Command): string => JSON.stringify([c.argv, c.stdin ?? null, c.root === true, c.timeoutMs ?? 0]);

/**
 * A box that remembers its answers until `forget`. Commands that change the machine are never remembered.
 * An abort lets go of one asker; the command itself is stopped only when nobody waits for it any more.
 */
export const cached = (box: Box): CachedBox => {
  let runs = new Map<string, Shared>();
  let looks = new Map<string, Promise<unknown>>();
  const forget = (): void => {
    runs = new Map();
    looks = new Map();
  };

  const start = (command: Command, key: string): Shared => {
    const home = runs;
    const stop = new AbortController();
    const shared: Shared = { answer: box.run(command, stop.signal), stop, waiting: 0, settled: false };
    home.set(key, shared);
    shared.answer.then(
      () => {
        shared.settled = true;
      },
      () => {
        // A question that broke is not an answer and may be asked again.
        shared.settled = true;
        if (home.get(key) === shared) home.delete(key);
      },
    );
    return shared;
  };

  const wait = async (shared: Shared, signal: AbortSignal | undefined, drop: () => void): Promise<Ran> => {
    shared.waiting += 1;
    if (signal === undefined || shared.settled) return shared.answer;
    let letGo: (() => void) | undefined;
    const given = new Promise<never>((_, reject) => {
      letGo = () => {
        shared.waiting -= 1;
        if (shared.waiting === 0 && !shared.settled) {
          drop();
          shared.stop.abort(signal.reason);
        }
        reject(signal.reason);
      };
      signal.addEventListener('abort', letGo, { once: true });
    });
    try {
      return await Promise.race([shared.answer, given]);
    } finally {
      if (letGo) signal.removeEventListener('abort', letGo);
    }
  };

  const look = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const home = looks;
    const known = home.get(key);
    if (known !== undefined) return known as Promise<T>;
    const answer = ask();
    home.set(key, answer);
    answer.catch(() => home.get(key) === answer && home.delete(key));
    return answer;
  };

  return {
    name: box.name,
    kind: box.kind,
    async run(command, signal) {
      signal?.throwIfAborted();
      if (command.changes === true) {
        try {
          return await box.run(command, signal);
        } finally {
          forget();
        }
      }
      const key = keyOf(command);
      const home = runs;
      const shared = home.get(key) ?? start(command, key);
      return wait(shared, signal, () => home.get(key) === shared && home.delete(key));
    },
    read: path => look(`read ${path}`, () => box.read(path)),
    list: path => look(`list ${path}`, () => box.list(path)),
    stat: path => look(`stat ${path}`, () => box.stat(path)),
    async write(path, text, options) {
      try {
        await box.write(path, text, options);
      } finally {
        forget();
      }
    },
    forget,
  };
};
