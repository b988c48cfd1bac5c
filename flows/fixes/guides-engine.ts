/** Steps about the engine's side of requests; no container has to be named for them. */
import type { Fix } from '../../src/engine/fix.ts';
import { is } from './guides-host.ts';
import { byHand } from './make.ts';

export const engineGuides: readonly Fix[] = [
  byHand({
    id: 'see-why-the-spec-was-not-made',
    title: 'Let the toolkit say why it could not make its spec',
    mends: ['jit-cdi-generation-failed'],
    privilege: 0,
    effect: ['E0'],
    source: '2.7 jit-cdi-generation-failed; no spec file ever helps a runtime.nvidia.com device',
    steps: () => [
      {
        say: 'The same work with the true reason; it prints and writes nothing.',
        argv: ['sudo', 'nvidia-ctk', '--debug', 'cdi', 'generate'],
      },
      { say: 'Mend what it names (driver, library, nodes). From toolkit 1.18.2 the text of a start says it too.' },
      { say: 'Then look again.', argv: ['gpumedic', 'check'] },
    ],
  }),
  byHand({
    id: 'choose-the-injector-of-gpus',
    title: 'Mend the CDI spec, or say which injector --gpus shall take',
    mends: ['docker-29.2-gpus-behaviour-change'],
    privilege: 1,
    effect: ['RX'],
    source: '2.9 docker-29.2-gpus-behaviour-change; seed 1 calls --gpus legacy, which is no longer so',
    steps: () => [
      {
        say: 'The CDI error that made Docker fall back:',
        argv: ['journalctl', '-u', 'docker', '-g', 'Ignoring previous errors'],
      },
      {
        say: 'With CDI, for comparison:',
        argv: ['docker', 'run', '--rm', '--pull=never', '--gpus', 'all,driver=nvidia.cdi', 'IMAGE', 'nvidia-smi', '-L'],
      },
      {
        say: 'With the hook, as before 29.2:',
        argv: [
          'docker',
          'run',
          '--rm',
          '--pull=never',
          '--gpus',
          'all,driver=nvidia.runtime-hook',
          'IMAGE',
          'nvidia-smi',
          '-L',
        ],
      },
    ],
  }),
  byHand({
    id: 'build-without-a-gpu',
    title: 'Build without a GPU, or hand one to that step',
    mends: ['docker-build-no-gpu'],
    privilege: 1,
    effect: ['RX'],
    source: '2.9 docker-build-no-gpu; DOCKER_BUILDKIT=0 with a default runtime leaves driver files in images',
    steps: () => [
      {
        say: 'Compile for named generations without a GPU (TORCH_CUDA_ARCH_LIST) and link against the stubs of the CUDA toolkit.',
      },
      {
        say: 'Or RUN --device=nvidia.com/gpu=all in the Dockerfile: BuildKit 0.20, Buildx 0.22 and CDI in Docker are needed.',
      },
    ],
  }),
  byHand({
    id: 'ask-podman-by-cdi-name',
    title: 'Ask Podman by CDI name',
    mends: ['podman-gpus-noop'],
    privilege: 1,
    effect: ['RX'],
    source: '2.11 podman-gpus-noop',
    steps: () => [
      { say: 'This Podman knows it, with a spec:', argv: ['podman', 'run', '--device', 'nvidia.com/gpu=all', 'IMAGE'] },
      { say: '--gpus does something from 5.0 on; Compose through Podman and kube play know CDI from 5.4 on.' },
    ],
  }),
  byHand({
    id: 'find-newer-podman',
    title: 'Find a Podman that knows CDI (4.1 or later)',
    mends: ['podman-cdi-too-old'],
    privilege: 3,
    effect: ['RX'],
    source: '2.11 podman-cdi-too-old',
    steps: f => [
      {
        say: 'See which versions the package sources have.',
        ...(is(f, 'debian', 'ubuntu') ? { argv: ['apt-cache', 'policy', 'podman'] } : {}),
        ...(is(f, 'fedora', 'rhel') ? { argv: ['dnf', 'list', '--showduplicates', 'podman'] } : {}),
      },
      { say: 'Nothing newer there: a later release of the distribution has it, Debian from 12, Ubuntu from 24.04 on.' },
      { say: 'Until then Docker, or for this Podman the OCI hook of toolkits up to 1.14.' },
    ],
  }),
];
