/** Nodes whose toolkit is the GPU Operator's: nothing of NVIDIA's is installed on the host but the driver. */
import { runIn } from '../box.ts';
import { type Cluster, clusterOf, type Json } from '../cluster.ts';
import { put, remove } from '../fs.ts';
import { startToolkit, toolkitSpec } from '../operator.ts';
import { tick, type World } from '../world.ts';
import { container, makeK3s, makeKubelet, makeMicrok8s, plugin, trainer, workload } from './kubernetes.ts';
import { machine } from './machine.ts';

type Env = readonly { readonly name: string; readonly value: string }[];

/** As its chart makes it; no variables are told where the values name none. */
export const clusterPolicy = (told: Env, name = 'cluster-policy'): Json => ({
  metadata: { name, managedFields: [{ manager: 'helm' }, { manager: 'gpu-operator' }] },
  spec: {
    daemonsets: { updateStrategy: 'RollingUpdate' },
    toolkit: { enabled: true, ...(told.length > 0 ? { env: [...told] } : {}) },
  },
});

const OPERATOR = 'gpu-operator';
const operand = (name: string, spec: Json, role?: 'toolkit' | 'validator') =>
  workload('DaemonSet', name, spec, { namespace: OPERATOR, manager: 'gpu-operator', ...(role ? { role } : {}) });
const operands = (told: Env): Pick<Cluster, 'workloads' | 'policies'> => ({
  policies: [clusterPolicy(told)],
  workloads: [
    operand('nvidia-container-toolkit-daemonset', toolkitSpec(told), 'toolkit'),
    operand(
      'nvidia-operator-validator',
      {
        runtimeClassName: 'nvidia',
        containers: [container('nvidia-operator-validator', 'nvcr.io/nvidia/gpu-operator:v25.10.1')],
      },
      'validator',
    ),
    { ...plugin(), namespace: OPERATOR, manager: 'gpu-operator' },
    trainer(),
  ],
});

const DOCKER = ['/usr/bin/docker', '/usr/bin/dockerd', '/etc/docker/daemon.json'] as const;
const UNITS = ['docker.service', 'docker.socket'] as const;
/** A machine on which pods are all that runs. */
const bare = (name: string): World => {
  const world = machine({ name, docker: '29.7.2', toolkit: null });
  for (const p of [...DOCKER, ...UNITS.map(u => `/usr/lib/systemd/system/${u}`)]) remove(world.fs, p);
  for (const u of UNITS) world.units.delete(u);
  world.packages = world.packages.filter(([n]) => !/docker/.test(n));
  world.docker = null;
  return world;
};

/** The toolkit's own programs come with its pod. */
const COPY = { toolkit: '1.18.1', cli: '1.18.1' } as const;
const begin = (world: World): World => {
  world.versions = { ...world.versions, ...COPY };
  const { workloads } = clusterOf(world)!;
  startToolkit(world, workloads.find(w => w.role === 'toolkit')!, argv => runIn(world, { argv, root: true }));
  tick(world, 600);
  return world;
};

/** The Operator was installed with its defaults, and looks for the containerd of k3s where a plain one would be. */
export const k3sOperator = (told: Env = [], more: Partial<Cluster> = {}): World => {
  const world = bare('k3s-operator');
  makeK3s(world, { ...operands(told), ...more });
  return begin(world);
};
/** The same on microk8s, by the chart itself instead of the addon. */
export const microk8sOperator = (told: Env = [], more: Partial<Cluster> = {}): World =>
  begin(makeMicrok8s(bare('microk8s-operator'), '', { ...operands(told), ...more }));
/** A plain containerd whose Operator was given the values of another kind of node. */
export const kubeletOperator = (told: Env = [], more: Partial<Cluster> = {}): World => {
  const world = bare('kubelet-operator');
  put(world.fs, '/run/containerd/containerd.sock', { type: 'socket' });
  return begin(
    makeKubelet(world, '2.1.4', { '/etc/containerd/config.toml': 'version = 3\n' }, { ...operands(told), ...more }),
  );
};
