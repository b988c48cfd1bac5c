/** What fixes of cluster objects are made with: kubectl with the rights of this kind of node, and merge patches. */
import type { Command } from '../../src/box/box.ts';
import type { GuideStep } from '../../src/engine/fix.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Interruption, Refusal, Step } from '../../src/plan/plan.ts';
import type { Edit } from '../../src/text/edit.ts';
import type { Facts } from '../probes/index.ts';
import { kubectl } from '../probes/kube.ts';
import type { Pod } from '../probes/kube-api.ts';
import { OPERATOR_DIR } from '../probes/operator.ts';
import { generatorOf, handlerOf, nameOf, nodeOf, running, templateOf } from '../rules/kubernetes.ts';
import { type Draft, refuse, root } from './make.ts';

/** The credentials of k3s, rke2 and microk8s belong to root; a plain kubectl has those of whoever calls it. */
export const isRoots = (f: Facts): boolean => f.kube.flavour !== 'kubelet';
export const kubectlOf = (f: Facts, ...args: readonly string[]): readonly [string, ...string[]] =>
  kubectl(f.kube.flavour ?? 'kubelet', ...args);

export const cluster = (f: Facts, argv: readonly string[], stdin?: string): Command => ({
  argv: kubectlOf(f, ...argv),
  changes: true,
  timeoutMs: 60_000,
  ...(isRoots(f) ? { root: true } : {}),
  ...(stdin === undefined ? {} : { stdin }),
});
export const clusterStep = (
  f: Facts,
  why: string,
  argv: readonly string[],
  undo: readonly string[] | { readonly nothing: string },
  stdin?: string,
): Step => ({
  do: 'run',
  command: cluster(f, argv, stdin),
  undo: 'nothing' in undo ? undo : cluster(f, undo),
  why,
});
export const clusterGuide = (f: Facts, say: string, ...args: readonly string[]): GuideStep => ({
  say,
  argv: [...(isRoots(f) ? ['sudo'] : []), ...kubectlOf(f, ...args)],
});

export const isNode = (f: Facts): boolean => f.kube.flavour !== null && nodeOf(f) !== null;
/** The service that runs the engine here. */
export const unitOf = (f: Facts): string => {
  if (f.kube.flavour === 'kubelet') return f.cri.engine === 'crio' ? 'crio' : 'containerd';
  if (f.kube.flavour === 'microk8s') return 'snap.microk8s.daemon-containerd';
  const own = nodeOf(f);
  const isServer = or(
    f.cri.isServer,
    own === null || Object.keys(own.labels).some(l => /control-plane|master/.test(l)) || !isUnknown(f.kubeApi.sets),
  );
  return f.kube.flavour === 'k3s' ? (isServer ? 'k3s' : 'k3s-agent') : isServer ? 'rke2-server' : 'rke2-agent';
};
/** Pods live on in their shims, or with their conmon; the endpoint of the engine is away for some seconds. */
export const blinks = (f: Facts): Interruption => ({ containers: [], liveRestore: true, services: [unitOf(f)] });
/** Command that starts the engine anew, so that it reads its files. */
export const restartOf = (f: Facts): readonly [string, ...string[]] =>
  f.kube.flavour === 'microk8s'
    ? ['snap', 'restart', 'microk8s.daemon-containerd']
    : ['systemctl', 'restart', unitOf(f)];
const SURVIVE = 'Delete the pods that failed; their controllers make them anew.';
/** The engine reads what was written, once. */
export const restarted = (f: Facts, draft: Draft): Draft => ({
  ...draft,
  settle: [root(restartOf(f), 120_000)],
  interrupts: blinks(f),
  afterwards: [...(draft.afterwards ?? []), SURVIVE],
});

/** Where the nvidia runtime of this node is: the copy of the Operator, or that of the host. */
export const binary = (f: Facts): string | null =>
  or(f.operator.toolkit, false)
    ? `${OPERATOR_DIR}/nvidia-container-runtime`
    : (or(f.toolkit.programs, null)?.['nvidia-container-runtime'] ?? null);
/** The engine that runs has the handler of the class nvidia. */
export const knows = (f: Facts): boolean => handlerOf(f) in (or(running(f), null)?.handlers ?? {});
/** A start of the engine would use the handler. */
export const wouldKnow = (f: Facts): boolean => handlerOf(f) in (or(f.cri.effective, null)?.handlers ?? {});

/** Several edits of one text, in order; the first that resists ends it. */
export const inOrder = (text: string | null, ...changes: readonly ((t: string | null) => Edit)[]): Edit =>
  changes.reduce<Edit>(
    (e, change) => {
      const next = e.ok ? change(e.text) : e;
      return e.ok && next.ok ? { ...next, changed: e.changed || next.changed } : next;
    },
    { ok: true, text: text ?? '', changed: false },
  );

/** A changed template stops the pods it made before; one that fails loses nothing by it. */
export const remade = (pods: readonly Pod[]): Interruption => ({
  containers: pods
    .filter(p => p.ready)
    .map(p => ({
      name: `pod ${nameOf(p)}`,
      image: p.containers[0]?.image ?? '',
      restart: 'made anew by its controller',
    })),
  liveRestore: false,
  services: [],
});

type Json = Readonly<Record<string, unknown>>;
export interface Patch {
  readonly forward: Json;
  readonly back: Json;
}
/** A patch of the pod template; null takes a field away, and $patch an entry of a list. */
export const inTemplate = (spec: Json): Json => ({ spec: { template: { spec } } });

/** One step for each template that makes one of these pods; a refusal where a pod has none. */
export const patchesOf = (
  f: Facts,
  pods: readonly Pod[],
  patch: (p: Pod) => Patch,
  why: string,
): readonly Step[] | Refusal => {
  const steps = new Map<string, Step>();
  for (const p of pods) {
    const target = templateOf(p);
    if (target === null) return noTemplate(p, patch(p).forward);
    const { forward, back } = patch(p);
    const at = ['-n', p.namespace, 'patch', target.kind, target.name, '--type=strategic', '-p'];
    steps.set(
      `${p.namespace}/${target.kind}/${target.name}`,
      clusterStep(f, why, [...at, JSON.stringify(inTemplate(forward))], [...at, JSON.stringify(inTemplate(back))]),
    );
  }
  return [...steps.values()];
};

/** Kinds that report how far a change of their template has come. */
const ROLLS = ['deployment', 'daemonset', 'statefulset'];
/** Waits until the pods of these templates are made anew and ready; a change that leaves them failing is taken back. */
export const rollouts = (
  f: Facts,
  targets: readonly { readonly namespace: string; readonly kind: string; readonly name: string }[],
): readonly Command[] =>
  [...new Set(targets.filter(t => ROLLS.includes(t.kind)).map(t => `${t.namespace} ${t.kind}/${t.name}`))].map(t => {
    const [namespace = '', name = ''] = t.split(' ');
    const { changes: _, ...command } = cluster(f, ['-n', namespace, 'rollout', 'status', name, '--timeout=120s']);
    return { ...command, timeoutMs: 130_000 };
  });
export const rolloutsOf = (f: Facts, pods: readonly Pod[]): readonly Command[] =>
  rollouts(
    f,
    pods.flatMap(p => {
      const target = templateOf(p);
      return target === null ? [] : [{ namespace: p.namespace, ...target }];
    }),
  );

const noTemplate = (p: Pod, spec: Json): Refusal => {
  const by = generatorOf(p);
  const wanted = `what belongs into its spec: ${JSON.stringify(spec)}`;
  return by === null
    ? refuse(
        `pod ${nameOf(p)} stands alone, and the spec of a running pod cannot be changed: its manifest has to be edited and the pod made anew`,
        wanted,
        `kubectl replace --force -f with the edited manifest of ${nameOf(p)}`,
      )
    : refuse(
        `the spec of pod ${nameOf(p)} is generated by ${by}; there is no manifest to edit, it would be written again as it was`,
        wanted,
        `set it in ${by} itself: its chart, its flags or its source`,
      );
};

export const memoryMiB = (meminfo: string): number | null => {
  const kb = /^MemTotal:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kb === undefined ? null : Math.floor(Number(kb) / 1024);
};
export const hostOf = (f: Facts): string => nodeOf(f)?.name ?? or(f.where.host, 'NODE');
