/** Steps for the owner of one container or image: the request and the image are the user's own. */
import type { Fix, GuideStep } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { containerOf } from '../probes/subject.ts';
import { driverMounts, named } from '../rules/container.ts';
import { missingModule } from '../rules/log-words.ts';
import { byHand } from './make.ts';

const again = (f: Facts): GuideStep => ({
  say: 'Then look again.',
  argv: ['gpumedic', 'check', '--container', named(f)],
});
const imageOf = (f: Facts): string => containerOf(f.subjectRecord)?.image ?? f.subject?.name ?? 'IMAGE';

/** Compose recreates by service; a container made by hand is made again by the person who knows its words. */
const recreate = (f: Facts): GuideStep => {
  const c = containerOf(f.subjectRecord);
  return c !== null && c.service !== ''
    ? {
        say: 'Recreate the service; a restart keeps the old request.',
        argv: ['docker', 'compose', 'up', '-d', '--force-recreate', c.service],
      }
    : { say: 'Remove the container and run it again with the corrected words; a restart keeps the old request.' };
};
const where = (f: Facts): string => {
  const c = containerOf(f.subjectRecord);
  return c === null || c.composeFiles === '' ? 'its docker run line' : `service ${c.service} in ${c.composeFiles}`;
};

/** One request form that fits this engine, for a person to write down. */
const oneRequest = (f: Facts): readonly GuideStep[] =>
  daemonOf(f.docker)?.cdiSpecDirs.some(d => d !== '') && f.cdiSpecs.specs.length > 0
    ? [
        {
          say: `In ${where(f)} ask by CDI name; in Compose from 2.30 on: devices: ["nvidia.com/gpu=all"], before: a reservation with driver: cdi, device_ids: ["nvidia.com/gpu=all"], capabilities: [gpu].`,
          argv: ['docker', 'run', '--device', 'nvidia.com/gpu=all', imageOf(f)],
        },
      ]
    : [
        {
          say: `In ${where(f)} ask for the GPU; in Compose: a reservation with driver: nvidia, count: all, capabilities: [gpu].`,
          argv: ['docker', 'run', '--gpus', 'all', imageOf(f)],
        },
      ];

type Steps = (f: Facts) => readonly GuideStep[];

/** By failure mode: the title of the fix and its steps before "recreate" and "look again". */
const REQUESTS: Readonly<Record<string, readonly [title: string, source: string, steps: Steps]>> = {
  'compose-service-without-gpu-request': [
    'Add one GPU request to the service and recreate it',
    '2.10 compose-service-without-gpu-request',
    f => [
      {
        say: 'See what the files say for this service.',
        argv: ['docker', 'compose', 'config', containerOf(f.subjectRecord)?.service || 'SERVICE'],
      },
      ...oneRequest(f),
    ],
  ],
  'visible-devices-unset': [
    'Say which GPU: NVIDIA_VISIBLE_DEVICES',
    '2.7 visible-devices-unset; seed 3, Test 2 set the capabilities only',
    f => [
      {
        say: `In ${where(f)} add the variable; capabilities alone ask for nothing.`,
        argv: ['docker', 'run', '--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=all', imageOf(f)],
      },
    ],
  ],
  'visible-devices-unknown': [
    'Ask for a GPU that is here, best by UUID',
    '2.7 visible-devices-unknown',
    f => [
      { say: 'These are the GPUs of this machine.', argv: ['nvidia-smi', '-L'] },
      {
        say: 'Lists need inner quotes.',
        argv: ['docker', 'run', '--gpus', `"device=${f.smi.gpus[0]?.uuid || '0'}"`, imageOf(f)],
      },
    ],
  ],
  'driver-capabilities-missing': [
    'Ask for the missing part of the driver',
    '2.7 driver-capabilities-missing; seed 2 sets all, which cures nothing else',
    f => [
      {
        say: `In ${where(f)} set NVIDIA_DRIVER_CAPABILITIES=compute,utility, and video or graphics where the program needs them; or ask by CDI name, which brings everything.`,
      },
    ],
  ],
  'driver-capabilities-unsupported': [
    'Correct the word in NVIDIA_DRIVER_CAPABILITIES',
    '2.7 driver-capabilities-unsupported',
    f => [{ say: `In ${where(f)} use only compute, compat32, graphics, utility, video, display, ngx or all.` }],
  ],
  'cuda-requirement-unsatisfied': [
    'Take an older tag of the image, or a newer driver',
    '2.7 cuda-requirement-unsatisfied; NVIDIA_DISABLE_REQUIRE=1 (seed 2) only hides it',
    f => [
      { say: `Use a tag of ${imageOf(f)} for an older CUDA: that changes nothing on this machine.` },
      { say: 'Or install a newer driver branch, which needs a reboot.' },
      { say: 'On data-center cards the cuda-compat package in the image bridges the gap.' },
    ],
  ],
  'cuda-compat-conflict': [
    'Take the other libcuda out of the way',
    '2.7 cuda-compat-conflict; seed 2, LD_LIBRARY_PATH and pinned mounts',
    f => [
      {
        say: `In ${where(f)} remove LD_LIBRARY_PATH entries and mounts that bring a libcuda, or the cuda-compat package from the image.`,
      },
    ],
  ],
  'mixed-runtime-and-vendor-cdi': [
    'Use one kind of names in NVIDIA_VISIBLE_DEVICES',
    '2.7 mixed-runtime-and-vendor-cdi',
    f => [{ say: `In ${where(f)} keep either plain ids or CDI names in that variable.` }],
  ],
  'compose-stacked-mechanisms': [
    'Keep one way of asking and remove the others one by one',
    '2.10 compose-stacked-mechanisms; seed 2, section 3',
    f => [
      ...oneRequest(f),
      { say: 'Remove one of the others, recreate, test nvidia-smi -L and a CUDA program, then the next.' },
    ],
  ],
  'bind-mounted-driver-file-missing': [
    'Drop the mounted driver files; one request brings them all',
    '2.10 bind-mounted-driver-file-missing; seed 2, section 3',
    f => {
      const gone = [...(f.subjectHost?.sources ?? [])].filter(([, kind]) => kind === 'dir').map(([p]) => p);
      const c = containerOf(f.subjectRecord);
      return [
        {
          say: `In ${where(f)} remove ${
            c === null
              ? 'the mounts of driver files'
              : driverMounts(c)
                  .map(m => m.source)
                  .join(', ')
          }.`,
        },
        ...oneRequest(f),
        ...(gone.length > 0
          ? [
              {
                say: 'Afterwards take the empty folders away; rmdir refuses anything that is not empty.',
                argv: ['sudo', 'rmdir', ...gone],
              },
            ]
          : []),
      ];
    },
  ],
  'cuda-visible-devices-wrong': [
    'Leave CUDA_VISIBLE_DEVICES out',
    '2.12 cuda-visible-devices-wrong; seed 2 sets it beside the request',
    f => [{ say: `In ${where(f)} remove CUDA_VISIBLE_DEVICES and choose the GPU in the request.` }],
  ],
};

const IMAGES: Readonly<Record<string, readonly [title: string, source: string, steps: Steps]>> = {
  'image-bundles-driver-libs': [
    'Rebuild the image without driver files',
    '2.7 image-bundles-driver-libs',
    f => [
      {
        say: 'In the Dockerfile install cuda-runtime-XX-Y or cuda-toolkit-XX-Y, never cuda, nvidia-utils or libnvidia-compute.',
      },
      { say: 'See which step brought them.', argv: ['docker', 'history', '--no-trunc', imageOf(f)] },
      { say: 'Until then: RUN rm -f of those files as the last step of the Dockerfile.' },
    ],
  ],
  'image-stub-libcuda': [
    'Take the stubs folder off the run-time path',
    '2.12 image-stub-libcuda',
    () => [
      {
        say: 'Remove …/cuda/lib64/stubs from LD_LIBRARY_PATH (ENV of the Dockerfile or environment of the service); use it for linking only.',
      },
    ],
  ],
  'image-libcudart-missing': [
    'Build on an image that holds the CUDA runtime',
    '2.12 image-libcudart-missing',
    () => [
      {
        say: 'Use the -runtime variant of the base image (math libraries) or -cudnn-runtime, of the CUDA major version the program was built for.',
      },
      { say: 'Or install the matching nvidia-*-cu wheels. Never mount the CUDA of the host.' },
    ],
  ],
  'image-cpu-only-framework': [
    'Install the CUDA build of the framework',
    '2.12 image-cpu-only-framework',
    f => [
      {
        say: 'Install from the CUDA index of the framework (PyTorch: --index-url …/whl/cu128) or onnxruntime-gpu, and correct the pin in requirements.',
      },
      {
        say: 'Rebuild without the cache, or the old layer stays.',
        argv: ['docker', 'build', '--no-cache', '-t', imageOf(f), '.'],
      },
    ],
  ],
  'image-arch-not-compiled': [
    'Use a build that knows this GPU generation',
    '2.12 image-arch-not-compiled',
    () => [
      { say: 'The generation of the GPU:', argv: ['nvidia-smi', '--query-gpu=name,compute_cap', '--format=csv'] },
      {
        say: 'Choose a wheel or image whose list (torch.cuda.get_arch_list()) holds it; for "unsupported toolchain" a newer driver.',
      },
    ],
  ],
  'image-app-module-missing': [
    'Bring the module into the image',
    '2.12 image-app-module-missing; seed 0, Fix 4',
    f => {
      const log = f.subjectHost === null ? null : or(f.subjectHost.log, null);
      const m = log === null ? null : missingModule(log);
      const c = containerOf(f.subjectRecord);
      const look = {
        say: 'See what was copied.',
        argv: ['docker', 'run', '--rm', '--pull=never', '--entrypoint', 'ls', imageOf(f), c?.workdir || '/'],
      };
      if (m?.is === 'dependency')
        return [
          { say: `Add the package that brings ${m.name} to the requirements.` },
          { say: 'Rebuild.', argv: ['docker', 'build', '-t', imageOf(f), '.'] },
        ];
      return [
        look,
        {
          say: `If ${m?.name ?? 'the module'} is not there: COPY ${m?.name ?? 'module'}/ ./${m?.name ?? 'module'}/ in the Dockerfile, and no line of .dockerignore that leaves it out (gpumedic files finds both).`,
        },
        { say: 'If it is there: the working directory or PYTHONPATH points elsewhere, or a mount hides it.' },
      ];
    },
  ],
  'image-platform-mismatch': [
    'Get the image for this processor',
    '2.12 image-platform-mismatch',
    f => [
      {
        say: 'Pull it for this platform, or build it with --platform.',
        argv: [
          'docker',
          'pull',
          '--platform',
          `linux/${or(f.where.arch, '') === 'aarch64' ? 'arm64' : 'amd64'}`,
          imageOf(f),
        ],
      },
    ],
  ],
  'image-nvidia-smi-not-found': [
    'Make nvidia-smi runnable in the image, or test with cuInit',
    '2.12 image-nvidia-smi-not-found',
    f => [
      {
        say: 'Are the nodes there? If not, nothing was injected, and the request is at fault.',
        argv: ['docker', 'exec', named(f), 'ls', '/dev'],
      },
      {
        say: 'NVIDIA_DRIVER_CAPABILITIES must hold utility; PATH must hold /usr/bin; the base image needs glibc (not Alpine, not busybox).',
      },
    ],
  ],
  'image-not-present': [
    'Get the image, or name another one',
    '2.12 image-not-present',
    f => [
      { say: 'The images of this machine.', argv: ['docker', 'images'] },
      { say: 'Pulling is yours to decide.', argv: ['docker', 'pull', f.subject?.name ?? 'IMAGE'] },
    ],
  ],
};

const stepsFor = (table: typeof REQUESTS, prefix: string, tail: (f: Facts) => readonly GuideStep[]): readonly Fix[] =>
  Object.entries(table).map(([id, [title, source, steps]]) =>
    byHand({
      id: `${prefix}-${id.replace(/^(image|compose)-/, '')}`,
      title,
      mends: [id],
      privilege: 1,
      effect: ['RX'],
      source,
      fits: f => f.subject !== null,
      steps: f => [...steps(f), ...tail(f)],
    }),
  );

export const containerGuides: readonly Fix[] = [
  ...stepsFor(REQUESTS, 'correct', f => [recreate(f), again(f)]),
  ...stepsFor(IMAGES, 'mend-image', f => [again(f)]),
];
