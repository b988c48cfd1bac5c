/** The driver's user-space libraries on the host, as the loader cache and the folders know them. */
import type { DirRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { list, probe, run, stat } from '../../src/engine/probe.ts';
import { names, output } from './answers.ts';

export interface LibraryFacts {
  /** What `ldconfig -p` lists for the machine's own word size: name to path. */
  readonly cached: Maybe<ReadonlyMap<string, string>>;
  /** Names that the cache leads to a file which is gone. */
  readonly gone: ReadonlySet<string>;
  /** Versioned files found in the library folders: "libcuda.so.580.126.09" to its path. */
  readonly onDisk: Maybe<ReadonlyMap<string, string>>;
  /** Versions of libnvidia-ml found on disk, newest first. */
  readonly nvmlVersions: readonly string[];
  /** Mode of /etc/ld.so.cache; null where there is none. */
  readonly cacheMode: Maybe<number | null>;
}

const FOLDERS = {
  debianX64: '/usr/lib/x86_64-linux-gnu',
  debianArm: '/usr/lib/aarch64-linux-gnu',
  rpm: '/usr/lib64',
  arch: '/usr/lib',
  debianNvidia: '/usr/lib/x86_64-linux-gnu/nvidia/current',
} as const;

const DRIVER_LIB = /^lib(?:cuda|nvidia-ml)\.so\.(\d[\d.]*)$/;

/** Where /usr/lib64 is a system of its own, and no link, /usr/lib is for programs of 32 bits. */
const holdsOldWords = (lib64: DirRead, lib: DirRead): boolean =>
  lib64.kind === 'dir' &&
  lib.kind === 'dir' &&
  lib64.names.includes('libc.so.6') &&
  lib64.names.length !== lib.names.length;
const isDriver = (name: string): boolean => /^lib(cuda|nvidia-|EGL_nvidia|GLX_nvidia|nvcuvid)/.test(name);
/** The cache says /lib for /usr/lib where one is a link to the other. */
const folderOf = (path: string, isMerged: boolean): string =>
  path.slice(0, path.lastIndexOf('/')).replace(isMerged ? /^\/lib/ : /^$/, '/usr/lib');

export const libraries = probe({
  id: 'libraries',
  looks: 'the driver libraries of this host',
  needs: () => ({
    cache: run('ldconfig', '-p'),
    cacheByName: run('ldconfig', '-p', '-C', '/etc/ld.so.cache'),
    cacheFile: stat('/etc/ld.so.cache'),
    lib: stat('/lib'),
    debianX64: list(FOLDERS.debianX64),
    debianArm: list(FOLDERS.debianArm),
    rpm: list(FOLDERS.rpm),
    arch: list(FOLDERS.arch),
    debianNvidia: list(FOLDERS.debianNvidia),
  }),
  read: (a): LibraryFacts => {
    const plain = output(a.cache, 'ldconfig -p');
    const byName = output(a.cacheByName, 'ldconfig -p -C /etc/ld.so.cache');
    const cache = isUnknown(plain) && !isUnknown(byName) ? byName : plain;
    const cached = isUnknown(cache)
      ? cache
      : new Map(
          [...cache.matchAll(/^\s*(lib\S+) \(([^)]*)\) => (\S+)$/gm)]
            // An i386 copy serves no 64-bit program (nvml-lib-missing, cause f).
            .filter(m => /x86-64|AArch64/i.test(m[2]!))
            .reverse()
            .map(m => [m[1]!, m[3]!] as const),
        );
    const onDisk = new Map<string, string>();
    const gone = new Set<string>();
    const isMerged = a.lib.kind === 'stat' && a.lib.stat.type === 'link';
    let seen = false;
    for (const key of Object.keys(FOLDERS) as (keyof typeof FOLDERS)[]) {
      const found = names(a[key], FOLDERS[key]);
      if (isUnknown(found) || (key === 'arch' && holdsOldWords(a.rpm, a.arch))) continue;
      seen = true;
      for (const [name, path] of isUnknown(cached) ? [] : cached)
        if (isDriver(name) && folderOf(path, isMerged) === FOLDERS[key] && !found?.includes(name)) gone.add(name);
      for (const n of found ?? []) if (isDriver(n)) onDisk.set(n, `${FOLDERS[key]}/${n}`);
    }
    const versions = [...onDisk.keys()].flatMap(n =>
      n.startsWith('libnvidia-ml') ? (DRIVER_LIB.exec(n)?.[1] ?? []) : [],
    );
    const mode = a.cacheFile as StatRead;
    return {
      cached,
      gone,
      onDisk: seen ? onDisk : unknown('unrecorded', FOLDERS.debianX64),
      nvmlVersions: versions
        .filter(v => v.includes('.'))
        .sort()
        .reverse(),
      cacheMode:
        mode.kind === 'stat'
          ? mode.stat.mode
          : mode.kind === 'absent'
            ? null
            : unknown('unrecorded', '/etc/ld.so.cache'),
    };
  },
});
