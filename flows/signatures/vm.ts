import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.4: virtual machines, nested containers, WSL, Desktop. */
export const vmSigns = {
  'vm-gpu-not-passed-through': {
    tell: 'lspci -nn in the guest: an NVIDIA function (10de), or only a virtual display?',
    shows: [
      s(
        [
          'VGA compatible controller [0300]: Device [1234:1111]',
          '1234:1111',
          '[1af4:1050]',
          '1af4:1050',
          '[15ad:0405]',
          '15ad:0405',
          '[1414:5353]',
          '1414:5353',
          'Red Hat, Inc. Virtio GPU',
          'VMware SVGA II Adapter',
          'Virtio 1.0 GPU',
          'Microsoft Corporation Hyper-V virtual VGA',
          'QEMU Standard VGA',
        ],
        0.72,
        { kind: 'cause' },
      ),
      s(
        [
          'could not insert nvidia: No such device',
          'No NVIDIA devices probed',
          'no NVIDIA GPU detected … virtual machine',
        ],
        0.55,
        { needs: ['vm'] },
      ),
      s(["couldn't communicate with the NVIDIA driver", 'No devices were found'], 0.35, {
        needs: ['vm'],
        more: { noCard: 0.7 },
      }),
      s('lspci', 0.5, { needs: ['noCard'], unless: ['wsl'], more: { vm: 0.5 }, kind: 'cause' }),
      s(
        [
          'no IOMMU detected',
          'IOMMU not enabled',
          'No host device found',
          'PCI device … not found … guest',
          'not support PCI passthrough',
          'does not support PCI passthrough',
        ],
        0.5,
        { kind: 'cause' },
      ),
    ],
  },
  'gpu-bound-to-vfio-in-guest': {
    tell: 'lspci -nnk -d 10de: in the machine where the containers run: does vfio-pci hold the card there?',
    shows: [
      s(
        [
          'is already bound to vfio-pci',
          'already bound to vfio',
          'already bound to pci-stub',
          'Kernel driver in use: vfio-pci',
          'Kernel driver in use: pci-stub',
        ],
        0.93,
        { kind: 'cause' },
      ),
      s(['vfio-pci.ids=10de', 'options vfio-pci ids=10de', 'vfio_pci: add [10de'], 0.75, { kind: 'cause' }),
      s(['workload.config=vm-passthrough', 'nvidia.com/gpu.workload.config'], 0.6, { kind: 'cause' }),
      s('vfio-pci', 0.2),
    ],
  },
  'hypervisor-host-driver-grabbed-gpu': {
    tell: 'on the hypervisor: lspci -nnk -s BDF names the driver that holds the card before the guest starts',
    shows: [
      s(
        [
          'No IOMMU group assigned to the device',
          'not in an IOMMU group',
          'no iommu_group found',
          'unable to find iommu group',
          'vfio-pci: probe of',
          'vfio: failed to set iommu for container',
          'vfio: unable to find',
          'failed to unbind',
          'cannot bind … vfio',
          'VFIO group is not viable',
          'Failed to assign device … vfio',
        ],
        0.72,
        { kind: 'cause' },
      ),
      s(
        [
          'is not viable',
          'ensure all devices within the iommu_group are bound to their vfio bus driver',
          'Please ensure all devices within the iommu_group',
        ],
        0.93,
        { kind: 'cause' },
      ),
      s(
        [
          'in use by driver nvidia',
          'is in use by driver',
          'failed to bind … vfio-pci',
          'vfio … failed to open /dev/vfio',
          'vfio: error opening /dev/vfio',
          'vfio … failed to get group',
          'could not open /dev/vfio',
          'vfio error: … failed',
          'failed to setup container for group',
          'VFIO_MAP_DMA',
          'vfio … Device or resource busy',
        ],
        0.8,
        { kind: 'cause' },
      ),
      s(
        [
          'vfio-pci … can’t reserve',
          "BAR #: can't reserve",
          'unbinding vtconsole',
          'efi-framebuffer',
          'vfio-pci … BAR … reserve',
          'Failed to mmap … BAR',
          'vfio-pci … reset recovery',
          'vfio_bar_restore',
          'Invalid PCI ROM header signature',
        ],
        0.85,
        { kind: 'cause' },
      ),
    ],
  },
  'guest-driver-blocked-by-hypervisor': {
    tell: 'driver version in the guest: before 465 it refuses a GeForce in a virtual machine',
    shows: [
      s(['Unable to determine the device handle for GPU … Unknown Error'], 0.4, { kind: 'cause', more: { vm: 0.7 } }),
      s(['Code 43', 'error 43', 'kvm=off', 'vendor_id … kvm hidden', '<hidden state='], 0.6, { kind: 'cause' }),
      s('RmInitAdapter failed!', 0.5, { needs: ['vm'], kind: 'cause' }),
    ],
  },
  'vgpu-guest-driver-or-license': {
    tell: 'nvidia-smi -q | grep -i license in the guest, and whether the installed driver is the GRID guest driver',
    shows: [
      s(
        [
          'License Status : Unlicensed',
          'Unlicensed (',
          'Failed to acquire license',
          'license server … nvidia-gridd',
          'nvidia-gridd',
          'ClientConfigToken',
          'device not licensed',
          'CUDA_ERROR_DEVICE_NOT_LICENSED',
          'vGPU … unlicensed',
          'Valid GRID license not found',
          'vGPU license',
          'vGPU … licens',
          'License Status … Unlicensed',
          'init_device_instance failed',
        ],
        0.9,
        { kind: 'cause' },
      ),
      s(
        [
          'vGPU guest driver',
          'vgpu … version mismatch',
          'GRID driver',
          'nvidia-vgpu-mgr',
          'VGPU message',
          'failed to get VGX version',
          'guest vGPU driver',
          'Failed to initialize vGPU',
        ],
        0.75,
        { kind: 'cause' },
      ),
    ],
  },
  'lxc-nested-engine': {
    tell: 'does the engine run inside an LXC/LXD/Proxmox container (systemd-detect-virt -c)?',
    shows: [
      s(['capability change failed', 'privilege change failed', 'overflowuid: permission denied'], 0.4, {
        more: { lxc: 0.7 },
      }),
      s(
        [
          'unable to find any existing device filters attached to the cgroup',
          'bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted',
        ],
        0.68,
        { more: { lxc: 0.75 }, less: { rootless: 0.6 } },
      ),
      s(
        [
          'failed to add device rules: write … devices.allow: operation not permitted',
          'devices.allow: operation not permitted',
        ],
        0.8,
        { more: { lxc: 0.75 }, less: { rootless: 0.6 } },
      ),
      s(['devices.allow: permission denied'], 0.45, { more: { lxc: 0.7 }, less: { rootless: 0.6 } }),
      s(
        [
          'failed to add device rules',
          'nvidia-container-cli: mount error',
          'nvidia-container-cli: container error',
          'failed to get device cgroup',
        ],
        0.55,
        { needs: ['lxc'] },
      ),
    ],
  },
  'wsl-no-adapter': {
    tell: 'nvidia-smi.exe on the Windows side and wsl --version: WSL 2 with a current Windows driver, after wsl --shutdown?',
    shows: [
      s('Core Nvidia component', 0.6, { needs: ['wsl'] }),
      s(['stat failed: /usr/lib/wsl', '/usr/lib/wsl … : no such file', '/usr/lib/wsl … cannot open'], 0.78),
      s(['driver error: failed to process request', 'driver rpc error', 'nvml error: unknown error'], 0.7, {
        needs: ['wsl'],
      }),
      s(['WSL environment detected but no adapters were found', 'no adapters were found'], 0.96),
      s('GPU access blocked by the operating system', 0.94),
      s(
        [
          '/dev/dxg: no such file',
          'dxgkio_query_adapter_info',
          'dxgk: dxgkio',
          'libdxcore.so',
          'failed to load libdxcore',
        ],
        0.5,
      ),
      s(
        [
          'load library failed: libnvidia-ml.so.1',
          "couldn't communicate with the NVIDIA driver",
          'Failed to initialize NVML',
          'cuda error: unknown error',
          'no CUDA-capable device is detected',
        ],
        0.42,
        { needs: ['wsl', 'windows'] },
      ),
    ],
  },
  'wsl-linux-driver-installed': {
    tell: 'inside WSL: dpkg -l "nvidia-driver*" "libnvidia-compute*" and which libcuda ldconfig -p names first',
    shows: [
      s(
        [
          'nvml error: driver not loaded',
          'driver/library version mismatch',
          'NVML: Driver Not Loaded',
          'Driver/library version mismatch',
        ],
        0.7,
        { needs: ['wsl'] },
      ),
      s(['load library failed: libnvidia-ml.so.1', 'Failed to initialize NVML'], 0.3, { needs: ['wsl'] }),
      s(['libcuda.so.1 is not a symbolic link'], 0.3, { kind: 'noise' }),
      s(
        ['file creation failed: … libnvidia-ml.so.1: file exists', 'file creation failed: … libcuda.so.1: file exists'],
        0.3,
        { needs: ['wsl'] },
      ),
    ],
  },
  'wsl-cdi-device-names': {
    tell: 'nvidia-ctk cdi list inside WSL: only nvidia.com/gpu=all exists there',
    shows: [
      s(['unresolvable CDI devices nvidia.com/gpu=#'], 0.85, { needs: ['wsl'] }),
      s('unresolvable CDI devices', 0.5, { needs: ['wsl'] }),
    ],
  },
  'docker-desktop-linux': {
    tell: 'docker context show and docker info -f "{{.OperatingSystem}}": is this Docker Desktop instead of the engine of this machine?',
    shows: [
      s(
        [
          'load library failed: libnvidia-ml.so.1',
          'could not select device driver … with capabilities: [[gpu]]',
          'no known GPU vendor found',
          'failed to discover GPU vendor from CDI',
          'unknown or invalid runtime name: nvidia',
          'Unknown runtime specified nvidia',
          'unresolvable CDI devices',
          'WSL environment detected',
        ],
        0.9,
        { needs: ['desktop'], less: { windows: 0.25, wsl: 0.2 } },
      ),
      s(['load library failed: libnvidia-ml.so.1'], 0.3, { unless: ['desktop', 'tegra', 'k8s', 'podman', 'windows'] }),
      s(['could not select device driver', 'failed to discover GPU vendor from CDI'], 0.2, {
        unless: ['desktop', 'k8s'],
      }),
      s(
        [
          'Name: desktop-linux',
          'Context: desktop-linux',
          'Operating System: Docker Desktop',
          'context use desktop-linux',
          'desktop-linux *',
        ],
        0.5,
        { kind: 'cause' },
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
