/** Where a path really leads on this machine, and whether looking there could hang. */
import { readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';

const MAX_LINKS = 40;

/** File systems whose other end can go away, so that even a stat waits for ever. */
const FAR = /^(nfs|cifs|smb|9p|ceph|gluster|afs|lustre|gpfs|beegfs|autofs|fuse|virtiofs|ocfs|orangefs|pvfs)/;
/** Files of the driver: reading them takes its locks, which a wedged driver never gives back. */
const DRIVER = ['/proc/driver/nvidia'];

/** Links of /proc that lead to open things rather than to the path they show. */
const MAGIC = /^\/proc\/[^/]+\/(?:task\/[^/]+\/)?(?:root|cwd|exe|(?:fd|ns|map_files)\/[^/]+)$/;

const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, o) => String.fromCharCode(Number.parseInt(o, 8)));

/** Mount points of such file systems, from the text of /proc/self/mountinfo. */
export const farMounts = (mountinfo: string): readonly string[] => [
  ...DRIVER,
  ...mountinfo.split('\n').flatMap(line => {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4];
    return point !== undefined && point !== '/' && FAR.test(right) ? [unescaped(point)] : [];
  }),
];

export interface Places {
  /**
   * Follows links, in the last place only with `last`; what does not exist is kept as written. Within `root`, absolute
   * links stay inside. `far`: at or below a place that may hang; the rest is then not followed. Throws the errno.
   */
  find(path: string, last: boolean): Promise<{ readonly real: string; readonly far: boolean }>;
}

export const places = (root: string, slow?: readonly string[]): Places => {
  let known = slow;
  const far = (path: string): boolean => {
    if (known === undefined) {
      try {
        known = farMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
      } catch {
        known = DRIVER;
      }
    }
    return known.some(point => path === point || path.startsWith(`${point}/`));
  };

  const find: Places['find'] = async (path, last) => {
    const todo = path.split('/').filter(Boolean).toReversed();
    let at = root;
    let followed = 0;
    while (todo.length > 0) {
      const part = todo.pop() as string;
      if (part === '.') continue;
      if (part === '..') {
        if (at.length > root.length) at = at.slice(0, at.lastIndexOf('/'));
        continue;
      }
      const next = `${at}/${part}`;
      if (far(next)) return { real: [next, ...todo.toReversed()].join('/'), far: true };
      if (todo.length === 0 && !last) return { real: next, far: false };
      if (MAGIC.test(next)) {
        at = next;
        continue;
      }
      let target: string;
      try {
        target = await readlink(next);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code !== 'EINVAL' && code !== 'ENOENT') throw error;
        at = next;
        continue;
      }
      followed += 1;
      if (followed > MAX_LINKS) throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' });
      if (target.startsWith('/')) at = root;
      todo.push(...target.split('/').filter(Boolean).toReversed());
    }
    return { real: at === '' ? '/' : at, far: false };
  };
  return { find };
};
