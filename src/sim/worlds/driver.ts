/** Boxes whose fault lies in the driver: modules, nodes, libraries. */

import { file, remove, text } from '../fs.ts';
import { modprobe } from '../kernel.ts';
import { rebuild } from '../ldconfig.ts';
import { configPath } from '../toolkit-config.ts';
import { stopUnit } from '../units.ts';
import { tick, type World } from '../world.ts';
import { request, running } from './containers.ts';
import { machine } from './machine.ts';
import { writeSpec } from './specs.ts';

export const nvmlMissingCache = (): World => {
  const world = machine({ name: 'nvml-missing-cache', docker: '26.1.5', toolkit: '1.17.8', libDir: '/opt/nvidia/lib' });
  rebuild(world);
  tick(world, 3600);
  file(world.fs, '/etc/ld.so.conf.d/nvidia.conf', '/opt/nvidia/lib\n');
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};

export const moduleNotLoaded = (): World => {
  const world = machine({ name: 'module-not-loaded', docker: '26.1.5', toolkit: '1.17.8' });
  tick(world, 3600);
  stopUnit(world, 'nvidia-persistenced.service');
  remove(world.fs, '/usr/bin/nvidia-modprobe');
  const before = text(world.fs, configPath) ?? '';
  file(world.fs, configPath, before.replace('load-kmods = true', 'load-kmods = false'));
  for (const m of ['nvidia_uvm', 'nvidia_drm', 'nvidia_modeset', 'nvidia'])
    modprobe({ world, args: ['-r', m], argv: [], root: true });
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};

export const uvmMissing = (): World => {
  const world = machine({ name: 'uvm-missing', docker: '29.7.2', toolkit: '1.20.0', podman: '5.4.2' });
  writeSpec(world, '1.20.0');
  tick(world, 3600);
  remove(world.fs, '/run/cdi');
  modprobe({ world, args: ['-r', 'nvidia_uvm'], argv: [], root: true });
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};

export const driverSlow = (): World => {
  const world = machine({ name: 'driver-slow', docker: '26.1.5', toolkit: '1.17.8' });
  tick(world, 3600);
  stopUnit(world, 'nvidia-persistenced.service');
  Object.assign(world.units.get('nvidia-persistenced.service')!, { enabled: 'disabled' });
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return { ...world, slowDriver: true };
};
