/** What is meant to happen on a Kubernetes node, told from what was found there. */
import { isUnknown, type Maybe, need, or } from '../../src/engine/known.ts';
import type { CriConfig } from '../probes/cri.ts';
import type { Facts } from '../probes/index.ts';
import { CONTAINERD_SOCKETS } from '../probes/kube.ts';
import type { DaemonSet, KubeNode, Pod } from '../probes/kube-api.ts';

type Needs = Pick<
  Facts,
  'kube' | 'kubeApi' | 'cri' | 'operator' | 'smi' | 'pci' | 'where' | 'toolkit' | 'dockerCli' | 'podman'
>;

/** null: no cluster that answers knows this machine. */
export const nodeOf = (f: Pick<Facts, 'kubeApi'>): KubeNode | null => or(f.kubeApi.node, null);
export const podsOf = (f: Pick<Facts, 'kubeApi'>): readonly Pod[] => or(f.kubeApi.pods, []);
export const setsOf = (f: Pick<Facts, 'kubeApi'>): readonly DaemonSet[] => or(f.kubeApi.sets, []);
export const nameOf = (p: Pick<Pod, 'namespace' | 'name'>): string => `${p.namespace}/${p.name}`;

export const gpusAsked = (p: Pod): number => p.containers.reduce((n, c) => n + (c.gpus.gpu ?? 0), 0);
export const asksForGpu = (p: Pod): boolean => p.containers.some(c => Object.values(c.gpus).some(n => n > 0));
const isOver = (p: Pod): boolean => p.phase === 'Succeeded' || p.phase === 'Failed';
export const isHere = (p: Pod): boolean => p.node !== '' && !isOver(p);

/** The daemon set by which a GPU Operator sets the engines of its nodes up. */
export const toolkitSetOf = (f: Pick<Facts, 'kubeApi'>): DaemonSet | undefined =>
  setsOf(f).find(s => /container-toolkit/.test(s.name));
/** Where the Operator's toolkit looks for a containerd that listens elsewhere; null where it is right, or nobody can tell. */
export const lookedForAt = (f: Pick<Facts, 'kube' | 'kubeApi' | 'cri'>): string | null => {
  const told = toolkitSetOf(f)?.containerdSocket ?? '';
  if (told === '' || f.kube.flavour === null || or(f.cri.engine, null) !== 'containerd') return null;
  return told === CONTAINERD_SOCKETS[f.kube.flavour] ? null : told;
};
/** Where it is installed by its own guide, and where the addon of microk8s puts it. */
const OPERATOR_NAMESPACES: readonly string[] = ['gpu-operator', 'gpu-operator-resources'];
export const operatorNamespace = (f: Pick<Facts, 'kubeApi' | 'kube'>): string =>
  setsOf(f).find(s => /operator-validator|container-toolkit/.test(s.name))?.namespace ??
  (f.kube.flavour === 'microk8s' ? 'gpu-operator-resources' : 'gpu-operator');

/** A part of NVIDIA's own: it may have rights and variables that a workload should not have. */
export const isOperand = (f: Pick<Facts, 'kubeApi'>, p: Pod): boolean =>
  setsOf(f).some(s => s.namespace === p.namespace && (p.owner?.name === s.name || p.name.startsWith(`${s.name}-`))) ||
  OPERATOR_NAMESPACES.includes(p.namespace) ||
  p.namespace === 'kube-system' ||
  p.containers.some(c => /k8s-device-plugin|gpu-feature-discovery|dcgm|container-toolkit/.test(c.image));

const hasGpu = (f: Needs): boolean =>
  f.smi.gpus.length > 0 || or(f.pci.gpus, []).length > 0 || or(f.where.tegra, null) !== null;

/** An agent has no client that may ask the cluster; a toolkit that nothing else could use tells what it is there for. */
const isOnlyEngine = (f: Needs): boolean =>
  f.dockerCli.path === null &&
  or(f.podman.version, '') === null &&
  Boolean(or(f.toolkit.programs, null)?.['nvidia-container-runtime']);

/** Signs that pods of this node are meant to get its GPU. k3s makes its runtime classes everywhere, so they are none. */
export const signsOfUse = (f: Needs): readonly string[] => {
  const node = nodeOf(f);
  const resources = Object.keys(node?.capacity ?? {}).filter(k => k.startsWith('nvidia.com/'));
  const asking = podsOf(f).filter(p => asksForGpu(p) || p.runtimeClass === 'nvidia');
  return [
    ...(resources.length > 0 ? [`the node knows ${resources[0]}`] : []),
    ...(node?.labels['nvidia.com/gpu.present'] === 'true' ? ['the node is labelled nvidia.com/gpu.present'] : []),
    ...setsOf(f)
      .slice(0, 1)
      .map(s => `daemon set ${s.namespace}/${s.name}`),
    ...asking.slice(0, 1).map(p => `pod ${nameOf(p)}`),
    // k3s and rke2 write theirs themselves wherever the runtime is installed.
    ...((f.kube.flavour === 'kubelet' || f.kube.flavour === 'microk8s') && 'nvidia' in f.cri.written.handlers
      ? [`a handler nvidia in ${f.cri.path}`]
      : []),
    ...(or(f.operator.toolkit, false) ? ['the toolkit of a GPU Operator'] : []),
    ...(isOnlyEngine(f) ? ['the toolkit is installed, and no other engine could use it'] : []),
  ];
};

/** Whether its findings are faults at all. Throws where nobody could ask. */
export const servesGpus = (f: Needs): boolean => {
  if (!hasGpu(f)) return false;
  if (signsOfUse(f).length > 0) return true;
  // A cluster without this machine says nothing about it; one that could not be asked leaves it open.
  if (need(f.kubeApi.node) === null) return false;
  need(f.kubeApi.pods);
  need(f.kubeApi.sets);
  return false;
};

export const strategyOf = (f: Pick<Facts, 'kubeApi'>): string =>
  pluginSets(f).find(s => s.strategy !== '')?.strategy ?? 'envvar';
/** Several strategies stand between commas; the Operator sets envvar beside one of CDI. */
export const isByCdi = (f: Pick<Facts, 'kubeApi'>): boolean => /\bcdi-/.test(strategyOf(f));

/** The daemon sets of the plugin itself; the chart names feature discovery and MPS after it. */
export const pluginSets = (f: Pick<Facts, 'kubeApi'>): readonly DaemonSet[] =>
  setsOf(f).filter(s => /device-plugin/.test(s.name) && !/mps|dra\b|sriov|rdma|feature-discovery/.test(s.name));
export const pluginPods = (f: Pick<Facts, 'kubeApi'>): readonly Pod[] =>
  podsOf(f).filter(p => pluginSets(f).some(s => s.namespace === p.namespace && isMadeBy(p, s)));
const isMadeBy = (p: Pod, s: DaemonSet): boolean =>
  p.owner === null ? p.name.replace(/-[a-z0-9]{5}$/, '') === s.name : p.owner.name === s.name;

/** What the engine does now; what it would do after a restart where it does not say. */
export const running = (f: Pick<Facts, 'cri'>): Maybe<CriConfig> =>
  isUnknown(f.cri.live) ? f.cri.effective : f.cri.live;
/** Handlers that lead to the nvidia runtime: microk8s ships one of another name, which is the toolkit's all the same. */
export const NVIDIA_HANDLERS: readonly string[] = ['nvidia', 'nvidia-container-runtime'];
/** The handler that pods of the class nvidia are started with. */
export const handlerOf = (f: Pick<Facts, 'kubeApi'>): string => {
  const own = or(f.kubeApi.classes, []).find(c => c.name === 'nvidia')?.handler;
  return own !== undefined && NVIDIA_HANDLERS.includes(own) ? own : 'nvidia';
};
/** The file of the handler is newer than the engine that runs; told where the engine itself does not answer. */
export const isUnread = (f: Pick<Facts, 'cri'>): boolean =>
  f.cri.crio !== null && isUnknown(f.cri.live) && or(f.cri.crio.changedSince, false);
/** Major version of the containerd that runs: from the schema of its files where that tells it, else as the cluster says. */
export const containerdMajor = (f: Pick<Facts, 'kubeApi' | 'cri'>): number | null =>
  f.cri.major ?? (Number(/^containerd:\/\/v?(\d+)\./.exec(nodeOf(f)?.runtime ?? '')?.[1] ?? 0) || null);
/** "1.33.2"; null where neither the cluster nor the program says it. */
export const crioVersion = (f: Pick<Facts, 'kubeApi' | 'cri'>): string | null =>
  /^cri-o:\/\/v?(\d+(?:\.\d+)+)/.exec(nodeOf(f)?.runtime ?? '')?.[1] ?? or(f.cri.crio?.version ?? null, null);
/** Whether a pod is started by the nvidia runtime: its class may have any name, the handler behind it counts. */
export const onNvidia = (f: Pick<Facts, 'kubeApi' | 'cri'>, p: Pod): boolean =>
  p.runtimeClass === ''
    ? defaultIsNvidia(f)
    : /^nvidia/.test(or(f.kubeApi.classes, []).find(c => c.name === p.runtimeClass)?.handler ?? p.runtimeClass);
export const defaultIsNvidia = (f: Pick<Facts, 'cri'>): boolean => or(running(f), null)?.defaultRuntime === 'nvidia';

/** Kinds with a template that can be patched; what another controller writes has no file to edit. */
const TEMPLATED = ['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];
/** The controller that makes this pod's spec in code, null where a person wrote it. */
export const generatorOf = (p: Pod): string | null => {
  if (p.owner !== null) return TEMPLATED.includes(p.owner.kind) ? null : `${p.owner.kind} ${p.owner.name}`;
  const writer = p.managers.find(m => !/^(kubectl|kubelet|k3s|rke2|kube-|Go-http-client)/.test(m));
  return writer ?? null;
};
/** What to patch for a pod: its controller, or the pod by itself, which can only be replaced. */
export const templateOf = (p: Pod): { readonly kind: string; readonly name: string } | null => {
  if (p.owner === null || !TEMPLATED.includes(p.owner.kind)) return null;
  // A replica set belongs to the deployment whose name it carries, with a hash behind.
  return p.owner.kind === 'ReplicaSet'
    ? { kind: 'deployment', name: p.owner.name.replace(/-[a-z0-9]{6,10}$/, '') }
    : { kind: p.owner.kind.toLowerCase(), name: p.owner.name };
};
