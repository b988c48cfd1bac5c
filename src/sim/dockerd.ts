/** dockerd: what it reads and finds at its start, what a reload changes, and how it starts a container. */
import { loadCdi } from './cdi.ts';
import { type DaemonConfig, readDaemonConfig } from './docker-config.ts';
import { cdiCache, log, startContainer } from './docker-start.ts';
import { exists, mkdir, put, remove, resolve, text } from './fs.ts';
import { inPath } from './path.ts';
import { reconcile } from './swarm.ts';
import { dockerReader } from './toolkit-version.ts';
import { execStart } from './unit-files.ts';
import { atLeast, journal, type Started, type World } from './world.ts';

const unit = 'docker.service';
export const daemonJson = '/etc/docker/daemon.json';

const flag = (args: readonly string[], name: string): string | undefined =>
  args.find(a => a.startsWith(`--${name}=`))?.slice(name.length + 3) ??
  (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : undefined);
const hosts = (args: readonly string[]): string[] =>
  args.flatMap((a, i) => (a === '-H' || a === '--host' ? [args[i + 1] ?? ''] : []));

export const configFile = (world: World): string => flag(execStart(world, unit), 'config-file') ?? daemonJson;

/** What `--validate` checks; flags given beside it count, those of the unit do not. */
export const validate = (world: World, path: string | undefined): string | null => {
  const at = path ?? daemonJson;
  const content = text(world.fs, at);
  if (content === undefined && path !== undefined)
    return `unable to configure the Docker daemon with file ${at}: open ${at}: no such file or directory`;
  const read = readDaemonConfig(content, world.docker!.version);
  return 'error' in read ? `unable to configure the Docker daemon with file ${at}: ${read.error}` : null;
};

const cdiOn = (version: string, config: DaemonConfig): boolean =>
  atLeast(version, '28.2') ? config.features.cdi !== false : atLeast(version, '25.0') && config.features.cdi === true;

/** Every runtime is asked for its features when the configuration is read, at the start and at each reload. */
const withDefaults = (world: World, runtimes: DaemonConfig['runtimes']): Started['runtimes'] =>
  Object.fromEntries(
    Object.entries({ 'io.containerd.runc.v2': { path: 'runc' }, ...runtimes, runc: { path: 'runc' } }).map(
      ([name, r]) => [name, { ...r, answered: inPath(world, r.path, world.docker!.path) !== null }],
    ),
  );

/** Starts the daemon, or says (in the journal's words) why it does not come up. */
export const startDockerd = (world: World): string | null => {
  const docker = world.docker!;
  const args = execStart(world, unit);
  const at = configFile(world);
  const read = readDaemonConfig(text(world.fs, at), docker.version);
  const refuse = (why: string): string => {
    journal(world, unit, why);
    return why;
  };
  const file = `unable to configure the Docker daemon with file ${at}: `;
  if ('error' in read) return refuse(`${file}${read.error}`);
  const { config } = read;
  if (Array.isArray(config.raw.hosts) && hosts(args).length > 0)
    return refuse(
      `${file}the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [${hosts(args).join(' ')}], from file: [${config.raw.hosts.join(' ')}])`,
    );
  log(world, 'info', 'Starting up');
  if ('runc' in config.runtimes) return refuse("failed to start daemon: runtime name 'runc' is reserved");
  const runtimes = withDefaults(world, config.runtimes);
  if (!(config.defaultRuntime in runtimes))
    return refuse(`failed to start daemon: specified default runtime '${config.defaultRuntime}' does not exist`);
  if (config.liveRestore && docker.swarm)
    return refuse('failed to start daemon: --live-restore daemon configuration is incompatible with swarm mode');
  const cdi = cdiOn(docker.version, config);
  const wanted = (config.cdiSpecDirs ?? ['/etc/cdi', '/var/run/cdi']).filter(d => d !== '');
  const dirs = atLeast(docker.version, '29.1')
    ? wanted.map(d => (exists(world.fs, d) ? (resolve(world.fs, d) ?? d) : d))
    : wanted;
  if (cdi && loadCdi(world, dirs, dockerReader(docker.version)).panic)
    return refuse(
      'panic: runtime error: slice bounds out of range [1:0]\ngoroutine 1 [running]:\ntags.cncf.io/container-device-interface/pkg/parser.validateVendorOrClassName({0xc000a1b2c3, 0x1})',
    );
  for (const [name, r] of Object.entries(config.runtimes))
    if (inPath(world, r.path, docker.path) === null)
      log(
        world,
        'warning',
        `failed to retrieve ${name} features`,
        ` error="Failed to run [${r.path} features]: \\"\\""`,
      );
  docker.started = {
    at: world.fs.now,
    pid: 1200 + docker.containers.length + (world.journal.get(unit)?.length ?? 0),
    runtimes,
    defaultRuntime: config.defaultRuntime,
    liveRestore: config.liveRestore,
    cdi,
    cdiDirs: cdi ? dirs : [],
    hook: inPath(world, 'nvidia-container-runtime-hook', docker.path),
    cdiHook: atLeast(docker.version, '29.2') ? inPath(world, 'nvidia-cdi-hook', docker.path) : null,
    dataRoot: flag(args, 'data-root') ?? config.dataRoot ?? '/var/lib/docker',
    offer: config.offer,
  };
  put(world.fs, '/run/docker.sock', { type: 'socket', mode: 0o660, gid: 999 });
  mkdir(world.fs, docker.started.dataRoot);
  log(world, 'info', 'Loading containers: done.');
  log(world, 'info', 'Docker daemon', ` storage-driver=overlay2 version=${docker.version}`);
  if (cdi)
    for (const [path, why] of cdiCache(world, docker, docker.started).errors)
      for (const w of why) log(world, 'warning', `CDI: Error associated with spec file ${path}: ${w}`);
  log(world, 'info', 'Daemon has completed initialization');
  log(world, 'info', 'API listen on /run/docker.sock');
  for (const c of docker.containers) {
    const again =
      ['always', 'on-failure'].includes(c.request.restart) ||
      (c.request.restart === 'unless-stopped' && c.error !== 'stopped by a person');
    if (c.state === 'running' || !again) continue;
    startContainer(world, c);
  }
  reconcile(world);
  return null;
};

/** Stops it. Without live-restore every container goes down with it. */
export const stopDockerd = (world: World): void => {
  const docker = world.docker!;
  const { started } = docker;
  if (!started) return;
  log(world, 'info', "Processing signal 'terminated'");
  if (!started.liveRestore)
    for (const c of docker.containers.filter(c => c.state === 'running')) {
      c.state = 'exited';
      c.exitCode = 137;
      c.finishedAt = world.fs.now;
    }
  log(world, 'info', 'Daemon shutdown complete');
  docker.started = null;
  if (docker.swarm) docker.swarm.locked = docker.swarm.autolock;
  remove(world.fs, '/run/docker.sock');
};

/** SIGHUP: runtimes, default-runtime and live-restore are added or changed, never taken away. */
export const reloadDockerd = (world: World): void => {
  const docker = world.docker!;
  const { started } = docker;
  if (!started) return;
  log(world, 'info', `Got signal to reload configuration, reloading from: ${configFile(world)}`);
  const read = readDaemonConfig(text(world.fs, configFile(world)), docker.version);
  if ('error' in read) {
    const why = `unable to configure the Docker daemon with file ${configFile(world)}: ${read.error}`;
    if (atLeast(docker.version, '29.0'))
      log(world, 'error', 'Error reloading configuration', ` error="${why.replaceAll('"', '\\"')}"`);
    else log(world, 'error', why);
    return;
  }
  const { config } = read;
  started.runtimes = withDefaults(world, { ...started.runtimes, ...config.runtimes });
  if (config.raw['default-runtime'] !== undefined && config.defaultRuntime in started.runtimes)
    started.defaultRuntime = config.defaultRuntime;
  if (config.raw['live-restore'] !== undefined) started.liveRestore = config.liveRestore;
  log(world, 'info', 'Reloaded configuration');
};
