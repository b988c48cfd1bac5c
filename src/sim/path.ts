/** Finding programs on a PATH. */
import { get } from './fs.ts';
import type { World } from './world.ts';

export const shellPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/snap/bin'];

/** The full path of a program, or null. A name with a slash is looked at as it is. */
export const inPath = (world: World, name: string, path: readonly string[] = shellPath): string | null => {
  const runs = (at: string): boolean => {
    const entry = get(world.fs, at);
    return entry?.type === 'file' && (entry.mode & 0o111) !== 0;
  };
  if (name.includes('/')) return runs(name) ? name : null;
  const dir = path.find(d => runs(`${d}/${name}`));
  return dir === undefined ? null : `${dir}/${name}`;
};
