/** CDI specs: the folders that somebody searches, the files in them, and whether what they name exists. */
import { parse } from 'yaml';
import type { DirRead, FileRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { list, probe, read, stat } from '../../src/engine/probe.ts';
import { compare } from '../rules/version.ts';
import { exists, names, record, string } from './answers.ts';
import type { CrioFileFacts } from './crio.ts';
import type { DaemonJsonFacts, DockerFacts } from './docker.ts';
import type { PodmanFacts } from './podman.ts';
import type { ConfigFacts } from './toolkit.ts';

export const DEFAULT_DIRS = ['/etc/cdi', '/var/run/cdi'] as const;

export interface CdiDirFacts {
  /** Every folder that any consumer searches or that holds specs by habit, in no particular order. */
  readonly dirs: Readonly<
    Record<
      string,
      {
        readonly names: Maybe<readonly string[] | null> /** Where it points, if it is a symbolic link. */;
        readonly link: string | null;
      }
    >
  >;
}

type Before = {
  readonly docker: DockerFacts;
  readonly daemonJson: DaemonJsonFacts;
  readonly config: ConfigFacts;
  readonly podman: PodmanFacts;
  readonly crioFiles: CrioFileFacts;
};

/** /run/cdi and /var/run/cdi are one folder wherever /var/run is the usual link. */
export const canonical = (dir: string): string => dir.replace(/\/+$/, '').replace(/^\/run\/cdi$/, '/var/run/cdi');

const searched = (k: Before): readonly string[] => [
  ...new Set(
    [
      ...DEFAULT_DIRS,
      ...k.config.specDirs,
      ...(k.daemonJson.specDirs ?? []),
      ...(k.docker.info !== null && !isUnknown(k.docker.info) ? k.docker.info.cdiSpecDirs : []),
      ...k.podman.specDirs,
      ...(isUnknown(k.crioFiles.config) ? [] : (k.crioFiles.config.cdiDirs ?? [])),
    ]
      .filter(d => d.startsWith('/'))
      .map(canonical),
  ),
];

export const cdiDirs = probe({
  id: 'cdiDirs',
  looks: 'the folders of CDI specs',
  after: ['docker', 'daemonJson', 'config', 'podman', 'crioFiles'],
  needs: (k: Before): Record<string, ReturnType<typeof list> | ReturnType<typeof stat>> =>
    Object.fromEntries(
      searched(k).flatMap(d => [
        [`list ${d}`, list(d)],
        [`stat ${d}`, stat(d)],
      ]),
    ),
  read: (a, k: Before): CdiDirFacts => ({
    dirs: Object.fromEntries(
      searched(k).map(d => {
        const s = a[`stat ${d}`] as StatRead;
        return [
          d,
          {
            names: names(a[`list ${d}`] as DirRead, d),
            link: s.kind === 'stat' && s.stat.type === 'link' ? (s.stat.target ?? '') : null,
          },
        ];
      }),
    ),
  }),
});

export interface DeviceNode {
  readonly path: string;
  readonly hostPath: string;
  readonly major: number | null;
  /** With a type and a major given, the engine does not look at the host's node at all. */
  readonly lookedUp: boolean;
}
export interface Edits {
  readonly nodes: readonly DeviceNode[];
  readonly mounts: readonly string[];
  readonly hooks: readonly string[];
}
export interface Spec {
  readonly path: string;
  readonly dir: string;
  readonly text: Maybe<string>;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly version: string;
  readonly kind: string;
  readonly devices: ReadonlyMap<string, Edits>;
  readonly common: Edits;
  /** Why every engine rejects the file; null where it is sound. */
  readonly fault: string | null;
  /** Least schema that the fields it uses need. */
  readonly needs: string;
  /** Vendor or class of one letter: every program that loads the folder dies (cdi-spec-crashes-engine). */
  readonly deadly: boolean;
}

/** Versions that were published; the library refuses any other, in between as well as above. */
const VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.4.0', '0.5.0', '0.6.0', '0.7.0', '0.8.0', '1.0.0', '1.1.0'];
const SPEC_KEYS = new Set(['cdiVersion', 'kind', 'annotations', 'devices', 'containerEdits']);
const DEVICE_KEYS = new Set(['name', 'annotations', 'containerEdits']);
const EDIT_KEYS = new Set(['env', 'deviceNodes', 'hooks', 'mounts', 'intelRdt', 'additionalGids', 'netDevices']);
/** Keys within the lists of an edit; any other makes the library refuse the file. */
const INNER_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  deviceNodes: new Set(['path', 'hostPath', 'type', 'major', 'minor', 'fileMode', 'permissions', 'uid', 'gid']),
  mounts: new Set(['hostPath', 'containerPath', 'options', 'type']),
  hooks: new Set(['hookName', 'path', 'args', 'env', 'timeout']),
};

const strangeIn = (value: unknown, keys: ReadonlySet<string>): string | undefined =>
  Object.keys(record(value)).find(k => !keys.has(k));
const strangeInEdits = (value: unknown): string | undefined =>
  strangeIn(value, EDIT_KEYS) ??
  Object.entries(INNER_KEYS)
    .flatMap(([list, keys]) => array(record(value)[list]).map(entry => strangeIn(entry, keys)))
    .find(k => k !== undefined);

const array = (v: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(v) ? v.map(record) : []);

const editsOf = (value: unknown): Edits => {
  const e = record(value);
  return {
    nodes: array(e.deviceNodes).map(n => ({
      path: string(n.path) ?? '',
      hostPath: string(n.hostPath) || (string(n.path) ?? ''),
      major: typeof n.major === 'number' ? n.major : null,
      lookedUp: !(string(n.type) && typeof n.major === 'number' && n.major !== 0),
    })),
    mounts: array(e.mounts).flatMap(m => string(m.hostPath) ?? []),
    hooks: array(e.hooks).flatMap(h => string(h.path) ?? []),
  };
};
const isEmpty = (e: Edits, raw: unknown) =>
  e.nodes.length + e.mounts.length + e.hooks.length === 0 &&
  Object.keys(record(raw)).every(
    k => !EDIT_KEYS.has(k) || (array(record(raw)[k]).length === 0 && !Array.isArray(record(raw)[k])),
  );

const NONE: Edits = { nodes: [], mounts: [], hooks: [] };

/** What a spec file says, judged the way the CDI library loads it. */
export const readSpec = (path: string, text: string): Omit<Spec, 'mode' | 'uid' | 'text'> => {
  const dir = path.slice(0, path.lastIndexOf('/'));
  const broken = (fault: string, kind = ''): Omit<Spec, 'mode' | 'uid' | 'text'> => ({
    path,
    dir,
    version: '',
    kind,
    devices: new Map(),
    common: NONE,
    fault,
    needs: '0.3.0',
    deadly: false,
  });
  if (text.trim() === '') return broken('the file is empty');
  let value: unknown;
  try {
    value = path.endsWith('.json') && /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { logLevel: 'error' });
  } catch (e) {
    return broken((e as Error).message.split('\n')[0]!);
  }
  const spec = record(value);
  const kind = string(spec.kind) ?? '';
  if (Object.keys(spec).length === 0) return broken('the file holds no spec');
  const [vendor = '', cls = ''] = kind.split('/');
  const deadly = vendor.length === 1 || cls.length === 1;
  const stranger = strangeIn(spec, SPEC_KEYS);
  if (stranger) return { ...broken(`unknown field "${stranger}"`, kind), deadly };
  const devices = new Map<string, Edits>();
  let needs = '0.3.0';
  const raise = (v: string) => {
    if (v > needs) needs = v;
  };
  const version = (string(spec.cdiVersion) ?? '').replace(/^v/, '');
  let fault: string | null =
    kind === ''
      ? 'it has no kind'
      : version === ''
        ? 'it has no cdiVersion'
        : !VERSIONS.includes(version) && compare(version, VERSIONS.at(-1)!) < 0
          ? `there is no CDI ${version}`
          : null;
  for (const device of array(spec.devices)) {
    // The library takes a number for the text that it is written as.
    const name = typeof device.name === 'number' ? String(device.name) : (string(device.name) ?? '');
    const edits = editsOf(device.containerEdits);
    const odd = strangeIn(device, DEVICE_KEYS) ?? strangeInEdits(device.containerEdits);
    if (odd) fault ??= `unknown field "${odd}"`;
    if (isEmpty(edits, device.containerEdits)) fault ??= `invalid device "${name}", empty device edits`;
    if (devices.has(name)) fault ??= `device "${name}" stands twice`;
    if (/^\d/.test(name)) raise('0.5.0');
    if ('additionalGids' in record(device.containerEdits)) raise('0.7.0');
    devices.set(name, edits);
  }
  const common = record(spec.containerEdits);
  const odd = strangeInEdits(common);
  if (odd) fault ??= `unknown field "${odd}"`;
  if ('additionalGids' in common || 'intelRdt' in common) raise('0.7.0');
  if ('annotations' in spec) raise('0.6.0');
  if (devices.size === 0) fault ??= 'it defines no device';
  return {
    path,
    dir,
    version,
    kind,
    devices,
    common: editsOf(common),
    fault,
    needs,
    deadly,
  };
};

/** A spec whose text could not be had. */
export interface Unseen {
  readonly path: string;
  readonly because: ReturnType<typeof unknown>;
  readonly mode: number | null;
}

export interface CdiSpecFacts {
  readonly specs: readonly Spec[];
  /** Files that look like specs and are not scanned: .yml, .yaml.bak. */
  readonly ignored: readonly string[];
  /** Folders or files that could not be read. */
  readonly unread: readonly Unseen[];
}

type WithDirs = Before & { readonly cdiDirs: CdiDirFacts };
const files = (k: WithDirs, keep: RegExp): readonly string[] =>
  Object.entries(k.cdiDirs.dirs).flatMap(([d, { names: n }]) =>
    isUnknown(n) || n === null
      ? []
      : [...n]
          .sort()
          .filter(f => keep.test(f))
          .map(f => `${d}/${f}`),
  );

export const cdiSpecs = probe({
  id: 'cdiSpecs',
  looks: 'the CDI spec files',
  after: ['cdiDirs'],
  needs: (k: WithDirs): Record<string, ReturnType<typeof read> | ReturnType<typeof stat>> =>
    Object.fromEntries(
      files(k, /\.(json|yaml)$/).flatMap(p => [
        [`read ${p}`, read(p)],
        [`stat ${p}`, stat(p)],
      ]),
    ),
  read: (a, k: WithDirs): CdiSpecFacts => {
    const specs: Spec[] = [];
    const unread: Unseen[] = [];
    for (const p of files(k, /\.(json|yaml)$/)) {
      const file = a[`read ${p}`] as FileRead;
      const s = a[`stat ${p}`] as StatRead;
      const mode = s.kind === 'stat' ? s.stat.mode : null;
      const uid = s.kind === 'stat' ? s.stat.uid : null;
      if (file.kind === 'file') specs.push({ ...readSpec(p, file.text), text: file.text, mode, uid });
      else if (file.kind === 'unreadable' && file.why === 'binary')
        specs.push({ ...readSpec(p, '\u0000:'), fault: 'it is not text', text: unknown('unreadable', p), mode, uid });
      else if (file.kind !== 'absent' && file.kind !== 'unreadable')
        unread.push({ path: p, because: unknown(file.kind, p), mode });
      else if (file.kind === 'unreadable' && file.why !== 'EISDIR')
        unread.push({ path: p, because: unknown('unreadable', p), mode });
    }
    return { specs, ignored: files(k, /\.(yml|yaml\.|json\.|bak|old)/), unread };
  },
});

export interface CdiHostFacts {
  /** Whether each path that some sound nvidia.com/gpu spec names exists here. */
  readonly there: ReadonlyMap<string, Maybe<boolean>>;
  /** Majors of the character devices among them. */
  readonly majors: ReadonlyMap<string, number>;
}

type WithSpecs = WithDirs & { readonly cdiSpecs: CdiSpecFacts };
const named = (k: WithSpecs): readonly string[] => [
  ...new Set(
    k.cdiSpecs.specs
      .filter(s => s.fault === null && s.kind.startsWith('nvidia.com/'))
      .flatMap(s =>
        [s.common, ...s.devices.values()].flatMap(e => [...e.nodes.map(n => n.hostPath), ...e.mounts, ...e.hooks]),
      ),
  ),
];

const parent = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';

export const cdiHost = probe({
  id: 'cdiHost',
  looks: 'the files and nodes the specs name',
  after: ['cdiSpecs'],
  needs: (k: WithSpecs): Record<string, ReturnType<typeof stat> | ReturnType<typeof list>> =>
    Object.fromEntries([
      ...named(k).map(p => [p, stat(p)] as const),
      ...[...new Set(named(k).map(parent))].map(d => [`${d}/`, list(d)] as const),
    ]),
  read: (a, k: WithSpecs): CdiHostFacts => ({
    there: new Map(
      named(k).map(p => {
        const there = exists(a[p] as StatRead, p);
        const beside = names(a[`${parent(p)}/`] as DirRead, parent(p));
        // A name in the folder's listing is there, whether or not its stat is at hand.
        return [
          p,
          isUnknown(there) && !isUnknown(beside) && beside?.includes(p.slice(p.lastIndexOf('/') + 1)) ? true : there,
        ];
      }),
    ),
    majors: new Map(
      named(k).flatMap(p => {
        const s = a[p] as StatRead;
        return s.kind === 'stat' && s.stat.type === 'char' && s.stat.major !== undefined
          ? [[p, s.stat.major] as const]
          : [];
      }),
    ),
  }),
});
