/**
 * How a CDI device name resolves for one reader of specs, the way the CDI library's cache does it: folders in order of
 * priority, equal priority conflicts and drops the device, a broken file loses all its devices.
 */

import type { Evidence, Request } from '../../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or, type Unknown } from '../../src/engine/known.ts';
import { canonical, DEFAULT_DIRS, type Edits, type Spec } from '../probes/cdi.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { gpusByRuntime } from './mode.ts';
import { atLeast, cdiSchemaOf, compare, since } from './version.ts';

/** What has to be known to say how a spec is read. */
export const CDI_READS = [
  'cdiDirs',
  'cdiSpecs',
  'cdiHost',
  'docker',
  'daemonJson',
  'config',
  'toolkit',
  'podman',
  'where',
  'driver',
  'nodes',
] as const;

export type Reader = 'docker' | 'toolkit' | 'podman';
type CdiFacts = Pick<
  Facts,
  | 'cdiDirs'
  | 'cdiSpecs'
  | 'cdiHost'
  | 'docker'
  | 'daemonJson'
  | 'config'
  | 'toolkit'
  | 'podman'
  | 'where'
  | 'driver'
  | 'nodes'
>;

const KIND = 'nvidia.com/gpu';
const WANTED = 'all';

/** Who reads the specs for this form of request. --gpus comes to the default runtime where Docker made nothing of CDI. */
export const readerOf = (f: CdiFacts, r: Request): Reader =>
  r.way === 'podman-cdi'
    ? 'podman'
    : r.way === 'docker-runtime' || r.way === 'docker-runtime-cdi'
      ? 'toolkit'
      : r.way === 'docker-gpus' && gpusByRuntime(f) && !gpusServedByCdi(f)
        ? 'toolkit'
        : 'docker';
const gpusServedByCdi = (f: CdiFacts): boolean =>
  atLeast(need(f.docker.serverVersion) ?? '0', since.dockerGpusCdiFirst) && gpusByCdi(f).is === 'yes';

export const dirsOf = (f: CdiFacts, reader: Reader): readonly string[] =>
  (reader === 'docker' ? dockerDirs(f) : reader === 'toolkit' ? f.config.specDirs : f.podman.specDirs)
    .filter(d => d.startsWith('/'))
    .map(canonical)
    .map(d => Object.entries(f.cdiDirs.dirs).find(([, held]) => held.link === d)?.[0] ?? d);

/** A daemon with CDI off lists no folders; then those it would search count. A new one prints where links lead. */
const dockerDirs = (f: CdiFacts): readonly string[] => {
  const running = daemonOf(f.docker)?.cdiSpecDirs ?? [];
  return running.length > 0 ? running : (f.daemonJson.specDirs ?? DEFAULT_DIRS);
};

const schemaOf = (f: CdiFacts, reader: Reader): string =>
  reader === 'docker'
    ? cdiSchemaOf.docker(need(f.docker.serverVersion) ?? '0')
    : reader === 'toolkit'
      ? cdiSchemaOf.toolkit(or(f.toolkit.version, null) ?? '1.18')
      : cdiSchemaOf.podman(need(f.podman.version) ?? '0');

/** A rootful engine reads everything; anybody else needs the file's read bits. */
const readsAsRoot = (f: CdiFacts, reader: Reader): boolean =>
  reader === 'podman' ? !or(f.podman.rootless, or(f.where.uid, 0) !== 0) : !(daemonOf(f.docker)?.rootless ?? false);
const isShut = (mode: number | null): boolean => mode !== null && (mode & 0o004) === 0;
const readable = (f: CdiFacts, reader: Reader, s: Spec): boolean => readsAsRoot(f, reader) || !isShut(s.mode);

export type Resolution =
  | {
      readonly is: 'resolves';
      readonly spec: Spec;
      readonly edits: readonly Edits[];
      readonly shadowed: readonly Spec[];
    }
  | {
      readonly is: 'deadly' | 'conflict' | 'malformed' | 'tooNew' | 'permission' | 'otherDir' | 'name' | 'missing';
      readonly seen: readonly Evidence[];
      readonly specs: readonly Spec[];
    };

const quote = (s: Spec, shows: string): Evidence => ({ from: s.path, shows });

export const resolve = (f: CdiFacts, reader: Reader): Resolution => {
  const dirs = dirsOf(f, reader);
  const links = reader === 'docker' && atLeast(need(f.docker.serverVersion) ?? '0', since.dockerGpusCdiFirst);
  const missing: Unknown[] = [];
  for (const d of dirs) {
    const held = f.cdiDirs.dirs[d];
    if (!held) missing.push({ unknown: 'unrecorded', probe: d });
    else if (isUnknown(held.names)) missing.push(held.names);
  }
  const unseen = f.cdiSpecs.unread.filter(u => dirs.includes(u.path.slice(0, u.path.lastIndexOf('/'))));
  const followed = dirs.filter(d => links || f.cdiDirs.dirs[d]?.link == null);
  const inDirs = followed.flatMap(d => f.cdiSpecs.specs.filter(s => s.dir === d));
  // What this user may not read, an engine of this user may not read either.
  const shut = unseen.filter(u => u.because.unknown === 'denied' && isShut(u.mode) && !readsAsRoot(f, reader));
  if (shut.length > 0 && shut.length === unseen.length && inDirs.length === 0)
    return {
      is: 'permission',
      specs: [],
      seen: shut.map(u => ({
        from: u.path,
        shows: `mode ${(u.mode ?? 0).toString(8)}, this engine runs without root`,
      })),
    };
  const deadly = inDirs.filter(s => s.deadly);
  if (deadly.length > 0) return { is: 'deadly', specs: deadly, seen: deadly.map(s => quote(s, `kind: ${s.kind}`)) };

  const schema = inDirs.some(s => s.fault === null) ? schemaOf(f, reader) : '';
  const refused = (s: Spec): 'malformed' | 'tooNew' | 'permission' | null =>
    !readable(f, reader, s)
      ? 'permission'
      : s.fault !== null || compare(s.needs, s.version) > 0
        ? 'malformed'
        : compare(s.version, schema) > 0
          ? 'tooNew'
          : null;
  const loaded = inDirs.filter(s => refused(s) === null);

  const holders = new Map<string, Spec>();
  const conflicts = new Map<string, readonly [Spec, Spec]>();
  for (const s of loaded) {
    if (s.kind !== KIND) continue;
    for (const name of s.devices.keys()) {
      const old = holders.get(name);
      if (old && old.dir === s.dir) conflicts.set(name, [old, s]);
      else holders.set(name, s);
    }
  }
  const winner = conflicts.has(WANTED) ? undefined : holders.get(WANTED);
  if (winner && missing.length === 0 && unseen.length === 0) {
    return {
      is: 'resolves',
      spec: winner,
      edits: [winner.common, winner.devices.get(WANTED)!],
      shadowed: loaded.filter(s => s !== winner && s.kind === KIND),
    };
  }
  if (missing.length > 0 || unseen.length > 0) throw new CannotTell([...missing, ...unseen.map(u => u.because)]);
  const clash = conflicts.get(WANTED);
  if (clash) return { is: 'conflict', specs: clash, seen: clash.map(s => quote(s, `defines ${KIND}=${WANTED}`)) };

  const ours = (s: Spec) => s.kind === KIND || s.kind === '';
  const bad = inDirs.filter(s => ours(s) && refused(s) !== null);
  for (const is of ['permission', 'tooNew', 'malformed'] as const) {
    const specs = bad.filter(s => refused(s) === is);
    if (specs.length > 0) {
      const shows = (s: Spec) =>
        is === 'permission'
          ? `mode ${(s.mode ?? 0).toString(8)}, this engine runs without root`
          : is === 'tooNew'
            ? `cdiVersion ${s.version}, read up to ${schema}`
            : (s.fault ?? `fields of CDI ${s.needs} in a spec of ${s.version}`);
      return { is, specs, seen: specs.map(s => quote(s, shows(s))) };
    }
  }
  const named = loaded.filter(s => s.kind === KIND && !s.devices.has(WANTED));
  if (named.length > 0)
    return { is: 'name', specs: named, seen: named.map(s => quote(s, `devices: ${[...s.devices.keys()].join(', ')}`)) };
  const elsewhere = f.cdiSpecs.specs.filter(s => !followed.includes(s.dir) && s.kind === KIND && s.fault === null);
  if (elsewhere.length > 0)
    return {
      is: 'otherDir',
      specs: elsewhere,
      seen: elsewhere.map(s =>
        quote(
          s,
          `is not in ${dirs.join(', ') || 'any searched folder'}${dirs.includes(s.dir) ? ' (a symbolic link, which is not followed)' : ''}`,
        ),
      ),
    };
  const ignored = f.cdiSpecs.ignored.filter(p => dirs.includes(p.slice(0, p.lastIndexOf('/'))) && /\.yml$/.test(p));
  if (ignored.length > 0)
    return {
      is: 'malformed',
      specs: [],
      seen: ignored.map(p => ({ from: p, shows: 'only .json and .yaml are scanned' })),
    };
  return {
    is: 'missing',
    specs: [],
    seen: dirs.map(d => ({
      from: d,
      shows: f.cdiDirs.dirs[d]?.names === null ? 'no such folder' : 'no spec of nvidia.com/gpu',
    })),
  };
};

/** Folders that daemon.json names, where the running daemon searches others and the name would resolve in these. */
export const dirsAfterRestart = (f: CdiFacts): readonly string[] | null => {
  const info = daemonOf(f.docker);
  if (!info || info.cdiSpecDirs.length === 0 || isUnknown(f.daemonJson.text)) return null;
  const dirs = f.daemonJson.specDirs ?? DEFAULT_DIRS;
  const again: CdiFacts = { ...f, docker: { ...f.docker, info: { ...info, cdiSpecDirs: dirs } } };
  return dirs.some(d => d !== '') && resolve(again, 'docker').is === 'resolves' ? dirs : null;
};

/** What the winning spec names and this host lacks; in the order in which it breaks a start. */
export interface Lacks {
  readonly nodes: readonly string[];
  readonly mounts: readonly string[];
  readonly hooks: readonly string[];
  /** Device nodes whose major in the spec is not the host's. */
  readonly majors: readonly string[];
  /** Driver version the spec was made for, where its libraries tell. */
  readonly madeFor: string | null;
  /** Mounts of which it is not known whether they exist, apart from files named after the loaded driver. */
  readonly unsure: readonly Unknown[];
}

export const lacks = (f: CdiFacts, r: Extract<Resolution, { is: 'resolves' }>): Lacks => {
  const there = (p: string) => f.cdiHost.there.get(p) ?? { unknown: 'unrecorded' as const, probe: p };
  const gone = (p: string) => there(p) === false;
  const loaded = or(f.driver.loaded, null);
  const nodes = r.edits.flatMap(e => e.nodes);
  const mounts = r.edits.flatMap(e => e.mounts);
  return {
    nodes: [...new Set(nodes.filter(n => n.lookedUp && gone(n.hostPath)).map(n => n.hostPath))],
    mounts: mounts.filter(gone),
    hooks: [...new Set(r.edits.flatMap(e => e.hooks).filter(gone))],
    majors: nodes
      .filter(n => n.major !== null && f.cdiHost.majors.has(n.hostPath) && f.cdiHost.majors.get(n.hostPath) !== n.major)
      .map(n => n.hostPath),
    // A spec made for the loaded driver names that driver's own files; one whose stat is not at hand is no reason to doubt it.
    unsure: [...nodes.map(n => n.hostPath), ...mounts, ...r.edits.flatMap(e => e.hooks)].flatMap(p => {
      const known = there(p);
      return isUnknown(known) && !(loaded !== null && p.includes(loaded)) ? [known] : [];
    }),
    madeFor: mounts.map(m => /lib(?:cuda|nvidia-ml)\.so\.(\d+\.\d+(?:\.\d+)?)$/.exec(m)?.[1]).find(Boolean) ?? null,
  };
};

/** Whether --gpus gets its device by CDI, where Docker tries that first; else why the hook is asked. */
export type GpusByCdi =
  | { readonly is: 'yes'; readonly spec: Spec }
  | {
      readonly is: 'no';
      /** `off`: CDI is off in Docker · `node`: the spec names one that is not there · else how the name fails to resolve. */
      readonly because: 'off' | 'node' | Exclude<Resolution['is'], 'resolves'>;
      readonly found: string;
      readonly seen: readonly Evidence[];
    };

export const gpusByCdi = (f: CdiFacts): GpusByCdi => {
  const info = daemonOf(f.docker);
  if (!info) need(f.daemonJson.text);
  if (info ? info.cdiSpecDirs.length === 0 : f.daemonJson.cdi === false)
    return { is: 'no', because: 'off', found: 'CDI is off', seen: [] };
  const r = resolve(f, 'docker');
  if (r.is !== 'resolves') return { is: 'no', because: r.is, found: 'it does not resolve', seen: r.seen };
  const gone = lacks(f, r).nodes;
  return gone.length > 0
    ? { is: 'no', because: 'node', found: `the spec names ${gone[0]!}, which is missing`, seen: [] }
    : { is: 'yes', spec: r.spec };
};

/** Whether this box is set up for CDI through that reader (contract, faults b): an opt-in nobody took is no fault. */
export const setUp = (f: CdiFacts & Pick<Facts, 'units'>, r: Request): boolean => {
  const specsIn = (dirs: readonly string[]) =>
    f.cdiSpecs.specs.some(s => (s.kind === KIND || s.kind === '' || s.deadly) && dirs.includes(s.dir)) ||
    f.cdiSpecs.unread.some(u => dirs.some(d => u.path.startsWith(`${d}/`))) ||
    // A spec under a name that nobody scans was still meant to be one.
    f.cdiSpecs.ignored.some(p => /\/nvidia[^/]*\.yml$/.test(p) && dirs.some(d => p.startsWith(`${d}/`)));
  const refreshes = [f.units.refreshPathActive, f.units.refreshPathEnabled].some(
    u => u === 'active' || u === 'enabled',
  );
  const habitual = specsIn(['/etc/cdi', '/var/run/cdi']);
  if (r.way === 'docker-cdi') {
    // A list of no folders leaves CDI on, with nothing to search.
    const emptied =
      f.daemonJson.specDirs !== undefined && atLeast(or(f.docker.serverVersion, null) ?? '0', since.dockerCdiDefault);
    const on = (daemonOf(f.docker)?.cdiSpecDirs.length ?? 0) > 0 || emptied;
    if (f.daemonJson.cdi !== undefined) return f.daemonJson.cdi || habitual;
    return (on && (habitual || refreshes)) || f.daemonJson.withoutEffect.some(k => k.startsWith('features.'));
  }
  if (r.way === 'docker-runtime-cdi')
    return f.config.mode === 'cdi' || (f.config.mode === 'auto' && (specsIn(dirsOf(f, 'toolkit')) || refreshes));
  if (r.way === 'podman-cdi') return specsIn(dirsOf(f, 'podman')) || habitual || refreshes;
  return true;
};

/** Whether anybody on this box meant CDI to be used at all. */
export const cdiMeant = (f: CdiFacts & Pick<Facts, 'units'>): boolean =>
  f.config.mode === 'cdi' ||
  f.daemonJson.cdi !== undefined ||
  f.cdiSpecs.specs.some(s => s.kind === KIND || s.kind === '') ||
  f.units.refreshPathActive === 'active' ||
  f.units.refreshPathEnabled === 'enabled';
