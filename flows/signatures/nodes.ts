import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cudaCode, NO_DRIVER_TALK } from './wordings.ts';

/** Section 2.2, second half: device nodes, unified memory, who holds the GPU. */
export const nodeSigns = {
  'nvidia-uvm-missing': {
    tell: 'ls -l /dev/nvidia-uvm on the host and in the container; cuInit(0) = 999 while nvidia-smi works',
    shows: [
      s(
        [...cudaCode(999), 'cuda runtime error (30)', 'cudaGetDeviceCount returned 30', 'cudaErrorUnknown (30)'],
        0.58,
        {
          less: { suspend: 0.7 },
        },
      ),
      s(
        [
          'missing device /dev/nvidia-uvm',
          '/dev/nvidia-uvm: no such file or directory',
          'stat CDI host device /dev/nvidia-uvm',
          'cannot access /dev/nvidia-uvm',
          "can't open /dev/nvidia-uvm",
          '/dev/nvidia-uvm: No such',
        ],
        0.9,
      ),
      s(
        [
          'CUDA unknown error - this may be due to an incorrectly set up environment',
          'this may be due to an incorrectly set up environment',
        ],
        0.62,
        { less: { suspend: 0.7 } },
      ),
      s(
        [
          'failed to initialize CUDA: unknown error',
          'CUDA_ERROR_UNKNOWN: unknown error',
          'cuInit … CUDA_ERROR_UNKNOWN',
          'CUDA_ERROR_UNKNOWN',
          'cudaErrorUnknown',
          'cuInit(0) … 999',
          'cuInit … 999',
          'CUDA error 999',
          'failed call to cuInit: … unknown error',
          'cuda error: unknown error',
          'nvcuda … error 999',
        ],
        0.55,
        { less: { suspend: 0.7 } },
      ),
      s(
        [
          'cuda driver library init failure: 3',
          'library init failure: 1',
          'cuInit err: 3',
          'cuda error: initialization error',
          'failed to initialize CUDA: initialization error',
        ],
        0.6,
      ),
      s(
        [
          'nvidia-uvm … not loaded',
          'nvidia_uvm … not loaded',
          'modprobe nvidia-uvm',
          'modprobe nvidia_uvm',
          'nvidia-modprobe -u',
          'uvm_disable_hmm',
        ],
        0.45,
      ),
      s(
        [
          'Could not load UVM kernel module',
          'could not load kernel module nvidia_uvm',
          'could not load kernel module nvidia-uvm',
        ],
        0.45,
      ),
      s('Error 304', 0.3),
    ],
    follows: ['fabric-manager-not-running', 'uvm-broken-after-suspend', 'kernel-module-missing-for-kernel'],
  },
  'uvm-broken-after-suspend': {
    tell: 'was the machine suspended since boot? If cuInit(0) is 999 on the host too, reloading nvidia_uvm cures it',
    shows: [
      s(
        [
          'CUDA unknown error',
          'CUDA_ERROR_UNKNOWN',
          'cuInit … 999',
          'failed to initialize CUDA: unknown error',
          'cuda error: unknown error',
          'init failure: 999',
          'cudaErrorUnknown',
        ],
        0.85,
        { needs: ['suspend'] },
      ),
      s(
        [
          'CUDA unknown error',
          'cuInit … 999',
          'failed to initialize CUDA: unknown error',
          'init failure: 999',
          'init failure: 3',
        ],
        0.3,
        { unless: ['suspend'] },
      ),
      s(['modprobe -r nvidia_uvm', 'modprobe -r nvidia-uvm', 'rmmod nvidia_uvm', 'rmmod nvidia-uvm'], 0.5),
      s(['uvm_disable_hmm', 'NVreg_PreserveVideoMemoryAllocations'], 0.5),
    ],
  },
  'device-nodes-missing': {
    tell: 'ls -l /dev/nvidia* beside grep nvidia /proc/devices: the module is loaded but the nodes are not there',
    shows: [
      s('no NVIDIA device nodes found', 0.62),
      s('Please ensure that the NVIDIA device files', 0.5),
      s(
        [
          ...cudaCode(38),
          ...cudaCode(100),
          'failed call to cuInit: CUDA_ERROR_NO_DEVICE',
          'cuInit … CUDA_ERROR_NO_DEVICE',
        ],
        0.34,
        { kind: 'symptom' },
      ),
      s(
        [
          'cannot access /dev/nvidia: No such',
          'cannot access /dev/nvidiactl',
          'cannot access /dev/nvidia0',
          '/dev/nvidia0: No such file',
          '/dev/nvidiactl: No such file',
          'invalid device node',
          'detection error: stat failed: /dev/nvidia',
          'stat failed: /dev/nvidia<ctl|0|-modeset|-uvm>',
        ],
        0.72,
        { less: { tegra: 0.6 } },
      ),
      s(
        [
          'custom device /dev/nvidia<0|1|2|3|4|5|6|7|ctl|-uvm|-uvm-tools|-modeset>: no such file or directory',
          'while adding custom device /dev/nvidia<0|1|2|3|ctl|-uvm|-modeset>',
          'stat /dev/nvidia',
          'lstat /dev/nvidia',
        ],
        0.85,
      ),
      s('stat CDI host device /dev/nvidia<0|1|2|3|4|5|6|7|ctl>', 0.4),
      s(
        [
          '/dev/nvidia <files|devices|nodes|device files|device nodes> <are|is|were> <missing|not|absent|gone>',
          '/dev/nvidia <are|is> <missing|absent|gone|not there|not present|not created|not mounted>',
          '/dev/nvidia0 <is|are> <missing|absent|gone|not there|not present|not created|not mounted>',
          '/dev/nvidia0 does not exist',
          '<no|missing> /dev/nvidia<0|1|ctl|devices|nodes|files|in|on|,>',
        ],
        0.6,
        { less: { tegra: 0.5, lxc: 0.2 } },
      ),
      s(['nvml error: driver not loaded', 'failed to initialize NVML: Driver Not Loaded'], 0.38, {
        more: { moduleLoaded: 0.7 },
      }),
      s(
        [
          'initialization error: cuda error: unknown error',
          'cuda error: no CUDA-capable device',
          'initialization error: cuda error',
        ],
        0.55,
      ),
      s(NO_DRIVER_TALK, 0.18),
      s('hasPath /dev/nvidia0', 0.2),
      s(
        [
          'nvidia-container-cli: initialization error: nvml error: unknown error',
          'failed to create device nodes',
          'mknod … /dev/nvidia',
          'nvidia-modprobe … not installed',
        ],
        0.5,
      ),
    ],
    follows: ['kernel-module-missing-for-kernel', 'nouveau-bound', 'secure-boot-key-rejected'],
  },
  'device-node-permissions': {
    tell: 'stat -c "%a %U:%G %n" /dev/nvidia* on the host, and id in the container',
    shows: [
      s(['crw-rw---- … nvidia', 'crw-rw---- … 195,'], 0.72, { kind: 'cause' }),
      s('could not open the device file /dev/nvidia', 0.85, { kind: 'cause', also: ['(Permission denied)'] }),
      s(
        [
          'Failed to initialize NVML: Insufficient Permissions',
          'nvml error: insufficient permissions',
          'NVML_ERROR_NO_PERMISSION',
          'ERROR_NO_PERMISSION',
        ],
        0.6,
        { more: { nonRoot: 0.4 }, less: { selinux: 0.6, redHat: 0.3 } },
      ),
      s(
        [
          '/dev/nvidia0: Permission denied',
          '/dev/nvidiactl: Permission denied',
          '/dev/nvidia-uvm: Permission denied',
          '/dev/nvmap: Permission denied',
          '/dev/nvhost … Permission denied',
          'open /dev/nvidia … EACCES',
          'cannot open /dev/nvidia',
          'NVreg_DeviceFileMode',
        ],
        0.8,
        { less: { selinux: 0.6 } },
      ),
      s('EACCES', 0.4, { also: ['nvmlInit'] }),
      s(['no CUDA-capable device is detected', 'cudaGetDeviceCount returned 100', 'CUDA_ERROR_NO_DEVICE'], 0.5, {
        needs: ['nonRoot'],
      }),
      s(['landlock', 'sandbox denied … /dev/nvidia'], 0.6),
      s('groups: cannot find name for group ID', 0.35),
    ],
  },
  'persistence-daemon-off': {
    tell: 'systemctl is-active nvidia-persistenced, and whether the first start is slow but the second fast',
    shows: [
      s(
        [
          'nvidia-persistenced failed',
          'Failed to start nvidia-persistenced',
          'nvidia-persistenced.service: Failed',
          'Failed to query NVIDIA devices … nvidia-persistenced',
        ],
        0.5,
      ),
      s(
        ['missing ipc path /var/run/nvidia-persistenced/socket', 'missing ipc path /run/nvidia-persistenced/socket'],
        0.35,
        { kind: 'noise' },
      ),
      s('driver rpc error: timed out', 0.2),
      s('Persistence mode is disabled', 0.35),
    ],
    follows: ['driver-library-version-mismatch'],
  },
  'gpu-busy-or-exclusive': {
    tell: 'nvidia-smi --query-compute-apps=pid,used_memory,name --format=csv and compute_mode: who holds the GPU?',
    shows: [
      s([...cudaCode(46), 'cuda runtime error (2) : out of memory'], 0.88),
      s(
        [
          'CUDA out of memory',
          'CUDA_ERROR_OUT_OF_MEMORY',
          'cudaErrorMemoryAllocation',
          'cuda error: out of memory',
          'CUDA failure 2: out of memory',
          'cudaMalloc failed: out of memory',
          'torch.OutOfMemoryError',
          'torch.cuda.OutOfMemoryError',
          'OutOfMemoryError: CUDA',
          'CUBLAS_STATUS_ALLOC_FAILED',
          'failed to allocate … on device: … CUDA_ERROR_OUT_OF_MEMORY',
          'Resource exhausted: OOM when allocating tensor',
          'ResourceExhaustedError: … OOM when allocating',
          'unable to allocate CUDA',
        ],
        0.92,
        { less: { tegra: 0.1 } },
      ),
      s(
        [
          'all CUDA-capable devices are busy or unavailable',
          'CUDA-capable device(s) is/are busy or unavailable',
          'cudaErrorDevicesUnavailable',
          'CUDA_ERROR_DEVICE_UNAVAILABLE',
          'mps client failed to connect',
          'mpsserver',
          'MPS client failed',
          'CUDA_ERROR_MPS',
          'exclusive_process',
        ],
        0.9,
      ),
      s(
        [
          'No available memory for the cache blocks',
          'Free memory on device … is less than desired GPU memory utilization',
          'is larger than the maximum number of tokens that can be stored in KV cache',
          'larger than the available KV cache memory',
          'is less than desired GPU memory utilization',
          'not enough VRAM',
          'gpu VRAM usage didn’t recover',
          'insufficient VRAM',
          'out of memory … ggml',
          'ggml_backend_cuda_buffer_type_alloc_buffer',
          'GPU memory utilization',
          'not enough memory on the GPU',
          'NvMapMemAlloc … error 12',
          'exceeds available GPU memory',
          'not enough GPU memory',
          'ran out of memory trying to allocate',
        ],
        0.7,
      ),
      s('has a total capacity of', 0.5, { also: ['GiB of which'] }),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
