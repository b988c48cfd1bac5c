/** The containerd that serves Kubernetes here: its files, what it makes of them, and what the running one knows. */
import type { DirRead, FileRead, Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { type Asks, list, probe, read, run } from '../../src/engine/probe.ts';
import { parseToml } from '../../src/text/toml-parse.ts';
import { type Answers, json, names, output, record, string, strings, text } from './answers.ts';
import { crictl, type KnowsKube, onNode, runArgv } from './kube.ts';

export const CONTAINERD_CONFIG = '/etc/containerd/config.toml';
export const CONTAINERD_DROP_INS = '/etc/containerd/conf.d';
export const NVIDIA_DROP_IN = `${CONTAINERD_DROP_INS}/99-nvidia.toml`;
/** Generated at every start from a template; never edited. */
export const generatedDir = (flavour: 'k3s' | 'rke2'): string => `/var/lib/rancher/${flavour}/agent/etc/containerd`;
export const TEMPLATES = ['config-v3.toml.tmpl', 'config.toml.tmpl'] as const;

/** What a configuration of containerd's CRI plugin says. */
export interface CriConfig {
  /** 2 for containerd 1.x, 3 for 2.x. */
  readonly version: number | null;
  /** Binary by handler name; empty where it is not set. */
  readonly handlers: Readonly<Record<string, string>>;
  readonly defaultRuntime: string;
  readonly cdi: boolean | null;
  readonly systemdCgroup: boolean | null;
  readonly criDisabled: boolean;
}
export interface CriFacts {
  /** The file that containerd reads. */
  readonly path: string;
  readonly text: Maybe<string | null>;
  readonly dropIn: Maybe<string | null>;
  readonly dropIns: readonly string[];
  /** "path: why" of a file that does not parse. */
  readonly fault: string | null;
  /** What stands in the files one by one, whether or not it takes effect. */
  readonly written: CriConfig;
  /** What containerd would run with after a restart: its dump, or the generated file of k3s. */
  readonly effective: Maybe<CriConfig>;
  /** What the running one answers. */
  readonly live: Maybe<CriConfig>;
  /** The template of k3s that wins; null where there is none. */
  readonly template: { readonly path: string; readonly text: Maybe<string | null> } | null;
  /** Lines in which k3s says which NVIDIA runtimes it found at its start, and complaints about one it did not. */
  readonly said: Maybe<readonly string[]>;
  /** Major version of containerd, from the schema of its configuration. */
  readonly major: 1 | 2 | null;
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

export const cri = probe({
  id: 'cri',
  looks: 'the containerd of this node',
  after: ['kube'],
  needs: (k: KnowsKube): Asks =>
    onNode(k, flavour => ({
      live: runArgv(crictl(flavour, 'info')),
      ...(flavour === 'kubelet'
        ? {
            text: read(CONTAINERD_CONFIG),
            dump: run('containerd', 'config', 'dump'),
            dropIns: list(CONTAINERD_DROP_INS),
            dropIn: read(NVIDIA_DROP_IN),
          }
        : {
            text: read(`${generatedDir(flavour)}/config.toml`),
            v3: read(`${generatedDir(flavour)}/${TEMPLATES[0]}`),
            v2: read(`${generatedDir(flavour)}/${TEMPLATES[1]}`),
            said: run(...JOURNAL),
          }),
    })),
  read: (a: Answers, { kube }: KnowsKube): CriFacts => {
    const flavour = kube.flavour;
    const path = flavour === null || flavour === 'kubelet' ? CONTAINERD_CONFIG : `${generatedDir(flavour)}/config.toml`;
    const none = unknown('unrecorded', path);
    const reads = (key: string, at: string) => (a[key] ? text(a[key] as FileRead, at) : unknown('unrecorded', at));
    const own = reads('text', path);
    const dropIn = flavour === 'kubelet' ? reads('dropIn', NVIDIA_DROP_IN) : null;
    const dropIns = a.dropIns ? (or(names(a.dropIns as DirRead, CONTAINERD_DROP_INS), null) ?? []) : [];
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
    const written = merged(parse(own, path), parse(dropIn, NVIDIA_DROP_IN));
    const dumped = a.dump ? output(a.dump as Ran, 'containerd config dump') : own;
    const effective: Maybe<CriConfig> =
      flavour === null
        ? none
        : isUnknown(dumped)
          ? dumped
          : dumped === null
            ? unknown('absent', path)
            : flavour === 'kubelet'
              ? parse(dumped, 'containerd config dump')
              : written;
    const info = a.live
      ? json(output(a.live as Ran, 'crictl info'), 'crictl info')
      : unknown('unrecorded', 'crictl info');
    const live = isUnknown(info) ? info : (liveOf(info) ?? unknown('unreadable', 'crictl info'));
    const schema = isUnknown(effective) ? written.version : effective.version;
    const templates = TEMPLATES.flatMap((name, i) => {
      const t = a[i === 0 ? 'v3' : 'v2'] as FileRead | undefined;
      const at = flavour === null || flavour === 'kubelet' ? '' : `${generatedDir(flavour)}/${name}`;
      return t === undefined || t.kind === 'absent' || t.kind === 'unrecorded' ? [] : [{ path: at, text: text(t, at) }];
    });
    const said = a.said as Ran | undefined;
    return {
      path,
      text: own,
      dropIn,
      dropIns,
      fault: faults[0] ?? null,
      written,
      effective,
      live,
      // containerd 1 never reads the template of the new schema.
      template: (schema === 2 ? templates.at(-1) : templates[0]) ?? null,
      // journalctl exits with 1 where nothing matches.
      said:
        said === undefined
          ? unknown('unrecorded', 'journalctl -u k3s')
          : said.kind !== 'exited'
            ? unknown(said.kind, 'journalctl -u k3s')
            : said.code > 1 || /permission/i.test(said.stderr)
              ? unknown('denied', 'journalctl -u k3s')
              : said.stdout.split('\n').filter(l => /nvidia/.test(l)),
      major: schema === 3 ? 2 : schema === 2 || schema === 1 ? 1 : null,
    };
  },
});
