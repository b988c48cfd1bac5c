/** The driver's management library: what it answers to a program on the host or in a container. */
import { exists, get, names, text } from './fs.ts';
import { findLibrary, libraryVersion } from './ldconfig.ts';
import { atLeast, type Gpu, type World } from './world.ts';

/** Version of the loaded kernel module, or null. */
export const loadedDriver = (world: World): string | null =>
  /Kernel Module\s+(?:for \S+\s+)?(\d[\d.]+)/.exec(text(world.fs, '/proc/driver/nvidia/version') ?? '')?.[1] ?? null;

/** What the process sees of the driver. */
export interface View {
  /** Path of libnvidia-ml.so.1, or null where the loader does not find it. */
  readonly library: string | null;
  readonly version: string | null;
  readonly node: (path: string) => boolean;
  /** The device cgroup lets it open the nodes. */
  readonly allowed: boolean;
}

export type NvmlError =
  | 'library not found'
  | 'driver not loaded'
  | 'version mismatch'
  | 'unknown'
  | 'insufficient permissions';
export type Nvml =
  | { readonly ok: true; readonly driver: string; readonly library: string; readonly gpus: readonly Gpu[] }
  | { readonly ok: false; readonly error: NvmlError; readonly version?: string };

export const nvmlInit = (world: World, view: View): Nvml => {
  if (view.library === null) return { ok: false, error: 'library not found' };
  const driver = loadedDriver(world);
  if (driver === null || !view.node('/dev/nvidiactl')) return { ok: false, error: 'driver not loaded' };
  if (!view.allowed) return { ok: false, error: 'unknown' };
  if (view.version !== null && view.version !== driver)
    return { ok: false, error: 'version mismatch', version: view.version };
  return {
    ok: true,
    driver,
    library: view.version ?? driver,
    gpus: world.gpus.filter(g => view.node(`/dev/nvidia${g.minor}`)),
  };
};

export const hostView = (world: World, root = ''): View => {
  const library = findLibrary(world, 'libnvidia-ml.so.1', root);
  return {
    library,
    version: library === null ? null : libraryVersion(world, root + library),
    node: path => exists(world.fs, path),
    allowed: true,
  };
};
export const hostNvml = (world: World): Nvml => nvmlInit(world, hostView(world));

/** As go-nvml and libnvidia-container word the same errors. */
export const goWords: Readonly<Record<NvmlError, string>> = {
  'library not found': 'ERROR_LIBRARY_NOT_FOUND',
  'driver not loaded': 'Driver Not Loaded',
  'version mismatch': 'Driver/library version mismatch',
  unknown: 'Unknown Error',
  'insufficient permissions': 'Insufficient Permissions',
};
export const cliWords: Readonly<Record<NvmlError, string>> = {
  'library not found':
    'load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory',
  'driver not loaded': 'nvml error: driver not loaded',
  'version mismatch': 'nvml error: driver/library version mismatch',
  unknown: 'nvml error: unknown error',
  'insufficient permissions': 'nvml error: insufficient permissions',
};

/** Files of the driver on the host, as both injectors look them up. */
export interface DriverFiles {
  readonly dir: string;
  readonly libraries: readonly string[];
  readonly binaries: readonly string[];
  readonly firmware: readonly string[];
}
const binaries = [
  'nvidia-cuda-mps-control',
  'nvidia-cuda-mps-server',
  'nvidia-debugdump',
  'nvidia-persistenced',
  'nvidia-smi',
];

/** Null where no library of these names, in that version, is below the root. */
export const driverFiles = (
  world: World,
  version: string,
  root = '',
  leads: readonly string[] = ['libcuda', 'libnvidia-ml'],
): DriverFiles | null => {
  const { fs } = world;
  const found = leads
    .flatMap(lead => {
      const cached = findLibrary(world, `${lead}.so.1`, root);
      const places = [
        ...(cached ? [cached.slice(0, cached.lastIndexOf('/'))] : []),
        '/usr/lib/x86_64-linux-gnu',
        '/usr/lib64',
        '/usr/lib',
      ];
      return places.filter(d => exists(fs, `${root}${d}/${lead}.so.${version}`));
    })
    .at(0);
  if (found === undefined) return null;
  const dir = found.replace(/^\/lib\//, '/usr/lib/');
  return {
    dir,
    libraries: (names(fs, root + dir) ?? []).filter(n => n.endsWith(`.so.${version}`)),
    binaries: binaries.filter(b => exists(fs, `${root}/usr/bin/${b}`)).map(b => `/usr/bin/${b}`),
    firmware: (names(fs, `${root}/lib/firmware/nvidia/${version}`) ?? []).map(
      n => `/lib/firmware/nvidia/${version}/${n}`,
    ),
  };
};

/** Control nodes that exist, in the order the toolkit lists them. */
export const controlNodes = (world: World): string[] =>
  ['/dev/nvidia-modeset', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools', '/dev/nvidiactl'].filter(
    p => get(world.fs, p) !== undefined,
  );

export const gpuByRequest = (gpus: readonly Gpu[], wanted: string): Gpu | undefined =>
  gpus.find(
    (g, i) =>
      g.mig?.some((m, n) => m.uuid === wanted || `${i}:${n}` === wanted) ||
      String(i) === wanted ||
      g.uuid === wanted ||
      g.bus === wanted ||
      `0000${g.bus}` === wanted,
  );

/** "cuda>=13.2" and the like; null where it holds. */
export const unmet = (world: World, requirement: string, driver: string): string | null => {
  const gpu = world.gpus[0];
  const groups = requirement.split(/\s+/).filter(Boolean);
  const holds = (one: string): boolean => {
    const m = /^(\w+)(>=|<=|=|<|>)(.+)$/.exec(one);
    if (!m || !gpu) return true;
    const have =
      m[1] === 'cuda'
        ? gpu.cuda
        : m[1] === 'driver'
          ? driver
          : m[1] === 'arch'
            ? gpu.architecture
            : gpu.brand.toLowerCase();
    if (m[1] === 'brand') return (have === m[3]) === (m[2] === '=');
    const ge = atLeast(have, m[3]!);
    const le = atLeast(m[3]!, have);
    return { '>=': ge, '<=': le, '=': ge && le, '<': !ge, '>': !le }[m[2]!] ?? true;
  };
  if (groups.length === 0 || groups.some(g => g.split(',').every(holds))) return null;
  return groups[0]!.split(',').find(one => !holds(one))!;
};
