/** Steps for a person on a Jetson, each as commands; the privilege of each is named. */
import type { GuideStep } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import { OPERATOR_CONFIG } from '../probes/operator.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { isOperand, podsOf } from '../rules/kubernetes.ts';
import { isWorkaround, neverAsked } from '../rules/pods.ts';
import { boardOf } from '../rules/tegra.ts';
import { again, sudo } from './guides-host.ts';
import { clusterGuide, hostOf, isNode, restartOf } from './kube-make.ts';
import { byHand } from './make.ts';

const LIBS = '/usr/lib/aarch64-linux-gnu/nvidia';
const V4 = 'import ctypes;print(ctypes.CDLL("libcuda.so.1").cuInit(0))';
/** The image of the pod in question is known to the node, so the test pulls nothing. */
const imageOf = (f: Facts): string => {
  const own = podsOf(f).filter(p => !isOperand(f, p));
  const p = own.find(neverAsked) ?? own.find(isWorkaround) ?? own[0];
  return p?.containers[0]?.image ?? 'IMAGE';
};
const probePod = (
  f: Facts,
  say: string,
  spec: Readonly<Record<string, unknown>>,
  container: Readonly<Record<string, unknown>>,
): GuideStep => {
  const image = imageOf(f);
  const overrides = {
    spec: {
      nodeName: hostOf(f),
      runtimeClassName: 'nvidia',
      restartPolicy: 'Never',
      ...spec,
      containers: [{ name: 'gpu-test', image, command: ['python3', '-c', V4], ...container }],
    },
  };
  return clusterGuide(
    f,
    say,
    'run',
    'gpu-test',
    '--rm',
    '-i',
    '--restart=Never',
    `--image=${image}`,
    `--overrides=${JSON.stringify(overrides)}`,
  );
};
const capabilities = { name: 'NVIDIA_DRIVER_CAPABILITIES', value: 'compute,utility' };
const library = { name: 'LD_LIBRARY_PATH', value: LIBS };
const libMount = { name: 'libs', mountPath: LIBS, readOnly: true };
const libVolume = { name: 'libs', hostPath: { path: LIBS, type: 'Directory' } };

export const retest = byHand({
  id: 'retest-workaround',
  title: 'Find out whether the work-around is still needed',
  mends: ['over-privileged-workaround', 'tegra-no-request', 'k8s-all-gpus-leak'],
  privilege: 0,
  effect: ['E0'],
  source: 'seed 3, Tests 1 to 4, Root Cause 5 and Testing Validation, with the request that its tests left out',
  fits: f => isNode(f) && boardOf(f) !== null,
  steps: f => {
    const own = or(f.operator.toolkit, false);
    const file = own ? OPERATOR_CONFIG : CONFIG;
    const mode = (name: string) =>
      sudo(
        `Mode ${name} (root edits one file, ${file}); then repeat step 2.`,
        'nvidia-ctk',
        'config',
        `--config-file=${file}`,
        '--in-place',
        '--set',
        `nvidia-container-runtime.mode=${name}`,
      );
    return [
      probePod(
        f,
        '1. Nothing but the runtime class (no privilege). It prints cuInit; 0 is good, an OSError means no library. Without a request it must fail.',
        {},
        { env: [capabilities] },
      ),
      probePod(
        f,
        '2. With the request, which the notes never tried (no privilege). 0 here: the work-around can go, the rest of this list is only for the record.',
        {},
        {
          env: [capabilities, { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }],
        },
      ),
      probePod(
        f,
        '3. Libraries by hostPath (reads files of the host). "Driver Not Loaded" or a number other than 0: the library is there, the nodes are not.',
        { volumes: [libVolume] },
        {
          env: [capabilities, library],
          volumeMounts: [libMount],
        },
      ),
      probePod(
        f,
        '4. /dev and privileged as well (privilege 4: this pod owns the node while it runs). Only if 1 to 3 fail and this works is the work-around needed.',
        {
          volumes: [libVolume, { name: 'dev', hostPath: { path: '/dev', type: 'Directory' } }],
        },
        {
          env: [capabilities, library],
          volumeMounts: [libMount, { name: 'dev', mountPath: '/dev' }],
          securityContext: { privileged: true },
        },
      ),
      {
        say: `If step 2 failed, try the three modes. ${own ? 'The Operator’s copy reads its own file; /etc is nothing to it.' : 'Note the value that stands there now; auto is the default.'}`,
      },
      mode('csv'),
      mode('legacy'),
      mode('auto'),
      {
        say: 'If step 2 works: remove privileged first, test, then /dev, test, then the library mount and LD_LIBRARY_PATH.',
      },
      { ...again, say: 'Then run gpumedic again; it names what is left of the work-around.' },
    ];
  },
});

export const nvmapTest = byHand({
  id: 'tell-nvmap-noise',
  title: 'Tell noise from a fault with one call',
  mends: ['tegra-nvmap-noise'],
  privilege: 0,
  effect: ['E0'],
  source: '2.14 tegra-nvmap-noise; seed 3, Issue 3 (harmless for NVML only)',
  fits: f => boardOf(f) !== null,
  steps: f => [
    isNode(f)
      ? clusterGuide(
          f,
          'Call cuInit in the pod that writes the lines. 0: noise, nothing to mend.',
          'exec',
          'POD',
          '--',
          'python3',
          '-c',
          V4,
        )
      : {
          say: 'Call cuInit in the container that writes the lines. 0: noise, nothing to mend.',
          argv: ['docker', 'exec', 'CONTAINER', 'python3', '-c', V4],
        },
    { say: 'Else look at the node and at who may open it.', argv: ['ls', '-l', '/dev/nvmap'] },
    {
      say: 'Before toolkit 1.19: --group-add video with Docker, securityContext.supplementalGroups with Kubernetes (the number of group video).',
      argv: ['getent', 'group', 'video'],
    },
  ],
});

export const thorToolkit = byHand({
  id: 'upgrade-toolkit-for-thor',
  title: 'Upgrade the toolkit to 1.19 or later',
  mends: ['tegra-thor-misdetected'],
  privilege: 3,
  effect: ['E1', 'RX'],
  source: '2.14 tegra-thor-misdetected; seed 3 does not record the version',
  steps: f => [
    or(f.operator.toolkit, false)
      ? {
          say: 'The handler is the copy of the GPU Operator: set toolkit.version in its chart.',
          argv: [
            'helm',
            'upgrade',
            'gpu-operator',
            'nvidia/gpu-operator',
            '-n',
            'gpu-operator',
            '--reuse-values',
            '--set',
            'toolkit.version=v1.20.0',
          ],
        }
      : sudo(
          'Upgrade the packages of the toolkit together.',
          'apt-get',
          'install',
          '--only-upgrade',
          'nvidia-container-toolkit',
          'nvidia-container-toolkit-base',
          'libnvidia-container-tools',
          'libnvidia-container1',
        ),
    ...(f.kube.flavour === null ? [] : [sudo('Let the node read it.', ...restartOf(f))]),
    again,
  ],
});

export const l4tPackages = byHand({
  id: 'install-l4t-packages',
  title: 'Install the packages that the lists belong to',
  mends: ['tegra-csv-missing-or-empty'],
  privilege: 3,
  effect: ['E1', 'RX'],
  source: '2.14 tegra-csv-missing-or-empty (never lists of another release)',
  steps: () => [
    { say: 'Find the release of this board.', argv: ['head', '-1', '/etc/nv_tegra_release'] },
    { say: 'Find the package of a file that is missing.', argv: ['dpkg', '-S', 'PATH'] },
    sudo(
      'Install the packages of this release again; they bring files and lists.',
      'apt-get',
      'install',
      '--reinstall',
      'nvidia-l4t-init',
      'nvidia-l4t-core',
      'nvidia-l4t-cuda',
      'nvidia-l4t-3d-core',
    ),
    again,
  ],
});

export const l4tImage = byHand({
  id: 'choose-jetson-image',
  title: 'Take an image of the right family',
  mends: ['tegra-image-mismatch'],
  privilege: 1,
  effect: ['RX'],
  source: '2.14 tegra-image-mismatch',
  steps: f => [
    boardOf(f)?.thor
      ? { say: 'Thor takes ordinary CUDA images for arm64 servers (sbsa), of CUDA 13.' }
      : {
          say: `Orin needs an L4T or igpu image of its own release${boardOf(f)?.release ? `, r${boardOf(f)!.release}` : ''}.`,
        },
    { say: 'Change the tag in the manifest or the Compose file, and make the container anew.' },
    again,
  ],
});

export const askOnJetson = byHand({
  id: 'ask-on-a-jetson',
  title: 'Ask for the one GPU of a Jetson',
  mends: ['tegra-no-request', 'tegra-unsupported-request', 'tegra-gpus-flag'],
  privilege: 1,
  effect: ['RX'],
  source: '2.14 tegra-no-request; tegra-unsupported-request; 1.9 (device ids only all and 0)',
  fits: f => boardOf(f) !== null,
  steps: () => [
    {
      say: 'Docker: the runtime and the request together; all and 0 are the only names.',
      argv: ['docker', 'run', '--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=all', 'IMAGE'],
    },
    { say: 'Compose: runtime: nvidia and NVIDIA_VISIBLE_DEVICES: all in the service; no reservation.' },
    {
      say: 'Kubernetes: runtimeClassName: nvidia and the same variable in the pod; privileged and /dev are not needed.',
    },
    {
      say: 'Which names exist here?',
      argv: ['nvidia-ctk', 'cdi', 'generate', '--mode=csv', '--format=yaml'],
    },
    again,
  ],
});

export const jetsonGuides = [askOnJetson, thorToolkit, l4tPackages, l4tImage, nvmapTest, retest];
