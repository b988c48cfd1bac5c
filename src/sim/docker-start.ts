/** How dockerd starts one container: device requests, the runtime, and what each refusal is called. */
import type { Ran } from '../box/box.ts';
import { type Cache, inject, isQualified, loadCdi } from './cdi.ts';
import { exists } from './fs.ts';
import { nvidiaContainerRuntime } from './nvidia-container-runtime.ts';
import { applyEdits, newOci, type Oci } from './oci.ts';
import { inPath } from './path.ts';
import { runc } from './runc.ts';
import { dockerReader } from './toolkit-version.ts';
import {
  archOf,
  atLeast,
  type Container,
  type Docker,
  goArch,
  isoTime,
  journal,
  type Request,
  type Started,
  tick,
  type World,
} from './world.ts';

const unit = 'docker.service';

/** A line of the daemon's journal. */
export const log = (world: World, level: string, message: string, rest = ''): void => {
  const at = `${isoTime(world.fs.now).slice(0, -1)}.000000000Z`;
  journal(world, unit, `time="${at}" level=${level} msg="${message.replaceAll('"', '\\"')}"${rest}`);
};

/** The spec directories as the running daemon reads them now. */
export const cdiCache = (world: World, docker: Docker, started: Started): Cache =>
  loadCdi(world, started.cdiDirs, dockerReader(docker.version));

/** `--gpus` as the client understands it. */
interface GpuRequest {
  readonly driver: string;
  readonly ids: readonly string[];
}
export const parseGpus = (value: string): GpuRequest | { readonly error: string } => {
  let driver = '';
  let count: string | undefined;
  let ids: readonly string[] = [];
  // A list of fields; one that holds commas itself has to stand in quotes.
  for (const field of value.match(/"[^"]*"|[^,]+/g) ?? []) {
    const plain = field.replaceAll('"', '');
    const at = plain.indexOf('=');
    const given = plain.slice(at + 1);
    if (at < 0 || plain.startsWith('count=')) count = given;
    else if (plain.startsWith('device=')) ids = given.split(',');
    else if (plain.startsWith('driver=')) driver = given;
  }
  if (ids.length > 0 && count !== undefined) return { error: 'cannot set both Count and DeviceIDs on device request' };
  if (ids.length > 0) return { driver, ids };
  if (count === undefined || count === 'all' || count === '-1') return { driver, ids: ['all'] };
  return { driver, ids: Array.from({ length: Number(count) }, (_, i) => String(i)) };
};

type Prepared = string | null;
const noDriver = (driver: string, capabilities: string): string =>
  `could not select device driver "${driver}" with capabilities: ${capabilities}`;

const byCdi = (
  world: World,
  oci: Oci,
  names: readonly string[],
): { readonly error: string; readonly unresolvable: boolean } | null => {
  const docker = world.docker!;
  const started = docker.started!;
  if (started.cdiDirs.length === 0)
    return {
      error: `CDI device injection failed: ${atLeast(docker.version, '29.0') ? 'n' : 'N'}o CDI specification directories specified`,
      unresolvable: true,
    };
  const cache = cdiCache(world, docker, started);
  const done = inject(world, cache, names);
  if (!done.ok) return { error: `CDI device injection failed: ${done.error}`, unresolvable: done.unresolvable };
  applyEdits(oci, done.edits);
  return null;
};

const byHook = (oci: Oci, hook: string, ids: readonly string[]): void => {
  oci.env = [
    ...oci.env.filter(e => !e.startsWith('NVIDIA_VISIBLE_DEVICES=')),
    `NVIDIA_VISIBLE_DEVICES=${ids.join(',')}`,
  ];
  oci.hooks = [{ stage: 'prestart', path: hook, args: ['nvidia-container-runtime-hook', 'prestart'] }, ...oci.hooks];
};

const prepareGpus = (world: World, oci: Oci, value: string): Prepared => {
  const docker = world.docker!;
  const started = docker.started!;
  const asked = parseGpus(value);
  if ('error' in asked) return asked.error;
  const { driver, ids } = asked;
  const names = ids.map(id => (isQualified(id) ? id : `nvidia.com/gpu=${id}`));
  const modern = atLeast(docker.version, '29.2');
  if (driver === 'cdi') return started.cdi ? (byCdi(world, oci, ids)?.error ?? null) : noDriver('cdi', '[[gpu]]');
  if (driver !== '' && driver !== 'nvidia' && !(modern && ['nvidia.cdi', 'nvidia.runtime-hook'].includes(driver)))
    return noDriver(driver, '[[gpu]]');
  if (!modern || driver === 'nvidia.runtime-hook') {
    if (started.hook === null) return noDriver(driver, '[[gpu]]');
    byHook(oci, started.hook, ids);
    return null;
  }
  if (driver === 'nvidia.cdi')
    return started.cdi && started.cdiHook ? (byCdi(world, oci, names)?.error ?? null) : noDriver(driver, '[[gpu]]');
  if (started.cdiHook === null && started.hook === null)
    return driver === 'nvidia'
      ? noDriver('nvidia', '[[gpu]]')
      : 'failed to discover GPU vendor from CDI: no known GPU vendor found';
  if (started.cdiHook !== null) {
    const failed = started.cdi
      ? byCdi(world, oci, names)
      : { error: `no CDI device driver registered: unresolvable CDI devices ${names.join(', ')}`, unresolvable: true };
    if (failed === null) return null;
    if (started.hook === null) return failed.error;
    log(world, 'warning', 'Ignoring previous errors updating spec', ` error="${failed.error.replaceAll('"', '\\"')}"`);
  }
  byHook(oci, started.hook!, ids);
  return null;
};

export type Outcome =
  | { readonly kind: 'ran'; readonly ran: Ran }
  /** The daemon refused: while creating, or while starting. */
  | { readonly kind: 'refused'; readonly stage: 'create' | 'start'; readonly error: string };

export const findImage = (images: Docker['images'], name: string): Docker['images'][number] | undefined => {
  const short = name.replace(/^docker\.io\/(library\/)?/, '');
  const [repository, tag = 'latest'] = short.includes('@')
    ? [short.split('@')[0]]
    : [short.replace(/:[^:/]+$/, ''), /:([^:/]+)$/.exec(short)?.[1]];
  return images.find(
    i => (i.repository === repository && i.tag === tag) || i.id.startsWith(name.replace(/^sha256:/, '')),
  );
};

/** Creates and starts one container the way the daemon does, which writes down what it refuses. */
export const runContainer = (world: World, request: Request, id: string): Outcome => {
  const outcome = tryContainer(world, request, id);
  if (outcome.kind === 'refused')
    log(
      world,
      'error',
      `Handler for POST /v1.45/containers/${outcome.stage === 'create' ? 'create' : `${id}/start`} returned error: ${outcome.error}`,
    );
  return outcome;
};

/** The same without a word in the journal. */
export const tryContainer = (world: World, request: Request, id: string): Outcome => {
  const docker = world.docker!;
  const started = docker.started!;
  const refuse = (stage: 'create' | 'start', error: string): Outcome => ({ kind: 'refused', stage, error });
  const runtimeName = request.runtime ?? started.defaultRuntime;
  const runtime = started.runtimes[runtimeName];
  const image = findImage(docker.images, request.image);
  if (!image) return refuse('create', `No such image: ${request.image}`);
  if (!runtime) return refuse('create', `unknown or invalid runtime name: ${runtimeName}`);
  const command = request.command.length > 0 ? request.command : (image.command ?? []);
  const args =
    request.entrypoint !== undefined
      ? [request.entrypoint, ...request.command]
      : [...(image.entrypoint ?? []), ...command];
  const privileged = request.privileged || request.capAdd.some(c => /^(CAP_)?SYS_ADMIN$/i.test(c));
  const oci = newOci(image, args.length > 0 ? args : ['sh'], request.env, privileged);
  const names = request.devices.filter(isQualified);
  for (const path of request.devices.filter(d => !isQualified(d)).map(d => d.split(':')[0]!)) {
    if (!exists(world.fs, path))
      return refuse(
        'start',
        `error gathering device information while adding custom device "${path}": no such file or directory`,
      );
    oci.nodes.add(path);
  }
  if (request.gpus !== undefined) {
    const error = prepareGpus(world, oci, request.gpus);
    if (error) return refuse('start', error);
  }
  if (names.length > 0) {
    if (!started.cdi) return refuse('start', noDriver('cdi', '[]'));
    const failed = byCdi(world, oci, names);
    if (failed) return refuse('start', failed.error);
  }
  const shim = 'failed to create task for container: failed to create shim task: OCI runtime create failed: ';
  const unknown = atLeast(docker.version, '29.0') ? '' : ': unknown';
  const silent = `unable to retrieve OCI runtime error (open /run/containerd/io.containerd.runtime.v2.task/moby/${id}/log.json: no such file or directory): `;
  const base = runtime.path.slice(runtime.path.lastIndexOf('/') + 1);
  if (inPath(world, runtime.path, docker.path) === null) {
    const why = runtime.path.includes('/')
      ? `fork/exec ${runtime.path}: no such file or directory`
      : `exec: "${runtime.path}": executable file not found in $PATH`;
    return refuse('start', `${shim}${silent}${why}${unknown}`);
  }
  // The engine's own network hook comes first on the older one, so that the NVIDIA hook is number one there.
  if (!atLeast(docker.version, '29.0'))
    oci.hooks = [...oci.hooks, { stage: 'prestart', path: '/proc/self/exe', args: ['libnetwork-setkey'] }];
  const done = base.startsWith('nvidia-container-runtime')
    ? nvidiaContainerRuntime(world, oci, docker.path)
    : runc(world, oci, docker.path);
  if ('silent' in done)
    return refuse(
      'start',
      `${shim}${silent}nvidia-container-runtime did not terminate successfully: exit status ${done.silent}${unknown}`,
    );
  return done.ok ? { kind: 'ran', ran: done.ran } : refuse('start', `${shim}${done.error}${unknown}`);
};

/** Starts a container that is kept; its state says how it went. */
export const startContainer = (world: World, c: Container): Outcome => {
  tick(world);
  const outcome = runContainer(world, c.request, c.id);
  if (outcome.kind === 'ran') {
    c.state = 'running';
    c.startedAt = world.fs.now;
    c.error = '';
    c.exitCode = 0;
    c.lostDevices = false;
    c.startedBefore = undefined;
    const image = findImage(world.docker!.images, c.request.image);
    if (image !== undefined && archOf(world, image) !== goArch(world)) {
      // runc execs the program as the last thing it does, so the daemon saw a container start and end.
      c.state = 'exited';
      c.exitCode = 255;
      c.finishedAt = world.fs.now;
      c.log = `exec /usr/bin/${(c.request.command[0] ?? image.command?.[0] ?? 'sh').replace(/^.*\//, '')}: exec format error\n`;
    }
  } else {
    c.state = c.startedAt ? 'exited' : 'created';
    c.error = outcome.error;
    c.exitCode = 128;
  }
  return outcome;
};
