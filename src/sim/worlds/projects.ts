/** Boxes on which the user's own files are what has to change. */

import { composeProject } from '../compose.ts';
import { file } from '../fs.ts';
import type { World } from '../world.ts';
import { image, populated, request, running } from './containers.ts';
import { machine } from './machine.ts';
import { writeSpec } from './specs.ts';
import { cdiModeGpus, ldconfigReal } from './toolkit.ts';

const distributed = `# Mixture of experts, one worker a card
x-logging: &logging
  logging:
    driver: json-file
    options: {max-size: 10m}

services:
  gateway:
    <<: *logging
    build: .
    command: uvicorn app.main:app --host 0.0.0.0 --port 8000
    ports:
      - "8000:8000"

  worker-0:
    <<: *logging
    build: .
    command: uvicorn expert_worker.main:app --host 0.0.0.0 --port 9000
    environment:
      - WORKER_ID=0
      - NVIDIA_VISIBLE_DEVICES=0   # the only card
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ["0"]
              capabilities: [gpu]
    depends_on:
      - gateway
`;

const dockerfile = `FROM python:3.12-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app/ ./app/
COPY moe_router/ ./moe_router/

EXPOSE 8000
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
`;

const ollama = `services:
  ollama:
    image: ollama/ollama:0.12.6
    restart: unless-stopped
    volumes:
      - ollama:/root/.ollama
    # the GPU
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 1
              capabilities: [gpu]

volumes:
  ollama:
`;

const transcriber = `services:
  transcriber:
    image: nvidia/cuda:13.0.3-base-ubuntu24.04   # bumped with the last release
    command: [sleep, infinity]
    restart: unless-stopped
    gpus: all
`;

/** A container by which the engine knows the project and its files. */
const knownBy = (world: World, name: string, project: string, path: string): void => {
  running(world, name, request('debian:trixie', { command: ['sleep', 'infinity'] }));
  const labels = {
    'com.docker.compose.project': project,
    'com.docker.compose.project.config_files': path,
    'com.docker.compose.project.working_dir': path.slice(0, path.lastIndexOf('/')),
  };
  const docker = world.docker!;
  docker.containers = docker.containers.map(c => (c.name === name ? { ...c, labels } : c));
};

/** Mode cdi, a reservation that the hook refuses, and a worker whose package the Dockerfile never copies. */
export const distributedProject = (): World => {
  const world = { ...cdiModeGpus(), name: 'project-distributed' };
  const dir = '/srv/moe';
  file(world.fs, `${dir}/docker-compose-distributed.yml`, distributed);
  file(world.fs, `${dir}/Dockerfile`, dockerfile);
  file(world.fs, `${dir}/requirements.txt`, 'fastapi\nuvicorn\n');
  for (const name of ['app', 'moe_router', 'expert_worker']) {
    file(world.fs, `${dir}/${name}/__init__.py`, '');
    file(world.fs, `${dir}/${name}/main.py`, 'app = None\n');
  }
  knownBy(world, 'moe-gateway-1', 'moe', `${dir}/docker-compose-distributed.yml`);
  return world;
};

/** The hook fails at the loader's cache, CDI works: the reservation is the part that need not stay. */
export const ollamaProject = (): World => {
  const world = { ...ldconfigReal({ features: { cdi: true } }), name: 'project-ollama' };
  writeSpec(world, '1.14.6');
  file(world.fs, '/srv/ollama/docker-compose.yml', ollama);
  knownBy(world, 'ollama-helper-1', 'ollama', '/srv/ollama/docker-compose.yml');
  return world;
};

/** An image was bumped to CUDA 13 and the driver is of the branch before; the hook refuses the start. */
export const newerCuda = (): World => {
  const base = machine({ name: 'image-newer-cuda', docker: '26.1.5', toolkit: '1.17.8', driver: '570.86.15' });
  const world = populated({ ...base, gpus: base.gpus.map(g => ({ ...g, cuda: '12.8' })) });
  const path = '/srv/voice/compose.yml';
  file(world.fs, path, transcriber);
  const cuda = (version: string) =>
    image('nvidia/cuda', `${version}-base-ubuntu24.04`, {
      env: [
        'NVIDIA_VISIBLE_DEVICES=all',
        'NVIDIA_DRIVER_CAPABILITIES=compute,utility',
        `CUDA_VERSION=${version}`,
        `NVIDIA_REQUIRE_CUDA=cuda>=${version.split('.').slice(0, 2).join('.')}`,
      ],
      programs: ['sh', 'ls', 'true', 'sleep', 'python3'],
      size: '251MB',
    });
  world.docker!.images.push(cuda('13.0.3'), cuda('12.8.1'));
  composeProject(world, ['--project-name', 'voice', '-f', path, 'up', '-d']);
  return world;
};
