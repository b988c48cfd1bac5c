/** Steps for a person where packages, the kernel or the hypervisor have to change. */

import type { Fix, GuideStep } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { managerOf, TOOLKIT_PACKAGES } from '../rules/packages.ts';
import { byHand, isInside } from './make.ts';

export const is = (f: Facts, ...names: readonly string[]): boolean => names.some(n => f.where.family.includes(n));
export const sudo = (say: string, ...argv: readonly string[]): GuideStep => ({ say, argv: ['sudo', ...argv] });
export const again: GuideStep = {
  say: 'Then run gpumedic again; it starts from the beginning.',
  argv: ['gpumedic', 'check'],
};
const kernel = (f: Facts): string => or(f.where.kernel, '$(uname -r)');

const REPO = 'https://nvidia.github.io/libnvidia-container';
const KEYRING = '/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg';
const LIST = '/etc/apt/sources.list.d/nvidia-container-toolkit.list';

const addRepository = (f: Facts): readonly GuideStep[] => {
  if (is(f, 'arch')) return [];
  if (is(f, 'debian', 'ubuntu'))
    return [
      {
        say: 'Fetch the key of the package repository.',
        argv: ['curl', '-fsSL', '-o', '/tmp/nvidia-toolkit.asc', `${REPO}/gpgkey`],
      },
      sudo('Install the key.', 'gpg', '--dearmor', '-o', KEYRING, '/tmp/nvidia-toolkit.asc'),
      { say: `Write this one line to ${LIST} (sudoedit): deb [signed-by=${KEYRING}] ${REPO}/stable/deb/$(ARCH) /` },
      sudo('Read the package lists.', 'apt-get', 'update'),
    ];
  const file = `${REPO}/stable/rpm/nvidia-container-toolkit.repo`;
  if (is(f, 'suse', 'opensuse', 'sles')) return [sudo('Add the package repository.', 'zypper', 'addrepo', file)];
  return [
    sudo('Add the package repository.', 'curl', '-fsSL', '-o', '/etc/yum.repos.d/nvidia-container-toolkit.repo', file),
  ];
};

export const install = (f: Facts, ...packages: readonly string[]): GuideStep => {
  const say = `Install ${packages.join(' ')}.`;
  if (is(f, 'arch')) return sudo(say, 'pacman', '-S', ...packages);
  if (is(f, 'debian', 'ubuntu')) return sudo(say, 'apt-get', 'install', ...packages);
  if (is(f, 'suse', 'opensuse', 'sles')) return sudo(say, 'zypper', 'install', ...packages);
  return sudo(say, 'dnf', 'install', ...packages);
};

export const restartLater = (f: Facts): GuideStep => {
  const count = daemonOf(f.docker)?.running ?? 0;
  const stops =
    count > 0 ? ` It stops ${count} running container${count === 1 ? '' : 's'} unless live-restore is on.` : '';
  return sudo(
    `Restart Docker when that is acceptable: it looks for the toolkit only at start.${stops}`,
    'systemctl',
    'restart',
    'docker',
  );
};

/** The same by hand, for every distribution. */
export const toolkitByHand = (f: Facts): readonly GuideStep[] =>
  or(f.toolkit.version, null) === null
    ? [
        ...addRepository(f),
        install(f, 'nvidia-container-toolkit'),
        sudo(
          'Register the runtime (the entry is merged into daemon.json).',
          'nvidia-ctk',
          'runtime',
          'configure',
          '--runtime=docker',
        ),
        restartLater(f),
        again,
      ]
    : [
        { say: 'Compare the versions.', argv: ['nvidia-ctk', '--version'] },
        { say: 'And the one of the CLI.', argv: ['nvidia-container-cli', '-V'] },
        install(
          f,
          ...(is(f, 'debian', 'ubuntu') ? TOOLKIT_PACKAGES : ['nvidia-container-toolkit', 'libnvidia-container-tools']),
        ),
        { say: 'The package scripts call systemctl daemon-reload: restart running GPU containers afterwards.' },
        again,
      ];

/** What four packages of one, newer version mend. */
export const MENDED_BY_NEWER = [
  'toolkit-version-skew',
  'toolkit-known-vulnerable',
  'ldconfig-path-wrong',
  'ldcache-process-failed',
  'unknown-oci-spec-field',
  'jit-cdi-regression-apps',
  'ldcache-pivot-root-failed',
] as const;

const byHandOnly = (f: Facts): boolean => managerOf(f) === null;

export const installToolkitByHand = byHand({
  id: 'install-toolkit-by-hand',
  title: 'Install the NVIDIA Container Toolkit',
  mends: ['toolkit-not-installed', 'docker-no-device-driver'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.6 toolkit-not-installed; all seeds assume it',
  fits: f => byHandOnly(f) && or(f.toolkit.version, null) === null,
  steps: toolkitByHand,
});

export const alignToolkitByHand = byHand({
  id: 'align-toolkit-versions-by-hand',
  title: 'Bring the toolkit packages to one version',
  mends: ['toolkit-base-only', ...MENDED_BY_NEWER],
  privilege: 3,
  effect: ['RD'],
  source: '2.6 toolkit-version-skew; seed 0 calls nvidia-docker2 deprecated: right',
  fits: f => byHandOnly(f) && or(f.toolkit.version, null) !== null,
  steps: toolkitByHand,
});

const driverPackages = (f: Facts): readonly GuideStep[] => {
  if (is(f, 'ubuntu'))
    return [
      { say: 'See which driver branches are offered.', argv: ['ubuntu-drivers', 'list', '--gpgpu'] },
      sudo('Install the recommended one.', 'ubuntu-drivers', 'install', '--gpgpu'),
    ];
  if (is(f, 'debian'))
    return [{ say: 'Enable the component non-free (and non-free-firmware).' }, install(f, 'nvidia-driver')];
  if (is(f, 'arch')) return [install(f, 'nvidia-open')];
  if (is(f, 'suse', 'opensuse', 'sles'))
    return [{ say: "Add NVIDIA's repository for this release, then install its driver package for your kernel." }];
  return [{ say: "Add NVIDIA's driver repository for this release." }, install(f, 'nvidia-open')];
};

export const installDriver = byHand({
  id: 'install-driver',
  title: 'Install the NVIDIA driver of the distribution',
  mends: ['driver-not-installed'],
  privilege: 5,
  effect: ['RB'],
  source: '2.2 driver-not-installed',
  fits: f => !f.where.wsl && f.where.tegra === null && !isInside(f) && f.driver.elsewhere === null,
  steps: f => [
    ...driverPackages(f),
    sudo('Reboot, or load the module.', 'systemctl', 'reboot'),
    { say: 'The host must list the GPU.', argv: ['nvidia-smi', '-L'] },
    again,
  ],
});

/** Where DKMS knows no driver there is nothing that it could build. */
const prebuilt = (f: Facts): readonly GuideStep[] =>
  f.module.builds.length > 0
    ? []
    : [
        is(f, 'ubuntu')
          ? {
              say: `DKMS knows no driver here. Ubuntu has modules ready for each kind of kernel: install linux-modules-nvidia-BRANCH-${/-(\w+)$/.exec(kernel(f))?.[1] ?? 'generic'}, load the module, and leave the rest out.`,
            }
          : is(f, 'fedora')
            ? sudo(
                'DKMS knows no driver here. Where akmods builds it, this is the step, and the rest is left out.',
                'akmods',
                '--force',
              )
            : { say: 'DKMS knows no driver here: install its package for this kernel, and leave the rest out.' },
      ];

export const buildModule = byHand({
  id: 'build-module-for-kernel',
  title: 'Build or install the module for this kernel',
  mends: ['kernel-module-missing-for-kernel', 'dkms-build-failed'],
  privilege: 2,
  effect: ['E1'],
  source: '2.2 kernel-module-missing-for-kernel',
  fits: f => !isInside(f),
  steps: f => [
    ...prebuilt(f),
    is(f, 'debian', 'ubuntu')
      ? install(f, `linux-headers-${kernel(f)}`)
      : is(f, 'arch')
        ? install(f, 'linux-headers')
        : install(f, `kernel-devel-${kernel(f)}`),
    sudo('Build it.', 'dkms', 'autoinstall', '-k', kernel(f)),
    sudo('Load it.', 'modprobe', '-a', 'nvidia', 'nvidia_uvm'),
    { say: 'Or boot the previous kernel.' },
    again,
  ],
});

const rebuild = (f: Facts): GuideStep =>
  is(f, 'debian', 'ubuntu')
    ? sudo('Rebuild the initial ramdisk.', 'update-initramfs', '-u')
    : is(f, 'arch')
      ? sudo('Rebuild the initial ramdisk.', 'mkinitcpio', '-P')
      : sudo('Rebuild the initial ramdisk.', 'dracut', '-f');

export const blockNouveau = byHand({
  id: 'blacklist-nouveau',
  title: 'Keep nouveau from taking the card, then reboot',
  mends: ['nouveau-bound'],
  privilege: 5,
  effect: ['RB'],
  source: '2.2 nouveau-bound',
  steps: f => [
    {
      say: 'Write two lines to /etc/modprobe.d/blacklist-nouveau.conf (sudoedit): "blacklist nouveau" and "options nouveau modeset=0".',
    },
    rebuild(f),
    sudo('Reboot; the screen falls back to a plain frame buffer.', 'systemctl', 'reboot'),
    { say: 'The driver in use must read nvidia.', argv: ['lspci', '-nnk', '-d', '10de:'] },
    again,
  ],
});

export const freeFromVfio = byHand({
  id: 'release-from-vfio',
  title: 'Decide where the GPU belongs, then free it from vfio',
  mends: ['gpu-bound-to-vfio-in-guest'],
  privilege: 5,
  effect: ['RB'],
  source: '2.4 gpu-bound-to-vfio-in-guest; seed 2 makes the container privileged instead, which cannot help',
  steps: f => [
    { say: 'If a virtual machine on this host uses the card it loses it: stop that machine first, or stop here.' },
    {
      say: 'Find where the ids are given.',
      argv: ['grep', '-rE', 'vfio', '/etc/modprobe.d', '/etc/modules-load.d', '/proc/cmdline'],
    },
    { say: 'Take the ids of the NVIDIA card out there.' },
    rebuild(f),
    sudo('Reboot.', 'systemctl', 'reboot'),
    again,
  ],
});

export const passThrough = byHand({
  id: 'pass-gpu-through',
  title: 'Hand the GPU to this virtual machine on the hypervisor',
  mends: ['vm-gpu-not-passed-through'],
  privilege: 5,
  effect: ['RB'],
  source: '2.4 vm-gpu-not-passed-through; seed 2, step 1 asks rightly, its privileged: true is not needed',
  steps: f => {
    const by = or(f.where.hypervisor, 'none');
    return [
      ...(['amazon', 'google'].includes(by) || /azure/i.test(by)
        ? [{ say: 'Cloud: choose an instance type with a GPU; nothing inside the machine can add one.' }]
        : []),
      {
        say: `On the hypervisor${by === 'none' ? '' : ` (${by})`}: IOMMU on, every function of the card assigned to this machine, vfio-pci bound there.`,
      },
      { say: 'Power this machine off and on; a reboot from inside may not be enough.' },
      { say: 'The card must be listed here.', argv: ['lspci', '-nn', '-d', '10de:'] },
      again,
    ];
  },
});

export const installLibraries = byHand({
  id: 'install-driver-libraries',
  title: "Install the driver's libraries in the module's version",
  mends: ['nvml-lib-missing', 'host-libcuda-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.5 nvml-lib-missing (b), host-libcuda-missing; seed 0 looks for the cause in ldconfig: wrong stage',
  fits: f => f.driver.elsewhere === null,
  steps: f => {
    const version = or(f.driver.loaded, null);
    const branch = version?.split('.')[0] ?? 'NNN';
    const packages = is(f, 'ubuntu')
      ? [`libnvidia-compute-${branch}`]
      : is(f, 'debian')
        ? ['libnvidia-ml1', 'libcuda1']
        : is(f, 'arch')
          ? ['nvidia-utils']
          : ['nvidia-driver-libs', 'nvidia-driver-cuda'];
    return [
      {
        say: `The version must be the one of the loaded module${version ? `: ${version}` : ''}.`,
        argv: ['cat', '/sys/module/nvidia/version'],
      },
      install(f, ...packages),
      sudo('Rebuild the loader cache.', 'ldconfig'),
      { say: 'The host must list the GPU.', argv: ['nvidia-smi', '-L'] },
      again,
    ];
  },
});

export const useDriverElsewhere = byHand({
  id: 'use-driver-elsewhere',
  title: 'Use the driver that lies outside the usual folders',
  mends: ['driver-not-installed', 'driver-root-wrong', 'nvml-lib-missing', 'host-libcuda-missing'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.2 driver-not-installed: a special driver root, so no host driver; 2.5 driver-root-wrong, the reverse',
  fits: f => f.driver.elsewhere !== null,
  steps: f => {
    const root = f.driver.elsewhere ?? '';
    return [
      { say: `A driver lies below ${root}. Install no other beside it: both would want the same module.` },
      {
        say: 'Its container or service must run; then the module is loaded.',
        argv: ['cat', '/sys/module/nvidia/version'],
      },
      root === '/run/opengl-driver'
        ? {
            say: 'NixOS: hardware.nvidia-container-toolkit.enable = true; it makes a CDI spec. Ask for nvidia.com/gpu=all.',
          }
        : {
            say: `Pods of the GPU Operator need nothing more. For containers of Docker on this machine: root = "${root}" below [nvidia-container-cli] in /etc/nvidia-container-runtime/config.toml (sudoedit: before 1.19 nvidia-ctk does not write this value).`,
          },
      again,
    ];
  },
});

export const hostGuides: readonly Fix[] = [
  installToolkitByHand,
  alignToolkitByHand,
  installDriver,
  buildModule,
  blockNouveau,
  freeFromVfio,
  passThrough,
  installLibraries,
  useDriverElsewhere,
];
