import type { Box, Ran } from '../src/box/box.ts';
import { clusterOf } from '../src/sim/cluster.ts';
import { simBox } from '../src/sim/index.ts';
import type { World } from '../src/sim/world.ts';
import { clusterPolicy, k3sOperator, kubeletOperator, microk8sOperator } from '../src/sim/worlds/operator.ts';
import type { Case } from './fix-boxes.ts';

export const DEBUG = { name: 'TOOLKIT_DEBUG', value: 'true' } as const;
const TEMPLATE = {
  name: 'CONTAINERD_CONFIG',
  value: '/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl',
} as const;
export const K3S_SOCKET = { name: 'CONTAINERD_SOCKET', value: '/run/k3s/containerd/containerd.sock' } as const;

const finding = 'gpu-operator-toolkit-config-path';
const offers = ['set-containerd-in-cluster-policy', 'tell-operator-the-socket'] as const;
const on = (make: () => World) => async () => simBox(make());
const without =
  (change: (world: World) => void): Case['box'] =>
  async () => {
    const world = k3sOperator();
    change(world);
    return simBox(world);
  };
/** A cluster that answers every question about ClusterPolicies like this. */
export const answering = (box: Box, ran: Ran): Box => ({
  ...box,
  run: async (c, s) => (c.argv.includes('clusterpolicies.nvidia.com') && c.argv.includes('get') ? ran : box.run(c, s)),
});
const refusedBy = (stderr: string) => async () =>
  answering(simBox(k3sOperator()), { kind: 'exited', code: 1, stdout: '', stderr });

/** Nodes that a GPU Operator sets up, each by what it was told. */
export const operatorCases: Readonly<Record<string, Case>> = {
  'k3s: an Operator with its defaults': { box: on(() => k3sOperator()), finding, offers },
  'k3s: an Operator that was told other things': { box: on(() => k3sOperator([DEBUG])), finding, offers },
  'k3s: an Operator that was pointed at the template': {
    box: on(() => k3sOperator([TEMPLATE, DEBUG])),
    finding,
    offers,
    // What it wrote there stays until somebody takes it away.
    leaves: ['k3s-template-override'],
  },
  'microk8s: the chart by itself, with its defaults': { box: on(() => microk8sOperator()), finding, offers },
  'a plain containerd with the values of k3s': {
    box: on(() => kubeletOperator([TEMPLATE, K3S_SOCKET, DEBUG])),
    finding,
    offers,
  },
  'an Operator without its ClusterPolicy': {
    box: without(world => clusterOf(world)!.policies!.pop()),
    finding,
    offers,
    refused: /there is no ClusterPolicy/,
  },
  'two ClusterPolicies': {
    box: without(world => clusterOf(world)!.policies!.push(clusterPolicy([], 'old-policy'))),
    finding,
    offers,
    refused: /2 ClusterPolicies \(cluster-policy, old-policy\)/,
  },
  'the kind ClusterPolicy is gone': {
    box: without(world => delete clusterOf(world)!.policies),
    finding,
    offers,
    refused: /knows no clusterpolicies\.nvidia\.com/,
  },
  'somebody who may not read ClusterPolicies': {
    box: refusedBy(
      'Error from server (Forbidden): clusterpolicies.nvidia.com is forbidden: User "dev" cannot list resource "clusterpolicies" in API group "nvidia.com" at the cluster scope\n',
    ),
    finding,
    offers,
    refused: /may not read clusterpolicies\.nvidia\.com/,
  },
};
