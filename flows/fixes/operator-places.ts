/** The GPU Operator is told where containerd is, in the object that it reconciles its toolkit from. */
import type { Command, Ran, StatRead } from '../../src/box/box.ts';
import { or } from '../../src/engine/known.ts';
import { run, stat } from '../../src/engine/probe.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import { json, record, string } from '../probes/answers.ts';
import type { Facts } from '../probes/index.ts';
import { CONTAINERD_SOCKETS } from '../probes/kube.ts';
import { type DaemonSet, items, line } from '../probes/kube-api.ts';
import { operatorNamespace, toolkitSetOf } from '../rules/kubernetes.ts';
import { placeIn, placesOf, type Variable, withPlaces } from '../rules/operator.ts';
import { atLeast, since } from '../rules/version.ts';
import { blinks, cluster, clusterStep, isNode, kubectlOf, rollouts } from './kube-make.ts';
import { applies, isRefused, printed, refuse } from './make.ts';

const KIND = 'clusterpolicies.nvidia.com';
/** Named fields only: the rest of the object may hold passwords of proxies and registries. */
export const POLICIES = items(
  line(
    'policy',
    '.metadata.name',
    '.spec.toolkit.enabled',
    '.spec.daemonsets.updateStrategy',
    '.metadata.managedFields[*].manager',
    '.spec.toolkit.env',
  ),
);

interface Policy {
  readonly name: string;
  readonly toolkit: boolean;
  readonly strategy: string;
  readonly managers: string;
  /** null where the object has no list. */
  readonly env: readonly Variable[] | null;
}

const valuesOf = (env: readonly Variable[]): string => `toolkit: ${JSON.stringify({ env })}`;
/** What belongs into the values of the chart, whoever puts it there. */
const byValues = (f: Facts): string =>
  `in the values of the chart: ${valuesOf(withPlaces([], placesOf(f)))}, then helm upgrade`;

const envOf = (text: string): Policy['env'] | Refusal => {
  if (text === '') return null;
  const list = json(text, KIND);
  if (!Array.isArray(list)) return refuse(`toolkit.env is no list that can be read: ${text.slice(0, 60)}`);
  return list.map(v => ({ name: string(record(v).name) ?? '', value: string(record(v).value) ?? '' }));
};

/** The one object, or why there is none to change. */
const policyOf = (f: Facts, ran: Ran): Policy | Refusal => {
  const instead = byValues(f);
  const said = ran.kind === 'exited' && ran.code !== 0 ? ran.stderr : '';
  if (/have a resource type|could not find the requested resource/i.test(said))
    return refuse(`this cluster knows no ${KIND}: what runs here is no GPU Operator that could be told`, instead);
  if (/forbidden|unauthorized|permission denied/i.test(said))
    return refuse(`kubectl may not read ${KIND} with the rights it has here`, instead);
  const out = printed(ran, `kubectl get ${KIND}`);
  if (isRefused(out)) return refuse(out.refuse, instead);
  const found = out.split('\n').filter(l => l.startsWith('policy\t'));
  const [only] = found;
  if (only === undefined) return refuse('there is no ClusterPolicy: nobody told the Operator anything yet', instead);
  const [, name = '', enabled, strategy = '', managers = '', ...env] = only.split('\t');
  if (found.length > 1)
    return refuse(
      `there are ${found.length} ClusterPolicies (${found.map(l => l.split('\t')[1]).join(', ')}), and the Operator follows one of them`,
      instead,
    );
  const variables = envOf(env.join('\t'));
  if (isRefused(variables)) return refuse(`ClusterPolicy ${name}: ${variables.refuse}`, instead);
  return { name, toolkit: enabled !== 'false', strategy, managers, env: variables };
};

/** What stands against a change of this object; null where nothing does. */
const hindrance = (f: Facts, p: Policy, wanted: readonly Variable[]): Refusal | null => {
  const keeper = /argocd\S*|kustomize-controller|fleetagent\S*/.exec(p.managers)?.[0];
  if (!p.toolkit)
    return refuse(
      `toolkit.enabled is false in ClusterPolicy ${p.name}, so this Operator sets no engine up`,
      'install the toolkit on this node, or set toolkit.enabled=true in the values of the chart; never both',
    );
  if (keeper !== undefined)
    return refuse(`${keeper} writes ClusterPolicy ${p.name} from its own source, and would write it back`, byValues(f));
  if (p.strategy === 'OnDelete')
    return refuse(
      `the pods of this Operator are made anew only when somebody deletes them (updateStrategy OnDelete in ClusterPolicy ${p.name})`,
      byValues(f),
      'then delete the toolkit pods, node by node',
    );
  if (JSON.stringify(wanted) === JSON.stringify(p.env ?? []))
    return refuse(
      `ClusterPolicy ${p.name} says so already; the log of the toolkit pod says why it does not help`,
      `kubectl -n ${operatorNamespace(f)} logs -l app=nvidia-container-toolkit-daemonset --tail=40`,
    );
  return null;
};

/** The version that the Operator starts, by its image, else the one that it left on the node; null where neither says it. */
const versionOf = (f: Facts, set: DaemonSet): string | null =>
  set.images.map(i => /container-toolkit:v?(\d+\.\d+\.\d+)/.exec(i)?.[1]).find(v => v !== undefined) ??
  or(f.operator.toolkitVersion, null);
const tooOld = (f: Facts, set: DaemonSet): string | null => {
  const version = versionOf(f, set);
  const isRancher = f.kube.flavour === 'k3s' || f.kube.flavour === 'rke2';
  return isRancher && version !== null && !atLeast(version, since.toolkitServesK3s)
    ? `the Operator's toolkit ${version} does not get along with ${f.kube.flavour}; ${since.toolkitServesK3s} is the first that needs the socket alone`
    : null;
};

const VOLUMES = { CONTAINERD_SOCKET: 'containerd-socket', CONTAINERD_CONFIG: 'containerd-config' } as const;
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
/** Until the Operator has carried it over, a rollout that is complete is the one before. */
const takenOver = (
  f: Facts,
  set: DaemonSet,
  old: readonly Variable[],
  wanted: readonly Variable[],
): readonly Command[] =>
  (['CONTAINERD_SOCKET', 'CONTAINERD_CONFIG'] as const).flatMap(name => {
    const [before, after] = [folderOf(placeIn(old, name)), folderOf(placeIn(wanted, name))];
    if (before === after) return [];
    const path = `{.spec.template.spec.volumes[?(@.name=="${VOLUMES[name]}")].hostPath.path}`;
    const at = ['-n', set.namespace, 'wait', `daemonset/${set.name}`, `--for=jsonpath=${path}=${after}`];
    const { changes: _, ...command } = cluster(f, [...at, '--timeout=60s']);
    return [{ ...command, timeoutMs: 70_000 }];
  });

const named = (v: readonly Variable[]): string => v.map(x => `${x.name}=${x.value}`).join(', ');
const patch = (env: readonly Variable[] | null): string => JSON.stringify({ spec: { toolkit: { env } } });

export const operatorPlaces = applies({
  id: 'set-containerd-in-cluster-policy',
  title: 'Tell the Operator where containerd is, in its ClusterPolicy',
  mends: ['gpu-operator-toolkit-config-path'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 gpu-operator-toolkit-config-path; k3s-template-override (set the socket only)',
  fits: f => isNode(f) && or(f.cri.engine, null) === 'containerd',
  needs: f => ({
    policies: run(...kubectlOf(f, 'get', KIND, '--request-timeout=5s', '-o', POLICIES)),
    socket: stat(CONTAINERD_SOCKETS[f.kube.flavour ?? 'kubelet']),
  }),
  plan: (f, a: { readonly policies: Ran; readonly socket: StatRead }) => {
    const policy = policyOf(f, a.policies);
    if (isRefused(policy)) return policy;
    const socket = CONTAINERD_SOCKETS[f.kube.flavour ?? 'kubelet'];
    if (a.socket.kind === 'absent')
      return refuse(`nothing listens at ${socket}, where ${f.kube.flavour} has its containerd`, byValues(f));
    const old = policy.env ?? [];
    const wanted = withPlaces(old, placesOf(f));
    const against = hindrance(f, policy, wanted);
    if (against !== null) return against;
    const set = toolkitSetOf(f);
    if (set === undefined)
      return refuse('no daemon set of its toolkit is known, so nothing would show that it was told', byValues(f));
    const stale = tooOld(f, set);
    if (stale !== null) return refuse(stale, 'helm upgrade to a newer Operator first');
    const fresh = wanted.filter(v => !old.some(o => o.name === v.name && o.value === v.value));
    const gone = old.filter(o => !wanted.some(v => v.name === o.name));
    const at = ['patch', KIND, policy.name, '--type=merge', '-p'];
    return {
      summary: [
        `The Operator makes its toolkit pods from ClusterPolicy ${policy.name}: they are made anew on every GPU node, and each starts the containerd of its node anew.`,
        ...(fresh.length > 0 ? [`Set: ${named(fresh)}.`] : []),
        ...(gone.length > 0 ? [`Taken out, since it is another place: ${named(gone)}.`] : []),
        'All other variables stay.',
      ].join(' '),
      steps: [
        clusterStep(
          f,
          'what is written into the daemon set itself the Operator writes over',
          [...at, patch(wanted)],
          [...at, patch(policy.env)],
        ),
      ],
      validate: [
        ...takenOver(f, set, old, wanted),
        ...rollouts(f, [{ namespace: set.namespace, kind: 'daemonset', name: set.name }]),
      ],
      interrupts: blinks(f),
      afterwards: [
        `The next helm upgrade writes its own values. Put the same into the values file: ${valuesOf(wanted)}`,
        'The new toolkit pod needs about half a minute until it starts containerd anew, and the other pods of the Operator follow: check again then.',
      ],
    };
  },
});
