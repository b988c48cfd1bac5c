/** Keeps the log of a session beside its journal, a few lines at a time, so that a transcript outlives the program. */
import type { Store } from '../plan/journal.ts';

/** Name of the file of events in a session's folder; one JSON object a line, redacted. */
export const EVENTS = 'events.ndjson';

export interface EventLog {
  readonly line: (line: string) => void;
  /** From now on it is worth keeping; a run that only looked at the first screen leaves nothing behind. */
  readonly keep: () => void;
  /** Writes what is waiting; resolves also where it cannot be written. */
  readonly flush: () => Promise<void>;
}

/** A log that cannot be kept stops nothing: the journal alone decides whether a change may begin. */
export const eventLog = (store: Store, session: () => Promise<string | null>, pauseMs = 300): EventLog => {
  let isKept = false;
  let waiting: string[] = [];
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (!isKept) return writing;
    const lines = waiting;
    waiting = [];
    writing = writing.then(async () => {
      if (lines.length === 0) return;
      const id = await session();
      if (id !== null) await store.append(id, EVENTS, lines.join('\n')).catch(() => {});
    });
    return writing;
  };
  return {
    line: line => {
      waiting.push(line);
      if (timer !== null || !isKept) return;
      timer = setTimeout(() => void flush(), pauseMs);
      timer.unref();
    },
    keep: () => {
      isKept = true;
    },
    flush,
  };
};
