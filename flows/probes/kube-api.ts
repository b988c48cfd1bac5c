/**
 * What the cluster says about this node: the node itself, runtime classes, NVIDIA's daemon sets and the pods. Asked by
 * templates that name each field, so that no other variable of a pod is ever seen.
 */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, read } from '../../src/engine/probe.ts';
import { type Answers, record, text } from './answers.ts';
import { type Flavour, type KnowsKube, kubectl, onNode, runArgv } from './kube.ts';
import type { WhereFacts } from './where.ts';

const line = (kind: string, ...fields: readonly string[]) =>
  `{"${kind}"}${fields.map(f => `{"\\t"}{${f}}`).join('')}{"\\n"}`;
const items = (body: string) => `jsonpath={range .items[*]}${body}{end}`;
const variable = (name: string, of = '') => `${of}.env[?(@.name=="${name}")].value`;

export const NODES = items(
  line(
    'node',
    '.metadata.name',
    '.status.nodeInfo.containerRuntimeVersion',
    '.status.capacity',
    '.status.allocatable',
    '.metadata.labels',
    '.spec.taints[*].key',
    '.status.nodeInfo.bootID',
  ),
);
export const CLASSES = items(line('class', '.metadata.name', '.handler'));
const TEMPLATE = '.spec.template.spec';
export const SETS = items(
  line(
    'set',
    '.metadata.namespace',
    '.metadata.name',
    '.status.desiredNumberScheduled',
    '.status.numberReady',
    `${TEMPLATE}.runtimeClassName`,
    `${TEMPLATE}.containers[*].name`,
    `${TEMPLATE}.containers[*].image`,
    variable('DEVICE_LIST_STRATEGY', `${TEMPLATE}.containers[*]`),
    variable('CONTAINERD_CONFIG', `${TEMPLATE}.containers[*]`),
    variable('CONTAINERD_SOCKET', `${TEMPLATE}.containers[*]`),
    `${TEMPLATE}.volumes[*].hostPath.path`,
  ),
);
export const PODS = items(
  line(
    'pod',
    '.metadata.namespace',
    '.metadata.name',
    '.spec.nodeName',
    '.status.phase',
    '.status.reason',
    '.status.containerStatuses[*].ready',
    '.status.containerStatuses[*].state.waiting.reason',
    '.spec.runtimeClassName',
    '.metadata.ownerReferences[*].kind',
    '.metadata.ownerReferences[*].name',
    '.metadata.managedFields[*].manager',
    '.spec.schedulerName',
    '.spec.volumes[*].hostPath.path',
    '.status.conditions[?(@.type=="PodScheduled")].message',
    '.status.message',
    '.status.containerStatuses[*].state.waiting.message',
  ) +
    `{range .spec.containers[*]}${line(
      'container',
      '.name',
      '.image',
      '.resources.limits',
      '.securityContext.privileged',
      variable('NVIDIA_VISIBLE_DEVICES'),
      variable('NVIDIA_DRIVER_CAPABILITIES'),
    )}{end}`,
);

export interface KubeNode {
  readonly name: string;
  /** "containerd://2.1.4-k3s1". */
  readonly runtime: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
}
export interface DaemonSet {
  readonly namespace: string;
  readonly name: string;
  readonly desired: number;
  readonly ready: number;
  readonly runtimeClass: string;
  readonly containers: readonly string[];
  readonly images: readonly string[];
  /** DEVICE_LIST_STRATEGY, where it is set: "envvar", "cdi-cri"… */
  readonly strategy: string;
  readonly containerdConfig: string;
  readonly containerdSocket: string;
  /** Folders of the host that it mounts; the variables name them by where they stand in the pod. */
  readonly hostPaths: readonly string[];
}
export interface PodContainer {
  readonly name: string;
  readonly image: string;
  /** Limits below nvidia.com/, by name: "gpu", "mig-1g.10gb". */
  readonly gpus: Readonly<Record<string, number>>;
  readonly privileged: boolean;
  /** Empty where it is not set in the pod; the image may set it. */
  readonly visible: string;
  readonly capabilities: string;
}
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly phase: string;
  readonly reason: string;
  readonly ready: boolean;
  readonly waiting: string;
  readonly runtimeClass: string;
  readonly owner: { readonly kind: string; readonly name: string } | null;
  /** Who wrote the object: kubectl, a controller's binary. */
  readonly managers: readonly string[];
  readonly scheduler: string;
  readonly hostPaths: readonly string[];
  /** Why it is not scheduled. */
  readonly unscheduled: string;
  readonly message: string;
  /** Why a container of it does not start. */
  readonly waitsFor: string;
  readonly containers: readonly PodContainer[];
}
export interface KubeApiFacts {
  /** This machine's node; null where the cluster that answers does not have it. */
  readonly node: Maybe<KubeNode | null>;
  readonly classes: Maybe<readonly { readonly name: string; readonly handler: string }[]>;
  /** Those of NVIDIA: device plugin, feature discovery, the Operator's operands. */
  readonly sets: Maybe<readonly DaemonSet[]>;
  /** On this node, or on none yet. */
  readonly pods: Maybe<readonly Pod[]>;
}

/** The cluster knows each boot of a node by this number, whatever the machine calls itself. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

const words = (s: string | undefined): readonly string[] => (s ?? '').split(/\s+/).filter(Boolean);
/** A map as kubectl prints it: JSON, or map[a:b c:d] before 1.16. */
const map = (s: string | undefined): Readonly<Record<string, string>> => {
  if (!s) return {};
  try {
    return Object.fromEntries(Object.entries(record(JSON.parse(s))).map(([k, v]) => [k, String(v)]));
  } catch {
    return Object.fromEntries([...s.matchAll(/([\w./-]+):(\S*?)(?=\s|\])/g)].map(m => [m[1]!, m[2]!]));
  }
};
const IS_NVIDIA = /nvidia|gpu-feature|gpu-operator|dcgm/;

const linesOf = (ran: Ran | undefined, name: string): Maybe<readonly (readonly string[])[]> =>
  ran === undefined
    ? unknown('unrecorded', name)
    : ran.kind !== 'exited'
      ? unknown(ran.kind, name)
      : ran.truncated === true
        ? unknown('unreadable', `${name} (too much to read)`)
        : ran.code !== 0
          ? unknown(/permission denied|forbidden|unauthorized/i.test(ran.stderr) ? 'denied' : 'unreadable', name)
          : ran.stdout.split('\n').map(l => l.split('\t'));

const podsIn = (lines: readonly (readonly string[])[]): readonly Pod[] => {
  const pods: (Pod & { readonly containers: PodContainer[] })[] = [];
  for (const l of lines) {
    if (l[0] === 'pod') {
      const kind = words(l[9])[0];
      pods.push({
        namespace: l[1] ?? '',
        name: l[2] ?? '',
        node: l[3] ?? '',
        phase: l[4] ?? '',
        reason: l[5] ?? '',
        ready: words(l[6]).length > 0 && words(l[6]).every(w => w === 'true'),
        waiting: words(l[7])[0] ?? '',
        runtimeClass: l[8] ?? '',
        owner: kind === undefined ? null : { kind, name: words(l[10])[0] ?? '' },
        managers: words(l[11]),
        scheduler: l[12] ?? '',
        hostPaths: words(l[13]),
        unscheduled: l[14] ?? '',
        message: l[15] ?? '',
        waitsFor: l[16] ?? '',
        containers: [],
      });
    } else if (l[0] === 'container') {
      const gpus = Object.entries(map(l[3])).flatMap(([k, v]) =>
        k.startsWith('nvidia.com/') ? [[k.slice(11), Number(v)] as const] : [],
      );
      pods.at(-1)?.containers.push({
        name: l[1] ?? '',
        image: l[2] ?? '',
        gpus: Object.fromEntries(gpus),
        privileged: l[4] === 'true',
        visible: l[5] ?? '',
        capabilities: l[6] ?? '',
      });
    }
  }
  return pods;
};

type Known = KnowsKube & { readonly where: WhereFacts };
const get = (flavour: Flavour, what: string, template: string, ...more: readonly string[]) =>
  runArgv(kubectl(flavour, 'get', what, ...more, '--request-timeout=5s', '-o', template));

export const kubeApi = probe({
  id: 'kubeApi',
  looks: 'what the cluster says about this node',
  after: ['kube', 'where'],
  needs: (k: Known): Asks =>
    onNode(k, flavour => ({
      boot: read(BOOT_ID),
      nodes: get(flavour, 'nodes', NODES),
      classes: get(flavour, 'runtimeclasses', CLASSES),
      sets: get(flavour, 'daemonsets', SETS, '-A'),
      pods: get(flavour, 'pods', PODS, '-A'),
    })),
  read: (a: Answers, k: Known): KubeApiFacts => {
    const nodes = linesOf(a.nodes, 'kubectl get nodes');
    const host = isUnknown(k.where.host) ? null : k.where.host.toLowerCase();
    const boot = a.boot === undefined ? null : (or(text(a.boot, BOOT_ID), null)?.trim() ?? null);
    const isHere = (l: readonly string[]) =>
      (boot !== null && boot !== '' && l[7]?.trim() === boot) ||
      (host !== null &&
        [l[1]?.toLowerCase(), map(l[5])['kubernetes.io/hostname']?.toLowerCase()].some(
          n => n === host || n === host.split('.')[0],
        ));
    const mine = isUnknown(nodes) ? undefined : nodes.find(l => l[0] === 'node' && isHere(l));
    const node: KubeApiFacts['node'] = isUnknown(nodes)
      ? nodes
      : mine
        ? {
            name: mine[1]!,
            runtime: mine[2] ?? '',
            capacity: map(mine[3]),
            allocatable: map(mine[4]),
            labels: map(mine[5]),
            taints: words(mine[6]),
          }
        : null;
    // A client that speaks to another cluster must not be believed about this machine.
    const elsewhere = unknown('unreadable', 'kubectl: the cluster that answers has no node of this name');
    const about = <T>(
      ran: Ran | undefined,
      name: string,
      parse: (l: readonly (readonly string[])[]) => T,
    ): Maybe<T> => {
      if (isUnknown(node)) return node;
      if (node === null) return elsewhere;
      const lines = linesOf(ran, name);
      return isUnknown(lines) ? lines : parse(lines);
    };
    return {
      node,
      classes: about(a.classes, 'kubectl get runtimeclasses', ls =>
        ls.filter(l => l[0] === 'class').map(l => ({ name: l[1] ?? '', handler: l[2] ?? '' })),
      ),
      sets: about(a.sets, 'kubectl get daemonsets', ls =>
        ls
          .filter(l => l[0] === 'set' && IS_NVIDIA.test(`${l[2]} ${l[7]}`))
          .map(l => ({
            namespace: l[1] ?? '',
            name: l[2] ?? '',
            desired: Number(l[3] || 0),
            ready: Number(l[4] || 0),
            runtimeClass: l[5] ?? '',
            containers: words(l[6]),
            images: words(l[7]),
            strategy: l[8] ?? '',
            containerdConfig: l[9] ?? '',
            containerdSocket: l[10] ?? '',
            hostPaths: words(l[11]),
          })),
      ),
      pods: about(a.pods, 'kubectl get pods', ls => {
        const here = isUnknown(node) || node === null ? '' : node.name;
        return podsIn(ls).filter(p => p.node === here || p.node === '');
      }),
    };
  },
});
