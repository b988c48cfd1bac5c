/** Boxes on which nothing is wrong. */
import type { World } from '../world.ts';
import { request, running } from './containers.ts';
import { machine } from './machine.ts';

const withContainers = (world: World): World => {
  running(
    world,
    'ollama',
    request('ollama/ollama:0.12.6', { gpus: 'all', restart: 'always', env: ['OLLAMA_API_KEY=sk-demo-51f0c9a7e4'] }),
  );
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

export const healthyOld = (): World =>
  withContainers(machine({ name: 'healthy-old', docker: '26.1.5', toolkit: '1.17.8' }));
export const healthyNew = (): World =>
  withContainers(machine({ name: 'healthy-new', docker: '29.7.2', toolkit: '1.20.0', podman: '5.4.2' }));
