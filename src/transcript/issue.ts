/** Events to the text of a bug report: the fields that the toolkit's own form asks for, filled from what was seen. Pure. */
import type { Event } from './event.ts';
import { transcriptMarkdown } from './markdown.ts';
import { code, fence, inline, shown } from './markdown-text.ts';
import { type Story, storyOf } from './story.ts';

const said = (story: Story, program: string, pattern: RegExp): string | null => {
  for (const { argv, result } of story.ran) {
    if (argv[0]?.split('/').at(-1) !== program || result.kind !== 'exited') continue;
    const found = pattern.exec(`${result.stdout}\n${result.stderr}`)?.[1];
    if (found !== undefined) return found;
  }
  return null;
};

const outputOf = (story: Story, ...argv: readonly string[]): string | null => {
  const ran = story.ran.findLast(r => r.argv.join(' ') === argv.join(' '))?.result;
  if (ran?.kind !== 'exited') return null;
  const text = [ran.stdout, ran.stderr].filter(t => t.trim() !== '').join('\n');
  return text === '' ? null : text;
};

const UNASKED = 'not known: this session did not find it out';
const orUnknown = (value: string | null | undefined): string =>
  value === null || value === undefined || value === '' ? UNASKED : code(value, 120);

/** The words of the form, in its order, and what the session knows. */
const environment = (story: Story): readonly (readonly [string, string])[] => {
  const { machine } = story;
  const docker = machine?.engines.docker;
  const podman = machine?.engines.podman;
  const engines = [
    docker &&
      `Docker ${docker.version}${docker.rootless ? ' (rootless)' : ''}${docker.where === 'local' ? '' : ` (${docker.where})`}`,
    podman && `Podman ${podman.version}`,
    said(story, 'containerd', /containerd \S+ (v?\d\S*)/) &&
      `containerd ${said(story, 'containerd', /containerd \S+ (v?\d\S*)/)}`,
    said(story, 'runc', /runc version (\S+)/) && `runc ${said(story, 'runc', /runc version (\S+)/)}`,
  ].filter(Boolean);
  const gpus = [...new Set((machine?.gpus ?? []).map(gpu => gpu.name))];
  return [
    [
      '`nvidia-container-toolkit` version',
      machine === null ? UNASKED : machine.toolkit === null ? 'none found' : code(machine.toolkit),
    ],
    [
      'NVIDIA Driver Version',
      machine === null ? UNASKED : machine.driver === null ? 'none loaded' : code(machine.driver),
    ],
    ['Host OS', orUnknown(machine?.os)],
    ['Kernel Version', orUnknown(machine?.kernel || said(story, 'uname', /^Linux (\S+)/m))],
    [
      'Container Runtime Version',
      machine === null ? UNASKED : engines.length === 0 ? 'none found' : code(engines.join(', ')),
    ],
    ['CPU Architecture', orUnknown(said(story, 'uname', /\b(x86_64|aarch64|arm64|ppc64le|riscv64)\b/))],
    ['GPU Model(s)', machine === null ? UNASKED : gpus.length === 0 ? 'none found' : code(gpus.join(', '))],
    [
      'Platform',
      machine === null
        ? UNASKED
        : code([machine.platform, machine.hypervisor === 'none' ? '' : machine.hypervisor].filter(Boolean).join(', ')),
    ],
    ['CUDA Version (of the driver)', orUnknown(said(story, 'nvidia-smi', /CUDA Version\s*:?\s*([\d.]+)/))],
  ];
};

const described = (story: Story): string => {
  const faults = story.findings.filter(f => f.severity === 'fault');
  if (faults.length === 0) return 'No known failure mode was found; what was seen is below.';
  return faults
    .flatMap(f => [
      `- ${inline(f.title)} (${code(f.id)})${f.mended === true ? ', repaired in this session' : ''}`,
      ...f.evidence.map(e => `  - ${code(e.from)}: ${code(e.shows)}`),
    ])
    .join('\n');
};

const steps = (story: Story): string => {
  const tried = story.proofs.map(p => `${shown(p.argv)}\n${p.shows}`.trimEnd());
  const ways = story.ways.map(
    w =>
      `- ${code(w.way)}: ${w.works === null ? 'cannot tell' : w.works ? 'works' : 'fails'}${w.cause === null ? '' : `, ${code(w.cause)}`} (${inline(w.why)})`,
  );
  return [
    ...(tried.length > 0
      ? [fence(tried.join('\n\n'))]
      : ['No container was started in this session; please add the command you ran and its output.']),
    ...(ways.length > 0 ? [`What each form of asking for the GPU does here:\n\n${ways.join('\n')}`] : []),
  ].join('\n\n');
};

const changes = (story: Story): string =>
  story.changes.length === 0
    ? 'Nothing was changed.'
    : story.changes.map(c => `- ${inline(c.plan.title)}: ${c.status}`).join('\n');

/** Ends in a newline. */
export const transcriptIssue = (events: readonly Event[]): string => {
  const story = storyOf(events);
  const smi = outputOf(story, 'nvidia-smi') ?? outputOf(story, 'nvidia-smi', '-L');
  return `${[
    '**Describe the bug**',
    described(story),
    '**To Reproduce**',
    steps(story),
    '**Expected behavior**',
    'The container starts, and `nvidia-smi -L` in it lists the GPU.',
    '**Environment (please provide the following information):**',
    environment(story)
      .map(([field, value]) => ` - ${field}: ${value}`)
      .join('\n'),
    '**What was changed on the way**',
    changes(story),
    '**Information to attach**',
    `Output of \`nvidia-smi\`:\n\n${smi === null ? 'It was not run in this session, or gave no output.' : fence(smi)}`,
    `<details>\n<summary>Everything that was checked</summary>\n\n${transcriptMarkdown(events).replace(/^# .*\n+/, '')}\n</details>`,
  ].join('\n\n')}\n`;
};
