/** The Compose plugin, as far as a project of a few services needs it: up of one service from its merged files. */
import { parse } from 'yaml';
import type { Ran } from '../box/box.ts';
import { findImage, startContainer } from './docker-start.ts';
import { text } from './fs.ts';
import { build, pull } from './pull.ts';
import { archOf, type Container, fail, out, type Request, type World } from './world.ts';

type Map_ = Readonly<Record<string, unknown>>;
const map = (value: unknown): Map_ =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Map_) : {};
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const pairs = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : Object.entries(map(value)).map(([k, v]) => `${k}=${String(v)}`);

const reservedIn = (service: Map_): readonly unknown[] =>
  array(map(map(map(service.deploy).resources).reservations).devices);

/** Later files win; lists of devices, reserved ones too, and volumes and the variables are added up. */
const merged = (a: Map_, b: Map_): Map_ => ({
  ...a,
  ...b,
  deploy: { resources: { reservations: { devices: [...reservedIn(a), ...reservedIn(b)] } } },
  environment: [...pairs(a.environment), ...pairs(b.environment)],
  devices: [...array(a.devices), ...array(b.devices)],
  volumes: [...array(a.volumes), ...array(b.volumes)],
});

const requestOf = (service: Map_, before: Request | undefined, built: string | undefined): Request => {
  const asked = service.gpus === 'all' ? [{ count: 'all' }] : array(service.gpus);
  const reserved = [...reservedIn(service), ...asked].map(map);
  const cdi = reserved.filter(r => r.driver === 'cdi').flatMap(r => array(r.device_ids).map(String));
  const own = reserved.find(r => r.driver !== 'cdi');
  const ids = own ? array(own.device_ids).map(String) : [];
  const runtime = typeof service.runtime === 'string' ? service.runtime : undefined;
  return {
    image: String(service.image ?? built ?? before?.image ?? ''),
    command: array(service.command).map(String),
    env: pairs(service.environment),
    devices: [...array(service.devices).map(String), ...cdi],
    binds: array(service.volumes).map(String),
    privileged: service.privileged === true,
    capAdd: array(service.cap_add).map(String),
    restart: (service.restart as Request['restart'] | undefined) ?? 'no',
    ...(runtime === undefined ? {} : { runtime }),
    ...(own === undefined ? {} : { gpus: ids.length > 0 ? `"device=${ids.join(',')}"` : String(own.count ?? 'all') }),
  };
};

const platformOf = (service: Map_): string | undefined =>
  typeof service.platform === 'string' ? service.platform : undefined;
const imageName = (project: string, name: string): string => `${project}-${name}`;
const builtName = (world: World, project: string, name: string, service: Map_): string | undefined =>
  service.build !== undefined && findImage(world.docker!.images, imageName(project, name))
    ? imageName(project, name)
    : undefined;

/** Sees to it that the image of a service is here; what is wrong, or null. */
const brought = (
  world: World,
  project: string,
  name: string,
  service: Map_,
  file: string,
  isAnew: boolean,
): string | null => {
  // Without a registry nothing is built: what somebody built before stands for it.
  if (world.docker!.registry === undefined) return null;
  if (service.build !== undefined) {
    if (!isAnew && builtName(world, project, name, service) !== undefined) return null;
    const folder = file.slice(0, file.lastIndexOf('/'));
    const context = String(typeof service.build === 'string' ? service.build : (map(service.build).context ?? '.'));
    return build(world, joinPath(folder, joinPath(context, 'Dockerfile')), imageName(project, name));
  }
  const ref = String(service.image);
  const image = findImage(world.docker!.images, ref);
  const platform = platformOf(service);
  if (image === undefined) return pull(world, ref, platform);
  return platform !== undefined && archOf(world, image) !== platform.split('/')[1]
    ? `image with reference ${ref} was found but does not match the specified platform: wanted ${platform}, actual: linux/${archOf(world, image)}`
    : null;
};
const joinPath = (folder: string, path: string): string =>
  path.startsWith('/') ? path : `${folder}/${path.replace(/^\.\/?/, '')}`.replace(/\/+/g, '/');

const LABEL = 'com.docker.compose.';

/** `docker compose -p PROJECT -f FILE… VERB …`, after the daemon was found to answer. */
export const composeProject = (world: World, args: readonly string[]): Ran => {
  const files: string[] = [];
  let project = '';
  let i = 0;
  for (; i < args.length && args[i]!.startsWith('-'); i += 2) {
    if (args[i] === '-f') files.push(args[i + 1] ?? '');
    else if (args[i] === '-p' || args[i] === '--project-name') project = args[i + 1] ?? '';
    else return fail(1, `unknown flag: ${args[i]}\n`);
  }
  const [verb = '', ...rest] = args.slice(i);
  let services: Record<string, Map_> = {};
  for (const path of files) {
    const content = text(world.fs, path);
    if (content === undefined) return fail(14, `open ${path}: no such file or directory\n`);
    const own = map(map(parse(content)).services);
    services = { ...services };
    for (const [name, s] of Object.entries(own)) services[name] = merged(services[name] ?? {}, map(s));
  }
  for (const [name, service] of Object.entries(services))
    if (service.image === undefined && service.build === undefined)
      return fail(1, `service "${name}" has neither an image nor a build context specified: invalid compose project\n`);
  const unknown = rest.find(a => !a.startsWith('-') && services[a] === undefined);
  if (unknown !== undefined) return fail(1, `no such service: ${unknown}\n`);
  if (verb === 'config') return out(rest.includes('--services') ? `${Object.keys(services).join('\n')}\n` : '');
  if (verb === 'down') {
    world.docker!.containers = world.docker!.containers.filter(c => c.labels?.[`${LABEL}project`] !== project);
    return out('');
  }
  const docker = world.docker!;
  const wanted = rest.filter(a => !a.startsWith('-'));
  const named = Object.entries(services).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  if (verb === 'pull') {
    for (const [, service] of named) {
      if (service.build !== undefined) continue;
      const failed = pull(world, String(service.image), platformOf(service));
      if (failed !== null) return fail(1, `${failed}\n`);
    }
    return out('');
  }
  const isAnew = verb === 'build' || rest.includes('--build');
  for (const [name, service] of named) {
    const failed = brought(world, project, name, service, files[0] ?? '', isAnew);
    if (failed !== null) return fail(1, `${failed}\n`);
  }
  if (verb === 'build') return out('');
  if (verb !== 'up' && verb !== 'create') return fail(1, `unknown docker command: "compose ${verb}"\n`);
  for (const [name, service] of named) {
    const old = docker.containers.find(
      c => c.labels?.[`${LABEL}project`] === project && c.labels?.[`${LABEL}service`] === name,
    );
    const fresh: Container = {
      id: (old?.id ?? 'c'.repeat(64)).replace(/^./, d => (d === 'd' ? 'e' : 'd')),
      name: old?.name ?? `${project}-${name}-1`,
      request: requestOf(service, old?.request, builtName(world, project, name, service)),
      createdAt: world.fs.now,
      labels: {
        [`${LABEL}project`]: project,
        [`${LABEL}service`]: name,
        [`${LABEL}project.config_files`]: files.join(','),
      },
      state: 'created',
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      error: '',
    };
    docker.containers = [...docker.containers.filter(c => c !== old), fresh];
    if (verb === 'create') continue;
    const outcome = startContainer(world, fresh);
    if (outcome.kind === 'refused') return fail(1, `Error response from daemon: ${outcome.error}\n`);
  }
  return out('');
};
