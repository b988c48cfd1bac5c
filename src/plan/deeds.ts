/** Single deeds on a box, each with a plain answer: what apply and undo have in common. */

import { type Box, BoxError, type Command, type Ran, type WriteOptions } from '../box/box.ts';
import type { CachedBox } from '../box/cache.ts';

/** A step begun (`ok` null) or ended, for the screen and the transcript. */
export interface Progress {
  readonly direction: 'apply' | 'undo';
  /** "edit /etc/docker/daemon.json", "systemctl restart docker". */
  readonly what: string;
  readonly ok: boolean | null;
  readonly detail?: string;
  readonly command?: Command;
}
export type Note = (progress: Progress) => void;

export interface Hooks {
  /** Aborted: the step under way is finished, then everything done is undone. */
  readonly signal?: AbortSignal;
  readonly note?: Note;
}

export type Deed = { readonly ok: true } | { readonly ok: false; readonly because: string; readonly unsure?: boolean };
export const OK: Deed = { ok: true };

/** Milliseconds: dockerd may take its time to stop containers. */
const PATIENCE = 180_000;

export const lineOf = (command: Command): string => command.argv.join(' ');

const lastWords = (text: string): string => text.trim().split('\n').slice(-3).join('\n').slice(-600);

const because = (command: Command, ran: Ran): string => {
  const what = lineOf(command);
  switch (ran.kind) {
    case 'exited': {
      const words = lastWords(ran.stderr) || lastWords(ran.stdout);
      return `${what} ended with ${ran.code}${words === '' ? '' : `: ${words}`}`;
    }
    case 'absent':
      return `${command.argv[0]} is not installed`;
    case 'denied':
      return `${what} was not allowed`;
    case 'timedOut':
      return `${what} did not end within ${Math.round(ran.afterMs / 1000)} s`;
    case 'unrecorded':
      return `${what} cannot run on a recording`;
  }
};

/** Runs a command that changes the machine; it is never cut short by a signal. */
export const carryOut = async (box: Box, command: Command): Promise<Deed> => {
  try {
    const ran = await box.run({ timeoutMs: PATIENCE, ...command, changes: true });
    if (ran.kind === 'exited' && ran.code === 0) return OK;
    return { ok: false, because: because(command, ran), unsure: ran.kind === 'timedOut' };
  } catch (error) {
    if (error instanceof BoxError) return { ok: false, because: error.message };
    throw error;
  }
};

/** The last is what kubectl up to 1.27 says of a path with a filter to wait for. */
const TOO_OLD = /unknown (flag|option|command)|unrecognized option|not defined: -|jsonpath wait format must be/i;

/** A validating command; a program that is not there, or too old to know how to validate, proves nothing wrong. */
export const validated = async (box: Box, command: Command): Promise<Deed> => {
  const ran = await box.run({ timeoutMs: PATIENCE, ...command });
  if (ran.kind === 'exited' && ran.code === 0) return OK;
  if (ran.kind === 'absent') return OK;
  if (ran.kind === 'exited' && TOO_OLD.test(ran.stderr)) return OK;
  return { ok: false, because: because(command, ran) };
};

export type Now =
  | { readonly ok: true; readonly text: string | null }
  | { readonly ok: false; readonly because: string };

/** What stands in a file now; null where it does not exist. */
export const nowIn = async (box: Box, path: string): Promise<Now> => {
  // A box that remembers would show the file as it was previewed, and an edit made since would be lost.
  if ('forget' in box) (box as CachedBox).forget();
  const found = await box.read(path);
  if (found.kind === 'file') return { ok: true, text: found.text };
  if (found.kind === 'absent') return { ok: true, text: null };
  const why = found.kind === 'unreadable' ? `unreadable (${found.why})` : found.kind;
  return { ok: false, because: `${path} cannot be read: ${why}` };
};

/** Writes and reads back: a write that did not arrive is a failure, whatever the box said. */
export const putInto = async (box: Box, path: string, text: string | null, options: WriteOptions): Promise<Deed> => {
  try {
    await box.write(path, text, options);
  } catch (error) {
    if (error instanceof BoxError) return { ok: false, because: error.message };
    throw error;
  }
  const now = await nowIn(box, path);
  // A file only root may read cannot be read back; the write itself did not fail.
  return !now.ok || now.text === text ? OK : { ok: false, because: `${path} does not hold what was written to it` };
};
