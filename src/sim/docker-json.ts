/** What the engine's API answers, as the client prints it. */
import { cdiCache, parseGpus } from './docker-start.ts';
import { resourcesShown, swarmShown } from './swarm.ts';
import { atLeast, type Container, type Docker, type World } from './world.ts';

const buildTime = (docker: Docker): string =>
  atLeast(docker.version, '29.0') ? 'Thu Aug 20 00:00:00 2026' : 'Thu Aug 13 05:35:47 2026';
const api = (docker: Docker): string =>
  atLeast(docker.version, '29.0') ? '1.55' : atLeast(docker.version, '28.0') ? '1.51' : '1.45';

const plugins = (docker: Docker): object[] =>
  docker.compose
    ? [
        {
          SchemaVersion: '0.1.0',
          Vendor: 'Docker Inc.',
          Version: docker.compose,
          ShortDescription: 'Docker Compose',
          Name: 'compose',
          Path: '/usr/libexec/docker/cli-plugins/docker-compose',
        },
      ]
    : [];

export const clientInfo = (docker: Docker): object => ({
  Debug: false,
  Version: docker.version,
  GitCommit: 'a72d7cd',
  GoVersion: 'go1.24.4',
  Os: 'linux',
  Arch: 'amd64',
  BuildTime: buildTime(docker),
  Context: 'default',
  Plugins: plugins(docker),
  Warnings: null,
});

const isDesktop = (world: World): boolean => world.context?.startsWith('desktop') === true;

export const infoJson = (world: World): Record<string, unknown> => {
  const docker = world.docker!;
  const started = docker.started;
  if (!started)
    return {
      ID: '',
      Containers: 0,
      ContainersRunning: 0,
      ContainersPaused: 0,
      ContainersStopped: 0,
      Images: 0,
      Driver: '',
      DriverStatus: null,
      Plugins: { Volume: null, Network: null, Authorization: null, Log: null },
      CgroupDriver: '',
      KernelVersion: '',
      OperatingSystem: '',
      OSVersion: '',
      OSType: '',
      Architecture: '',
      RegistryConfig: null,
      NCPU: 0,
      MemTotal: 0,
      DockerRootDir: '',
      Name: '',
      Labels: null,
      ExperimentalBuild: false,
      ServerVersion: '',
      Runtimes: null,
      DefaultRuntime: '',
      LiveRestoreEnabled: false,
      SecurityOptions: null,
      CDISpecDirs: null,
      Warnings: null,
      ServerErrors: [
        'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      ],
      ClientInfo: clientInfo(docker),
    };
  const running = docker.containers.filter(c => c.state === 'running').length;
  const cache = cdiCache(world, docker, started);
  const discovers = atLeast(docker.version, '28.2');
  const warnings =
    discovers && started.cdi
      ? [...cache.errors].flatMap(([path, why]) => why.map(w => `CDI: Error associated with spec file ${path}: ${w}`))
      : [];
  const runtimes = Object.entries(started.runtimes).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ID: '98ee8e6f-9d10-4ceb-8c4c-2975ee67586b',
    Containers: docker.containers.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: docker.containers.length - running,
    Images: docker.images.length,
    Driver: 'overlay2',
    DriverStatus: [
      ['Backing Filesystem', 'extfs'],
      ['Supports d_type', 'true'],
    ],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay'],
      Authorization: null,
      Log: ['journald', 'json-file', 'local', 'syslog'],
    },
    MemoryLimit: true,
    SwapLimit: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    Debug: false,
    OomKillDisable: false,
    LoggingDriver: 'json-file',
    CgroupDriver: 'systemd',
    CgroupVersion: '2',
    KernelVersion: isDesktop(world) ? '6.12.54-linuxkit' : world.kernel.release,
    OperatingSystem: isDesktop(world) ? 'Docker Desktop' : world.os.pretty,
    OSVersion: world.os.version,
    OSType: 'linux',
    Architecture: world.arch ?? 'x86_64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: { InsecureRegistryCIDRs: ['127.0.0.0/8'], IndexConfigs: {}, Mirrors: null },
    NCPU: 16,
    MemTotal: 67_348_103_168,
    GenericResources: resourcesShown(started.offer),
    DockerRootDir: started.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: world.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: docker.version,
    Runtimes: Object.fromEntries(
      runtimes.map(([name, r]) => [
        name,
        {
          path: r.path,
          ...(r.args?.length ? { runtimeArgs: r.args } : {}),
          ...(r.answered && atLeast(docker.version, '25.0')
            ? {
                status: {
                  'org.opencontainers.runtime-spec.features': '{"ociVersionMin":"1.0.0","ociVersionMax":"1.2.0"}',
                },
              }
            : {}),
        },
      ]),
    ),
    DefaultRuntime: started.defaultRuntime,
    Swarm: swarmShown(docker.swarm),
    LiveRestoreEnabled: started.liveRestore,
    Isolation: '',
    InitBinary: 'docker-init',
    ContainerdCommit: { ID: world.versions.containerd ?? '' },
    RuncCommit: { ID: world.versions.runc ?? '' },
    InitCommit: { ID: '' },
    SecurityOptions: docker.rootless
      ? ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns']
      : ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
    ...(atLeast(docker.version, '25.0') ? { CDISpecDirs: started.cdi ? started.cdiDirs : [] } : {}),
    ...(discovers ? { DiscoveredDevices: [...cache.devices.keys()].sort().map(ID => ({ Source: 'cdi', ID })) } : {}),
    Warnings: warnings.length ? warnings : null,
    ClientInfo: clientInfo(docker),
  };
};

export const infoText = (world: World): string => {
  const i = infoJson(world) as Record<string, never> & {
    Runtimes: object;
    CDISpecDirs?: string[];
    DiscoveredDevices?: { ID: string }[];
    Swarm: { LocalNodeState: string };
  };
  const list = (title: string, items: readonly string[] | undefined): string =>
    items?.length ? ` ${title}:\n${items.map(x => `  ${x}\n`).join('')}` : '';
  return (
    ` Containers: ${i.Containers}\n  Running: ${i.ContainersRunning}\n  Paused: 0\n  Stopped: ${i.ContainersStopped}\n Images: ${i.Images}\n Server Version: ${i.ServerVersion}\n` +
    ` Storage Driver: ${i.Driver}\n Cgroup Driver: systemd\n Cgroup Version: 2\n${list('CDI spec directories', i.CDISpecDirs)}` +
    `${list(
      'Discovered Devices',
      i.DiscoveredDevices?.map(d => `cdi: ${d.ID}`),
    )} Swarm: ${i.Swarm.LocalNodeState}\n Runtimes: ${Object.keys(i.Runtimes).join(' ')}\n Default Runtime: ${i.DefaultRuntime}\n` +
    ` Kernel Version: ${i.KernelVersion}\n Operating System: ${i.OperatingSystem}\n OSType: linux\n Architecture: ${world.arch ?? 'x86_64'}\n Name: ${i.Name}\n Docker Root Dir: ${i.DockerRootDir}\n Live Restore Enabled: ${i.LiveRestoreEnabled}\n\n`
  );
};

export const versionJson = (world: World): Record<string, unknown> => {
  const docker = world.docker!;
  const a = api(docker);
  const BuildTime = buildTime(docker);
  const Client = {
    Version: docker.version,
    ApiVersion: a,
    DefaultAPIVersion: a,
    GitCommit: 'a72d7cd',
    GoVersion: 'go1.24.4',
    Os: 'linux',
    Arch: 'amd64',
    BuildTime,
    Context: 'default',
  };
  if (!docker.started) return { Client, Server: null };
  const KernelVersion = world.kernel.release;
  const Details = {
    ApiVersion: a,
    Arch: 'amd64',
    BuildTime,
    Experimental: 'false',
    GitCommit: '411e817',
    GoVersion: 'go1.24.4',
    KernelVersion,
    MinAPIVersion: '1.24',
    Os: 'linux',
  };
  return {
    Client,
    Server: {
      Platform: { Name: '' },
      Components: [
        { Name: 'Engine', Version: docker.version, Details },
        { Name: 'containerd', Version: world.versions.containerd ?? '', Details: { GitCommit: '' } },
        { Name: 'runc', Version: world.versions.runc ?? '', Details: { GitCommit: '' } },
      ],
      Version: docker.version,
      ApiVersion: a,
      MinAPIVersion: '1.24',
      GitCommit: '411e817',
      GoVersion: 'go1.24.4',
      Os: 'linux',
      Arch: 'amd64',
      KernelVersion,
      BuildTime,
    },
  };
};

const ago = (seconds: number): string =>
  seconds < 90
    ? `${Math.max(1, seconds)} seconds`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} minutes`
      : seconds < 172_800
        ? `${Math.round(seconds / 3600)} hours`
        : `${Math.round(seconds / 86_400)} days`;
const created = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;

export const psJson = (world: World, c: Container, full: boolean): object => {
  const now = world.fs.now;
  const Status =
    c.state === 'running'
      ? `Up ${ago(now - c.startedAt)}`
      : c.state === 'created'
        ? 'Created'
        : `Exited (${c.exitCode}) ${ago(now - c.finishedAt)} ago`;
  return {
    Command: `"${c.request.command.join(' ')}"`,
    CreatedAt: created(c.createdAt),
    ID: full ? c.id : c.id.slice(0, 12),
    Image: c.request.image,
    Label: (name: string) => c.labels?.[name] ?? '',
    Labels: Object.entries(c.labels ?? {})
      .map(([k, v]) => `${k}=${v}`)
      .join(','),
    LocalVolumes: '0',
    Mounts: '',
    Names: c.name,
    Networks: c.request.network ?? 'bridge',
    Ports: '',
    RunningFor: `${ago(now - c.createdAt)} ago`,
    Size: '0B',
    State: c.state,
    Status,
  };
};

const iso = (seconds: number): string =>
  seconds ? new Date(seconds * 1000).toISOString().replace('.000Z', '.000000000Z') : '0001-01-01T00:00:00Z';

export const inspectContainer = (world: World, c: Container): object => {
  const { request: r } = c;
  const asked = r.gpus === undefined ? null : parseGpus(r.gpus);
  const image = world.docker!.images.find(i => `${i.repository}:${i.tag}` === r.image || i.repository === r.image);
  const requests = [
    ...(asked && !('error' in asked)
      ? [
          {
            Driver: asked.driver,
            Count: asked.ids[0] === 'all' ? -1 : 0,
            DeviceIDs: asked.ids[0] === 'all' ? null : asked.ids,
            Capabilities: [['gpu']],
            Options: {},
          },
        ]
      : []),
    ...(r.devices.some(d => d.includes('='))
      ? [
          {
            Driver: 'cdi',
            Count: 0,
            DeviceIDs: r.devices.filter(d => d.includes('=')),
            Capabilities: null,
            Options: null,
          },
        ]
      : []),
  ];
  return {
    Id: c.id,
    Created: iso(c.createdAt),
    Path: r.command[0] ?? '',
    Args: r.command.slice(1),
    State: {
      Status: c.state,
      Running: c.state === 'running',
      ExitCode: c.exitCode,
      OOMKilled: false,
      Error: c.error,
      StartedAt: iso(c.startedAt),
      FinishedAt: iso(c.finishedAt),
    },
    Image: `sha256:${image?.id ?? ''}`,
    Name: `/${c.name}`,
    RestartCount: 0,
    Driver: 'overlay2',
    HostConfig: {
      Binds: r.binds.length ? r.binds : null,
      NetworkMode: r.network ?? 'bridge',
      RestartPolicy: { Name: r.restart, MaximumRetryCount: 0 },
      Runtime: r.runtime ?? world.docker!.started?.defaultRuntime ?? 'runc',
      Privileged: r.privileged,
      Devices: r.devices
        .filter(d => d.startsWith('/'))
        .map(d => ({ PathOnHost: d.split(':')[0], PathInContainer: d.split(':')[1] ?? d, CgroupPermissions: 'rwm' })),
      DeviceRequests: requests.length ? requests : null,
      CapAdd: r.capAdd.length ? r.capAdd : null,
      SecurityOpt: null,
    },
    AppArmorProfile: r.privileged ? 'unconfined' : 'docker-default',
    Mounts: [],
    Config: {
      Hostname: c.id.slice(0, 12),
      Env: [...r.env, ...(image?.env ?? [])],
      Cmd: r.command,
      Image: r.image,
      Labels: c.labels ?? {},
      Entrypoint: image?.entrypoint ?? null,
      WorkingDir: image?.workdir ?? '',
    },
    NetworkSettings: { Networks: {} },
  };
};
