/** The CDI library as engines and the toolkit use it: reading spec directories, resolving names, collecting edits. */
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { exists, lget, names, text } from './fs.ts';
import { atLeast, type World } from './world.ts';

export interface DeviceNode {
  readonly path: string;
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
}
export interface Edits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly DeviceNode[];
  readonly mounts?: readonly { readonly hostPath: string; readonly containerPath: string }[];
  readonly hooks?: readonly { readonly hookName: string; readonly path: string; readonly args?: readonly string[] }[];
  readonly additionalGids?: readonly number[];
}
interface Device {
  readonly name: string;
  readonly containerEdits: Edits;
}
interface Spec {
  readonly cdiVersion: string;
  readonly kind: string;
  readonly devices: readonly Device[];
  readonly containerEdits?: Edits;
}

/** Who reads: the highest version its library knows, and whether it follows a spec directory that is a link. */
export interface Reader {
  readonly max: string;
  readonly followsLinks: boolean;
  readonly root: boolean;
}
export interface Cache {
  readonly devices: ReadonlyMap<string, { readonly path: string; readonly edits: readonly Edits[] }>;
  readonly errors: ReadonlyMap<string, readonly string[]>;
  /** The library reads behind the end of a one-letter vendor or class and takes the program with it. */
  readonly panic: boolean;
}

const known = ['0.3.0', '0.4.0', '0.5.0', '0.6.0', '0.7.0', '0.8.0', '1.0.0', '1.1.0'];
const fields: Readonly<Record<string, readonly string[]>> = {
  spec: ['cdiVersion', 'kind', 'annotations', 'devices', 'containerEdits'],
  device: ['name', 'annotations', 'containerEdits'],
  edits: ['env', 'deviceNodes', 'netDevices', 'hooks', 'mounts', 'intelRdt', 'additionalGids'],
  deviceNodes: ['path', 'hostPath', 'type', 'major', 'minor', 'fileMode', 'permissions', 'uid', 'gid'],
  mounts: ['hostPath', 'containerPath', 'options', 'type'],
  hooks: ['hookName', 'path', 'args', 'env', 'timeout'],
};
const unknownField = (value: object, kind: string): string | undefined =>
  Object.keys(value).find(k => !fields[kind]!.includes(k));

class Panic extends Error {}

const parsed = new Map<string, unknown>();
/** A text whose meaning its writer knows already; spares reading it again. */
export const remember = (content: string, spec: unknown): void => {
  if (parsed.size > 50) parsed.clear();
  parsed.set(content, spec);
};
const fromYaml = (content: string): unknown => {
  if (!parsed.has(content)) remember(content, parseYaml(content));
  return parsed.get(content);
};

const parseSpec = (path: string, content: string, max: string): Spec => {
  const bad = (why: string): never => {
    throw new Error(`failed to load CDI Spec ${why}`);
  };
  const unmarshal = (why: string): never =>
    bad(`failed to parse CDI Spec "${path}": failed to unmarshal CDI Spec: ${why}`);
  if (content.trim() === '') bad(`failed to parse CDI Spec "${path}", no Spec data`);
  let spec: Spec;
  try {
    spec = fromYaml(content) as Spec;
  } catch (e) {
    const line = e instanceof YAMLParseError ? (e.linePos?.[0].line ?? 1) : 1;
    return unmarshal(`error converting YAML to JSON: yaml: line ${line}: could not find expected ':'`);
  }
  if (typeof spec !== 'object' || spec === null)
    return unmarshal(
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type specs.Spec',
    );
  const edits = [spec.containerEdits, ...(spec.devices ?? []).map(d => d?.containerEdits)].filter(
    e => e !== undefined && e !== null,
  );
  const odd =
    unknownField(spec, 'spec') ??
    (spec.devices ?? []).map(d => unknownField(d, 'device')).find(Boolean) ??
    edits.map(e => unknownField(e, 'edits')).find(Boolean) ??
    edits
      .flatMap(e => (['deviceNodes', 'mounts', 'hooks'] as const).flatMap(l => (e[l] ?? []).map(v => [v, l] as const)))
      .map(([v, l]) => (typeof v === 'object' ? unknownField(v, l) : undefined))
      .find(Boolean);
  if (odd) unmarshal(`error unmarshaling JSON: while decoding JSON: json: unknown field "${odd}"`);
  const strange = edits.flatMap(e => e.hooks ?? []).find(h => typeof h !== 'object' || typeof h?.path !== 'string');
  if (strange !== undefined)
    unmarshal(
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field ContainerEdits.hooks of type specs.Hook',
    );
  const version = String(spec.cdiVersion ?? '').replace(/^v/, '');
  if (!known.includes(version) || !atLeast(max, version)) bad(`invalid CDI Spec: invalid version "${spec.cdiVersion}"`);
  const need = edits.some(e => e.additionalGids)
    ? '0.7.0'
    : (spec.devices ?? []).some(d => /^\d/.test(String(d.name)))
      ? '0.5.0'
      : '0.3.0';
  if (!atLeast(version, need)) bad(`invalid CDI Spec: the spec version must be at least v${need}`);
  const [vendor = '', cls = ''] = String(spec.kind ?? '').split('/');
  if (vendor.length === 1 || cls.length === 1) throw new Panic();
  if (!/^[A-Za-z][\w.-]*[A-Za-z0-9]$/.test(vendor)) bad(`invalid CDI Spec: invalid vendor "${vendor}"`);
  if (!/^[A-Za-z][\w.-]*[A-Za-z0-9]$/.test(cls)) bad(`invalid CDI Spec: invalid class "${cls}"`);
  for (const d of spec.devices ?? [])
    if (!d.containerEdits || Object.keys(d.containerEdits).length === 0)
      bad(`invalid CDI Spec: failed add device "${d.name}": invalid device, empty device edits`);
  return spec;
};

/** Reads the directories; a later one wins over an earlier one, and two of the same cancel each other. */
export const loadCdi = (world: World, dirs: readonly string[], reader: Reader): Cache => {
  const devices = new Map<string, { path: string; edits: Edits[]; priority: number }>();
  const errors = new Map<string, string[]>();
  const conflicts = new Set<string>();
  let panic = false;
  const report = (path: string, why: string): void => {
    errors.set(path, [...(errors.get(path) ?? []), why]);
  };
  dirs.forEach((dir, priority) => {
    if (lget(world.fs, dir)?.type === 'link' && !reader.followsLinks) return;
    for (const name of names(world.fs, dir) ?? []) {
      const path = `${dir}/${name}`;
      const content = /\.(json|yaml)$/.test(name) ? text(world.fs, path) : undefined;
      if (content === undefined) continue;
      if (!reader.root && ((lget(world.fs, path)?.mode ?? 0) & 0o004) === 0) {
        report(path, `failed to read CDI Spec "${path}": open ${path}: permission denied`);
        continue;
      }
      let spec: Spec;
      try {
        spec = parseSpec(path, content, reader.max);
      } catch (e) {
        if (e instanceof Panic) panic = true;
        else report(path, (e as Error).message);
        continue;
      }
      for (const d of spec.devices) {
        const qualified = `${spec.kind}=${d.name}`;
        const have = devices.get(qualified);
        if (have && have.priority === priority) {
          const why = `conflicting device "${qualified}" (specs "${have.path}", "${path}")`;
          report(path, why);
          report(have.path, why);
          conflicts.add(qualified);
        } else {
          conflicts.delete(qualified);
          devices.set(qualified, {
            path,
            edits: [...(spec.containerEdits ? [spec.containerEdits] : []), d.containerEdits],
            priority,
          });
        }
      }
    }
  });
  for (const name of conflicts) devices.delete(name);
  return { devices, errors, panic };
};

export type Injected =
  | { readonly ok: true; readonly edits: Edits }
  | { readonly ok: false; readonly unresolvable: boolean; readonly error: string };

const flat = <K extends keyof Edits>(edits: readonly Edits[], key: K): NonNullable<Edits[K]> =>
  [
    ...new Map(edits.flatMap(e => (e[key] ?? []) as readonly unknown[]).map(v => [JSON.stringify(v), v])).values(),
  ] as unknown as NonNullable<Edits[K]>;

/** The edits for a list of qualified names, or why they cannot be had. */
export const inject = (world: World, cache: Cache, wanted: readonly string[]): Injected => {
  const missing = wanted.filter(n => !cache.devices.has(n));
  if (missing.length > 0)
    return { ok: false, unresolvable: true, error: `unresolvable CDI devices ${missing.join(', ')}` };
  const edits = wanted.flatMap(n => cache.devices.get(n)!.edits);
  const merged: Edits = {
    env: flat(edits, 'env'),
    deviceNodes: flat(edits, 'deviceNodes'),
    mounts: flat(edits, 'mounts'),
    hooks: flat(edits, 'hooks'),
  };
  for (const n of merged.deviceNodes ?? []) {
    const host = n.hostPath ?? n.path;
    if (n.type && n.major) continue;
    if (!exists(world.fs, host))
      return {
        ok: false,
        unresolvable: false,
        error: `failed to inject devices: failed to stat CDI host device "${host}": no such file or directory`,
      };
  }
  return { ok: true, edits: merged };
};

export const isQualified = (name: string): boolean => /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[\w.:-]+$/.test(name);
export const panicText = (): string =>
  'panic: runtime error: slice bounds out of range [1:0]\n\ngoroutine 1 [running]:\ntags.cncf.io/container-device-interface/pkg/parser.validateVendorOrClassName({0xc000012345, 0x1})\n';
