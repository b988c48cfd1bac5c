/** Small programs of every machine. */
import { containerdDump } from './cri.ts';
import { type Entry, get, lget, names, text } from './fs.ts';
import { inPath } from './path.ts';
import { fail, isoTime, out, type Program, type World } from './world.ts';

const plain = (args: readonly string[]): string[] => args.filter(a => !a.startsWith('-'));

export const id: Program = ({ world, args }) => {
  const { uid, gid, name, groups } = world.user;
  if (args[0] === '-u') return out(`${uid}\n`);
  if (args[0] === '-un') return out(`${name}\n`);
  if (args[0] === '-g') return out(`${gid}\n`);
  const all = [[gid, name] as const, ...groups].map(([g, n]) => `${g}(${n})`).join(',');
  return out(`uid=${uid}(${name}) gid=${gid}(${name}) groups=${all}\n`);
};

export const hostname: Program = ({ world }) => out(`${world.hostname}\n`);

const bits = (e: Entry): string => {
  const kind = { file: '-', dir: 'd', link: 'l', char: 'c', block: 'b', socket: 's', fifo: 'p' }[e.type];
  const three = [6, 3, 0].map(
    s => `${(e.mode >> s) & 4 ? 'r' : '-'}${(e.mode >> s) & 2 ? 'w' : '-'}${(e.mode >> s) & 1 ? 'x' : '-'}`,
  );
  return kind + three.join('');
};
const row = (name: string, e: Entry): string => {
  const size =
    e.type === 'char' || e.type === 'block'
      ? `${e.major}, ${e.minor}`
      : String(e.type === 'file' ? (e.size ?? Buffer.byteLength(e.text)) : 4096);
  const owner = (n: number): string => (n === 0 ? 'root' : String(n));
  return `${bits(e)} 1 ${owner(e.uid)} ${owner(e.gid)} ${size.padStart(8)} ${isoTime(e.mtime).slice(0, 16).replace('T', ' ')} ${name}${e.type === 'link' ? ` -> ${e.target}` : ''}`;
};

export const ls: Program = ({ world, args }) => {
  const long = args.some(a => /^-\w*l/.test(a));
  const self = args.some(a => /^-\w*d/.test(a));
  const paths = plain(args);
  let stdout = '';
  let stderr = '';
  for (const p of paths.length ? paths : ['/root']) {
    const entry = lget(world.fs, p);
    if (!entry) {
      stderr += `ls: cannot access '${p}': No such file or directory\n`;
      continue;
    }
    const inside = self ? undefined : names(world.fs, p);
    if (inside === undefined || (entry.type === 'link' && long)) stdout += `${long ? row(p, entry) : p}\n`;
    else {
      if (paths.length > 1) stdout += `${stdout ? '\n' : ''}${p}:\n`;
      if (long) stdout += 'total 0\n';
      stdout += inside.map(n => `${long ? row(n, lget(world.fs, `${p}/${n}`)!) : n}\n`).join('');
    }
  }
  return out(stdout, stderr, stderr ? 2 : 0);
};

/** Whether the user may read a file. */
export const mayRead = (world: World, e: Entry, root: boolean): boolean =>
  root ||
  world.user.uid === 0 ||
  (e.mode & 0o004) !== 0 ||
  (e.uid === world.user.uid && (e.mode & 0o400) !== 0) ||
  (world.user.groups.some(([g]) => g === e.gid) && (e.mode & 0o040) !== 0);

export const cat: Program = ({ world, args, root }) => {
  let stdout = '';
  let stderr = '';
  for (const p of plain(args)) {
    const entry = get(world.fs, p);
    if (!entry) stderr += `cat: ${p}: No such file or directory\n`;
    else if (entry.type === 'dir') stderr += `cat: ${p}: Is a directory\n`;
    else if (entry.type !== 'file' || !mayRead(world, entry, root)) stderr += `cat: ${p}: Permission denied\n`;
    else stdout += entry.text;
  }
  return out(stdout, stderr, stderr ? 1 : 0);
};

export const stat: Program = ({ world, args }) => {
  const at = args.findIndex(a => a === '-c' || a === '--format' || a.startsWith('-fc'));
  const template = at >= 0 ? args[at + 1]! : '%n';
  const paths = plain(args).filter(p => p !== template);
  if (args.some(a => a.startsWith('-f'))) return out('cgroup2fs\n');
  let stdout = '';
  let stderr = '';
  for (const p of paths) {
    const e = args.includes('-L') ? get(world.fs, p) : lget(world.fs, p);
    if (!e) {
      stderr += `stat: cannot statx '${p}': No such file or directory\n`;
      continue;
    }
    const hex = (n: number): string => n.toString(16);
    const fields: Record<string, string> = {
      n: p,
      a: e.mode.toString(8),
      U: e.uid === 0 ? 'root' : String(e.uid),
      G: e.gid === 0 ? 'root' : String(e.gid),
      u: String(e.uid),
      g: String(e.gid),
      Y: String(e.mtime),
      y: isoTime(e.mtime),
      t: 'major' in e ? hex(e.major) : '0',
      T: 'minor' in e ? hex(e.minor) : '0',
      s: String(e.type === 'file' ? (e.size ?? e.text.length) : 0),
    };
    stdout += `${template.replace(/%(\w)/g, (_, k: string) => fields[k] ?? '?')}\n`;
  }
  return out(stdout, stderr, stderr ? 1 : 0);
};

const processes = (world: World): [number, string, string][] => {
  const d = world.docker?.started;
  return [
    [1, 'systemd', '/sbin/init'],
    [412, 'systemd-journal', '/usr/lib/systemd/systemd-journald'],
    [655, 'sshd', 'sshd: /usr/sbin/sshd -D'],
    ...(world.units.get('containerd.service')?.active === 'active'
      ? [[702, 'containerd', '/usr/bin/containerd'] as [number, string, string]]
      : []),
    ...(d
      ? [
          [d.pid, 'dockerd', '/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock'] as [
            number,
            string,
            string,
          ],
        ]
      : []),
    ...(world.docker?.containers
      .filter(c => c.state === 'running')
      .map(
        (c, i) =>
          [2000 + i, 'containerd-shim', `/usr/bin/containerd-shim-runc-v2 -namespace moby -id ${c.id}`] as [
            number,
            string,
            string,
          ],
      ) ?? []),
  ];
};
export const ps: Program = ({ world, args }) => {
  const full = args.some(a => a.includes('args') || a.includes('cmd'));
  return out(
    `    PID COMMAND\n${processes(world)
      .map(([p, c, a]) => `${String(p).padStart(7)} ${full ? a : c}\n`)
      .join('')}`,
  );
};
export const pidof: Program = ({ world, args }) => {
  const hits = processes(world)
    .filter(([, c]) => args.includes(c))
    .map(([p]) => p);
  return out(hits.length ? `${hits.join(' ')}\n` : '', '', hits.length ? 0 : 1);
};

export const dpkgQuery: Program = ({ world, args }) => {
  const wanted = plain(args.filter(a => !a.startsWith('-')));
  if (!args.includes('-W') && !args.includes('--show')) return fail(2, 'dpkg-query: error: need an action option\n');
  const rows = world.packages.filter(
    ([n]) => wanted.length === 0 || wanted.some(w => new RegExp(`^${w.replaceAll('*', '.*')}$`).test(n)),
  );
  const missing = wanted.filter(w => !world.packages.some(([n]) => new RegExp(`^${w.replaceAll('*', '.*')}$`).test(n)));
  return out(
    rows.map(([n, v]) => `${n}\t${v}\n`).join(''),
    missing.map(m => `dpkg-query: no packages found matching ${m}\n`).join(''),
    missing.length ? 1 : 0,
  );
};

/** Lines of one file that match an extended expression, as JavaScript reads it. */
export const grep: Program = ({ world, args }) => {
  const [pattern = '', path = ''] = args.filter(a => !/^-\w+$/.test(a));
  const content = text(world.fs, path);
  if (content === undefined) return fail(2, `grep: ${path}: No such file or directory\n`);
  const hits = content.split('\n').filter(l => l !== '' && new RegExp(pattern).test(l));
  return out(hits.map(l => `${l}\n`).join(''), '', hits.length > 0 ? 0 : 1);
};

export const mokutil: Program = ({ args }) =>
  args[0] === '--sb-state' ? out('SecureBoot disabled\n') : fail(255, 'Usage:\n  mokutil OPTIONS [ARGS...]\n');
export const getenforce: Program = () => out('Disabled\n');
export const containerd: Program = ({ world, args }) => {
  const v = world.versions.containerd ?? '1.7.24';
  const [from, rest] = args[0] === '--config' ? [args[1], args.slice(2)] : [undefined, args];
  if (rest[0] === 'config' && rest[1] === 'dump') return containerdDump(world, from);
  return args[0] === '--version'
    ? out(`containerd github.com/containerd/containerd ${v} ${v}\n`)
    : fail(1, 'containerd: unknown command\n');
};
export const echo: Program = ({ args }) => out(`${args.join(' ')}\n`);
/** A service's environment holds nothing of interest here. */
export const printenv: Program = ({ args }) =>
  args.length === 0 || args[0] === 'PATH'
    ? out('/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n')
    : out('', '', 1);
export const ok: Program = () => out('');
export const no: Program = () => out('', '', 1);

export const systemdDetectVirt: Program = ({ world, args }) => {
  const { vm, container } = world.virt;
  const answer = args.includes('-c') ? container : args.includes('-v') ? vm : container !== 'none' ? container : vm;
  return out(`${answer}\n`, '', answer === 'none' ? 1 : 0);
};

export const which: Program = ({ world, args }) => {
  const found = args.filter(a => !a.startsWith('-')).map(a => inPath(world, a));
  return out(
    found
      .filter(f => f !== null)
      .map(f => `${f}\n`)
      .join(''),
    '',
    found.some(f => f === null) ? 1 : 0,
  );
};
