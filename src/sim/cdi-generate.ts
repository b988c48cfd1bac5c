/** The toolkit's spec generator: from the driver's files and nodes to edits, and to the text of each version. */
import { type Edits, remember } from './cdi.ts';
import { exists, get, lget } from './fs.ts';
import { capOf } from './kernel.ts';
import { sonameOf } from './ldconfig.ts';
import { controlNodes, type DriverFiles, driverFiles, goWords, gpuByRequest, hostView, nvmlInit } from './nvml.ts';
import { atLeast, type Gpu, type World } from './world.ts';

interface GeneratedNode {
  readonly path: string;
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
}
interface GeneratedHook {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: boolean;
}
export interface GeneratedSpec {
  readonly version: string;
  readonly kind: string;
  readonly devices: readonly { readonly name: string; readonly nodes: readonly GeneratedNode[] }[];
  readonly env: readonly string[];
  readonly nodes: readonly GeneratedNode[];
  readonly hooks: readonly GeneratedHook[];
  readonly mounts: readonly string[];
  readonly gids: readonly number[];
}

const nodeOf = (world: World, path: string): GeneratedNode[] => {
  const entry = get(world.fs, path);
  return entry?.type === 'char' ? [{ path, major: entry.major, minor: entry.minor, mode: entry.mode }] : [];
};

const links = (files: DriverFiles, all: boolean): string[] => {
  const { dir } = files;
  const out: string[] = [];
  const add = (target: string, name: string): void => {
    out.push('--link', `${target}::${dir}/${name}`);
  };
  for (const lib of files.libraries) {
    const stem = lib.slice(0, lib.indexOf('.so'));
    const soname = sonameOf(lib);
    if (stem === 'libGLX_nvidia') add(lib, 'libGLX_indirect.so.0');
    if (stem === 'libcuda' || stem === 'libnvidia-opticalflow') add(soname, `${stem}.so`);
    if (all && soname !== lib) add(lib, soname);
    if (all && stem === 'libnvidia-ml') add(soname, `${stem}.so`);
  }
  return out;
};

const hooksFor = (version: string, driver: string, files: DriverFiles): GeneratedHook[] => {
  if (!atLeast(version, '1.15.0'))
    return [
      {
        program: '/usr/bin/nvidia-ctk',
        args: ['nvidia-ctk', 'hook', 'update-ldcache', '--folder', files.dir.replace('/usr/lib/', '/lib/')],
        env: false,
      },
    ];
  const hook = (...args: string[]): GeneratedHook => ({
    program: '/usr/bin/nvidia-cdi-hook',
    args: ['nvidia-cdi-hook', ...args],
    env: true,
  });
  const newer = atLeast(version, '1.18.0');
  const gbm = files.libraries.some(l => l.startsWith('libnvidia-allocator'));
  return [
    ...(gbm
      ? [hook('create-symlinks', '--link', `../libnvidia-allocator.so.1::${files.dir}/gbm/nvidia-drm_gbm.so`)]
      : []),
    hook('create-symlinks', ...links(files, newer)),
    hook('enable-cuda-compat', `--host-driver-version=${driver}`),
    hook('update-ldcache', '--folder', files.dir),
    ...(newer ? [hook('disable-device-node-modification'), hook('update-application-profile')] : []),
  ];
};

export interface GenerateOptions {
  readonly version: string;
  readonly root: string;
  /** Only these; all where absent. */
  readonly devices?: readonly string[];
}
type Made =
  | { readonly spec: GeneratedSpec; readonly edits: readonly Edits[]; readonly driver: string }
  | { readonly error: string; readonly nvml: boolean };

const failure = (error: string, nvml = false): Made => ({ error, nvml });

export const generate = (world: World, o: GenerateOptions): Made => {
  const newer = atLeast(o.version, '1.18.0');
  const root = o.root === '/' ? '' : o.root;
  const spoken = newer ? 'failed to construct device spec generators: ' : '';
  const nvml = nvmlInit(world, hostView(world));
  if (!nvml.ok) return failure(`${spoken}failed to initialize NVML: ${goWords[nvml.error]}`, true);
  const chosen: { name: string; gpus: readonly Gpu[] }[] = [];
  for (const wanted of o.devices ?? []) {
    if (wanted === 'none') continue;
    const gpu = gpuByRequest(nvml.gpus, wanted);
    const index = /^\d+$/.test(wanted);
    if (wanted !== 'all' && !index && !wanted.startsWith('GPU-'))
      return failure(`${spoken}identifier is not a valid UUID or index: "${wanted}"`);
    if (wanted !== 'all' && !gpu)
      return failure(`${spoken}failed to get device handle from ${index ? 'index' : 'UUID'}: Not Found`);
    chosen.push({ name: wanted, gpus: wanted === 'all' ? nvml.gpus : [gpu!] });
  }
  if (!o.devices) {
    nvml.gpus.forEach((g, i) => {
      chosen.push({ name: String(i), gpus: [g] });
    });
    if (atLeast(o.version, '1.15.0')) for (const g of nvml.gpus) chosen.push({ name: g.uuid, gpus: [g] });
    chosen.push({ name: 'all', gpus: nvml.gpus });
  }
  // From 1.19 on the folder of libnvidia-ml does where there is no libcuda.
  const leads = atLeast(o.version, '1.19.0') ? ['libcuda', 'libnvidia-ml'] : ['libcuda'];
  const files = driverFiles(world, nvml.driver, root, leads);
  const lib = `libcuda.so.${nvml.driver}`;
  const ml = `libnvidia-ml.so.${nvml.driver}`;
  if (!files)
    return failure(
      newer
        ? `failed to create discoverer for common entities: failed to create discoverer for driver files: failed to create discoverer for driver libraries: failed to get libraries for driver version: failed to get driver library locator: failed to get libcuda.so parent directory: failed to locate "libcuda.so.": ${lib}: not found\n${lib}: not found\nfailed to locate "libnvidia-ml.so.": ${ml}: not found\n${ml}: not found`
        : `failed to create discoverer for common entities: failed to create discoverer for driver files: failed to create discoverer for driver libraries: failed to get libraries for driver version: failed to locate ${lib}: pattern ${lib} not found`,
    );
  const old = !atLeast(o.version, '1.15.0');
  const dir = old ? files.dir.replace('/usr/lib/', '/lib/') : files.dir;
  const libraries = files.libraries.map(l => `${dir}/${l}`);
  const nodes = controlNodes(world).flatMap(p => nodeOf(world, p));
  const divided = o.devices
    ? []
    : nvml.gpus.flatMap((g, i) => (g.mig ?? []).map((m, n) => ({ g, m, name: `${i}:${n}` })));
  const partNodes = ({ g, m }: (typeof divided)[number]) => [
    ...nodeOf(world, `/dev/nvidia${g.minor}`),
    ...[capOf(m.gi, null), capOf(m.gi, m.ci)].flatMap(cap => nodeOf(world, `/dev/nvidia-caps/nvidia-cap${cap}`)),
  ];
  const devices = [
    ...divided.map(d => ({ name: d.name, nodes: partNodes(d) })),
    ...chosen.map(c => ({
      name: c.name,
      nodes: [
        ...c.gpus.flatMap(g => nodeOf(world, `/dev/nvidia${g.minor}`)),
        ...(c.name === 'all' ? divided.flatMap(d => partNodes(d).slice(1)) : []),
      ],
    })),
  ];
  const gids = [
    ...new Set(
      [...nodes, ...devices.flatMap(d => d.nodes)].map(n => lget(world.fs, n.path)?.gid ?? 0).filter(g => g !== 0),
    ),
  ];
  const withGids = atLeast(o.version, '1.19.0') ? gids : [];
  const spec: GeneratedSpec = {
    version: withGids.length > 0 ? '0.7.0' : '0.5.0',
    kind: 'nvidia.com/gpu',
    devices,
    env: old ? [] : [...(newer ? [`NVIDIA_CTK_LIBCUDA_DIR=${dir}`] : []), 'NVIDIA_VISIBLE_DEVICES=void'],
    nodes,
    hooks: hooksFor(o.version, nvml.driver, files),
    mounts: [...(old ? [...libraries, ...files.binaries] : [...files.binaries, ...libraries]), ...files.firmware],
    gids: withGids,
  };
  return { spec, driver: nvml.driver, edits: [commonEdits(spec), { deviceNodes: devices.flatMap(d => d.nodes) }] };
};

const commonEdits = (spec: GeneratedSpec): Edits => ({
  env: spec.env,
  deviceNodes: spec.nodes,
  hooks: spec.hooks.map(h => ({ hookName: 'createContainer', path: h.program, args: h.args })),
  mounts: spec.mounts.map(m => ({ hostPath: m, containerPath: m })),
});

const scalar = (s: string): string => (/^\d/.test(s) && /^[\d.:]+$/.test(s) ? `"${s}"` : s);
const lines = (indent: string, items: readonly string[]): string => items.map(i => `${indent}- ${i}\n`).join('');

/** Up to 1.17: keys in alphabetical order, nodes by path only. */
const oldText = (spec: GeneratedSpec): string => {
  const hook = (h: GeneratedHook): string =>
    `  - args:\n${lines('    ', h.args)}${h.env ? '    env:\n    - NVIDIA_CTK_DEBUG=false\n' : ''}    hookName: createContainer\n    path: ${h.program}\n`;
  const mount = (m: string): string =>
    `  - containerPath: ${m}\n    hostPath: ${m}\n    options:\n${lines('    ', ['ro', 'nosuid', 'nodev', 'bind'])}`;
  const device = (d: GeneratedSpec['devices'][number]): string =>
    `- containerEdits:\n    deviceNodes:\n${d.nodes.map(n => `    - path: ${n.path}\n`).join('')}  name: ${scalar(d.name)}\n`;
  return (
    `---\ncdiVersion: ${spec.version}\ncontainerEdits:\n  deviceNodes:\n${spec.nodes.map(n => `  - path: ${n.path}\n`).join('')}` +
    `${spec.env.length ? `  env:\n${lines('  ', spec.env)}` : ''}  hooks:\n${spec.hooks.map(hook).join('')}` +
    `  mounts:\n${spec.mounts.map(mount).join('')}devices:\n${spec.devices.map(device).join('')}kind: ${spec.kind}\n`
  );
};

/** From 1.18: in the order of the schema, nodes with their numbers. */
const newText = (spec: GeneratedSpec): string => {
  const deviceNode = (i: string, n: GeneratedNode): string =>
    `${i}- path: ${n.path}\n${i}  major: ${n.major}\n${n.minor ? `${i}  minor: ${n.minor}\n` : ''}${i}  fileMode: ${n.mode}\n${i}  permissions: rwm\n`;
  const gids = (i: string): string =>
    spec.gids.length ? `${i}additionalGids:\n${spec.gids.map(g => `${i}    - ${g}\n`).join('')}` : '';
  const device = (d: GeneratedSpec['devices'][number]): string =>
    `    - name: ${scalar(d.name)}\n      containerEdits:\n        deviceNodes:\n${d.nodes.map(n => deviceNode('            ', n)).join('')}${gids('        ')}`;
  const hook = (h: GeneratedHook): string =>
    `        - hookName: createContainer\n          path: ${h.program}\n          args:\n${lines('            ', h.args)}          env:\n            - NVIDIA_CTK_DEBUG=false\n`;
  const mount = (m: string): string =>
    `        - hostPath: ${m}\n          containerPath: ${m}\n          options:\n${lines('            ', ['ro', 'nosuid', 'nodev', 'rbind', 'rprivate'])}`;
  return (
    `---\ncdiVersion: ${spec.version}\nkind: ${spec.kind}\ndevices:\n${spec.devices.map(device).join('')}containerEdits:\n` +
    `    env:\n${lines('        ', spec.env)}    deviceNodes:\n${spec.nodes.map(n => deviceNode('        ', n)).join('')}` +
    `    hooks:\n${spec.hooks.map(hook).join('')}    mounts:\n${spec.mounts.map(mount).join('')}${gids('    ')}`
  );
};

/** The file as the version writes it. */
export const specText = (spec: GeneratedSpec, version: string): string => {
  const content = atLeast(version, '1.18.0') ? newText(spec) : oldText(spec);
  remember(content, {
    cdiVersion: spec.version,
    kind: spec.kind,
    devices: spec.devices.map(d => ({
      name: d.name,
      containerEdits: { deviceNodes: d.nodes.map(n => ({ path: n.path })) },
    })),
    containerEdits: { ...commonEdits(spec), deviceNodes: spec.nodes.map(n => ({ path: n.path })) },
  });
  return content;
};

/** The runtime's and the generator's view of whether libraries can be found at all. */
export const hasNvml = (world: World): boolean => {
  const { library } = hostView(world);
  return library !== null && exists(world.fs, library);
};
