/** Nodes that are closed, and modules that are not built, refused or kept out. */
import type { Edit } from '../edited.ts';
import { dkms, kernelSays, modinfo, notLoaded, secureBoot } from '../host-words.ts';
import { type Case, GPU, on, smi } from './words.ts';

const chip = (name: string) => (b: Edit) =>
  b.says('lspci -Dnnk -d 10de:', `${GPU.replace(/AD103 .*(?= \[10de)/, name)}\n`);
const lockdown = (b: Edit) => b.file('/sys/kernel/security/lockdown', 'none [integrity] confidentiality\n');
const current = (b: Edit) => b.says('modinfo -F version nvidia-current', '580.126.09\n');

const closedToMe = (b: Edit) =>
  smi(
    4,
    'Failed to initialize NVML: Insufficient Permissions',
  )(b.thing('/dev/nvidiactl', { type: 'char', mode: '0o660', gid: 44 }).says('id -u', '1000\n'));

export const cases: readonly Case[] = [
  // Nodes that are closed to ordinary users.
  [
    'driver.nodes.closed',
    'docker-gpus',
    on('healthy@new', b => b.thing('/dev/nvidiactl', { type: 'char', mode: '0o660', gid: 44 })),
  ],

  // What this user may not open, the daemon may; Podman is this user.
  ['driver.answers.deniedHere', 'docker-gpus', on('healthy@new', closedToMe)],
  ['driver.answers.denied', 'podman-cdi', on('healthy@new', closedToMe)],
  // An engine made a folder of it.
  ['driver.uvm.missing', 'docker-gpus', on('healthy@new', b => b.thing('/dev/nvidia-uvm', { type: 'dir' }))],
  ['driver.nodes.missing', 'docker-gpus', on('healthy@new', b => b.thing('/dev/nvidiactl', { type: 'dir' }))],
  [
    'driver.uvm.otherNumber',
    'docker-gpus',
    on('healthy@new', b => b.thing('/dev/nvidia-uvm', { type: 'char', mode: '0o666', major: 236, minor: 0 })),
  ],

  // The module.
  ['module.file.there', 'docker-gpus', on('driver-not-loaded@new', notLoaded)],
  ['module.file.notBuilt', 'docker-gpus', on('driver-not-loaded@new')],
  // DKMS knows the driver and built it for another kernel: nothing failed, nothing was tried.
  ['module.file.notBuilt', 'docker-gpus', on('driver-not-loaded@new', dkms('580.126.09', null))],
  [
    'module.file.notBuilt',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      dkms('580.126.09', 'DKMS make.log for nvidia-580.126.09 for kernel 5.10.0-1 (x86_64)\nerror: x\n'),
    ),
  ],
  [
    'module.file.failed',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      dkms(
        '580.126.09',
        "DKMS make.log for nvidia-580.126.09 for kernel 6.18.44-generic (x86_64)\nmake: Entering directory\nnv-mm.c:41:1: error: implicit declaration of function 'follow_pfn'\n",
      ),
    ),
  ],
  // Debian calls the module nvidia-current, and its DKMS too.
  ['module.file.there', 'docker-gpus', on('driver-not-loaded@new', current)],
  [
    'module.kept.rejected',
    'docker-gpus',
    on('driver-not-loaded@new', current, secureBoot, lockdown, b =>
      b.says('modinfo nvidia-current', 'version:        580.126.09\nlicense:        NVIDIA\n'),
    ),
  ],
  [
    'module.file.failed',
    'docker-gpus',
    on('driver-not-loaded@new', b =>
      b
        .dir('/var/lib/dkms/nvidia-current', ['580.126.09'])
        .file(
          '/var/lib/dkms/nvidia-current/580.126.09/build/make.log',
          'DKMS make.log for nvidia-current-580.126.09 for kernel 6.18.44-generic (x86_64)\nnv-mm.c:41:1: error: x\n',
        ),
    ),
  ],
  ['module.kept.notLoaded', 'docker-gpus', on('driver-not-loaded@new', notLoaded)],
  // Secure Boot alone refuses nothing: the module is signed with a key that is enrolled.
  [
    'module.kept.notLoaded',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, modinfo('DKMS module signing key'), secureBoot, b =>
      b.says('mokutil --list-enrolled', '[key 1]\nSubject: CN = DKMS module signing key\n'),
    ),
  ],
  // The name of a key may stand between others.
  [
    'module.kept.notLoaded',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      notLoaded,
      modinfo('box-1234567'),
      b =>
        b.says(
          'mokutil --list-enrolled',
          '[key 1]\n        Subject: O=box, OU=box, CN=box-1234567, emailAddress=akmods@box, L=None, ST=None, C=XX\n',
        ),
      kernelSays('Loading of unsigned module is rejected'),
    ),
  ],
  [
    'module.kept.rejected',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, kernelSays('Loading of module with unavailable key is rejected')),
  ],
  // Some other module was refused: the key of this one is enrolled.
  [
    'module.kept.notLoaded',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      notLoaded,
      modinfo('DKMS module signing key'),
      b => b.says('mokutil --list-enrolled', '[key 1]\nSubject: CN = DKMS module signing key\n'),
      kernelSays('Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7'),
    ),
  ],
  // An unsigned module on a machine without lockdown loads.
  ['module.kept.notLoaded', 'docker-gpus', on('driver-not-loaded@new', notLoaded, modinfo(''))],
  [
    'module.kept.rejected',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      notLoaded,
      kernelSays('Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7'),
    ),
  ],
  [
    'module.kept.rejected',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, modinfo(''), secureBoot, b => lockdown(b)),
  ],
  [
    'module.kept.rejected',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, modinfo('gpu-box Secure Boot Module Signature key'), secureBoot, b =>
      b.says('mokutil --list-enrolled', '[key 1]\nSubject: CN = Debian Secure Boot CA\n'),
    ),
  ],
  [
    'module.kept.blocked',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, b =>
      b.file('/etc/modprobe.d/no-gpu.conf', '# while we test\nblacklist nvidia\n'),
    ),
  ],
  [
    'module.kept.blocked',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, b => b.file('/proc/cmdline', 'quiet module_blacklist=nvidia,nvidia_uvm\n')),
  ],
  // How Debian names its module is no obstacle.
  [
    'module.kept.notLoaded',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, b =>
      b.file(
        '/etc/modprobe.d/nvidia.conf',
        'install nvidia modprobe -i nvidia-current $CMDLINE_OPTS\nblacklist nouveau\n',
      ),
    ),
  ],
  [
    'module.kept.openOnly',
    'docker-gpus',
    on('driver-not-loaded@new', notLoaded, modinfo('x', 'NVIDIA'), chip('GB203 [GeForce RTX 5080]')),
  ],
  [
    'module.kept.tooOld',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      notLoaded,
      kernelSays(
        'NVRM: The NVIDIA Quadro K620 GPU installed in this system is supported through the NVIDIA 580.xx Legacy drivers. Please',
      ),
    ),
  ],
  [
    'module.kept.bar',
    'docker-gpus',
    on(
      'driver-not-loaded@new',
      notLoaded,
      kernelSays(
        'NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:',
        'NVRM: BAR1 is 0M @ 0x0 (PCI:0000:01:00.0)',
      ),
    ),
  ],
];
