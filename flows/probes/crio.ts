/** CRI-O as the engine of a node: what its files add up to, what the running one answers, and what the handlers call. */
import type { DirRead, FileRead, Ran, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, type Unknown, unknown } from '../../src/engine/known.ts';
import { type Asks, list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { parseToml } from '../../src/text/toml-parse.ts';
import { type Answers, exists, json, names, output, record, string, strings, text } from './answers.ts';
import type { CriConfig, CriFacts } from './cri.ts';
import { runArgv } from './kube.ts';
import { CRIO_DROP_INS, CRIO_SOCKET, isOnCrio, type KnowsKubelet } from './kubelet.ts';

export const CRIO_CONF = '/etc/crio/crio.conf';
export const CRIO_NVIDIA = `${CRIO_DROP_INS}/99-nvidia.toml`;
/** Where systemd lets a service look for programs. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

export const CONMON: readonly string[] = PATH.map(dir => `${dir}/conmon`);

/** One table below crio.runtime.runtimes. */
export interface CrioHandler {
  /** Empty: CRI-O looks for a program of the handler's name. */
  readonly path: string;
  /** conmon, which watches each container; empty: searched in the PATH at start. */
  readonly monitor: string;
  /** As it is written, for whoever copies it. */
  readonly options: Readonly<Record<string, unknown>>;
}
export interface CrioConfig extends CriConfig {
  readonly runtimes: Readonly<Record<string, CrioHandler>>;
  /** The key of the time before each handler named its own; where it is set it counts for all of them. */
  readonly conmon: string;
  /** null: not set, the two usual folders. */
  readonly cdiDirs: readonly string[] | null;
  readonly hookDirs: readonly string[] | null;
}
export interface CrioFile {
  readonly path: string;
  readonly text: Maybe<string | null>;
}
export interface CrioFacts {
  /** In the order in which they are read. */
  readonly files: readonly CrioFile[];
  /** All files together, before a start looks whether the programs are there. */
  readonly written: CrioConfig;
  readonly live: Maybe<CrioConfig>;
  /** "1.33.2". */
  readonly version: Maybe<string | null>;
  /** Programs that the handlers name, and those that CRI-O looks for by itself. */
  readonly there: ReadonlyMap<string, Maybe<boolean>>;
  /** Files of NVIDIA in its folders of hooks, which it runs for every container whatever its handler. */
  readonly hooks: Maybe<readonly string[]>;
  /** systemd's word for crio.service. */
  readonly state: Maybe<string>;
  /** The file that wrote the handler last was changed after the running CRI-O was started. */
  readonly changedSince: Maybe<boolean>;
}

const EMPTY: CrioConfig = {
  version: null,
  handlers: {},
  defaultRuntime: '',
  // Where it is supported it cannot be switched off.
  cdi: true,
  systemdCgroup: null,
  criDisabled: false,
  runtimes: {},
  conmon: '',
  cdiDirs: null,
  hookDirs: null,
};
const dirs = (value: unknown): readonly string[] | null => (Array.isArray(value) ? strings(value) : null);

/** Reads one file, or the whole that `crio status config` prints. */
export const crioConfigOf = (value: unknown): CrioConfig => {
  const runtime = record(record(record(value).crio).runtime);
  const runtimes = Object.fromEntries(
    Object.entries(record(runtime.runtimes)).map(([name, table]): [string, CrioHandler] => {
      const options = record(table);
      return [name, { path: string(options.runtime_path) ?? '', monitor: string(options.monitor_path) ?? '', options }];
    }),
  );
  return {
    ...EMPTY,
    handlers: Object.fromEntries(Object.entries(runtimes).map(([name, r]) => [name, r.path])),
    defaultRuntime: string(runtime.default_runtime) ?? '',
    runtimes,
    conmon: string(runtime.conmon) ?? '',
    cdiDirs: dirs(runtime.cdi_spec_dirs),
    hookDirs: dirs(runtime.hooks_dir),
  };
};

/** A later file replaces a handler as a whole and adds others; of lists the last one counts. */
const merged = (a: CrioConfig, b: CrioConfig): CrioConfig => ({
  ...a,
  handlers: { ...a.handlers, ...b.handlers },
  defaultRuntime: b.defaultRuntime || a.defaultRuntime,
  runtimes: { ...a.runtimes, ...b.runtimes },
  conmon: b.conmon || a.conmon,
  cdiDirs: b.cdiDirs ?? a.cdiDirs,
  hookDirs: b.hookDirs ?? a.hookDirs,
});

export interface CrioFileFacts {
  readonly files: readonly CrioFile[];
  /** "path:line:column: why" of the first that does not parse; CRI-O does not start with it. */
  readonly fault: string | null;
  readonly config: Maybe<CrioConfig>;
}

/** Every file counts, whatever its name ends in, and the alphabet says which is read first. */
const pathsOf = (k: KnowsKubelet): readonly string[] => [
  CRIO_CONF,
  ...(isUnknown(k.kubelet.dropIns) ? [] : [...(k.kubelet.dropIns ?? [])].sort().map(n => `${CRIO_DROP_INS}/${n}`)),
];

export const crioFiles = probe({
  id: 'crioFiles',
  looks: 'the configuration of CRI-O',
  after: ['kubelet'],
  needs: (k: KnowsKubelet): Asks => (isOnCrio(k) ? Object.fromEntries(pathsOf(k).map(p => [p, read(p)] as const)) : {}),
  read: (a: Answers, k: KnowsKubelet): CrioFileFacts => {
    if (!isOnCrio(k)) return { files: [], fault: null, config: unknown('unrecorded', CRIO_CONF) };
    const files = pathsOf(k)
      .filter(path => !isFolder(a[path] as FileRead))
      .map((path): CrioFile => ({ path, text: text(a[path] as FileRead, path) }));
    const faults: string[] = [];
    const parts = files.flatMap(({ path, text: t }) => {
      if (typeof t !== 'string') return [];
      const r = parseToml(t);
      if (!('fault' in r)) return [crioConfigOf(r.value)];
      faults.push(`${path}:${r.fault.line}:${r.fault.column}: ${r.fault.message}`);
      return [];
    });
    const closed = isUnknown(k.kubelet.dropIns)
      ? k.kubelet.dropIns
      : files.map(f => f.text).find((t): t is Unknown => isUnknown(t));
    return { files, fault: faults[0] ?? null, config: closed ?? parts.reduce(merged, EMPTY) };
  },
});
const isFolder = (found: FileRead): boolean => found.kind === 'unreadable' && found.why === 'EISDIR';

export interface KnowsCrio extends KnowsKubelet {
  readonly crioFiles: CrioFileFacts;
}

/** The file whose table of this handler counts. */
export const writerOf = (files: readonly CrioFile[], handler: string): string | null =>
  files.findLast(({ text: t }) => {
    const r = typeof t === 'string' ? parseToml(t) : { fault: null };
    return !('fault' in r) && handler in crioConfigOf(r.value).runtimes;
  })?.path ?? null;

/** What the nvidia handler is made like and calls: the handler of pods that name none, which is crun, before 1.31 runc. */
export const modelHandler = (c: CrioConfig): CrioHandler | undefined =>
  c.defaultRuntime === '' || c.defaultRuntime === 'nvidia'
    ? (c.runtimes.crun ?? c.runtimes.runc)
    : c.runtimes[c.defaultRuntime];

const programsOf = (c: CrioConfig): readonly string[] => {
  const named = [c.runtimes.nvidia, modelHandler(c)].flatMap(h => (h === undefined ? [] : [h.path, h.monitor]));
  return [...new Set([c.conmon, ...named].filter(p => p.startsWith('/')).concat(CONMON))];
};

const hookDirsOf = (c: CrioConfig): readonly string[] => c.hookDirs ?? ['/usr/share/containers/oci/hooks.d'];

const STATUS = ['crio', 'status', 'config'] as const;
const INFO = ['crictl', '--runtime-endpoint', `unix://${CRIO_SOCKET}`, 'info'] as const;

export const crioAsks = ({ crioFiles: { files, config } }: KnowsCrio): Asks => {
  const writer = writerOf(files, 'nvidia');
  return {
    status: run(...STATUS),
    info: runArgv(INFO),
    version: run('crio', '--version'),
    unit: run('systemctl', 'show', 'crio', '--timestamp=unix', '--property=ActiveState,ExecMainStartTimestamp'),
    ...(writer === null ? {} : { writer: stat(writer) }),
    ...(isUnknown(config)
      ? {}
      : Object.fromEntries([
          ...programsOf(config).map(p => [p, stat(p)] as const),
          ...hookDirsOf(config).map(d => [`${d}/`, list(d)] as const),
        ])),
  };
};

/** What `crictl info` shows of CRI-O: the table itself from 1.33 on, before that the names of the handlers from 1.30 on. */
const shownBy = (value: unknown): CrioConfig | null => {
  const o = record(value);
  const own = record(record(o.config).crio);
  const table = Object.entries(record(own.Runtimes));
  const named = (Array.isArray(o.runtimeHandlers) ? o.runtimeHandlers : []).flatMap(h => string(record(h).name) || []);
  if (table.length === 0 && named.length === 0) return null;
  const runtimes = Object.fromEntries(
    table.map(([name, r]): [string, CrioHandler] => [
      name,
      { path: string(record(r).RuntimePath) ?? '', monitor: string(record(r).MonitorPath) ?? '', options: {} },
    ]),
  );
  return {
    ...EMPTY,
    runtimes,
    handlers: {
      ...Object.fromEntries(named.map(name => [name, ''])),
      ...Object.fromEntries(Object.entries(runtimes).map(([name, r]) => [name, r.path])),
    },
    defaultRuntime: string(own.DefaultRuntime) ?? '',
    cdiDirs: dirs(own.CDISpecDirs),
    hookDirs: dirs(own.HooksDir),
  };
};

const liveOf = (a: Answers): { readonly live: Maybe<CrioConfig>; readonly liveFrom: string } => {
  const printed = output(a.status as Ran, STATUS.join(' '));
  const r = isUnknown(printed) ? undefined : parseToml(printed);
  if (r !== undefined && !('fault' in r)) {
    const config = crioConfigOf(r.value);
    if (Object.keys(config.runtimes).length > 0) return { live: config, liveFrom: STATUS.join(' ') };
  }
  const info = json(output(a.info as Ran, 'crictl info'), 'crictl info');
  const live = isUnknown(info) ? info : (shownBy(info) ?? unknown('unreadable', 'crictl info'));
  return { live, liveFrom: 'crictl info' };
};

const serviceOf = (a: Answers): Pick<CrioFacts, 'state' | 'changedSince'> => {
  const shown = output(a.unit as Ran, 'systemctl show crio');
  if (isUnknown(shown)) return { state: shown, changedSince: shown };
  const state = /^ActiveState=(\S+)/m.exec(shown)?.[1] ?? unknown('unreadable', 'systemctl show crio');
  const started = Number(/^ExecMainStartTimestamp=@(\d+)/m.exec(shown)?.[1] ?? Number.NaN);
  const file = a.writer as StatRead | undefined;
  return {
    state,
    changedSince:
      file?.kind === 'stat' && !Number.isNaN(started)
        ? state === 'active' && file.stat.mtime > started
        : unknown('unreadable', 'systemctl show crio'),
  };
};

const hooksIn = (a: Answers, c: CrioConfig): CrioFacts['hooks'] => {
  const found = hookDirsOf(c).map(d => [d, a[`${d}/`] === undefined ? null : names(a[`${d}/`] as DirRead, d)] as const);
  const closed = found.map(([, n]) => n).find((n): n is Unknown => isUnknown(n));
  return (
    closed ??
    found.flatMap(([d, n]) => (isUnknown(n) ? [] : (n ?? []).filter(x => /nvidia/.test(x)).map(x => `${d}/${x}`)))
  );
};

/** A start leaves a handler out whose program is not there, and goes on with the rest. */
export const isIgnored = (h: CrioHandler | undefined, there: CrioFacts['there']): boolean =>
  h !== undefined && (h.path === '' || there.get(h.path) === false);

export const readCrio = (a: Answers, { crioFiles: f }: KnowsCrio): CriFacts => {
  const writer = writerOf(f.files, 'nvidia');
  const written = isUnknown(f.config) ? EMPTY : f.config;
  // Which programs are named is known only with the files.
  const there = new Map(
    (isUnknown(f.config) ? [] : programsOf(written)).map(p => [p, exists(a[p] as StatRead, p)] as const),
  );
  const version = output(a.version as Ran, 'crio --version');
  const { live, liveFrom } = liveOf(a);
  const { nvidia: _, ...others } = written.handlers;
  const main = f.files[0]?.text ?? null;
  return {
    engine: 'crio',
    path: writer ?? CRIO_CONF,
    text: main,
    dropIn: f.files.find(({ path }) => path === CRIO_NVIDIA)?.text ?? null,
    dropIns: f.files.slice(1).map(({ path }) => path),
    fault: f.fault,
    written,
    effective: isUnknown(f.config)
      ? f.config
      : isIgnored(written.runtimes.nvidia, there)
        ? { ...written, handlers: others }
        : written,
    live,
    liveFrom,
    template: null,
    said: [],
    major: null,
    isServer: unknown('unrecorded', 'the folder of the server'),
    crio: {
      files: f.files,
      written,
      live,
      version: isUnknown(version) ? version : (/^crio version (?:Version:\s*)?(\d\S*)/m.exec(version)?.[1] ?? null),
      there,
      hooks: hooksIn(a, written),
      ...serviceOf(a),
    },
  };
};
