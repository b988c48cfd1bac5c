/** nvidia-container-cli: the legacy injector, with its stages in their order. */
import { exists, get, isDir, names, text } from './fs.ts';
import { loadModule, makeNodes, wakeDriver } from './kernel.ts';
import { cliWords, controlNodes, driverFiles, gpuByRequest, hostView, nvmlInit, unmet } from './nvml.ts';
import { driverSleeps, fail, type Gpu, out, type Program, type World } from './world.ts';

export interface Configure {
  readonly root: string;
  readonly ldcache: string;
  /** "@/sbin/ldconfig": the host's; without "@" the container's own. */
  readonly ldconfig: string;
  readonly loadKmods: boolean;
  readonly noCgroups: boolean;
  readonly devices: readonly string[];
  readonly capabilities: readonly string[];
  readonly requirements: readonly string[];
}
export interface Configured {
  readonly nodes: readonly string[];
  readonly files: readonly string[];
  readonly cached: boolean;
}

const byCapability: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(libnvidia-ml|libnvidia-cfg|nvidia-smi|nvidia-debugdump|nvidia-persistenced)/, ['utility']],
  [/^(libcuda|libnvidia-(opencl|gpucomp|ptxjitcompiler|allocator|pkcs11|nvvm)|nvidia-cuda-mps)/, ['compute']],
  [/^(libnvidia-(encode|opticalflow)|libnvcuvid)/, ['video']],
  [/./, ['graphics', 'display']],
];
const wants = (capabilities: readonly string[], file: string): boolean =>
  byCapability
    .find(([re]) => re.test(file.slice(file.lastIndexOf('/') + 1)))![1]
    .some(c => capabilities.includes(c) || capabilities.includes('all'));

interface Opened {
  readonly driver: string;
  readonly gpus: readonly Gpu[];
}
const open = (
  world: World,
  o: Pick<Configure, 'root' | 'ldcache' | 'loadKmods'>,
): Opened | { readonly error: string } => {
  const root = o.root === '/' ? '' : o.root;
  if (o.loadKmods && root === '' && loadModule(world, 'nvidia') === null) {
    loadModule(world, 'nvidia_uvm');
    loadModule(world, 'nvidia_modeset');
    makeNodes(world, true);
  }
  if (root !== '' && !isDir(world.fs, root))
    return { error: 'initialization error: change root failed: no such file or directory' };
  // Its child waits for the driver no longer than ten seconds.
  if (driverSleeps(world)) return { error: 'initialization error: driver rpc error: timed out' };
  const nvml = nvmlInit(world, hostView(world, root));
  if (!nvml.ok) return { error: `initialization error: ${cliWords[nvml.error]}` };
  const cache = o.ldcache || '/etc/ld.so.cache';
  if (get(world.fs, root + cache) === undefined)
    return { error: `detection error: open failed: ${root}${cache}: no such file or directory` };
  return { driver: nvml.driver, gpus: nvml.gpus };
};

/** Everything `configure` would put into a container, or the first stage's error. */
export const configure = (world: World, o: Configure): Configured | { readonly error: string } => {
  const opened = open(world, o);
  if ('error' in opened) return opened;
  const { driver, gpus } = opened;
  const chosen: Gpu[] = [];
  for (const wanted of o.devices) {
    if (wanted === 'none') continue;
    const hit = wanted === 'all' ? gpus : [gpuByRequest(gpus, wanted)];
    if (hit[0] === undefined && wanted !== 'all') return { error: `device error: ${wanted}: unknown device` };
    chosen.push(...(hit as Gpu[]));
  }
  for (const requirement of o.requirements) {
    const broken = unmet(world, requirement, driver);
    if (broken)
      return {
        error: `requirement error: unsatisfied condition: ${broken}${broken.startsWith('cuda') ? ', please update your driver to a newer version, or use an earlier cuda container' : ''}`,
      };
  }
  const files = driverFiles(world, driver, o.root === '/' ? '' : o.root);
  const compute = o.capabilities.includes('compute') || o.capabilities.includes('all');
  const graphics = ['graphics', 'display', 'all'].some(c => o.capabilities.includes(c));
  const nodes = [
    ...controlNodes(world).filter(n => (n.includes('uvm') ? compute : n.includes('modeset') ? graphics : true)),
    ...chosen.map(g => `/dev/nvidia${g.minor}`),
  ];
  const mounted = files
    ? [...files.binaries, ...files.libraries.map(l => `${files.dir}/${l}`)].filter(f => wants(o.capabilities, f))
    : [];
  // The kernel attaches device programs for the owner of the cgroup's namespace alone.
  if (world.docker?.rootless && !o.noCgroups)
    return {
      error:
        'mount error: failed to add device rules: unable to find any existing device filters attached to the cgroup: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted',
    };
  if (!o.ldconfig.startsWith('@')) return { nodes, files: mounted, cached: true };
  const path = o.ldconfig.slice(1);
  const program = get(world.fs, path);
  if (program === undefined) return { error: `ldcache error: open failed: ${path}: no such file or directory` };
  if (program.type !== 'file' || (program.mode & 0o111) === 0)
    return { error: `ldcache error: process ${path} failed with error code: 1` };
  return { nodes, files: mounted, cached: !program.text.startsWith('#!') };
};

const info = (world: World, o: Opened): string =>
  [
    `NVRM version:   ${o.driver}\nCUDA version:   ${world.gpus[0]?.cuda ?? 'N/A'}\n`,
    ...o.gpus.map(
      (g, i) =>
        `Device Index:   ${i}\nDevice Minor:   ${g.minor}\nModel:          ${g.name}\nBrand:          ${g.brand}\nGPU UUID:       ${g.uuid}\nBus Location:   0000${g.bus}\nArchitecture:   ${g.architecture}\n`,
    ),
  ].join('\n');

const option = (args: readonly string[], name: string): string =>
  args.find(a => a.startsWith(`--${name}=`))?.slice(name.length + 3) ??
  args[args.indexOf(`--${name}`) + 1 || args.length] ??
  '';

/** The CLI's own library, of a package of its own. */
export const hasLibrary = (world: World): boolean =>
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'].some(d => exists(world.fs, `${d}/libnvidia-container.so.1`));
export const libraryGone =
  'nvidia-container-cli: error while loading shared libraries: libnvidia-container.so.1: cannot open shared object file: No such file or directory';

export const nvidiaContainerCli: Program = ({ world, args, root }) => {
  const version = world.versions.cli ?? '1.17.8';
  if (!hasLibrary(world)) return fail(127, `${libraryGone}\n`);
  if (args.includes('-V') || args.includes('--version'))
    return out(
      `cli-version: ${version}\nlib-version: ${version}\nbuild date: 2025-05-30T13:47+00:00\nbuild revision: 6eda4d76c8c5f8fc174e4abca83e513fb4dd63b0\nbuild compiler: x86_64-linux-gnu-gcc-7 7.5.0\nbuild platform: x86_64\nbuild flags: -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -DNDEBUG -std=gnu11 -O2\n`,
    );
  const command = args.find((a, i) => !a.startsWith('-') && !['-d', '-r', '-c', '-u'].includes(args[i - 1] ?? ''));
  if (command !== 'info' && command !== 'list')
    return fail(
      64,
      `Usage: nvidia-container-cli [OPTION...] COMMAND [ARG...]\nTry \`nvidia-container-cli --help' or \`nvidia-container-cli --usage' for more\ninformation.\n`,
    );
  const loadKmods = root && (args.includes('-k') || args.includes('--load-kmods'));
  if (!loadKmods) wakeDriver(world, false);
  const opened = open(world, { root: option(args, 'root'), ldcache: option(args, 'ldcache'), loadKmods });
  if ('error' in opened) return fail(1, `nvidia-container-cli: ${opened.error}\n`);
  if (command === 'info') return out(info(world, opened));
  const files = driverFiles(world, opened.driver);
  const lines = [
    ...controlNodes(world).reverse(),
    ...opened.gpus.map(g => `/dev/nvidia${g.minor}`),
    ...(files ? [...files.binaries, ...files.libraries.map(l => `${files.dir}/${l}`), ...files.firmware] : []),
  ];
  return out(lines.map(l => `${l}\n`).join(''));
};

/** Lists of a Tegra machine: how many lines a directory of CSV files holds. */
export const csvLines = (world: World, dir: string): string[] =>
  (names(world.fs, dir) ?? [])
    .filter(n => n.endsWith('.csv'))
    .flatMap(n => (text(world.fs, `${dir}/${n}`) ?? '').split('\n').filter(Boolean));
