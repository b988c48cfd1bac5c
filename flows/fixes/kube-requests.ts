/** Fixes of what pods ask for by name: the resource that the node offers, and the one it counts. */

import type { Facts } from '../probes/index.ts';
import type { Pod } from '../probes/kube-api.ts';
import { asksForGpu, isHere, isOperand, nodeOf, onNvidia, podsOf } from '../rules/kubernetes.ts';
import { boardOf } from '../rules/tegra.ts';
import { isNode, type Patch, patchesOf, remade, rolloutsOf } from './kube-make.ts';
import { applies, refuse } from './make.ts';

const offered = (f: Facts): readonly string[] =>
  Object.entries(nodeOf(f)?.allocatable ?? {}).flatMap(([k, v]) =>
    k.startsWith('nvidia.com/') && Number(v) > 0 ? [k.slice(11)] : [],
  );
const workloads = (f: Facts): readonly Pod[] => podsOf(f).filter(p => !isOperand(f, p));

const misnamed = (f: Facts): readonly Pod[] =>
  workloads(f).filter(
    p =>
      p.phase === 'Pending' &&
      p.node === '' &&
      p.containers.some(c => Object.keys(c.gpus).some(g => !offered(f).includes(g))),
  );
const renamed =
  (to: string) =>
  (p: Pod): Patch => {
    const asking = p.containers.filter(c => Object.keys(c.gpus).length > 0);
    const named = (from: (c: (typeof asking)[number]) => Readonly<Record<string, string | null>>) =>
      asking.map(c => ({ name: c.name, resources: { limits: from(c) } }));
    const gone = (c: (typeof asking)[number]) => Object.keys(c.gpus).filter(g => g !== to);
    return {
      forward: {
        containers: named(c => ({
          ...Object.fromEntries(gone(c).map(g => [`nvidia.com/${g}`, null])),
          [`nvidia.com/${to}`]: '1',
        })),
      },
      back: {
        containers: named(c => ({
          ...Object.fromEntries(gone(c).map(g => [`nvidia.com/${g}`, String(c.gpus[g])])),
          [`nvidia.com/${to}`]: null,
        })),
      },
    };
  };

export const askOffered = applies({
  id: 'ask-for-offered-resource',
  title: 'Ask for the resource that this node offers',
  mends: ['k8s-insufficient-gpu'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.13 k8s-insufficient-gpu (mixed MIG has resources of its own)',
  fits: f => isNode(f) && offered(f).length === 1 && misnamed(f).length > 0,
  plan: f => {
    const [to = ''] = offered(f);
    const pods = misnamed(f);
    const steps = patchesOf(f, pods, renamed(to), 'the scheduler looks for this very name');
    if ('refuse' in steps) return steps;
    return {
      summary: `The node offers nvidia.com/${to} only, and the pod asks for another name, so it would wait for ever. One of them is asked for instead.`,
      steps,
      validate: rolloutsOf(f, pods),
      interrupts: remade(pods),
    };
  },
});

const greedy = (f: Facts): readonly Pod[] =>
  workloads(f).filter(
    p => isHere(p) && !asksForGpu(p) && onNvidia(f, p) && p.containers.some(c => c.visible === 'all'),
  );
const counted = (p: Pod): Patch => {
  const taking = p.containers.filter(c => c.visible === 'all');
  const each = (env: object, limit: string | null) =>
    taking.map((c, i) => ({
      name: c.name,
      env: [env],
      ...(i === 0 ? { resources: { limits: { 'nvidia.com/gpu': limit } } } : {}),
    }));
  return {
    forward: { containers: each({ name: 'NVIDIA_VISIBLE_DEVICES', $patch: 'delete' }, '1') },
    back: { containers: each({ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }, null) },
  };
};

export const askCounted = applies({
  id: 'ask-by-counted-resource',
  title: 'Ask for one GPU instead of taking all',
  mends: ['k8s-all-gpus-leak'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.13 k8s-all-gpus-leak',
  fits: f => isNode(f) && boardOf(f) === null && offered(f).includes('gpu') && greedy(f).length > 0,
  plan: f => {
    const pods = greedy(f);
    if (pods.some(p => p.containers.some(c => c.privileged)))
      return refuse('a privileged pod sees every device whatever it asks for', 'take privileged away first');
    const steps = patchesOf(f, pods, counted, 'the scheduler counts what is asked for by resource');
    if ('refuse' in steps) return steps;
    return {
      summary:
        'Takes the variable away and asks by nvidia.com/gpu: 1. The pod then waits where no GPU is free, which is the point of it; it is taken back if it cannot start.',
      steps,
      validate: rolloutsOf(f, pods),
      interrupts: remade(pods),
    };
  },
});

export const kubeRequestFixes = [askOffered, askCounted];
