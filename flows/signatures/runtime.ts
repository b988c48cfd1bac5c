import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cudaCode } from './wordings.ts';

/** Section 2.7, second half: generated specs, images, cgroups. */
export const runtimeSigns = {
  'jit-cdi-generation-failed': {
    tell: 'the last part of the message names the reason; nvidia-ctk cdi generate (to stdout) shows the same without a container',
    shows: [
      s(
        [
          'unresolvable CDI devices runtime.nvidia.com/gpu=all',
          'unresolvable CDI devices runtime.nvidia.com',
          'failed to inject devices … runtime.nvidia.com',
        ],
        0.82,
      ),
      s(
        [
          'failed to create the automatic CDI modifier',
          'failed to generate CDI spec for mode',
          'failed to construct CDI library for mode',
          'error modifying OCI spec: failed to create',
        ],
        0.66,
        { kind: 'symptom' },
      ),
      s(
        [
          'failed to construct device spec generators',
          'failed to create device CDI specs',
          'failed to generate CDI spec: ',
        ],
        0.5,
        { kind: 'symptom', unless: ['asksCdi'] },
      ),
      s('could not apply required modification to OCI specification', 0.3, { kind: 'symptom' }),
    ],
    follows: [
      'nvml-lib-missing',
      'driver-library-version-mismatch',
      'kernel-module-not-loaded',
      'imex-channel-missing',
      'visible-devices-unknown',
      'driver-root-wrong',
      'device-nodes-missing',
      'cdi-spec-stale',
      'bind-mounted-driver-file-missing',
    ],
  },
  'mixed-runtime-and-vendor-cdi': {
    tell: 'does one NVIDIA_VISIBLE_DEVICES mix CDI names with plain ids?',
    shows: [
      s(
        [
          'requesting a CDI device with vendor runtime.nvidia.com is not supported when requesting other CDI devices',
          'requesting a CDI device with vendor',
          'is not supported when requesting other CDI devices',
        ],
        0.97,
      ),
      s('device error: nvidia.com/gpu=', 0.85),
    ],
  },
  'jit-cdi-regression-apps': {
    tell: 'toolkit version: 1.18.0 or 1.18.1, and does the application work again with mode = "legacy"?',
    shows: [s(['x86_64-linux-gnu/nvidia/current', 'after … upgrade to 1.18', 'toolkit 1.18'], 0.5)],
  },
  'image-bundles-driver-libs': {
    tell: 'in the image: dpkg -S or rpm -qf of libcuda.so.1 and libnvidia-ml.so.1; does a plain nvidia/cuda image work?',
    shows: [
      s(
        [
          'mount error: file creation failed: … file exists',
          'file creation failed: … file exists',
          'libnvidia-ml.so.1: file exists',
          'libcuda.so.1: file exists',
          'nvidia-smi: file exists',
          'file creation failed: … is a directory',
          'mount error: file creation failed',
          'libnvidia-ml.so … file exists',
          'libcuda.so … file exists',
        ],
        0.93,
      ),
      s(
        [
          'nvidia-smi to rootfs … not a directory',
          'error mounting … nvidia-smi … not a directory',
          'libcuda.so … to rootfs … not a directory',
        ],
        0.8,
      ),
      s("couldn't find libnvidia-ml.so library in your system", 0.38, { more: { inContainer: 0.2 } }),
      s(['nvidia-driver-latest-dkms', 'libnvidia-compute-', 'nvidia-utils-'], 0.55, {
        needs: ['inContainer'],
        unless: ['hostFine'],
      }),
      s(["couldn't communicate with the NVIDIA driver", 'Driver/library version mismatch'], 0.3, {
        needs: ['inContainer'],
      }),
      s('x86_64-linux-gnu/lib<cuda|nvidia> … file too short', 0.72),
      s(['file too short'], 0.4, { also: ['libnvidia'] }),
    ],
  },
  'cgroup-lost-after-daemon-reload': {
    tell: 'did it work when the container started? docker restart cures it, and systemctl daemon-reload brings it back',
    shows: [
      s(['Failed to initialize NVML: Unknown Error'], 0.62, {
        more: { daemonReload: 0.8, exitsLater: 0.6, k8s: 0.2 },
        less: { rootless: 0.3, lxc: 0.4, selinux: 0.3 },
      }),
      s(['NVML: Unknown Error', 'NVML_ERROR_UNKNOWN', 'nvml … Unknown Error'], 0.4, {
        more: { daemonReload: 0.8, exitsLater: 0.6 },
      }),
      // The node is there and its rule is gone; a mode of the file would say "Permission denied".
      s('cannot open /dev/nvidia … not permitted', 0.9),
      s('open /dev/nvidia … Operation not', 0.86),
      s(['systemctl daemon-reload', 'systemd, 1, c 195:'], 0.5, { also: ['NVML: Unknown'] }),
      // Not permitted: the nodes are there and the device rules are gone.
      s([...cudaCode(800), 'CUDA_ERROR_NOT_PERMITTED', 'cudaErrorNotPermitted', 'device context 800'], 0.66),
      s(
        [
          'Failed to initialize NVML',
          'no CUDA-capable device is detected',
          'No CUDA GPUs are available',
          'CUDA_ERROR_NO_DEVICE',
          'CUDA unknown error',
          'CUDA_ERROR_UNKNOWN',
          'nvidia-smi … Unknown Error',
        ],
        0.6,
        { needs: ['daemonReload', 'exitsLater'] },
      ),
      s(
        [
          'only utilizes the CPU',
          '<CPU|a CPU|the CPU> instead of <GPU|a GPU|the GPU>',
          'no longer <uses|sees|has|finds|detects> … GPU',
          '<reverts|switches|falls back|goes back> to CPU',
          'stops using … GPU',
          '<lost|loses|losing> access to <the GPU|GPU|its GPU|my GPU>',
          '<lost|loses|losing> the GPU',
          'GPU is no longer available',
          'GPU becomes unavailable',
          'GPU disappears',
          'fails to <use|utilize> the GPU',
        ],
        0.56,
        { needs: ['exitsLater'], kind: 'symptom' },
      ),
    ],
  },
  'no-cgroups-true-on-rootful': {
    tell: 'grep no-cgroups /etc/nvidia-container-runtime/config.toml: true with a rootful engine fails from the first second',
    shows: [
      s(['Failed to initialize NVML: Unknown Error'], 0.42, { less: { daemonReload: 0.6, exitsLater: 0.6 } }),
      s(['no-cgroups = true', 'no-cgroups=true'], 0.6, { unless: ['rootless', 'lxc'] }),
      s(['no-cgroups = true', 'no-cgroups=true'], 0.82, {
        unless: ['rootless', 'lxc'],
        also: ['NVML: Unknown Error'],
        kind: 'cause',
      }),
      s(
        [
          '/dev/nvidia0: Operation not permitted',
          '/dev/nvidiactl: Operation not permitted',
          '/dev/nvidia-uvm: Operation not permitted',
          'open /dev/nvidia … operation not permitted',
          'EPERM … /dev/nvidia',
        ],
        0.7,
      ),
    ],
  },
  'rootless-cgroup-denied': {
    tell: 'does the engine run rootless (docker info -f "{{.SecurityOptions}}")? Then no-cgroups = true or CDI',
    shows: [
      s(
        [
          'permission error: capability change failed',
          'capability change failed: operation not permitted',
          'privilege change failed',
          'cap_last_cap: permission denied',
          'open failed: /proc/sys/kernel/overflowuid',
        ],
        0.6,
        { more: { rootless: 0.6, podman: 0.2 }, less: { lxc: 0.6 } },
      ),
      s(
        [
          'devices/user.slice/devices.allow: permission denied',
          'open failed: /sys/fs/cgroup/devices/user.slice',
          'user.slice … devices.allow: permission denied',
          'user.slice … devices.allow',
        ],
        0.93,
        { kind: 'cause', less: { lxc: 0.5 } },
      ),
      s(
        [
          'bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted',
          'devices.allow: permission denied',
          'failed to add device rules',
          'unable to find any existing device filters',
        ],
        0.55,
        { more: { rootless: 0.75 }, less: { lxc: 0.7 } },
      ),
      s('no-cgroups', 0.35, { needs: ['rootless'] }),
      s(
        ['rootless … <disable|no|without> cgroups', 'rootless … cgroup … conflict', 'cgroup … conflict … rootless'],
        0.66,
        { needs: ['gpuWords'] },
      ),
    ],
  },
  'bpf-device-filter-error': {
    tell: 'stat -fc %T /sys/fs/cgroup, uname -r and what kind of host this is (hybrid cgroups, gVisor, sysbox, a small kernel)',
    shows: [
      s(
        [
          'unable to generate new device filter program from existing programs',
          'failed to call BPF_PROG_ATTACH',
          'BPF_PROG_ATTACH (BPF_CGROUP_DEVICE',
          "can't attach program: invalid argument",
          'no cgroup2 filesystem in mountinfo file',
          'unable to load new device filters',
          'failed to attach bpf',
          'bpf … program … too large',
        ],
        0.9,
      ),
      s(
        [
          'failed to get device cgroup mount path',
          'failed to get device cgroup version',
          'failed to get device cgroup root path',
          'malformed cgroup entry',
          'cgroup subsystem devices not found',
          'relative path in mount prefix',
          'failed to get device cgroup',
        ],
        0.93,
      ),
      s(['bpf_prog_query(BPF_CGROUP_DEVICE) failed', 'failed to add device rules'], 0.4, {
        less: { lxc: 0.6, rootless: 0.6 },
      }),
    ],
  },
  'container-namespace-error': {
    tell: 'does another image start with the same request? Look at the last part of the message: a missing host file, /proc with hidepid, a read-only target',
    shows: [
      s(
        [
          'nvidia-container-cli: container error',
          'namespace association failed',
          'mount operation failed',
          'container error: stat failed',
          '.real: container error',
        ],
        0.75,
      ),
      s(
        [
          'mount error: stat failed: … no such file',
          'nvidia-container-cli: mount error',
          'mount error: mount operation failed',
          'mount error: open failed',
        ],
        0.55,
        { less: { tegra: 0.4, lxc: 0.5, rootless: 0.4, wsl: 0.4 } },
      ),
    ],
    follows: [
      'nvidia-caps-missing',
      'lxc-nested-engine',
      'rootless-cgroup-denied',
      'bpf-device-filter-error',
      'image-bundles-driver-libs',
      'tegra-gpus-flag',
      'device-nodes-missing',
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
