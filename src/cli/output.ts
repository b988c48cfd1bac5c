/** Writing to standard output and error whose reader may be gone, or whose disk may be full. */
import { fstatSync, writeSync } from 'node:fs';

interface Stream {
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  readonly writableLength?: number;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * A standard stream that Node makes only where it is a terminal: for a file or a pipe that costs a start 5 ms (it loads
 * the network module) and does what a plain write does, since Node writes to those synchronously too.
 */
export const endOf = (fd: 1 | 2, made: () => Stream): Stream => {
  let real: Stream | undefined;
  const listeners: ((error: NodeJS.ErrnoException) => void)[] = [];
  const opened = (): Stream => {
    if (real === undefined) {
      real = made();
      for (const listener of listeners) real.on('error', listener);
    }
    return real;
  };
  try {
    const found = fstatSync(fd);
    if (!found.isFile() && !found.isFIFO() && !found.isSocket()) return made();
  } catch {
    return made();
  }
  const write = (text: string | Uint8Array, done?: (error?: Error | null) => void): boolean => {
    if (real !== undefined) return done === undefined ? real.write(text) : real.write(text, done);
    let left: Uint8Array = Buffer.from(text);
    try {
      while (left.length > 0) left = left.subarray(writeSync(fd, left));
    } catch (error) {
      // A pipe that somebody made non-blocking is full: Node's stream waits for its reader.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return opened().write(left, done);
      for (const listener of listeners) listener(error as NodeJS.ErrnoException);
    }
    done?.(null);
    return true;
  };
  return {
    write,
    on: (_, listener) => {
      listeners.push(listener);
      return real?.on('error', listener);
    },
    get writableLength() {
      return real?.writableLength ?? 0;
    },
    isTTY: false,
  };
};

export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** After everything is written: the error code that stopped it, or null. A reader that left is no error. */
  readonly flush: () => Promise<string | null>;
}

const isGone = (code: string | undefined): boolean =>
  code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ECONNRESET';

/** `closed` is called once when the reader of standard output has left. */
export const output = (stdout: Stream, stderr: Stream, closed: () => void): Output => {
  let failure: string | null = null;
  let isClosed = false;
  stdout.on('error', error => {
    if (!isGone(error.code)) failure ??= error.code ?? error.message;
    if (!isClosed) closed();
    isClosed = true;
  });
  stderr.on('error', () => {});
  return {
    out: text => {
      if (!isClosed) stdout.write(text);
    },
    err: text => {
      stderr.write(text);
    },
    flush: () =>
      isClosed || (stdout.writableLength ?? 0) === 0
        ? new Promise(resolve => setImmediate(() => resolve(failure)))
        : new Promise(resolve => stdout.write('', () => setImmediate(() => resolve(failure)))),
  };
};
