/** The lessons as data: what stands on each page, in order, and the exercise at the end. Texts are in flows/lang. */

/** Facts of the box, told by a function of that name. */
export type Show = 'libraries' | 'nodes' | 'versions' | 'ways' | 'mode' | 'specs' | 'kube' | 'tegra' | 'vm' | 'lasting';

export type Item =
  /** A text, by its key. */
  | string
  | { readonly show: Show }
  /** A chain of those who hand the work on, by the keys below "pic.". */
  | { readonly picture: string; readonly links: readonly string[] };

/** One thing that is done to the simulated box. */
export type Break =
  | { readonly do: 'replace'; readonly path: string; readonly find: string; readonly put: string }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'run'; readonly argv: readonly [string, ...string[]] };

export interface Exercise {
  /** A simulated box on which nothing is wrong yet. */
  readonly demo: string;
  readonly breaks: readonly Break[];
  /** The fix that is offered, and the finding it mends there. */
  readonly fix: string;
  readonly finding: string;
}

export interface Chapter {
  readonly id: string;
  readonly pages: readonly (readonly Item[])[];
  readonly exercise: Exercise;
  /** Passages that it tells. */
  readonly source: string;
}

const CONFIG = '/etc/nvidia-container-runtime/config.toml';
const legacy = { picture: 'legacy', links: ['cli', 'dockerd', 'runc', 'hook', 'nvc', 'app'] };
const jit = { picture: 'jit', links: ['cli', 'dockerd', 'runtime', 'runc', 'app'] };
const cdi = { picture: 'cdi', links: ['cli', 'engine', 'runc', 'app'] };
const csv = { picture: 'csv', links: ['cli', 'runtime', 'runc'] };

export const chapters: readonly Chapter[] = [
  {
    id: 'arrive',
    pages: [['arrive.1'], ['arrive.2', { show: 'libraries' }], ['arrive.3', { show: 'nodes' }], ['arrive.4']],
    exercise: {
      demo: 'healthy-new',
      breaks: [
        { do: 'remove', path: '/dev/nvidia-uvm' },
        { do: 'remove', path: '/dev/nvidia-uvm-tools' },
      ],
      fix: 'create-device-nodes',
      finding: 'nvidia-uvm-missing',
    },
    source: 'section 1.1; seed 4, tables of libraries and nodes, completed',
  },
  {
    id: 'apis',
    pages: [
      ['apis.1', { picture: 'apis', links: ['code', 'cudart', 'cuda', 'ko'] }],
      ['apis.2', 'apis.3', { show: 'versions' }],
      ['apis.4'],
    ],
    exercise: {
      demo: 'healthy-old',
      breaks: [
        { do: 'replace', path: CONFIG, find: '#root = "/run/nvidia/driver"', put: 'root = "/run/nvidia/driver"' },
      ],
      fix: 'remove-driver-root',
      finding: 'driver-root-wrong',
    },
    source: 'section 1.1; seed 4, runtime API versus driver API (right)',
  },
  {
    id: 'mechanisms',
    pages: [
      ['mechanisms.1', 'mechanisms.2', legacy],
      ['mechanisms.3', jit],
      ['mechanisms.4', cdi],
      ['mechanisms.5', csv],
      ['mechanisms.6', { show: 'ways' }],
    ],
    exercise: {
      demo: 'healthy-old',
      breaks: [{ do: 'replace', path: CONFIG, find: 'mode = "auto"', put: 'mode = "cdi"' }],
      fix: 'set-mode-auto',
      finding: 'cdi-spec-missing',
    },
    source: 'section 1.2; seed 4 draws the legacy way only and merges runtime and hook',
  },
  {
    id: 'mode',
    pages: [['mode.1', { show: 'mode' }], ['mode.2']],
    exercise: {
      demo: 'healthy-new',
      breaks: [{ do: 'replace', path: CONFIG, find: 'mode = "auto"', put: 'mode = "csv"' }],
      fix: 'set-mode-auto',
      finding: 'hook-in-nonlegacy-mode',
    },
    source: 'section 1.3',
  },
  {
    id: 'cdi',
    pages: [['cdi.1'], ['cdi.2', { show: 'specs' }], ['cdi.3']],
    exercise: {
      demo: 'healthy-new',
      breaks: [{ do: 'replace', path: '/var/run/cdi/nvidia.yaml', find: '580.126.09', put: '550.163.01' }],
      fix: 'regenerate-cdi-spec',
      finding: 'cdi-spec-stale',
    },
    source: 'sections 1.5 and 1.6',
  },
  {
    id: 'kubernetes',
    pages: [
      ['kubernetes.1', { picture: 'kube', links: ['pod', 'kubelet', 'plugin', 'containerd', 'runtime', 'runc'] }],
      ['kubernetes.2'],
      ['kubernetes.3'],
      ['kubernetes.4', { show: 'kube' }],
    ],
    exercise: {
      demo: 'healthy-new',
      breaks: [
        { do: 'replace', path: '/etc/docker/daemon.json', find: '"nvidia": {', put: '"nvidia-was-here": {' },
        { do: 'run', argv: ['systemctl', 'restart', 'docker'] },
      ],
      fix: 'register-nvidia-runtime',
      finding: 'docker-runtime-not-registered',
    },
    source:
      'sections 1.8 and 2.13; seed 4: default runtime before 25.10 only, its list of files is of an older version',
  },
  {
    id: 'jetson',
    pages: [
      ['jetson.1', csv],
      ['jetson.2', { show: 'tegra' }],
    ],
    exercise: {
      demo: 'healthy-old',
      breaks: [{ do: 'replace', path: CONFIG, find: 'mode = "auto"', put: 'mode = "csv"' }],
      fix: 'set-mode-auto',
      finding: 'hook-in-nonlegacy-mode',
    },
    source: 'sections 1.9 and 2.14; corrects seed 3',
  },
  {
    id: 'vm',
    pages: [
      ['vm.1', { picture: 'vm', links: ['card', 'hyper', 'guest', 'container'] }],
      ['vm.2', { show: 'vm' }],
    ],
    exercise: {
      demo: 'healthy-old',
      breaks: [
        { do: 'remove', path: '/usr/bin/nvidia-modprobe' },
        { do: 'replace', path: CONFIG, find: 'load-kmods = true', put: 'load-kmods = false' },
        { do: 'run', argv: ['modprobe', '-r', 'nvidia_uvm', 'nvidia_drm', 'nvidia_modeset', 'nvidia'] },
      ],
      fix: 'load-nvidia-modules',
      finding: 'kernel-module-not-loaded',
    },
    source: 'sections 1.9 and 2.4; corrects seed 2',
  },
  {
    id: 'breaks',
    pages: [['breaks.1'], ['breaks.2'], ['breaks.3', { show: 'lasting' }]],
    exercise: {
      demo: 'healthy-new',
      breaks: [{ do: 'remove', path: '/var/run/cdi/nvidia.yaml' }],
      fix: 'generate-cdi-spec',
      finding: 'cdi-refresh-unit-inactive',
    },
    source: 'sections 1.5, 1.6 and 2.7',
  },
];

/** Libraries and nodes told by name, in the order of the lesson; the key below "role." is the same word. */
export const LIBRARIES = [
  'libcuda',
  'libnvidia-ml',
  'libnvidia-ptxjitcompiler',
  'libnvidia-nvvm',
  'libnvidia-opencl',
  'libnvidia-cfg',
  'libnvidia-allocator',
  'libcudadebugger',
  'libnvidia-encode',
  'libnvcuvid',
  'libEGL_nvidia',
] as const;
export const NODES = ['nvidiactl', 'nvidia0', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-modeset'] as const;
