/** Proof by a real container, from an image that is already here, in the way the person will use. */
import type { WayId } from '../engine/flow.ts';
import { printable } from '../text/sanitize.ts';
import type { Hall } from './hall.ts';
import type { Outside, Report } from './outside.ts';
import type { Walk } from './walk.ts';

export type Proof =
  | { readonly argv: readonly [string, ...string[]]; readonly image: string; readonly way: WayId }
  /** Why nothing can be proven here. */
  | { readonly cannot: string };

export interface Proven {
  /** Null where the container could not even be tried. */
  readonly ok: boolean | null;
  readonly shows: string;
}

const REQUEST: Readonly<Record<WayId, readonly string[]>> = {
  'docker-gpus': ['--gpus', 'all'],
  'docker-runtime': ['--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=all'],
  'docker-cdi': ['--device', 'nvidia.com/gpu=all'],
  'docker-runtime-cdi': ['--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all'],
  'podman-cdi': ['--device', 'nvidia.com/gpu=all'],
};

/** Images with a libc the driver's libraries can use, the likeliest first; musl and empty images would fail for another reason. */
const LIKELY: readonly RegExp[] = [
  /nvidia\/cuda|cuda/,
  /^(docker\.io\/(library\/)?)?(ubuntu|debian)[:@]/,
  /ubuntu|debian|rocky|alma|fedora|ubi/,
  /./,
];
const UNLIKELY = /alpine|busybox|scratch|distroless|hello-world|pause/;

/** Without an entry point of its own; an image's would swallow the command. */
const argvOf = (way: WayId, image: string): readonly [string, ...string[]] => [
  way === 'podman-cdi' ? 'podman' : 'docker',
  'run',
  '--rm',
  '--pull=never',
  ...REQUEST[way],
  '--entrypoint',
  'nvidia-smi',
  image,
  '-L',
];

/** @param wanted the ways of the path that was walked; the first working one is proven */
export const proofFor = async (outside: Outside, report: Report, wanted?: readonly WayId[]): Promise<Proof> => {
  const works = report.ways.filter(w => w.works === true);
  const way = (works.find(w => wanted?.includes(w.way)) ?? works[0])?.way;
  if (way === undefined) return { cannot: 'no way of asking for the GPU is expected to work here' };
  if (outside.box.kind === 'recorded') return { cannot: 'this is a recording; no container can be started in it' };
  const engine = way === 'podman-cdi' ? 'podman' : 'docker';
  const listed = await outside.box.run({ argv: [engine, 'images', '--format', '{{.Repository}}:{{.Tag}}'] });
  if (listed.kind !== 'exited' || listed.code !== 0) return { cannot: `${engine} images did not answer` };
  const images = listed.stdout
    .split('\n')
    .map(l => l.trim())
    .filter(l => l !== '' && !l.includes('<none>') && !UNLIKELY.test(l));
  const image = LIKELY.map(like => images.find(i => like.test(i))).find(i => i !== undefined);
  if (image === undefined)
    return {
      cannot: `no suitable image is here, and nothing is pulled without asking (${engine} pull ubuntu would do)`,
    };
  return { argv: argvOf(way, image), image, way };
};

/** A form of request on which a fault was met, or one that the person chose: one that always worked proves nothing. */
export const proofAfter = async (
  outside: Outside,
  report: Report,
  walk: Pick<Walk, 'met' | 'stopped'>,
  only: readonly WayId[] | undefined,
): Promise<Proof> =>
  only === undefined && walk.met.length > 0 && walk.stopped.length === 0
    ? { cannot: 'it was about pods, and a container of Docker proves nothing of them' }
    : proofFor(outside, report, only ?? walk.stopped);

export const prove = async (
  outside: Outside,
  argv: readonly [string, ...string[]],
  signal?: AbortSignal,
): Promise<Proven> => {
  const ran = await outside.box
    .run({ argv, changes: true, timeoutMs: 60_000 }, signal)
    .catch((error: unknown) => error as Error);
  const proven: Proven =
    ran instanceof Error
      ? { ok: null, shows: ran.message }
      : ran.kind !== 'exited'
        ? { ok: null, shows: `the container could not be tried: ${ran.kind}` }
        : ran.code === 0 && /^GPU \d+:/m.test(ran.stdout)
          ? { ok: true, shows: firstLine(ran.stdout) }
          : { ok: false, shows: lastLine(ran.stderr) || lastLine(ran.stdout) || `exit status ${ran.code}` };
  outside.append({ type: 'proved', argv, ok: proven.ok, shows: proven.shows });
  return proven;
};

/** Proves it on the screen: waits, tells, and goes to the end. */
export const proveNow = (hall: Hall, argv: readonly [string, ...string[]]): void => {
  hall.busy(`proving: ${argv.join(' ')}`);
  hall.then(prove(hall.outside(), argv, hall.signal), proven => {
    hall.set({ proven });
    const sign = proven.ok === true ? 'done' : proven.ok === false ? 'broken' : 'unsure';
    hall.row({ sign, label: 'Proof', text: proven.shows });
    hall.go({ at: 'end' });
  });
};

const linesOf = (text: string): readonly string[] =>
  printable(text)
    .split('\n')
    .map(l => l.trim())
    .filter(Boolean);
const firstLine = (text: string): string => linesOf(text)[0] ?? '';
/** The engine's last word; its hint where to read more is none. */
const lastLine = (text: string): string => linesOf(text).findLast(l => !/^(See|Run) '.*--help'/.test(l)) ?? '';
