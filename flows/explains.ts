/** What follows from what: a consequence is not reported beside its cause, it is named below it. */

/** Nothing can be generated, and no node exists, while the driver does not drive the card. */
const NO_DRIVER = [
  'cdi-host-device-missing',
  'cdi-spec-missing',
  'cdi-refresh-unit-inactive',
  'cdi-spec-stale-device-major',
] as const;
const DRIVER_DOWN = [
  'secure-boot-key-rejected',
  'dkms-build-failed',
  'open-module-required',
  'gpu-too-old-for-open-or-branch',
  'gsp-boot-failure',
  'pci-bar-unassigned',
  'rm-init-adapter-failed',
  'guest-driver-blocked-by-hypervisor',
  'gpu-fallen-off-bus',
  'gpu-fatal-xid',
  'vm-gpu-not-passed-through',
] as const;

const onHost: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(DRIVER_DOWN.map(id => [id, [...NO_DRIVER, 'nvidia-uvm-missing']])),
  'wsl-linux-driver-installed': ['host-libcuda-missing', 'nvml-lib-missing'],
  'mig-enabled-without-instances': ['cdi-host-device-missing'],
  'nvidia-caps-missing': ['cdi-host-device-missing', 'mig-reconfigured-spec-stale'],
  'nouveau-bound': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'cdi-spec-stale-device-major',
  ],
  'gpu-bound-to-vfio-in-guest': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'cdi-spec-stale-device-major',
  ],
  'kernel-module-not-loaded': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'cdi-spec-stale-device-major',
  ],
  'kernel-module-missing-for-kernel': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'cdi-spec-stale-device-major',
  ],
  'driver-not-installed': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'nvml-lib-missing',
    'host-libcuda-missing',
    'cdi-spec-stale',
  ],
  'driver-library-version-mismatch': ['cdi-spec-stale', 'cdi-spec-missing', 'cdi-refresh-unit-inactive'],
  'device-nodes-missing': [
    'cdi-host-device-missing',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
    'nvidia-uvm-missing',
  ],
  'docker-default-runtime-broken': ['toolkit-binary-not-in-daemon-path'],
  'nvidia-uvm-missing': ['cdi-spec-stale-device-major', 'cdi-host-device-missing'],
  'host-ldcache-stale': ['host-libcuda-missing'],
  'nvml-lib-missing': ['host-libcuda-missing', 'cdi-spec-missing', 'cdi-refresh-unit-inactive', 'cdi-spec-stale'],
  'host-libcuda-missing': ['cdi-spec-stale'],
  'toolkit-base-only': ['toolkit-version-skew'],
  'docker-no-device-driver': ['docker-config-not-active'],
  'toolkit-not-installed': [
    'docker-runtime-not-registered',
    'toolkit-base-only',
    'docker-no-device-driver',
    'cdi-hook-binary-missing',
  ],
  'docker-daemon-json-malformed': ['docker-runtime-not-registered', 'docker-not-running', 'docker-config-not-active'],
  'tegra-csv-missing-or-empty': [
    'tegra-gpus-flag',
    'hook-in-nonlegacy-mode',
    'cdi-spec-missing',
    'cdi-refresh-unit-inactive',
  ],
  // Docker took the hook because of it; the journal says the same in other words.
  ...Object.fromEntries(
    ['cdi-disabled-in-docker', 'docker-config-not-active'].map(id => [id, ['docker-29.2-gpus-behaviour-change']]),
  ),
  // Whether mode = "cdi" should stay can only be judged once the spec it relies on is sound.
  ...Object.fromEntries(
    [
      'cdi-spec-missing',
      'cdi-refresh-unit-inactive',
      'cdi-spec-stale',
      'cdi-spec-conflict',
      'cdi-spec-malformed',
      'cdi-version-too-new',
      'cdi-spec-permission',
      'cdi-spec-dir-mismatch',
      'cdi-host-device-missing',
      'cdi-hook-binary-missing',
      'cdi-device-name-unresolvable',
      'cdi-spec-crashes-engine',
    ].map(id => [id, ['hook-in-nonlegacy-mode', 'docker-29.2-gpus-behaviour-change']]),
  ),
};

/** What a Kubernetes node cannot do while something below it is broken. */
const NO_PLUGIN = ['k8s-insufficient-gpu', 'gpu-operator-validator-init', 'tegra-gfd-labels'] as const;
const NO_HANDLER = [
  'device-plugin-cannot-load-nvml',
  'device-plugin-no-devices',
  'k8s-pod-not-using-nvidia-runtime',
  'gpu-operator-management-cdi-unresolvable',
  ...NO_PLUGIN,
] as const;
const HANDLERS = [
  'k8s-runtime-handler-missing',
  'k3s-runtime-not-detected',
  'k3s-template-override',
  'containerd-config-not-effective',
  'gpu-operator-toolkit-config-path',
] as const;
/** Beside a driver that is down, what keeps NVML from every container. */
const NO_LIBRARY = [
  'nouveau-bound',
  'gpu-bound-to-vfio-in-guest',
  'kernel-module-not-loaded',
  'kernel-module-missing-for-kernel',
  'driver-not-installed',
  'driver-library-version-mismatch',
  'device-nodes-missing',
  'nvml-lib-missing',
  'host-ldcache-stale',
  'mig-enabled-without-instances',
] as const;
const onNode: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [...DRIVER_DOWN, ...NO_LIBRARY].map(id => [id, [...NO_HANDLER, 'gpu-operator-driver-conflict']]),
  ),
  ...Object.fromEntries(HANDLERS.map(id => [id, NO_HANDLER])),
  // Its pod installs the runtime and then starts the containerd anew that it was told of, so k3s never looks.
  'gpu-operator-toolkit-config-path': ['k3s-runtime-not-detected', ...NO_HANDLER],
  'toolkit-not-installed': [...HANDLERS, 'cdi-disabled-in-containerd', ...NO_HANDLER],
  'containerd-config-not-effective': [
    'docker-not-running',
    'k8s-runtime-handler-missing',
    'cdi-disabled-in-containerd',
    ...NO_HANDLER,
  ],
  // The plugin's own pod is rejected like any other that names the class.
  'k8s-runtimeclass-missing': ['gpu-operator-daemonset-zero', ...NO_HANDLER],
  // The nvidia runtime starts nothing, so neither does the plugin.
  'low-level-runtime-not-found': NO_HANDLER,
  'tegra-thor-misdetected': NO_HANDLER,
  'gpu-operator-driver-conflict': NO_HANDLER,
  'gpu-operator-daemonset-zero': NO_PLUGIN,
  'device-plugin-cannot-load-nvml': NO_PLUGIN,
  'device-plugin-no-devices': NO_PLUGIN,
  'tegra-unsupported-request': NO_PLUGIN,
  'cdi-disabled-in-containerd': NO_PLUGIN,
};

/** With the cause standing, these say nothing of their own. */
export const consequences: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...new Set([...Object.keys(onHost), ...Object.keys(onNode)])].map(id => [
    id,
    [...(onHost[id] ?? []), ...(onNode[id] ?? [])],
  ]),
);

/** Stops a form of request that is not meant to work on such a machine: told, and no fault. */
export const byDesign: ReadonlySet<string> = new Set(['tegra-gpus-flag']);
