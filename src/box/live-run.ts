/** Runs commands on this machine: argv only, no shell, every one with a time limit and a limit on its output. */

import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Command, Ran } from './box.ts';

export interface Running {
  /** The environment of every command; complete, nothing is added to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds, where a command names none. */
  readonly timeoutMs: number;
  /** Characters of stdout and of stderr that are kept; a command that prints more is stopped. */
  readonly maxOutput: number;
  readonly isRoot: boolean;
}

/** Between asking a command to stop and killing it. */
const KILL_AFTER_MS = 500;
/** After that a process in an uninterruptible wait (a wedged driver) is left behind. */
const GIVE_UP_MS = 250;

const onPath = async (program: string, path: string): Promise<boolean> => {
  const candidates = program.includes('/') ? [program] : path.split(':').map(dir => `${dir || '.'}/${program}`);
  for (const candidate of candidates)
    if (
      await stat(candidate).then(
        s => s.isFile(),
        () => false,
      )
    )
      return true;
  return false;
};

/** What the system said when the program could not be started at all. */
const notStarted = async (code: string, program: string, path: string): Promise<Ran> => {
  const failed = (status: number, words: string): Ran => ({
    kind: 'exited',
    code: status,
    stdout: '',
    stderr: `${program}: ${words}\n`,
  });
  // A folder on PATH that may not be entered makes a missing program look forbidden, a missing interpreter or
  // dynamic loader makes a program that is there look missing: the file itself decides.
  if (code === 'EACCES' || code === 'EPERM')
    return (await onPath(program, path)) ? { kind: 'denied' } : { kind: 'absent' };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return (await onPath(program, path)) ? failed(127, 'cannot execute: required file not found') : { kind: 'absent' };
  return failed(126, `cannot execute: ${code}`);
};

/** sudo's own refusals, told from what the command under it prints. */
const sudoSays = (ran: Ran, program: string): Ran => {
  if (ran.kind === 'absent') return { kind: 'denied' };
  if (ran.kind !== 'exited' || ran.code !== 1 || ran.stdout !== '') return ran;
  const line = ran.stderr.split('\n').find(l => l.trim() !== '') ?? '';
  if (line.startsWith(`sudo: ${program}: command not found`)) return { kind: 'absent' };
  return /^(sudo: |Sorry, user |\S+ is not in the sudoers file)/.test(line) ? { kind: 'denied' } : ran;
};

/** Throws only the signal's reason, when it aborts; everything else is a value. */
export const runWith =
  (how: Running) =>
  async (command: Command, signal?: AbortSignal): Promise<Ran> => {
    signal?.throwIfAborted();
    const { execa } = await import('execa');
    signal?.throwIfAborted();
    const bySudo = command.root === true && !how.isRoot;
    const [file, ...args] = bySudo ? ['sudo', '-n', '--', ...command.argv] : command.argv;
    const afterMs = command.timeoutMs ?? how.timeoutMs;

    const child = execa(file as string, args, {
      reject: false,
      ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
      env: how.env,
      extendEnv: false,
      // The folder we were started in may be gone, and then every program looks absent.
      cwd: '/',
      timeout: afterMs,
      forceKillAfterDelay: KILL_AFTER_MS,
      // Kills what holds the pipe open too. Not under sudo: its ticket belongs to the terminal session, which this leaves.
      killDescendants: !bySudo,
      maxBuffer: how.maxOutput,
      stripFinalNewline: false,
      ...(signal !== undefined && { cancelSignal: signal }),
    });

    let timer: NodeJS.Timeout | undefined;
    let hurry: (() => void) | undefined;
    const gaveUp = new Promise<'gaveUp'>(resolve => {
      const last = KILL_AFTER_MS + GIVE_UP_MS;
      timer = setTimeout(resolve, afterMs + last, 'gaveUp');
      hurry = () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, last, 'gaveUp');
      };
      signal?.addEventListener('abort', hurry, { once: true });
    });
    const result = await Promise.race([child, gaveUp]);
    clearTimeout(timer);
    if (hurry) signal?.removeEventListener('abort', hurry);

    if (result === 'gaveUp') {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.nodeChildProcess.unref();
      signal?.throwIfAborted();
      return { kind: 'timedOut', afterMs };
    }
    if (result.isCanceled) signal?.throwIfAborted();
    if (result.timedOut) return { kind: 'timedOut', afterMs };

    const stdout = String(result.stdout ?? '');
    const stderr = String(result.stderr ?? '');
    const code =
      result.exitCode ?? (result.signal ? -(constants.signals[result.signal as NodeJS.Signals] ?? 1) : undefined);
    let ran: Ran;
    if (result.isMaxBuffer)
      ran = { kind: 'exited', code: code ?? -constants.signals.SIGTERM, stdout, stderr, truncated: true };
    else if (code !== undefined) ran = { kind: 'exited', code, stdout, stderr };
    else if (result.code !== undefined) ran = await notStarted(result.code, file as string, how.env.PATH ?? '');
    else throw result;
    return bySudo ? sudoSays(ran, command.argv[0]) : ran;
  };
