import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.13, second half: k3s, the GPU Operator. */
export const operatorSigns = {
  'containerd-config-not-effective': {
    tell: 'containerd config dump on the node against the file that was edited (imports, version 2 or 3, disabled_plugins)',
    shows: [
      s('io.containerd.grpc.v1.cri', 0.25, { kind: 'symptom' }),
      s(
        [
          'failed to load TOML',
          'failed to unmarshal TOML',
          'containerd … toml: ',
          'invalid plugin config',
          'container.Runtime.Name must be set',
          'disabled_plugins = [cri]',
          'unknown service runtime.v1',
          'invalid disabled plugin URI',
          'containerd: failed to load',
          'expecting version … config',
          'deprecated … config version',
        ],
        0.68,
      ),
      s(
        [
          'unknown service runtime.v1alpha2.RuntimeService',
          'unknown service runtime.v1.RuntimeService',
          'failed to load TOML: ',
          'failed to unmarshal TOML at row',
          'containerd.service: Failed',
          'disabled_plugins',
        ],
        0.7,
        { needs: ['containerd', 'k8s'] },
      ),
    ],
  },
  'k3s-runtime-not-detected': {
    tell: 'grep nvidia /var/lib/rancher/k3s/agent/etc/containerd/config.toml: was k3s restarted after the toolkit was installed?',
    shows: [
      s(
        ['no runtime for nvidia is configured', 'no runtime for … is configured', 'RuntimeClass nvidia not found'],
        0.86,
        { needs: ['k3s'] },
      ),
      s(['default runtime nvidia was not found', 'default runtime nvidia'], 0.85),
      s(
        ['no nvidia runtime found', 'nvidia container runtime … not found … k3s', 'Found nvidia container runtime at'],
        0.4,
      ),
      s(['unable to dial: dial unix … containerd.sock', 'k3s … containerd'], 0.3, { needs: ['k3s'] }),
    ],
  },
  'k3s-template-override': {
    tell: 'ls /var/lib/rancher/k3s/agent/etc/containerd/*.tmpl: a full copy for containerd 1.7 kept with containerd 2?',
    shows: [
      s(
        [
          'config.toml.tmpl',
          'config-v3.toml.tmpl',
          'rancher/k3s/agent/etc/containerd/config.toml',
          'rke2/agent/etc/containerd/config.toml',
        ],
        0.62,
        { needs: ['gpuWords'] },
      ),
      s('invalid plugin config', 0.6, { needs: ['k3s'] }),
    ],
  },
  'gpu-operator-validator-init': {
    tell: 'ls /run/nvidia/validations on the node: the first missing file (driver-ready, toolkit-ready, cuda-ready) names the stage',
    shows: [
      s(['driver-validation', 'toolkit-validation', 'plugin-validation', 'cuda-validation'], 0.62, { kind: 'symptom' }),
      s(
        [
          'failed to validate the driver',
          'waiting for the driver validations to be ready',
          'waiting for nvidia drivers to be loaded',
          'driver is not ready',
          'toolkit is not ready',
          'GPU resources are not discovered by the node',
          'Failed to create symlinks under /dev/char',
          'that point to all possible NVIDIA character devices',
          'error validating driver installation',
          'error validating toolkit',
          '/run/nvidia/validations/ … : No such file or directory',
          'symlinks … /dev/char',
        ],
        0.9,
      ),
      s(
        [
          'waiting for nvidia container stack to be setup',
          'nvidia-operator-validator … Init:',
          'operator-validator … Init',
          'NVIDIA_DEV_CHAR',
        ],
        0.88,
        { kind: 'symptom' },
      ),
      s(['Init:CrashLoopBackOff', 'Init:0/', 'Init:Error', 'no runtime for nvidia is configured'], 0.55, {
        needs: ['operator'],
      }),
    ],
    follows: ['secure-boot-key-rejected', 'gpu-operator-driver-conflict', 'nouveau-bound'],
  },
  'gpu-operator-driver-conflict': {
    tell: 'is a driver installed on the host while driver.enabled=true (or none while it is false)? kubectl logs of the driver pod',
    shows: [
      s(
        [
          'Could not unload NVIDIA driver kernel modules, driver is in use',
          'Could not unload NVIDIA driver kernel modules',
          'driver is in use',
          'nvidia-driver-daemonset … CrashLoopBackOff',
          'unable to remove … nvidia … in use',
          'rmmod: ERROR: Module nvidia is in use',
          'modprobe: FATAL: Module nvidia is in use',
          'cannot unload … driver … in use',
          'failed to uninstall nvidia driver',
          'auto eviction',
          'failed to drain node',
        ],
        0.88,
      ),
      s(
        [
          'Could not resolve Linux kernel version',
          'NVIDIA Software Installer',
          'Starting installation of NVIDIA driver',
          'Installing NVIDIA driver version',
          'Unmounting NVIDIA driver rootfs',
          'Failed to install kernel headers',
          'Installing Linux kernel headers',
          'Resolving Linux kernel version',
          'unable to retrieve … kernel-devel',
          'Unable to find a match: kernel-headers',
          'kernel-headers … not found',
          'Checking NVIDIA driver packages',
          'nvidia-driver-ctr',
        ],
        0.72,
        { less: { secureBoot: 0.3, selinux: 0.4 } },
      ),
      s(['nvidia-driver-daemonset', 'failed to pull image … nvcr.io/nvidia/driver', 'nvcr.io/nvidia/driver:'], 0.4),
    ],
    follows: ['secure-boot-key-rejected', 'nouveau-bound', 'selinux-denied'],
  },
  'gpu-operator-toolkit-config-path': {
    tell: 'CONTAINERD_CONFIG and CONTAINERD_SOCKET of the toolkit daemonset against where this distribution keeps them',
    shows: [
      s(['CONTAINERD_CONFIG', 'CONTAINERD_SOCKET'], 0.45, { kind: 'symptom' }),
      s(
        [
          'Error signaling containerd',
          'unable to dial: dial unix',
          'runtime/sock-dir/containerd.sock',
          'unable to load containerd config',
          'unable to restart containerd',
          'Sending SIGHUP signal to containerd',
          'error signaling containerd',
          'Error signaling cri-o',
          'Error signaling docker',
          'unable to flush config',
          'unable to apply containerd config',
          'Setting up runtime … error',
          'container-toolkit-daemonset … CrashLoop',
          'unable to setup runtime',
          'unable to start toolkit',
        ],
        0.84,
      ),
    ],
  },
  'gpu-operator-management-cdi-unresolvable': {
    tell: 'is the toolkit pod up again after the reboot? ls /var/run/cdi/management.nvidia.com-gpu.yaml on the node',
    shows: [s(['unresolvable CDI devices management.nvidia.com', 'management.nvidia.com/gpu'], 0.96)],
  },
  'gpu-operator-daemonset-zero': {
    tell: 'kubectl get nodes -L nvidia.com/gpu.present,feature.node.kubernetes.io/pci-10de.present',
    shows: [
      s(
        [
          'nvidia.com/gpu.present',
          'feature.node.kubernetes.io/pci-10de.present',
          'pci-10de',
          'No GPU node can be found',
          'no GPU node in the cluster',
          'nodeSelector … nvidia.com/gpu.deploy',
          'node-feature-discovery … CrashLoop',
          'Number of nodes with GPU label … 0',
          'unable to get runtime info … GPU nodes',
          'No NFD labels',
        ],
        0.5,
      ),
    ],
  },
  'k8s-all-gpus-leak': {
    tell: 'echo $NVIDIA_VISIBLE_DEVICES in the pod: all (baked into the image) with the nvidia runtime as default shows every GPU',
    shows: [
      s(
        [
          'sees all GPUs',
          'see all GPUs',
          'all GPUs are visible',
          'all gpus visible',
          'without requesting … GPU … all',
          'pod can see all',
          'can access all GPUs',
          'access to all GPUs',
        ],
        0.72,
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
