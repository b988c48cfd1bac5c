/** Is this machine a node of a Kubernetes cluster, and of which kind? Told by files alone, so it costs nothing elsewhere. */
import type { StatRead } from '../../src/box/box.ts';
import { or } from '../../src/engine/known.ts';
import { type Asks, probe, run, stat } from '../../src/engine/probe.ts';
import { exists } from './answers.ts';

export type Flavour = 'k3s' | 'rke2' | 'kubelet';
export interface KubeFacts {
  /** null: no sign of a node here, or nobody could look. A client alone makes no node. */
  readonly flavour: Flavour | null;
  /** The path that told it. */
  readonly by: string;
}

const SIGNS: readonly (readonly [string, Flavour])[] = [
  ['/etc/rancher/k3s', 'k3s'],
  ['/var/lib/rancher/k3s/agent', 'k3s'],
  ['/etc/rancher/rke2', 'rke2'],
  ['/var/lib/rancher/rke2/agent', 'rke2'],
  ['/var/lib/kubelet/config.yaml', 'kubelet'],
  ['/etc/kubernetes/kubelet.conf', 'kubelet'],
];

export const kube = probe({
  id: 'kube',
  looks: 'whether this is a Kubernetes node',
  needs: () => Object.fromEntries(SIGNS.map(([path]) => [path, stat(path)])),
  read: (a): KubeFacts => {
    const sign = SIGNS.find(([path]) => or(exists(a[path] as StatRead, path), false));
    return sign ? { flavour: sign[1], by: sign[0] } : { flavour: null, by: '' };
  },
});

export interface KnowsKube {
  readonly kube: KubeFacts;
}

/** kubectl as this kind of node has it; k3s and rke2 bring their own, with the credentials of the node. */
export const kubectl = (flavour: Flavour, ...args: readonly string[]): readonly [string, ...string[]] =>
  flavour === 'k3s'
    ? ['k3s', 'kubectl', ...args]
    : flavour === 'rke2'
      ? ['/var/lib/rancher/rke2/bin/kubectl', '--kubeconfig', '/etc/rancher/rke2/rke2.yaml', ...args]
      : ['kubectl', ...args];

export const crictl = (flavour: Flavour, ...args: readonly string[]): readonly [string, ...string[]] =>
  flavour === 'k3s'
    ? ['k3s', 'crictl', ...args]
    : flavour === 'rke2'
      ? ['/var/lib/rancher/rke2/bin/crictl', '--config', '/var/lib/rancher/rke2/agent/etc/crictl.yaml', ...args]
      : ['crictl', ...args];

/** What to ask where this is a node; nothing elsewhere. */
export const onNode = (k: KnowsKube, asks: (flavour: Flavour) => Asks): Asks =>
  k.kube.flavour === null ? {} : asks(k.kube.flavour);

export const runArgv = (argv: readonly [string, ...string[]]) => run(...argv);
