/** Runs the command that the words name and ends the process with its code. */
import { shownPath as printable } from '../box/errors.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { endOf, output } from './output.ts';
import { run } from './run.ts';
import { terminalOf } from './terminal.ts';
import { version } from './version.ts';
import { parseWords, type Words } from './words.ts';

export const exits = { usage: 64, bug: 70, interrupted: 130 } as const;

/** Errors that are a person's to mend: their message is the whole answer. By name, so that no module is loaded for it. */
const expected: Readonly<Record<string, number>> = {
  UsageError: exits.usage,
  InputError: exits.usage,
  OutputError: exits.usage,
  BoxError: 1,
  StoreError: 1,
};

const oneLine = (text: string): string => printable(text.replace(/\s*\n\s*/g, ' '));

/** The exit code for an error, after saying on stderr what it is. */
const explainError = (error: unknown, context: Pick<Context, 'err' | 'env' | 'signal'>): number => {
  if (context.signal.aborted) return exits.interrupted;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = Object.hasOwn(expected, name) ? expected[name] : undefined;
  if (code !== undefined) {
    const hint = error instanceof UsageError && error.hint !== null ? `; ${error.hint}` : '';
    context.err(`gpumedic: ${oneLine(message)}${oneLine(hint)}\n`);
    return code;
  }
  context.err(
    `gpumedic: internal error: ${oneLine(message)}\n` +
      'This is a fault of gpumedic, not of this machine. Please report it with the command you typed and, if you can,\n' +
      'the file that `gpumedic snapshot` writes (read it first). GPUMEDIC_DEBUG=1 shows where it happened.\n',
  );
  if (context.env.GPUMEDIC_DEBUG) context.err(`${stack ?? message}\n`);
  return exits.bug;
};

const dispatch = async (words: Words, context: Context): Promise<number> => {
  if (words.options.version === true) {
    context.out(`gpumedic ${version}\n`);
    return 0;
  }
  if (words.options.help === true) {
    context.out((await import('./help.ts')).help(words.command, context.terminal));
    return 0;
  }
  if (words.options.demo === 'list') return (await import('./demos.ts')).run(context);
  return run[words.command]!(context);
};

/** Ends the process: 0, 1, 2, 64, 70 or 130 (docs/cli.md). */
export const start = async (args: readonly string[]): Promise<void> => {
  const stop = new AbortController();
  const stdout = endOf(1, () => process.stdout);
  const stderr = endOf(2, () => process.stderr);
  const { out, err, flush } = output(stdout, stderr, () => stop.abort(new Error('output closed')));
  let isHeld = false;
  const interrupted = (): void => {
    if (stop.signal.aborted && !isHeld) process.exit(exits.interrupted);
    stop.abort(new Error('interrupted'));
    if (!isHeld) process.exit(exits.interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
  const base = { env: process.env, now: Date.now, signal: stop.signal, out, err, version };
  const crash = (error: unknown): void => process.exit(explainError(error, base));
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  let code: number;
  try {
    const words = parseWords(args);
    const flags = { plain: words.options.plain === true, ascii: words.options.ascii === true };
    const terminal = terminalOf(process.env, flags, {
      stdout,
      get stdin() {
        return process.stdin;
      },
    });
    code = await dispatch(words, {
      ...base,
      words,
      terminal,
      holdInterrupts: () => {
        isHeld = true;
      },
    });
  } catch (error) {
    code = explainError(error, base);
  }
  const failure = await flush();
  if (failure !== null) {
    err(`gpumedic: the output could not be written (${failure})\n`);
    code = exits.usage;
  }
  // Not left to the event loop: a command that hangs in the kernel would keep it, and the person, waiting.
  process.exit(code);
};
