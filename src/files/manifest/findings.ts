/** Kubernetes manifests against this box: what a pod asks for, and what stands in for asking. */
import type { Node } from 'yaml';
import { modes } from '../../../flows/modes/index.ts';
import { titles } from '../../../flows/requests/titles.ts';
import { malformed, regionOf } from '../compose/findings.ts';
import { imageKnownToAsk } from '../compose/judge.ts';
import { Malformed, treeOf } from '../compose/tree.ts';
import type { FileFinding, Mend } from '../finding.ts';
import type { Here } from '../here.ts';
import { parseYaml, type Source } from '../yaml.ts';
import { type Container, type Pod, pairAt, podsOf, wordAt } from './pods.ts';
import { type Change, envItem, envValue, gpuLimit, handMade, hostPathOf, isPrivileged, mend } from './work.ts';

interface Job {
  readonly source: Source;
  readonly pod: Pod;
  readonly nth: number;
  readonly here: Here;
}

const mendOf = (
  { source, nth }: Job,
  title: string,
  change: Change,
): { mends: readonly Mend[]; snippet: string | null } => {
  const made = mend(source.path, source.text, nth, change);
  if ('after' in made)
    return {
      mends: [
        {
          title,
          to: null,
          path: source.path,
          before: source.text,
          after: made.after,
          ...(made.patch !== '' && { patch: made.patch }),
        },
      ],
      snippet: null,
    };
  return { mends: [], snippet: made.patch || null };
};

const complain = (
  job: Job,
  id: string,
  severity: FileFinding['severity'],
  node: Node | null,
  message: string,
  ways: readonly { readonly mends: readonly Mend[]; readonly snippet: string | null }[],
): FileFinding => {
  const [from = 0, to = 0] = (node ?? job.pod.spec).range ?? [];
  const end = from + (job.source.text.slice(from, to).split('\n')[0] ?? '').trimEnd().length;
  return {
    ...regionOf(job.source, from, end),
    path: job.source.path,
    kind: 'manifest',
    id,
    severity,
    title: modes[id]?.title ?? titles[id as keyof typeof titles] ?? id,
    message: `${job.pod.kind} ${job.pod.name}: ${message}`,
    subject: job.pod.name || null,
    works: [],
    mends: ways.flatMap(w => w.mends),
    snippet: ways.some(w => w.mends.length > 0) ? null : (ways.find(w => w.snippet)?.snippet ?? null),
  };
};

const isNvidia = (name: string | null): boolean => name !== null && /^nvidia/.test(name);
const isAsking = (value: string | null): boolean => value !== null && !['', 'void', 'none'].includes(value);

const requested = (pod: Pod, c: Container): number =>
  Number(wordAt(c.map, pod.doc, 'resources', 'requests', 'nvidia.com/gpu')) || 1;

/** The container that means the GPU: the one with its variables, else the only one. */
const gpuContainer = (pod: Pod): Container | null => {
  const running = pod.containers.filter(c => !c.isInit);
  return (
    running.find(c => envItem(pod, c, 'NVIDIA_DRIVER_CAPABILITIES') ?? envItem(pod, c, 'NVIDIA_VISIBLE_DEVICES')) ??
    running.find(c => isPrivileged(pod, c)) ??
    (running.length === 1 ? (running[0] ?? null) : null)
  );
};

const judge = (job: Job): readonly FileFinding[] => {
  const { pod, here } = job;
  const { spec, doc, containers } = pod;
  const found: FileFinding[] = [];
  const runtime = wordAt(spec, doc, 'runtimeClassName');
  const limited = containers.filter(c => gpuLimit(pod, c) !== null);
  const requesting = containers.filter(c => gpuLimit(pod, c, 'requests') !== null);
  const visible = containers.filter(c => isAsking(envValue(pod, c, 'NVIDIA_VISIBLE_DEVICES')));
  const byImage = containers.filter(
    c => imageKnownToAsk(c.image) && envItem(pod, c, 'NVIDIA_VISIBLE_DEVICES') === null,
  );
  const byHand = handMade(pod);
  const privileged = containers.filter(c => isPrivileged(pod, c));
  const asks = limited.length + requesting.length + visible.length + (isNvidia(runtime) ? byImage.length : 0) > 0;
  const target = gpuContainer(pod);
  const isTegra = here.platform === 'tegra';
  const noRequest = isNvidia(runtime) && !asks;
  if (noRequest) {
    const words = containers.some(c => envItem(pod, c, 'NVIDIA_DRIVER_CAPABILITIES'))
      ? ' NVIDIA_DRIVER_CAPABILITIES alone asks for nothing.'
      : '';
    found.push(
      complain(
        job,
        isTegra ? 'tegra-no-request' : 'visible-devices-unset',
        'fault',
        (pairAt(spec, 'runtimeClassName')?.key as Node) ?? null,
        `it runs with the nvidia runtime, but no container asks for a GPU, so nothing is injected.${words} Ask for the resource nvidia.com/gpu; in a trusted pod that manages GPUs, set NVIDIA_VISIBLE_DEVICES=all.`,
        target === null
          ? []
          : [
              mendOf(job, `${target.name}: set NVIDIA_VISIBLE_DEVICES=all`, { visibleIn: target }),
              mendOf(job, `${target.name}: ask for nvidia.com/gpu: 1`, { limitIn: target }),
            ],
      ),
    );
  }
  if (byHand.length > 0) {
    const change: Change = {
      clean: true,
      ...(runtime === null && { runtimeClass: true as const }),
      ...(!asks && target && { visibleIn: target }),
    };
    const parts = [
      ...byHand.map(v => `hostPath ${hostPathOf(pod, v)}`),
      ...privileged.map(c => `${c.name} is privileged`),
      ...containers.flatMap(c =>
        /nvidia|tegra/.test(envValue(pod, c, 'LD_LIBRARY_PATH') ?? '') ? [`LD_LIBRARY_PATH in ${c.name}`] : [],
      ),
    ];
    found.push(
      complain(
        job,
        'over-privileged-workaround',
        'risk',
        byHand[0] ?? null,
        `the GPU is handed over by hand: ${parts.join('; ')}. ${isTegra ? 'On Tegra, too, the' : 'The'} nvidia runtime class and a request bring nodes and libraries; take these out and try.`,
        [mendOf(job, 'Ask for the GPU and take the work-around out', change)],
      ),
    );
  }
  if (limited.length > 0 && runtime === null)
    found.push(
      complain(
        job,
        'k8s-pod-not-using-nvidia-runtime',
        'note',
        limited[0]?.map ?? null,
        'it has nvidia.com/gpu and no runtimeClassName. Where nvidia is not the default runtime (k3s) and the device plugin hands out variables, the container gets no GPU.',
        [mendOf(job, 'Add runtimeClassName: nvidia', { runtimeClass: true })],
      ),
    );
  if (visible.length > 0 && runtime === null && limited.length === 0 && byHand.length === 0)
    found.push(
      complain(
        job,
        'k8s-pod-not-using-nvidia-runtime',
        'risk',
        envItem(pod, visible[0]!, 'NVIDIA_VISIBLE_DEVICES'),
        'NVIDIA_VISIBLE_DEVICES is set, but only the nvidia runtime reads it, and no runtimeClassName names it.',
        [mendOf(job, 'Add runtimeClassName: nvidia', { runtimeClass: true })],
      ),
    );
  if (!isTegra && isNvidia(runtime))
    for (const c of visible)
      if (!limited.includes(c) && envValue(pod, c, 'NVIDIA_VISIBLE_DEVICES') === 'all')
        found.push(
          complain(
            job,
            'k8s-all-gpus-leak',
            'risk',
            envItem(pod, c, 'NVIDIA_VISIBLE_DEVICES'),
            `${c.name} sees every GPU of its node without asking the scheduler; another pod may be given the same GPU. Ask for the resource nvidia.com/gpu unless this pod manages GPUs.`,
            [],
          ),
        );
  for (const c of containers)
    if (gpuLimit(pod, c) === null && gpuLimit(pod, c, 'requests') !== null)
      found.push(
        complain(
          job,
          'k8s-insufficient-gpu',
          'fault',
          c.map,
          `${c.name} has ${gpuLimit(pod, c, 'requests')} under requests and not under limits; the API refuses that.`,
          gpuLimit(pod, c, 'requests') === 'nvidia.com/gpu'
            ? [mendOf(job, `${c.name}: the same under limits`, { limitIn: c, many: requested(pod, c) })]
            : [],
        ),
      );
  return found;
};

/** Findings of one manifest file, all its documents. */
export const manifestFindings = (path: string, text: string, here: Here): readonly FileFinding[] => {
  const source = parseYaml(path, text);
  if (source.fault) {
    // A chart's template is no YAML before Helm has filled it in.
    return /\{\{/.test(text) ? [] : [malformed(path, 'manifest', source.fault)];
  }
  try {
    for (const doc of source.docs) treeOf(source, doc, doc.contents);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const place = source.at(error.spot.node?.range?.[0] ?? 0);
    return [malformed(path, 'manifest', { ...place, message: error.message })];
  }
  return podsOf(source.docs).flatMap((pod, nth) => judge({ source, pod, nth, here }));
};
