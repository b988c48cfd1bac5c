import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cudaCode } from './wordings.ts';

/** Section 2.3: NVSwitch fabric, MIG, IMEX. */
export const fabricSigns = {
  'fabric-manager-not-running': {
    tell: 'systemctl is-active nvidia-fabricmanager, and nvidia-smi -q | grep -A3 Fabric (State has to be Completed)',
    shows: [
      s([...cudaCode(802), '802 system error', '802: system'], 0.92, { kind: 'cause' }),
      s(
        [
          'system not yet initialized',
          'CUDA_ERROR_SYSTEM_NOT_READY',
          'cudaErrorSystemNotReady',
          'Error 802',
          'cuInit … 802',
          'CUDA error 802',
        ],
        0.93,
        { kind: 'cause' },
      ),
      s(
        [
          'nvidia-fabricmanager.service: Failed',
          'Failed to start nvidia-fabricmanager',
          'fabricmanager … inactive',
          'fabric manager is not running',
          'Failed to start NVIDIA fabric manager',
          'fabric manager … not running',
          'fabricmanager is not <installed|running|active>',
          'fabricmanager was not <installed|running|active>',
          'fabric manager is not <installed|active>',
          'NVLink fabric is not',
        ],
        0.85,
        { kind: 'cause' },
      ),
      s(
        [
          'NV_WARN_NOTHING_TO_DO',
          'request to query NVSwitch device information from NVSwitch driver failed',
          'GPU Fabric State … In Progress',
        ],
        0.6,
      ),
    ],
  },
  'fabric-manager-version-mismatch': {
    tell: 'nv-fabricmanager --version against /sys/module/nvidia/version; journalctl -u nvidia-fabricmanager -n 30',
    shows: [
      s(
        [
          "driver interface version … don't match with driver version",
          'fabric manager NVIDIA GPU driver interface version',
          "don't match with driver version",
          'driver interface version … doesn’t match',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(['system not yet initialized', 'CUDA_ERROR_SYSTEM_NOT_READY', 'Error 802'], 0.3),
    ],
  },
  'mig-enabled-without-instances': {
    tell: 'nvidia-smi --query-gpu=index,mig.mode.current --format=csv and nvidia-smi -L | grep -c MIG-',
    shows: [
      s(
        [
          'No MIG devices associated with',
          'migEnabled=true was not configured correctly',
          'invalid MIG configuration: at least one device',
        ],
        0.92,
        { kind: 'cause' },
      ),
      s(
        [
          'No MIG devices found',
          'no MIG-enabled devices found',
          'No GPU instances found',
          'mig.strategy=single … no MIG',
          'No MIG-enabled devices found',
          'all devices on the node must be configured with the same migEnabled value',
          'invalid MIG configuration',
          'no GPU instance … MIG',
        ],
        0.85,
      ),
      s(
        [
          'No CUDA GPUs are available',
          'torch.cuda.is_available() … False',
          'no CUDA-capable device is detected',
          'CUDA_ERROR_NO_DEVICE',
          'nvidia.com/gpu: 0',
          'No devices were found',
        ],
        0.62,
        { needs: ['mig'] },
      ),
      s(['MIG M. … Enabled', 'MIG mode … Enabled', 'mig.mode.current … Enabled', 'Current … Enabled … Pending'], 0.35),
      s(
        [
          'Unable to enable MIG Mode',
          'Pending MIG',
          'MIG mode is in pending enable state',
          'In use by another client',
          'unable to destroy … MIG',
          'failed to set MIG',
          'Unable to set … MIG',
          'Error setting MIGMode',
          'failed apply … MIG',
          'Unable to create a GPU instance',
          'Failed to create GPU instances',
          'Unable to create a compute instance',
          'nvidia-mig-parted',
          'mig-manager',
        ],
        0.5,
      ),
    ],
  },
  'mig-device-string-wrong': {
    tell: 'nvidia-smi -L on the host against the string that was asked for (GPU:MIG index or MIG-UUID)',
    shows: [
      s('unknown device id: # : #', 0.9),
      s(
        [
          'device error: MIG- … : unknown device',
          'MIG-GPU- … : unknown device',
          'device error: # : # : unknown device',
          'device error: # : # : … unknown device',
        ],
        0.92,
      ),
      s('unresolvable CDI devices nvidia.com/gpu=# : #', 0.68),
      s(['nvidia.com/gpu=MIG-', 'unresolvable CDI devices nvidia.com/mig'], 0.55, {
        also: ['unresolvable CDI devices'],
      }),
      s(['unknown device', 'unknown device id', 'no CUDA-capable device is detected'], 0.4, { needs: ['mig'] }),
      s(
        [
          'CUDA_VISIBLE_DEVICES=MIG-',
          'CUDA_VISIBLE_DEVICES=0:',
          'invalid literal for int() with base 10: MIG',
          'ValueError: invalid literal … MIG-',
        ],
        0.6,
      ),
    ],
  },
  'mig-reconfigured-spec-stale': {
    tell: 'nvidia-smi -L against nvidia-ctk cdi list: was the MIG layout changed after the spec was written?',
    shows: [
      s(['stat CDI host device /dev/nvidia-caps/nvidia-cap', 'CDI host device /dev/nvidia-caps'], 0.9),
      s('unresolvable CDI devices nvidia.com/gpu=# : #', 0.5),
      s('unresolvable CDI devices', 0.35, { needs: ['mig'] }),
    ],
  },
  'nvidia-caps-missing': {
    tell: 'ls -l /dev/nvidia-caps and grep nvidia-caps /proc/devices; is MIG used here at all?',
    shows: [
      s(['NVIDIA_MIG_MONITOR_DEVICES', 'error getting device memory info: Insufficient Permissions'], 0.6),
      s(
        [
          'stat failed: /dev/nvidia-caps/nvidia-cap',
          '/dev/nvidia-caps/nvidia-cap … no such file or directory',
          'cannot set MIG_CONFIG_DEVICES in non privileged container',
          'cannot set MIG_MONITOR_DEVICES in non privileged container',
        ],
        0.9,
      ),
      s(
        [
          'custom device /dev/nvidia-caps',
          '/dev/nvidia-caps: no such file',
          'gathering device information while adding custom device /dev/nvidia-caps',
        ],
        0.93,
      ),
      s('/dev/nvidia-caps', 0.3),
    ],
  },
  'imex-channel-missing': {
    tell: 'ls /dev/nvidia-caps-imex-channels, and whether the container needs NVIDIA_IMEX_CHANNELS',
    shows: [
      s('unsupported IMEX channel value', 0.45),
      s(['IMEX channel # not found at', 'generate CDI spec for mode imex', 'IMEX channel … not found'], 0.95),
      s(['imex daemon … not ready', 'nvidia-imex … failed', 'nvidia-imex.service'], 0.6),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
