/** Cards that do not come up, and what those that do say of themselves. */
import { KERNEL_JOURNAL } from '../../flows/probes/kernel-log.ts';
import type { Edit } from '../edited.ts';
import { answers, cardSays, kernelSays, libraries, migOn, nvswitch, virtual } from '../host-words.ts';
import { type Case, GPU, lspci, on, QUERY, SMI, smi } from './words.ts';

const NONE = smi(6, 'No devices were found');
const LOADED = 'nvidia: loading out-of-tree module taints kernel.';
const FAILED = 'NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x26:0x56:1482)';
const XID = (code: number) => `NVRM: Xid (PCI:0000:01:00): ${code}, pid='<unknown>', name=<unknown>`;
const chip = (name: string) => (b: Edit) =>
  b.says('lspci -Dnnk -d 10de:', `${GPU.replace(/AD103 .*(?= \[10de)/, name)}\n\tKernel driver in use: nvidia\n`);
const loaded = (text: string) => (b: Edit) =>
  b.file('/proc/driver/nvidia/version', `NVRM version: NVIDIA UNIX ${text}  Tue Nov  4 00:00:00 UTC 2025\n`);
const version = (v: string) => (b: Edit) => b.file('/sys/module/nvidia/version', `${v}\n`);

const infoRom = (b: Edit) => {
  for (const argv of [SMI, QUERY]) {
    const said = b.draft.commands.find(c => c.argv.join(' ') === argv)?.stdout ?? '';
    b.says(argv, `${said}WARNING: infoROM is corrupted at gpu 0000:01:00.0\n`, 14);
  }
  return b;
};

export const cases: readonly Case[] = [
  // The card does not come up.
  [
    'init.cause.openOnly',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      kernelSays(LOADED, 'NVRM: installed in this system requires use of the NVIDIA open kernel modules.', FAILED),
    ),
  ],
  [
    'init.cause.openOnly',
    'docker-gpus',
    on('healthy@new', NONE, chip('GB202 [GeForce RTX 5090]'), loaded('x86_64 Kernel Module  580.126.09')),
  ],
  // Half of this card's chips know both flavours; beside a Grace processor there is the open one only.
  [
    'init.cause.openOnly',
    'docker-gpus',
    on('healthy@new', NONE, chip('GH100 [GH200 120GB / 480GB]'), loaded('aarch64 Kernel Module  580.126.09')),
  ],
  // The same card with the open module: something else is the matter.
  [
    'init.cause.unnamed',
    'docker-gpus',
    on('healthy@new', NONE, chip('GB202 [GeForce RTX 5090]'), loaded('Open Kernel Module for x86_64  580.126.09')),
  ],
  [
    'init.cause.tooOld',
    'docker-gpus',
    on('healthy@new', NONE, chip('GP102 [GeForce GTX 1080 Ti]'), loaded('Open Kernel Module for x86_64  580.126.09')),
  ],
  [
    'init.cause.tooOld',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      chip('GP102 [GeForce GTX 1080 Ti]'),
      version('590.44.01'),
      libraries('590.44.01'),
      loaded('x86_64 Kernel Module  590.44.01'),
    ),
  ],
  // 580 still knows Pascal.
  [
    'init.cause.unnamed',
    'docker-gpus',
    on('healthy@new', NONE, chip('GP102 [GeForce GTX 1080 Ti]'), loaded('x86_64 Kernel Module  580.126.09')),
  ],
  [
    'init.cause.fallen',
    'docker-gpus',
    on('healthy@new', NONE, kernelSays(LOADED, `${XID(79)}, GPU has fallen off the bus.`)),
  ],
  // It is not even on the bus any more.
  [
    'hardware.present.gone',
    'docker-gpus',
    on(
      'healthy@new',
      b => b.dir('/proc/driver/nvidia/gpus', []),
      smi(6, 'No devices were found'),
      lspci(''),
      kernelSays(LOADED, `${XID(79)}, GPU has fallen off the bus.`),
    ),
  ],
  [
    'hardware.present.noneInVm',
    'docker-gpus',
    on('healthy@new', b => b.dir('/proc/driver/nvidia/gpus', []), smi(6, 'No devices were found'), lspci('')),
  ],
  [
    'card.log.wantsReset',
    'docker-gpus',
    on('healthy@new', cardSays({ 'GPU Reset Status': { 'Reset Required': 'Yes' } })),
  ],
  [
    'card.log.notRead',
    'docker-gpus',
    on(
      'healthy@new',
      cardSays({ 'GPU Reset Status': { 'Reset Required': 'Requested functionality has been deprecated' } }),
    ),
  ],
  // It came back.
  ['card.log.wasLost', 'docker-gpus', on('healthy@new', kernelSays(LOADED, `${XID(79)}, GPU has fallen off the bus.`))],
  // Everything works with a corrupted infoROM.
  ['driver.answers.infoRom', 'docker-gpus', on('healthy@new', infoRom)],
  ['sharing.awake.on', 'docker-gpus', on('healthy@new', infoRom)],
  // It fell off before the modules were loaded again, and works now.
  ['driver.answers.answers', 'docker-gpus', on('healthy@new', kernelSays(`${XID(79)}, GPU has fallen off the bus.`))],
  [
    'init.cause.gsp',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      kernelSays(LOADED, 'NVRM: _kgspBootGspRm: unexpected WPR2 already up, cannot proceed with booting GSP', FAILED),
    ),
  ],
  // The firmware was loaded as it should be.
  [
    'init.cause.unnamed',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      kernelSays(
        LOADED,
        'nvidia 0000:01:00.0: firmware: direct-loading firmware nvidia/580.126.09/gsp_ga10x.bin',
        FAILED,
      ),
    ),
  ],
  [
    'init.cause.bar',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      kernelSays("pci 0000:01:00.0: BAR 1 [mem size 0x400000000 64bit pref]: can't assign; no space", LOADED, FAILED),
    ),
  ],
  [
    'init.cause.bar',
    'docker-gpus',
    on('healthy@new', NONE, b =>
      b.file(
        '/sys/bus/pci/devices/0000:01:00.0/resource',
        `0x00000000fb000000 0x00000000fbffffff 0x0000000000040200\n0x0000000000000000 0x00000003ffffffff 0x000000000014220c\n${'0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(5)}`,
      ),
    ),
  ],
  // Another device of the machine got no window; ours has all of its own.
  [
    'init.cause.unnamed',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      kernelSays("pci 0000:00:1f.3: BAR 0 [mem size 0x1000]: can't assign; no space", LOADED, FAILED),
    ),
  ],
  [
    'init.cause.nouveau',
    'docker-gpus',
    on('healthy@new', NONE, kernelSays(LOADED, 'NVRM: GPU 0000:01:00.0 is already bound to nouveau.')),
  ],
  [
    'init.cause.vfio',
    'docker-gpus',
    on('healthy@new', NONE, kernelSays(LOADED, 'NVRM: GPU 0000:01:00.0 is already bound to vfio-pci.')),
  ],
  [
    'init.cause.xid',
    'docker-gpus',
    on(
      'healthy@new',
      b => b.hangs(SMI).hangs(QUERY),
      kernelSays(LOADED, `${XID(119)}, Timeout after 6s of waiting for RPC response from GPU0 GSP!`),
    ),
  ],
  ['init.cause.hangs', 'docker-gpus', on('healthy@new', b => b.hangs(SMI).hangs(QUERY))],
  ['init.cause.guest', 'docker-gpus', on('healthy@new', NONE, virtual, version('460.91.03'), libraries('460.91.03'))],
  // A card for servers, which was never refused.
  [
    'init.cause.unnamed',
    'docker-gpus',
    on('healthy@new', NONE, virtual, version('460.91.03'), libraries('460.91.03'), chip('TU104GL [Tesla T4]')),
  ],
  // The same text with a driver that allows guests.
  ['init.cause.unnamed', 'docker-gpus', on('healthy@new', NONE, virtual)],
  ['init.cause.code', 'docker-gpus', on('healthy@new', smi(14, 'WARNING: infoROM is corrupted at gpu 0000:01:00.0'))],
  ['init.cause.unnamed', 'docker-gpus', on('healthy@new', NONE, kernelSays(LOADED, FAILED))],
  // dmesg serves where the journal is closed.
  [
    'init.cause.gsp',
    'docker-gpus',
    on(
      'healthy@new',
      NONE,
      answers(
        KERNEL_JOURNAL,
        '-- No entries --\n',
        0,
        'Hint: You are currently not seeing messages from other users and the system.\n',
      ),
      b => b.says('dmesg', '[    4.100000] NVRM: Cannot initialize GSP firmware RM\n[    4.2] usb 1-1: new device\n'),
    ),
  ],
  [
    'init.cause.unnamed',
    'docker-gpus',
    on('healthy@new', NONE, answers(KERNEL_JOURNAL, '', 1, 'No journal files were found.\n'), b =>
      b.says('dmesg', '', 1, 'dmesg: read kernel buffer failed: Operation not permitted\n'),
    ),
  ],

  // The card answers.
  ['card.log.notRead', 'docker-gpus', on('healthy@new')],
  ['card.log.quiet', 'docker-gpus', on('healthy@new', kernelSays(LOADED))],
  ['card.log.quiet', 'docker-gpus', on('healthy@new', answers(KERNEL_JOURNAL, '-- No entries --\n', 1))],
  ['card.log.grave', 'docker-gpus', on('healthy@new', kernelSays(LOADED, `${XID(94)}, Contained: SM (0x1)`))],
  // Reported before the module was loaded anew.
  ['card.log.quiet', 'docker-gpus', on('healthy@new', kernelSays(`${XID(94)}, Contained: SM (0x1)`, LOADED))],
  ['card.log.wantsReset', 'docker-gpus', on('healthy@new', cardSays({ 'Remapped Rows': { Pending: 'Yes' } }))],
  [
    'card.log.quiet',
    'docker-gpus',
    on(
      'healthy@new',
      kernelSays(LOADED),
      cardSays({
        'GPU Recovery Action': 'None',
        'Remapped Rows': { Pending: 'No' },
        'Retired Pages': { 'Pending Page Blacklist': 'N/A' },
      }),
    ),
  ],
  ['card.log.program', 'docker-gpus', on('healthy@new', kernelSays(LOADED, `${XID(31)}, MMU Fault`))],
  [
    'card.log.slept',
    'docker-gpus',
    on('healthy@new', kernelSays(LOADED, 'PM: suspend entry (deep)', 'PM: suspend exit')),
  ],
  ['card.log.quiet', 'docker-gpus', on('healthy@new', kernelSays('PM: suspend exit', LOADED))],
  // The driver keeps its memory over a suspend.
  [
    'card.log.quiet',
    'docker-gpus',
    on('healthy@new', kernelSays(LOADED, 'PM: suspend exit'), b =>
      b.file('/proc/driver/nvidia/params', 'PreserveVideoMemoryAllocations: 1\n'),
    ),
  ],
  ['card.kind.plain', 'docker-gpus', on('healthy@new')],
  ['card.kind.fabric', 'docker-gpus', on('healthy@new', nvswitch)],
  ['card.kind.mig', 'docker-gpus', on('healthy@new', migOn())],
  [
    'card.kind.vgpu',
    'docker-gpus',
    on('healthy@new', cardSays({ 'GPU Virtualization Mode': { 'Virtualization Mode': 'VGPU' } })),
  ],
  // A whole card in a virtual machine is no vGPU.
  [
    'card.kind.plain',
    'docker-gpus',
    on('healthy@new', virtual, cardSays({ 'GPU Virtualization Mode': { 'Virtualization Mode': 'Pass-Through' } })),
  ],
  [
    'card.licence.unlicensed',
    'docker-gpus',
    on(
      'healthy@new',
      cardSays({
        'GPU Virtualization Mode': { 'Virtualization Mode': 'VGPU' },
        'vGPU Software Licensed Product': { 'License Status': 'Unlicensed (Unrestricted)' },
      }),
    ),
  ],
  [
    'card.licence.licensed',
    'docker-gpus',
    on(
      'healthy@new',
      cardSays({
        'GPU Virtualization Mode': { 'Virtualization Mode': 'VGPU' },
        'vGPU Software Licensed Product': { 'License Status': 'Licensed (Expiry: 2027-1-1 0:0:0 GMT)' },
      }),
    ),
  ],
];

/** Not knowing is a verdict of its own here ("notRead", "notAsked"), so that an unrecorded probe casts no doubt. */
export const excused: readonly string[] = [
  ...['file', 'kept'].map(n => `module.${n}.cannotTell`),
  ...['log', 'kind', 'licence'].map(n => `card.${n}.cannotTell`),
  ...['mode', 'awake'].map(n => `sharing.${n}.cannotTell`),
  ...['manager', 'channels'].map(n => `fabric.${n}.cannotTell`),
  ...['instances', 'caps', 'names'].map(n => `mig.${n}.cannotTell`),
  'init.cause.cannotTell',
  'wsl.names.cannotTell',
  // Only a machine whose hypervisor is known comes here.
  'vfio-vm.hypervisor.cannotTell',
];
