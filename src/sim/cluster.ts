/** A small Kubernetes cluster of one node: objects, and what becomes of a pod that the node starts. */
import type { CrioState } from './crio.ts';
import { basename, exists, file } from './fs.ts';
import { inPath } from './path.ts';
import { readConfig } from './toolkit-config.ts';
import { atLeast, type World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of a cluster are JSON of any shape
export type Json = Record<string, any>;

/** A controller, or a pod that stands alone. */
export interface Workload {
  readonly kind: 'Deployment' | 'DaemonSet' | 'Pod';
  readonly namespace: string;
  readonly name: string;
  /** Spec of the pods it makes. */
  spec: Json;
  /** Who wrote the object: "kubectl-client-side-apply", "binder". */
  readonly manager: string;
  /** `toolkit` and `validator`: the Operator's, which set the node up and say how far it has come. */
  readonly role?: 'plugin' | 'discovery' | 'toolkit' | 'validator';
}
export interface Cluster {
  readonly flavour: 'k3s' | 'kubelet' | 'microk8s';
  readonly node: string;
  /** "2.1.4". */
  readonly containerd: string;
  /** "1.33.2" where the kubelet uses CRI-O instead. */
  readonly crio?: string;
  /** What the running CRI-O holds; null while it is down. */
  crioRuns?: CrioState | null;
  /** Handlers of the containerd that runs, by name, with their binary. */
  handlers: Record<string, string>;
  defaultRuntime: string;
  cdi: boolean;
  classes: Record<string, string>;
  workloads: Workload[];
  labels: Record<string, string>;
  /** Objects of the kind ClusterPolicy; absent where no Operator brought the kind along. */
  policies?: Json[];
  readonly taints: readonly string[];
  /** Pods that the node refused and that nobody deleted, by the workload they belong to. */
  rejected?: Readonly<Record<string, string>>;
  /** The resource that the plugin offers, below nvidia.com/; "gpu" where it is not said. */
  readonly resource?: string;
  /** Devices that the plugin took out after a fatal error, until it starts again. */
  unhealthy?: number;
  /** What an image does when it starts: asks NVML, calls CUDA, or nothing with a GPU. */
  readonly images: Readonly<Record<string, 'nvml' | 'cuda' | 'plain'>>;
}

export interface Started {
  readonly workload: Workload;
  readonly name: string;
  readonly phase: 'Running' | 'Pending' | 'Failed';
  readonly placed: boolean;
  readonly ready: boolean;
  readonly waiting: string;
  /** What stands beside the reason of waiting. */
  readonly says?: string;
  readonly unscheduled: string;
  readonly log: string;
}

/** Of the boot that all worlds are in. */
export const BOOT_ID = '3f0c1d52-7a41-4a0e-9c55-1be0f6c2a917';

const clusters = new WeakMap<World, Cluster>();
export const joinCluster = (world: World, cluster: Cluster): void => {
  file(world.fs, '/proc/sys/kernel/random/boot_id', `${BOOT_ID}\n`);
  clusters.set(world, cluster);
};
export const clusterOf = (world: World): Cluster | undefined => clusters.get(world);

const hash = (text: string): string => {
  let h = 2_166_136_261;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16_777_619) >>> 0;
  return h.toString(36).padStart(7, '0').slice(0, 7);
};
/** Value of a variable that a container is given. */
export const variable = (c: Json, name: string): string | undefined =>
  (c.env ?? []).find((e: Json) => e.name === name)?.value as string | undefined;
/** Folder of the host behind a volume. */
export const volume = (spec: Json, name: string): string | undefined =>
  (spec.volumes ?? []).find((v: Json) => v.name === name)?.hostPath?.path as string | undefined;
const paths = (spec: Json): string[] => (spec.volumes ?? []).flatMap((v: Json) => v.hostPath?.path ?? []);
const limits = (spec: Json, resource = 'nvidia.com/gpu'): number =>
  (spec.containers ?? []).reduce((n: number, c: Json) => n + Number(c.resources?.limits?.[resource] ?? 0), 0);
const asked = (spec: Json): string[] =>
  (spec.containers ?? []).flatMap((c: Json) =>
    Object.keys(c.resources?.limits ?? {}).filter(k => k.startsWith('nvidia.com/')),
  );

const isThor = (world: World): boolean => world.gpus.some(g => /Thor/.test(g.name));
/** The module is loaded and has a card to drive. */
export const driverWorks = (world: World): boolean => world.kernel.loaded.includes('nvidia') && world.gpus.length > 0;

/** What the runtime puts into a container: the libraries, the nodes. */
const injected = (world: World, cluster: Cluster, spec: Json, c: Json): { libraries: boolean; nodes: boolean } => {
  const runtime = spec.runtimeClassName ? cluster.classes[spec.runtimeClassName] : cluster.defaultRuntime;
  const mounts = paths(spec);
  const byHand = {
    libraries: mounts.some(p => /\/nvidia\/?$/.test(p)),
    nodes: mounts.includes('/dev') && c.securityContext?.privileged === true,
  };
  // NVIDIA's own images set the variable themselves.
  const own = /^nvcr\.io\/nvidia\//.test(c.image ?? '') ? 'all' : '';
  const visible = variable(c, 'NVIDIA_VISIBLE_DEVICES') ?? (asked(spec).length > 0 ? 'GPU-0' : own);
  if (runtime !== 'nvidia' || visible === '' || visible === 'void') return byHand;
  const toolkit = world.versions.toolkit ?? '0';
  // Taken for an ordinary machine, a Thor gets a set in which the nodes of Tegra are missing.
  const mode = /^\s*mode\s*=\s*"([^"]*)"/m.exec(configOf(world))?.[1] ?? 'auto';
  const knows = !isThor(world) || atLeast(toolkit, '1.17.7') || mode === 'csv';
  return { libraries: true, nodes: knows };
};
const configOf = (world: World): string => {
  const entry = world.fs.entries.get('/etc/nvidia-container-runtime/config.toml');
  return entry?.type === 'file' ? entry.text : '';
};

/** What cuInit answers in a container, null where there is no library. */
export const cuInitIn = (world: World, spec: Json): number | null => {
  const cluster = clusterOf(world)!;
  const got = injected(world, cluster, spec, spec.containers?.[0] ?? {});
  if (!got.libraries || !driverWorks(world)) return null;
  return got.nodes ? 0 : 100;
};

/** The pod of the toolkit dials the engine that it was told of, and gives up where nothing listens. */
const configures = (world: World, w: Workload): { readonly ok: boolean; readonly log: string } => {
  const folder = volume(w.spec, 'containerd-socket');
  const inPod = variable(w.spec.containers?.[0] ?? {}, 'CONTAINERD_SOCKET') ?? '';
  if (folder === undefined || exists(world.fs, `${folder}/${basename(inPod)}`))
    return { ok: true, log: 'level=info msg="Successfully signaled containerd"\n' };
  const why = `unable to dial: dial unix ${inPod}: connect: no such file or directory`;
  return {
    ok: false,
    log: `level=warning msg="Error signaling containerd, attempt 1/6: ${why}"\nlevel=warning msg="Max retries reached 6/6, aborting"\nlevel=error msg="error running nvidia-toolkit: unable to setup runtime: unable to restart containerd: ${why}"\n`,
  };
};

const speaks = (world: World, cluster: Cluster, w: Workload): { readonly ok: boolean; readonly log: string } => {
  const [c = {}] = w.spec.containers ?? [];
  if (w.role === 'toolkit') return configures(world, w);
  const does = w.role ? 'nvml' : (cluster.images[c.image] ?? 'plain');
  if (does === 'plain') return { ok: true, log: 'started\n' };
  const got = injected(world, cluster, w.spec, c);
  const noise = isThor(world)
    ? 'NvRmMemInitNvmap failed: error Permission denied\nNvRmMemMgrInit failed: Memory Manager Not supported\n'
    : '';
  if (!got.libraries)
    return w.role && w.role !== 'validator'
      ? {
          ok: true,
          log: 'Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND.\nIf this is a GPU node, did you configure the NVIDIA Container Toolkit?\nNo devices found. Waiting indefinitely.\n',
        }
      : { ok: false, log: 'Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND\n' };
  if (!got.nodes || !driverWorks(world)) return { ok: false, log: 'Failed to initialize NVML: Driver Not Loaded\n' };
  const what =
    w.role === 'plugin'
      ? 'Registered device plugin for nvidia.com/gpu with Kubelet\n'
      : `GPU UUID: ${world.gpus[0]?.uuid}\n`;
  return { ok: true, log: `${noise}${what}` };
};

/** GPUs that the device plugin offers now. */
export const offered = (world: World): number | null => {
  const cluster = clusterOf(world)!;
  const plugin = cluster.workloads.find(w => w.role === 'plugin');
  if (!plugin || start(world, cluster, plugin, Number.POSITIVE_INFINITY)?.ready !== true) return null;
  return /Registered/.test(speaks(world, cluster, plugin).log) ? world.gpus.length : null;
};

/** Under CRI-O the nvidia runtime has only the PATH to find runc or crun in; the shims of containerd bring theirs along. */
const callsSomething = (world: World, cluster: Cluster): boolean => {
  if (cluster.crio === undefined) return true;
  const read = readConfig(world);
  return 'error' in read || read.config.runtimes.some(r => inPath(world, r) !== null);
};

const MANAGEMENT = 'management.nvidia.com/gpu=all';
const MANAGEMENT_SPEC = '/var/run/cdi/management.nvidia.com-gpu.yaml';
/** What the toolkit pod of the Operator leaves on the node when it starts. */
export const writeManagementSpec = (world: World): void =>
  file(
    world.fs,
    MANAGEMENT_SPEC,
    'cdiVersion: 0.5.0\nkind: management.nvidia.com/gpu\ndevices:\n  - name: all\n    containerEdits:\n      deviceNodes:\n        - path: /dev/nvidia0\n        - path: /dev/nvidiactl\n',
  );

const start = (world: World, cluster: Cluster, w: Workload, free: number): Started | null => {
  const named = w.spec.runtimeClassName as string | undefined;
  if (named !== undefined && named !== null && !(named in cluster.classes)) return null;
  const name =
    w.kind === 'Pod'
      ? w.name
      : w.kind === 'DaemonSet'
        ? `${w.name}-${hash(JSON.stringify(w.spec)).slice(0, 5)}`
        : `${w.name}-${hash(JSON.stringify(w.spec))}-x7k2p`;
  const base = { workload: w, name, unscheduled: '', log: '' };
  const own = `nvidia.com/${cluster.resource ?? 'gpu'}`;
  const other = asked(w.spec).find(k => k !== own);
  if (other !== undefined || limits(w.spec, own) > free)
    return {
      ...base,
      phase: 'Pending',
      placed: false,
      ready: false,
      waiting: '',
      unscheduled: `0/1 nodes are available: 1 Insufficient ${other ?? own}.`,
    };
  const handler = named ? cluster.classes[named]! : cluster.defaultRuntime;
  if (!(handler in cluster.handlers))
    return { ...base, phase: 'Pending', placed: true, ready: false, waiting: 'ContainerCreating' };
  if (handler === 'nvidia' && !callsSomething(world, cluster))
    return { ...base, phase: 'Pending', placed: true, ready: false, waiting: 'CreateContainerError' };
  const device = (w.spec.containers ?? []).map((c: Json) => variable(c, 'NVIDIA_VISIBLE_DEVICES') ?? '');
  if (device.includes(MANAGEMENT) && !exists(world.fs, MANAGEMENT_SPEC))
    return {
      ...base,
      phase: 'Pending',
      placed: true,
      ready: false,
      waiting: 'CreateContainerError',
      says: `failed to inject CDI devices: unresolvable CDI devices ${MANAGEMENT}`,
    };
  const said = speaks(world, cluster, w);
  return {
    ...base,
    phase: 'Running',
    placed: true,
    ready: said.ok,
    waiting: said.ok ? '' : 'CrashLoopBackOff',
    log: said.log,
  };
};

/** Labels that feature discovery writes while its own pod reaches the driver. */
export const discovered = (world: World): Readonly<Record<string, string>> => {
  const cluster = clusterOf(world)!;
  const gfd = cluster.workloads.find(w => w.role === 'discovery');
  if (!gfd || !/GPU UUID/.test(start(world, cluster, gfd, 0)?.log ?? '')) return {};
  return {
    'nvidia.com/gpu.count': String(world.gpus.length),
    'nvidia.com/gpu.memory': String(world.gpus[0]?.memoryMiB ?? 0),
  };
};

/** Every pod there is now, in the order of its workloads. */
export const podsIn = (world: World): readonly Started[] => {
  const cluster = clusterOf(world)!;
  let free = (offered(world) ?? 0) - (cluster.unhealthy ?? 0);
  const refused = Object.entries(cluster.rejected ?? {}).flatMap(([name, of]): readonly Started[] => {
    const w = cluster.workloads.find(x => x.name === of);
    return w
      ? [{ workload: w, name, phase: 'Failed', placed: true, ready: false, waiting: '', unscheduled: '', log: '' }]
      : [];
  });
  const alive = cluster.workloads.flatMap(w => {
    const pod = start(world, cluster, w, free);
    if (pod === null) return [];
    if (pod.placed) free -= limits(w.spec, `nvidia.com/${cluster.resource ?? 'gpu'}`);
    return [pod];
  });
  return [...alive, ...refused];
};

/** What k3s finds when it starts: the runtime on its PATH, or where the Operator puts it. */
export const findRuntime = (world: World): string | null =>
  ['/usr/local/nvidia/toolkit', '/usr/local/bin', '/usr/bin']
    .map(d => `${d}/nvidia-container-runtime`)
    .find(p => exists(world.fs, p)) ?? null;
