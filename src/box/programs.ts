/** Which programs a recording proves to be there or not: from every `which` it holds and every command that was absent. */

import type { SnapshotCommand } from '../snapshot/snapshot.ts';
import type { Ran } from './box.ts';

export interface Programs {
  /** Proven not to be on PATH. */
  absent(name: string): boolean;
  /** What `which NAMES` prints, or nothing where one of them is not known. */
  which(names: readonly string[]): Ran | undefined;
}

const isName = (word: string): boolean => word !== '' && !word.startsWith('-') && !word.includes('/');

export const programsOf = (commands: readonly SnapshotCommand[]): Programs => {
  let known: Map<string, string | null> | undefined;
  const paths = (): Map<string, string | null> => {
    if (known !== undefined) return known;
    known = new Map();
    const runs = new Set<string>();
    const missing = new Set<string>();
    for (const { argv, absent, denied, timedOut, truncated, code, stdout = '' } of commands) {
      const [program, ...names] = argv;
      (absent === true ? missing : runs).add(program);
      if (program !== 'which' || absent || denied || timedOut || truncated || !names.every(isName)) continue;
      // Above 1 it did not look at all.
      if (code !== 0 && code !== 1) continue;
      const lines = stdout.split('\n').filter(line => line.startsWith('/'));
      for (const name of names) known.set(name, lines.find(line => line.endsWith(`/${name}`)) ?? null);
    }
    for (const name of missing) if (isName(name) && !runs.has(name) && !known.has(name)) known.set(name, null);
    for (const [name, path] of known) if (path === null && runs.has(name)) known.delete(name);
    return known;
  };

  return {
    absent: name => isName(name) && paths().get(name) === null,
    which(names) {
      if (names.length === 0 || !names.every(name => isName(name) && paths().has(name))) return undefined;
      const found = names.flatMap(name => paths().get(name) ?? []);
      return {
        kind: 'exited',
        code: found.length === names.length ? 0 : 1,
        stdout: found.map(path => `${path}\n`).join(''),
        stderr: '',
      };
    },
  };
};
