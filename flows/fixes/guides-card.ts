/** Steps for a person where the card, its module, its fabric or the machine around it has to change. */
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { INFOROM } from '../probes/driver.ts';
import type { Facts } from '../probes/index.ts';
import { generation } from '../rules/kernel-log.ts';
import { lastBranch } from '../rules/version.ts';
import { again, install, is, sudo } from './guides-host.ts';
import { byHand } from './make.ts';

export const branch = (f: Facts): string =>
  (or(f.driver.loaded, null) ?? or(f.driver.onDisk, null) ?? 'NNN').split('.')[0]!;
const lists = { say: 'The host must list the GPU.', argv: ['nvidia-smi', '-L'] };
const reboot = sudo('Reboot.', 'systemctl', 'reboot');
const kernelLines = {
  say: 'Read what the kernel said about the card.',
  argv: ['journalctl', '-k', '-b', '--no-pager', '-g', 'NVRM|Xid|RmInitAdapter'],
};
/** Where DKMS keeps the key with which it signs. */
const key = (f: Facts): string => (is(f, 'ubuntu') ? '/var/lib/shim-signed/mok/MOK.der' : '/var/lib/dkms/mok.pub');

/** Steps for a person, by default with a reboot in them. */
export const guide = (
  id: string,
  title: string,
  mends: readonly string[],
  source: string,
  steps: Fix['guide'] & object,
  how: Partial<Pick<Fix, 'privilege' | 'effect' | 'fits'>> = {},
): Fix => byHand({ id, title, mends, source, steps, privilege: 5, effect: ['RB'], ...how });

export const cardGuides: readonly Fix[] = [
  guide(
    'find-the-card',
    'Find the card: node, slot, power, firmware',
    ['no-nvidia-pci-device'],
    '2.1 no-nvidia-pci-device: nothing in software brings a card',
    () => [
      { say: 'Is this the machine with the GPU? Look at the whole bus.', argv: ['lspci', '-nn'] },
      {
        say: 'An audio function (class 0403) alone means that its graphics function is switched off or was taken out.',
      },
      { say: 'Bare metal: power cables, slot, the slot switched on in firmware. Cloud: an instance type with a GPU.' },
      {
        say: 'A dock or a card that was plugged in while the system runs: ask the bus once more (as root, write 1 to /sys/bus/pci/rescan).',
      },
      again,
    ],
  ),
  guide(
    'bind-vfio-on-hypervisor',
    'On the hypervisor: let vfio-pci have the card at boot',
    ['hypervisor-host-driver-grabbed-gpu'],
    '2.4 hypervisor-host-driver-grabbed-gpu; never from inside the guest',
    () => [
      { say: 'On the hypervisor: the driver in use must read vfio-pci.', argv: ['lspci', '-nnk', '-d', '10de:'] },
      {
        say: 'There: "options vfio-pci ids=…" with the ids of every function of the card, and "softdep nvidia pre: vfio-pci", below /etc/modprobe.d; rebuild the initial ramdisk, reboot.',
      },
      {
        say: 'Every other device of its IOMMU group must go to the same guest.',
        argv: ['ls', '/sys/kernel/iommu_groups'],
      },
      { say: 'Then start the guest and look there.', argv: ['gpumedic', 'check'] },
    ],
  ),
  guide(
    'sign-module',
    'Use a signed module, or enrol its key',
    ['secure-boot-key-rejected'],
    '2.2 secure-boot-key-rejected; switching Secure Boot off is the last resort and not offered',
    f => [
      ...(is(f, 'ubuntu')
        ? [
            install(f, `linux-modules-nvidia-${branch(f)}-generic`),
            { say: 'That package is signed by the distribution; no key has to be enrolled.' },
          ]
        : [{ say: 'Where the distribution has prebuilt, signed modules, take those: they need no key.' }]),
      sudo(
        'Else enrol the key with which DKMS signs; it asks for a password that you choose.',
        'mokutil',
        '--import',
        key(f),
      ),
      reboot,
      {
        say: 'Confirm at the blue screen that comes before the system (Enroll MOK). It needs the console of the machine: over SSH alone this cannot be done.',
      },
      { say: 'The key must be listed.', argv: ['mokutil', '--list-enrolled'] },
      lists,
      again,
    ],
  ),
  guide(
    'read-build-log',
    'Read why the build failed, then give it what it lacks',
    ['dkms-build-failed'],
    '2.2 dkms-build-failed',
    f => [
      ...f.module.builds
        .filter(b => b.log !== null)
        .slice(0, 1)
        .map(b => ({
          say: 'The first line with "error:" tells the reason.',
          argv: ['grep', '-n', '-m3', 'error', b.path],
        })),
      {
        say: 'Headers of this kernel must be there.',
        argv: ['ls', '-d', `/lib/modules/${or(f.where.kernel, '')}/build`],
      },
      { say: 'The compiler should be the one of the kernel.', argv: ['grep', '-o', 'gcc[^)]*', '/proc/version'] },
      { say: 'A full disk fails builds too.', argv: ['df', '-h', '/boot', '/var', '/lib/modules'] },
      {
        say: 'An error in the sources means that this driver branch is older than the kernel: a newer branch, or the previous kernel.',
      },
      sudo('Build again.', 'dkms', 'autoinstall', '-k', or(f.where.kernel, '')),
      ...(is(f, 'debian', 'ubuntu') ? [sudo('Finish what apt left half done.', 'dpkg', '--configure', '-a')] : []),
      again,
    ],
    { privilege: 3, effect: ['E1'] },
  ),
  guide(
    'swap-to-open-module',
    'Swap the driver package for its open flavour',
    ['open-module-required'],
    '2.2 open-module-required',
    f => [
      is(f, 'ubuntu')
        ? install(f, `nvidia-driver-${branch(f)}-open`)
        : is(f, 'debian')
          ? install(f, 'nvidia-open-kernel-dkms')
          : install(f, 'nvidia-open'),
      reboot,
      { say: 'It must read Dual MIT/GPL.', argv: ['modinfo', '-F', 'license', 'nvidia'] },
      lists,
      again,
    ],
  ),
  guide(
    'install-older-branch',
    'Install the last driver branch that knows this card',
    ['gpu-too-old-for-open-or-branch'],
    '2.2 gpu-too-old-for-open-or-branch; the schedule of the branches is announced, not seen',
    f => {
      const chip = or(f.pci.gpus, [])
        .map(g => generation(g.name))
        .find(c => c !== null && lastBranch[c] !== undefined);
      const last = chip ? String(lastBranch[chip]) : 'NNN';
      return [
        { say: `Branch ${last}, the proprietary flavour: the open one needs a newer card.` },
        is(f, 'ubuntu')
          ? install(f, `nvidia-driver-${last}`)
          : { say: `Install the package of branch ${last} of your distribution.` },
        ...(is(f, 'debian', 'ubuntu') ? [sudo('Keep it there.', 'apt-mark', 'hold', `nvidia-driver-${last}`)] : []),
        reboot,
        lists,
        { say: 'Images for CUDA 13 need a newer driver: choose images of CUDA 12 or older.' },
        again,
      ];
    },
  ),
  guide(
    'start-firmware-clean',
    'Start the firmware of the card from a clean state',
    ['gsp-boot-failure'],
    '2.1 gsp-boot-failure',
    f => [
      {
        say:
          or(f.where.hypervisor, 'none') === 'none'
            ? 'Power the machine off, wait, and on again; a warm reboot keeps the state of the card.'
            : 'Power off the host of this virtual machine and on again, not only the guest: the card keeps its state.',
      },
      {
        say: 'The firmware of exactly this driver must be there.',
        argv: ['ls', `/lib/firmware/nvidia/${or(f.driver.loaded, null) ?? ''}`],
      },
      { say: 'Else install the firmware package of the driver, or update the driver.' },
      ...(f.module.flavour === 'proprietary'
        ? [
            {
              say: 'Turing to Ada with the proprietary module only: "options nvidia NVreg_EnableGpuFirmware=0" below /etc/modprobe.d, then rebuild the initial ramdisk and reboot.',
            },
          ]
        : []),
      lists,
      again,
    ],
  ),
  guide(
    'give-memory-window',
    'Give the card its memory window',
    ['pci-bar-unassigned'],
    '2.1 pci-bar-unassigned; the keys of the hypervisors are unconfirmed; seed 2 only guesses about VMware and Hyper-V',
    f => [
      ...or(f.pci.gpus, [])
        .slice(0, 1)
        .map(g => sudo('Regions must have addresses.', 'lspci', '-vv', '-s', g.address)),
      {
        say:
          or(f.where.hypervisor, 'none') === 'none'
            ? 'In the firmware: Above 4G Decoding on, Resizable BAR on.'
            : 'On the hypervisor: a UEFI guest (OVMF, q35) with a larger 64-bit MMIO window; a SeaBIOS guest often has too little.',
      },
      { say: 'Power the machine off and on.' },
      lists,
      again,
    ],
  ),
  guide(
    'look-at-start-of-card',
    'Look at the lines around RmInitAdapter',
    ['rm-init-adapter-failed', 'nvidia-smi-device-fault-codes'],
    '2.1 rm-init-adapter-failed: the log names the cause',
    () => [
      { ...kernelLines, argv: ['sudo', ...kernelLines.argv] },
      {
        say: 'Virtual machine: the hypervisor side (UEFI guest, q35, 64-bit window). Bare metal: power cable, slot, another slot.',
      },
      { say: 'Give the log to gpumedic: gpumedic snapshot keeps it, run as a user who may read it.' },
      again,
    ],
    { fits: f => f.smi.status !== INFOROM },
  ),
  guide(
    'keep-or-return-card',
    'Go on with this card, or return it',
    ['nvidia-smi-device-fault-codes'],
    '2.1 nvidia-smi-device-fault-codes, 14: reflash or return; workloads normally still run',
    () => [
      { say: 'Containers work with it as before; nothing has to be changed for them.' },
      { say: 'Which card it is stands at the end.', argv: ['nvidia-smi'] },
      { say: "The GPU Operator takes this status for a failure of the driver: there it stops the node's GPU pods." },
      { say: 'Its maker can write the infoROM anew; else the card is returned.' },
      again,
    ],
    { privilege: 0, effect: ['E0'], fits: f => f.smi.status === INFOROM },
  ),
  guide(
    'cold-start-card',
    'Bring the lost card back with a cold start',
    ['gpu-fallen-off-bus'],
    '2.1 gpu-fallen-off-bus; a reset by nvidia-smi is not offered, the card is not there to be reset',
    () => [
      { say: 'Stop the workloads, power the machine off, wait, and on again.' },
      { say: 'If it happens again: power cables, riser, cooling, another slot; firmware of the board.' },
      { say: 'As an experiment: pcie_aspm=off on the kernel command line. In a data centre: return the card.' },
      kernelLines,
      again,
    ],
  ),
  guide(
    'answer-xid',
    'Do what the Xid asks for',
    ['gpu-fatal-xid'],
    '2.1 gpu-fatal-xid',
    () => [
      kernelLines,
      { say: '13, 31, 43, 45: a fault of the program; start its container again.' },
      {
        say: 'Memory (48, 63, 64, 94, 95): see what is pending.',
        argv: ['nvidia-smi', '-q', '-d', 'ECC,ROW_REMAPPER,PAGE_RETIREMENT'],
      },
      sudo('Pending: stop everything on the card, then reset it (or reboot).', 'nvidia-smi', '-r', '-i', '0'),
      {
        say: '74: NVLink. 119, 120: the firmware of the card; see a clean start of it. Again and again: return the card.',
      },
      again,
    ],
    { privilege: 3, effect: ['RM'] },
  ),
  guide(
    'update-driver-in-guest',
    'Update the driver in this virtual machine',
    ['guest-driver-blocked-by-hypervisor'],
    '2.4 guest-driver-blocked-by-hypervisor',
    () => [
      { say: 'Driver 465 or newer works in a virtual machine with every card.' },
      { say: 'Where that is impossible: hide the hypervisor in the definition of the machine (kvm hidden state on).' },
      lists,
      again,
    ],
  ),
  guide(
    'license-vgpu',
    'Give the vGPU its licence',
    ['vgpu-guest-driver-or-license'],
    '2.4 vgpu-guest-driver-or-license; details unconfirmed; seed 2 hints at drivers of a cloud',
    () => [
      { say: 'The driver must be the guest driver of the branch of the host.' },
      { say: 'The token of your licence server belongs here.', argv: ['ls', '/etc/nvidia/ClientConfigToken'] },
      sudo('Fetch the licence.', 'systemctl', 'restart', 'nvidia-gridd'),
      { say: 'License Status must read Licensed.', argv: ['nvidia-smi', '-q'] },
      again,
    ],
    { privilege: 3, effect: ['E1'] },
  ),
];
