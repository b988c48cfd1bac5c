/**
 * Something a person gave us cannot be used: a missing, unreadable, binary, huge or malformed file.
 * The message is one line that names the path and, where it is known, the position. The command line exits with 64.
 */
export class InputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InputError';
  }
}

/** A path as it may stand in a one-line message: control characters are shown as escapes, not sent to the terminal. */
export const shownPath = (path: string): string =>
  path.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    c => `\\u${c.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''}`,
  );
