/** What is installed on a demo machine: the base system, the driver's user space, the toolkit. */
import { defaultConfig } from '../ctk-config.ts';
import { binary, type Fs, file, get, link, mkdir, put, remove } from '../fs.ts';
import { sonameOf } from '../ldconfig.ts';
import { atLeast, type Unit, type World } from '../world.ts';
import type { MachineOptions } from './machine.ts';
import { cdiRefreshPath, cdiRefreshService } from './unit-texts.ts';

export const release = '6.12.48+deb13-amd64';
export const driverVersion = '580.126.09';

const libraries = [
  'libEGL_nvidia',
  'libGLX_nvidia',
  'libcuda',
  'libcudadebugger',
  'libnvcuvid',
  'libnvidia-allocator',
  'libnvidia-cfg',
  'libnvidia-eglcore',
  'libnvidia-encode',
  'libnvidia-fbc',
  'libnvidia-glcore',
  'libnvidia-glsi',
  'libnvidia-glvkspirv',
  'libnvidia-gpucomp',
  'libnvidia-ml',
  'libnvidia-nvvm',
  'libnvidia-opencl',
  'libnvidia-opticalflow',
  'libnvidia-ptxjitcompiler',
  'libnvidia-rtcore',
  'libnvidia-tls',
];
export const everyday = [
  'apt-cache',
  'apt-get',
  'cat',
  'chmod',
  'cp',
  'curl',
  'containerd',
  'crun',
  'docker',
  'dpkg-query',
  'echo',
  'env',
  'false',
  'grep',
  'hostname',
  'id',
  'journalctl',
  'ls',
  'lspci',
  'mkdir',
  'mv',
  'pidof',
  'printenv',
  'ps',
  'readlink',
  'rm',
  'stat',
  'systemctl',
  'systemd-analyze',
  'systemd-detect-virt',
  'true',
  'uname',
  'which',
];
export const sbin = ['dockerd', 'ldconfig', 'lsmod', 'modinfo', 'modprobe', 'rmmod', 'runc'];
export const toolkitPrograms = [
  'nvidia-ctk',
  'nvidia-container-runtime',
  'nvidia-container-runtime-hook',
  'nvidia-container-cli',
  'nvidia-cdi-hook',
];

/** Puts the driver's user space on the disk, without telling the loader. */
export const installDriver = (fs: Fs, version: string, dir: string): void => {
  for (const stem of libraries) {
    const name = `${stem}.so.${version}`;
    binary(fs, `${dir}/${name}`, 2_000_000);
    const soname = sonameOf(name);
    if (soname !== name) link(fs, `${dir}/${soname}`, name);
  }
  link(fs, `${dir}/libcuda.so`, 'libcuda.so.1');
  for (const b of [
    'nvidia-smi',
    'nvidia-debugdump',
    'nvidia-persistenced',
    'nvidia-cuda-mps-control',
    'nvidia-cuda-mps-server',
  ])
    binary(fs, `/usr/bin/${b}`, 1_068_640);
  for (const f of ['gsp_ga10x.bin', 'gsp_tu10x.bin'])
    binary(fs, `/usr/lib/firmware/nvidia/${version}/${f}`, 70_000_000);
};

/** The packages of the toolkit, each with what it brings beside configuration and units. */
export const TOOLKIT_PARTS = [
  'nvidia-container-toolkit',
  'nvidia-container-toolkit-base',
  'libnvidia-container-tools',
  'libnvidia-container1',
] as const;
export type ToolkitPart = (typeof TOOLKIT_PARTS)[number];

const bringsOf = (part: ToolkitPart, version: string): readonly string[] => {
  if (part === 'nvidia-container-toolkit') return ['/usr/bin/nvidia-container-runtime-hook'];
  if (part === 'libnvidia-container-tools') return ['/usr/bin/nvidia-container-cli'];
  if (part === 'libnvidia-container1') return ['/usr/lib/x86_64-linux-gnu/libnvidia-container.so.1'];
  const hook = atLeast(version, '1.15.0') ? ['/usr/bin/nvidia-cdi-hook'] : [];
  return ['/usr/bin/nvidia-ctk', '/usr/bin/nvidia-container-runtime', ...hook];
};

const UNITS = ['nvidia-cdi-refresh.service', 'nvidia-cdi-refresh.path'] as const;
const unitFolder = (version: string): string =>
  atLeast(version, '1.20.0') ? '/usr/lib/systemd/system' : '/etc/systemd/system';

/** One package's files; a configuration that is there is left alone. */
const unpack = (fs: Fs, part: ToolkitPart, version: string): void => {
  for (const path of bringsOf(part, version)) binary(fs, path, path.includes('/lib/') ? 138_176 : 7_073_944);
  if (part !== 'nvidia-container-toolkit-base') return;
  if (!get(fs, '/etc/nvidia-container-runtime/config.toml'))
    file(fs, '/etc/nvidia-container-runtime/config.toml', defaultConfig(version));
  mkdir(fs, '/etc/nvidia-container-runtime/host-files-for-container.d');
  if (!atLeast(version, '1.18.0')) return;
  file(fs, `${unitFolder(version)}/${UNITS[0]}`, cdiRefreshService);
  file(fs, `${unitFolder(version)}/${UNITS[1]}`, cdiRefreshPath);
};

/** All of them at one version. */
export const installToolkit = (fs: Fs, version: string): void => {
  for (const part of TOOLKIT_PARTS) unpack(fs, part, version);
};

/** An enabled unit; `on`: it runs since then. */
export const unitAt = (now: number, name: string, description: string, on: boolean): Unit => ({
  name,
  description,
  active: on ? 'active' : 'inactive',
  sub: on ? 'running' : 'dead',
  enabled: 'enabled',
  result: 'success',
  since: now,
  enteredAt: on ? now : 0,
  pid: on ? 700 : 0,
  exitStatus: 0,
  failures: 0,
});

/** The refresh units as the package enables them. */
export const enableRefresh = (world: World): void => {
  const { now } = world.fs;
  world.units.set(UNITS[0], unitAt(now, UNITS[0], 'Refresh NVIDIA CDI specification file', false));
  world.units.set(UNITS[1], {
    ...unitAt(now, UNITS[1], 'Trigger CDI refresh on NVIDIA driver install / uninstall events', true),
    sub: 'waiting',
  });
};

const MONTH = 30 * 86_400;

/** Installs one package in a running world. */
export const unpackToolkit = (world: World, part: ToolkitPart, version: string): void => {
  removeToolkit(world, part);
  const { now } = world.fs;
  // A package's files bear the time at which they were built, not the one at which they were unpacked.
  world.fs.now = world.bootedAt - MONTH;
  unpack(world.fs, part, version);
  world.fs.now = now;
  if (part === 'nvidia-container-toolkit-base') {
    world.versions = { ...world.versions, toolkit: version };
    if (atLeast(version, '1.18.0')) enableRefresh(world);
  }
  if (part === 'libnvidia-container-tools') world.versions = { ...world.versions, cli: version };
};

/** Takes one package's files away; its configuration stays, as dpkg leaves it. */
export const removeToolkit = (world: World, part: ToolkitPart): void => {
  for (const path of bringsOf(part, '1.20.0')) remove(world.fs, path);
  if (part !== 'nvidia-container-toolkit-base') return;
  for (const name of UNITS) {
    for (const folder of ['/usr/lib/systemd/system', '/etc/systemd/system']) remove(world.fs, `${folder}/${name}`);
    world.units.delete(name);
  }
};

/** The base system. */
export const skeleton = (fs: Fs): void => {
  for (const [name, target] of [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/sbin'],
    ['lib', 'usr/lib'],
    ['lib64', 'usr/lib64'],
  ] as const) {
    mkdir(fs, `/${target}`);
    link(fs, `/${name}`, target);
  }
  for (const d of [
    '/usr/lib/x86_64-linux-gnu',
    '/etc/systemd/system',
    '/run',
    '/tmp',
    '/var/lib',
    '/var/log',
    '/dev/char',
    '/proc/self',
    '/sys/module',
    '/root',
    '/etc/cdi',
    '/etc/apt/sources.list.d',
    '/etc/docker',
    '/usr/share/keyrings',
    '/etc/modprobe.d',
    '/etc/modules-load.d',
  ])
    mkdir(fs, d);
  link(fs, '/var/run', '/run');
  for (const [name, minor] of [
    ['null', 3],
    ['zero', 5],
    ['full', 7],
    ['random', 8],
    ['urandom', 9],
  ] as const)
    put(fs, `/dev/${name}`, { type: 'char', major: 1, minor, mode: 0o666 });
  file(
    fs,
    '/etc/os-release',
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION="13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\nHOME_URL="https://www.debian.org/"\n',
  );
  file(fs, '/etc/debian_version', '13.1\n');
  file(fs, '/etc/ld.so.conf', 'include /etc/ld.so.conf.d/*.conf\n');
  file(fs, '/etc/ld.so.conf.d/libc.conf', '# libc default configuration\n/usr/local/lib\n');
  file(
    fs,
    '/etc/ld.so.conf.d/x86_64-linux-gnu.conf',
    '# Multiarch support\n/usr/local/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n',
  );
  file(
    fs,
    '/proc/version',
    `Linux version ${release} (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14) #1 SMP PREEMPT_DYNAMIC Debian\n`,
  );
  file(fs, '/proc/sys/kernel/osrelease', `${release}\n`);
  file(fs, '/proc/cmdline', `BOOT_IMAGE=/boot/vmlinuz-${release} root=UUID=5d6f1e0a ro quiet\n`);
  file(fs, '/proc/1/comm', 'systemd\n');
  file(fs, '/proc/self/cgroup', '0::/user.slice/user-0.slice/session-1.scope\n');
  file(fs, '/sys/fs/cgroup/cgroup.controllers', 'cpuset cpu io memory hugetlb pids rdma misc\n');
  for (const l of ['libc.so.6', 'libm.so.6', 'libz.so.1', 'libzstd.so.1', 'libyajl.so.2', 'libseccomp.so.2'])
    binary(fs, `/usr/lib/x86_64-linux-gnu/${l}`, 1_926_256);
};

/** What dpkg-query lists. */
export const packagesOf = (o: MachineOptions, driver: string | null): World['packages'] => [
  ['containerd.io', atLeast(o.docker, '29.0') ? '2.3.4-1~debian.13~trixie' : '1.7.24-1'],
  ['docker-ce', `5:${o.docker}-1~debian.13~trixie`],
  ['docker-ce-cli', `5:${o.docker}-1~debian.13~trixie`],
  ['libc6:amd64', '2.41-12'],
  ...(o.toolkit === null
    ? []
    : [
        'libnvidia-container-tools',
        'libnvidia-container1:amd64',
        'nvidia-container-toolkit',
        'nvidia-container-toolkit-base',
      ].map(n => [n, `${o.toolkit}-1`] as [string, string])),
  ...(driver === null
    ? []
    : ['libcuda1:amd64', 'nvidia-driver', 'nvidia-kernel-open-dkms'].map(n => [n, `${driver}-1`] as [string, string])),
  ...(o.podman ? [['podman', `${o.podman}+ds1-2`] as [string, string]] : []),
  ['systemd', '257.8-1~deb13u2'],
];
