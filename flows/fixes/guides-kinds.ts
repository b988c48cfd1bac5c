/** Steps for a person: shared, joined and divided cards, and engines inside other machines. */
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { hasTwoDrivers } from './driver.ts';
import { branch, guide } from './guides-card.ts';
import { again, install, is, sudo } from './guides-host.ts';
import { isInside } from './make.ts';

export const kindGuides: readonly Fix[] = [
  guide(
    'share-card',
    'Free the card, or let several programs use it',
    ['gpu-busy-or-exclusive'],
    '2.2 gpu-busy-or-exclusive; seed 2, section 8: out of memory is no missing GPU',
    () => [
      {
        say: 'See who uses it; the process ids are those of the host.',
        argv: ['nvidia-smi', '--query-compute-apps=pid,used_memory,name', '--format=csv'],
      },
      { say: 'Which container a process belongs to stands in /proc/PID/cgroup.' },
      sudo(
        'Let several programs in (until the next boot); somebody may have closed it on purpose.',
        'nvidia-smi',
        '-c',
        '0',
      ),
      { say: 'Full memory: a smaller batch or model, or stop the other program. The GPU itself is found.' },
      again,
    ],
    { privilege: 2, effect: ['E0'] },
  ),
  guide(
    'install-fabric-manager',
    'Install the fabric manager of the version of the driver',
    ['fabric-manager-not-running', 'fabric-manager-version-mismatch'],
    '2.3 fabric-manager-not-running, fabric-manager-version-mismatch',
    f => [
      {
        say: `It must be exactly ${or(f.driver.loaded, null) ?? 'the version of the module'}.`,
        argv: ['cat', '/sys/module/nvidia/version'],
      },
      ...(or(f.fabric.manager, '') === 'active'
        ? [
            {
              say: 'It runs and the cards are not joined: its log tells why. Where it has just been started, wait a minute.',
              argv: ['journalctl', '-u', 'nvidia-fabricmanager', '-b', '-n', '50'],
            },
          ]
        : []),
      install(f, is(f, 'ubuntu', 'debian') ? `nvidia-fabricmanager-${branch(f)}` : 'nvidia-fabric-manager'),
      { say: 'B200 and newer need the package nvlsm as well.' },
      sudo('Start it; CUDA programs that run are ended.', 'systemctl', 'enable', '--now', 'nvidia-fabricmanager'),
      ...(is(f, 'debian', 'ubuntu')
        ? [sudo('Keep both together.', 'apt-mark', 'hold', `nvidia-fabricmanager-${branch(f)}`)]
        : []),
      { say: 'State must read Completed.', argv: ['nvidia-smi', '-q'] },
      again,
    ],
    { privilege: 3, effect: ['E1'] },
  ),
  guide(
    'divide-card',
    'Divide the card, or switch MIG off',
    ['mig-enabled-without-instances'],
    '2.3 mig-enabled-without-instances',
    () => [
      { say: 'See which divisions the card offers.', argv: ['nvidia-smi', 'mig', '-lgip'] },
      sudo('Make an instance of the profile with this number.', 'nvidia-smi', 'mig', '-cgi', '19', '-C'),
      sudo('Or switch MIG off; nobody may use the card then.', 'nvidia-smi', '-mig', '0'),
      { say: 'Kubernetes: set the node label nvidia.com/mig.config and let the MIG manager do it.' },
      { say: 'Generate the CDI spec again if one is used.' },
      again,
    ],
    { privilege: 3, effect: ['RM'] },
  ),
  guide(
    'name-mig-instance',
    'Ask for an instance that exists',
    ['mig-device-string-wrong'],
    '2.3 mig-device-string-wrong',
    f => [
      {
        say: `There are: ${f.smi.instances.map(i => `${i.name} = ${i.uuid}`).join(', ') || 'none'}.`,
        argv: ['nvidia-smi', '-L'],
      },
      ...f.smi.instances.slice(0, 1).flatMap(i => [
        {
          say: 'Ask by UUID; it is the same for every layer.',
          argv: ['docker', 'run', '--rm', '--gpus', `"device=${i.uuid}"`, 'debian:trixie', 'nvidia-smi', '-L'],
        },
        { say: `In Compose: device_ids: ["${i.uuid}"]. In a variable: NVIDIA_VISIBLE_DEVICES=${i.uuid}.` },
      ]),
      { say: 'Create the container again with the right name.' },
      again,
    ],
    { privilege: 1, effect: ['RX'] },
  ),
  guide(
    'add-device-group',
    'Give the container the group of the GPU nodes',
    ['device-node-permissions'],
    '2.2 device-node-permissions (1)',
    f => {
      const gid = String(f.nodes.closed?.gid ?? 'GID');
      return [
        { say: 'Mode and group of the nodes.', argv: ['stat', '-c', '%a %U:%G %g %n', '/dev/nvidiactl'] },
        {
          say: 'Docker.',
          argv: ['docker', 'run', '--rm', '--gpus', 'all', '--group-add', gid, 'debian:trixie', 'nvidia-smi', '-L'],
        },
        {
          say: `Compose: group_add: ["${gid}"]. Kubernetes: supplementalGroups: [${gid}]. Podman: --group-add keep-groups.`,
        },
        { say: 'Toolkit 1.19 and later adds the group by itself with CDI.' },
        again,
      ];
    },
    { privilege: 1, effect: ['RX'] },
  ),
  guide(
    'make-imex-channel',
    'Make the IMEX channel, or drop the request',
    ['imex-channel-missing'],
    '2.3 imex-channel-missing',
    () => [
      { say: 'What the module was told.', argv: ['grep', '-i', 'imex', '/proc/driver/nvidia/params'] },
      {
        say: 'Channel 0 at every load: "options nvidia NVreg_CreateImexChannel0=1" below /etc/modprobe.d (sudoedit); reload the modules or reboot.',
      },
      { say: 'Or take NVIDIA_IMEX_CHANNELS out of the request; a program that stays on one machine does not need it.' },
      again,
    ],
    { privilege: 2, effect: ['E1', 'RM'] },
  ),
  guide(
    'ask-by-cdi-inside',
    'Ask by CDI inside the system container',
    ['lxc-nested-engine'],
    '2.4 lxc-nested-engine (1)',
    () => [
      sudo(
        'Describe the GPU inside this system container.',
        'nvidia-ctk',
        'cdi',
        'generate',
        '--output=/etc/cdi/nvidia.yaml',
      ),
      {
        say: 'Ask for it there.',
        argv: ['docker', 'run', '--rm', '--device', 'nvidia.com/gpu=all', 'debian:trixie', 'nvidia-smi', '-L'],
      },
      {
        say: 'Outside, its administrator allows the majors 195, nvidia-uvm and nvidia-caps. The driver libraries inside must be of the version of the module outside.',
      },
      again,
    ],
    { privilege: 2, effect: ['E1'] },
  ),
  guide(
    'leave-one-driver',
    'Leave one driver on this machine',
    ['driver-library-version-mismatch'],
    '2.2 driver-library-version-mismatch: loaded = on disk, libraries of another driver; a reload changes nothing',
    f => [
      {
        say: `The module is of ${or(f.driver.loaded, null) ?? 'another version'}; these libraries lie here: ${f.libraries.nvmlVersions.join(', ') || 'unknown'}.`,
        argv: ['ldconfig', '-p'],
      },
      {
        say: 'A driver of the .run installer beside packages: its own program takes it away (only where it is there).',
        argv: ['sudo', '/usr/bin/nvidia-uninstall'],
      },
      { say: 'Then install the driver packages once more, module and libraries of one version.' },
      sudo('Rebuild the loader cache.', 'ldconfig'),
      { say: 'The host must list the GPU.', argv: ['nvidia-smi', '-L'] },
      { say: 'Generate the CDI spec again, and start all GPU containers again.' },
      again,
    ],
    { privilege: 3, effect: ['E1', 'RX'], fits: f => hasTwoDrivers(f) && !isInside(f) },
  ),
  guide(
    'ask-outside',
    'Have the machine around this container hand the driver in',
    [
      'device-nodes-missing',
      'nvidia-uvm-missing',
      'nvidia-caps-missing',
      'driver-not-installed',
      'kernel-module-not-loaded',
      'kernel-module-missing-for-kernel',
      'driver-library-version-mismatch',
      'uvm-broken-after-suspend',
    ],
    '2.4 lxc-nested-engine (3): no module loading inside, the libraries inside equal the module outside',
    f => [
      { say: 'The module is loaded outside, and the nodes are made there.', argv: ['nvidia-smi', '-L'] },
      {
        say: 'Proxmox and LXC, in the configuration of this container: lxc.cgroup2.devices.allow: c 195:* rwm, the same for the majors of nvidia-uvm and nvidia-caps, and dev0: /dev/nvidia0 and so on for each node.',
      },
      {
        say: `Inside only libraries are installed, of exactly the version of the module outside${or(f.driver.loaded, null) === null ? '' : ` (${or(f.driver.loaded, null)})`}; with the .run installer: --no-kernel-module.`,
      },
      { say: 'Start this container again, and run gpumedic in it.', argv: ['gpumedic', 'check'] },
    ],
    { privilege: 3, effect: ['RX'], fits: isInside },
  ),
  guide('mend-wsl', 'Mend WSL on the Windows side', ['wsl-no-adapter'], '2.4 wsl-no-adapter', () => [
    { say: 'On Windows: update the NVIDIA driver. Inside WSL no driver is installed.' },
    { say: 'In a Windows terminal: wsl --update, then wsl --shutdown. It stops every distribution.' },
    { say: 'gpuSupport=false must not stand in .wslconfig; the distribution must be of version 2.' },
    { say: 'Then here.', argv: ['/usr/lib/wsl/lib/nvidia-smi', '-L'] },
    again,
  ]),
  guide(
    'remove-linux-driver-from-wsl',
    'Remove the Linux driver from this distribution',
    ['wsl-linux-driver-installed'],
    '2.4 wsl-linux-driver-installed; wording unconfirmed',
    f => [
      {
        say: 'Which packages brought it.',
        argv: is(f, 'debian', 'ubuntu')
          ? ['dpkg', '-S', or(f.libraries.cached, new Map<string, string>()).get('libcuda.so.1') ?? 'libcuda.so.1']
          : ['rpm', '-qa', '*nvidia*'],
      },
      {
        say: 'Remove the driver packages (nvidia-driver-*, libnvidia-compute-*, cuda-drivers). Keep cuda-toolkit-* and nvidia-container-toolkit.',
      },
      { say: 'The first one must lie below /usr/lib/wsl/lib.', argv: ['ldconfig', '-p'] },
      again,
    ],
    { privilege: 3, effect: ['E1'] },
  ),
  guide(
    'ask-for-all-on-wsl',
    'Ask for nvidia.com/gpu=all',
    ['wsl-cdi-device-names'],
    '2.4 wsl-cdi-device-names',
    () => [
      { say: 'WSL has one device.', argv: ['nvidia-ctk', 'cdi', 'list'] },
      {
        say: 'Put all in the place of the number and create the container again.',
        argv: ['docker', 'run', '--rm', '--device', 'nvidia.com/gpu=all', 'debian:trixie', 'nvidia-smi', '-L'],
      },
      again,
    ],
    { privilege: 1, effect: ['RX'] },
  ),
];
