import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_DRIVER_TALK } from './wordings.ts';

/** Section 2.2, first half: the driver and its kernel modules. */
export const driverSigns = {
  'driver-not-installed': {
    tell: 'cat /proc/driver/nvidia/version and command -v nvidia-smi on the host: neither means that no driver is installed',
    shows: [
      s(
        [
          "failed to find an executable 'nvidia-smi' on the host",
          'no NVIDIA driver installed',
          'NVIDIA driver is not installed',
          'The NVIDIA driver is not installed',
        ],
        0.6,
      ),
      s(
        [
          "Command 'nvidia-smi' not found, but can be installed",
          'nvidia-smi: command not found',
          'nvidia-smi is not recognized as',
        ],
        0.5,
        { less: { inContainer: 0.6, podman: 0.2, k8s: 0.2 } },
      ),
      s('/proc/driver/nvidia/version: No such file', 0.62, { also: ['nvidia-smi: command not found'] }),
      s('modprobe: FATAL: Module nvidia not found', 0.45, { less: { kernelNew: 0.5 } }),
      s(['Module nvidia-uvm not found in directory', 'Module nvidia_uvm not found in directory'], 0.3),
      s('Please make sure that the NVIDIA Display Driver is properly installed', 0.15),
    ],
  },
  'kernel-module-missing-for-kernel': {
    tell: 'find /lib/modules/$(uname -r) -name "nvidia*.ko*" and dkms status: built for the running kernel?',
    shows: [
      s(
        [
          'could not insert nvidia: Unknown symbol in module',
          'could not insert nvidia: Exec format error',
          'could not insert nvidia: Invalid module format',
          'nvidia: version magic',
          'nvidia: disagrees about version of symbol',
          'nvidia: Unknown symbol',
          'version magic … should be',
        ],
        0.78,
        { kind: 'cause', also: ['nvidia'] },
      ),
      s(
        [
          'modprobe: FATAL: Module nvidia not found in directory',
          'modprobe: FATAL: Module nvidia-current not found',
          'Module nvidia-uvm not found in directory',
          'Module nvidia_uvm not found in directory',
          'Module nvidia-drm not found',
          'Module nvidia_drm not found',
          'Module nvidia-modeset not found',
        ],
        0.75,
        { more: { kernelNew: 0.5 } },
      ),
      s(NO_DRIVER_TALK, 0.3, { more: { kernelNew: 0.45 }, less: { inContainer: 0.2 } }),
      s(
        [
          'no nvidia.ko',
          'linux-modules-nvidia',
          'modinfo: ERROR: Module nvidia not found',
          'nvidia … added … dkms status',
        ],
        0.55,
      ),
      s(
        [
          'Could not resolve Linux kernel version',
          'Could not find linux-headers',
          'kernel-headers … not available',
          'Unable to find the kernel source tree',
          'Unable to find the development tool',
          'kernel-devel … No match for argument',
        ],
        0.45,
      ),
      s('NVIDIA kernel module missing. Falling back to nouveau', 0.45, { kind: 'cause' }),
      s('Could not load UVM kernel module', 0.2),
    ],
    follows: ['dkms-build-failed', 'secure-boot-key-rejected', 'nouveau-bound'],
  },
  'dkms-build-failed': {
    tell: 'tail -40 /var/lib/dkms/nvidia/*/build/make.log: the first line with "error:" names what does not compile',
    shows: [
      s(
        [
          'Error! Bad return status for module build on kernel',
          'Bad return status for module build',
          'Your kernel headers for kernel',
          'installed nvidia-dkms',
          'nvidia … autoinstall failed for kernel',
          'nvidia-kmod … <failed|error>',
          'akmods … nvidia … <failed|error>',
          'autoinstall failed … nvidia',
          'Could not locate dkms.conf file … nvidia',
          'dkms install … nvidia … exited',
          'dkms/nvidia … build/make.log',
          'nvidia-dkms … post-installation script subprocess returned error',
          'ERROR (dkms apport)',
        ],
        0.93,
        { kind: 'cause', needs: ['gpuWords'] },
      ),
      s(
        [
          'An error occurred while performing the step: Building kernel modules',
          'ERROR: Failed to run … dkms build',
          'Failed to install the kernel module through DKMS',
          'Unable to build the NVIDIA kernel module',
          'Error! Build of nvidia',
          'nvidia.ko failed to build',
          'The NVIDIA kernel module was not created',
          'conftest.sh',
          'dkms … nvidia … bad exit status',
          'Compiler version check failed',
          'The kernel was built with … but … compiler',
        ],
        0.85,
        { kind: 'cause' },
      ),
      s('/var/lib/dkms/nvidia', 0.5, { kind: 'cause' }),
    ],
  },
  'kernel-module-not-loaded': {
    tell: 'grep -w ^nvidia /proc/modules and ls /dev/nvidiactl on the host; dmesg | tail -30 gives the reason of a failed load',
    shows: [
      s('no NVIDIA device nodes found', 0.45),
      s('Please ensure that the NVIDIA device files', 0.5),
      s(
        [
          'could not insert nvidia: Operation not permitted',
          'could not insert nvidia: Invalid argument',
          'could not insert nvidia: Permission denied',
        ],
        0.6,
        {
          kind: 'cause',
        },
      ),
      s(
        ['kernel driver does not appear to be running on this host', '/proc/driver/nvidia/version does not exist'],
        0.4,
        {
          kind: 'symptom',
        },
      ),
      s(
        [
          'nvml error: driver not loaded',
          'failed to initialize NVML: Driver Not Loaded',
          'NVML: Driver Not Loaded',
          'NVML_ERROR_DRIVER_NOT_LOADED',
          'ERROR_DRIVER_NOT_LOADED',
          'NVMLError_DriverNotLoaded',
        ],
        0.72,
        { less: { moduleLoaded: 0.75, wsl: 0.6, thor: 0.5, tegra: 0.3 } },
      ),
      s(NO_DRIVER_TALK, 0.52, { less: { kernelNew: 0.4, inContainer: 0.35, noGpuAsked: 0.3 } }),
      s(
        [
          'could not load kernel module nvidia',
          'could not load UVM kernel module',
          'Unable to load the kernel module',
          'Failed to load the NVIDIA kernel module',
          'nvidia kernel module … not loaded',
          'NVIDIA: failed to load the NVIDIA kernel module',
          'nvidia module is not loaded',
        ],
        0.55,
      ),
      s('skipping kernel modules load due to user namespace', 0.5),
      s('running in unprivileged … skipping kernel module', 0.25),
      s(
        [
          'nvidia-modprobe … is not installed',
          'Is nvidia-modprobe installed',
          'nvidia-modprobe: not found',
          "'nvidia-modprobe' is currently not installed",
        ],
        0.5,
      ),
      s(['no NVIDIA GPU driver … loaded', 'Nvidia driver was not loaded', 'blacklist nvidia'], 0.4),
      s(['Failed to initialize NVML: N/A', 'couldn’t communicate with the NVIDIA driver'], 0.3),
      s('Found no NVIDIA driver on your system', 0.15, { kind: 'symptom' }),
    ],
    follows: [
      'secure-boot-key-rejected',
      'nouveau-bound',
      'no-nvidia-pci-device',
      'kernel-module-missing-for-kernel',
      'dkms-build-failed',
      'open-module-required',
      'rm-init-adapter-failed',
      'gpu-bound-to-vfio-in-guest',
      'gpu-too-old-for-open-or-branch',
      'vm-gpu-not-passed-through',
    ],
  },
  'secure-boot-key-rejected': {
    tell: 'mokutil --sb-state, and whether modinfo -F signer nvidia is a key that mokutil --list-enrolled shows',
    shows: [
      s(
        [
          'could not insert nvidia: Key was rejected by service',
          'could not insert nvidia: Required key not available',
          'could not insert nvidia_<uvm|drm|modeset|current>: <Key was rejected|Required key not>',
          'Kernel module load error: <Key was rejected by service|Required key not available>',
          'modprobe nvidia … Key was rejected by service',
          'nvidia: Key was rejected',
          'could not insert nvidia-current: Key was rejected',
        ],
        0.97,
        { kind: 'cause' },
      ),
      s(['Key was rejected by service', 'Required key not available'], 0.9, { kind: 'cause', also: ['nvidia'] }),
      s(
        [
          'Loading of unsigned module is rejected',
          'Loading of module with unavailable key is rejected',
          'unsigned module loading is restricted',
          'module verification failed: signature and/or required key missing',
          'PKCS#7 signature not signed with a trusted key',
        ],
        0.82,
        { kind: 'cause', also: ['nvidia'] },
      ),
      s(['Secure Boot … enabled … nvidia', 'nvidia … Secure Boot', 'MOK … enroll … nvidia'], 0.5, { kind: 'cause' }),
      s(['NVIDIA kernel module missing. Falling back to nouveau', 'Fallback to nouveau as nvidia did not load'], 0.46, {
        kind: 'cause',
        more: { secureBoot: 0.8 },
      }),
    ],
  },
  'nouveau-bound': {
    tell: 'lspci -nnk -d 10de: names the kernel driver in use',
    shows: [
      s(
        [
          'is already bound to nouveau',
          'is already bound to nova',
          'Kernel driver in use: nouveau',
          'Kernel driver in use: nova',
          'Nouveau kernel driver is currently in use',
          'The Nouveau kernel driver',
          'kernel module nouveau … in use by your system',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          'NVRM: The NVIDIA probe routine was not called for',
          'Failed to enable MSI-X',
          'another driver … obtained ownership of the NVIDIA device',
          'possibly rivafb, nvidiafb',
        ],
        0.6,
        { kind: 'cause', more: { nouveau: 0.6 } },
      ),
      s(['blacklist nouveau', 'options nouveau modeset=0', 'nouveau: loading out-of-tree', 'nouveau 0000:'], 0.4, {
        kind: 'cause',
      }),
      s('Falling back to nouveau', 0.3),
    ],
  },
  'open-module-required': {
    tell: 'modinfo -F license nvidia: "NVIDIA" is the proprietary module, "Dual MIT/GPL" the open one',
    shows: [
      s(
        [
          'requires use of the NVIDIA open kernel modules',
          'requires the NVIDIA open kernel module',
          'use of the NVIDIA open kernel modules',
        ],
        0.97,
        { kind: 'cause' },
      ),
      s('RmInitAdapter failed! (0x22:0x56', 0.62, { kind: 'cause' }),
    ],
  },
  'gpu-too-old-for-open-or-branch': {
    tell: 'lspci -nn -d 10de: against the list of the installed branch; 580 is the last for Maxwell, Pascal and Volta',
    shows: [
      s(
        [
          'is not supported by open nvidia.ko',
          'not supported by open nvidia.ko because it does not include',
          'ignoring the legacy GPU',
          'is supported through the NVIDIA … Legacy drivers',
          'Legacy drivers. Please visit',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          'driver release. For further information',
          'is not supported by the NVIDIA … driver release',
          'installed in this system is not supported by the',
        ],
        0.8,
        { kind: 'cause', less: { vm: 0.3 } },
      ),
    ],
  },
  'driver-library-version-mismatch': {
    tell: 'cat /sys/module/nvidia/version against modinfo -F version nvidia and the suffix of libnvidia-ml.so on the host',
    shows: [
      s(
        [
          'nvml error: driver/library version mismatch',
          'failed to initialize NVML: Driver/library version mismatch',
          'Driver/library version mismatch',
          'ERROR_LIB_RM_VERSION_MISMATCH',
          'NVML_ERROR_LIB_RM_VERSION_MISMATCH',
          'RM has detected an NVML/RM version mismatch',
          'NVML/RM version mismatch',
        ],
        0.95,
      ),
      s(
        [
          'NVRM: API mismatch',
          'API mismatch: the client',
          'but this kernel module has the version',
          'but … this kernel module has the version',
        ],
        0.96,
        { kind: 'cause' },
      ),
      s(
        [
          'system has unsupported display driver / cuda driver combination',
          'CUDA_ERROR_SYSTEM_DRIVER_MISMATCH',
          'cudaErrorSystemDriverMismatch',
          'unsupported display driver',
          'cuda driver combination',
        ],
        0.5,
      ),
      s(
        [
          'kernel version # … does not match DSO version',
          'kernel version … does not match DSO version',
          'does not match DSO version',
        ],
        0.8,
      ),
      s(['kernel reported version is', 'NVML library version:'], 0.4, { less: { hostFine: 0.4 } }),
      s('/run/nvidia-persistenced/socket: no such file or directory', 0.5, { kind: 'error' }),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
