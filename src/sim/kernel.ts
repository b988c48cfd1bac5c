/** The kernel's part: modules, device nodes, /proc and /sys, and the programs that show or change them. */
import { basename, exists, file, get, link, mkdir, node, remove, text } from './fs.ts';
import { hostView } from './nvml.ts';
import { fail, out, type Program, type World } from './world.ts';

const builtin = ['1 mem', '4 tty', '5 /dev/tty', '5 /dev/console', '10 misc', '13 input', '136 pts'];

/** Writes /proc/modules, /proc/devices and the driver's own files from what is loaded. */
export const showKernel = (world: World): void => {
  const { fs, kernel } = world;
  const has = (m: string): boolean => kernel.loaded.includes(m);
  const used = (m: string): string[] => kernel.loaded.filter(o => kernel.available[o]?.needs.includes(m));
  const line = (m: string): string => {
    const by = used(m);
    return `${m} ${kernel.available[m]?.size ?? 16384} ${by.length} ${by.length ? `${by.join(',')},` : '-'} Live 0x0000000000000000`;
  };
  file(
    fs,
    '/proc/modules',
    [...kernel.loaded]
      .reverse()
      .map(m => `${line(m)}\n`)
      .join(''),
    { mode: 0o444 },
  );
  const majors = [
    ...builtin,
    ...(has('nvidia') ? ['195 nvidia', '195 nvidiactl'] : []),
    ...(has('nvidia_modeset') ? ['195 nvidia-modeset'] : []),
    ...(has('nvidia_uvm') ? [`${kernel.uvmMajor} nvidia-uvm`] : []),
    ...(has('nvidia') ? [`${kernel.uvmMajor + 1} nvidia-caps`] : []),
  ];
  const shown = majors.map(m => `${m.split(' ')[0]!.padStart(3)} ${m.slice(m.indexOf(' ') + 1)}\n`).join('');
  file(fs, '/proc/devices', `Character devices:\n${shown}\nBlock devices:\n254 virtblk\n259 blkext\n`, { mode: 0o444 });
  remove(fs, '/proc/driver/nvidia');
  remove(fs, '/sys/module/nvidia');
  if (has('nvidia')) showDriver(world);
  for (const f of world.pci) {
    const at = `/sys/bus/pci/devices/${f.slot}`;
    const [vendor, device] = f.id.split(':');
    file(fs, `${at}/vendor`, `0x${vendor}\n`, { mode: 0o444 });
    file(fs, `${at}/device`, `0x${device}\n`, { mode: 0o444 });
    file(fs, `${at}/class`, `0x${f.class}00\n`, { mode: 0o444 });
    remove(fs, `${at}/driver`);
    if (f.driver) link(fs, `${at}/driver`, `../../../../bus/pci/drivers/${f.driver}`);
    const upper = f.id.toUpperCase();
    const driver = f.driver ? `DRIVER=${f.driver}\n` : '';
    file(
      fs,
      `${at}/uevent`,
      `${driver}PCI_CLASS=${f.class.replace(/^0/, '')}00\nPCI_ID=${upper}\nPCI_SLOT_NAME=${f.slot}\n`,
      { mode: 0o444 },
    );
  }
};

const showDriver = (world: World): void => {
  const { fs, kernel } = world;
  const version = kernel.available.nvidia?.version ?? '0';
  const at = '/proc/driver/nvidia';
  file(
    fs,
    `${at}/version`,
    `NVRM version: NVIDIA UNIX ${world.arch ?? 'x86_64'} Kernel Module  ${version}  Tue Nov  4 00:00:00 UTC 2025\nGCC version:  gcc version 14.2.0 (Debian 14.2.0-19) \n`,
    { mode: 0o444 },
  );
  file(
    fs,
    `${at}/params`,
    'ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\nDeviceFileUID: 0\nDeviceFileGID: 0\nDeviceFileMode: 438\n',
  );
  for (const gpu of world.gpus)
    file(
      fs,
      `${at}/gpus/${gpu.bus}/information`,
      `Model: \t\t ${gpu.name}\nIRQ:   \t\t 55\nGPU UUID: \t ${gpu.uuid}\nBus Type: \t PCIe\nBus Location: \t ${gpu.bus}\nDevice Minor: \t ${gpu.minor}\nGPU Firmware: \t ${version}\nGPU Excluded:\t No\n`,
    );
  file(fs, '/sys/module/nvidia/version', `${version}\n`, { mode: 0o444 });
  for (const gpu of world.gpus)
    for (const m of gpu.mig ?? []) {
      const mig = `${at}/capabilities/gpu${gpu.minor}/mig/gi${m.gi}`;
      file(fs, `${mig}/access`, '', { mode: 0o444 });
      file(fs, `${mig}/ci${m.ci}/access`, '', { mode: 0o444 });
    }
};

/** Minor number of a right on an instance: 1 and 2 are for configuring and watching. */
export const capOf = (gi: number, ci: number | null): number => 3 + gi * 9 + (ci === null ? 0 : ci + 1);

/** A line of the kernel log at this moment. */
export const printk = (world: World, ...lines: readonly string[]): void => {
  const at = (world.fs.now - world.bootedAt).toFixed(6).padStart(12);
  const old = world.journal.get('kernel') ?? [];
  world.journal.set('kernel', [...old, ...lines.map(l => `[${at}] ${world.hostname} kernel: ${l}`)]);
};

/** Nodes that nvidia-modprobe and the device rules make for what is loaded. */
export const makeNodes = (world: World, uvm: boolean): void => {
  const { fs, kernel } = world;
  const make = (path: string, major: number, minor: number): void => {
    const old = get(fs, path);
    if (old?.type !== 'char' || old.major !== major || old.minor !== minor) node(fs, path, major, minor);
  };
  if (kernel.loaded.includes('nvidia')) {
    make('/dev/nvidiactl', 195, 255);
    for (const gpu of world.gpus) make(`/dev/nvidia${gpu.minor}`, 195, gpu.minor);
    mkdir(fs, '/dev/nvidia-caps');
  }
  if (kernel.loaded.includes('nvidia_modeset')) make('/dev/nvidia-modeset', 195, 254);
  if (uvm && kernel.loaded.includes('nvidia_uvm')) {
    make('/dev/nvidia-uvm', kernel.uvmMajor, 0);
    make('/dev/nvidia-uvm-tools', kernel.uvmMajor, 1);
  }
};

const alias = (world: World, name: string): string => {
  const plain = name.replaceAll('-', '_');
  return world.kernel.available[plain] || plain !== 'nvidia_current' ? plain : 'nvidia';
};

const settings = (world: World): string[] =>
  ['/etc/modprobe.d', '/usr/lib/modprobe.d'].flatMap(dir =>
    [...(world.fs.children.get(dir) ?? [])].sort().flatMap(n => (text(world.fs, `${dir}/${n}`) ?? '').split('\n')),
  );

/** What loading a module would do, in order, or why it cannot. */
const plan = (world: World, name: string): { readonly steps: readonly string[] } | { readonly why: string } => {
  const { available, loaded, release } = world.kernel;
  const module = available[name];
  if (!module) return { why: `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${release}\n` };
  const before: string[] = [];
  for (const need of module.needs) {
    const p = plan(world, need);
    if ('why' in p) return p;
    before.push(...p.steps);
  }
  return { steps: loaded.includes(name) ? before : [...new Set([...before, name])] };
};

/** With lockdown the kernel takes signed modules only; those that DKMS builds here are not signed. */
const isLocked = (world: World): boolean =>
  /\[(integrity|confidentiality)\]/.test(text(world.fs, '/sys/kernel/security/lockdown') ?? '');

/** Loads a module with what it needs; the error text of modprobe where it cannot. */
export const loadModule = (world: World, wanted: string): string | null => {
  const name = alias(world, wanted);
  const p = plan(world, name);
  if ('why' in p) return p.why;
  for (const step of p.steps) {
    const install = settings(world)
      .map(l => /^\s*install\s+(\S+)\s+(.+)$/.exec(l))
      .find(m => m?.[1]?.replaceAll('-', '_') === step);
    if (install) return `modprobe: ERROR: could not insert '${step}': Operation not permitted\n`;
    if (isLocked(world) && world.kernel.available[step]?.version !== undefined) {
      printk(world, 'Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7');
      return `modprobe: ERROR: could not insert '${step}': Key was rejected by service\n`;
    }
    const cards = world.pci.filter(f => f.id.startsWith('10de:') && f.class.startsWith('03'));
    const free = cards.filter(f => f.driver === null || f.driver === 'nvidia');
    if (step === 'nvidia' && free.length === 0) return `modprobe: ERROR: could not insert 'nvidia': No such device\n`;
    world.kernel.loaded.push(step);
    if (step === 'nvidia') printk(world, 'nvidia: loading out-of-tree module taints kernel.');
    if (step === 'nvidia_uvm')
      printk(world, `nvidia-uvm: Loaded the UVM driver, major device number ${world.kernel.uvmMajor}.`);
    if (step === 'nvidia') for (const f of free) f.driver = 'nvidia';
    if (world.kernel.udev) makeNodes(world, true);
  }
  if (p.steps.length > 0) showKernel(world);
  return null;
};

const unload = (world: World, name: string): string | null => {
  const { kernel } = world;
  if (!kernel.loaded.includes(name)) return `modprobe: FATAL: Module ${name} is not in use.\n`;
  const by = kernel.loaded.filter(o => kernel.available[o]?.needs.includes(name));
  if (by.length > 0) return `modprobe: FATAL: Module ${name} is in use.\n`;
  kernel.loaded = kernel.loaded.filter(m => m !== name);
  if (name === 'nvidia') {
    for (const f of world.pci) if (f.driver === 'nvidia') f.driver = null;
    for (const dev of ['nvidiactl', ...world.gpus.map(g => `nvidia${g.minor}`)]) remove(world.fs, `/dev/${dev}`);
  }
  if (name === 'nvidia_uvm') for (const dev of ['nvidia-uvm', 'nvidia-uvm-tools']) remove(world.fs, `/dev/${dev}`);
  if (name === 'nvidia_modeset') remove(world.fs, '/dev/nvidia-modeset');
  showKernel(world);
  return null;
};

export const modprobe: Program = ({ world, args, root }) => {
  const flags = args.filter(a => a.startsWith('-'));
  const all = flags.includes('-a') || flags.includes('--all');
  const given = args.filter(a => !a.startsWith('-'));
  const wanted = all || flags.includes('-r') ? given : given.slice(0, 1);
  if (wanted.length === 0) return fail(1, 'modprobe: ERROR: missing parameters. See -h.\n');
  if (flags.some(f => ['-n', '--dry-run', '--show'].includes(f))) {
    const lines: string[] = [];
    for (const name of wanted) {
      const p = plan(world, alias(world, name));
      if ('why' in p) return fail(1, p.why);
      for (const step of p.steps) {
        const install = settings(world)
          .map(l => /^\s*install\s+(\S+)\s+(.+)$/.exec(l))
          .find(m => m?.[1]?.replaceAll('-', '_') === step);
        lines.push(
          install
            ? `install ${install[2]}`
            : `insmod /lib/modules/${world.kernel.release}/${world.kernel.available[step]!.file}`,
        );
      }
    }
    return out(flags.includes('-v') || flags.includes('--verbose') ? lines.map(l => `${l} \n`).join('') : '');
  }
  if (!root) return fail(1, `modprobe: ERROR: could not insert '${wanted[0]}': Operation not permitted\n`);
  for (const name of wanted) {
    const why =
      flags.includes('-r') || flags.includes('--remove') ? unload(world, alias(world, name)) : loadModule(world, name);
    if (why) return fail(1, why);
  }
  return out('');
};

export const rmmod: Program = ({ world, args, root }) => {
  if (!root) return fail(1, 'rmmod: ERROR: Operation not permitted\n');
  for (const name of args) {
    const why = unload(world, alias(world, name));
    if (why) return fail(1, why.replace('modprobe: FATAL', 'rmmod: ERROR'));
  }
  return out('');
};

export const lsmod: Program = ({ world }) => {
  const rows = (text(world.fs, '/proc/modules') ?? '').split('\n').filter(Boolean);
  const shown = rows.map(r => {
    const [name = '', size = '', count = '', by = ''] = r.split(' ');
    return `${name.padEnd(19)} ${size.padStart(8)}  ${count}${by === '-' ? '' : ` ${by.replace(/,$/, '')}`}\n`;
  });
  return out(`Module                  Size  Used by\n${shown.join('')}`);
};

export const modinfo: Program = ({ world, args }) => {
  const name = args.filter(a => !a.startsWith('-')).at(-1) ?? '';
  const module = world.kernel.available[alias(world, name)];
  if (!module) return fail(1, `modinfo: ERROR: Module ${name} not found.\n`);
  const path = `/lib/modules/${world.kernel.release}/${module.file}`;
  const fields: Record<string, string> = {
    filename: path,
    ...(module.version ? { version: module.version, license: 'Dual MIT/GPL' } : { license: 'GPL' }),
    depends: module.needs.join(','),
    name: alias(world, name),
    vermagic: `${world.kernel.release} SMP preempt mod_unload `,
  };
  const at = args.indexOf('-F');
  if (at >= 0) return out(fields[args[at + 1] ?? ''] === undefined ? '' : `${fields[args[at + 1]!]}\n`);
  return out(
    Object.entries(fields)
      .map(([k, v]) => `${`${k}:`.padEnd(16)}${v}\n`)
      .join(''),
  );
};

export const nvidiaModprobe: Program = ({ world, args }) => {
  if (args.includes('--version') || args.includes('-v')) return out('nvidia-modprobe:  version 580.126.09\n');
  const why = loadModule(world, 'nvidia');
  if (why) return fail(1, why);
  const right = /\/gpu(\d+)\/mig\/gi(\d+)(?:\/ci(\d+))?\/access$/.exec(args[args.indexOf('-f') + 1] ?? '');
  if (right) {
    const cap = capOf(Number(right[2]), right[3] === undefined ? null : Number(right[3]));
    const path = `/dev/nvidia-caps/nvidia-cap${cap}`;
    if (!exists(world.fs, path)) node(world.fs, path, world.kernel.uvmMajor + 1, cap, 0o444);
    return out('');
  }
  const uvm = args.some(a => a === '-u' || a === '--unified-memory' || /^-[a-z]*u/.test(a));
  if (uvm) {
    const uvmWhy = loadModule(world, 'nvidia_uvm');
    if (uvmWhy) return fail(1, uvmWhy);
  }
  if (args.some(a => a === '-m' || a === '--modeset')) loadModule(world, 'nvidia_modeset');
  makeNodes(world, uvm);
  return out('');
};

/** What a management program does on its first call: with the setuid helper it loads the module and makes nodes. */
export const wakeDriver = (world: World, root: boolean): void => {
  if (!root && ((get(world.fs, '/usr/bin/nvidia-modprobe')?.mode ?? 0) & 0o4000) === 0) return;
  if (hostView(world).library === null || !exists(world.fs, '/usr/bin/nvidia-modprobe')) return;
  if (loadModule(world, 'nvidia') === null) makeNodes(world, false);
};

export const uname: Program = ({ world, args }) => {
  const { release } = world.kernel;
  const flags = args.join('').replaceAll('-', '');
  if (flags === '') return out('Linux\n');
  if (flags.includes('a'))
    return out(
      `Linux ${world.hostname} ${release} #1 SMP PREEMPT_DYNAMIC Debian ${world.arch ?? 'x86_64'} GNU/Linux\n`,
    );
  const words: Record<string, string> = {
    s: 'Linux',
    n: world.hostname,
    r: release,
    v: '#1 SMP PREEMPT_DYNAMIC Debian',
    m: world.arch ?? 'x86_64',
    o: 'GNU/Linux',
  };
  if ([...flags].some(f => !words[f]))
    return fail(
      1,
      `uname: invalid option -- '${[...flags].find(f => !words[f])}'\nTry 'uname --help' for more information.\n`,
    );
  return out(
    `${Object.keys(words)
      .filter(k => flags.includes(k))
      .map(k => words[k])
      .join(' ')}\n`,
  );
};

export const lspci: Program = ({ world, args }) => {
  const flags = args.filter(a => a.startsWith('-') && a !== '-d').join('');
  const at = args.indexOf('-d');
  const [vendor = '', device = ''] = at >= 0 ? (args[at + 1] ?? '').split(':') : [];
  const hits = world.pci.filter(
    f => (vendor === '' || f.id.startsWith(`${vendor}:`)) && (device === '' || f.id.endsWith(`:${device}`)),
  );
  const numeric = flags.includes('nn');
  const lines = hits.flatMap(f => {
    const slot = flags.includes('D') ? f.slot : f.slot.replace(/^0000:/, '');
    const id = numeric ? ` [${f.id}]` : '';
    const rev = f.revision ? ` (rev ${f.revision})` : '';
    const head = `${slot} ${f.className}${numeric ? ` [${f.class}]` : ''}: ${f.text}${id}${rev}`;
    if (!flags.includes('k')) return [head];
    const modules = f.modules?.filter(m => world.kernel.available[basename(m)]);
    return [
      head,
      ...(f.subsystem ? [`\tSubsystem: ${f.subsystem}`] : []),
      ...(f.driver ? [`\tKernel driver in use: ${f.driver}`] : []),
      ...(modules?.length ? [`\tKernel modules: ${modules.join(', ')}`] : []),
    ];
  });
  return out(lines.map(l => `${l}\n`).join(''));
};
