/** What a text that complains without any known message most likely means, judged by what it speaks of. */
import type { Feature } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

export interface Hint {
  /** All of these must be shown … */
  readonly shows: readonly Feature[];
  /** … and none of these. */
  readonly unless?: readonly Feature[];
  readonly id: ModeId;
  /** Never enough to be called likely: it is a place to begin. */
  readonly sure: number;
}

const hint = (id: ModeId, sure: number, shows: readonly Feature[], unless: readonly Feature[] = []): Hint => ({
  id,
  sure,
  shows,
  unless,
});

/** The more a feature narrows down what can be meant, the surer. */
export const hints: readonly Hint[] = [
  hint('uvm-broken-after-suspend', 0.42, ['suspend']),
  hint('docker-snap', 0.42, ['snap'], ['lxc']),
  hint('docker-desktop-linux', 0.4, ['desktop'], ['windows', 'wsl', 'mac']),
  hint('wsl-no-adapter', 0.38, ['wsl']),
  hint('wsl-no-adapter', 0.3, ['windows', 'desktop']),
  hint('cgroup-lost-after-daemon-reload', 0.36, ['exitsLater'], ['toolkitChanged', 'kernelNew']),
  hint('cgroup-lost-after-daemon-reload', 0.4, ['daemonReload', 'inContainer']),
  hint('cdi-spec-stale', 0.38, ['podman', 'unattended']),
  hint('cdi-spec-stale', 0.36, ['podman', 'oldSpec']),
  hint('secure-boot-key-rejected', 0.38, ['secureBoot']),
  hint('nouveau-bound', 0.38, ['nouveau']),
  hint('selinux-denied', 0.38, ['selinux']),
  hint('tegra-thor-misdetected', 0.38, ['thor']),
  hint('tegra-csv-missing-or-empty', 0.36, ['tegra']),
  hint('gpu-operator-validator-init', 0.4, ['operator']),
  hint('device-plugin-cannot-load-nvml', 0.37, ['plugin'], ['operator']),
  hint('k3s-runtime-not-detected', 0.35, ['k3s'], ['operator', 'plugin']),
  hint('mig-enabled-without-instances', 0.34, ['mig']),
  hint('toolkit-version-skew', 0.34, ['toolkitChanged']),
  hint('kernel-module-missing-for-kernel', 0.34, ['kernelNew']),
  hint('driver-library-version-mismatch', 0.33, ['unattended']),
  hint('lxc-nested-engine', 0.35, ['lxc']),
  hint('rootless-cgroup-denied', 0.33, ['rootless']),
  hint('no-nvidia-pci-device', 0.36, ['noCard'], ['vm']),
  hint('vm-gpu-not-passed-through', 0.38, ['noCard', 'vm']),
  hint('vm-gpu-not-passed-through', 0.3, ['vm'], ['lxc', 'noCard']),
  hint('docker-build-no-gpu', 0.32, ['build']),
  hint('visible-devices-unset', 0.34, ['noGpuAsked'], ['build']),
  hint('compose-service-without-gpu-request', 0.28, ['compose'], ['asksGpus', 'asksRuntime', 'asksCdi', 'build']),
  hint('k8s-pod-not-using-nvidia-runtime', 0.28, ['k8s'], ['operator', 'plugin', 'k3s']),
  hint('cdi-spec-missing', 0.25, ['asksCdi']),
  hint('visible-devices-unset', 0.2, ['inContainer']),
];
