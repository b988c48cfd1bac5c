import { entry } from './entry.ts';

const layer = 'hardware';

/** Section 2.1: the card, the bus and the firmware. */
export const hardware = [
  entry('no-nvidia-pci-device', {
    layer,
    line: 'Without a GPU on the bus no driver, toolkit or container setting can help.',
    paragraph: `The kernel sees no NVIDIA display or compute function on this machine. Everything further up (driver,
      toolkit, CDI, Docker) would be installed for nothing. Usually it is the wrong node or instance type, a card without
      power, a slot switched off in firmware, or a virtual machine that was never given the card.`,
    mechanism: `The driver's PCI probe matches vendor 10de with class 0300 (VGA) or 0302 (3D). If lspci lists only class
      0403 (audio) or 0c03 (USB) for that vendor, the GPU function itself is hidden or was removed. Tegra and WSL have no PCI GPU
      by design and must be ruled out first (/etc/nv_tegra_release, /dev/dxg).`,
    evidence: '[S]; seed 2, step 1 asks lspci first',
    not: {
      'driver-not-installed': 'lspci does list a 10de function of class 0300 or 0302.',
      'gpu-fallen-off-bus': 'the kernel log of this boot holds an Xid 79: the card was there and went away.',
      'vm-gpu-not-passed-through': 'this machine is a virtual machine: then the hypervisor is the place to look.',
    },
    guide: [
      'Ask the bus again: lspci -Dnn -d 10de: (without lspci: look for 0x10de in /sys/bus/pci/devices/*/vendor).',
      'Cloud: check that the instance type has a GPU. Bare metal: power cables, seating, the slot in firmware.',
      'Hot-plugged card only: as root write 1 to /sys/bus/pci/rescan.',
      'Then run gpumedic again; it starts from the bus.',
    ],
    seeds: 'Seed 2 begins with lspci inside the guest, which is the right first question.',
  }),
  entry('gpu-fallen-off-bus', {
    layer,
    line: 'The card no longer answers; only a reboot or power cycle brings it back.',
    paragraph: `The PCIe link to the card was lost while the machine ran. nvidia-smi reports a lost GPU and every container
      start fails with it. No container setting matters until the machine was rebooted; if it comes back, the cause is
      power, a riser, heat or link power management.`,
    mechanism: `The kernel module logs Xid 79 when register reads return only ones. Configuration space of the device then
      reads ffff ffff, and lspci -vv shows rev ff or an unknown header type. In a virtual machine a failed
      function reset gives the same picture. nvidia-smi exits with 15.`,
    evidence: '[S][D]',
    not: {
      'gsp-boot-failure': 'the log shows Xid 119 or 120 and the device still answers on the bus.',
      'no-nvidia-pci-device': 'the card was not there at any time since boot.',
    },
    guide: [
      'Stop the GPU workloads and reboot; if it happens again, power the machine off completely.',
      'Reseat or replace power cable and riser; check temperature.',
      'Try the kernel parameter pcie_aspm=off or a firmware update; in a data center: return the card.',
      'Do not use nvidia-smi -r on a device that is gone.',
      'After the reboot run gpumedic again and watch the kernel log for a new Xid.',
    ],
  }),
  entry('gpu-fatal-xid', {
    layer,
    line: 'The GPU reported an error; which number it is decides what helps.',
    paragraph: `The kernel log holds an Xid, the driver's number for a GPU error. Some are the application's own fault
      (13, 31, 43, 45) and end with it; memory errors (48, 63, 64, 94, 95) need a reset; 119 and 120 are firmware trouble.
      Injection into containers is not the problem.`,
    mechanism: `Xids are printed by the kernel module per PCI address. The Kubernetes device plugin ignores 13, 31, 43, 45,
      68 and 109 by default and marks a device unhealthy for the others. Pending row remaps or page retirements show
      in nvidia-smi -q -d ECC,ROW_REMAPPER,PAGE_RETIREMENT.`,
    evidence: '[S]',
    not: {
      'gpu-fallen-off-bus': 'the number is 79.',
      'gsp-boot-failure': 'the number is 119 or 120.',
    },
    guide: [
      'Read the newest Xid: journalctl -k -b, or dmesg as root.',
      'Application Xid: restart that container. ECC pending: drain the node, then nvidia-smi -r -i N without clients, or reboot.',
      'Repeating hardware Xids: return the card.',
      'Afterwards run gpumedic again.',
    ],
  }),
  entry('gsp-boot-failure', {
    layer: 'driver',
    line: 'Without its firmware the card stays silent: nvidia-smi finds no devices.',
    paragraph: `The module is loaded, but the small processor on the card that runs the driver's firmware did not boot.
      Typical after passthrough, kexec or suspend, or when the firmware files of exactly this driver version are
      missing. A cold start is the first cure.`,
    mechanism: `From Turing on the GPU System Processor runs part of the driver from /lib/firmware/nvidia/VERSION/gsp_*.bin.
      The open module always needs it; the proprietary one can do without (NVreg_EnableGpuFirmware=0) on Turing to Ada. A
      write-protected region left from an earlier boot (WPR2 already up) is only cleared by a real reset, in a
      virtual machine one of the host.`,
    evidence: '[I]',
    not: {
      'open-module-required': 'the kernel log says that the card requires the open kernel modules.',
      'gpu-fallen-off-bus': 'the device no longer answers on the bus at all (Xid 79).',
    },
    guide: [
      'Shut down and power off, then start again; in a virtual machine power-cycle the host or repair function reset.',
      'Compare /sys/module/nvidia/version with the folders below /lib/firmware/nvidia; install the matching firmware package.',
      'Update the driver. Proprietary module only: options nvidia NVreg_EnableGpuFirmware=0 below /etc/modprobe.d, rebuild the initramfs.',
      'Re-probe: nvidia-smi -L must list the card.',
    ],
  }),
  entry('rm-init-adapter-failed', {
    layer: 'driver',
    line: 'nvidia-smi finds no devices although the module is loaded: see the log.',
    paragraph: `The kernel module found the card and could not bring it up. That is a collective symptom: the lines around
      the message in the kernel log name the true cause, such as the open module being required, firmware trouble,
      missing memory windows or a missing interrupt. Containers cannot work before the host does.`,
    mechanism: `RmInitAdapter is the module's start-up of one adapter; it ends with a triple of codes. 0x22:0x56 belongs to
      open-module-required, 0x62 to GSP. nvidia-smi then exits with 6. In virtual machines a too small 64-bit window or
      a legacy BIOS guest is common; with passthrough of a primary VGA card also a missing ROM file.`,
    evidence: '[S]; seed 2 runs in the kind of guest (SeaBIOS) where it appears',
    not: {
      'kernel-module-not-loaded': 'nvidia does not stand in /proc/modules.',
      'open-module-required': 'the log asks for the open kernel modules.',
      'gsp-boot-failure': 'the lines speak of GSP or WPR2.',
      'pci-bar-unassigned': 'the lines speak of BAR at 0x0 or of a missing IRQ.',
    },
    guide: [
      'Print the 15 kernel log lines around RmInitAdapter and follow the one that names a cause.',
      'Virtual machine: check the hypervisor side (UEFI guest, q35, 64-bit window). Bare metal: power and cabling.',
      'Re-probe with nvidia-smi -L, then run gpumedic again.',
    ],
  }),
  entry('pci-bar-unassigned', {
    layer,
    line: 'A card without its memory window cannot be driven; firmware or VM setting.',
    paragraph: `The firmware or the hypervisor did not give the card the address space it needs. It is a setting outside
      the running system: "Above 4G Decoding" on bare metal, a UEFI guest with a larger 64-bit window in a virtual machine.`,
    mechanism: `Large-memory GPUs expose BARs of tens to hundreds of GiB. If they do not fit, lspci -vv shows the region as
      virtual or unassigned and the module prints its BAR at address 0. A frame buffer driver (efifb, simplefb) that
      holds the region ends the same way.`,
    evidence: '[S], hypervisor keys [F]; seed 2 only guesses about VMware and Hyper-V',
    not: {
      'rm-init-adapter-failed': 'all regions have addresses in lspci -vv.',
    },
    guide: [
      'Look: lspci -vv -s ADDRESS, lines Region; and the kernel log for "no space".',
      'Bare metal: enable Above 4G Decoding (and Resizable BAR) in firmware.',
      'VM: use a UEFI guest and a larger 64-bit MMIO window; the exact key depends on the hypervisor (unconfirmed here).',
      'Power the machine off and on, then re-probe with nvidia-smi -L.',
    ],
  }),
  entry('nvidia-smi-device-fault-codes', {
    layer: 'driver',
    line: 'The exit code says which layer is broken, before any container is involved.',
    paragraph: `nvidia-smi encodes the driver library's answer in its exit status. It separates a missing module (9) from a
      missing library (12), a version mismatch (18), a permission problem (4) and hardware trouble (8, 10, 14, 15).`,
    mechanism: `The numbers are NVML result codes. 9, 12, 18 and 255 were seen on a real stack; 14 (corrupt infoROM) leaves the
      GPU usable, yet the GPU Operator's validation counts it as a failure. 127 means that there is no nvidia-smi.`,
    evidence: '[D], codes 9, 12, 18 and 255 [R]',
    not: {
      'kernel-module-not-loaded': 'the code is 9.',
      'nvml-lib-missing': 'the code is 12 on the host.',
      'driver-library-version-mismatch': 'the code is 18.',
      'device-node-permissions': 'the code is 4.',
    },
    guide: ['Run nvidia-smi -L and note its exit code; 14: reflash or return the card, workloads normally still run.'],
  }),
];
