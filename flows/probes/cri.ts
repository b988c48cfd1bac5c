/** The engine that serves Kubernetes here: its files, what it makes of them, and what the running one knows. */
import type { DirRead, FileRead, Ran, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { type Asks, list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { parseToml } from '../../src/text/toml-parse.ts';
import { type Answers, exists, json, names, output, record, string, strings, text } from './answers.ts';
import { type CrioFacts, crioAsks, type KnowsCrio, readCrio } from './crio.ts';
import { crictl, type Flavour, onNode, runArgv } from './kube.ts';
import type { KubeEngine } from './kubelet.ts';

export const CONTAINERD_CONFIG = '/etc/containerd/config.toml';
export const CONTAINERD_DROP_INS = '/etc/containerd/conf.d';
export const NVIDIA_DROP_IN = `${CONTAINERD_DROP_INS}/99-nvidia.toml`;
/** Generated at every start from a template; never edited. */
export const generatedDir = (flavour: 'k3s' | 'rke2'): string => `/var/lib/rancher/${flavour}/agent/etc/containerd`;
/** The state of the control plane; an agent has none. */
const serverDir = (flavour: 'k3s' | 'rke2'): string => `/var/lib/rancher/${flavour}/server`;
export const TEMPLATES = ['config-v3.toml.tmpl', 'config.toml.tmpl'] as const;
const MICROK8S_ARGS = '/var/snap/microk8s/current/args';
export const MICROK8S_TEMPLATE = `${MICROK8S_ARGS}/containerd-template.toml`;
/** The file that containerd reads. */
const configOf = (flavour: Flavour | null): string =>
  flavour === 'microk8s'
    ? `${MICROK8S_ARGS}/containerd.toml`
    : flavour === 'k3s' || flavour === 'rke2'
      ? `${generatedDir(flavour)}/config.toml`
      : CONTAINERD_CONFIG;

/** What a configuration of an engine says of what Kubernetes needs. */
export interface CriConfig {
  /** Up to 2 for containerd 1.x, 3 and 4 for 2.x; CRI-O has none. */
  readonly version: number | null;
  /** Binary by handler name; empty where it is not set. */
  readonly handlers: Readonly<Record<string, string>>;
  readonly defaultRuntime: string;
  readonly cdi: boolean | null;
  readonly systemdCgroup: boolean | null;
  readonly criDisabled: boolean;
}
export interface CriFacts {
  /** Which engine the rest is about. */
  readonly engine: Maybe<KubeEngine>;
  /** The file that it reads; of CRI-O the one that writes the handler. */
  readonly path: string;
  readonly text: Maybe<string | null>;
  readonly dropIn: Maybe<string | null>;
  readonly dropIns: readonly string[];
  /** "path: why" of a file that does not parse. */
  readonly fault: string | null;
  /** What stands in the files one by one, whether or not it takes effect. */
  readonly written: CriConfig;
  /** What it would run with after a restart: the dump of containerd, the generated file of k3s, the template of microk8s. */
  readonly effective: Maybe<CriConfig>;
  /** What the running one answers. */
  readonly live: Maybe<CriConfig>;
  /** Who said so: a command, or the file that the running one was started on. */
  readonly liveFrom: string;
  /** The template that is filled in at each start, of k3s the one that wins; null where there is none. */
  readonly template: { readonly path: string; readonly text: Maybe<string | null> } | null;
  /** Lines in which k3s says which NVIDIA runtimes it found at its start, and complaints about one it did not. */
  readonly said: Maybe<readonly string[]>;
  /** Major version of containerd, from the schema of its configuration. */
  readonly major: 1 | 2 | null;
  /** Of k3s and rke2: this node is a server, whose unit has another name than that of an agent. */
  readonly isServer: Maybe<boolean>;
  /** What only CRI-O has; null where another engine serves. */
  readonly crio: CrioFacts | null;
}

const NOTHING: CriConfig = {
  version: null,
  handlers: {},
  defaultRuntime: '',
  cdi: null,
  systemdCgroup: null,
  criDisabled: false,
};
const PLUGINS = ['io.containerd.cri.v1.runtime', 'io.containerd.grpc.v1.cri', 'cri'] as const;

/** Reads both schemas; a section of the wrong schema is still read, what becomes of it is containerd's business. */
export const criConfigOf = (value: unknown): CriConfig => {
  const o = record(value);
  const plugin = PLUGINS.map(p => record(record(o.plugins)[p])).find(p => Object.keys(p).length > 0) ?? {};
  const containerd = record(plugin.containerd);
  const runtimes = record(containerd.runtimes);
  const cgroup = record(record(runtimes.runc).options).SystemdCgroup;
  return {
    version: typeof o.version === 'number' ? o.version : null,
    handlers: Object.fromEntries(
      Object.entries(runtimes).map(([name, r]) => [name, string(record(record(r).options).BinaryName) ?? '']),
    ),
    defaultRuntime: string(containerd.default_runtime_name) ?? '',
    cdi: typeof plugin.enable_cdi === 'boolean' ? plugin.enable_cdi : null,
    systemdCgroup: typeof cgroup === 'boolean' ? cgroup : null,
    criDisabled: strings(o.disabled_plugins).some(
      p => PLUGINS.includes(p as never) || p === 'io.containerd.cri.v1.images',
    ),
  };
};

const liveOf = (value: unknown): CriConfig | null => {
  const o = record(record(value).config);
  const containerd = record(o.containerd);
  if (Object.keys(record(containerd.runtimes)).length === 0) return null;
  return {
    ...NOTHING,
    handlers: Object.fromEntries(
      Object.entries(record(containerd.runtimes)).map(([n, r]) => [
        n,
        string(record(record(r).options).BinaryName) ?? '',
      ]),
    ),
    defaultRuntime: string(containerd.defaultRuntimeName) ?? '',
    cdi: typeof o.enableCDI === 'boolean' ? o.enableCDI : null,
  };
};

const merged = (a: CriConfig, b: CriConfig): CriConfig => ({
  version: a.version ?? b.version,
  handlers: { ...a.handlers, ...b.handlers },
  defaultRuntime: b.defaultRuntime || a.defaultRuntime,
  cdi: b.cdi ?? a.cdi,
  systemdCgroup: b.systemdCgroup ?? a.systemdCgroup,
  criDisabled: a.criDisabled || b.criDisabled,
});

const INFO = 'crictl info';
/** What k3s and rke2 said at their start about the runtimes they looked for. */
export const JOURNAL = [
  'journalctl',
  ...['k3s', 'k3s-agent', 'rke2-server', 'rke2-agent'].flatMap(u => ['-u', u]),
  '-b',
  '--no-pager',
  '-o',
  'cat',
  '--grep=nvidia.* container runtime at|default runtime',
] as const;

const containerdAsks = (flavour: Flavour): Asks =>
  flavour === 'kubelet'
    ? {
        text: read(CONTAINERD_CONFIG),
        dump: run('containerd', 'config', 'dump'),
        dropIns: list(CONTAINERD_DROP_INS),
        dropIn: read(NVIDIA_DROP_IN),
      }
    : flavour === 'microk8s'
      ? { text: read(configOf(flavour)), template: read(MICROK8S_TEMPLATE), dropIn: read(NVIDIA_DROP_IN) }
      : {
          text: read(configOf(flavour)),
          v3: read(`${generatedDir(flavour)}/${TEMPLATES[0]}`),
          v2: read(`${generatedDir(flavour)}/${TEMPLATES[1]}`),
          said: run(...JOURNAL),
          server: stat(serverDir(flavour)),
        };

export const cri = probe({
  id: 'cri',
  looks: 'the container engine of this node',
  after: ['kube', 'kubelet', 'crioFiles'],
  needs: (k: KnowsCrio): Asks =>
    onNode(k, flavour => {
      const { engine } = k.kubelet;
      if (engine === 'crio') return crioAsks(k);
      return engine === 'containerd' ? { live: runArgv(crictl(flavour, 'info')), ...containerdAsks(flavour) } : {};
    }),
  read: (a: Answers, k: KnowsCrio): CriFacts => (k.kubelet.engine === 'crio' ? readCrio(a, k) : readContainerd(a, k)),
});

const readContainerd = (a: Answers, { kube, kubelet }: KnowsCrio): CriFacts => {
  const { flavour } = kube;
  const path = configOf(flavour);
  const faults: string[] = [];
  const parse = (t: Maybe<string | null>, at: string): CriConfig => {
    if (typeof t !== 'string') return NOTHING;
    const r = parseToml(t);
    if ('fault' in r) {
      faults.push(`${at}:${r.fault.line}:${r.fault.column}: ${r.fault.message}`);
      return NOTHING;
    }
    return criConfigOf(r.value);
  };
  const reads = (key: string, at: string) => (a[key] ? text(a[key] as FileRead, at) : unknown('unrecorded', at));
  const own = reads('text', path);
  const found = reads('dropIn', NVIDIA_DROP_IN);
  const info = a.live ? json(output(a.live as Ran, INFO), INFO) : unknown('unrecorded', INFO);
  const answered = isUnknown(info) ? info : (liveOf(info) ?? unknown('unreadable', INFO));
  const whole = (main: Maybe<string | null>, at: string): CriConfig =>
    merged(parse(main, at), imports(main) ? parse(found, NVIDIA_DROP_IN) : NOTHING);
  const isServer = a.server
    ? exists(a.server as StatRead, 'the folder of the server')
    : unknown('unrecorded', 'the folder of the server');
  const rest = { engine: kubelet.engine, path, text: own, said: [], isServer, crio: null };
  if (flavour === 'microk8s') {
    const template = reads('template', MICROK8S_TEMPLATE);
    // Each start writes the file from the template, so the file is what the running one has read.
    const made = isUnknown(own) ? own : own === null ? unknown('absent', path) : whole(own, path);
    const written = whole(template, MICROK8S_TEMPLATE);
    return {
      ...rest,
      dropIn: imports(template) ? found : null,
      dropIns: [],
      fault: faults[0] ?? null,
      written,
      effective: isUnknown(template) ? template : template === null ? unknown('absent', MICROK8S_TEMPLATE) : written,
      live: isUnknown(answered) ? made : answered,
      liveFrom: isUnknown(answered) ? path : INFO,
      template: { path: MICROK8S_TEMPLATE, text: template },
      // Its template keeps the old schema on containerd 2 as well, which reads both.
      major: (written.version ?? 0) >= 3 ? 2 : null,
    };
  }
  const dropIn = flavour === 'kubelet' ? found : null;
  const dropIns = a.dropIns ? (or(names(a.dropIns as DirRead, CONTAINERD_DROP_INS), null) ?? []) : [];
  const written = merged(parse(own, path), parse(dropIn, NVIDIA_DROP_IN));
  const dumped = a.dump ? output(a.dump as Ran, 'containerd config dump') : own;
  const effective: Maybe<CriConfig> =
    flavour === null
      ? unknown('unrecorded', path)
      : isUnknown(dumped)
        ? dumped
        : dumped === null
          ? unknown('absent', path)
          : flavour === 'kubelet'
            ? parse(dumped, 'containerd config dump')
            : written;
  // What parses here may still be refused by containerd, for a wrong type as well.
  const refusal =
    flavour === 'kubelet'
      ? /^(?:containerd: )?(failed to (?:load|unmarshal) TOML.*|invalid plugin config.*)/m.exec(
          refusedBy(a.dump as Ran),
        )?.[1]
      : undefined;
  if (refusal !== undefined && faults.length === 0) faults.push(`${path}: ${refusal}`);
  const schema = isUnknown(effective) ? written.version : effective.version;
  const templates = TEMPLATES.flatMap((name, i) => {
    const t = a[i === 0 ? 'v3' : 'v2'] as FileRead | undefined;
    const at = flavour === null || flavour === 'kubelet' ? '' : `${generatedDir(flavour)}/${name}`;
    return t === undefined || t.kind === 'absent' || t.kind === 'unrecorded' ? [] : [{ path: at, text: text(t, at) }];
  });
  return {
    ...rest,
    dropIn,
    dropIns,
    fault: faults[0] ?? null,
    written,
    effective,
    live: answered,
    liveFrom: INFO,
    // containerd 1 never reads the template of the new schema.
    template: (schema === 2 ? templates.at(-1) : templates[0]) ?? null,
    said: saidBy(a.said as Ran | undefined),
    major: schema === null ? null : schema >= 3 ? 2 : 1,
  };
};

const refusedBy = (ran: Ran | undefined): string => (ran?.kind === 'exited' && ran.code !== 0 ? ran.stderr : '');
/** Whether a file has the folder of drop-ins read as well. */
const imports = (t: Maybe<string | null>): boolean => typeof t === 'string' && t.includes(`${CONTAINERD_DROP_INS}/`);

const saidBy = (said: Ran | undefined): CriFacts['said'] => {
  if (said === undefined) return unknown('unrecorded', 'journalctl -u k3s');
  if (said.kind !== 'exited') return unknown(said.kind, 'journalctl -u k3s');
  // journalctl exits with 1 where nothing matches.
  return said.code > 1 || /permission/i.test(said.stderr)
    ? unknown('denied', 'journalctl -u k3s')
    : said.stdout.split('\n').filter(l => /nvidia/.test(l));
};
