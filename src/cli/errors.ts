/** Wrong words on the command line; one line, exit code 64. */
export class UsageError extends Error {
  /** What to type instead. */
  readonly hint: string | null;
  constructor(message: string, hint: string | null = null) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}
