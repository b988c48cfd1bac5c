/** The recording of a box, format gpumedic-snapshot/1: plain data, checked by hand because it comes from strangers. */
import { InputError, shownPath } from '../box/errors.ts';

export const FORMAT = 'gpumedic-snapshot/1';

export interface SnapshotCommand {
  readonly argv: readonly [string, ...string[]];
  /** Exit status; negative for death by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took. */
  readonly ms: number;
  readonly absent?: boolean;
  readonly denied?: boolean;
  readonly timedOut?: boolean;
  readonly truncated?: boolean;
}

export interface SnapshotStat {
  readonly type: 'link' | 'dir' | 'char' | 'block' | 'socket' | 'fifo' | 'file';
  /** Octal in words, e.g. "0o644". */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly target?: string;
  readonly major?: number;
  readonly minor?: number;
}

export interface Snapshot {
  readonly format: typeof FORMAT;
  /** What was done to the machine, in words. */
  readonly description?: string;
  readonly commands: readonly SnapshotCommand[];
  /** Text, or null where the path does not exist. */
  readonly files: Readonly<Record<string, string | null>>;
  /** Names, or null where the path does not exist. */
  readonly dirs: Readonly<Record<string, readonly string[] | null>>;
  readonly stats: Readonly<Record<string, SnapshotStat>>;
  /** EACCES | EIO | EISDIR | tooBig | binary, and of our own ELOOP | other | timedOut:MILLISECONDS | list:WORD for listing. */
  readonly errors: Readonly<Record<string, string>>;
}

const STAT_TYPES = new Set(['link', 'dir', 'char', 'block', 'socket', 'fifo', 'file']);

type Plain = Record<string, unknown>;
const isPlain = (v: unknown): v is Plain => typeof v === 'object' && v !== null && !Array.isArray(v);

const kindOf = (v: unknown): string =>
  v === null
    ? 'null'
    : Array.isArray(v)
      ? 'a list'
      : v === undefined
        ? 'missing'
        : typeof v === 'object'
          ? 'an object'
          : `a ${typeof v}`;

/**
 * Checks every shape that a lookup will rely on, and throws InputError naming the first place that is wrong.
 * Unknown members are left alone. The four maps may be missing; they are then empty.
 */
export const parseSnapshot = (value: unknown, path: string): Snapshot => {
  const wrong = (where: string, want: string, got: unknown): InputError =>
    new InputError(`${shownPath(path)}: ${shownPath(where)} should be ${want}, it is ${kindOf(got)}`);
  if (!isPlain(value)) throw wrong('the snapshot', 'an object', value);
  if (value.format !== FORMAT) {
    const got = typeof value.format === 'string' ? `"${shownPath(value.format.slice(0, 60))}"` : 'missing';
    throw new InputError(`${shownPath(path)}: not a snapshot of gpumedic: "format" is ${got}, not "${FORMAT}"`);
  }

  const commands = value.commands ?? [];
  if (!Array.isArray(commands)) throw wrong('commands', 'a list', commands);
  commands.forEach((c: unknown, i) => {
    const at = `commands[${i}]`;
    if (!isPlain(c)) throw wrong(at, 'an object', c);
    if (!Array.isArray(c.argv)) throw wrong(`${at}.argv`, 'a list of strings', c.argv);
    if (c.argv.length === 0) throw new InputError(`${shownPath(path)}: ${at}.argv is empty`);
    c.argv.forEach((a: unknown, j) => {
      if (typeof a !== 'string') throw wrong(`${at}.argv[${j}]`, 'a string', a);
    });
    for (const flag of ['absent', 'denied', 'timedOut', 'truncated'])
      if (c[flag] !== undefined && typeof c[flag] !== 'boolean') throw wrong(`${at}.${flag}`, 'true or false', c[flag]);
    const ran = c.absent !== true && c.denied !== true && c.timedOut !== true;
    if (ran || c.code !== undefined) if (!Number.isInteger(c.code)) throw wrong(`${at}.code`, 'a whole number', c.code);
    for (const stream of ['stdout', 'stderr'])
      if (c[stream] !== undefined && typeof c[stream] !== 'string')
        throw wrong(`${at}.${stream}`, 'a string', c[stream]);
    if (c.ms !== undefined && typeof c.ms !== 'number') throw wrong(`${at}.ms`, 'a number', c.ms);
  });

  const map = (name: string, want: string, fits: (v: unknown) => boolean): Plain => {
    const held = value[name] ?? {};
    if (!isPlain(held)) throw wrong(name, 'an object', held);
    for (const [key, v] of Object.entries(held)) if (!fits(v)) throw wrong(`${name}["${key}"]`, want, v);
    return held;
  };
  const files = map('files', 'a string or null', v => v === null || typeof v === 'string');
  const dirs = map(
    'dirs',
    'a list of names or null',
    v => v === null || (Array.isArray(v) && v.every(n => typeof n === 'string')),
  );
  const errors = map('errors', 'a string', v => typeof v === 'string');
  const stats = map('stats', 'an object', isPlain);
  for (const [key, s] of Object.entries(stats)) {
    const stat = s as Plain;
    const at = `stats["${key}"]`;
    if (typeof stat.type !== 'string' || !STAT_TYPES.has(stat.type))
      throw new InputError(`${shownPath(`${path}: ${at}`)}.type should be one of ${[...STAT_TYPES].join(', ')}`);
    if (typeof stat.mode !== 'string' || !/^0o[0-7]{1,5}$/.test(stat.mode))
      throw new InputError(`${shownPath(`${path}: ${at}`)}.mode should be an octal number like "0o644"`);
    for (const n of ['uid', 'gid', 'size', 'mtime'])
      if (typeof stat[n] !== 'number') throw wrong(`${at}.${n}`, 'a number', stat[n]);
    for (const n of ['major', 'minor'])
      if (stat[n] !== undefined && typeof stat[n] !== 'number') throw wrong(`${at}.${n}`, 'a number', stat[n]);
    if (stat.target !== undefined && typeof stat.target !== 'string')
      throw wrong(`${at}.target`, 'a string', stat.target);
  }
  return { ...value, format: FORMAT, commands, files, dirs, stats, errors } as unknown as Snapshot;
};
