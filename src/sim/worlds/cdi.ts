/** Boxes whose fault lies in CDI specs, or in CDI being off. */
import { file, remove } from '../fs.ts';
import { tick, type World } from '../world.ts';
import { request, running } from './containers.ts';
import { daemonJsonWith, machine } from './machine.ts';
import { specFor } from './specs.ts';

const withGpuContainers = (world: World): World => {
  running(
    world,
    'ollama',
    request('ollama/ollama:0.12.6', {
      devices: ['nvidia.com/gpu=all'],
      restart: 'always',
      env: ['OLLAMA_API_KEY=sk-demo-51f0c9a7e4'],
    }),
    {
      'com.docker.compose.project': 'chat',
      'com.docker.compose.project.config_files': '/srv/chat/compose.yaml',
      'com.docker.compose.service': 'ollama',
    },
  );
  file(
    world.fs,
    '/srv/chat/compose.yaml',
    'services:\n  ollama:\n    image: ollama/ollama:0.12.6\n    restart: always\n    devices:\n      - nvidia.com/gpu=all\n',
  );
  running(
    world,
    'train-42',
    request('nvidia/cuda:12.6.3-base-ubuntu24.04', { devices: ['nvidia.com/gpu=all'], command: ['sleep', 'infinity'] }),
  );
  return world;
};

const cdi26 = { features: { cdi: true } };

export const specMissing = (): World => {
  const world = machine({
    name: 'cdi-spec-missing',
    docker: '26.1.5',
    toolkit: '1.17.8',
    podman: '5.4.2',
    daemonJson: daemonJsonWith({ ...cdi26, 'live-restore': true }),
  });
  tick(world, 3600);
  return withGpuContainers(world);
};

export const specStale = (): World => {
  const world = machine({
    name: 'cdi-spec-stale',
    docker: '26.1.5',
    toolkit: '1.17.8',
    podman: '5.4.2',
    daemonJson: daemonJsonWith(cdi26),
  });
  tick(world, -86_400);
  file(world.fs, '/etc/cdi/nvidia.yaml', specFor(world, '1.17.8', '550.163.01'));
  tick(world, 90_000);
  return withGpuContainers(world);
};

export const cdiOff = (): World => {
  const world = machine({
    name: 'cdi-off',
    docker: '26.1.5',
    toolkit: '1.17.8',
    podman: '5.4.2',
    daemonJson: daemonJsonWith({ features: { buildkit: true, cdi: false } }),
  });
  file(world.fs, '/etc/cdi/nvidia.yaml', specFor(world, '1.17.8'));
  tick(world, 3600);
  running(
    world,
    'db',
    request('postgres:17', { restart: 'unless-stopped', env: ['POSTGRES_PASSWORD=correct-horse-battery'] }),
  );
  running(
    world,
    'train-42',
    request('nvidia/cuda:12.6.3-base-ubuntu24.04', { gpus: 'all', command: ['sleep', 'infinity'] }),
  );
  return world;
};

export const specConflict = (): World => {
  const world = machine({ name: 'spec-conflict', docker: '29.7.2', toolkit: '1.20.0', podman: '5.4.2' });
  const content = specFor(world, '1.20.0');
  remove(world.fs, '/run/cdi/nvidia.yaml');
  file(world.fs, '/etc/cdi/nvidia.yaml', content);
  tick(world, 3600);
  file(world.fs, '/etc/cdi/nvidia-old.yaml', content);
  return withGpuContainers(world);
};
