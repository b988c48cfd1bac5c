/** Reading answers without guessing: what a command or a file said, or why it said nothing. */
import type { DirRead, FileRead, Ran, StatRead, Unread } from '../../src/box/box.ts';
import { type Maybe, unknown } from '../../src/engine/known.ts';

const because = (kind: Ran['kind'] | Unread['kind']) =>
  kind === 'absent' || kind === 'denied' || kind === 'timedOut' || kind === 'unrecorded' ? kind : 'unreadable';

/** Standard output of a command that exited with 0. */
export const output = (ran: Ran, name: string): Maybe<string> =>
  ran.kind === 'exited'
    ? ran.code === 0
      ? ran.stdout
      : unknown('unreadable', name)
    : unknown(because(ran.kind), name);

/** Whatever a command printed first, whatever its status (systemctl is-active answers with a word and a status). */
export const word = (ran: Ran, name: string): Maybe<string> =>
  ran.kind === 'exited' ? ran.stdout.trim() : unknown(because(ran.kind), name);

/** A program's output, or null where the program is not installed. */
export const outputOrAbsent = (ran: Ran, name: string): Maybe<string | null> =>
  ran.kind === 'absent' ? null : output(ran, name);

/** A file's text, null where there is no such file. */
export const text = (found: FileRead, path: string): Maybe<string | null> =>
  found.kind === 'file' ? found.text : found.kind === 'absent' ? null : unknown(because(found.kind), path);

/** A folder's names, null where there is no such folder. */
export const names = (found: DirRead, path: string): Maybe<readonly string[] | null> =>
  found.kind === 'dir' ? found.names : found.kind === 'absent' ? null : unknown(because(found.kind), path);

/** Whether something stands at a path. */
export const exists = (found: StatRead, path: string): Maybe<boolean> =>
  found.kind === 'stat' ? true : found.kind === 'absent' ? false : unknown(because(found.kind), path);

/** JSON that a program printed; text that is none is "unreadable". */
export const json = (raw: Maybe<string>, name: string): Maybe<unknown> => {
  if (typeof raw !== 'string') return raw;
  try {
    return JSON.parse(raw);
  } catch {
    return unknown('unreadable', name);
  }
};

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter(v => typeof v === 'string') : [];
export const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The answers of a probe that asks for other things on other boxes; one that was not asked for is undefined. */
// biome-ignore lint/suspicious/noExplicitAny: what kind an answer is follows from how it was asked for
export type Answers = Readonly<Record<string, any>>;
