/**
 * What a recording holds about paths, and what follows from it: links lead elsewhere, a listing without a name says
 * that the name is absent. Nothing else is concluded, so what is not held stays unrecorded.
 */
import type { Snapshot, SnapshotStat } from '../snapshot/snapshot.ts';

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** Empty and dotted parts, which a path may be written with: //, /./, /../, a slash at its end. */
const ODD = /\/(?:\.{0,2}\/|\.{0,2}$)/;

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 1));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** What is held about one path. Null says that it does not exist, a missing member that nothing is held. */
export interface Facts {
  readonly text?: string | null;
  readonly names?: readonly string[] | null;
  readonly stat?: SnapshotStat;
  readonly error?: string;
}

export interface Held {
  /** What stands at the end of the path, links followed. */
  at(path: string): Facts;
  /** The thing itself: a link in the last place is not followed. */
  itself(path: string): SnapshotStat | undefined;
  /** It is proven that nothing is there; with `follow`, a link that leads nowhere counts as nothing. */
  absent(path: string, follow: boolean): boolean;
  /** The links lead in a circle. */
  loops(path: string): boolean;
}

export const heldBy = (snapshot: Snapshot): Held => {
  const { files, dirs, stats, errors } = snapshot;
  const links = Object.keys(stats).filter(path => stats[path]?.type === 'link');
  /** Most paths lead through no link at all, and walking them part by part is what reading a recording costs. */
  const isPlain = (path: string): boolean =>
    !ODD.test(path) &&
    !links.some(link => path.startsWith(link) && (path.length === link.length || path[link.length] === '/'));

  const linkAt = (path: string): string | undefined => {
    const stat = Object.hasOwn(stats, path) ? stats[path] : undefined;
    return stat?.type === 'link' ? stat.target : undefined;
  };

  /** The path with every known link replaced; without `last` a link in the last place stays. Null for a circle and for a relative path. */
  const resolve = (path: string, last: boolean): string | null => {
    if (!path.startsWith('/')) return null;
    if (isPlain(path)) return path;
    const todo = path.split('/').filter(Boolean).toReversed();
    let at = '';
    let followed = 0;
    while (todo.length > 0) {
      const part = todo.pop() as string;
      if (part === '.') continue;
      if (part === '..') {
        at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
        continue;
      }
      const next = `${at}/${part}`;
      const target = todo.length > 0 || last ? linkAt(next) : undefined;
      if (target === undefined || target === '') {
        at = next;
        continue;
      }
      followed += 1;
      if (followed > MAX_LINKS) return null;
      if (target.startsWith('/')) at = '';
      todo.push(...target.split('/').filter(Boolean).toReversed());
    }
    return at === '' ? '/' : at;
  };

  const spellings = <T>(map: Readonly<Record<string, T>>, last: boolean): (() => Map<string, T>) => {
    let index: Map<string, T> | undefined;
    return () => {
      if (index === undefined) {
        index = new Map();
        for (const [path, fact] of Object.entries(map)) {
          const real = resolve(path, last);
          if (real !== null && (real === path || !index.has(real))) index.set(real, fact);
        }
      }
      return index;
    };
  };
  const realFiles = spellings(files, true);
  const realDirs = spellings(dirs, true);
  const realStats = spellings(stats, false);
  const realErrors = spellings(errors, true);

  const pick = <T>(map: Readonly<Record<string, T>>, index: () => Map<string, T>, path: string, real: string | null) =>
    Object.hasOwn(map, path) ? map[path] : real === null ? undefined : index().get(real);

  const itself = (path: string): SnapshotStat | undefined => pick(stats, realStats, path, resolve(path, false));

  const at = (path: string): Facts => {
    const real = resolve(path, true);
    const stat = real === null ? undefined : realStats().get(real);
    const text = pick(files, realFiles, path, real);
    const names = pick(dirs, realDirs, path, real);
    const error = pick(errors, realErrors, path, real);
    return {
      ...(text !== undefined && { text }),
      ...(names !== undefined && { names }),
      ...(stat !== undefined && stat.type !== 'link' && { stat }),
      ...(error !== undefined && { error }),
    };
  };

  const absent = (path: string, follow: boolean): boolean => {
    const real = resolve(path, follow);
    if (real === null || real === '/') return false;
    const nothing = (p: string): boolean => realFiles().get(p) === null || realDirs().get(p) === null;
    let above = '';
    for (const part of real.split('/').slice(1)) {
      const names = realDirs().get(above || '/');
      if (names !== undefined && names !== null) {
        if (!names.includes(part)) return true;
      } else if (above !== '' && nothing(above)) return true;
      above = `${above}/${part}`;
    }
    if (realStats().has(real) && !follow) return false;
    // A link that leads nowhere reads as absent too; where the folder lists the name, the thing itself may be such a link.
    const listed = realDirs().get(parentOf(real))?.includes(nameOf(real)) === true;
    return nothing(real) && (follow || !listed);
  };

  return { at, itself, absent, loops: path => path.startsWith('/') && resolve(path, true) === null };
};
