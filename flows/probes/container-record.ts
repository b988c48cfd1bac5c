/** What an inspect record says about a container or an image, read by a template so that no other variable of it is ever seen. */
import type { Ran } from '../../src/box/box.ts';
import { type Maybe, unknown } from '../../src/engine/known.ts';
import { record, string, strings } from './answers.ts';

/** The only variables that are read; an environment holds secrets. */
const VARIABLES = [
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  'NVIDIA_REQUIRE_CUDA',
  'NVIDIA_DISABLE_REQUIRE',
  'CUDA_VERSION',
  'CUDA_VISIBLE_DEVICES',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'PYTHONPATH',
] as const;
export type Variable = (typeof VARIABLES)[number];

const env = `"env":[{{range .Config.Env}}{{$n := index (split . "=") 0}}{{if eq $n ${VARIABLES.map(v => `"${v}"`).join(' ')}}}{{json .}},{{end}}{{end}}null]`;
/** A record without labels holds null for them, and an index of that is an error. */
const label = (key: string, name: string) =>
  `"${key}":{{if .Config.Labels}}{{json (index .Config.Labels "com.docker.compose.${name}")}}{{else}}null{{end}}`;
const field = (key: string, path: string) => `"${key}":{{json .${path}}}`;

/** One JSON object a container. */
export const CONTAINER_TEMPLATE = `{${[
  field('id', 'Id'),
  field('name', 'Name'),
  field('created', 'Created'),
  field('image', 'Config.Image'),
  field('imageId', 'Image'),
  field('status', 'State.Status'),
  field('exitCode', 'State.ExitCode'),
  field('error', 'State.Error'),
  field('oom', 'State.OOMKilled'),
  field('startedAt', 'State.StartedAt'),
  field('workdir', 'Config.WorkingDir'),
  field('runtime', 'HostConfig.Runtime'),
  field('requests', 'HostConfig.DeviceRequests'),
  field('devices', 'HostConfig.Devices'),
  field('binds', 'HostConfig.Binds'),
  field('mounts', 'Mounts'),
  field('privileged', 'HostConfig.Privileged'),
  field('caps', 'HostConfig.CapAdd'),
  field('security', 'HostConfig.SecurityOpt'),
  field('apparmor', 'AppArmorProfile'),
  label('project', 'project'),
  label('service', 'service'),
  label('files', 'project.config_files'),
  env,
].join(',')}}`;

export const IMAGE_TEMPLATE = `{${[
  field('id', 'Id'),
  field('os', 'Os'),
  field('arch', 'Architecture'),
  field('workdir', 'Config.WorkingDir'),
  env,
].join(',')}}`;

export interface DeviceRequest {
  readonly driver: string;
  /** -1 for all. */
  readonly count: number;
  readonly ids: readonly string[];
  readonly capabilities: readonly string[];
}
export type Env = Readonly<Partial<Record<Variable, string>>>;

export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** "running", "exited", "created", "restarting"… */
  readonly status: string;
  readonly exitCode: number;
  /** What the engine said when it could not start it. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** Seconds since the epoch; null where it never started. */
  readonly startedAt: number | null;
  readonly workdir: string;
  readonly runtime: string;
  readonly requests: readonly DeviceRequest[];
  /** Nodes of the host handed in one by one. */
  readonly devices: readonly string[];
  /** Sources and places of what is mounted from the host, by either syntax. */
  readonly mounts: readonly { readonly source: string; readonly place: string }[];
  readonly privileged: boolean;
  readonly caps: readonly string[];
  readonly security: readonly string[];
  readonly apparmor: string;
  readonly project: string;
  readonly service: string;
  readonly composeFiles: string;
  readonly env: Env;
  /** Its place in a Swarm; null where it is no task of one, or was not asked. */
  readonly task: SwarmTask | null;
}
/** What a Swarm gave to a container of its own. */
export interface SwarmTask {
  readonly service: string;
  /** DOCKER_RESOURCE_… variables: the generic resources that are its alone. */
  readonly given: Maybe<Readonly<Record<string, string>>>;
  /** Those of them that this toolkit takes for GPUs; null where it takes none. */
  readonly devices: string | null;
}
export interface ImageRecord {
  readonly id: string;
  readonly os: string;
  readonly arch: string;
  readonly workdir: string;
  readonly env: Env;
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const seconds = (value: unknown): number | null => {
  const at = Date.parse(string(value) ?? '');
  // Docker writes the year 1 for "never".
  return Number.isNaN(at) || at <= 0 ? null : at / 1000;
};
const envIn = (value: unknown): Env =>
  Object.fromEntries(
    strings(value).flatMap(e => {
      const cut = e.indexOf('=');
      const name = cut < 0 ? e : e.slice(0, cut);
      return (VARIABLES as readonly string[]).includes(name) ? [[name, cut < 0 ? '' : e.slice(cut + 1)]] : [];
    }),
  );

const containerIn = (line: string): ContainerRecord => {
  const o = record(JSON.parse(line));
  const binds = strings(o.binds).map(b => ({ source: b.split(':')[0]!, place: b.split(':')[1] ?? '' }));
  const mounts = list(o.mounts)
    .map(record)
    .filter(m => m.Type === 'bind')
    .map(m => ({ source: string(m.Source) ?? '', place: string(m.Destination) ?? '' }));
  return {
    id: string(o.id) ?? '',
    name: (string(o.name) ?? '').replace(/^\//, ''),
    image: string(o.image) ?? '',
    imageId: string(o.imageId) ?? '',
    status: string(o.status) ?? '',
    exitCode: typeof o.exitCode === 'number' ? o.exitCode : 0,
    error: string(o.error) ?? '',
    oomKilled: o.oom === true,
    startedAt: seconds(o.startedAt),
    workdir: string(o.workdir) ?? '',
    runtime: string(o.runtime) ?? '',
    requests: list(o.requests)
      .map(record)
      .map(r => ({
        driver: string(r.Driver) ?? '',
        count: typeof r.Count === 'number' ? r.Count : 0,
        ids: strings(r.DeviceIDs),
        capabilities: list(r.Capabilities).flatMap(strings),
      })),
    devices: list(o.devices).flatMap(d => string(record(d).PathOnHost) ?? []),
    mounts: [...binds, ...mounts.filter(m => !binds.some(b => b.place === m.place))].filter(m =>
      m.source.startsWith('/'),
    ),
    privileged: o.privileged === true,
    caps: strings(o.caps),
    security: strings(o.security),
    apparmor: string(o.apparmor) ?? '',
    project: string(o.project) ?? '',
    service: string(o.service) ?? '',
    composeFiles: string(o.files) ?? '',
    env: envIn(o.env),
    task: null,
  };
};

/** null: the engine knows no such thing; a refusal for another reason is not the same. */
const inspected = <T>(ran: Ran, name: string, parse: (line: string) => T): Maybe<readonly T[] | null> => {
  if (ran.kind !== 'exited') return unknown(ran.kind, name);
  const lines = ran.stdout.split('\n').filter(l => l.startsWith('{'));
  if (lines.length === 0)
    return /no such (object|container|image)|not found/i.test(ran.stderr) ? null : unknown('unreadable', name);
  try {
    return lines.map(parse);
  } catch {
    return unknown('unreadable', name);
  }
};
export const containersIn = (ran: Ran, name: string): Maybe<readonly ContainerRecord[] | null> =>
  inspected(ran, name, containerIn);

export const imagesIn = (ran: Ran, name: string): Maybe<readonly ImageRecord[] | null> =>
  inspected(ran, name, line => {
    const o = record(JSON.parse(line));
    return {
      id: string(o.id) ?? '',
      os: string(o.os) ?? '',
      arch: string(o.arch) ?? '',
      workdir: string(o.workdir) ?? '',
      env: envIn(o.env),
    };
  });
