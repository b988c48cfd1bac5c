/** Fixes of a node on CRI-O: the handler in its drop-ins, the monitor it names, folders of specs, and the restart. */
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import { removeToml, setToml, tomlValue } from '../../src/text/toml.ts';
import {
  CRIO_CONF,
  CRIO_NVIDIA,
  type CrioFacts,
  crioConfigOf,
  isIgnored,
  modelHandler,
  writerOf,
} from '../probes/crio.ts';
import type { Facts } from '../probes/index.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { whyNoStart } from '../rules/crio.ts';
import { again, sudo } from './guides-host.ts';
import { binary, inOrder, knows, restarted, wouldKnow } from './kube-make.ts';
import { applies, byHand, type Draft, edits, isRefused, known, refuse, replaces, root } from './make.ts';

const TABLE = 'crio.runtime.runtimes.nvidia';
const WHY = 'the handler that the runtime class nvidia leads to';
/** Effect RC is that of containerd; what is different is said. */
const BLINKS =
  'Containers go on under their conmon. While CRI-O is away for some seconds, exec, attach and log streams break off and no pod starts.';

const onCrio = (f: Facts): CrioFacts | null => (f.cri.engine === 'crio' ? f.cri.crio : null);
/** A start with these files would end at once. */
const cannotStart = (f: Facts): boolean => {
  const crio = onCrio(f);
  return crio !== null && whyNoStart(crio) !== null;
};
const drifts = (f: Facts): Refusal | null =>
  f.kubelet.managed
    ? refuse(
        'the Machine Config Operator of OpenShift keeps the files of this node, and a change by hand is reported as drift or taken back',
        'let the GPU Operator configure the node: ClusterPolicy with toolkit.enabled=true, or ask for GPUs by CDI',
      )
    : null;
/** `crio config` merges the files as a start does, and ends with 1 where one cannot be read; it starts nothing. */
const validate = [{ ...root(['crio', 'config'], 30_000), changes: false }];

const textOf = (crio: CrioFacts, path: string): string | null | Refusal =>
  known(crio.files.find(f => f.path === path)?.text ?? null, path);

/** What a new handler takes over from the default one: its monitor above all, which CRI-O may not find by itself. */
const copied = (crio: CrioFacts, program: string): readonly (readonly [string, string])[] => {
  const own = modelHandler(crio.written)?.options ?? {};
  const taken = Object.entries(own).filter(
    ([key, v]) =>
      !['runtime_path', 'runtime_type', 'inherit_default_runtime', 'platform_runtime_paths'].includes(key) &&
      (typeof v !== 'object' || (Array.isArray(v) && v.every(e => typeof e === 'string'))),
  );
  const pairs = [...taken, ['runtime_path', program] as const, ['runtime_type', 'oci'] as const];
  return pairs
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, v]) => [key, Array.isArray(v) ? `[${v.map(e => JSON.stringify(e)).join(', ')}]` : JSON.stringify(v)]);
};
/** Of a table that stands already only what keeps it from working is changed. */
const isWanted = ({ written, there }: CrioFacts, key: string): boolean => {
  const handler = written.runtimes.nvidia;
  if (handler === undefined) return true;
  if (key === 'runtime_path') return isIgnored(handler, there);
  return key === 'monitor_path' && (handler.monitor === '' || there.get(handler.monitor) === false);
};
/** In the form in which nvidia-ctk writes it. */
const dropIn = (pairs: readonly (readonly [string, string])[]): string =>
  [
    '[crio]',
    '',
    '  [crio.runtime]',
    '',
    '    [crio.runtime.runtimes]',
    '',
    `      [${TABLE}]`,
    ...pairs.map(([key, v]) => `        ${key} = ${v}`),
    '',
  ].join('\n');

const handlerStep = (f: Facts, crio: CrioFacts): Step | Refusal => {
  const program = binary(f);
  if (program === null)
    return refuse('nvidia-container-runtime is not installed on this node', 'install the toolkit first');
  // Without the folder of drop-ins the main file is the only one that is read.
  const path = writerOf(crio.files, 'nvidia') ?? (or(f.kubelet.dropIns, null) === null ? CRIO_CONF : CRIO_NVIDIA);
  const text = textOf(crio, path);
  if (isRefused(text)) return text;
  const pairs = copied(crio, program).filter(([key]) => isWanted(crio, key));
  if (text === null || text.trim() === '') return replaces(path, text, dropIn(pairs), WHY, 0o644);
  return edits(
    path,
    text,
    inOrder(
      text,
      ...pairs.map(
        ([key, v]) =>
          (t: string | null) =>
            setToml(t, TABLE, key, v),
      ),
    ),
    WHY,
  );
};

export const configureCrio = applies({
  id: 'configure-crio-for-nvidia',
  title: 'Give CRI-O the nvidia handler and restart it',
  mends: ['k8s-runtime-handler-missing', 'containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 k8s-runtime-handler-missing (CRI-O: the drop-in 99-nvidia.toml)',
  fits: f =>
    onCrio(f) !== null &&
    f.cri.fault === null &&
    !isUnknown(f.cri.effective) &&
    (cannotStart(f) || (!knows(f) && !wouldKnow(f))),
  touches: f => [writerOf(onCrio(f)?.files ?? [], 'nvidia') ?? CRIO_NVIDIA],
  plan: f => {
    const no = drifts(f);
    if (no) return no;
    const crio = onCrio(f)!;
    if (or(f.operator.toolkit, false) && !cannotStart(f))
      return refuse(
        'a GPU Operator writes the handler of this node, and two writers undo each other',
        'delete its toolkit pod on this node; the next one writes the handler and restarts CRI-O',
      );
    const step = handlerStep(f, crio);
    if (isRefused(step)) return step;
    const monitor = modelHandler(crio.written)?.monitor ?? '';
    const does =
      crio.written.runtimes.nvidia === undefined
        ? `Writes one table beside the others${monitor === '' ? '' : `, with ${monitor} as the default handler has it, without which CRI-O would not start`}.`
        : 'Sets only what keeps the table that is there from working, as the default handler has it.';
    return restarted(f, {
      summary: `${does} ${BLINKS}`,
      steps: [step],
      validate,
    });
  },
});

export const restartCrio = applies({
  id: 'restart-crio',
  title: 'Restart CRI-O, so that it reads its files',
  mends: ['k8s-runtime-handler-missing', 'cdi-spec-dir-mismatch'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 k8s-runtime-handler-missing; a reload reads handlers too, and looks for no monitor',
  fits: f => {
    const crio = onCrio(f);
    if (crio === null || f.cri.fault !== null || cannotStart(f)) return false;
    return (!knows(f) && wouldKnow(f)) || isWiderAfterwards(crio);
  },
  plan: f =>
    restarted(f, {
      summary: `The files say it and a start would read them. ${BLINKS}`,
      steps: [],
      validate,
    }),
});
/** The files no longer narrow the folders of specs, and the running one still does. */
const isWiderAfterwards = ({ live, written }: CrioFacts): boolean =>
  !isUnknown(live) && live.cdiDirs !== null && written.cdiDirs === null && !live.cdiDirs.includes('/var/run/cdi');

export const crioSpecDirs = applies({
  id: 'reset-crio-spec-dirs',
  title: 'Let CRI-O search the two usual folders of specs',
  mends: ['cdi-spec-dir-mismatch'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.8 cdi-spec-dir-mismatch',
  fits: f => onCrio(f) !== null && f.cri.fault === null && onCrio(f)!.written.cdiDirs !== null && !cannotStart(f),
  touches: f => narrowing(onCrio(f)!),
  plan: f => {
    const no = drifts(f);
    if (no) return no;
    const crio = onCrio(f)!;
    const steps: Step[] = [];
    for (const path of narrowing(crio)) {
      const text = textOf(crio, path);
      if (isRefused(text)) return text;
      const step = edits(
        path,
        text,
        removeToml(text, 'crio.runtime', 'cdi_spec_dirs'),
        'without the key CRI-O searches /etc/cdi and /var/run/cdi',
      );
      if (isRefused(step)) return step;
      steps.push(step);
    }
    return restarted(f, {
      summary: `Takes the key away that narrows the folders; a restart reads it. ${BLINKS}`,
      steps,
      validate,
    });
  },
});
const narrowing = (crio: CrioFacts): readonly string[] =>
  crio.files.flatMap(({ path, text }) =>
    typeof text === 'string' && crioConfigOf(tomlValue(text)).cdiDirs !== null ? [path] : [],
  );

/** Full paths first: the names find whatever else a person installs later. */
const lowLevel = (f: Facts): string | null => {
  const crio = onCrio(f);
  const path = crio === null ? '' : (modelHandler(crio.written)?.path ?? '');
  return path.startsWith('/') && crio!.there.get(path) === true && !/nvidia/.test(path) ? path : null;
};
export const crioLowLevel = applies({
  id: 'name-low-level-runtime-of-crio',
  title: "Name the full path of CRI-O's runtime in config.toml",
  mends: ['low-level-runtime-not-found'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '2.6 low-level-runtime-not-found',
  fits: f => lowLevel(f) !== null && f.config.fault === null,
  touches: () => [CONFIG],
  plan: (f): Draft | Refusal => {
    const text = known(f.config.text, CONFIG);
    if (isRefused(text)) return text;
    const path = lowLevel(f)!;
    const step = edits(
      CONFIG,
      text,
      setToml(
        text,
        'nvidia-container-runtime',
        'runtimes',
        JSON.stringify([path, 'runc', 'crun']).replaceAll(',', ', '),
      ),
      'the nvidia runtime looks for it in the PATH only, where the packages of CRI-O do not put it',
    );
    return isRefused(step)
      ? step
      : {
          summary: `The nvidia runtime then hands containers on to ${path}, which pods without a class run on as well. Read at each start, so nothing is restarted.`,
          steps: [step],
        };
  },
});

export const mendCrio = byHand({
  id: 'mend-crio-config',
  title: 'Mend the configuration of CRI-O and look at it first',
  mends: ['containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 containerd-config-not-effective',
  fits: f => onCrio(f) !== null,
  steps: f => [
    ...(f.cri.fault ? [{ say: `This place does not parse: ${f.cri.fault}` }] : []),
    {
      say: 'Every file of crio.conf.d is read, copies and leftovers too; each handler needs its monitor_path, as the default one has it.',
      argv: ['ls', '-la', '/etc/crio/crio.conf.d'],
    },
    sudo('What would a start use? It fails where a file does not parse.', 'crio', 'config'),
    sudo('Only when that is right.', 'systemctl', 'restart', 'crio'),
    again,
  ],
});

export const crioFixes = [restartCrio, configureCrio, crioSpecDirs, crioLowLevel];
export const crioGuides = [mendCrio];
