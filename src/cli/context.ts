/** What a command is given: its words, the terminal, and where its output goes. */
import type { Terminal } from './terminal.ts';
import type { Words } from './words.ts';

export interface Context {
  readonly words: Words;
  readonly terminal: Terminal;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** A command that must not be torn out of what it does calls this; an interruption then only aborts `signal`. */
  readonly holdInterrupts: () => void;
  /** Standard output; silently dropped once its reader is gone. */
  readonly out: (text: string) => void;
  /** Standard error. */
  readonly err: (text: string) => void;
}

/** The flag is given. */
export const has = (context: Context, option: string): boolean => context.words.options[option] === true;

/** The option's value, or undefined where it is not given. */
export const given = (context: Context, option: string): string | undefined => {
  const value = context.words.options[option];
  return typeof value === 'string' ? value : undefined;
};

/** Every value of an option that may be repeated. */
export const givenAll = (context: Context, option: string): readonly string[] => {
  const value = context.words.options[option];
  return typeof value === 'object' ? value : [];
};

/** `--json` is short for `--format json`. */
export const formatOf = (context: Context, otherwise: string): string =>
  has(context, 'json') ? 'json' : (given(context, 'format') ?? otherwise);

/** JSON for scripts: two spaces, a newline at the end. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The flags that name the same machine again, for the next command. */
export const fromOf = (context: Context): string => {
  const file = given(context, 'box');
  const demo = given(context, 'demo');
  if (demo !== undefined) return ` --demo ${demo}`;
  return file === undefined ? '' : ` --box ${/^[\w./@:+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`}`;
};
