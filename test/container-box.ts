/** A recorded box with one container on it: its record, its log and what programs inside answer. */
import { CONTAINER_TEMPLATE, IMAGE_TEMPLATE } from '../flows/probes/container-record.ts';
import { CUDA_PROBE, DRIVER_FILES } from '../flows/probes/inside.ts';
import { type Edit, edit } from './edited.ts';

export interface Setup {
  readonly record?: Readonly<Record<string, unknown>>;
  readonly image?: Readonly<Record<string, unknown>> | null;
  readonly log?: string;
  readonly env?: readonly string[];
  readonly nodes?: readonly string[];
  readonly files?: readonly string[];
  readonly smi?: readonly [code: number, text: string];
  readonly cuda?: object | null;
}

export const NAME = 'app';
const GPU = 'GPU 0: NVIDIA GeForce RTX 4070 Ti SUPER (UUID: GPU-3cb3ea09-7f06-4d5c-bd8b-0d1a4ac7bd9f)';
export const gpusAll = [{ Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {} }];
export const cdi = (...ids: string[]) => [
  { Driver: 'cdi', Count: 0, DeviceIDs: ids, Capabilities: null, Options: null },
];

const record = (s: Setup) => ({
  id: 'f00dcafe0123',
  name: `/${NAME}`,
  created: '2026-11-22T04:40:00Z',
  image: 'acme/worker:1',
  imageId: 'sha256:beef01',
  status: 'running',
  exitCode: 0,
  error: '',
  oom: false,
  startedAt: '2026-11-22T04:40:01Z',
  workdir: '/srv',
  runtime: 'runc',
  requests: gpusAll,
  devices: null,
  binds: null,
  mounts: [],
  privileged: false,
  caps: null,
  security: null,
  apparmor: 'docker-default',
  project: '',
  service: '',
  files: '',
  env: [...(s.env ?? []), null],
  ...s.record,
});

/** An answer under an argument vector whose arguments may hold spaces. */
export const answer = (b: Edit, argv: readonly string[], stdout: string, code = 0, stderr = ''): Edit => {
  b.draft.commands.push({ argv, code, stdout, stderr } as never);
  return b;
};
const inside = (program: readonly string[]) => ['docker', 'exec', NAME, ...program];

/** @param wrap how programs are put into the container: exec by default, or a throw-away run */
export const withContainer = (base: string, s: Setup = {}, wrap = inside): Edit => {
  const b = edit(base);
  answer(b, ['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, NAME], `${JSON.stringify(record(s))}\n`);
  answer(
    b,
    ['docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, NAME],
    '\n',
    1,
    `Error: No such image: ${NAME}\n`,
  );
  if (s.image !== null) {
    const image = { id: 'sha256:beef01', os: 'linux', arch: 'amd64', workdir: '/srv', env: [null], ...s.image };
    answer(
      b,
      ['docker', 'image', 'inspect', '--format', IMAGE_TEMPLATE, 'sha256:beef01'],
      `${JSON.stringify(image)}\n`,
    );
  }
  answer(b, ['docker', 'logs', '--tail', '50', NAME], s.log ?? 'listening on 8000\n');
  const nodes = s.nodes ?? ['nvidia-uvm', 'nvidia0', 'nvidiactl'];
  answer(b, wrap(['ls', '/dev']), ['null', 'zero', ...nodes].join('\n'));
  const files = s.files ?? [
    'lrwxrwxrwx 1 root root 17 Nov 22 04:40 /usr/lib/x86_64-linux-gnu/libcuda.so.1 -> libcuda.so.580.126.09',
  ];
  answer(b, wrap(['ls', '-ld', ...DRIVER_FILES]), files.join('\n'), 2, 'ls: cannot access …\n');
  const [code, text] = s.smi ?? [0, GPU];
  answer(b, wrap(['nvidia-smi', '-L']), code === 0 ? `${text}\n` : '', code, code === 0 ? '' : `${text}\n`);
  const cuda =
    s.cuda === undefined
      ? { init: 0, get: 0, count: 1, from: '/usr/lib/x86_64-linux-gnu/libcuda.so.580.126.09' }
      : s.cuda;
  if (cuda !== null) answer(b, wrap(['python3', '-c', CUDA_PROBE]), `${JSON.stringify(cuda)}\n`);
  return b;
};

/** What a throw-away container from the image is started with; the request's words come in between. */
export const once =
  (...words: readonly string[]) =>
  (program: readonly string[]): readonly string[] => [
    'docker',
    'run',
    '--rm',
    '--pull=never',
    '--network=none',
    ...words,
    '--entrypoint',
    program[0]!,
    'sha256:beef01',
    ...program.slice(1),
  ];
