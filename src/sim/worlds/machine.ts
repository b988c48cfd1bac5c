/** A working GPU machine, from which the demo boxes are made by breaking it the way such machines break. */
import { defaultConfig } from '../ctk-config.ts';
import { binary, emptyFs, type Fs, file, link, mkdir, put } from '../fs.ts';
import { makeNodes, showKernel } from '../kernel.ts';
import { rebuild, sonameOf } from '../ldconfig.ts';
import { startUnit } from '../systemd.ts';
import {
  atLeast,
  type Container,
  type Image,
  type PciFunction,
  type Request,
  type Unit,
  type World,
} from '../world.ts';
import {
  cdiRefreshPath,
  cdiRefreshService,
  containerdService,
  dockerService,
  dockerSocket,
  persistencedService,
} from './unit-texts.ts';

export interface MachineOptions {
  readonly name: string;
  readonly docker: string;
  /** null: no toolkit on the machine. */
  readonly toolkit: string | null;
  readonly driver?: string | null;
  readonly libDir?: string;
  readonly vm?: string;
  readonly gpu?: boolean;
  readonly podman?: string;
  readonly daemonJson?: string;
}

export const release = '6.12.48+deb13-amd64';
const booted = Date.UTC(2026, 10, 22, 6, 0, 0) / 1000;
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
const everyday = [
  'cat',
  'containerd',
  'crun',
  'docker',
  'dpkg-query',
  'echo',
  'false',
  'hostname',
  'id',
  'journalctl',
  'ls',
  'lspci',
  'mkdir',
  'mv',
  'pidof',
  'ps',
  'rm',
  'stat',
  'systemctl',
  'systemd-detect-virt',
  'true',
  'uname',
  'which',
];
const sbin = ['dockerd', 'ldconfig', 'lsmod', 'modinfo', 'modprobe', 'rmmod', 'runc'];
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

/** The package's programs, its configuration and, from 1.18, its refresh units. */
export const installToolkit = (fs: Fs, version: string): void => {
  for (const p of toolkitPrograms)
    if (p !== 'nvidia-cdi-hook' || atLeast(version, '1.15.0')) binary(fs, `/usr/bin/${p}`, 7_073_944);
  binary(fs, '/usr/lib/x86_64-linux-gnu/libnvidia-container.so.1', 138_176);
  file(fs, '/etc/nvidia-container-runtime/config.toml', defaultConfig(version));
  mkdir(fs, '/etc/nvidia-container-runtime/host-files-for-container.d');
  if (atLeast(version, '1.18.0')) {
    const dir = atLeast(version, '1.20.0') ? '/usr/lib/systemd/system' : '/etc/systemd/system';
    file(fs, `${dir}/nvidia-cdi-refresh.service`, cdiRefreshService);
    file(fs, `${dir}/nvidia-cdi-refresh.path`, cdiRefreshPath);
  }
};

const skeleton = (fs: Fs): void => {
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
    '/run',
    '/tmp',
    '/var/lib',
    '/var/log',
    '/dev/char',
    '/proc/self',
    '/sys/module',
    '/root',
    '/etc/cdi',
    '/etc/docker',
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

const gpuFunction = (driver: string | null): PciFunction => ({
  slot: '0000:01:00.0',
  class: '0300',
  className: 'VGA compatible controller',
  id: '10de:2705',
  text: 'NVIDIA Corporation AD103 [GeForce RTX 4070 Ti SUPER]',
  subsystem: 'eVga.com. Corp. Device [3842:16fa]',
  revision: 'a1',
  modules: ['nvidia', 'nouveau'],
  driver,
});
const audio: PciFunction = {
  slot: '0000:01:00.1',
  class: '0403',
  className: 'Audio device',
  id: '10de:22bb',
  text: 'NVIDIA Corporation AD103 High Definition Audio Controller',
  subsystem: 'eVga.com. Corp. Device [3842:16fa]',
  revision: 'a1',
  modules: ['snd_hda_intel'],
  driver: 'snd_hda_intel',
};

const hex = (seed: string): string => {
  let h = 2_166_136_261;
  return Array.from({ length: 64 }, (_, i) => {
    h = Math.imul(h ^ seed.charCodeAt(i % seed.length), 16_777_619) >>> 0;
    return ((h >>> 7) & 15).toString(16);
  }).join('');
};
const image = (repository: string, tag: string, extra: Partial<Image> = {}): Image => ({
  repository,
  tag,
  id: hex(`${repository}:${tag}`),
  env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  programs: ['sh', 'ls', 'true', 'false', 'cat', 'env', 'echo', 'sleep', 'printenv'],
  glibc: true,
  command: ['sh'],
  ...extra,
});
const cudaEnv = [
  'PATH=/usr/local/cuda/bin:/usr/bin:/bin',
  'NVIDIA_VISIBLE_DEVICES=all',
  'NVIDIA_DRIVER_CAPABILITIES=compute,utility',
  'CUDA_VERSION=12.6.3',
  'NVIDIA_REQUIRE_CUDA=cuda>=12.6',
];
export const standardImages = (): Image[] => [
  image('ollama/ollama', '0.12.6', {
    env: [...cudaEnv, 'OLLAMA_HOST=0.0.0.0'],
    programs: ['sh', 'ls', 'true', 'ollama'],
    command: ['ollama', 'serve'],
    size: '3.4GB',
  }),
  image('nvidia/cuda', '12.6.3-base-ubuntu24.04', {
    env: cudaEnv,
    programs: ['sh', 'ls', 'true', 'cat', 'env', 'echo', 'sleep', 'python3'],
    command: ['bash'],
    size: '245MB',
  }),
  image('debian', 'trixie', { size: '117MB' }),
  image('postgres', '17', { programs: ['sh', 'ls', 'true', 'postgres'], command: ['postgres'], size: '438MB' }),
  image('busybox', 'latest', { glibc: false, size: '4.28MB' }),
];

export const request = (img: string, extra: Partial<Request> = {}): Request => ({
  image: img,
  command: [],
  env: [],
  devices: [],
  binds: [],
  privileged: false,
  capAdd: [],
  restart: 'no',
  ...extra,
});
/** A container that was started some time ago and runs. */
export const running = (
  world: World,
  name: string,
  r: Request,
  labels?: Readonly<Record<string, string>>,
): Container => {
  const c: Container = {
    id: hex(name),
    name,
    request: r,
    createdAt: booted + 60,
    state: 'running',
    startedAt: booted + 61,
    finishedAt: 0,
    exitCode: 0,
    error: '',
    ...(labels ? { labels } : {}),
  };
  world.docker!.containers.push(c);
  return c;
};

const unit = (name: string, description: string, on: boolean): Unit => ({
  name,
  description,
  active: on ? 'active' : 'inactive',
  sub: on ? 'running' : 'dead',
  enabled: 'enabled',
  result: 'success',
  since: booted,
  enteredAt: on ? booted : 0,
  pid: on ? 700 : 0,
  exitStatus: 0,
  failures: 0,
});

export const daemonJsonWith = (extra: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ 'log-driver': 'json-file', 'log-opts': { 'max-size': '50m' }, ...extra, runtimes: { nvidia: { args: [], path: 'nvidia-container-runtime' } } }, null, 2)}\n`;

/** A machine on which every way works that its versions offer; Docker is running. */
export const machine = (o: MachineOptions): World => {
  const fs = emptyFs(booted);
  skeleton(fs);
  const driver = o.driver === undefined ? driverVersion : o.driver;
  const gpu = o.gpu !== false;
  const libDir = o.libDir ?? '/usr/lib/x86_64-linux-gnu';
  for (const p of everyday) binary(fs, `/usr/bin/${p}`);
  for (const p of sbin) binary(fs, `/usr/sbin/${p}`);
  if (o.podman) binary(fs, '/usr/bin/podman');
  if (driver !== null) {
    installDriver(fs, driver, libDir);
    binary(fs, '/usr/bin/nvidia-modprobe', 40_000, { mode: 0o4755 });
    file(fs, '/usr/lib/systemd/system/nvidia-persistenced.service', persistencedService);
  }
  if (o.toolkit !== null) installToolkit(fs, o.toolkit);
  for (const [name, content] of [
    ['docker.service', dockerService],
    ['docker.socket', dockerSocket],
    ['containerd.service', containerdService],
  ] as const)
    file(fs, `/usr/lib/systemd/system/${name}`, content);
  file(fs, '/etc/docker/daemon.json', o.daemonJson ?? (o.toolkit === null ? '{}\n' : daemonJsonWith()));
  const dkms = (name: string): string => `updates/dkms/${name}.ko.xz`;
  const nv = (needs: string[], size: number, name: string) => ({
    version: driver ?? '',
    size,
    needs,
    file: dkms(name),
  });
  const world: World = {
    name: o.name,
    fs,
    bootedAt: booted,
    user: { uid: 0, gid: 0, name: 'root', groups: [] },
    hostname: 'gpu-07.lab.example.net',
    virt: { vm: o.vm ?? 'none', container: 'none' },
    os: { pretty: 'Debian GNU/Linux 13 (trixie)', id: 'debian', version: '13', codename: 'trixie' },
    gpus: gpu
      ? [
          {
            minor: 0,
            uuid: 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3',
            name: 'NVIDIA GeForce RTX 4070 Ti SUPER',
            brand: 'GeForce',
            architecture: '8.9',
            bus: '0000:01:00.0',
            memoryMiB: 16_376,
            cuda: '13.0',
          },
        ]
      : [],
    pci: [
      {
        slot: '0000:00:00.0',
        class: '0600',
        className: 'Host bridge',
        id: '8086:a700',
        text: 'Intel Corporation Device',
        driver: null,
      },
      {
        slot: '0000:00:1f.6',
        class: '0200',
        className: 'Ethernet controller',
        id: '8086:1a1c',
        text: 'Intel Corporation Ethernet Connection (17) I219-LM',
        driver: 'e1000e',
      },
      ...(gpu ? [gpuFunction(null), { ...audio }] : []),
    ],
    kernel: {
      release,
      available: {
        ...(driver === null
          ? {}
          : {
              nvidia: nv([], 104_144_896, 'nvidia'),
              nvidia_uvm: nv(['nvidia'], 4_096_000, 'nvidia-uvm'),
              nvidia_modeset: nv(['nvidia'], 1_830_912, 'nvidia-modeset'),
              nvidia_drm: nv(['nvidia_modeset'], 139_264, 'nvidia-drm'),
            }),
        nouveau: { size: 3_100_000, needs: [], file: 'kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz' },
        e1000e: { size: 360_448, needs: [], file: 'kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz' },
        overlay: { size: 217_088, needs: [], file: 'kernel/fs/overlayfs/overlay.ko.xz' },
      },
      loaded: [
        'e1000e',
        'overlay',
        ...(driver !== null && gpu ? ['nvidia', 'nvidia_modeset', 'nvidia_drm', 'nvidia_uvm'] : []),
      ],
      udev: true,
      uvmMajor: 508,
    },
    versions: {
      ...(o.toolkit === null ? {} : { toolkit: o.toolkit, cli: o.toolkit }),
      ...(o.podman ? { podman: o.podman } : {}),
      runc: atLeast(o.docker, '29.0') ? '1.4.3' : '1.1.15',
      crun: '1.21',
      containerd: atLeast(o.docker, '29.0') ? 'v2.3.4' : '1.7.24',
    },
    packages: [],
    docker: {
      version: o.docker,
      compose: '2.40.3',
      path: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
      started: null,
      images: standardImages(),
      containers: [],
    },
    podmanImages: o.podman ? standardImages().filter(i => i.repository === 'debian') : [],
    units: new Map(),
    journal: new Map(),
  };
  (world as { packages: World['packages'] }).packages = packagesOf(o, driver);
  for (const m of ['nvidia', 'nvidia_uvm', 'nvidia_modeset', 'nvidia_drm'])
    if (driver !== null) binary(fs, `/usr/lib/modules/${release}/${dkms(m.replaceAll('_', '-'))}`);
  file(
    fs,
    `/usr/lib/modules/${release}/modules.dep`,
    driver === null ? '' : 'updates/dkms/nvidia.ko.xz:\nupdates/dkms/nvidia-uvm.ko.xz: updates/dkms/nvidia.ko.xz\n',
  );
  if (world.kernel.loaded.includes('nvidia')) for (const f of world.pci) if (f.id === '10de:2705') f.driver = 'nvidia';
  makeNodes(world, true);
  showKernel(world);
  rebuild(world);
  world.units.set('containerd.service', unit('containerd.service', 'containerd container runtime', true));
  if (driver !== null)
    world.units.set(
      'nvidia-persistenced.service',
      unit('nvidia-persistenced.service', 'NVIDIA Persistence Daemon', gpu),
    );
  world.units.set('docker.socket', { ...unit('docker.socket', 'Docker Socket for the API', true), sub: 'listening' });
  world.units.set('docker.service', unit('docker.service', 'Docker Application Container Engine', false));
  if (o.toolkit !== null && atLeast(o.toolkit, '1.18.0')) {
    world.units.set(
      'nvidia-cdi-refresh.service',
      unit('nvidia-cdi-refresh.service', 'Refresh NVIDIA CDI specification file', false),
    );
    world.units.set('nvidia-cdi-refresh.path', {
      ...unit('nvidia-cdi-refresh.path', 'Trigger CDI refresh on NVIDIA driver install / uninstall events', true),
      sub: 'waiting',
    });
    if (driver !== null && gpu) startUnit(world, 'nvidia-cdi-refresh.service');
  }
  startUnit(world, 'docker.service');
  return world;
};

const packagesOf = (o: MachineOptions, driver: string | null): World['packages'] => [
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
