/** The GPU Operator and the device plugin: who tells Kubernetes that there are GPUs (K, second half). */
import { check, flow, harm, risk, to } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { VALIDATIONS } from './probes/operator.ts';
import {
  asksForGpu,
  defaultIsNvidia,
  isByCdi,
  lookedForAt,
  nameOf,
  nodeOf,
  pluginPods,
  pluginSets,
  setsOf,
  toolkitSetOf,
} from './rules/kubernetes.ts';

const STAGES = ['driver-ready', 'toolkit-ready', 'cuda-ready', 'plugin-ready'] as const;
const isOperator = (f: Pick<Facts, 'kubeApi'>) => setsOf(f).some(s => /operator-validator/.test(s.name));

/** Lines of a plugin's log that say that it met no NVML. */
export const NO_NVML =
  /Failed to initialize NVML|could not load NVML|ERROR_LIBRARY_NOT_FOUND|Incompatible (strategy|platform) detected|did you (configure the NVIDIA Container Toolkit|set the docker default runtime)|platform: unknown/i;
const NONE_FOUND = /No devices found|marking device as unhealthy|XidCriticalError/i;
const NOT_ON_TEGRA = /CDI --device-list-strategy options are only supported on NVML/i;
const lineOf = (log: string, p: RegExp) =>
  log
    .split('\n')
    .find(l => p.test(l))
    ?.trim() ?? '';

export const operator = flow({
  id: 'operator',
  title: 'GPU Operator',
  about: 'Where an Operator runs, its stages follow each other; the first that is not ready holds up the rest.',
  start: 'stages',
  nodes: {
    stages: check({
      title: 'Operator stages',
      question: 'Did the Operator validate driver, toolkit, CUDA and device plugin on this node?',
      why: {
        line: 'The first status file that is missing names the stage at fault.',
        paragraph:
          'Driver, toolkit, CUDA and plugin are validated in this order, and each pod waits for the one before it. Mend the first; the others follow by themselves. Never make a status file by hand.',
        mechanism:
          'The validator writes driver-ready, toolkit-ready, cuda-ready and plugin-ready below /run/nvidia/validations; init containers of the operands wait for them.',
      },
      source: 'gpu-operator-validator-init; gpu-operator-driver-conflict; gpu-operator-toolkit-config-path',
      probes: ['operator', 'kubeApi', 'smi', 'kube', 'cri'],
      bears: 'advice',
      decide: f => {
        if (!isUnknown(f.kubeApi.sets) && !isOperator(f)) return { is: 'none', found: 'no GPU Operator' };
        const files = need(f.operator.validations);
        if (files === null) {
          need(f.kubeApi.sets);
          return {
            is: 'waiting',
            found: 'its validator wrote nothing on this node',
            seen: [{ from: VALIDATIONS, shows: 'not there' }],
          };
        }
        const first = STAGES.find(s => !files.includes(s));
        if (first === undefined) return { is: 'ready', found: 'all four stages are ready' };
        const seen = [{ from: VALIDATIONS, shows: `${first} is missing; there: ${files.join(', ') || 'none'}` }];
        if (
          first === 'driver-ready' &&
          // The module alone may be the work of the driver pod; nvidia-smi of the host is not.
          f.smi.status === 0 &&
          setsOf(f).some(s => /driver-daemonset/.test(s.name))
        )
          return { is: 'twoDrivers', found: 'the host has a driver, and the Operator wants to install another', seen };
        const socket = lookedForAt(f);
        if (first === 'toolkit-ready' && socket !== null)
          return {
            is: 'elsewhere',
            found:
              f.kube.flavour === 'kubelet'
                ? 'its toolkit looks for another containerd than that of this node'
                : `its toolkit does not know where ${f.kube.flavour} keeps containerd`,
            seen: [...seen, { from: `daemon set ${toolkitSetOf(f)!.name}`, shows: `looks for ${socket}` }],
          };
        return { is: 'waiting', found: `waits for ${first.replace('-ready', '')}`, seen };
      },
      on: {
        none: 'placed',
        ready: 'placed',
        twoDrivers: harm('gpu-operator-driver-conflict', 'placed'),
        elsewhere: harm('gpu-operator-toolkit-config-path', 'placed'),
        waiting: harm('gpu-operator-validator-init', 'placed'),
        cannotTell: 'placed',
      },
    }),
    placed: check({
      title: 'Device plugin',
      question: 'Does a device plugin run on this node?',
      why: {
        line: 'Without a plugin on the node Kubernetes knows no GPU here.',
        paragraph:
          'A daemon set that wants no pod at all, or none for this node, was kept away by labels or taints. Feature discovery writes the labels that the Operator selects by.',
        mechanism:
          'NFD sets feature.node.kubernetes.io/pci-10de.present, the Operator nvidia.com/gpu.present and nvidia.com/gpu.deploy.*; a taint needs a toleration in its values.',
      },
      source: 'gpu-operator-daemonset-zero; k8s-insufficient-gpu',
      probes: ['kubeApi'],
      bears: 'advice',
      decide: f => {
        need(f.kubeApi.sets);
        const sets = pluginSets(f);
        if (sets.length === 0) {
          const asking = need(f.kubeApi.pods).filter(asksForGpu);
          return asking.length === 0
            ? { is: 'noneWanted', found: 'no device plugin, and no pod needs one' }
            : {
                is: 'none',
                found: 'no device plugin in this cluster',
                seen: asking
                  .slice(0, 3)
                  .map(p => ({ from: `pod ${nameOf(p)}`, shows: p.unscheduled || 'asks for nvidia.com/gpu' })),
              };
        }
        need(f.kubeApi.pods);
        const node = nodeOf(f);
        if (pluginPods(f).some(p => p.node !== '')) return { is: 'runs', found: sets.map(nameOf).join(', ') };
        const labels = Object.keys(node?.labels ?? {}).filter(l => /10de|nvidia\.com\/gpu\.(present|deploy)/.test(l));
        return {
          is: 'kept',
          found: `${nameOf(sets[0]!)} has no pod on this node`,
          seen: [
            { from: `daemon set ${nameOf(sets[0]!)}`, shows: `wants ${sets[0]!.desired} pods` },
            {
              from: 'kubectl get node',
              shows: `labels: ${labels.join(', ') || 'none of NVIDIA'}; taints: ${node?.taints.join(', ') || 'none'}`,
            },
          ],
        };
      },
      on: {
        runs: to('plugin'),
        noneWanted: to('pods'),
        none: harm('k8s-insufficient-gpu', to('pods')),
        kept: harm('gpu-operator-daemonset-zero', to('pods')),
        cannotTell: to('plugin'),
      },
    }),
  },
});

export const plugin = flow({
  id: 'plugin',
  title: 'Device plugin',
  about: 'The device plugin tells the kubelet how many GPUs there are, feature discovery which.',
  start: 'plugin',
  nodes: {
    plugin: check({
      title: 'Plugin log',
      question: 'What does the device plugin say of itself?',
      why: {
        line: 'The plugin is a pod too, and needs the GPU like any other.',
        paragraph:
          'Started without the nvidia runtime it meets no NVML and offers nothing. Or it works and finds no GPU, or a GPU that reported a fatal error and stays unhealthy until the plugin is restarted.',
        mechanism:
          'It loads libnvidia-ml in its own container. Capacity above allocatable means unhealthy devices. On Tegra it counts one device and knows no CDI strategy.',
      },
      source: 'device-plugin-cannot-load-nvml; device-plugin-no-devices; tegra-unsupported-request',
      probes: ['kubeApi', 'kubeLogs', 'cri'],
      bears: 'advice',
      decide: f => {
        const node = need(f.kubeApi.node);
        const pods = pluginPods(f).filter(p => p.node !== '');
        const logs = pods.flatMap(p => {
          const log = f.kubeLogs.logs.get(nameOf(p));
          return log === undefined ? [] : [{ pod: p, log }];
        });
        const says = (p: RegExp) => logs.find(l => p.test(or(l.log, '')));
        const shown = (hit: { readonly pod: (typeof pods)[number]; readonly log: unknown }, p: RegExp) => ({
          from: `kubectl logs -n ${hit.pod.namespace} ${hit.pod.name}`,
          shows: lineOf(String(hit.log), p),
        });
        const capacity = Number(node?.capacity['nvidia.com/gpu'] ?? 0);
        const offered = Number(node?.allocatable['nvidia.com/gpu'] ?? 0);
        const offers = Object.entries(node?.allocatable ?? {}).some(
          ([k, v]) => k.startsWith('nvidia.com/') && Number(v) > 0,
        );
        const tegra = says(NOT_ON_TEGRA);
        if (tegra && !offers)
          return { is: 'noCdiOnTegra', found: 'no CDI strategy on a Jetson', seen: [shown(tegra, NOT_ON_TEGRA)] };
        const blind = says(NO_NVML);
        if (blind && !offers) {
          const set = pluginSets(f).find(s => blind.pod.name.startsWith(s.name))!;
          const asks = set.runtimeClass || (defaultIsNvidia(f) ? 'nvidia, by default' : 'none');
          return {
            is: 'noNvml',
            found: `it cannot load NVML (its runtime class: ${asks})`,
            seen: [shown(blind, NO_NVML), { from: `daemon set ${nameOf(set)}`, shows: `runtimeClassName: ${asks}` }],
          };
        }
        const empty = says(NONE_FOUND);
        if (capacity > offered)
          return {
            is: 'unhealthy',
            found: `${capacity - offered} of ${capacity} GPUs are unhealthy`,
            seen: [
              { from: 'kubectl get node', shows: `nvidia.com/gpu: capacity ${capacity}, allocatable ${offered}` },
              ...(empty ? [shown(empty, NONE_FOUND)] : []),
            ],
          };
        if (empty && !offers) return { is: 'noDevices', found: 'it finds no GPU', seen: [shown(empty, NONE_FOUND)] };
        if (!offers) for (const l of logs) need(l.log);
        return { is: 'offers', found: `${offered} offered${isByCdi(f) ? ', by CDI' : ''}` };
      },
      on: {
        offers: 'labels',
        noNvml: harm('device-plugin-cannot-load-nvml', 'labels'),
        noDevices: harm('device-plugin-no-devices', 'labels'),
        unhealthy: harm('device-plugin-no-devices', 'labels'),
        noCdiOnTegra: harm('tegra-unsupported-request', 'labels'),
        cannotTell: 'labels',
      },
    }),
    labels: check({
      title: 'GPU labels',
      question: 'Does feature discovery know memory and number of the GPUs?',
      why: {
        line: 'Schedulers that share a GPU count with these two labels.',
        paragraph:
          'gpu.count is the number of physical GPUs, while time-slicing multiplies the resource nvidia.com/gpu: four slices of one GPU are four resources and count 1. A scheduler that shares memory divides by the count, so a missing label makes its sums wrong.',
        mechanism:
          'GFD has a CUDA path on Tegra and needs libcuda in its own pod: run it with runtimeClassName nvidia. A label set by hand is a work-around that nobody updates.',
      },
      source: 'tegra-gfd-labels; seed 3, Issues 1 and 2',
      probes: ['kubeApi', 'where'],
      bears: 'advice',
      decide: f => {
        const node = need(f.kubeApi.node);
        const gfd = setsOf(f).find(s => /feature-discovery/.test(s.name));
        const { labels = {} } = node ?? {};
        const lacks = ['nvidia.com/gpu.memory', 'nvidia.com/gpu.count'].filter(l => !(l in labels));
        const slices = labels['nvidia.com/gpu.replicas'];
        if (lacks.length === 0)
          return {
            is: 'there',
            found: `${labels['nvidia.com/gpu.count']} GPU, ${labels['nvidia.com/gpu.memory']} MiB${slices && slices !== '1' ? `, each sold ${slices} times` : ''}`,
          };
        // Nobody needs the labels where nobody sets out to write them.
        if (gfd === undefined || or(f.where.tegra, null) === null) return { is: 'unused', found: 'not used' };
        return {
          is: 'missing',
          found: `${lacks.join(' and ')} missing`,
          seen: [
            { from: 'kubectl get node', shows: `no label ${lacks.join(', ')}` },
            { from: `daemon set ${nameOf(gfd)}`, shows: `runtimeClassName: ${gfd.runtimeClass || 'none'}` },
          ],
        };
      },
      on: {
        there: to('pods'),
        unused: to('pods'),
        missing: risk('tegra-gfd-labels', to('pods')),
        cannotTell: to('pods'),
      },
    }),
  },
});
