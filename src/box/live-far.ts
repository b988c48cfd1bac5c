/** What `cat`, `ls` and `stat` say about a place that may hang, in the words of the box. */
import type { DirRead, FileRead, Ran, Stat, StatRead, Unread } from './box.ts';

const WORDS: readonly (readonly [RegExp, Unread])[] = [
  [/: No such file or directory\s*$/, { kind: 'absent' }],
  [/: Not a directory\s*$/, { kind: 'absent' }],
  [/: Permission denied\s*$/, { kind: 'denied' }],
  [/: Operation not permitted\s*$/, { kind: 'denied' }],
  [/: Is a directory\s*$/, { kind: 'unreadable', why: 'EISDIR' }],
  [/: Input\/output error\s*$/, { kind: 'unreadable', why: 'EIO' }],
  [/: Too many levels of symbolic links\s*$/, { kind: 'unreadable', why: 'ELOOP' }],
];

const failed = (ran: Ran): Unread => {
  if (ran.kind === 'timedOut') return ran;
  if (ran.kind !== 'exited') return { kind: 'unreadable', why: 'other' };
  if (ran.truncated === true) return { kind: 'unreadable', why: 'tooBig' };
  return WORDS.find(([words]) => words.test(ran.stderr))?.[1] ?? { kind: 'unreadable', why: 'other' };
};

const answered = (ran: Ran): ran is Extract<Ran, { kind: 'exited' }> =>
  ran.kind === 'exited' && ran.code === 0 && ran.truncated !== true;

export const farFile = (ran: Ran, path: string): FileRead => {
  if (!answered(ran)) return failed(ran);
  const text = path.startsWith('/proc/') ? ran.stdout.replace(/\0+$/, '') : ran.stdout;
  return /[\0\ufffd]/.test(text) ? { kind: 'unreadable', why: 'binary' } : { kind: 'file', text };
};

/** From `ls -A1 PATH/.`, where "Not a directory" is said of the path itself. */
export const farDir = (ran: Ran): DirRead => {
  const noFolder = ran.kind === 'exited' && /: Not a directory\s*$/.test(ran.stderr);
  if (noFolder) return { kind: 'unreadable', why: 'other' };
  return answered(ran) ? { kind: 'dir', names: ran.stdout.split('\n').filter(Boolean).sort() } : failed(ran);
};

const TYPES: Readonly<Record<number, Stat['type']>> = {
  1: 'fifo',
  2: 'char',
  4: 'dir',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
};

/** From `stat -c '%f %u %g %s %Y %t %T'`; a link's target is asked for with `readlink`. */
export const farStat = async (
  ran: Ran,
  ask: (...argv: [string, ...string[]]) => Promise<Ran>,
  real: string,
): Promise<StatRead> => {
  if (!answered(ran)) return failed(ran);
  const [raw = '', uid, gid, size, mtime, major = '', minor = ''] = ran.stdout.trim().split(' ');
  const bits = Number.parseInt(raw, 16);
  const type = TYPES[bits >> 12];
  if (type === undefined) return { kind: 'unreadable', why: 'other' };
  const target = type === 'link' ? await ask('readlink', '-n', '--', real) : undefined;
  if (target !== undefined && !answered(target)) return failed(target);
  return {
    kind: 'stat',
    stat: {
      type,
      mode: bits & 0o7777,
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      mtime: Number(mtime),
      ...(target !== undefined && { target: target.stdout }),
      ...((type === 'char' || type === 'block') && {
        major: Number.parseInt(major, 16),
        minor: Number.parseInt(minor, 16),
      }),
    },
  };
};
