/** Images and containers of the demo machines. */
import type { Container, Image, Request, World } from '../world.ts';

const hex = (seed: string): string => {
  let h = 2_166_136_261;
  return Array.from({ length: 64 }, (_, i) => {
    h = Math.imul(h ^ seed.charCodeAt(i % seed.length), 16_777_619) >>> 0;
    return ((h >>> 7) & 15).toString(16);
  }).join('');
};
/** An image as it was pulled. */
export const image = (repository: string, tag: string, extra: Partial<Image> = {}): Image => ({
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
    createdAt: world.bootedAt + 60,
    state: 'running',
    startedAt: world.bootedAt + 61,
    finishedAt: 0,
    exitCode: 0,
    error: '',
    ...(labels ? { labels } : {}),
  };
  world.docker!.containers.push(c);
  return c;
};

/** The containers of an ordinary box: two with the GPU, a database without. */
export const populated = (world: World): World => {
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
