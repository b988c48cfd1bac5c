/** Unit files as systemd reads them: the fragment and its drop-ins. */
import { exists, names, text } from './fs.ts';
import type { World } from './world.ts';

const dirs = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

export const unitName = (name: string): string =>
  /\.(service|socket|path|timer|target|mount)$/.test(name) ? name : `${name}.service`;

/** Path of the unit file, or null. */
export const fragment = (world: World, unit: string): string | null => {
  const dir = dirs.find(d => exists(world.fs, `${d}/${unit}`));
  return dir === undefined ? null : `${dir}/${unit}`;
};

export const dropIns = (world: World, unit: string): string[] =>
  dirs
    .slice(0, 3)
    .flatMap(d =>
      (names(world.fs, `${d}/${unit}.d`) ?? []).filter(n => n.endsWith('.conf')).map(n => `${d}/${unit}.d/${n}`),
    );

/** Values of a key in order; an empty one clears what stood before. */
export const setting = (world: World, unit: string, key: string): string[] => {
  const path = fragment(world, unit);
  const files = path === null ? [] : [path, ...dropIns(world, unit)];
  const values: string[] = [];
  for (const f of files)
    for (const line of (text(world.fs, f) ?? '').replaceAll('\\\n', ' ').split('\n')) {
      if (!line.trimStart().startsWith(`${key}=`)) continue;
      const value = line.slice(line.indexOf('=') + 1).trim();
      if (value === '') values.length = 0;
      else values.push(value);
    }
  return values;
};

/** The words of the unit's last ExecStart. */
export const execStart = (world: World, unit: string): string[] =>
  (setting(world, unit, 'ExecStart').at(-1) ?? '').split(/\s+/).filter(Boolean);
