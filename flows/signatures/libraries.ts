import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.5: the driver's libraries on the host. */
export const librariesSigns = {
  'nvml-lib-missing': {
    tell: 'ldconfig -p | grep libnvidia-ml on the machine the engine runs on; then the root key of config.toml and docker context show',
    shows: [
      s(
        [
          "NVML doesn't exist on this system",
          'NVML: Shared Library Not Found',
          'NVMLError_LibraryNotFound',
          'pynvml … NVML Shared Library Not Found',
        ],
        0.5,
        {
          less: { plugin: 0.4, k8s: 0.3, noGpuAsked: 0.5, thor: 0.4 },
        },
      ),
      s(
        [
          'initialization error: load library failed: libnvidia-ml.so',
          'load library failed: libnvidia-ml.so',
          'load library failed: libnvidia-ml',
        ],
        0.82,
        { less: { desktop: 0.6, windows: 0.25, tegra: 0.5, thor: 0.6 } },
      ),
      s('failed to construct device spec generators: failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND', 0.8, {
        less: { thor: 0.5, tegra: 0.5, plugin: 0.6 },
      }),
      s(
        [
          'failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND',
          'ERROR_LIBRARY_NOT_FOUND',
          'NVML_ERROR_LIBRARY_NOT_FOUND',
        ],
        0.5,
        { less: { plugin: 0.7, tegra: 0.3, thor: 0.5 } },
      ),
      s(["couldn't find libnvidia-ml.so library in your system", 'libnvidia-ml.so library in your system'], 0.5, {
        less: { inContainer: 0.45 },
      }),
      s(
        [
          'could not load NVML library',
          'NVML Shared Library Not Found',
          'NVML library not found',
          'libnvidia-ml.so.1: cannot open shared object file',
          'libnvidia-ml.so: cannot open shared object file',
          'failed to open libnvidia-ml',
          'libnvidia-ml.so.1 not found',
          'unable to load libnvidia-ml',
          'nvidia-ml.so … not found',
          'Unable to locate NVML library',
          'error loading libnvidia-ml',
        ],
        0.6,
        { less: { plugin: 0.6 } },
      ),
      s(['load library failed: libcuda.so', 'load library failed: libdxcore.so'], 0.5),
      s(['Could not find any nv files on this host', 'could not find any NVIDIA libraries'], 0.7),
      s(['Failed to load the NVIDIA Management Library', 'NVIDIA Management Library … not found'], 0.6),
      s('nvidia-container-cli: initialization error', 0.3),
    ],
    follows: ['driver-root-wrong', 'docker-desktop-linux'],
  },
  'host-ldcache-stale': {
    tell: 'ldconfig -p | grep libnvidia-ml against find /usr -name "libnvidia-ml.so.*": the file is there, the cache does not list it',
    shows: [
      s(
        [
          'detection error: open failed',
          'open failed: /etc/ld.so.cache',
          'unsupported file format: /etc/ld.so',
          'corrupted ldcache entry',
          'ld.so.cache: no such file',
          'ld.so.cache … unsupported file format',
        ],
        0.9,
      ),
      s(
        ['detection error: unsupported file format', 'detection error: corrupted', 'detection error: file mmap failed'],
        0.85,
      ),
      s('load library failed: libnvidia-ml.so', 0.25),
      s(['missing library libnvidia-', 'nvidia-container-cli: detection error'], 0.45),
      s('ldconfig -p | grep', 0.3, { also: ['NVML library'] }),
    ],
  },
  'host-libcuda-missing': {
    tell: 'ldconfig -p | grep libcuda.so.1 on the host: nvidia-smi works without it, CUDA does not',
    shows: [
      s(
        [
          'missing library libcuda.so',
          'WARNING: missing library libcuda',
          'libcuda.so.1 … not found on the host',
          'libcuda not found … host',
        ],
        0.85,
      ),
      s(
        [
          'libcuda.so.1: cannot open shared object file',
          'libcuda.so: cannot open shared object file',
          'OSError: libcuda.so',
          'ImportError: libcuda.so.1',
          'could not load library libcuda.so',
          "Could not load dynamic library 'libcuda.so.1'",
          'libcuda reported version is: Invalid argument',
          'Unable to load libcuda',
          'failed to find libcuda',
          'libcuda.so cannot found',
          'libcuda.so.1 not found',
          'libcuda.so not found',
          'cannot find -lcuda',
        ],
        0.5,
        { less: { noGpuAsked: 0.6, build: 0.6, tegra: 0.5, k8s: 0.3 } },
      ),
      s(['failed to locate libcuda.so', 'libcuda.so parent directory'], 0.55),
      s('Found no NVIDIA driver on your system', 0.28, { kind: 'symptom', less: { noGpuAsked: 0.6 } }),
    ],
    follows: ['docker-build-no-gpu'],
  },
  'driver-root-wrong': {
    tell: 'the root key below [nvidia-container-cli] in config.toml and NVIDIA_DRIVER_ROOT: does the driver lie there?',
    shows: [
      s(['initialization error: change root failed', 'change root failed: no such file', 'change root failed'], 0.93),
      s(
        [
          'failed to get libcuda.so parent directory',
          'failed to determine driver version',
          'failed to locate libcuda.so',
          'failed to locate driver root',
          'driver root does not exist',
          'invalid driver root',
        ],
        0.68,
      ),
      s('/run/nvidia/driver', 0.45, { also: ['libnvidia-ml'] }),
      s('/run/nvidia/driver: no such file or directory', 0.5),
    ],
  },
  'cli-driver-rpc-timeout': {
    tell: 'time nvidia-smi -L on the host with persistence off, and dmesg | grep -iE "xid|hung": slow start or a sick card?',
    shows: [
      s('nvidia-container-cli … failed to process request', 0.5, { less: { wsl: 0.6 } }),
      s(
        [
          'driver rpc error: timed out',
          'driver rpc error',
          'driver error: failed to process request',
          'driver error: timed out',
          'driver rpc error: failed to process request',
        ],
        0.95,
        { less: { wsl: 0.45, tegra: 0.5 } },
      ),
      s(['nvidia-container-cli … timed out', 'nvc … rpc … timed out'], 0.6),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
