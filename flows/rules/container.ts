/** How a container asks for the GPU, read from its record (field reference 1.2, 1.8, T5). */
import type { WayId } from '../../src/engine/flow.ts';
import { CannotTell, isUnknown, or, unknown } from '../../src/engine/known.ts';
import type { ContainerRecord, Env } from '../probes/container-record.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { containerOf, isDriverFile, type SubjectRecord } from '../probes/subject.ts';
import { resolveMode } from './mode.ts';
import { atLeast, compare, since } from './version.ts';

export type Mechanism = 'gpus' | 'cdi' | 'runtime' | 'nodes' | 'mounts';
export const mechanismWords: Readonly<Record<Mechanism, string>> = {
  gpus: 'a device request (--gpus, Compose reservation)',
  cdi: 'a CDI name',
  runtime: 'the nvidia runtime with NVIDIA_VISIBLE_DEVICES',
  nodes: 'device nodes handed in one by one',
  mounts: 'driver files mounted from the host',
};

const NODE = /^\/dev\/(nvidia|dxg|nvmap|nvhost)/;
/** A folder of the host that holds the driver's files or all of its nodes. */
const FOLDERS = /^(\/usr\/lib\/[\w-]+\/nvidia|\/usr\/lib\/[\w-]+\/tegra)$/;

export const cdiIds = (c: ContainerRecord): readonly string[] =>
  c.requests.filter(r => r.driver === 'cdi').flatMap(r => r.ids);
const gpuRequests = (c: ContainerRecord) =>
  c.requests.filter(r => r.driver !== 'cdi' && (r.driver.startsWith('nvidia') || r.capabilities.includes('gpu')));

/** The variable counts for the nvidia runtime only; "void" and nothing ask for nothing. What Swarm gave comes first. */
export const visible = ({ env, task }: Pick<ContainerRecord, 'env' | 'task'>): string | null => {
  if (task !== null && task.devices !== null) return task.devices;
  const value = env.NVIDIA_VISIBLE_DEVICES;
  // Old CUDA images ask by their mere presence (1.8).
  if (value === undefined)
    return env.CUDA_VERSION !== undefined && env.NVIDIA_REQUIRE_CUDA === undefined ? 'all' : null;
  return value === '' || value === 'void' ? null : value;
};
export const isNvidiaRuntime = (c: ContainerRecord, f: Pick<Facts, 'docker'>): boolean =>
  /^nvidia/.test(c.runtime) || (c.runtime === '' && /^nvidia/.test(daemonOf(f.docker)?.defaultRuntime ?? ''));

export const driverMounts = (c: ContainerRecord) =>
  c.mounts.filter(m => isDriverFile(m.place) || FOLDERS.test(m.place) || NODE.test(m.place));

export const mechanisms = (c: ContainerRecord, f: Pick<Facts, 'docker'>): readonly Mechanism[] => [
  ...(gpuRequests(c).length > 0 ? (['gpus'] as const) : []),
  ...(cdiIds(c).length > 0 ? (['cdi'] as const) : []),
  ...(isNvidiaRuntime(c, f) && visible(c) !== null ? (['runtime'] as const) : []),
  ...(c.devices.some(d => NODE.test(d)) ? (['nodes'] as const) : []),
  ...(driverMounts(c).length > 0 ? (['mounts'] as const) : []),
];

const isCdiName = (id: string): boolean => /^[\w.-]+\/[\w.-]+=/.test(id);

/** Which of the five forms it is; null where it asks by none of them. */
export const wayOf = (r: SubjectRecord | null, f: Pick<Facts, 'docker'>): WayId | null => {
  const c = containerOf(r);
  if (c === null) return null;
  const by = mechanisms(c, f);
  if (by.includes('cdi')) return 'docker-cdi';
  if (by.includes('gpus')) return gpuRequests(c).some(q => q.ids.some(isCdiName)) ? 'docker-cdi' : 'docker-gpus';
  if (!by.includes('runtime')) return null;
  return visible(c)!.split(',').every(isCdiName) ? 'docker-runtime-cdi' : 'docker-runtime';
};

/** Device names as they were asked for, without the kind of a CDI name. */
export const askedIds = (c: ContainerRecord, f: Pick<Facts, 'docker'>): readonly string[] => {
  const bare = (id: string) => id.slice(id.indexOf('=') + 1);
  if (cdiIds(c).length > 0) return cdiIds(c).map(bare);
  const requests = gpuRequests(c);
  if (requests.length > 0)
    return requests.flatMap(r =>
      r.ids.length > 0 ? r.ids.map(bare) : r.count < 0 ? ['all'] : Array.from({ length: r.count }, (_, i) => String(i)),
    );
  return isNvidiaRuntime(c, f) ? (visible(c)?.split(',').map(bare) ?? []) : [];
};

/** Both kinds of names in one value, which only mode cdi accepts. */
export const mixesNames = (c: ContainerRecord): boolean => {
  const ids = (c.env.NVIDIA_VISIBLE_DEVICES ?? '').split(',').filter(Boolean);
  return ids.some(isCdiName) && !ids.every(isCdiName);
};

export const isAsExpected = (id: string, f: Pick<Facts, 'smi' | 'cdiSpecs'>): boolean | null => {
  if (id === 'all' || id === 'none') return true;
  if (f.smi.gpus.length === 0) return null;
  if (/^\d+$/.test(id)) return Number(id) < f.smi.gpus.length;
  if (/^GPU-/.test(id)) return f.smi.gpus.some(g => g.uuid === id);
  if (/^MIG-/.test(id) || /^\d+:\d+$/.test(id)) return null;
  if (/^[0-9a-f]{4,8}:[0-9a-f]{2}:/i.test(id)) return f.smi.gpus.some(g => id.toLowerCase().endsWith(g.pci.slice(-10)));
  return f.cdiSpecs.specs.some(s => s.devices.has(id)) ? true : !/^[\w-]+$/.test(id) ? null : false;
};

/** How CUDA_VISIBLE_DEVICES leaves CUDA without any GPU; null where it does not. Its first name decides. */
export const hidesAll = (c: ContainerRecord, f: Pick<Facts, 'smi' | 'docker'>): string | null => {
  const first = c.env.CUDA_VISIBLE_DEVICES?.split(',')[0]?.trim();
  if (first === undefined) return null;
  if (first === '' || /^-/.test(first) || first === 'NoDevFiles') return 'hides every GPU';
  const ids = askedIds(c, f);
  const { gpus } = f.smi;
  const given = ids.includes('all') ? gpus : gpus.filter((g, i) => ids.some(id => id === String(i) || id === g.uuid));
  const count = ids.includes('all') ? gpus.length : ids.length;
  if (/^\d+$/.test(first))
    return count > 0 && Number(first) >= count
      ? `names GPU ${first}; in this container there ${count === 1 ? 'is only 0' : `are 0 to ${count - 1}`}`
      : null;
  if (!/^GPU-/.test(first) || gpus.length === 0) return null;
  if (!gpus.some(g => g.uuid.startsWith(first))) return 'names a GPU that is not here';
  return given.length === count && !given.some(g => g.uuid.startsWith(first))
    ? 'names a GPU that this container was not given'
    : null;
};

type ModeFacts = Pick<Facts, 'docker' | 'config' | 'toolkit' | 'where' | 'smi'>;

/** The legacy CLI does the injection: only there capabilities filter and requirements are checked. */
export const isLegacy = (c: ContainerRecord, f: ModeFacts): boolean | null => {
  const by = mechanisms(c, f);
  if (by.includes('cdi')) return false;
  if (by.includes('gpus') && !isNvidiaRuntime(c, f)) {
    const version = daemonOf(f.docker)?.version;
    if (version === undefined) return null;
    return gpuRequests(c).some(r => r.driver === 'nvidia.runtime-hook') || !atLeast(version, since.dockerGpusCdiFirst);
  }
  if (isUnknown(f.toolkit.version) || isUnknown(f.where.tegra)) return null;
  return resolveMode(f, wayOf({ container: c, image: null }, f) === 'docker-runtime-cdi').mode === 'legacy';
};

export const KNOWN_CAPABILITIES = ['compute', 'compat32', 'graphics', 'utility', 'video', 'display', 'ngx', 'all'];

/** Capabilities in force; the hook's default is utility,compute. */
export const capabilitiesOf = (env: Env): readonly string[] => {
  const value = env.NVIDIA_DRIVER_CAPABILITIES;
  return value === undefined || value === ''
    ? ['utility', 'compute']
    : value
        .split(',')
        .map(w => w.trim())
        .filter(Boolean);
};

/** NVIDIA_DISABLE_REQUIRE as the hook reads it: what the image requires of the driver is not looked at. */
export const skipsRequire = (value: string | null | undefined): boolean => /^(1|true)$/i.test(value ?? '');

/** What a container has beyond what a GPU needs, each as a person would take it away. */
export const excess = (c: ContainerRecord): readonly { readonly has: string; readonly drop: string }[] => [
  ...(c.privileged ? [{ has: 'Privileged: true', drop: 'privileged: true (--privileged)' }] : []),
  ...(c.caps.some(k => /^(CAP_)?(SYS_ADMIN|ALL)$/.test(k))
    ? [{ has: `CapAdd: ${c.caps.join(', ')}`, drop: 'the added capability SYS_ADMIN' }]
    : []),
  ...c.mounts
    .filter(m => m.place === '/dev')
    .map(m => ({ has: `mounts ${m.source} at /dev`, drop: 'the mount of /dev' })),
  ...driverMounts(c)
    .filter(m => m.place !== '/dev')
    .map(m => ({ has: `mounts ${m.source}`, drop: `the mount of ${m.source}` })),
  ...(c.security.some(s => /^(seccomp|apparmor)[=:]unconfined$/.test(s))
    ? [{ has: `SecurityOpt: ${c.security.join(', ')}`, drop: 'security_opt unconfined' }]
    : []),
  ...(skipsRequire(c.env.NVIDIA_DISABLE_REQUIRE)
    ? [{ has: `NVIDIA_DISABLE_REQUIRE=${c.env.NVIDIA_DISABLE_REQUIRE}`, drop: 'NVIDIA_DISABLE_REQUIRE' }]
    : []),
  ...(/(^|:)\/usr\/lib\/[\w-]+(\/nvidia|\/tegra)?(:|$)/.test(c.env.LD_LIBRARY_PATH ?? '')
    ? [{ has: `LD_LIBRARY_PATH=${c.env.LD_LIBRARY_PATH}`, drop: 'LD_LIBRARY_PATH' }]
    : []),
];

/** Rights over the host, not mere untidiness; and only where the container has to do with the GPU. */
export const isOverPrivileged = (c: ContainerRecord, f: Pick<Facts, 'docker'>): boolean => {
  const isCuda = c.env.NVIDIA_VISIBLE_DEVICES !== undefined || c.env.CUDA_VERSION !== undefined;
  const forGpu = mechanisms(c, f).length > 0 || (isCuda && c.mounts.some(m => m.place === '/dev'));
  return forGpu && excess(c).some(e => /^(Privileged|CapAdd|mounts|SecurityOpt)/.test(e.has));
};

/** Containers that the engine could not start for something that has to do with a GPU, in its own words. */
export const refusedOnes = (
  f: Pick<Facts, 'notStarted'>,
): readonly { readonly name: string; readonly says: string }[] =>
  or(f.notStarted, [])
    .filter(c => /nvidia|libcuda|\bcdi\b|\bgpus?\b/i.test(c.error))
    .map(c => ({ name: c.name, says: tailOf(c.error, 140) }));

/** The end of a long text, from the beginning of a word: an error says the cause last. */
export const tailOf = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `…${text
        .slice(-most)
        .replace(/^\S*\s+/, ' ')
        .trimStart()}`;

/** How images name a processor that `uname -m` names otherwise. */
export const imageArch = (machine: string): string => ({ x86_64: 'amd64', aarch64: 'arm64' })[machine] ?? machine;

/** `NVIDIA_REQUIRE_CUDA`'s least CUDA version, "12.6"; null where it states none. */
export const requiredCuda = (env: Env): string | null =>
  [...(env.NVIDIA_REQUIRE_CUDA ?? '').matchAll(/(?:^|\s)cuda>=(\d+\.\d+)/g)].map(m => m[1]!)[0] ?? null;

/** Highest CUDA version a driver branch serves; the last branch known stands for later ones. */
const CUDA_OF_BRANCH: readonly (readonly [driver: string, cuda: string])[] = [
  ['580', '13.0'],
  ['575', '12.9'],
  ['570', '12.8'],
  ['565', '12.7'],
  ['560', '12.6'],
  ['555', '12.5'],
  ['550', '12.4'],
  ['545', '12.3'],
  ['535', '12.2'],
  ['530', '12.1'],
  ['525', '12.0'],
  ['520', '11.8'],
  ['515', '11.7'],
  ['510', '11.6'],
  ['495', '11.5'],
  ['470', '11.4'],
  ['460', '11.2'],
  ['450', '11.0'],
];
/** null for a branch older than the table, or one newer than it, which may serve more. */
export const cudaOf = (driver: string | null): string | null => {
  if (driver === null || atLeast(driver, '590')) return null;
  return CUDA_OF_BRANCH.find(([branch]) => atLeast(driver, branch))?.[1] ?? null;
};

const holds = (condition: string, driver: string, cuda: string | null): boolean | null => {
  const m = /^(cuda|driver|brand|arch)(>=|<=|!=|=|>|<)(\S+)$/.exec(condition);
  const has = m?.[1] === 'driver' ? driver : m?.[1] === 'cuda' ? cuda : null;
  if (!m || has === null) return null;
  const by = compare(has, m[3]!);
  return { '>=': by >= 0, '<=': by <= 0, '>': by > 0, '<': by < 0, '=': by === 0, '!=': by !== 0 }[m[2] as '>='];
};

/**
 * Whether a driver meets the requirement of an image: alternatives stand between blanks, their conditions between
 * commas. null where only the brand of the card or a newer table could tell.
 */
export const meetsCuda = (env: Env, driver: string): boolean | null => {
  const cuda = cudaOf(driver);
  const each = (env.NVIDIA_REQUIRE_CUDA ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .map(alternative => {
      const said = alternative.split(',').map(c => holds(c, driver, cuda));
      return said.includes(false) ? false : said.includes(null) ? null : true;
    });
  return each.length === 0 || each.includes(true) ? true : each.includes(null) ? null : false;
};

/** For messages: what the container is called. */
export const named = (f: Pick<Facts, 'subject' | 'subjectRecord'>): string =>
  containerOf(f.subjectRecord)?.name ?? f.subject?.name ?? 'NAME';

/** The record of the container; without one nothing about it can be told. */
export const recordOf = (f: Pick<Facts, 'subjectRecord'>): ContainerRecord => {
  const c = containerOf(f.subjectRecord);
  if (c !== null) return c;
  const why = f.subjectRecord?.container;
  throw new CannotTell([why !== undefined && isUnknown(why) ? why : unknown('unrecorded', 'docker container inspect')]);
};
