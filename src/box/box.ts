/**
 * The one door to the world. Every command that is run and every file that is read or written goes through a Box,
 * so that the same program works on a live machine, on a recording and in a simulation.
 */

/** A command as an argument vector; there are no shell strings anywhere in this program. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Milliseconds; the box's default (10 s for probes) applies where it is absent. */
  readonly timeoutMs?: number;
  readonly stdin?: string;
  /** Needs root: the live box runs it through `sudo -n` when it is not root itself. */
  readonly root?: boolean;
  /** It changes the machine. A read-only box refuses it; probes never carry it. */
  readonly changes?: boolean;
  /** It may load kernel modules or create device nodes (the field reference marks these). */
  readonly mayLoad?: boolean;
}

/** Why something is not known. Each is a different fact; none of them means "no". */
export type Because = 'absent' | 'denied' | 'timedOut' | 'unrecorded' | 'unreadable';

export type Ran =
  | {
      readonly kind: 'exited';
      /** Exit status; negative for death by a signal. */
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly truncated?: boolean;
    }
  /** The program is not installed (not found on PATH). */
  | { readonly kind: 'absent' }
  /** The program may not be executed, or sudo refused; `heldBack`: we did not run it, because it may load modules. */
  | { readonly kind: 'denied'; readonly heldBack?: 'mayLoad' }
  | { readonly kind: 'timedOut'; readonly afterMs: number }
  /** A recording does not hold this command. */
  | { readonly kind: 'unrecorded' };

/** What could not be read, with the system's own word for it where there is one. */
export type Unread =
  | { readonly kind: 'absent' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'unreadable'; readonly why: 'EIO' | 'EISDIR' | 'tooBig' | 'binary' | 'ELOOP' | 'other' }
  | { readonly kind: 'timedOut'; readonly afterMs: number }
  | { readonly kind: 'unrecorded' };

export type FileRead = { readonly kind: 'file'; readonly text: string } | Unread;
export type DirRead = { readonly kind: 'dir'; readonly names: readonly string[] } | Unread;

/** lstat: a link is reported as a link, with its target as written. */
export interface Stat {
  readonly type: 'link' | 'dir' | 'char' | 'block' | 'socket' | 'fifo' | 'file';
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly target?: string;
  readonly major?: number;
  readonly minor?: number;
}
export type StatRead = { readonly kind: 'stat'; readonly stat: Stat } | Unread;

export interface WriteOptions {
  /** Permission bits for a file that does not exist yet; an existing file keeps its owner, mode, link and xattrs. */
  readonly mode?: number;
  readonly root?: boolean;
}

export interface Box {
  /** For people: "this machine", the recording's file name, the demo's name. */
  readonly name: string;
  readonly kind: 'live' | 'recorded' | 'simulated';
  run(command: Command, signal?: AbortSignal): Promise<Ran>;
  read(path: string): Promise<FileRead>;
  list(path: string): Promise<DirRead>;
  stat(path: string): Promise<StatRead>;
  /** Replaces the whole file atomically; null removes it. Throws BoxError when it cannot. */
  write(path: string, text: string | null, options?: WriteOptions): Promise<void>;
}

/** An effect that could not be carried out; expected trouble of reads and runs is a value instead. */
export class BoxError extends Error {
  readonly code: 'readOnly' | 'denied' | 'noSpace' | 'gone' | 'notMine' | 'other';
  constructor(code: BoxError['code'], message: string) {
    super(message);
    this.name = 'BoxError';
    this.code = code;
  }
}
