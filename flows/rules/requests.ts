/** The five forms of asking for the GPU that are told apart. */
import type { Request, WayId } from '../../src/engine/flow.ts';

export const requests: Readonly<Record<WayId, Request>> = {
  'docker-gpus': { way: 'docker-gpus', engine: 'docker', how: 'docker run --gpus all' },
  'docker-runtime': {
    way: 'docker-runtime',
    engine: 'docker',
    how: 'docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all',
  },
  'docker-cdi': { way: 'docker-cdi', engine: 'docker', how: 'docker run --device nvidia.com/gpu=all' },
  'docker-runtime-cdi': {
    way: 'docker-runtime-cdi',
    engine: 'docker',
    how: 'docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all',
  },
  'podman-cdi': { way: 'podman-cdi', engine: 'podman', how: 'podman run --device nvidia.com/gpu=all' },
};
