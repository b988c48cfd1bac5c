/** Is this machine a node of a Kubernetes cluster, and of which kind? Told by files alone, so it costs nothing elsewhere. */
import type { StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or } from '../../src/engine/known.ts';
import { type Asks, probe, run, stat } from '../../src/engine/probe.ts';
import { exists } from './answers.ts';

export type Flavour = 'k3s' | 'rke2' | 'microk8s' | 'kubelet';
export interface KubeFacts {
  /** null: no sign of a node here, or nobody could look. A client alone makes no node. */
  readonly flavour: Flavour | null;
  /** The path that told it. */
  readonly by: string;
  /** Kinds of node that left their folders here, where what runs does not tell which of them it is. */
  readonly rivals: readonly Flavour[];
}

const SIGNS: readonly (readonly [string, Flavour])[] = [
  ['/etc/rancher/k3s', 'k3s'],
  ['/var/lib/rancher/k3s/agent', 'k3s'],
  ['/etc/rancher/rke2', 'rke2'],
  ['/var/lib/rancher/rke2/agent', 'rke2'],
  // Goes away with the snap, and its parent is open to everybody; what lies below it is not.
  ['/var/snap/microk8s/current', 'microk8s'],
  ['/var/lib/kubelet/config.yaml', 'kubelet'],
  ['/etc/kubernetes/kubelet.conf', 'kubelet'],
];

export const MICROK8S_SOCKET = '/var/snap/microk8s/common/run/containerd.sock';
const K3S_SOCKET = '/run/k3s/containerd/containerd.sock';
/** Those that bring a containerd of their own, by where it listens while it runs. */
export const SOCKETS: Readonly<Partial<Record<Flavour, string>>> = {
  k3s: K3S_SOCKET,
  rke2: K3S_SOCKET,
  microk8s: MICROK8S_SOCKET,
};

export const kube = probe({
  id: 'kube',
  looks: 'whether this is a Kubernetes node',
  needs: () =>
    Object.fromEntries(
      [...SIGNS.map(([path]) => path), K3S_SOCKET, MICROK8S_SOCKET].map(path => [path, stat(path)] as const),
    ),
  read: (a): KubeFacts => {
    const there = (path: string) => exists(a[path] as StatRead, path);
    const signs = SIGNS.filter(([path]) => or(there(path), false));
    const kinds = [...new Set(signs.map(([, kind]) => kind))];
    const chosen = kinds.length > 1 ? running(kinds, there) : (kinds[0] ?? null);
    const by = signs.find(([, kind]) => kind === chosen)?.[0] ?? '';
    return { flavour: chosen, by, rivals: chosen === null ? kinds : [] };
  },
});

/** Folders outlive an installation; of several kinds the one counts whose containerd listens, and no guess is made. */
const running = (kinds: readonly Flavour[], there: (path: string) => Maybe<boolean>): Flavour | null => {
  const listening = kinds.map(kind => [kind, SOCKETS[kind] === undefined ? false : there(SOCKETS[kind])] as const);
  if (listening.some(([, is]) => isUnknown(is))) return null;
  const up = listening.filter(([, is]) => is === true);
  if (up.length === 0) return kinds.includes('kubelet') ? 'kubelet' : null;
  return up.length === 1 ? up[0]![0] : null;
};

export interface KnowsKube {
  readonly kube: KubeFacts;
}

const KUBECTL: Readonly<Record<Flavour, readonly [string, ...string[]]>> = {
  k3s: ['k3s', 'kubectl'],
  rke2: ['/var/lib/rancher/rke2/bin/kubectl', '--kubeconfig', '/etc/rancher/rke2/rke2.yaml'],
  microk8s: ['microk8s', 'kubectl'],
  kubelet: ['kubectl'],
};
/** kubectl as this kind of node has it; all but a plain kubelet bring their own, with the credentials of the node. */
export const kubectl = (flavour: Flavour, ...args: readonly string[]): readonly [string, ...string[]] => [
  ...KUBECTL[flavour],
  ...args,
];

const CRICTL: Readonly<Record<Flavour, readonly [string, ...string[]]>> = {
  k3s: ['k3s', 'crictl'],
  rke2: ['/var/lib/rancher/rke2/bin/crictl', '--config', '/var/lib/rancher/rke2/agent/etc/crictl.yaml'],
  // It brings none; one that somebody installed can be told where to ask.
  microk8s: ['crictl', '--runtime-endpoint', `unix://${MICROK8S_SOCKET}`],
  kubelet: ['crictl'],
};
export const crictl = (flavour: Flavour, ...args: readonly string[]): readonly [string, ...string[]] => [
  ...CRICTL[flavour],
  ...args,
];

/** What to ask where this is a node; nothing elsewhere. */
export const onNode = (k: KnowsKube, asks: (flavour: Flavour) => Asks): Asks =>
  k.kube.flavour === null ? {} : asks(k.kube.flavour);

export const runArgv = (argv: readonly [string, ...string[]]) => run(...argv);
