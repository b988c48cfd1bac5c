import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_NVIDIA_SMI } from './wordings.ts';

/** Section 2.13, first half: Kubernetes and the device plugin. */
export const kubernetesSigns = {
  'k8s-runtime-handler-missing': {
    tell: 'containerd config dump | grep -A3 runtimes.nvidia on the node: does the running containerd know the handler?',
    shows: [
      s(
        [
          'no runtime for nvidia is configured',
          'no runtime for … is configured',
          'failed to get sandbox runtime: no runtime',
          'RuntimeHandler nvidia not supported',
          'runtime handler nvidia not',
          'failed to find runtime handler nvidia',
          'unknown runtime handler nvidia',
          'RuntimeHandler … not supported',
          'unable to get OCI runtime for sandbox',
        ],
        0.88,
        { less: { k3s: 0.3, operator: 0.12 } },
      ),
    ],
    follows: [
      'k3s-runtime-not-detected',
      'gpu-operator-validator-init',
      'gpu-operator-toolkit-config-path',
      'k3s-template-override',
    ],
  },
  'k8s-runtimeclass-missing': {
    tell: 'kubectl get runtimeclass nvidia',
    shows: [
      s(
        [
          'RuntimeClass nvidia not found',
          'RuntimeClass … not found',
          'runtimeclasses.node.k8s.io nvidia not found',
          'runtimeclass.node.k8s.io nvidia not found',
          'runtimeclass … nvidia not found',
        ],
        0.96,
      ),
    ],
  },
  'k8s-pod-not-using-nvidia-runtime': {
    tell: 'kubectl get pod POD -o jsonpath={.spec.runtimeClassName}, and the default_runtime_name of containerd',
    shows: [
      s(
        [
          'kernel driver does not appear to be running on this host',
          'Could not find cuda drivers on your machine',
          'NVML Shared Library Not Found',
        ],
        0.5,
        {
          needs: ['k8s'],
          unless: ['plugin'],
          kind: 'symptom',
        },
      ),
      s(
        [
          'no CUDA-capable device is detected',
          'Found no NVIDIA driver on your system',
          'libcuda.so.1: cannot open',
          'WARNING: The NVIDIA Driver was not detected',
          'No CUDA GPUs are available',
        ],
        0.55,
        { needs: ['k8s'], unless: ['plugin'] },
      ),
      s(NO_NVIDIA_SMI, 0.7, { needs: ['k8s'], unless: ['plugin'], less: { operator: 0.4 } }),
      s('NVIDIA_VISIBLE_DEVICES=GPU-', 0.85, { needs: ['k8s'], unless: ['plugin'] }),
      s(['did you set the docker default runtime to nvidia', 'did you configure the NVIDIA Container Toolkit'], 0.4),
      s(['default_runtime_name = runc', 'without runtimeClassName', 'runtimeClassName: nvidia'], 0.3),
    ],
  },
  'device-plugin-cannot-load-nvml': {
    tell: "was the plugin's own pod started with the nvidia runtime (runtimeClassName or default runtime)? nvidia-smi on the node?",
    shows: [
      s(
        [
          'platform detection failed',
          'No valid resources detected, creating a null CDI handler',
          'Detected NVML platform: could not load',
          'Is not a NVML platform',
          'unable to load resource managers',
          'If this is not a GPU node',
          'You can check the prerequisites at: https://github.com/NVIDIA/k8s-device-plugin',
        ],
        0.72,
        { less: { tegra: 0.2, thor: 0.3 } },
      ),
      s(
        [
          'If this is a GPU node, did you set the docker default runtime to nvidia',
          'If this is a GPU node, did you configure the NVIDIA Container Toolkit',
          'did you set the docker default runtime',
          'Incompatible strategy detected',
          'Incompatible platform detected',
          'Detected platform: unknown',
          'Unsupported platform detected; defaulting to nvml',
          'Detected non-NVML platform',
          'Detected non-Tegra platform',
          'could not load NVML library: libnvidia-ml.so.1',
          'If this is not a GPU node, you should set up a toleration',
          'Loading NVML … could not load NVML library',
        ],
        0.9,
        { less: { tegra: 0.2, thor: 0.3 } },
      ),
      s(
        [
          'Failed to initialize NVML',
          'could not load NVML library',
          'ERROR_LIBRARY_NOT_FOUND',
          'failed to initialize NVML: ERROR',
          'unable to load NVML',
          'NVML … Failed',
          'nvml init failed',
          'failed to init nvml',
          'Failed to initialize NVML: could not load NVML library',
          'initialize NVML',
        ],
        0.85,
        { needs: ['plugin'], less: { thor: 0.4 } },
      ),
      s(
        [
          'Cannot find libnvidia-ml',
          'failed to start nvidia plugin',
          'DCGM … libnvidia-ml',
          'Error: Failed to initialize NVML',
          'dcgm-exporter … Failed to initialize NVML',
          "couldn't find libnvidia-ml",
        ],
        0.5,
        { needs: ['k8s'] },
      ),
      // The toolkit says the same words without a full stop.
      s('Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND.', 0.7, { less: { tegra: 0.2, thor: 0.3 } }),
      s('ERROR_LIBRARY_NOT_FOUND', 0.4),
      s('Insufficient nvidia.com/gpu', 0.32),
      s(
        ['nvidia-device-plugin … <CrashLoopBackOff|Error|RunContainerError>', 'k8s-device-plugin … CrashLoopBackOff'],
        0.5,
        { kind: 'symptom', less: { operator: 0.7 } },
      ),
    ],
  },
  'device-plugin-no-devices': {
    tell: 'kubectl logs of the device plugin and nvidia-smi on the node: no device, MIG without instances, or unhealthy after an Xid?',
    shows: [
      s(
        [
          'No devices found. Waiting indefinitely',
          'Waiting indefinitely',
          'CDI --device-list-strategy options are only supported on NVML',
          'no devices found on the node',
          'No devices found. Waiting',
        ],
        0.9,
      ),
      s(['nvidia.com/gpu: 0', 'marking device as unhealthy', 'XidCriticalError', 'device … unhealthy'], 0.58),
      s(['Insufficient nvidia.com/gpu'], 0.3),
      s(['Number of devices … 0', 'Registered device plugin … 0 devices', 'advertise … 0 … nvidia.com/gpu'], 0.4),
    ],
  },
  'k8s-insufficient-gpu': {
    tell: 'kubectl describe node NODE: nvidia.com/gpu under Allocatable, and its taints',
    shows: [
      s(
        [
          'Insufficient nvidia.com/gpu',
          'Insufficient nvidia.com/mig',
          'had untolerated taint {nvidia.com/gpu',
          'untolerated taint … nvidia.com/gpu',
          'had taint {nvidia.com/gpu',
          'didn’t have free … nvidia.com',
          'Insufficient gpu',
          'insufficient nvidia.com',
          'exceeded quota … nvidia.com/gpu',
          'cannot allocate … nvidia.com/gpu',
          'NodeUnschedulable … nvidia',
        ],
        0.92,
      ),
    ],
    follows: ['device-plugin-cannot-load-nvml', 'device-plugin-no-devices', 'mig-enabled-without-instances'],
  },
  'k8s-unexpected-admission-error': {
    tell: 'did the node, kubelet or plugin restart just before? Delete the pod; kubectl describe node for healthy devices',
    shows: [
      s(
        [
          'UnexpectedAdmissionError',
          'Allocate failed due to',
          'no healthy devices present; cannot allocate unhealthy devices',
          'requested number of devices unavailable for nvidia.com/gpu',
          'cannot allocate unhealthy devices',
          'which is unexpected',
        ],
        0.92,
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
