import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_NVIDIA_SMI } from './wordings.ts';

/** Section 2.14: Jetson. */
export const tegraSigns = {
  'tegra-gpus-flag': {
    tell: 'was --gpus (or Compose driver: nvidia) used? On Jetson --runtime=nvidia is the form that works',
    shows: [
      s('Auto-detected mode as csv', 0.94),
      s(
        ['invoking the NVIDIA Container Runtime Hook directly', 'specifying the docker --gpus flag) is not supported'],
        0.82,
        { needs: ['tegra'] },
      ),
      s(
        [
          'mount error: stat failed: /dev/nvidiactl',
          'stat failed: /dev/nvidiactl',
          'mount error … nvidiactl: no such file',
        ],
        0.66,
        { more: { tegra: 0.6 } },
      ),
      s(
        [
          'load library failed: libnvidia-ml.so.1',
          'could not select device driver',
          'driver rpc error',
          'driver error: failed to process request',
        ],
        0.72,
        { needs: ['tegra'] },
      ),
    ],
  },
  'tegra-csv-missing-or-empty': {
    tell: 'ls /etc/nvidia-container-runtime/host-files-for-container.d/ and whether the files named there exist on the host',
    shows: [
      s(
        [
          'Could not locate /usr',
          'Could not locate /dev',
          'Could not locate /lib',
          'Could not locate /etc',
          'Could not locate /opt',
        ],
        0.7,
        { needs: ['tegra'], kind: 'symptom' },
      ),
      s(
        ['Could not locate /usr/lib/aarch64-linux-gnu/nvidia/lib', 'Could not locate /usr/lib/aarch64-linux-gnu/tegra'],
        0.6,
        { kind: 'symptom' },
      ),
      s(
        [
          'File … /usr/lib/aarch64-linux-gnu/lib … is empty, not checked',
          'CSV file is empty',
          '/dev/nvhost-ctrl: No such file',
          '/dev/nvhost-gpu: No such file',
          '/dev/nvmap: No such file',
          'Skipping CSV file',
          'No mount specs specified',
          'host-files-for-container.d',
          'l4t.csv',
          'cudnn.csv',
          'Missing /usr/lib/aarch64',
          'mount spec … csv',
          '.csv: no such file',
        ],
        0.85,
        { more: { tegra: 0.3 } },
      ),
      s(
        [
          'file too short',
          'File truncated',
          'libnvinfer.so',
          'libcudnn.so',
          'libcublas.so',
          'libcudart.so',
          'libcufft.so',
          'libcurand.so',
          'libnvrtc.so',
          'libnvdla',
          'libcuda.so.1',
          'libnvbuf',
          'libnvrm',
          'libnvos',
          'libcusolver',
          'libnvcudla',
          'libnvdla_compiler.so',
          'ImportError: lib',
          'cannot open shared object file',
          'No CUDA runtime is found',
          'no CUDA-capable device is detected',
        ],
        0.72,
        { needs: ['tegra'], less: { nonRoot: 0.6 } },
      ),
      s(['aarch64-linux-gnu/tegra', 'libnvrm_gpu.so', 'libnvdla_compiler.so', 'libnvos.so', 'libnvrm.so'], 0.55, {
        also: ['cannot open shared object file'],
      }),
      s('aarch64-linux-gnu … file too short', 0.62),
      s('file too short', 0.4),
      s(
        [
          'No trace of cuda',
          'CUDA is not available in /usr/local/cuda',
          '/usr/local/cuda … <is empty|is missing|does not exist>',
        ],
        0.66,
        { needs: ['tegra'] },
      ),
    ],
  },
  'tegra-thor-misdetected': {
    tell: 'toolkit version: Jetson Thor is recognised from 1.17.7 on',
    shows: [
      s(
        [
          'ERROR_LIBRARY_NOT_FOUND',
          'Driver Not Loaded',
          'load library failed',
          'Detected platform',
          'Incompatible strategy',
          'driver not loaded',
          'unresolvable CDI devices',
          'no CUDA-capable device',
          'nvidia-container-cli:',
          'failed to initialize NVML',
        ],
        0.82,
        { needs: ['thor'] },
      ),
      s('NVIDIA Thor', 0.4),
    ],
  },
  'tegra-no-request': {
    tell: 'NVIDIA_VISIBLE_DEVICES or nvidia.com/gpu in the pod or container: without either the runtime injects nothing',
    shows: [
      s(
        [
          'NVIDIA_DRIVER_CAPABILITIES',
          'No modification required',
          'No devices requested',
          'runtimeClassName: nvidia',
          'WARNING: The NVIDIA Driver was not detected',
        ],
        0.55,
        { needs: ['tegra'] },
      ),
      s(['no CUDA-capable device is detected', 'libcuda.so.1: cannot open', 'libnvrm_gpu.so'], 0.35, {
        needs: ['tegra'],
      }),
    ],
  },
  'tegra-nvmap-noise': {
    tell: 'does the program go on and does CUDA work? Then the lines are harmless; else ls -l /dev/nvmap and the group video',
    shows: [
      s(
        [
          'NvRmMemInitNvmap failed',
          'NvRmMemInit failed',
          'NvRmMemMgrInit failed',
          'Memory Manager Not supported',
          'NvRmMemConstructor',
          'error type: 196626',
        ],
        0.88,
        { kind: 'noise' },
      ),
      s(
        [
          'NvMapMemAllocInternalTagged',
          'NvMapMemHandleAlloc',
          'NvMapMemAlloc',
          'NvMapMemCacheMaint',
          'NvRmChannelOpen',
          'NvRmGpuLib',
          'NvRmGpuDeviceOpen',
          'NvRmPrivGetChipPlatform',
          'NvRmStreamCreate',
        ],
        0.85,
      ),
    ],
  },
  'tegra-gfd-labels': {
    tell: 'does the GFD pod run with the nvidia runtime? kubectl logs of gpu-feature-discovery',
    shows: [
      s(
        [
          'nvidia.com/gpu.memory … missing',
          'gpu-feature-discovery … tegra',
          'gpu-feature-discovery … CUDA',
          'error creating NVML labeler',
          'failed to create resource labeler',
          'nvidia.com/cuda.driver.major=unknown',
          'error creating … labeler',
          'failed to get cuda version … unknown',
        ],
        0.62,
      ),
      s('gpu-feature-discovery', 0.5, { needs: ['tegra'] }),
    ],
  },
  'tegra-image-mismatch': {
    tell: 'cat /etc/nv_tegra_release (R35, R36, R38) against the image: L4T/iGPU images for Orin, SBSA arm64 images for Thor',
    shows: [
      s(
        [
          'no kernel image is available for execution on the device',
          'libnvrm_gpu.so',
          'libnvrm',
          'libcudart.so',
          'cuInit … 999',
          'version GLIBC',
          'GLIBC_2',
          'undefined symbol',
          'is not supported by this … l4t',
          'incompatible … JetPack',
          'JetPack',
          'unsupported … L4T',
        ],
        0.42,
        { needs: ['tegra'] },
      ),
      s(['nvcr.io/nvidia/l4t', 'dustynv/', 'l4t-pytorch', 'l4t-base', 'l4t-ml'], 0.3),
      // Before JetPack 7 no Jetson has the tool, so an image that expects it was made for other machines.
      s(NO_NVIDIA_SMI, 0.7, { needs: ['tegra'], unless: ['thor'] }),
    ],
  },
  'tegra-unsupported-request': {
    tell: 'what was asked for: on Jetson only all or 0, no MIG, no CDI strategy in the plugin',
    shows: [
      s(['unsupported device id', 'unsupported device ID'], 0.92),
      s('CDI --device-list-strategy options are only supported on NVML', 0.75, { more: { tegra: 0.7 } }),
      s(['CDI … only supported on NVML-based systems'], 0.6),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
