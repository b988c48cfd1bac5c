/** Writing to standard output and error whose reader may be gone, or whose disk may be full. */

interface Stream {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  readonly writableLength?: number;
}

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
