/** ldconfig and the loader: what is in the cache, and what a program finds when it asks for a library by name. */
import { basename, dirname, exists, get, lget, link, names, put, resolve, text } from './fs.ts';
import { fail, out, type Program, type World } from './world.ts';

const cachePath = '/etc/ld.so.cache';
const multiarch = 'x86_64-linux-gnu';
const trusted = [`/lib/${multiarch}`, `/usr/lib/${multiarch}`, '/lib', '/usr/lib', '/lib64', '/usr/lib64'];

/** SONAMEs of the driver's libraries; those not named carry their full file name as SONAME. */
const sonames: Readonly<Record<string, string>> = {
  libcuda: '1',
  libcudadebugger: '1',
  libnvcuvid: '1',
  'libnvidia-allocator': '1',
  'libnvidia-cfg': '1',
  'libnvidia-encode': '1',
  'libnvidia-fbc': '1',
  'libnvidia-ml': '1',
  'libnvidia-nvvm': '4',
  'libnvidia-opencl': '1',
  'libnvidia-opticalflow': '1',
  'libnvidia-pkcs11-openssl3': '1',
  'libnvidia-ptxjitcompiler': '1',
  libEGL_nvidia: '0',
  libGLX_nvidia: '0',
};
export const sonameOf = (name: string): string => {
  const stem = name.slice(0, name.indexOf('.so'));
  return sonames[stem] ? `${stem}.so.${sonames[stem]}` : name;
};

export interface Cached {
  readonly name: string;
  readonly path: string;
}

/** The cache's lines, or null where the file is missing. */
export const readCache = (world: World, path = cachePath): readonly Cached[] | null => {
  const content = text(world.fs, path);
  if (content === undefined) return null;
  return content.split('\n').flatMap(line => {
    const m = /^\s*(\S+) \([^)]*\) => (\S+)$/.exec(line);
    return m ? [{ name: m[1]!, path: m[2]! }] : [];
  });
};

/** The cache's own order: numbers by value, and a digit after any letter. */
const order = (a: string, b: string): number => {
  const split = (s: string): string[] => s.match(/\d+|\D/g) ?? [];
  const x = split(a);
  const y = split(b);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const p = x[i]!;
    const q = y[i]!;
    if (p === q) continue;
    const numbers = [/\d/.test(p), /\d/.test(q)];
    if (numbers[0] && numbers[1]) return Number(p) - Number(q);
    if (numbers[0] !== numbers[1]) return numbers[0] ? 1 : -1;
    return p < q ? -1 : 1;
  }
  return x.length - y.length;
};

export const writeCache = (world: World, cached: readonly Cached[], path = cachePath): void => {
  const lines = [...cached].sort((a, b) => order(b.name, a.name)).map(c => `\t${c.name} (libc6,x86-64) => ${c.path}`);
  put(world.fs, path, { type: 'file', text: lines.join('\n'), binary: true, size: 20_000 + lines.length * 90 });
};

const configured = (world: World, conf: string): string[] =>
  (text(world.fs, conf) ?? '').split('\n').flatMap(raw => {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') return [];
    if (!line.startsWith('include ')) return [line];
    const pattern = line.slice(8).trim();
    const glob = pattern.startsWith('/') ? pattern : `/etc/${pattern}`;
    const suffix = basename(glob).replace('*', '');
    return (names(world.fs, dirname(glob)) ?? [])
      .filter(n => n.endsWith(suffix))
      .flatMap(n => configured(world, `${dirname(glob)}/${n}`));
  });

/** What `ldconfig` without options does: makes the SONAME links and writes the cache. */
export const rebuild = (world: World): void => {
  const seen = new Set<string>();
  const cached = new Map<string, string>();
  for (const dir of [...configured(world, '/etc/ld.so.conf'), ...trusted]) {
    const real = resolve(world.fs, dir);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    for (const name of names(world.fs, real) ?? []) {
      if (!/^lib.*\.so(\.|$)/.test(name)) continue;
      const entry = lget(world.fs, `${real}/${name}`);
      if (entry?.type === 'link' ? !exists(world.fs, `${real}/${name}`) : entry?.type !== 'file') continue;
      const soname = entry?.type === 'file' ? sonameOf(name) : name;
      if (soname !== name && !lget(world.fs, `${real}/${soname}`)) link(world.fs, `${real}/${soname}`, name);
      if (!cached.has(soname)) cached.set(soname, `${dir}/${soname}`);
    }
  }
  writeCache(
    world,
    [...cached].map(([name, path]) => ({ name, path })),
  );
};

/** Where the loader finds a library, or null: the cache first, then the trusted directories. */
export const findLibrary = (world: World, name: string, root = '', cache = cachePath): string | null => {
  const hit = readCache(world, root + cache)?.find(c => c.name === name && exists(world.fs, root + c.path));
  if (hit) return hit.path;
  const dir = trusted.find(d => exists(world.fs, `${root}${d}/${name}`));
  return dir ? `${dir}/${name}` : null;
};

/** "580.126.09" of the file behind a library's path, or null. */
export const libraryVersion = (world: World, path: string): string | null =>
  /\.so\.(\d+\.\d+(?:\.\d+)?)$/.exec(resolve(world.fs, path) ?? '')?.[1] ?? null;

export const ldconfig: Program = ({ world, args, root }) => {
  const print = args.includes('-p') || args.includes('--print-cache');
  const at = args.indexOf('-C') >= 0 ? (args[args.indexOf('-C') + 1] ?? cachePath) : cachePath;
  if (print) {
    const content = get(world.fs, at);
    if (content?.type !== 'file')
      return fail(1, `ldconfig: Can't open cache file ${at}\n: No such file or directory\n`);
    const count = content.text === '' ? 0 : content.text.split('\n').length;
    const tail = 'Cache generated by: ldconfig (Debian GLIBC 2.41-12+deb13u4) stable release version 2.41';
    return out(`${count} libs found in cache \`${at}'\n${content.text}${count ? '\n' : ''}${tail}\n`);
  }
  if (args.includes('--version') || args.includes('-V')) return out('ldconfig (Debian GLIBC 2.41-12+deb13u4) 2.41\n');
  if (args.some(a => a.startsWith('-') && a !== '-v')) return fail(1, `ldconfig: unrecognized option '${args[0]}'\n`);
  if (!root) return fail(1, `ldconfig: Can't create temporary cache file ${cachePath}~: Permission denied\n`);
  rebuild(world);
  return out('');
};
