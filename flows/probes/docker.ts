/** Docker: which engine answers, what it was started with, and what its file says. */
import type { FileRead, Ran, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { probe, read, run, stat } from '../../src/engine/probe.ts';
import { exists, json, record, string, strings, text, word } from './answers.ts';

export interface CliFacts {
  /** null where it is not installed; the docker command of Podman is none, nor is one that talks to Podman. */
  readonly path: Maybe<string | null>;
  readonly context: Maybe<string>;
  readonly version: Maybe<string>;
  /** DOCKER_HOST of the environment, where it could be read. */
  readonly dockerHost: string | null;
}

/** The socket of Podman answers like Docker, and says what it is. */
const isPodmanBehind = (server: Ran): boolean => {
  const said = server.kind === 'exited' ? json(server.stdout, 'docker version') : null;
  const { Components: parts } = record(isUnknown(said) ? null : record(said).Server);
  return Array.isArray(parts) && parts.some(p => record(p).Name === 'Podman Engine');
};
/** podman-docker puts a command of this name in front of Podman. */
const isPodmans = (version: Ran): boolean => version.kind === 'exited' && /^podman version/m.test(version.stdout);

export const dockerCli = probe({
  id: 'dockerCli',
  looks: 'the docker command',
  needs: () => ({
    which: run('which', 'docker'),
    context: run('docker', 'context', 'show'),
    version: run('docker', '--version'),
    server: run('docker', 'version', '--format', '{{json .}}'),
    // Only the one variable is asked for: an environment may hold secrets.
    host: run('printenv', 'DOCKER_HOST'),
  }),
  read: (a): CliFacts => ({
    path:
      isPodmans(a.version) || isPodmanBehind(a.server)
        ? null
        : a.which.kind === 'exited'
          ? a.which.code === 0
            ? a.which.stdout.trim().split('\n')[0]!
            : null
          : a.version.kind === 'absent'
            ? null
            : a.version.kind === 'exited'
              ? 'docker'
              : unknown(a.which.kind, 'which docker'),
    context: word(a.context, 'docker context show'),
    version:
      a.version.kind === 'exited'
        ? (/version\s+([^,\s]+)/.exec(a.version.stdout)?.[1] ?? unknown('unreadable', 'docker --version'))
        : unknown(a.version.kind, 'docker --version'),
    dockerHost: a.host.kind === 'exited' && a.host.code === 0 ? a.host.stdout.trim() || null : null,
  }),
});

export type Refused = 'denied' | 'notRunning' | 'other';

export interface Runtime {
  readonly path: string | null;
  /** The daemon ran the program when it loaded the entry, so it was there. */
  readonly answered: boolean;
}

export interface DockerFacts {
  /** null: the daemon did not answer, and why. */
  readonly info: Maybe<DaemonInfo | null>;
  readonly refused: Refused | null;
  readonly says: string;
  readonly serverVersion: Maybe<string | null>;
  readonly unit: Maybe<UnitFacts>;
  readonly journal: Maybe<string>;
}
export interface DaemonInfo {
  readonly version: string;
  readonly runtimes: Readonly<Record<string, Runtime>>;
  readonly defaultRuntime: string;
  readonly cdiSpecDirs: readonly string[];
  /** Device names dockerd found in specs (28.2 and later); undefined on older ones. */
  readonly discovered: readonly string[] | undefined;
  readonly rootless: boolean;
  readonly rootDir: string;
  readonly operatingSystem: string;
  readonly kernel: string;
  readonly liveRestore: boolean;
  readonly cgroupDriver: string;
  readonly running: number;
  /** Its place in a Swarm; null where it is in none. */
  readonly swarm: SwarmNode | null;
  /** What its node offers to Swarm since the engine started, "NVIDIA-GPU=GPU-8d1f…" each. */
  readonly offers: readonly string[];
}
export interface SwarmNode {
  /** It may be asked about services, and may change them. */
  readonly manager: boolean;
  /** Nodes of the cluster; null on a worker, which is not told. */
  readonly nodes: number | null;
  /** After a start it waits for its key. */
  readonly locks: boolean;
}
export interface UnitFacts {
  readonly activeState: string;
  readonly result: string;
  /** Seconds since the epoch; null where it never started. */
  readonly startedAt: number | null;
  /** "2026-11-22 04:49:07" in the machine's own time. */
  readonly startedLocal: string | null;
  readonly execStart: string;
  readonly pid: number | null;
}

/** "@1795323267", or "Sun 2026-11-22 04:54:28 UTC". The letters of another zone do not say its hours. */
const timestamp = (s: string | undefined): number | null => {
  const seconds = /^@(\d+)/.exec(s ?? '')?.[1];
  if (seconds !== undefined) return Number(seconds);
  const m = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: (\S+))?/.exec(s ?? '');
  const zone = m?.[3] ?? 'UTC';
  if (!m || !/^(UTC|GMT|[+-]\d\d.*)$/.test(zone)) return null;
  const at = Date.parse(`${m[1]}T${m[2]}${/^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3) || '00'}` : 'Z'}`);
  return Number.isNaN(at) ? null : at / 1000;
};

const SHOW =
  'ActiveEnterTimestamp,ExecMainStartTimestamp,MainPID,ExecStart,FragmentPath,DropInPaths,Environment,LoadState,ActiveState,SubState,Result';

export const docker = probe({
  id: 'docker',
  looks: 'the Docker engine',
  needs: () => ({
    info: run('docker', 'info', '--format', '{{json .}}'),
    version: run('docker', 'version', '--format', '{{json .}}'),
    unit: run('systemctl', 'show', 'docker', `--property=${SHOW}`),
    // systemd before 248 does not know the option, and then its own zone has to do.
    since: run('systemctl', 'show', 'docker', '--timestamp=unix', '--property=ExecMainStartTimestamp'),
    journal: run('journalctl', '-u', 'docker', '-b', '-n', '50', '--no-pager', '-o', 'cat'),
    active: run('systemctl', 'is-active', 'docker'),
    daemon: run('dockerd', '--version'),
  }),
  read: (a): DockerFacts => {
    const version = json(
      a.version.kind === 'exited' ? a.version.stdout : unknown(a.version.kind, 'docker version'),
      'docker version',
    );
    const server = record(record(isUnknown(version) ? {} : version).Server);
    const raw = json(
      a.info.kind === 'exited' ? a.info.stdout : unknown(a.info.kind, 'docker info'),
      'docker info --format {{json .}}',
    );
    const errorText =
      a.info.kind === 'exited'
        ? `${a.info.stderr}\n${strings(record(isUnknown(raw) ? {} : raw).ServerErrors).join('\n')}`
        : '';
    const refused: Refused | null = /permission denied while trying to connect/i.test(errorText)
      ? 'denied'
      : /Cannot connect to the Docker daemon|error during connect|no such file or directory|connection refused/i.test(
            errorText,
          )
        ? 'notRunning'
        : null;
    const info = isUnknown(raw) ? null : record(raw);
    // Zeros beside an error are no answer.
    const failed = strings(record(info).ServerErrors).length > 0;
    const answered = info !== null && !failed && string(info.ServerVersion) ? daemonInfo(info) : null;
    const unitText = a.unit.kind === 'exited' ? a.unit.stdout : '';
    const get = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unitText)?.[1];
    const since = a.since.kind === 'exited' ? /^ExecMainStartTimestamp=(@\d+)$/m.exec(a.since.stdout)?.[1] : undefined;
    return {
      info:
        answered ??
        (isUnknown(raw) && !refused
          ? a.info.kind === 'exited'
            ? unknown('unreadable', 'docker info')
            : unknown(a.info.kind, 'docker info')
          : null),
      refused: answered ? null : (refused ?? (a.info.kind === 'exited' ? 'other' : null)),
      says: errorText.trim().split('\n')[0] ?? '',
      // A stopped daemon does not say its version; its program does.
      serverVersion:
        answered?.version ??
        string(server.Version) ??
        (a.daemon.kind === 'exited' ? (/version\s+([^,\s]+)/.exec(a.daemon.stdout)?.[1] ?? null) : null),
      unit:
        a.unit.kind === 'exited' && get('ActiveState')
          ? {
              activeState: get('ActiveState')!,
              result: get('Result') ?? '',
              startedAt:
                timestamp(since) ?? timestamp(get('ExecMainStartTimestamp')) ?? timestamp(get('ActiveEnterTimestamp')),
              startedLocal: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(get('ExecMainStartTimestamp') ?? '')?.[0] ?? null,
              execStart: /argv\[\]=([^;]*)/.exec(get('ExecStart') ?? '')?.[1]?.trim() ?? '',
              pid: Number(get('MainPID')) || null,
            }
          : a.active.kind === 'exited'
            ? {
                activeState: a.active.stdout.trim(),
                result: '',
                startedAt: null,
                startedLocal: null,
                execStart: '',
                pid: null,
              }
            : unknown(a.unit.kind === 'exited' ? 'unreadable' : a.unit.kind, 'systemctl show docker'),
      journal: a.journal.kind === 'exited' ? a.journal.stdout : unknown(a.journal.kind, 'journalctl -u docker'),
    };
  },
});

const daemonInfo = (info: Readonly<Record<string, unknown>>): DaemonInfo => ({
  version: string(info.ServerVersion) ?? '',
  runtimes: Object.fromEntries(
    Object.entries(record(info.Runtimes)).map(([name, r]) => [
      name,
      { path: string(record(r).path) ?? null, answered: Object.keys(record(record(r).status)).length > 0 },
    ]),
  ),
  defaultRuntime: string(info.DefaultRuntime) ?? 'runc',
  cdiSpecDirs: strings(info.CDISpecDirs),
  discovered: Array.isArray(info.DiscoveredDevices)
    ? info.DiscoveredDevices.flatMap(d => string(record(d).ID) ?? [])
    : undefined,
  rootless: strings(info.SecurityOptions).some(o => /name=rootless/.test(o)),
  rootDir: string(info.DockerRootDir) ?? '',
  operatingSystem: string(info.OperatingSystem) ?? '',
  kernel: string(info.KernelVersion) ?? '',
  liveRestore: info.LiveRestoreEnabled === true,
  cgroupDriver: string(info.CgroupDriver) ?? '',
  running: typeof info.ContainersRunning === 'number' ? info.ContainersRunning : 0,
  swarm: swarmIn(record(info.Swarm)),
  offers: Array.isArray(info.GenericResources) ? info.GenericResources.flatMap(r => offerIn(record(r))) : [],
});

const swarmIn = (s: Readonly<Record<string, unknown>>): SwarmNode | null => {
  if (s.LocalNodeState !== 'active') return null;
  const keys = record(record(record(s.Cluster).Spec).EncryptionConfig);
  return {
    manager: s.ControlAvailable === true,
    nodes: typeof s.Nodes === 'number' ? s.Nodes : null,
    locks: keys.AutoLockManagers === true,
  };
};
const offerIn = (r: Readonly<Record<string, unknown>>): readonly string[] => {
  const { Kind, Value } = record(r.NamedResourceSpec ?? r.DiscreteResourceSpec);
  return typeof Kind === 'string' ? [`${Kind}=${String(Value)}`] : [];
};

/** What the running daemon answered; null where none did. */
export const daemonOf = (d: DockerFacts): DaemonInfo | null => (isUnknown(d.info) ? null : d.info);

export const DAEMON_JSON = '/etc/docker/daemon.json';

export interface DaemonJsonFacts {
  readonly path: string;
  /** null: no such file. */
  readonly text: Maybe<string | null>;
  /** Why it does not parse, as dockerd would see it. */
  readonly fault: string | null;
  readonly runtimes: Readonly<Record<string, { readonly path: string | null }>>;
  readonly defaultRuntime: string | null;
  /** features.cdi; undefined where it is not set. */
  readonly cdi: boolean | undefined;
  readonly specDirs: readonly string[] | undefined;
  /** node-generic-resources, "NVIDIA-GPU=GPU-8d1f…" each. */
  readonly offers: readonly string[];
  /** Top-level keys of the file. */
  readonly keys: readonly string[];
  /** Keys that look right and do nothing (wrong case, the flag's spelling). */
  readonly withoutEffect: readonly string[];
  readonly mtime: Maybe<number | null>;
  /** What `dockerd --validate` said; null where it could not be asked or the file is fine. */
  readonly invalid: string | null;
  /** `dockerd --validate` finds nothing wrong with the file as it is now; false where it does or could not be asked. */
  readonly validated: boolean;
}

/** What dockerd says of a file that it does not accept; before 23.0 it does not know the option, which says nothing. */
const REFUSED = /unable to configure the Docker daemon|configuration validation/;
/** It could not read the file, so it has not judged it. */
const UNREAD = /open \S+: (no such file or directory|permission denied)/;

type JsonText = Pick<
  DaemonJsonFacts,
  'fault' | 'runtimes' | 'defaultRuntime' | 'cdi' | 'specDirs' | 'offers' | 'keys' | 'withoutEffect'
>;

/** What the text of a daemon.json says, or why it does not parse. */
export const readDaemonJson = (raw: string | null): JsonText => {
  let fault: string | null = null;
  let value: unknown = {};
  const content = (raw ?? '').replace(/^\uFEFF/, '');
  if (content.trim() !== '') {
    try {
      value = JSON.parse(content);
    } catch (e) {
      fault = (e as Error).message;
    }
  }
  const top = record(value);
  const features = record(top.features);
  return {
    fault,
    runtimes: Object.fromEntries(
      Object.entries(record(top.runtimes)).map(([n, r]) => [n, { path: string(record(r).path) ?? null }]),
    ),
    defaultRuntime: string(top['default-runtime']) ?? null,
    cdi: typeof features.cdi === 'boolean' ? features.cdi : undefined,
    specDirs: Array.isArray(top['cdi-spec-dirs']) ? strings(top['cdi-spec-dirs']) : undefined,
    offers: strings(top['node-generic-resources']),
    keys: Object.keys(top),
    withoutEffect: [
      ...Object.keys(features)
        .filter(k => k !== 'cdi' && k.toLowerCase() === 'cdi')
        .map(k => `features.${k}`),
      ...('cdi-spec-dir' in top ? ['cdi-spec-dir'] : []),
    ],
  };
};

export const daemonJson = probe({
  id: 'daemonJson',
  looks: DAEMON_JSON,
  needs: () => ({
    file: read(DAEMON_JSON),
    stat: stat(DAEMON_JSON),
    // Without a file named it reads this one, where there is one.
    validate: run('dockerd', '--validate'),
  }),
  read: (a): DaemonJsonFacts => {
    const raw = text(a.file as FileRead, DAEMON_JSON);
    const said =
      a.validate.kind === 'exited' && a.validate.code !== 0 ? `${a.validate.stderr}${a.validate.stdout}`.trim() : '';
    const mtime = exists(a.stat as StatRead, DAEMON_JSON);
    return {
      path: DAEMON_JSON,
      text: raw,
      ...readDaemonJson(typeof raw === 'string' ? raw : null),
      mtime: a.stat.kind === 'stat' ? a.stat.stat.mtime : mtime === false ? null : unknown('unrecorded', DAEMON_JSON),
      validated: a.validate.kind === 'exited' && a.validate.code === 0,
      invalid: raw !== null && REFUSED.test(said) && !UNREAD.test(said) ? said.split('\n').pop()! : null,
    };
  },
});

export interface RuntimePathFacts {
  /** Whether the program of the `nvidia` runtime entry exists; null where there is no entry. */
  readonly exists: Maybe<boolean | null>;
  readonly path: string | null;
}

type Known = { readonly docker: DockerFacts; readonly daemonJson: DaemonJsonFacts };
export const runtimeEntry = ({ docker: d, daemonJson: j }: Known): string | null =>
  daemonOf(d)?.runtimes.nvidia?.path ?? j.runtimes.nvidia?.path ?? null;

export const runtimePath = probe({
  id: 'runtimePath',
  looks: 'the program behind the nvidia runtime',
  after: ['docker', 'daemonJson'],
  needs: (known: Known) => {
    const path = runtimeEntry(known);
    return {
      stat: stat(path?.startsWith('/') ? path : `/usr/bin/${path ?? 'nvidia-container-runtime'}`),
      local: stat(
        `/usr/local/bin/${path?.startsWith('/') ? 'nvidia-container-runtime' : (path ?? 'nvidia-container-runtime')}`,
      ),
    };
  },
  read: (a, known: Known): RuntimePathFacts => {
    const path = runtimeEntry(known);
    if (path === null) return { exists: null, path };
    const there = exists(a.stat, path);
    return { path, exists: path.startsWith('/') || there === true ? there : a.local.kind === 'stat' ? true : there };
  },
});
