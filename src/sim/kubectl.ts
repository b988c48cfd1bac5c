/** kubectl against the cluster of the simulated node. */
import {
  BOOT_ID,
  clusterOf,
  cuInitIn,
  discovered,
  type Json,
  offered,
  podsIn,
  type Started,
  type Workload,
} from './cluster.ts';
import { jsonpath } from './jsonpath.ts';
import { reconcile, restartToolkit } from './operator.ts';
import { fail, out, type Program, tick, type World } from './world.ts';

/** Lists whose entries are merged by a key instead of being replaced. */
const MERGE_KEY: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};
/** A strategic merge: null takes a field away, `$patch: delete` an entry. */
export const merge = (value: Json, patch: Json): Json => {
  const result: Json = { ...value };
  for (const [key, wanted] of Object.entries(patch)) {
    const by = MERGE_KEY[key];
    if (wanted === null) delete result[key];
    else if (Array.isArray(wanted) && by !== undefined) {
      let list: Json[] = [...(result[key] ?? [])];
      const fresh: Json[] = [];
      for (const item of wanted) {
        const same = list.findIndex(e => e[by] === item[by]);
        if (item.$patch === 'delete') list = list.filter((_, i) => i !== same);
        else if (same < 0) fresh.push(item);
        else list[same] = merge(list[same]!, item);
      }
      list = [...fresh, ...list];
      if (list.length > 0) result[key] = list;
      else delete result[key];
    } else if (typeof wanted === 'object' && !Array.isArray(wanted)) {
      const inner = merge(result[key] ?? {}, wanted);
      if (Object.keys(inner).length > 0) result[key] = inner;
      else delete result[key];
    } else result[key] = wanted;
  }
  return result;
};

/** A merge of any JSON: null takes a field away, and a list is replaced as a whole. */
const mergeJson = (value: Json, patch: Json): Json => {
  const result: Json = { ...value };
  for (const [key, wanted] of Object.entries(patch)) {
    if (wanted === null) delete result[key];
    else if (typeof wanted === 'object' && !Array.isArray(wanted)) result[key] = mergeJson(result[key] ?? {}, wanted);
    else result[key] = wanted;
  }
  return result;
};

const podObject = (world: World, p: Started): Json => {
  const cluster = clusterOf(world)!;
  const { workload: w } = p;
  const owner =
    w.kind === 'Pod'
      ? undefined
      : w.kind === 'DaemonSet'
        ? [{ kind: 'DaemonSet', name: w.name }]
        : [{ kind: 'ReplicaSet', name: p.name.replace(/-x7k2p$/, '') }];
  return {
    metadata: {
      namespace: w.namespace,
      name: p.name,
      ...(owner ? { ownerReferences: owner } : {}),
      managedFields: [{ manager: w.manager }, { manager: 'kubelet' }],
    },
    spec: { schedulerName: 'default-scheduler', ...w.spec, ...(p.placed ? { nodeName: cluster.node } : {}) },
    status: {
      phase: p.phase,
      ...(p.phase === 'Failed'
        ? {
            reason: 'UnexpectedAdmissionError',
            message:
              'Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0, which is unexpected',
          }
        : {}),
      conditions: [{ type: 'PodScheduled', ...(p.unscheduled ? { message: p.unscheduled } : {}) }],
      ...(p.placed
        ? {
            containerStatuses: [
              {
                ready: p.ready,
                state: p.waiting
                  ? { waiting: { reason: p.waiting, ...(p.says ? { message: p.says } : {}) } }
                  : { running: {} },
              },
            ],
          }
        : {}),
    },
  };
};

const POLICY = /^clusterpolic(?:y|ies)(?:\.nvidia\.com)?$/;
const listOf = (world: World, what: string): readonly Json[] | null => {
  const cluster = clusterOf(world)!;
  if (/^pods?$/.test(what)) return podsIn(world).map(p => podObject(world, p));
  if (/^nodes?$/.test(what)) {
    const gpus = offered(world);
    const name = `nvidia.com/${cluster.resource ?? 'gpu'}`;
    const amount = { cpu: '14', memory: '128Gi', ...(gpus === null ? {} : { [name]: String(gpus) }) };
    const left = gpus === null ? amount : { ...amount, [name]: String(gpus - (cluster.unhealthy ?? 0)) };
    return [
      {
        metadata: {
          name: cluster.node,
          labels: { 'kubernetes.io/hostname': cluster.node, ...discovered(world), ...cluster.labels },
        },
        spec: { taints: cluster.taints.map(key => ({ key })) },
        status: {
          capacity: amount,
          allocatable: left,
          nodeInfo: {
            containerRuntimeVersion:
              cluster.crio === undefined ? `containerd://${cluster.containerd}` : `cri-o://${cluster.crio}`,
            bootID: BOOT_ID,
          },
        },
      },
    ];
  }
  if (/^runtimeclass(es)?$/.test(what))
    return Object.entries(cluster.classes).map(([name, handler]) => ({ metadata: { name }, handler }));
  if (POLICY.test(what)) return cluster.policies ?? null;
  const kind = { daemonset: 'DaemonSet', daemonsets: 'DaemonSet', deployment: 'Deployment', deployments: 'Deployment' }[
    what
  ];
  if (kind === undefined) return null;
  return cluster.workloads
    .filter(w => w.kind === kind)
    .map(w => ({
      metadata: { namespace: w.namespace, name: w.name },
      spec: { template: { spec: w.spec } },
      status: { desiredNumberScheduled: 1, numberReady: podsIn(world).filter(p => p.workload === w && p.ready).length },
    }));
};

const flag = (args: readonly string[], ...names: readonly string[]): string | undefined => {
  for (const [i, a] of args.entries()) {
    if (names.includes(a)) return args[i + 1];
    const long = names.find(n => n.startsWith('--') && a.startsWith(`${n}=`));
    if (long !== undefined) return a.slice(long.length + 1);
  }
  return undefined;
};
const WITH_VALUE = new Set(['-n', '-o', '-p', '-f', '--kubeconfig']);
const words = (args: readonly string[]): readonly string[] =>
  args
    .filter((a, i) => !a.startsWith('-') && !WITH_VALUE.has(args[i - 1] ?? ''))
    .concat(args.includes('-') ? ['-'] : []);
const find = (world: World, kind: string, ns: string, name: string): Workload | undefined =>
  clusterOf(world)!.workloads.find(
    w =>
      w.kind.toLowerCase() === kind.replace(/s$/, '').replace(/^pod$/, 'pod') && w.namespace === ns && w.name === name,
  );

/** An object of the Operator; its own kind knows plain merges only. */
const patchPolicy = (world: World, name: string, args: readonly string[]): ReturnType<Program> => {
  const cluster = clusterOf(world)!;
  const own = cluster.policies?.findIndex(p => p.metadata.name === name) ?? -1;
  if (own < 0) return fail(1, `Error from server (NotFound): clusterpolicies.nvidia.com "${name}" not found\n`);
  if (flag(args, '--type') !== 'merge')
    return fail(
      1,
      'Error from server (UnsupportedMediaType): the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml\n',
    );
  tick(world);
  const patched = mergeJson(cluster.policies![own]!, JSON.parse(flag(args, '-p', '--patch') ?? '{}') as Json);
  const isSame = JSON.stringify(patched) === JSON.stringify(cluster.policies![own]);
  cluster.policies!.splice(own, 1, patched);
  return out(`clusterpolicy.nvidia.com/${name} patched${isSame ? ' (no change)' : ''}\n`);
};

/** `wait --for=jsonpath={…}=value`: waiting itself changes nothing here, so what is not so now never comes. */
const wait = (world: World, ns: string, of: string, args: readonly string[]): ReturnType<Program> => {
  const [kind = '', name = ''] = of.split('/');
  const object = listOf(world, kind)?.find(o => o.metadata.namespace === ns && o.metadata.name === name);
  if (!object) return fail(1, `Error from server (NotFound): ${kind}s "${name}" not found\n`);
  const condition = /^jsonpath=(\{.*\})=([^=]*)$/.exec(flag(args, '--for') ?? '');
  if (!condition) return fail(1, `error: unrecognized condition: "${flag(args, '--for')}"\n`);
  return jsonpath(condition[1]!, object) === condition[2]
    ? out(`${kind}.apps/${name} condition met\n`)
    : fail(1, `error: timed out waiting for the condition on ${kind}s/${name}\n`);
};

export const kubectl: Program = ({ world, args, root, stdin, exec }) => {
  const cluster = clusterOf(world);
  if (!cluster)
    return fail(
      1,
      'The connection to the server localhost:8080 was refused - did you specify the right host or port?\n',
    );
  if (cluster.flavour === 'k3s' && !root)
    return fail(
      1,
      'error: error loading config file "/etc/rancher/k3s/k3s.yaml": open /etc/rancher/k3s/k3s.yaml: permission denied\n',
    );
  const [verb = '', what = '', name = ''] = words(args);
  const ns = flag(args, '-n', '--namespace') ?? 'default';
  // The Operator needs a moment: who asks at once how far a rollout has come is told of the one before.
  if (verb !== 'rollout') reconcile(world, exec);
  switch (verb) {
    case 'get': {
      const list = listOf(world, what);
      if (list === null)
        return fail(1, `error: the server doesn't have a resource type "${what.replace(/\..*/, '')}"\n`);
      const items = name === '' ? list : list.filter(o => o.metadata.name === name);
      if (name !== '' && items.length === 0)
        return fail(1, `Error from server (NotFound): ${what} "${name}" not found\n`);
      const template = flag(args, '-o', '--output') ?? '';
      if (template.startsWith('jsonpath=')) return out(jsonpath(template.slice(9), { items }));
      return out(items.map(o => `${o.metadata.name}\n`).join(''));
    }
    case 'logs': {
      const pod = podsIn(world).find(p => p.name === what && p.workload.namespace === ns);
      return pod ? out(pod.log) : fail(1, `Error from server (NotFound): pods "${what}" not found\n`);
    }
    case 'apply': {
      const object = JSON.parse(stdin ?? '{}') as Json;
      if (object.kind !== 'RuntimeClass') return fail(1, 'error: no objects passed to apply\n');
      tick(world);
      const had = object.metadata.name in cluster.classes;
      cluster.classes[object.metadata.name] = object.handler;
      return out(`runtimeclass.node.k8s.io/${object.metadata.name} ${had ? 'configured' : 'created'}\n`);
    }
    case 'delete': {
      tick(world);
      if (what === 'runtimeclass') {
        delete cluster.classes[name];
        return out(`runtimeclass.node.k8s.io "${name}" deleted\n`);
      }
      const pod = podsIn(world).find(p => p.name === name && p.workload.namespace === ns);
      if (!pod) return fail(1, `Error from server (NotFound): pods "${name}" not found\n`);
      if (pod.phase === 'Failed')
        cluster.rejected = Object.fromEntries(Object.entries(cluster.rejected ?? {}).filter(([n]) => n !== name));
      if (pod.workload.role === 'plugin') cluster.unhealthy = 0;
      if (pod.workload.role === 'toolkit') restartToolkit(world, pod.workload, exec);
      if (pod.workload.kind === 'Pod') cluster.workloads = cluster.workloads.filter(w => w !== pod.workload);
      return out(`pod "${name}" deleted\n`);
    }
    case 'wait':
      return wait(world, ns, what, args);
    case 'patch': {
      if (POLICY.test(what)) return patchPolicy(world, name, args);
      const w = find(world, what, ns, name);
      if (!w) return fail(1, `Error from server (NotFound): ${what} "${name}" not found\n`);
      tick(world);
      const patch = JSON.parse(flag(args, '-p', '--patch') ?? '{}') as Json;
      w.spec = merge(w.spec, patch.spec?.template?.spec ?? {});
      return out(`${what}/${name} patched\n`);
    }
    case 'rollout': {
      const [kind = '', of = ''] = name.split('/');
      const w = find(world, kind, ns, of);
      if (!w) return fail(1, `Error from server (NotFound): ${kind} "${of}" not found\n`);
      return podsIn(world).some(p => p.workload === w && p.ready)
        ? out(`${kind} "${of}" successfully rolled out\n`)
        : fail(1, 'error: timed out waiting for the condition\n');
    }
    case 'label': {
      tick(world);
      for (const a of words(args).slice(3)) {
        const cut = a.indexOf('=');
        if (a.endsWith('-')) delete cluster.labels[a.slice(0, -1)];
        else cluster.labels[a.slice(0, cut)] = a.slice(cut + 1);
      }
      return out(`node/${name} labeled\n`);
    }
    case 'run': {
      const spec = (JSON.parse(flag(args, '--overrides') ?? '{}') as Json).spec ?? {};
      const init = cuInitIn(world, spec);
      return init === null
        ? fail(1, '', 'OSError: libcuda.so.1: cannot open shared object file: No such file or directory\n')
        : out(`${init}\n`);
    }
    default:
      return fail(1, `error: unknown command "${verb}" for "kubectl"\n`);
  }
};
