/** Project files with one fault each: every mend is applied by plan, the files are read again, and it is taken back. */
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
import { type FileFinding, filesFindings, planFor } from '../src/files/index.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { undoSession } from '../src/plan/undo.ts';
import { file, text } from '../src/sim/fs.ts';
import { simBox } from '../src/sim/index.ts';
import type { Image, World } from '../src/sim/world.ts';
import { rootlessEngine } from '../src/sim/worlds/card.ts';
import { image } from '../src/sim/worlds/containers.ts';
import { healthyNew, healthyOld } from '../src/sim/worlds/healthy.ts';
import { orin } from '../src/sim/worlds/jetson.ts';
import { machine } from '../src/sim/worlds/machine.ts';
import { root, textOf } from './fix-boxes.ts';

const FOLDER = '/srv/p';

interface Project {
  /** What the files show on this box. */
  readonly finding: string;
  readonly files: Readonly<Record<string, string>>;
  readonly world?: () => World;
  /** What a container of it showed. */
  readonly shown?: string;
}

const withCompose = (compose: string) => (): World => {
  const world = healthyNew();
  return { ...world, docker: { ...world.docker!, compose } };
};
const service = (...lines: readonly string[]): Readonly<Record<string, string>> => ({
  'compose.yml': `# ours\nservices:\n  web:\n    image: nginx\n  a: # the one\n    image: acme/a\n${lines.map(l => `    ${l}\n`).join('')}`,
});
const pod = (...lines: readonly string[]): Readonly<Record<string, string>> => ({
  'pod.yaml': `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n${lines.map(l => `  ${l}\n`).join('')}`,
});

/** A machine with these images beside the ordinary ones. */
const withImages = (world: World, ...images: readonly Image[]): World => {
  world.docker!.images.push(...images);
  return world;
};
const sound = (...images: readonly Image[]): World => withImages(healthyNew(), ...images);
export const cuda = (version: string): Image =>
  image('nvidia/cuda', `${version}-base-ubuntu24.04`, {
    env: [
      'NVIDIA_VISIBLE_DEVICES=all',
      `CUDA_VERSION=${version}`,
      `NVIDIA_REQUIRE_CUDA=cuda>=${version.split('.').slice(0, 2).join('.')}`,
    ],
  });
export const l4t = (tag: string): Image =>
  image('dustynv/l4t-pytorch', tag, { architecture: 'arm64', env: ['NVIDIA_VISIBLE_DEVICES=all'] });
/** A machine with the driver before CUDA 13. */
export const driver570 = (docker: string, toolkit: string): World => {
  const world = machine({ name: 'driver-570', docker, toolkit, driver: '570.86.15' });
  return { ...world, gpus: world.gpus.map(g => ({ ...g, cuda: '12.8' })) };
};
const with570 = (...images: readonly Image[]): World => {
  const world = driver570('29.7.2', '1.20.0');
  world.docker!.images = [...images];
  return world;
};
const card = (name: string, architecture: string): World => {
  const world = healthyNew();
  return { ...world, gpus: world.gpus.map(g => ({ ...g, name, architecture })) };
};

export const projects: Readonly<Record<string, Project>> = {
  'CUDA_VISIBLE_DEVICES counts as the host does': {
    finding: 'cuda-visible-devices-wrong',
    files: service(
      'environment:',
      '  CUDA_VISIBLE_DEVICES: "1" # card two',
      '  OTHER: x',
      'devices: ["nvidia.com/gpu=0"]',
    ),
  },
  'the nvidia runtime without the variable': {
    finding: 'visible-devices-unset',
    files: {
      'compose.yml':
        'services:\n  a:\n    image: debian:trixie\n    runtime: nvidia\n    environment:\n      - FOO=1\n',
    },
  },
  'a capability that nobody knows': {
    finding: 'driver-capabilities-unsupported',
    files: service(
      'runtime: nvidia',
      'environment:',
      '  - NVIDIA_VISIBLE_DEVICES=all',
      '  - NVIDIA_DRIVER_CAPABILITIES=compute,gpu',
    ),
  },
  'a capability that is needed and left out': {
    finding: 'driver-capabilities-missing',
    files: service(
      'runtime: nvidia',
      'environment:',
      '  NVIDIA_VISIBLE_DEVICES: all',
      '  NVIDIA_DRIVER_CAPABILITIES: utility',
    ),
    world: healthyOld,
  },
  'a path to the stubs': {
    finding: 'image-stub-libcuda',
    files: service(
      'devices: [nvidia.com/gpu=all]',
      'environment:',
      '  - LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs:/opt/lib',
    ),
  },
  'a path to the compat libraries': {
    finding: 'cuda-compat-conflict',
    files: service('devices: [nvidia.com/gpu=all]', 'environment:', '  LD_LIBRARY_PATH: /usr/local/cuda/compat'),
  },
  'requests by variable, which this machine does not accept': {
    finding: 'visible-devices-ignored-unprivileged',
    files: service('runtime: nvidia', 'environment: [NVIDIA_VISIBLE_DEVICES=all]'),
    world: () => {
      const world = healthyNew();
      const at = '/etc/nvidia-container-runtime/config.toml';
      const now = text(world.fs, at) ?? '';
      const key = 'accept-nvidia-visible-devices-envvar-when-unprivileged';
      file(world.fs, at, now.replace(`#${key} = true`, `${key} = false`));
      return world;
    },
  },
  'a CDI name of a card that is not there': {
    finding: 'cdi-device-name-unresolvable',
    files: service('devices:', '  - nvidia.com/gpu=3'),
  },
  'a card number that is not there': {
    finding: 'visible-devices-unknown',
    files: service(
      'deploy: {resources: {reservations: {devices: [{driver: nvidia, device_ids: ["7"], capabilities: [gpu]}]}}}',
    ),
  },
  'the variable without the runtime': {
    finding: 'compose-service-without-gpu-request',
    files: service('environment: [NVIDIA_VISIBLE_DEVICES=all]'),
  },
  'a reservation on a Jetson': {
    finding: 'tegra-gpus-flag',
    files: service(
      'deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}',
    ),
    world: orin,
  },
  'a reservation for a rootless engine': {
    finding: 'rootless-cgroup-denied',
    files: service(
      'deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}',
    ),
    world: rootlessEngine,
  },
  'two requests and a privilege': {
    finding: 'compose-stacked-mechanisms',
    files: service(
      'runtime: nvidia',
      'environment:',
      '  NVIDIA_VISIBLE_DEVICES: all',
      'devices:',
      '  - nvidia.com/gpu=all',
      'privileged: true',
    ),
  },
  'a mounted file of a driver that is gone': {
    finding: 'bind-mounted-driver-file-missing',
    files: service(
      'devices: [nvidia.com/gpu=all]',
      'volumes:',
      '  - /usr/lib/x86_64-linux-gnu/libcuda.so.550.54:/usr/lib/x86_64-linux-gnu/libcuda.so.1:ro',
      '  - ./data:/data',
    ),
  },
  'nodes by hand': {
    finding: 'over-privileged-workaround',
    files: service('privileged: true', 'devices: [/dev/nvidia0, /dev/nvidiactl]'),
  },
  'CDI names beside numbers': {
    finding: 'mixed-runtime-and-vendor-cdi',
    files: service('runtime: nvidia', 'environment: {NVIDIA_VISIBLE_DEVICES: "nvidia.com/gpu=0,0"}'),
  },
  'a request that contradicts itself': {
    finding: 'compose-device-request-invalid',
    files: service(
      'deploy:',
      '  resources:',
      '    reservations:',
      '      devices:',
      '        - driver: nvidia',
      '          count: 1',
      '          device_ids: ["0"]',
      '          capabilities: [gpu]',
    ),
  },
  'Compose 2.26 and a CDI name': {
    finding: 'compose-cdi-syntax-too-new',
    files: service('devices:', '  - nvidia.com/gpu=all'),
    world: withCompose('2.26.1'),
  },
  'Compose 1.27 and a reservation': {
    finding: 'compose-legacy-schema',
    files: service(
      'deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}',
    ),
    world: withCompose('1.27.4'),
  },
  'a package that is never copied': {
    finding: 'image-app-module-missing',
    files: {
      Dockerfile: 'FROM python:3.12\nWORKDIR /app\nCOPY main /app/main\nCMD ["python", "-m", "worker.run"]\n',
      'main/__init__.py': '',
      'worker/__init__.py': '',
      'worker/run.py': '',
    },
  },
  'packages of a driver in the image': {
    finding: 'image-bundles-driver-libs',
    files: {
      Dockerfile:
        'FROM ubuntu:24.04 # ours\nRUN apt-get update && apt-get install -y \\\n    curl \\\n    nvidia-utils-550 \\\n    libnvidia-compute-550=550.54.15-0ubuntu1 \\\n    git\nCMD ["sh"]\n',
    },
  },
  'a test of the GPU in the build': {
    finding: 'docker-build-no-gpu',
    files: {
      Dockerfile: 'FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN apt-get update \\\n && nvidia-smi\nCMD ["sh"]\n',
    },
  },
  'wheels without CUDA for a service with a GPU': {
    finding: 'image-cpu-only-framework',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    devices: [nvidia.com/gpu=all]\n',
      Dockerfile:
        'FROM python:3.12-slim\nRUN pip install --no-cache-dir torch==2.9.0+cpu numpy --index-url https://download.pytorch.org/whl/cpu\nCMD ["python", "-c", "1"]\n',
    },
  },
  'a base image without the CUDA runtime': {
    finding: 'image-libcudart-missing',
    shown: 'image-libcudart-missing',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    devices: [nvidia.com/gpu=all]\n',
      Dockerfile: 'FROM nvidia/cuda:12.4.1-base-ubuntu22.04 AS app\nCOPY . /app\nCMD ["/app/run"]\n',
    },
  },
  'an image for a newer CUDA, and an older one that is here': {
    finding: 'cuda-requirement-unsatisfied',
    files: {
      'compose.yml': `services:\n  a:\n    image: nvidia/cuda:13.0.3-base-ubuntu24.04 # newest\n    runtime: nvidia\n`,
    },
    world: () => with570(cuda('13.0.3'), cuda('12.8.1')),
  },
  'an image for a newer CUDA, and none beside it': {
    finding: 'cuda-requirement-unsatisfied',
    files: {
      'compose.yml': `services:\n  a:\n    image: nvidia/cuda:13.0.3-base-ubuntu24.04\n    gpus: all\n`,
    },
    world: () => with570(cuda('13.0.3')),
  },
  'a build on an image for a newer CUDA': {
    finding: 'cuda-requirement-unsatisfied',
    shown: 'cuda-requirement-unsatisfied',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile: 'FROM nvidia/cuda:13.0.3-cudnn-runtime-ubuntu22.04 AS app\nCOPY . /app\nCMD ["/app/run"]\n',
    },
    world: () => with570(),
  },
  'an image for another processor, and one for this': {
    finding: 'image-platform-mismatch',
    files: { 'compose.yml': 'services:\n  a:\n    image: acme/edge:1\n    gpus: all\n' },
    world: () => sound(image('acme/edge', '1', { architecture: 'arm64' }), image('acme/edge', '1-amd64')),
  },
  'a platform that this machine is not': {
    finding: 'image-platform-mismatch',
    files: {
      'compose.yml':
        'services:\n  a:\n    image: acme/edge:1\n    platform: "linux/arm64" # from the Mac\n    gpus: all\n',
    },
  },
  'a build for a platform that this machine is not': {
    finding: 'image-platform-mismatch',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile: 'FROM --platform=linux/arm64 debian:trixie\nCMD ["sleep", "9"]\n',
    },
  },
  'a service on Alpine': {
    finding: 'image-nvidia-smi-not-found',
    files: { 'compose.yml': 'services:\n  a:\n    image: python:3.12-alpine3.20\n    gpus: all\n' },
  },
  'a build on Alpine': {
    finding: 'image-nvidia-smi-not-found',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile: 'FROM node:22-alpine\nWORKDIR /app\nCOPY . .\nCMD ["node", "main.js"]\n',
    },
  },
  'wheels for older cards': {
    finding: 'image-arch-not-compiled',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile:
        'FROM python:3.12-slim\nRUN pip install --no-cache-dir torch==2.4.1 torchvision==0.19.1 \\\n      --index-url https://download.pytorch.org/whl/cu121 \\\n && pip install numpy\nCMD ["python", "-c", "1"]\n',
    },
    world: () => card('NVIDIA GeForce RTX 5090', '12.0'),
  },
  'wheels for newer cards': {
    finding: 'image-arch-not-compiled',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile: 'FROM python:3.12-slim\nRUN pip install torch==2.8.0 numpy\nCMD ["python", "-c", "1"]\n',
    },
    world: () => card('NVIDIA GeForce GTX 1080 Ti', '6.1'),
  },
  'requirements for older cards': {
    finding: 'image-arch-not-compiled',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile:
        'FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\nCMD ["python", "-c", "1"]\n',
      'requirements.txt':
        '--extra-index-url https://download.pytorch.org/whl/cu121\n# torch==2.0.0 was too old\ntorch==2.4.1+cu121\ntorchvision==0.19.1+cu121 ; python_version >= "3.10"\nnumpy<2\n',
    },
    world: () => card('NVIDIA GeForce RTX 5090', '12.0'),
  },
  'requirements without CUDA': {
    finding: 'image-cpu-only-framework',
    files: {
      'compose.yml': 'services:\n  a:\n    build: {context: app, dockerfile: Dockerfile}\n    gpus: all\n',
      'app/Dockerfile':
        'FROM python:3.12-slim\nCOPY deps/ /tmp/deps/\nRUN pip install -r /tmp/deps/base.txt\nCMD ["python", "-c", "1"]\n',
      'app/deps/base.txt': 'numpy\n--index-url https://download.pytorch.org/whl/cpu\ntorch==2.9.0+cpu\n',
    },
  },
  'an image of PyTorch for older cards': {
    finding: 'image-arch-not-compiled',
    files: {
      'compose.yml': 'services:\n  a:\n    image: pytorch/pytorch:2.4.1-cuda12.1-cudnn9-runtime\n    gpus: all\n',
    },
    world: () => card('NVIDIA GeForce RTX 5090', '12.0'),
  },
  'an image of the release before, on a Jetson': {
    finding: 'tegra-image-mismatch',
    files: { 'compose.yml': 'services:\n  a:\n    image: dustynv/l4t-pytorch:r35.4.1\n    runtime: nvidia\n' },
    world: () => withImages(orin(), l4t('r35.4.1'), l4t('r36.4.0')),
  },
  'a pod with a limit and no class': {
    finding: 'k8s-pod-not-using-nvidia-runtime',
    files: pod(
      'containers:',
      '  - name: a',
      '    image: acme/a',
      '    resources:',
      '      limits:',
      '        nvidia.com/gpu: 1',
    ),
  },
};

export interface Mended {
  readonly finding: FileFinding | undefined;
  /** Titles of the mends that were applied, proven and undone. */
  readonly proven: readonly string[];
  readonly trouble: readonly string[];
}

const same = (a: FileFinding, b: FileFinding): boolean =>
  a.id === b.id && a.subject === b.subject && a.message === b.message;

const boxOf = async (p: Project): Promise<Box> => {
  const box = simBox(p.world?.() ?? healthyNew());
  for (const path of Object.keys(p.files)) {
    const at = `${FOLDER}/${path}`;
    await box.run({ argv: ['mkdir', '-p', at.slice(0, at.lastIndexOf('/'))], root: true, changes: true });
    await box.write(at, p.files[path]!, root);
  }
  return box;
};

const look = async (box: Box, p: Project): Promise<readonly FileFinding[]> =>
  (
    await filesFindings(box, await checkBox(box), {
      folders: [FOLDER],
      engine: false,
      ...(p.shown && { shown: { id: p.shown, service: 'a' } }),
    })
  ).findings;

/** Applies each mend of the finding on a box of its own. */
export const mend = async (p: Project): Promise<Mended> => {
  const first = await look(await boxOf(p), p);
  const finding = first.find(f => f.id === p.finding);
  const proven: string[] = [];
  const trouble: string[] = [];
  for (const one of finding?.mends ?? []) {
    const box = await boxOf(p);
    const store = memoryStore();
    const applied = await applyPlan(box, planFor(finding!, one), journalIn(store));
    if (applied.kind !== 'applied') {
      trouble.push(`${one.title}: ${JSON.stringify(applied)}`);
      continue;
    }
    const left = await look(box, p);
    const fresh = left.filter(f => f.severity === 'fault' && !first.some(x => same(x, f)));
    if (left.some(f => same(f, finding!))) trouble.push(`${one.title} does not mend it`);
    if (fresh.length > 0) trouble.push(`${one.title} breaks something: ${fresh.map(f => f.id).join(', ')}`);
    const undone = await undoSession(box, store, applied.session);
    if (undone.kind !== 'undone') trouble.push(`${one.title}: ${JSON.stringify(undone)}`);
    for (const [path, text] of Object.entries(p.files))
      if ((await textOf(box, `${FOLDER}/${path}`)) !== text) trouble.push(`${one.title}: ${path} is not what it was`);
    if (trouble.length === 0) proven.push(one.title);
  }
  return { finding, proven, trouble };
};
