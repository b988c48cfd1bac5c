/** Fixes of cluster objects: the runtime class, requests and runtimes of pods, labels; what is generated is refused by name. */
import { isUnknown, or } from '../../src/engine/known.ts';
import { read } from '../../src/engine/probe.ts';
import type { Step } from '../../src/plan/plan.ts';
import type { Facts } from '../probes/index.ts';
import type { Pod } from '../probes/kube-api.ts';
import {
  asksForGpu,
  defaultIsNvidia,
  isByCdi,
  isHere,
  isOperand,
  nodeOf,
  onNvidia,
  pluginPods,
  podsOf,
  setsOf,
} from '../rules/kubernetes.ts';
import { neverAsked, wantsUnknown } from '../rules/pods.ts';
import { boardOf } from '../rules/tegra.ts';
import {
  clusterStep,
  hostOf,
  isNode,
  memoryMiB,
  type Patch,
  patchesOf,
  remade,
  rollouts,
  rolloutsOf,
} from './kube-make.ts';
import { kubeRequestFixes } from './kube-requests.ts';
import { applies, refuse } from './make.ts';

const RUNTIME_CLASS = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'nvidia' },
  handler: 'nvidia',
};
const RECREATED = 'The pods are made anew by their controllers; look at nvidia-smi -L in one of them.';
const hasClass = (f: Facts): boolean => (or(f.kubeApi.classes, null) ?? []).some(c => c.handler === 'nvidia');
const mine = (f: Facts): readonly Pod[] => podsOf(f).filter(p => isHere(p) && !isOperand(f, p));

export const runtimeClass = applies({
  id: 'apply-nvidia-runtime-class',
  title: 'Make the runtime class nvidia',
  mends: ['k8s-runtimeclass-missing'],
  privilege: 2,
  effect: ['E0'],
  source: '2.13 k8s-runtimeclass-missing',
  fits: f => isNode(f) && !isUnknown(f.kubeApi.classes) && !hasClass(f),
  plan: f => ({
    summary:
      'One small object of the cluster that maps the name to the handler of containerd. Nothing is restarted, and no pod that runs is touched.',
    steps: [
      clusterStep(
        f,
        'pods that name the class nvidia are rejected without it',
        ['apply', '-f', '-'],
        ['delete', 'runtimeclass', 'nvidia', '--ignore-not-found'],
        `${JSON.stringify(RUNTIME_CLASS)}\n`,
      ),
    ],
  }),
});

const silentPods = (f: Facts): readonly Pod[] => mine(f).filter(p => onNvidia(f, p) && neverAsked(p));
const otherPods = (f: Facts): readonly Pod[] => mine(f).filter(p => onNvidia(f, p) && wantsUnknown(p));

/** A node that gives GPUs out counts them; on a Jetson there is one, and the variable is the documented way. */
const givesOut = (f: Facts): boolean =>
  boardOf(f) === null && Number(nodeOf(f)?.allocatable['nvidia.com/gpu'] ?? 0) > 0;
const asksOne = (p: Pod): Patch => ({
  forward: {
    containers: p.containers.slice(0, 1).map(c => ({ name: c.name, resources: { limits: { 'nvidia.com/gpu': '1' } } })),
  },
  back: {
    containers: p.containers
      .slice(0, 1)
      .map(c => ({ name: c.name, resources: { limits: { 'nvidia.com/gpu': null } } })),
  },
});
const asksAll = (p: Pod): Patch => ({
  forward: {
    containers: p.containers.map(c => ({ name: c.name, env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }] })),
  },
  back: {
    containers: p.containers.map(c => ({
      name: c.name,
      env: [
        c.visible === ''
          ? { name: 'NVIDIA_VISIBLE_DEVICES', $patch: 'delete' }
          : { name: 'NVIDIA_VISIBLE_DEVICES', value: c.visible },
      ],
    })),
  },
});

export const askInPod = applies({
  id: 'ask-for-gpu-in-pod',
  title: 'Let the pod say which GPU it wants',
  mends: ['tegra-no-request', 'visible-devices-unset', 'tegra-unsupported-request'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source:
    '2.14 tegra-no-request; seed 3, Test 2 (only capabilities were set, so nothing was requested); not executed on a Thor',
  fits: f => isNode(f) && (silentPods(f).length > 0 || otherPods(f).length > 0),
  plan: (f, _, finding) => {
    const pods = finding === 'tegra-unsupported-request' ? otherPods(f) : silentPods(f);
    if (pods.length === 0) return refuse('no pod of this node needs it any more');
    const counted = givesOut(f);
    const steps = patchesOf(
      f,
      pods,
      counted ? asksOne : asksAll,
      'without this variable or a resource the runtime changes nothing, in any mode',
    );
    if ('refuse' in steps) return steps;
    return {
      summary: counted
        ? 'Adds limits with nvidia.com/gpu: 1 to the pod template, so that the scheduler counts the GPU and nobody else is given it. No mounts, no privileges.'
        : 'Adds NVIDIA_VISIBLE_DEVICES=all to the pod template, for a pod you trust: no mounts, no privileges. It shows that pod every GPU; where others share them, ask by nvidia.com/gpu instead.',
      steps,
      validate: rolloutsOf(f, pods),
      interrupts: remade(pods),
      afterwards: [RECREATED],
    };
  },
});

const barePods = (f: Facts): readonly Pod[] =>
  isByCdi(f) ? [] : mine(f).filter(p => asksForGpu(p) && !onNvidia(f, p));
const asClass = (p: Pod): Patch => ({
  forward: { runtimeClassName: 'nvidia' },
  back: { runtimeClassName: p.runtimeClass === '' ? null : p.runtimeClass },
});

export const podClass = applies({
  id: 'set-runtime-class-in-pod',
  title: 'Run the pod on the nvidia runtime',
  mends: ['k8s-pod-not-using-nvidia-runtime'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.13 k8s-pod-not-using-nvidia-runtime',
  fits: f => isNode(f) && barePods(f).length > 0,
  plan: f => {
    const steps = patchesOf(f, barePods(f), asClass, 'the variable of the plugin needs a runtime that acts on it');
    if ('refuse' in steps) return steps;
    return {
      summary:
        'Sets runtimeClassName in the pod templates alone; the default runtime of the node stays, so that no other pod is touched.',
      steps,
      validate: rolloutsOf(f, barePods(f)),
      interrupts: remade(barePods(f)),
      afterwards: [RECREATED],
    };
  },
});

const setsWithout = (f: Facts, name: RegExp) => setsOf(f).filter(s => name.test(s.name) && s.runtimeClass === '');
const operands = (id: string): RegExp => (id === 'tegra-gfd-labels' ? /feature-discovery/ : /device-plugin/);

export const operandClass = applies({
  id: 'set-runtime-class-in-plugin',
  title: 'Run the device plugin itself on the nvidia runtime',
  mends: ['device-plugin-cannot-load-nvml', 'tegra-gfd-labels'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.13 device-plugin-cannot-load-nvml; 2.14 tegra-gfd-labels; seed 3, Issue 1',
  fits: f =>
    isNode(f) && hasClass(f) && !defaultIsNvidia(f) && setsWithout(f, /device-plugin|feature-discovery/).length > 0,
  plan: (f, _, finding) => {
    const sets = setsWithout(f, operands(finding));
    if (sets.length === 0) return refuse('the daemon set has a runtime class already');
    const patch = (value: string | null) =>
      JSON.stringify({ spec: { template: { spec: { runtimeClassName: value } } } });
    return {
      summary:
        'The plugin gets the driver like any other pod, and then offers the GPU. Pods that have one keep it while the daemon set rolls. A chart overwrites it: set runtimeClassName there too.',
      steps: sets.map(s =>
        clusterStep(
          f,
          'it loads libnvidia-ml and libcuda in its own container',
          ['-n', s.namespace, 'patch', 'daemonset', s.name, '--type=strategic', '-p', patch('nvidia')],
          ['-n', s.namespace, 'patch', 'daemonset', s.name, '--type=strategic', '-p', patch(null)],
        ),
      ),
      interrupts: remade(podsOf(f).filter(p => isHere(p) && sets.some(x => p.name.startsWith(x.name)))),
      validate: rollouts(
        f,
        sets.map(x => ({ namespace: x.namespace, kind: 'daemonset', name: x.name })),
      ),
      afterwards: ['helm upgrade with runtimeClassName=nvidia keeps it for good.'],
    };
  },
});

const LABELS = ['nvidia.com/gpu.count', 'nvidia.com/gpu.memory'] as const;
export const labelNode = applies({
  id: 'label-jetson-node',
  title: 'Label memory and number of the GPU by hand (work-around)',
  mends: ['tegra-gfd-labels'],
  privilege: 2,
  effect: ['E0'],
  source: 'seed 3, Issues 1 and 2; 2.14 tegra-gfd-labels (only after feature discovery itself was tried)',
  fits: f => isNode(f) && LABELS.some(l => !(l in (nodeOf(f)?.labels ?? {}))),
  needs: () => ({ memory: read('/proc/meminfo') }),
  plan: (f, a) => {
    const memory = a.memory.kind === 'file' ? memoryMiB(a.memory.text) : null;
    if (memory === null)
      return refuse('the memory of this board could not be read', 'kubectl label node NODE nvidia.com/gpu.memory=MIB');
    const values: Readonly<Record<string, string>> = {
      'nvidia.com/gpu.count': '1',
      'nvidia.com/gpu.memory': String(memory),
    };
    const lacking = LABELS.filter(l => !(l in (nodeOf(f)?.labels ?? {})));
    return {
      summary: `One GPU, and ${memory} MiB that it shares with the processors. Its price: nobody corrects a label made by hand. Take it away when feature discovery writes its own.`,
      steps: lacking.map(l =>
        clusterStep(
          f,
          `time-slicing sums memory by ${l}`,
          ['label', 'node', hostOf(f), `${l}=${values[l]}`],
          ['label', 'node', hostOf(f), `${l}-`],
        ),
      ),
    };
  },
});

const rejected = (f: Facts): readonly Pod[] => podsOf(f).filter(p => p.reason === 'UnexpectedAdmissionError');
const managementPods = (f: Facts): readonly Pod[] =>
  podsOf(f).filter(p => /container-toolkit/.test(p.name) && isHere(p));
const restartable = (f: Facts): readonly Pod[] => pluginPods(f).filter(isHere);
const deletes = (f: Facts, pods: readonly Pod[], why: string): readonly Step[] =>
  pods.map(p =>
    clusterStep(f, why, ['-n', p.namespace, 'delete', 'pod', p.name], { nothing: 'its controller makes it anew' }),
  );

export const deleteRejected = applies({
  id: 'delete-rejected-pods',
  title: 'Delete the pods that were rejected',
  mends: ['k8s-unexpected-admission-error'],
  privilege: 2,
  effect: ['E0'],
  source: '2.13 k8s-unexpected-admission-error',
  fits: f => isNode(f) && rejected(f).length > 0,
  plan: f => {
    const alone = rejected(f).find(p => p.owner === null);
    if (alone)
      return refuse(
        `pod ${alone.name} has no controller that would make it anew`,
        'apply its manifest again after deleting it',
      );
    return {
      summary:
        'They failed while the plugin was away and never run again by themselves. Their controllers have made others, or do so now.',
      steps: deletes(f, rejected(f), 'a failed pod only stands in the way'),
      interrupts: remade(rejected(f)),
    };
  },
});

export const restartOperand = applies({
  id: 'restart-nvidia-pods',
  title: 'Restart the NVIDIA pod that has to look again',
  mends: ['device-plugin-no-devices', 'gpu-operator-management-cdi-unresolvable'],
  privilege: 3,
  effect: ['E0'],
  source: '2.13 device-plugin-no-devices; gpu-operator-management-cdi-unresolvable',
  fits: f => isNode(f) && f.smi.status === 0 && (restartable(f).length > 0 || managementPods(f).length > 0),
  plan: (f, _, finding) => {
    const pods = finding === 'device-plugin-no-devices' ? restartable(f) : managementPods(f);
    if (pods.length === 0) return refuse('that pod does not run on this node');
    return {
      summary:
        'The plugin never takes an unhealthy GPU back by itself, and the toolkit pod writes its spec at its start. Pods that have a GPU keep it.',
      steps: deletes(f, pods, 'it looks at the GPUs when it starts'),
      interrupts: remade(pods),
    };
  },
});

const LIBS = '/usr/lib/aarch64-linux-gnu/nvidia';
const MOUNTS = [
  { name: 'nvidia-libs', mountPath: LIBS, readOnly: true },
  { name: 'dev-nvidia', mountPath: '/dev' },
];
const VOLUMES = [
  { name: 'nvidia-libs', hostPath: { path: LIBS, type: 'Directory' } },
  { name: 'dev-nvidia', hostPath: { path: '/dev', type: 'Directory' } },
];
const byHand = (p: Pod): Patch => ({
  forward: {
    volumes: VOLUMES,
    containers: p.containers.map(c => ({
      name: c.name,
      securityContext: { privileged: true },
      env: [{ name: 'LD_LIBRARY_PATH', value: LIBS }],
      volumeMounts: MOUNTS,
    })),
  },
  back: {
    volumes: VOLUMES.map(v => ({ name: v.name, $patch: 'delete' })),
    containers: p.containers.map(c => ({
      name: c.name,
      securityContext: { privileged: c.privileged ? true : null },
      env: [{ name: 'LD_LIBRARY_PATH', $patch: 'delete' }],
      volumeMounts: MOUNTS.map(m => ({ mountPath: m.mountPath, $patch: 'delete' })),
    })),
  },
});

export const workaround = applies({
  id: 'mount-driver-into-pod',
  title: 'Work-around: mount driver and /dev, privileged',
  mends: ['tegra-no-request', 'tegra-thor-misdetected'],
  privilege: 4,
  effect: ['E0', 'RX'],
  source:
    'seed 3, The Workaround and Tests 3 and 4; section 5: over-privileged, no code reason known; unconfirmed on hardware',
  fits: f => isNode(f) && boardOf(f) !== null && silentPods(f).length > 0,
  plan: f => {
    const steps = patchesOf(f, silentPods(f), byHand, 'brings by hand what a request would bring');
    if ('refuse' in steps) return steps;
    return {
      summary:
        'The last resort of the notes. Its price: the pod owns this node and sees all its devices, and the scheduler counts none of it. Remove it as soon as a pod with NVIDIA_VISIBLE_DEVICES alone works.',
      steps,
      validate: rolloutsOf(f, silentPods(f)),
      interrupts: remade(silentPods(f)),
      afterwards: [
        'The guide "Find out whether the work-around is still needed" says how to tell; run it after each update.',
      ],
    };
  },
});

/** In the order in which they are offered within one privilege; labels by hand after feature discovery itself. */
export const kubernetesFixes = [
  runtimeClass,
  askInPod,
  podClass,
  operandClass,
  labelNode,
  deleteRejected,
  restartOperand,
  ...kubeRequestFixes,
  workaround,
];
