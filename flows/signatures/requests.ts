import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cudaCode, NO_GPU_SEEN, NO_NVIDIA_SMI } from './wordings.ts';

/** Section 2.7, first half: modes, requests, requirements. */
export const requestSigns = {
  'hook-in-nonlegacy-mode': {
    tell: 'grep mode /etc/nvidia-container-runtime/config.toml; on Docker 29 also journalctl -u docker | grep "Ignoring previous errors"',
    shows: [
      s(['Using requested mode <cdi|csv|jit-cdi>', 'Using requested mode'], 0.93, {
        also: ['invoking the NVIDIA Container Runtime Hook directly'],
      }),
      s('Auto-detected mode as cdi', 0.8, { also: ['invoking the NVIDIA Container Runtime Hook directly'] }),
      s(
        [
          'invoking the NVIDIA Container Runtime Hook directly',
          'Container Runtime Hook directly (e.g. specifying the docker --gpus flag) is not supported',
          'specifying the docker --gpus flag) is not supported',
        ],
        0.8,
        { less: { tegra: 0.6 } },
      ),
      s('Please use the NVIDIA Container Runtime (e.g. specify the --runtime=nvidia flag) instead', 0.6, {
        less: { tegra: 0.6 },
      }),
    ],
  },
  'visible-devices-unset': {
    tell: 'docker inspect -f "{{.HostConfig.Runtime}} {{json .HostConfig.DeviceRequests}} {{json .Config.Env}}" CONTAINER: was a GPU asked for at all?',
    shows: [
      s(
        [
          'kernel driver does not appear to be running on this host',
          '/proc/driver/nvidia/version does not exist',
          'Could not find cuda drivers on your machine',
          'libcuda reported version is: Not found',
          'UNKNOWN ERROR (303)',
        ],
        0.56,
        { kind: 'symptom', more: { noGpuAsked: 0.5 }, less: { asksGpus: 0.3, build: 0.5 } },
      ),
      s(['No modification required; no devices requested', 'No devices requested; no modification required'], 0.92),
      s(
        [
          'WARNING: The NVIDIA Driver was not detected',
          'The NVIDIA Driver was not detected. GPU functionality will not be available',
          'NVIDIA Driver was not detected',
        ],
        0.74,
        { more: { noGpuAsked: 0.7 } },
      ),
      s(
        [
          'Use the NVIDIA Container Toolkit to start this container with GPU support',
          'Use nvidia-docker run to start this container',
          "Use 'docker run --gpus all' to start this container",
        ],
        0.6,
        { more: { noGpuAsked: 0.6 } },
      ),
      s(NO_NVIDIA_SMI, 0.4, { less: { podman: 0.4, k8s: 0.4, build: 0.6, tegra: 0.4 } }),
      // The runtime that reads the variable was asked for and injected nothing.
      s(NO_NVIDIA_SMI, 0.7, { needs: ['asksRuntime', 'noGpuAsked'], less: { k8s: 0.4, build: 0.6, tegra: 0.5 } }),
      s(NO_GPU_SEEN, 0.42, { kind: 'symptom', more: { noGpuAsked: 0.5 }, less: { build: 0.5, tegra: 0.4, k8s: 0.3 } }),
      s(
        [
          "couldn't communicate with the NVIDIA driver",
          'Found no NVIDIA driver on your system',
          'no CUDA-capable device is detected',
          'libcuda.so.1: cannot open',
          'No CUDA GPUs are available',
          'libnvidia-ml.so',
          'could not load NVML library',
          'ERROR_LIBRARY_NOT_FOUND',
          'nvidia-smi',
        ],
        0.66,
        { needs: ['noGpuAsked'], less: { build: 0.5 } },
      ),
      s(
        [
          'Found no NVIDIA driver on your system',
          'No CUDA GPUs are available',
          'ERROR_LIBRARY_NOT_FOUND',
          'no NVIDIA GPU detected',
          'NVIDIA_VISIBLE_DEVICES=void',
          'NVIDIA_VISIBLE_DEVICES is not set',
        ],
        0.3,
        { kind: 'symptom', less: { plugin: 0.5, tegra: 0.4, k8s: 0.3 } },
      ),
      s(['torch.cuda.is_available() … False', 'cuda<.|_|::>is_available() <[1]|>False', 'CUDA available: False'], 0.3, {
        kind: 'symptom',
      }),
    ],
    follows: ['image-cpu-only-framework', 'device-plugin-cannot-load-nvml', 'docker-build-no-gpu'],
  },
  'visible-devices-ignored-unprivileged': {
    tell: 'accept-nvidia-visible-devices-envvar-when-unprivileged in config.toml: false ignores the variable in ordinary containers',
    shows: [
      s(
        [
          'Ignoring devices requested by environment variable',
          'insufficient privileges to read NVIDIA_VISIBLE_DEVICES',
          'insufficient privileges to access … NVIDIA_VISIBLE_DEVICES',
          'Ignoring devices specified in NVIDIA_VISIBLE_DEVICES',
          'accept-nvidia-visible-devices-envvar-when-unprivileged',
        ],
        0.9,
      ),
    ],
  },
  'visible-devices-unknown': {
    tell: 'nvidia-smi -L on the host against the index or UUID that was asked for',
    shows: [
      s(
        [
          'device error: … : unknown device',
          'device error: unknown device id',
          'unknown device id',
          'nvidia-container-cli: device error',
        ],
        0.86,
        { less: { mig: 0.5 } },
      ),
      s(
        [
          'failed to get device handle from index',
          'failed to get device handle from UUID',
          'get device handle from',
          'is not a valid UUID or index',
          'not a valid UUID or index',
          'invalid device identifier',
        ],
        0.9,
      ),
      s('unresolvable CDI devices runtime.nvidia.com/gpu=#', 0.5),
      s('unresolvable CDI devices nvidia.com/gpu=<1|2|3|4|5|6|7|8|9>', 0.35),
      s('unresolvable CDI devices nvidia.com/gpu=GPU-', 0.4),
      s('cannot set both Count and DeviceIDs on device request', 0.66, { less: { compose: 0.6 } }),
      s(['invalid device ordinal', 'CUDA_ERROR_INVALID_DEVICE', 'cudaErrorInvalidDevice'], 0.3, { kind: 'symptom' }),
    ],
    follows: ['mig-device-string-wrong'],
  },
  'driver-capabilities-missing': {
    tell: 'NVIDIA_DRIVER_CAPABILITIES in docker inspect: utility brings nvidia-smi, compute libcuda, video encode and decode, graphics EGL and Vulkan',
    shows: [
      s(
        [
          'No matching fbConfigs or visuals',
          'failed to load driver: swrast',
          'failed to load driver: nvidia-drm',
          'failed to create dri2 screen',
          'glXChooseVisual failed',
          'Failed to create OpenGL context',
        ],
        0.52,
      ),
      s(
        [
          'libnvcuvid.so',
          'Failed loading nvcuvid',
          'Cannot load nvcuvid',
          'libnvidia-encode.so',
          'Cannot load libnvidia-encode',
          'Cannot load libnvcuvid',
          'libnvidia-encode.so.1: cannot open',
          'libnvcuvid.so.1: cannot open',
          'OpenEncodeSessionEx failed',
          'The minimum required Nvidia driver for nvenc',
          'No NVENC capable devices found',
          'nvenc … no capable devices',
          'libnvidia-fbc.so',
          'libnvidia-opticalflow.so',
          'Failed to load NVENC',
          'Failed to load libnvcuvid',
          'Could not dynamically load CUDA',
          'Cannot load libcuda.so',
        ],
        0.84,
      ),
      s(
        [
          'libGLX_nvidia',
          'libEGL_nvidia',
          'libnvoptix.so',
          'OptiX … failed',
          'failed to open … 10_nvidia.json',
          'nvidia_icd.json',
          'VK_ERROR_INCOMPATIBLE_DRIVER',
          'vkCreateInstance … failed',
          'eglInitialize failed',
          'libEGL warning: … nvidia',
          'Failed to create EGL',
          'failed to create EGL display',
          'eglGetDisplay',
          'GLX … nvidia',
          'no EGL devices',
          'Could not initialize EGL',
          'unable to initialize EGL',
          'Cannot initialize a EGL device display',
          'vulkan … no … physical device',
          'No Vulkan',
          'failed to load libGLX_nvidia',
          'GLXBadFBConfig',
          'libnvidia-glcore',
          'libnvidia-rtcore',
          'OptixError',
          'OPTIX_ERROR',
          'libGL.so.1: cannot open … nvidia',
        ],
        0.64,
      ),
      s('NVIDIA_DRIVER_CAPABILITIES', 0.32, { less: { tegra: 0.4 } }),
      s(
        [
          'libcuda.so.1: cannot open shared object file',
          "Could not load dynamic library 'libcuda.so.1'",
          'OSError: libcuda.so',
          'libcuda.so.1 not found',
        ],
        0.26,
      ),
      s(['/dev/nvidia0 /dev/nvidiactl', '/dev/nvidiactl /dev/nvidia0', '/dev/nvidia0 … /dev/nvidiactl'], 0.5, {
        needs: ['asksRuntime', 'asksGpus'],
      }),
      s(NO_NVIDIA_SMI, 0.12),
      s(
        ['clGetPlatformIDs', 'CL_PLATFORM_NOT_FOUND', 'Number of platforms 0', 'nvidia.icd', 'no OpenCL platforms'],
        0.4,
      ),
    ],
  },
  'driver-capabilities-unsupported': {
    tell: 'the value of NVIDIA_DRIVER_CAPABILITIES against supported-driver-capabilities in config.toml',
    shows: [
      s(['unsupported capabilities found in', 'unsupported capabilities', 'unsupported driver capabilities'], 0.96),
      s('supported-driver-capabilities', 0.6),
    ],
  },
  'cuda-requirement-unsatisfied': {
    tell: '"CUDA Version" in nvidia-smi on the host against the CUDA version of the image (its tag or NVIDIA_REQUIRE_CUDA)',
    shows: [
      s(['unsupported CUDA version: driver', ...cudaCode(35)], 0.9),
      s(
        [
          'requirement error: unsatisfied condition',
          'unsatisfied condition: cuda',
          'unsatisfied condition: brand',
          'unsatisfied condition: driver',
          'unsatisfied condition',
          'requirements not met',
          'requirement error: invalid expression',
          'please update your driver to a newer version, or use an earlier cuda container',
          'requirement error:',
        ],
        0.96,
      ),
      s(
        [
          'CUDA driver version is insufficient for CUDA runtime version',
          'CUDA_ERROR_INSUFFICIENT_DRIVER',
          'cudaErrorInsufficientDriver',
          'driver version is insufficient',
          'The NVIDIA driver on your system is too old',
          'NVIDIA driver on your system is too old',
          'found version # … too old',
          'Please update your GPU driver',
          'This container was built for NVIDIA Driver Release',
          'ERROR: This container was built for NVIDIA Driver',
          'requires CUDA driver version',
          'NVIDIA driver … does not support this version of CUDA',
          'your CUDA driver version is',
          'Failed to detect NVIDIA driver version … minimum',
          'driver is too old',
          'CUDA Version … is not supported by … driver',
          'is older than the ptxas version',
          'CUDA driver version … older',
          'nvidia driver too old',
          'CUDA driver initialization failed, you might not have a CUDA gpu',
        ],
        0.82,
      ),
      s(
        [
          'version of your NVIDIA driver',
          'forward compatibility mode … ENABLED',
          'Failed to detect … forward compat',
          'CUDA Minor Version Compatibility mode ENABLED',
        ],
        0.35,
        { kind: 'noise' },
      ),
      s(['the provided PTX was compiled with an unsupported toolchain', 'CUDA_ERROR_UNSUPPORTED_PTX_VERSION'], 0.5),
    ],
  },
  'cuda-compat-conflict': {
    tell: 'ldconfig -p | grep libcuda in the container and LD_LIBRARY_PATH: does /usr/local/cuda/compat shadow the driver?',
    shows: [
      s(cudaCode(804), 0.92),
      s(cudaCode(803), 0.7),
      s(
        [
          'forward compatibility was attempted on non supported HW',
          'CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE',
          'cudaErrorCompatNotSupportedOnDevice',
          'Error 804',
          'cuInit … 804',
          'forward compatibility was attempted',
        ],
        0.93,
      ),
      s(
        [
          'system has unsupported display driver / cuda driver combination',
          'CUDA_ERROR_SYSTEM_DRIVER_MISMATCH',
          'Error 803',
          'unsupported display driver',
          'cuda driver combination',
          'cuInit … 803',
          'cudaErrorSystemDriverMismatch',
        ],
        0.7,
      ),
      s(['/usr/local/cuda/compat', 'cuda/compat/libcuda', 'cuda-compat'], 0.6),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
