/** Boxes on which the machine is sound and one container, image or unit is not. */
import { binary, file } from '../fs.ts';
import type { Container, Image, Request, World } from '../world.ts';
import { request, running } from './containers.ts';
import { healthyNew, healthyOld } from './healthy.ts';
import { machine } from './machine.ts';
import { seedGenerateService, seedSetupService } from './unit-texts.ts';

const LIBS = '/usr/lib/x86_64-linux-gnu';

const image = (repository: string, extra: Partial<Image>): Image => ({
  repository,
  tag: 'latest',
  id: `5a${Array.from(repository, c => c.charCodeAt(0).toString(16)).join('')}`.padEnd(64, '0').slice(0, 64),
  env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
  programs: ['sh', 'ls', 'true', 'python3', 'sleep'],
  glibc: true,
  command: ['sleep', 'infinity'],
  ...extra,
});
const named = (world: World, name: string): World => ({ ...world, name });
/** A sound machine with one image and one container from it. */
const withOne = (
  world: World,
  name: string,
  img: Image,
  asked: Partial<Request>,
  labels?: Readonly<Record<string, string>>,
): { readonly world: World; readonly container: Container } => {
  world.docker!.images.push(img);
  const container = running(world, name, request(`${img.repository}:${img.tag}`, asked), labels);
  return { world, container };
};

/** Seed 0, Fix 4: the package that the start command names was never copied into the image. */
export const appModule = (): World => {
  const { world, container } = withOne(
    named(healthyOld(), 'app-module-missing'),
    'expert-worker',
    image('acme/expert-worker', { workdir: '/srv', files: { '/srv': ['app', 'moe_router'] } }),
    { gpus: 'all', command: ['python3', '-m', 'expert_worker.main'] },
  );
  container.state = 'exited';
  container.exitCode = 1;
  container.finishedAt = container.startedAt + 1;
  container.log =
    "/usr/bin/python3: Error while finding module specification for 'expert_worker.main' (ModuleNotFoundError: No module named 'expert_worker')\n";
  return world;
};

export const bundled = (): World =>
  withOne(
    named(healthyOld(), 'image-bundles-driver'),
    'render',
    image('acme/render', { driverFiles: [`${LIBS}/libcuda.so.1`, `${LIBS}/libnvidia-ml.so.1`] }),
    { gpus: 'all' },
  ).world;

/** A legacy container after systemd applied its device rules again. */
export const lostDevices = (): World => {
  const world = named(healthyOld(), 'container-lost-gpu');
  world.docker!.containers.find(c => c.name === 'train-42')!.lostDevices = true;
  return world;
};

/** A container of the boot that was up before anything had made the node that CUDA needs. */
export const early = (): World => {
  const world = named(healthyOld(), 'container-too-early');
  world.docker!.containers.find(c => c.name === 'train-42')!.startedBefore = 'nvidia-uvm';
  return world;
};

/** Seed 2, section 3: everything at once, on a machine where one request would do. */
export const stacked = (): World =>
  withOne(
    named(healthyNew(), 'over-privileged'),
    'ollama-vm',
    image('acme/ollama', { packages: { torch: '2.9.0+cu128' } }),
    {
      privileged: true,
      gpus: 'all',
      devices: ['/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm'],
      binds: [`${LIBS}/libcuda.so.580.126.09:${LIBS}/libcuda.so.1:ro`],
      env: ['NVIDIA_DISABLE_REQUIRE=1', `LD_LIBRARY_PATH=${LIBS}`],
      restart: 'unless-stopped',
    },
  ).world;

/** A Compose service whose override with the request was not given. */
export const noRequest = (): World =>
  withOne(
    named(healthyNew(), 'service-without-request'),
    'shop-embeddings-1',
    image('acme/embeddings', { packages: { torch: '2.9.0+cu128' } }),
    { restart: 'unless-stopped' },
    {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'embeddings',
      'com.docker.compose.project.config_files': '/srv/shop/docker-compose.yml',
    },
  ).world;

export const unset = (): World =>
  withOne(named(healthyOld(), 'visible-devices-unset'), 'jobs', image('acme/jobs', {}), {
    runtime: 'nvidia',
    env: ['NVIDIA_DRIVER_CAPABILITIES=compute,utility'],
  }).world;

export const hidden = (): World =>
  withOne(named(healthyNew(), 'gpu-hidden-by-variable'), 'infer', image('acme/infer', {}), {
    gpus: 'all',
    env: ['CUDA_VISIBLE_DEVICES=2'],
  }).world;

export const cpuOnly = (): World =>
  withOne(
    named(healthyNew(), 'cpu-only-framework'),
    'trainer',
    image('acme/trainer', { packages: { torch: '2.9.0+cpu' } }),
    { gpus: 'all' },
  ).world;

export const stubs = (): World =>
  withOne(named(healthyNew(), 'stub-libcuda'), 'linker', image('acme/linker', {}), {
    gpus: 'all',
    env: ['LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs'],
  }).world;

export const otherPlatform = (): World => {
  const world = named(healthyNew(), 'image-for-arm');
  world.docker!.images.push(image('acme/edge', { architecture: 'arm64' }));
  return world;
};

/** Fedora's policy before the switch for GPU nodes is on. */
export const selinux = (): World => {
  const world = named(healthyNew(), 'selinux-denied');
  file(world.fs, '/sys/fs/selinux/enforce', '1');
  file(world.fs, '/sys/fs/selinux/booleans/container_use_xserver_devices', '0 0');
  binary(world.fs, '/usr/sbin/setsebool');
  return world;
};

const unit = (world: World, name: string, text: string, enabled = true): void => {
  file(world.fs, `/etc/systemd/system/${name}`, text);
  if (!enabled) return;
  world.units.set(name, {
    name,
    description: name,
    active: 'inactive',
    sub: 'dead',
    enabled: 'enabled',
    result: 'success',
    since: world.bootedAt,
    enteredAt: world.bootedAt,
    pid: 0,
    exitStatus: 0,
    failures: 0,
  });
};

/** Seed 1 as it was written, on the toolkit of its day. */
export const seedUnits = (): World => {
  const world = machine({ name: 'seed1-units', docker: '26.1.5', toolkit: '1.17.8' });
  unit(world, 'nvidia-cdi-generate.service', seedGenerateService);
  unit(world, 'docker-nvidia-setup.service', seedSetupService);
  return world;
};

/** The same with a typing error that systemd reads over. */
export const brokenUnit = (): World => {
  const world = machine({ name: 'own-unit-broken', docker: '26.1.5', toolkit: '1.17.8' });
  unit(world, 'nvidia-cdi-generate.service', seedGenerateService.replace('Type=oneshot', 'Type=onshot'));
  return world;
};
