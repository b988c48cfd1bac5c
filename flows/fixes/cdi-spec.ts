/**
 * Fixes of CDI specs. The text that is written is exactly what `nvidia-ctk cdi generate` printed, so that the diff
 * shown before is the file afterwards. Engines notice spec files by themselves: nothing is restarted.
 */
import type { Ran } from '../../src/box/box.ts';
import { or } from '../../src/engine/known.ts';
import { read, run } from '../../src/engine/probe.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import { canonical, readSpec, type Spec } from '../probes/cdi.ts';
import type { Facts } from '../probes/index.ts';
import { dirsOf } from '../rules/cdi.ts';
import { atLeast, cdiSchemaOf, compare, since } from '../rules/version.ts';
import { causeOf, FELL_BACK, helps, priced } from './fell-back.ts';
import { applies, type Draft, does, edits, isRefused, printed, refuse, replaces } from './make.ts';

export const KIND = 'nvidia.com/gpu';
const STATIC = '/etc/cdi/nvidia.yaml';
const NO_GIDS = 'no-additional-gids-for-device-nodes';
export const REFRESH_ENV = '/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env';

const GENERATE = ['nvidia-ctk', 'cdi', 'generate'] as const;
const generate = (...options: readonly string[]) => run(...GENERATE, ...options);

export const hasCtk = (f: Facts): boolean => or(f.toolkit.version, null) !== null;
export const refreshActive = (f: Facts): boolean => f.units.refreshPathActive === 'active';
export const shipsRefresh = (f: Facts): boolean =>
  or(f.toolkit.shipsRefresh, false) && f.units.refreshPathEnabled !== 'not-found';

/** Ours: specs of nvidia.com/gpu, and broken files that carry its name. Anything else belongs to somebody else. */
export const isOurs = (s: Spec): boolean =>
  s.kind === KIND || (s.kind === '' && /(^|\/)nvidia[^/]*$/.test(s.path) && s.fault !== null);

/** Folders in the order of priority, the strongest last; those nobody searches come first. */
const priority = (f: Facts): ((s: Spec) => number) => {
  const dirs = [...new Set([...dirsOf(f, 'docker'), '/etc/cdi', '/var/run/cdi'].map(canonical))];
  return s => dirs.indexOf(s.dir);
};

/** The file that has to be written anew for this finding; null where none of ours exists. */
export const wrongSpec = (f: Facts, finding: string): Spec | null => {
  const strength = priority(f);
  const ours = f.cdiSpecs.specs.filter(isOurs).toSorted((a, b) => strength(a) - strength(b));
  const broken = ours.filter(s => s.fault !== null || compare(s.needs, s.version) > 0);
  if (finding === 'cdi-spec-malformed') return broken.at(-1) ?? null;
  if (finding === 'cdi-spec-permission') return ours.findLast(s => s.mode !== null && (s.mode & 0o004) === 0) ?? null;
  if (finding === 'cdi-version-too-new') return ours.toSorted((a, b) => compare(a.version, b.version)).at(-1) ?? null;
  return ours.findLast(s => s.fault === null) ?? null;
};

/** A linked folder is followed by Docker 29.2 and later only. */
const usable = (f: Facts): readonly string[] =>
  dirsOf(f, 'docker').filter(
    d => f.cdiDirs.dirs[d]?.link == null || atLeast(or(f.docker.serverVersion, null) ?? '0', since.dockerGpusCdiFirst),
  );

/** Where a first spec goes: into the volatile folder where the shipped units keep it fresh, else into /etc. */
const newSpecPath = (f: Facts): string | Refusal => {
  const dirs = usable(f);
  const wanted = refreshActive(f) && dirs.includes('/var/run/cdi') ? '/var/run/cdi' : '/etc/cdi';
  const dir = dirs.includes(wanted) ? wanted : dirs.at(-1);
  if (dir === undefined) return refuse('Docker searches no folder for specs here');
  const here = `${dir}/nvidia.yaml`;
  const taken = f.cdiSpecs.specs.find(s => s.path === here);
  if (taken && !isOurs(taken))
    return refuse(
      `${here} is a spec of ${taken.kind || 'somebody else'}; it is not overwritten`,
      `sudo ${GENERATE.join(' ')} --output=${dir}/nvidia-gpu.yaml`,
    );
  return here;
};

/** Highest schema that every engine on this box reads. */
const readableSchema = (f: Facts): string => {
  const docker = or(f.docker.serverVersion, null);
  const podman = or(f.podman.version, null);
  const limits = [...(docker ? [cdiSchemaOf.docker(docker)] : []), ...(podman ? [cdiSchemaOf.podman(podman)] : [])];
  return limits.toSorted(compare)[0] ?? '0.7.0';
};

/** What was generated, if it is a sound spec of nvidia.com/gpu that the engines here can read. */
const generated = (ran: Ran, command: string, f: Facts): string | Refusal => {
  const text = printed(ran, command);
  if (isRefused(text)) return text;
  const spec = readSpec(STATIC, text);
  if (spec.fault !== null || spec.kind !== KIND)
    return refuse(`${command} printed no sound spec of ${KIND}: ${spec.fault ?? `its kind is ${spec.kind}`}`);
  const limit = readableSchema(f);
  if (compare(spec.version, limit) > 0)
    return refuse(`${command} writes CDI ${spec.version}, and the engines here read up to ${limit}`);
  const hook = or(f.toolkit.programs, null)?.['nvidia-cdi-hook'];
  if (hook === null && text.includes('nvidia-cdi-hook'))
    return refuse('the spec would call nvidia-cdi-hook, which is not installed', 'install the toolkit anew');
  return text;
};

/** The units write into the volatile folder and nowhere else. */
const owned = (f: Facts, path: string): string =>
  refreshActive(f) && canonical(path.slice(0, path.lastIndexOf('/'))) === '/var/run/cdi'
    ? 'The shipped refresh units keep it current.'
    : 'Nothing refreshes this file: after a driver update it has to be generated again.';

const newer = 'Containers that run keep the old libraries; start them again to get the new ones.';

const write = (
  path: string,
  old: Spec | null,
  text: string,
  f: Facts,
  why: string,
  summary: string,
): Draft | Refusal => {
  const before = old === null ? null : or(old.text, undefined);
  if (before === undefined)
    return refuse(
      `${path} is not text, so no change to it can be shown`,
      `sudo ${GENERATE.join(' ')} --output=${path}`,
    );
  const step = edits(path, before, { ok: true, text, changed: text !== before }, why, 0o644);
  return isRefused(step) ? step : { summary: `${summary} ${owned(f, path)}`, steps: [step], afterwards: [newer] };
};

/** What every first spec needs to know. */
export const previews = () => ({ spec: generate() });

/** The step that writes a first spec, for fixes that need one. */
export const firstSpec = (f: Facts, a: { readonly spec: Ran }): Draft | Refusal => {
  const path = newSpecPath(f);
  if (isRefused(path)) return path;
  const text = generated(a.spec, GENERATE.join(' '), f);
  if (isRefused(text)) return text;
  const old = f.cdiSpecs.specs.find(s => s.path === path) ?? null;
  return write(
    path,
    old,
    text,
    f,
    'what nvidia-ctk cdi generate prints for this machine',
    'Writes the description of the GPU that CDI requests need; no restart, no other setting.',
  );
};

const GENERATES = [
  'cdi-spec-missing',
  'cdi-refresh-unit-inactive',
  'cdi-spec-malformed',
  'cdi-spec-dir-mismatch',
] as const;

export const generateSpec = applies({
  id: 'generate-cdi-spec',
  title: 'Generate the CDI spec',
  mends: [...GENERATES, FELL_BACK],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-missing; seed 0, Fix 2, seed 1, section 3, and seed 2, section 2 (right before toolkit 1.18)',
  fits: (f, finding) => {
    const dirs = usable(f);
    return (
      hasCtk(f) &&
      dirs.length > 0 &&
      !f.cdiSpecs.specs.some(s => isOurs(s) && s.fault === null && dirs.includes(s.dir)) &&
      helps(f, finding, GENERATES)
    );
  },
  touches: f => {
    const path = newSpecPath(f);
    return isRefused(path) ? [] : [path];
  },
  needs: previews,
  plan: (f, a, finding) => priced(firstSpec(f, a), finding),
});

const REGENERATES = [
  'cdi-spec-stale',
  'cdi-spec-stale-device-major',
  'cdi-spec-malformed',
  'cdi-hook-binary-missing',
  'cdi-host-device-missing',
  'cdi-spec-permission',
  'cdi-version-too-new',
  'cdi-device-name-unresolvable',
  'mig-reconfigured-spec-stale',
] as const;

export const regenerateSpec = applies({
  id: 'regenerate-cdi-spec',
  title: 'Generate the CDI spec anew for this driver',
  mends: [...REGENERATES, FELL_BACK],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.8 cdi-spec-stale: the file that wins is written anew; seeds 0 to 2 only ever write /etc/cdi',
  fits: (f, finding) => hasCtk(f) && f.cdiSpecs.specs.some(isOurs) && helps(f, finding, REGENERATES),
  touches: f => {
    const found = REGENERATES.map(id => wrongSpec(f, id)).find(Boolean);
    return found ? [found.path] : [];
  },
  needs: (f): Record<string, ReturnType<typeof run>> => ({
    yaml: generate(),
    ...(f.cdiSpecs.specs.some(s => isOurs(s) && s.path.endsWith('.json')) ? { json: generate('--format=json') } : {}),
  }),
  plan: (f, a, asked) => {
    const finding = causeOf(f, asked);
    const old = finding === null ? null : wrongSpec(f, finding);
    if (old === null) return refuse('no spec of nvidia.com/gpu was found that could be written anew');
    if (finding === 'cdi-hook-binary-missing' && hooksThere(f, old))
      return refuse(
        `the programs that ${old.path} calls are there; the toolkit itself lacks one`,
        'install the toolkit anew',
      );
    const isJson = old.path.endsWith('.json');
    const answer = a[isJson ? 'json' : 'yaml'];
    const command = isJson ? `${GENERATE.join(' ')} --format=json` : GENERATE.join(' ');
    if (answer === undefined) return refuse(`${command} was not asked for`);
    const text = generated(answer, command, f);
    if (isRefused(text)) return text;
    if (finding === 'cdi-spec-permission' && text === or(old.text, undefined)) return openSpec(old);
    const anew = write(
      old.path,
      old,
      text,
      f,
      'exactly what nvidia-ctk cdi generate prints now',
      'Replaces the spec that wins by one that names the files and nodes of this driver; no restart.',
    );
    return priced(anew, asked);
  },
});

const hooksThere = (f: Facts, s: Spec): boolean =>
  [s.common, ...s.devices.values()].flatMap(e => e.hooks).every(h => f.cdiHost.there.get(h) === true);

/** A spec that others may not read, also where this user is one of them. */
const shutSpec = (f: Facts): { readonly path: string; readonly mode: number | null } | null =>
  wrongSpec(f, 'cdi-spec-permission') ??
  f.cdiSpecs.unread.find(u => u.because.unknown === 'denied' && u.mode !== null && (u.mode & 0o004) === 0) ??
  null;

const openSpec = (s: { readonly path: string; readonly mode: number | null }): Draft => ({
  summary: 'Lets everybody read the spec; there is no secret in it, and its content is right.',
  steps: [
    does(
      'a rootless engine reads the file as its user',
      ['chmod', '0644', s.path],
      ['chmod', `0${(s.mode ?? 0o600).toString(8)}`, s.path],
    ),
  ],
});

export const readableSpec = applies({
  id: 'make-cdi-spec-readable',
  title: 'Let everybody read the CDI spec (mode 0644)',
  mends: ['cdi-spec-permission'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-spec-permission',
  fits: f => shutSpec(f) !== null,
  touches: f => [shutSpec(f)?.path ?? STATIC],
  plan: f => {
    const s = shutSpec(f);
    return s ? openSpec(s) : refuse('every spec can be read already');
  },
});

const FLAG_LINE = `NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS=${NO_GIDS}`;

export const olderSpec = applies({
  id: 'generate-older-cdi-spec',
  title: 'Generate the CDI spec in a version this engine reads',
  mends: ['cdi-version-too-new'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 cdi-version-too-new; 1.5: the group ids of device nodes are what raises the version to 0.7.0',
  fits: f => atLeast(or(f.toolkit.version, null) ?? '0', '1.19') && f.cdiSpecs.specs.some(isOurs),
  touches: f => [...(shipsRefresh(f) ? [REFRESH_ENV] : []), wrongSpec(f, 'cdi-version-too-new')?.path ?? STATIC],
  needs: () => ({ spec: generate('--feature-flag', NO_GIDS), env: read(REFRESH_ENV) }),
  plan: (f, a, finding) => {
    const old = wrongSpec(f, finding);
    if (old === null) return refuse('no spec of nvidia.com/gpu was found');
    const text = generated(a.spec, `${GENERATE.join(' ')} --feature-flag ${NO_GIDS}`, f);
    if (isRefused(text)) return text;
    const spec = write(
      old.path,
      old,
      text,
      f,
      'without the field that this engine does not know',
      'Leaves out the group ids of device nodes, which only a newer engine understands.',
    );
    if (isRefused(spec) || !shipsRefresh(f)) return spec;
    if (a.env.kind !== 'file' && a.env.kind !== 'absent')
      return refuse(`${REFRESH_ENV} could not be read (${a.env.kind})`);
    const env = a.env.kind === 'file' ? a.env.text : null;
    const set = env?.split('\n').some(l => l.startsWith('NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS='));
    if (env?.split('\n').includes(FLAG_LINE)) return spec;
    if (set)
      return refuse(`${REFRESH_ENV} sets other feature flags already`, `add ${NO_GIDS} to that line, comma separated`);
    const line = `${env === null || env === '' || env.endsWith('\n') ? (env ?? '') : `${env}\n`}${FLAG_LINE}\n`;
    return {
      ...spec,
      steps: [
        replaces(REFRESH_ENV, env, line, 'so that the refresh units write the same at the next driver update', 0o644),
        ...spec.steps,
      ],
    };
  },
});

export const cdiSpecFixes = [regenerateSpec, generateSpec, readableSpec, olderSpec];
