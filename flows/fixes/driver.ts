/** Fixes of the driver's side of the host: modules, device nodes, the loader cache. None restarts anything. */
import { isUnknown, or } from '../../src/engine/known.ts';
import { list, read, run } from '../../src/engine/probe.ts';
import type { Step } from '../../src/plan/plan.ts';
import type { Facts } from '../probes/index.ts';
import { refreshActive } from './cdi-spec.ts';
import { applies, byHand, does, isInside, refuse, replaces } from './make.ts';

const isHost = (f: Facts): boolean => !f.where.wsl && f.where.tegra === null;
/** The kernel and the nodes are this machine's to change. */
const ownsKernel = (f: Facts): boolean => isHost(f) && !isInside(f);
const has = (f: Facts, node: string): boolean | null => (isUnknown(f.nodes.present) ? null : f.nodes.present.has(node));

const MODULES = ['nvidia', 'nvidia_uvm', 'nvidia_modeset'] as const;
const load: Step = does(
  'the driver is installed and only has to be loaded',
  ['modprobe', '-a', ...MODULES],
  ['modprobe', '-r', 'nvidia_modeset', 'nvidia_uvm', 'nvidia'],
);

export const loadModules = applies({
  id: 'load-nvidia-modules',
  title: 'Load the nvidia kernel modules',
  mends: ['kernel-module-not-loaded'],
  privilege: 2,
  effect: ['E0'],
  source: '2.2 kernel-module-not-loaded; seed 3 met the same text through missing nodes in a container',
  // A blacklist stops the automatic load only; install and module_blacklist stop this one too.
  fits: f =>
    ownsKernel(f) && f.driver.loaded === null && freeOfOthers(f) && !f.module.blocks.some(b => b.how === 'install'),
  plan: () => ({
    summary:
      'Loads what is installed; no file is changed and nothing restarted. If it refuses, the kernel log says why.',
    steps: [load],
    afterwards: [
      'To keep it over a reboot, remove the blacklist line below /etc/modprobe.d or list the modules below /etc/modules-load.d.',
    ],
  }),
});
/** No card is in other hands: loading would only fail then. */
const freeOfOthers = (f: Facts): boolean =>
  isUnknown(f.pci.gpus) || f.pci.gpus.every(g => g.driver === null || g.driver === 'nvidia');

const MAKES_NODES = [
  'kernel-module-not-loaded',
  'device-nodes-missing',
  'nvidia-uvm-missing',
  'cdi-host-device-missing',
];
const NODES = { nothing: 'device nodes need not be taken back; they are gone at the next boot' } as const;

export const createNodes = applies({
  id: 'create-device-nodes',
  title: 'Create the missing GPU device nodes',
  mends: MAKES_NODES.slice(1),
  privilege: 2,
  effect: ['E0', 'RX'],
  source:
    '2.2 nvidia-uvm-missing and device-nodes-missing; seed 2 maps them by hand, seed 3 mounts all of /dev: neither is needed',
  fits: f => ownsKernel(f) && f.driver.loaded !== null && lacksNodes(f),
  plan: f => {
    const [first] = f.nodes.noNodes;
    if (first !== undefined)
      return refuse(
        `/dev/${first} is a folder, and no node can be made in its place`,
        `a container was told to mount it when it was not there: take that mount out, then remove /dev/${first} (sudo rmdir) and run gpumedic again`,
      );
    return makesNodes(f);
  },
});
const makesNodes = (f: Facts) => ({
  summary: 'Loads the uvm module if needed and makes the nodes that every container asks for; nothing is restarted.',
  steps: [
    does(
      'makes /dev/nvidiactl, /dev/nvidia0 and the uvm nodes with the right numbers',
      ['nvidia-modprobe', '-u', '-c=0'],
      NODES,
    ),
  ],
  afterwards: [
    'Start the containers again that should use CUDA.',
    ...(refreshActive(f) ? ['If a CDI spec lacks the node: systemctl restart nvidia-cdi-refresh.service.'] : []),
  ],
});

export const createNodesCtk = applies({
  id: 'create-device-nodes-with-ctk',
  title: 'Create the GPU control nodes with nvidia-ctk',
  mends: MAKES_NODES.slice(1),
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.2 nvidia-uvm-missing, the second command of the reference',
  fits: f =>
    ownsKernel(f) &&
    f.driver.loaded !== null &&
    lacksNodes(f) &&
    f.nodes.noNodes.length === 0 &&
    or(f.toolkit.version, null) !== null,
  plan: () => ({
    summary: 'The same by the toolkit, for hosts without nvidia-modprobe; nothing is restarted.',
    steps: [
      does(
        'makes the control and uvm nodes',
        ['nvidia-ctk', 'system', 'create-device-nodes', '--control-devices', '--load-kernel-modules'],
        NODES,
      ),
    ],
    afterwards: ['Start the containers again that should use CUDA.'],
  }),
});
/** The node was made in an earlier boot, or for a module that was loaded before. */
const hasOtherNumber = (f: Facts): boolean => {
  const now = or(f.nodes.uvmMajor, null);
  return f.nodes.uvmNodeMajor !== null && now !== null && f.nodes.uvmNodeMajor !== now;
};
/** What nvidia-modprobe makes; another name in a spec is of another day, and no program makes it. */
const MADE_HERE = /^\/dev\/nvidia(?:0|ctl|-modeset|-uvm|-uvm-tools)$/;
const lacksNodes = (f: Facts): boolean =>
  hasOtherNumber(f) ||
  ['nvidiactl', 'nvidia0', 'nvidia-uvm'].some(n => has(f, n) === false) ||
  [...f.cdiHost.there].some(([path, there]) => MADE_HERE.test(path) && there === false);

const LOAD_UVM = '/etc/modules-load.d/nvidia-uvm.conf';

export const keepUvm = applies({
  id: 'load-uvm-at-boot',
  title: 'Load nvidia-uvm at every boot',
  mends: ['nvidia-uvm-missing'],
  privilege: 2,
  effect: ['E1'],
  source: '2.2 nvidia-uvm-missing, the lasting part',
  fits: f =>
    ownsKernel(f) && f.driver.loaded !== null && has(f, 'nvidia-uvm') === false && f.nodes.noNodes.length === 0,
  touches: () => [LOAD_UVM],
  needs: () => ({ file: read(LOAD_UVM) }),
  plan: (_, a) => {
    if (a.file.kind === 'file') return refuse(`${LOAD_UVM} exists already`);
    if (a.file.kind !== 'absent') return refuse(`${LOAD_UVM} could not be looked at (${a.file.kind})`);
    return {
      summary: 'Loads the module now and at each boot, so that the node exists before containers and specs are made.',
      steps: [
        replaces(LOAD_UVM, null, 'nvidia-uvm\n', 'read at boot by systemd-modules-load', 0o644),
        does('the same now', ['nvidia-modprobe', '-u', '-c=0'], NODES),
      ],
    };
  },
});

export const rebuildCache = applies({
  id: 'rebuild-loader-cache',
  title: "Rebuild the host's loader cache (ldconfig)",
  mends: ['host-ldcache-stale', 'nvml-lib-missing', 'host-libcuda-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.5 host-ldcache-stale; nvml-lib-missing (c), one true cause of the text that seed 0 quotes',
  fits: f => isHost(f) && notCached(f).length > 0,
  touches: () => ['/etc/ld.so.cache'],
  needs: () => ({ preview: run('ldconfig', '-N', '-X', '-v'), conf: list('/etc/ld.so.conf.d') }),
  plan: (f, a) => {
    const lacking = notCached(f);
    const lines = a.preview.kind === 'exited' && a.preview.code === 0 ? a.preview.stdout : null;
    const shown = lines === null ? null : lacking.filter(lib => lines.includes(`${lib} `));
    const named = a.conf.kind === 'dir' && a.conf.names.some(n => /nvidia|cuda/i.test(n));
    if (shown !== null ? shown.length === 0 : !(onDisk(f) || named))
      return refuse(
        `${lacking.join(' and ')} lies in no folder that the loader knows, so rebuilding the cache would not find it`,
        'install the library, or name its folder in a file below /etc/ld.so.conf.d',
      );
    return {
      summary: `Lets the loader index the libraries that are on disk (${lacking.join(', ')}); that is how the toolkit finds them. Nothing is restarted.`,
      steps: [
        does('reads the library folders again', ['ldconfig'], {
          nothing: 'the cache is an index; every package installation rebuilds it',
        }),
      ],
      afterwards: ['Generate the CDI spec again if one is used, and start the containers again.'],
    };
  },
});
/** Driver libraries that the loader cache does not lead to. */
const notCached = (f: Facts): readonly string[] => {
  const { cached, gone } = f.libraries;
  return isUnknown(cached)
    ? []
    : ['libnvidia-ml.so.1', 'libcuda.so.1'].filter(lib => !cached.has(lib) || gone.has(lib));
};
const onDisk = (f: Facts): boolean => {
  const names = isUnknown(f.libraries.onDisk) ? [] : [...f.libraries.onDisk.keys()];
  return notCached(f).some(lib => names.some(n => n.startsWith(lib.slice(0, -1))));
};

export const readableCache = applies({
  id: 'make-loader-cache-readable',
  title: 'Let everybody read the loader cache (mode 0644)',
  mends: ['nvml-lib-missing', 'host-ldcache-stale'],
  privilege: 2,
  effect: ['E1'],
  source: '2.5 nvml-lib-missing (e)',
  fits: f =>
    !isUnknown(f.libraries.cacheMode) && f.libraries.cacheMode !== null && (f.libraries.cacheMode & 0o004) === 0,
  plan: f => ({
    summary: 'The toolkit reads the cache with few rights; every distribution ships it as 0644.',
    steps: [
      does(
        'opens it for reading',
        ['chmod', '0644', '/etc/ld.so.cache'],
        ['chmod', `0${(or(f.libraries.cacheMode, null) ?? 0o600).toString(8)}`, '/etc/ld.so.cache'],
      ),
    ],
  }),
});

/** The module that is loaded is the one on disk, and the libraries are of another driver: a reload brings the same again. */
export const hasTwoDrivers = (f: Facts): boolean =>
  typeof f.driver.loaded === 'string' &&
  f.driver.loaded === f.driver.onDisk &&
  (f.smi.status === 18 || (f.libraries.nvmlVersions.length > 0 && !f.libraries.nvmlVersions.includes(f.driver.loaded)));

export const reloadModules = byHand({
  id: 'reload-nvidia-modules',
  title: 'Reload the nvidia modules, or reboot',
  mends: ['driver-library-version-mismatch', 'uvm-broken-after-suspend'],
  privilege: 5,
  effect: ['RM', 'RB'],
  source: '2.2 driver-library-version-mismatch; the versioned mounts of seed 2 lead to the same mismatch in containers',
  fits: f => ownsKernel(f) && !hasTwoDrivers(f),
  steps: () => [
    { say: 'See who uses the GPU; all of it must stop first.', argv: ['sudo', 'lsof', '/dev/nvidiactl'] },
    {
      say: 'Stop the services that hold the driver (nvidia-dcgm and nvidia-fabricmanager too, where they run).',
      argv: ['sudo', 'systemctl', 'stop', 'nvidia-persistenced'],
    },
    {
      say: 'Unload the old modules.',
      argv: ['sudo', 'modprobe', '-r', 'nvidia_drm', 'nvidia_modeset', 'nvidia_uvm', 'nvidia'],
    },
    { say: 'Load those that fit the libraries.', argv: ['sudo', 'modprobe', '-a', ...MODULES] },
    { say: 'If unloading refuses, reboot.', argv: ['sudo', 'systemctl', 'reboot'] },
    { say: 'Then start all GPU containers again, generate the CDI spec again, and run gpumedic.' },
  ],
});
export const persistence = applies({
  id: 'enable-persistence-daemon',
  title: 'Switch the persistence daemon on',
  mends: ['persistence-daemon-off', 'cli-driver-rpc-timeout'],
  privilege: 2,
  effect: ['E0'],
  source: '2.2 persistence-daemon-off; seed 1 only wants the unit',
  fits: f => f.units.persistenced === 'inactive',
  needs: () => ({ enabled: run('systemctl', 'is-enabled', 'nvidia-persistenced') }),
  plan: (_, a) => {
    const isOn = a.enabled.kind === 'exited' && a.enabled.stdout.trim() === 'enabled';
    const [up, down] = isOn ? (['start', 'stop'] as const) : (['enable', 'disable'] as const);
    const now = isOn ? [] : ['--now'];
    return {
      summary: 'Keeps the driver awake between uses; interrupts nothing.',
      steps: [
        does(
          'the driver stays initialised',
          ['systemctl', up, ...now, 'nvidia-persistenced'],
          ['systemctl', down, ...now, 'nvidia-persistenced'],
        ),
      ],
    };
  },
});

export const driverFixes = [
  loadModules,
  createNodes,
  createNodesCtk,
  keepUvm,
  rebuildCache,
  readableCache,
  persistence,
  reloadModules,
];
