/** Shared, joined and divided cards; engines inside system containers and under WSL. */
import { WANTED_FORMAT } from '../../flows/probes/mig.ts';
import type { Edit } from '../edited.ts';
import { answers, awake, cardSays, libcuda, lxc, migOn, nvswitch, secondCard, uid, wsl } from '../host-words.ts';
import { type Case, CONFIG, on, SPEC } from './words.ts';

const ID = '0f4c4a83ac16a22b48d1db1ac57ed7fe';
const WANTED = (line: string) => (b: Edit) =>
  answers(
    ['docker', 'inspect', '--format', WANTED_FORMAT, ID],
    `${line}\n`,
  )(b.says('docker ps -a --no-trunc --format {{json .}}', `{"ID":"${ID}"}\n`));

const desktop = (b: Edit) => b.info(i => Object.assign(i, { OperatingSystem: 'Docker Desktop' }));
const blocked = (b: Edit) =>
  b.says(
    '/usr/lib/wsl/lib/nvidia-smi -L',
    'Failed to initialize NVML: GPU access blocked by the operating system\n',
    17,
  );

export const cases: readonly Case[] = [
  // Sharing.
  ['sharing.mode.open', 'docker-gpus', on('healthy@new', cardSays({ 'Compute Mode': 'Default' }))],
  ['sharing.mode.prohibited', 'docker-gpus', on('healthy@new', cardSays({ 'Compute Mode': 'Prohibited' }))],
  ['sharing.mode.open', 'docker-gpus', on('healthy@new', cardSays({ 'Compute Mode': 'N/A' }))],
  ['sharing.mode.exclusive', 'docker-gpus', on('healthy@new', cardSays({ 'Compute Mode': 'Exclusive_Process' }))],
  [
    'sharing.mode.full',
    'docker-gpus',
    on('healthy@new', cardSays({ 'FB Memory Usage': { Total: '16376 MiB', Used: '16300 MiB', Free: '20 MiB' } })),
  ],
  [
    'sharing.mode.open',
    'docker-gpus',
    on('healthy@new', cardSays({ 'FB Memory Usage': { Total: '16376 MiB', Used: '900 MiB', Free: '15000 MiB' } })),
  ],
  ['sharing.awake.on', 'docker-gpus', on('healthy@new')],
  ['sharing.awake.off', 'docker-gpus', on('healthy@new', awake('Disabled', 'Disabled'))],
  // A screen holds the driver.
  ['sharing.awake.on', 'docker-gpus', on('healthy@new', awake('Disabled', 'Enabled'))],

  // Fabric.
  [
    'fabric.manager.notAsked',
    'docker-gpus',
    on('healthy@new', nvswitch, b => b.forget('systemctl is-active nvidia-fabricmanager')),
  ],
  ['fabric.manager.off', 'docker-gpus', on('healthy@new', nvswitch)],
  [
    'fabric.manager.off',
    'docker-gpus',
    on('healthy@new', cardSays({ Fabric: { State: 'In Progress', Status: 'N/A' } })),
  ],
  [
    'fabric.manager.runs',
    'docker-gpus',
    on('healthy@new', nvswitch, b => b.says('systemctl is-active nvidia-fabricmanager', 'active\n')),
  ],
  // The driver container runs it, so the unit of the host does not.
  ['fabric.manager.runs', 'docker-gpus', on('healthy@new', nvswitch, b => b.says('pidof nv-fabricmanager', '4711\n'))],
  [
    'fabric.manager.runs',
    'docker-gpus',
    on('healthy@new', nvswitch, cardSays({ Fabric: { State: 'Completed', Status: 'Success' } })),
  ],
  [
    'fabric.manager.otherVersion',
    'docker-gpus',
    on('healthy@new', nvswitch, b =>
      b
        .says('systemctl is-active nvidia-fabricmanager', 'failed\n', 3)
        .says('nv-fabricmanager --version', 'Fabric Manager version is : 580.95.05\n'),
    ),
  ],
  // The log of an earlier try: both are of one version now.
  [
    'fabric.manager.off',
    'docker-gpus',
    on('healthy@new', nvswitch, b =>
      b
        .says('systemctl is-active nvidia-fabricmanager', 'inactive\n', 3)
        .says('nv-fabricmanager --version', 'Fabric Manager version is : 580.126.09\n')
        .says(
          'journalctl -u nvidia-fabricmanager -b -n 50 --no-pager -o cat',
          "fabric manager NVIDIA GPU driver interface version 580.95.05 don't match with driver version 580.126.09. Please update with matching NVIDIA driver package.\n",
        ),
    ),
  ],
  [
    'fabric.manager.incomplete',
    'docker-gpus',
    on('healthy@new', nvswitch, cardSays({ Fabric: { State: 'In Progress', Status: 'N/A' } }), b =>
      b.says('systemctl is-active nvidia-fabricmanager', 'active\n'),
    ),
  ],
  [
    'fabric.manager.incomplete',
    'docker-gpus',
    on('healthy@new', nvswitch, cardSays({ Fabric: { State: 'Completed', Status: 'Insufficient Resources' } }), b =>
      b.says('systemctl is-active nvidia-fabricmanager', 'active\n'),
    ),
  ],
  // A list of PCI names that is older than the switch.
  [
    'fabric.manager.off',
    'docker-gpus',
    on('healthy@new', b =>
      b.says(
        'lspci -Dnnk -d 10de:',
        '0000:01:00.0 3D controller [0302]: NVIDIA Corporation Device [10de:2330] (rev a1)\n\tKernel driver in use: nvidia\n0000:07:00.0 Bridge [0680]: NVIDIA Corporation Device [10de:22a3] (rev a1)\n\tKernel driver in use: nvidia-nvswitch\n',
      ),
    ),
  ],
  ['fabric.channels.unused', 'docker-gpus', on('healthy@new', nvswitch)],
  [
    'fabric.channels.missing',
    'docker-gpus',
    on('healthy@new', nvswitch, b =>
      b.says('systemctl is-active nvidia-imex', 'active\n').dir('/dev/nvidia-caps-imex-channels', null),
    ),
  ],
  [
    'fabric.channels.there',
    'docker-gpus',
    on('healthy@new', nvswitch, b =>
      b.says('systemctl is-active nvidia-imex', 'active\n').dir('/dev/nvidia-caps-imex-channels', ['channel0']),
    ),
  ],

  // MIG.
  [
    'card.kind.migPending',
    'docker-gpus',
    on('healthy@new', cardSays({ 'MIG Mode': { Current: 'Disabled', Pending: 'Enabled' } })),
  ],
  // With a fabric that is not divided.
  ['mig.instances.off', 'docker-gpus', on('healthy@new', nvswitch)],
  ['mig.instances.none', 'docker-gpus', on('healthy@new', migOn())],
  ['mig.instances.some', 'docker-gpus', on('healthy@new', migOn('MIG-1'), secondCard)],
  ['mig.instances.there', 'docker-gpus', on('healthy@new', migOn('MIG-1', 'MIG-2'))],
  [
    'mig.caps.there',
    'docker-gpus',
    on('healthy@new', migOn('MIG-1'), b => b.dir('/dev/nvidia-caps', ['nvidia-cap1', 'nvidia-cap2', 'nvidia-cap66'])),
  ],
  [
    'mig.caps.missing',
    'docker-gpus',
    on('healthy@new', migOn('MIG-1'), b => b.dir('/dev/nvidia-caps', ['nvidia-cap1', 'nvidia-cap2'])),
  ],
  ['mig.caps.notAsked', 'docker-gpus', on('healthy@new', migOn('MIG-1'), b => b.forgetDir('/dev/nvidia-caps'))],
  [
    'mig.names.right',
    'docker-gpus',
    on(
      'healthy@new',
      migOn('MIG-1'),
      WANTED('/ok\t[{"Driver":"nvidia","DeviceIDs":["0:0"]}]\t\t\t\tNVIDIA_VISIBLE_DEVICES=MIG-1'),
    ),
  ],
  [
    'mig.names.wrong',
    'docker-gpus',
    on('healthy@new', migOn('MIG-1'), WANTED('/train\t[{"Driver":"nvidia","DeviceIDs":["0:3"]}]')),
  ],
  [
    'mig.names.wrong',
    'docker-gpus',
    on(
      'healthy@new',
      migOn('MIG-1'),
      WANTED('/train\tnull\t\t\t\tNVIDIA_VISIBLE_DEVICES=all\tCUDA_VISIBLE_DEVICES=0:0'),
    ),
  ],
  ['cdi.nodes.newInstances', 'docker-cdi', on('healthy@new', migOn('MIG-1', 'MIG-2'))],
  [
    'cdi.nodes.oldInstances',
    'docker-cdi',
    on('healthy@new', migOn('MIG-1', 'MIG-2'), b =>
      b.spec(SPEC, t => t.replace('path: /dev/nvidia-modeset', 'path: /dev/nvidia-caps/nvidia-cap99')),
    ),
  ],
  [
    'cdi.nodes.there',
    'docker-cdi',
    on('healthy@new', migOn('MIG-1'), b =>
      b.spec(SPEC, t =>
        t.replace(
          /^devices:$/m,
          'devices:\n    - name: "0:0"\n      containerEdits:\n        deviceNodes:\n            - path: /dev/nvidia0',
        ),
      ),
    ),
  ],

  // Hypervisors.
  ...(
    [
      ['kvm', 'kvm'],
      ['vmware', 'vmware'],
      ['hyperv', 'microsoft'],
      ['cloud', 'amazon'],
      ['other', 'xen'],
    ] as const
  ).map(
    ([verdict, word]): Case => [
      `vfio-vm.hypervisor.${verdict}`,
      'docker-gpus',
      on('healthy@new', b => b.says('systemd-detect-virt -v', `${word}\n`)),
    ],
  ),

  // Engines inside system containers.
  [
    'legacy.cgroups.rootless',
    'docker-gpus',
    on('healthy@old', b => b.info(i => Object.assign(i, { SecurityOptions: ['name=rootless'] }))),
  ],
  ['legacy.cgroups.nested', 'docker-gpus', on('healthy@old', lxc, uid('0 100000 65536'))],
  ['legacy.cgroups.written', 'docker-gpus', on('healthy@old', lxc, uid('0 0 4294967295'))],
  [
    'legacy.cgroups.written',
    'docker-gpus',
    on('healthy@old', lxc, uid('0 100000 65536'), b =>
      b.file(CONFIG, `${b.draft.files[CONFIG]}`.replace(/#?no-cgroups = false/, 'no-cgroups = true')),
    ),
  ],

  // WSL.
  ['wsl.adapter.blocked', 'docker-gpus', on('healthy@new', wsl, blocked)],
  // The first WSL has no /dev/dxg at all.
  [
    'wsl.adapter.missing',
    'docker-gpus',
    on('healthy@new', b => b.says('uname -srm', 'Linux 4.4.0-19041-Microsoft x86_64\n')),
  ],
  ['docker.endpoint.onWindows', 'docker-gpus', on('healthy@new', wsl, desktop)],
  ['docker.onWindows.known', 'docker-gpus', on('healthy@new', wsl, desktop)],
  ['docker.onWindows.known', 'docker-runtime', on('healthy@new', wsl, desktop)],
  ['docker.onWindows.cannotTell', 'docker-cdi', on('healthy@new', wsl, desktop)],
  ['docker.endpoint.desktop', 'docker-gpus', on('healthy@new', desktop)],
  ['wsl.shadowed.ofWindows', 'docker-gpus', on('healthy@new', wsl, libcuda('/usr/lib/wsl/lib/libcuda.so.1'))],
  ['wsl.shadowed.ofLinux', 'docker-gpus', on('healthy@new', wsl)],
  [
    'wsl.shadowed.cannotTell',
    'docker-gpus',
    on('healthy@new', wsl, b => b.forget('ldconfig -p', 'ldconfig -p -C /etc/ld.so.cache')),
  ],
  [
    'wsl.names.all',
    'docker-gpus',
    on('healthy@new', wsl, WANTED('/ok\t[{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=all"]}]')),
  ],
  [
    'wsl.names.numbered',
    'docker-gpus',
    on('healthy@new', wsl, WANTED('/bad\t[{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=0"]}]')),
  ],
];
