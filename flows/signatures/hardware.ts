import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { NO_DRIVER_TALK } from './wordings.ts';

/** Section 2.1: bus, firmware, hardware. */
export const hardwareSigns = {
  'no-nvidia-pci-device': {
    tell: 'lspci -nn -d 10de: shows whether this machine has an NVIDIA function at all',
    shows: [
      s(['NVRM: No NVIDIA devices probed', 'No NVIDIA GPU found', 'no NVIDIA devices probed'], 0.55, {
        less: { nouveau: 0.5, vm: 0.3 },
      }),
      s('could not insert nvidia: No such device', 0.7, { less: { vm: 0.4, nouveau: 0.6 } }),
      s(
        [
          'could not insert nvidia_uvm: No such device',
          'could not insert nvidia_drm: No such device',
          'could not insert nvidia_current: No such device',
        ],
        0.55,
        { less: { vm: 0.4 } },
      ),
      s('Unable to load the kernel module … No such device', 0.4),
      s('no NVIDIA GPU was found on this machine', 0.5),
      s('lspci', 0.55, { needs: ['noCard'], unless: ['wsl'], less: { vm: 0.5 }, kind: 'cause' }),
      s([...NO_DRIVER_TALK, 'No devices were found', 'could not insert nvidia'], 0.72, {
        needs: ['noCard'],
        less: { vm: 0.5 },
      }),
    ],
  },
  'gpu-fallen-off-bus': {
    tell: 'dmesg | grep -iE "xid|fallen off" and whether lspci -d 10de: still reads the card (rev ff = gone)',
    shows: [
      s(
        [
          'Unable to change power state from D3cold to D0, device inaccessible',
          'not ready # ms after resume; giving up',
        ],
        0.8,
        {
          kind: 'cause',
        },
      ),
      s(
        [
          'fallen off the bus',
          'GPU is lost. Reboot the system to recover this GPU',
          'nvml error: gpu is lost',
          'ERROR_GPU_IS_LOST',
          'NVML_ERROR_GPU_IS_LOST',
          'GPU is lost',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(['NVRM: Xid … ): 79,', 'XID 79', 'Xid=79', 'Xid: 79', 'Xid error 79'], 0.95, { kind: 'cause' }),
      s(['is not responding to commands', 'GPU has been disconnected', 'GPU … is inaccessible'], 0.5, {
        kind: 'cause',
      }),
      s(['(rev ff) … nvidia', 'nvidia … (rev ff)', 'Unknown header type 7f', 'unknown header type 127'], 0.55, {
        kind: 'cause',
        less: { vm: 0.4 },
      }),
      s('Unable to determine the device handle for GPU', 0.55, { kind: 'cause', less: { vm: 0.4 } }),
      s(
        [
          'can not be reset … GPU … lost',
          'failed to assert … bus error … nvidia',
          'PCIe Bus Error: severity=Uncorrected … nvidia',
        ],
        0.45,
        { kind: 'cause' },
      ),
    ],
  },
  'gpu-fatal-xid': {
    tell: 'dmesg | grep -i xid: the number tells memory (48, 63, 64, 94, 95), NVLink (74), firmware (119, 120) or the application (13, 31, 43, 45)',
    shows: [
      s(
        [
          'NVRM: Xid … ): <13|31|32|38|43|44|45|46|48|56|57|61|62|63|64|68|69|74|92|94|95|109|119|120|140|143|145|149|154>,',
          'XidCriticalError: Xid=<13|31|32|38|43|44|45|46|48|56|57|61|62|63|64|68|69|74|92|94|95|109|119|120|140|143|145|149|154> on',
        ],
        0.8,
        { kind: 'cause' },
      ),
      s(['NVRM: Xid (PCI', 'Xid (PCI:', 'XidCriticalError: Xid='], 0.45, { kind: 'cause' }),
      s(
        [
          'uncorrectable ECC error encountered',
          'cudaErrorECCUncorrectable',
          'CUDA_ERROR_ECC_UNCORRECTABLE',
          'double bit ECC error',
          'row remapping failure',
          'row remapper: pending',
          'GPU requires reset',
          'pending page blacklist',
        ],
        0.85,
      ),
      s(['an illegal memory access was encountered', 'CUDA_ERROR_ILLEGAL_ADDRESS'], 0.6),
      s(['unspecified launch failure', 'CUDA_ERROR_LAUNCH_FAILED', 'cudaErrorLaunchFailure'], 0.55),
      s(['marking device as unhealthy', 'device is unhealthy … xid'], 0.5),
      s(
        [
          'GSP_RPC_TIMEOUT',
          'Timeout after … waiting for RPC response from GPU',
          'GPU reset required',
          'nvlink error … fatal',
          'misaligned address',
        ],
        0.5,
        { kind: 'cause' },
      ),
      s(['CUDA error: an internal … hardware error', 'CUDA_ERROR_HARDWARE_STACK_ERROR', 'hardware stack error'], 0.6),
    ],
  },
  'gsp-boot-failure': {
    tell: 'dmesg | grep -iE "gsp|wpr2" and whether /lib/firmware/nvidia/VERSION/gsp_*.bin exists for the loaded version',
    shows: [
      s(
        [
          'unexpected WPR2 already up',
          'cannot proceed with booting GSP',
          'Cannot initialize GSP firmware RM',
          'kgspBootGspRm',
          'kgspBootstrap',
          'GSP firmware image … failed',
          'failed to load GSP firmware',
          'GSP init failed',
          'failed with error … loading … gsp_',
          'gspRm failed',
          'kgspInitRm',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          'RmInitAdapter failed! (0x62:',
          'Direct firmware load for nvidia/ … gsp_',
          'rpcRmApiControl_GSP',
          'GSP RM heartbeat timed out',
          'GSP task exception',
        ],
        0.85,
        { kind: 'cause' },
      ),
      s(['NVRM: Xid … ): <119|120>,', 'GSP_INIT_DONE', 'Timeout after # s of waiting for RPC response from GPU'], 0.6, {
        kind: 'cause',
      }),
    ],
  },
  'rm-init-adapter-failed': {
    tell: 'the 15 kernel lines around RmInitAdapter failed (dmesg -T): they name firmware, BAR, interrupt or the open module',
    shows: [
      s(['RmInitAdapter failed!', 'rm_init_adapter failed', 'rm_init_adapter() failed', 'RmInitAdapter failed'], 0.8, {
        kind: 'cause',
      }),
      s('None of the NVIDIA devices were initialized', 0.35, { kind: 'cause' }),
      s(
        [
          'nvidia … probe with driver nvidia failed with error',
          'nvidia: probe of … failed with error -1',
          'Failed to allocate NvKmsKapiDevice',
          'osInitNvMapping: *** Cannot attach gpu',
          'Cannot attach gpu',
        ],
        0.5,
        { kind: 'cause' },
      ),
      s('No devices were found', 0.47, { kind: 'error', unless: ['plugin', 'podman'] }),
      s('No devices found', 0.42, { kind: 'error', unless: ['plugin', 'podman'] }),
      s('GPU initialization failed', 0.3),
    ],
    follows: [
      'gsp-boot-failure',
      'open-module-required',
      'pci-bar-unassigned',
      'gpu-too-old-for-open-or-branch',
      'gpu-fallen-off-bus',
      'guest-driver-blocked-by-hypervisor',
      'gpu-bound-to-vfio-in-guest',
      'nouveau-bound',
    ],
  },
  'pci-bar-unassigned': {
    tell: 'lspci -vv -s BDF | grep Region: <unassigned> or [virtual] means no room for the card in the 64-bit address window',
    shows: [
      s(
        [
          'This PCI I/O region assigned to your NVIDIA device is invalid',
          'NVRM: BAR# is #M @ 0x0',
          'NVRM: request_mem_region failed for',
          "Can't find an IRQ for your NVIDIA card",
          'This is a 64-bit BAR mapped above … by the system BIOS',
        ],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          "can't assign; no space",
          'failed to assign [mem size',
          'no space for [mem size',
          'Memory at <unassigned>',
          'Memory at <ignored>',
        ],
        0.7,
        { kind: 'cause' },
      ),
      s(['RmInitAdapter failed! (0x24:', 'Above 4G Decoding', 'large BAR … MMIO', '64-bit MMIO'], 0.4, {
        kind: 'cause',
      }),
    ],
  },
  'nvidia-smi-device-fault-codes': {
    tell: 'nvidia-smi -L; echo $? : 8 power, 10 interrupt, 14 infoROM, 15 off the bus, 18 version mismatch',
    shows: [
      s(['infoROM is corrupted at gpu', 'WARNING: infoROM is corrupted', 'infoROM is corrupted'], 0.93),
      s(
        [
          'power cables not attached properly',
          'external power cables are not properly attached',
          'cables not properly attached',
          'interrupt issue with the GPU',
        ],
        0.85,
      ),
      s('GPU requires external power', 0.7),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
