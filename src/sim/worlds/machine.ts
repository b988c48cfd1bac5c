/** A working GPU machine, from which the demo boxes are made by breaking it the way such machines break. */
import { binary, emptyFs, file } from '../fs.ts';
import { makeNodes, showKernel } from '../kernel.ts';
import { rebuild } from '../ldconfig.ts';
import { startUnit } from '../units.ts';
import { atLeast, type PciFunction, type Unit, type World } from '../world.ts';
import { standardImages } from './containers.ts';
import {
  driverVersion,
  enableRefresh,
  everyday,
  installDriver,
  installToolkit,
  packagesOf,
  release,
  sbin,
  skeleton,
  unitAt,
} from './software.ts';
import { containerdService, dockerService, dockerSocket, persistencedService } from './unit-texts.ts';

export interface MachineOptions {
  readonly name: string;
  readonly docker: string;
  /** null: no toolkit on the machine. */
  readonly toolkit: string | null;
  readonly driver?: string | null;
  readonly libDir?: string;
  readonly vm?: string;
  readonly gpu?: boolean;
  /** Two of the same model; the second is the first for the driver, as happens on boards with two root ports. */
  readonly twoCards?: boolean;
  readonly podman?: string;
  readonly daemonJson?: string;
}

const booted = Date.UTC(2026, 10, 22, 6, 0, 0) / 1000;

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

const unit = (name: string, description: string, on: boolean): Unit => unitAt(booted, name, description, on);

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
        ].flatMap(card =>
          o.twoCards
            ? [
                { ...card, minor: 1 },
                { ...card, uuid: 'GPU-2c90b7e4-6a15-4df8-8b3e-91f0d25a7c64', bus: '0000:02:00.0' },
              ]
            : [card],
        )
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
      ...(gpu && o.twoCards ? [{ ...gpuFunction(null), slot: '0000:02:00.0' }] : []),
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
  world.packages = packagesOf(o, driver);
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
    enableRefresh(world);
    if (driver !== null && gpu) startUnit(world, 'nvidia-cdi-refresh.service');
  }
  startUnit(world, 'docker.service');
  return world;
};
