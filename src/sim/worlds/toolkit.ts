/** Boxes whose fault lies in the toolkit or its configuration. */

import { file, mkdir, text } from '../fs.ts';
import { configPath } from '../toolkit-config.ts';
import { tick, type World } from '../world.ts';
import { request, running } from './containers.ts';
import { daemonJsonWith, machine } from './machine.ts';
import { writeSpec } from './specs.ts';

/** Changes the toolkit's configuration a while after the machine came up. */
const edit = (world: World, from: string, to: string): void => {
  tick(world, 3600);
  const before = text(world.fs, configPath) ?? '';
  file(world.fs, configPath, before.replace(from, to));
};

export const ldconfigReal = (daemon: Readonly<Record<string, unknown>> = {}): World => {
  const world = machine({
    name: 'ldconfig-real',
    docker: '26.1.5',
    toolkit: '1.14.6',
    daemonJson: daemonJsonWith(daemon),
  });
  edit(world, 'ldconfig = "@/sbin/ldconfig"', 'ldconfig = "@/sbin/ldconfig.real"');
  running(
    world,
    'db',
    request('postgres:17', { restart: 'unless-stopped', env: ['POSTGRES_PASSWORD=correct-horse-battery'] }),
  );
  return world;
};

export const nvmlMissingRoot = (): World => {
  const world = machine({ name: 'nvml-missing-root', docker: '26.1.5', toolkit: '1.17.8' });
  edit(world, '#root = "/run/nvidia/driver"', 'root = "/run/nvidia/driver"');
  mkdir(world.fs, '/run/nvidia/driver');
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};

export const cdiModeGpus = (): World => {
  const world = machine({
    name: 'cdi-mode-gpus',
    docker: '26.1.5',
    toolkit: '1.17.8',
    daemonJson: daemonJsonWith({ features: { cdi: true } }),
  });
  writeSpec(world, '1.17.8');
  edit(world, 'mode = "auto"', 'mode = "cdi"');
  running(
    world,
    'ollama',
    request('ollama/ollama:0.12.6', { gpus: 'all', restart: 'always', env: ['OLLAMA_API_KEY=sk-demo-51f0c9a7e4'] }),
  );
  return world;
};

export const toolkitMissing = (): World => {
  const world = machine({ name: 'toolkit-missing', docker: '29.7.2', toolkit: null });
  running(world, 'db', request('postgres:17', { restart: 'unless-stopped' }));
  return world;
};
