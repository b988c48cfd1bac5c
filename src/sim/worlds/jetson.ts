/** Boxes that are a Jetson: a Thor on k3s as in the notes, and an Orin. */
import type { Json, Workload } from '../cluster.ts';
import { binary, file, mkdir, node } from '../fs.ts';
import { rebuild } from '../ldconfig.ts';
import { startUnit } from '../units.ts';
import { tick, type World } from '../world.ts';
import { container, env, makeK3s, plugin, workload } from './kubernetes.ts';
import { machine } from './machine.ts';

const LIBS = '/usr/lib/aarch64-linux-gnu/nvidia';
const LISTS = '/etc/nvidia-container-runtime/host-files-for-container.d';
const IMAGE = 'registry.lab.example.net/gpu-reservation:0.9';

const ubuntu = (world: World, version: string, codename: string): void => {
  const pretty = `Ubuntu ${version} LTS`;
  Object.assign(world.os, { pretty, id: 'ubuntu', version: version.slice(0, 5), codename });
  file(
    world.fs,
    '/etc/os-release',
    `PRETTY_NAME="${pretty}"\nNAME="Ubuntu"\nVERSION_ID="${version.slice(0, 5)}"\nID=ubuntu\nID_LIKE=debian\n`,
  );
};

/** Thor: an ordinary driver, and the lists of a Jetson beside it. */
const thor = (name: string, toolkit: string): World => {
  const world = machine({ name, docker: '29.7.2', toolkit, libDir: LIBS });
  const { fs } = world;
  world.arch = 'aarch64';
  Object.assign(world.gpus[0]!, {
    name: 'NVIDIA Thor',
    brand: 'NVIDIA',
    architecture: '11.0',
    memoryMiB: 125_772,
    cuda: '13.0',
  });
  ubuntu(world, '24.04.3', 'noble');
  file(fs, '/etc/nv_tegra_release', '# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64\n');
  mkdir(fs, '/proc/device-tree');
  file(fs, '/proc/device-tree/model', 'NVIDIA Jetson AGX Thor Developer Kit');
  file(fs, '/proc/meminfo', 'MemTotal:       128790528 kB\nMemFree:        97000000 kB\n');
  file(fs, '/etc/ld.so.conf.d/nvidia-tegra.conf', `${LIBS}\n`);
  rebuild(world);
  if (world.units.has('nvidia-cdi-refresh.service')) startUnit(world, 'nvidia-cdi-refresh.service');
  mkdir(fs, LISTS);
  file(fs, `${LISTS}/devices.csv`, 'dev, /dev/nvidiactl\ndev, /dev/nvidia0\ndev, /dev/nvidia-uvm\n');
  file(fs, `${LISTS}/drivers.csv`, `lib, ${LIBS}/libnvidia-ml.so.1\nlib, ${LIBS}/libcuda.so.1\n`);
  return world;
};

/** The pod of the notes: runtime class and capabilities, and no request. */
const reservation = (manager: string, kind: Workload['kind'], more: Json = {}): Workload =>
  workload(
    kind,
    'gpu-reservation',
    {
      runtimeClassName: 'nvidia',
      containers: [container('reservation', IMAGE, { env: env(['NVIDIA_DRIVER_CAPABILITIES', 'utility']) })],
      ...more,
    },
    { namespace: 'kai-resource-reservation', manager },
  );
const discovery: Workload = workload(
  'DaemonSet',
  'gpu-feature-discovery',
  { containers: [container('gfd', 'nvcr.io/nvidia/k8s-device-plugin:v0.20.0')] },
  { namespace: 'kube-system', role: 'discovery' },
);
const joined = (world: World, ...workloads: Workload[]): World => {
  makeK3s(world, {
    workloads: [plugin(), ...workloads],
    labels: { 'node-role.kubernetes.io/control-plane': 'true', 'nvidia.com/gpu.present': 'true' },
    images: { [IMAGE]: 'nvml' },
  });
  tick(world, 3600);
  return world;
};

/** Seed 3 as it is found: a pod that crashes with ERROR_LIBRARY_NOT_FOUND, and a node without two labels. */
export const jetsonK3s = (): World =>
  joined(thor('jetson-k3s', '1.20.0'), discovery, reservation('kubectl-client-side-apply', 'Deployment'));
/** The same pod, written by the scheduler itself. */
export const jetsonGenerated = (): World => joined(thor('jetson-generated', '1.20.0'), reservation('binder', 'Pod'));
/** The notes' end state: everything by mounts, and privileged. */
export const jetsonWorkaround = (): World =>
  joined(
    thor('jetson-workaround', '1.20.0'),
    reservation('kubectl-client-side-apply', 'Deployment', {
      volumes: [
        { name: 'nvidia-libs', hostPath: { path: LIBS, type: 'Directory' } },
        { name: 'dev-nvidia', hostPath: { path: '/dev', type: 'Directory' } },
      ],
      containers: [
        container('reservation', IMAGE, {
          env: env(['LD_LIBRARY_PATH', LIBS], ['NVIDIA_DRIVER_CAPABILITIES', 'utility']),
          securityContext: { privileged: true },
        }),
      ],
    }),
  );
/** A toolkit from before Thor, on a Thor. */
export const jetsonOldToolkit = (): World =>
  joined(
    thor('jetson-old-toolkit', '1.17.5'),
    workload('Deployment', 'vision', {
      runtimeClassName: 'nvidia',
      containers: [container('app', IMAGE, { env: env(['NVIDIA_VISIBLE_DEVICES', 'all']) })],
    }),
  );
/** A pod that asks for a second GPU by its number. */
export const jetsonSecondGpu = (): World =>
  joined(
    thor('jetson-second-gpu', '1.20.0'),
    workload('Deployment', 'vision', {
      runtimeClassName: 'nvidia',
      containers: [container('app', IMAGE, { env: env(['NVIDIA_VISIBLE_DEVICES', '1']) })],
    }),
  );

/** JetPack 6: no NVML of its own, and a list that somebody shortened. */
export const orin = (): World => {
  const world = machine({ name: 'jetson-orin', docker: '29.7.2', toolkit: '1.16.2', driver: null, gpu: false });
  const { fs } = world;
  world.arch = 'aarch64';
  ubuntu(world, '22.04.5', 'jammy');
  file(fs, '/etc/nv_tegra_release', '# R36 (release), REVISION: 4.0, GCID: 37537400, BOARD: generic, EABI: aarch64\n');
  node(fs, '/dev/nvmap', 10, 120, 0o660);
  node(fs, '/dev/nvhost-gpu', 510, 1, 0o660);
  mkdir(fs, LISTS);
  file(fs, `${LISTS}/devices.csv`, 'dev, /dev/nvhost-gpu\n');
  mkdir(fs, LIBS);
  binary(fs, `${LIBS}/libcuda.so.1.1`);
  file(fs, `${LISTS}/drivers.csv`, `lib, ${LIBS}/libcuda.so.1.1\n`);
  return world;
};
