/** Boxes whose trouble lies around the card: kept out, joined, divided, asleep, closed, or inside another machine. */
import { file, lget, names, node, remove, text } from '../fs.ts';
import { modprobe, nvidiaModprobe, printk, showKernel } from '../kernel.ts';
import { configPath } from '../toolkit-config.ts';
import { stopUnit } from '../units.ts';
import { type Gpu, tick, type World } from '../world.ts';
import { request, running } from './containers.ts';
import { machine } from './machine.ts';
import { writeSpec } from './specs.ts';

const cards = (world: World, change: (gpu: Gpu) => Partial<Gpu>): void => {
  (world as { gpus: readonly Gpu[] }).gpus = world.gpus.map(g => ({ ...g, ...change(g) }));
  showKernel(world);
};
const unload = (world: World): void => {
  stopUnit(world, 'nvidia-persistenced.service');
  for (const m of ['nvidia_uvm', 'nvidia_drm', 'nvidia_modeset', 'nvidia'])
    modprobe({ world, args: ['-r', m], argv: [], root: true });
};

export const moduleBlocked = (): World => {
  const world = machine({ name: 'module-blocked', docker: '26.1.5', toolkit: '1.17.8' });
  tick(world, 3600);
  file(world.fs, '/etc/modprobe.d/no-gpu.conf', '# the GPU is lent to nobody this week\ninstall nvidia /bin/false\n');
  unload(world);
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};

export const secureBoot = (): World => {
  const world = machine({ name: 'secure-boot', docker: '26.1.5', toolkit: '1.17.8' });
  tick(world, 3600);
  unload(world);
  remove(world.fs, '/usr/bin/nvidia-modprobe');
  file(world.fs, '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c', '\x06\0\0\0\x01');
  file(world.fs, '/sys/kernel/security/lockdown', 'none [integrity] confidentiality\n');
  printk(world, 'Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7');
  return world;
};

const fabricManager = `[Unit]
Description=NVIDIA fabric manager service
After=network-online.target

[Service]
Type=forking
ExecStart=/usr/bin/nv-fabricmanager -c /usr/share/nvidia/nvswitch/fabricmanager.cfg

[Install]
WantedBy=multi-user.target
`;

export const fabricDown = (): World => {
  const world = machine({ name: 'fabric-down', docker: '29.7.2', toolkit: '1.20.0' });
  (world.pci as unknown[]).push({
    slot: '0000:c4:00.0',
    class: '0680',
    className: 'Bridge',
    id: '10de:22a3',
    text: 'NVIDIA Corporation GH100 [H100 NVSwitch]',
    revision: 'a1',
    driver: 'nvidia-nvswitch',
  });
  file(world.fs, '/usr/lib/systemd/system/nvidia-fabricmanager.service', fabricManager);
  showKernel(world);
  tick(world, 3600);
  return world;
};

const MIG = [
  { gi: 1, ci: 0, uuid: 'MIG-5c6a1f0e-0f4b-5d2c-8a0e-6f1b7f3c2d11', profile: '3g.20gb' },
  { gi: 2, ci: 0, uuid: 'MIG-9b1d4a77-52e0-5f0c-9c55-1e3c0b7a8d22', profile: '3g.20gb' },
];
const capsFor = (world: World, parts: NonNullable<Gpu['mig']>): void => {
  for (const m of parts)
    for (const at of ['', `/ci${m.ci}`])
      nvidiaModprobe({
        world,
        args: ['-f', `/proc/driver/nvidia/capabilities/gpu0/mig/gi${m.gi}${at}/access`],
        argv: [],
        root: true,
      });
};

const OLD_MIG = [{ gi: 7, ci: 0, uuid: 'MIG-0d1d2a55-7c1e-5b8a-9d0f-2f5a6b7c8d33', profile: '1g.5gb' }];

/** The card was divided anew after the spec was made: nodes that it names are gone. */
export const migDivided = (): World => {
  const world = machine({ name: 'mig-divided', docker: '29.7.2', toolkit: '1.20.0' });
  stopUnit(world, 'nvidia-cdi-refresh.path');
  remove(world.fs, '/run/cdi');
  cards(world, () => ({ mig: OLD_MIG }));
  capsFor(world, OLD_MIG);
  writeSpec(world, '1.20.0');
  tick(world, 3600);
  for (const n of names(world.fs, '/dev/nvidia-caps') ?? []) remove(world.fs, `/dev/nvidia-caps/${n}`);
  cards(world, () => ({ mig: MIG }));
  capsFor(world, MIG);
  return world;
};

export const migWithoutNodes = (): World => {
  const world = machine({ name: 'mig-without-nodes', docker: '26.1.5', toolkit: '1.17.8' });
  cards(world, () => ({ mig: MIG }));
  tick(world, 3600);
  return world;
};

/** One instance, in order. */
export const migOneInstance = (): World => {
  const world = machine({ name: 'mig-one-instance', docker: '26.1.5', toolkit: '1.17.8' });
  cards(world, () => ({ mig: MIG.slice(0, 1) }));
  capsFor(world, MIG.slice(0, 1));
  return world;
};

export const migEmpty = (): World => {
  const world = machine({ name: 'mig-empty', docker: '26.1.5', toolkit: '1.17.8' });
  cards(world, () => ({ mig: [] }));
  return world;
};

/** It slept since nvidia_uvm was loaded. */
export const afterSleep = (): World => {
  const world = machine({ name: 'after-sleep', docker: '26.1.5', toolkit: '1.17.8' });
  tick(world, 3600);
  printk(world, 'PM: suspend entry (deep)', 'PM: suspend exit');
  tick(world, 60);
  return world;
};

export const closedNodes = (): World => {
  const world = machine({ name: 'closed-nodes', docker: '26.1.5', toolkit: '1.17.8' });
  for (const n of ['nvidiactl', 'nvidia0', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-modeset']) {
    const entry = lget(world.fs, `/dev/${n}`);
    if (entry) Object.assign(entry, { mode: 0o660, gid: 44 });
  }
  return world;
};

/** /dev/nvidia-uvm was kept from an earlier boot, in which the module had another number. */
export const uvmOfLastBoot = (): World => {
  const world = machine({ name: 'uvm-of-last-boot', docker: '26.1.5', toolkit: '1.17.8' });
  remove(world.fs, '/dev/nvidia-uvm');
  node(world.fs, '/dev/nvidia-uvm', 236, 0);
  tick(world, 3600);
  return world;
};

/** Seed 2: a KVM guest with two cards of its own, and a project whose services do not ask for them. */
export const guestWithProject = (): World => {
  const world = machine({ name: 'vm-compose', docker: '29.7.2', toolkit: '1.20.0', vm: 'kvm', twoCards: true });
  const at = '/srv/ai/docker-compose.yml';
  file(world.fs, '/sys/class/dmi/id/sys_vendor', 'QEMU\n');
  file(
    world.fs,
    at,
    'services:\n  ai-brain:\n    image: debian:trixie\n    command: [sleep, infinity]\n  db:\n    image: postgres:17\n  worker:\n    image: debian:trixie\n    command: [sleep, infinity]\n',
  );
  const labels = (service: string) => ({
    'com.docker.compose.project': 'ai',
    'com.docker.compose.service': service,
    'com.docker.compose.project.config_files': at,
  });
  running(world, 'ai-ai-brain-1', request('debian:trixie', { command: ['sleep', 'infinity'] }), labels('ai-brain'));
  running(world, 'ai-db-1', request('postgres:17', { restart: 'unless-stopped' }), labels('db'));
  running(world, 'ai-worker-1', request('debian:trixie', { command: ['sleep', 'infinity'] }), labels('worker'));
  tick(world, 3600);
  return world;
};

/** An engine inside an unprivileged LXC container. */
export const insideLxc = (): World => {
  const world = machine({ name: 'inside-lxc', docker: '26.1.5', toolkit: '1.17.8' });
  (world as { virt: World['virt'] }).virt = { vm: 'none', container: 'lxc' };
  file(world.fs, '/proc/self/uid_map', '         0     100000      65536\n');
  file(world.fs, configPath, text(world.fs, configPath) ?? '');
  return world;
};

/** Docker as an ordinary user, asked with --gpus. */
export const rootlessEngine = (): World => {
  const world = machine({ name: 'rootless-engine', docker: '28.5.1', toolkit: '1.17.8' });
  writeSpec(world, '1.17.8');
  return { ...world, docker: { ...world.docker!, rootless: true } };
};
