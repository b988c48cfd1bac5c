/** Events to Markdown for a ticket: a head that fits in one look, everything else folded. Pure; sorted by what helps a reader first. */
import type { Because } from '../box/box.ts';
import { unifiedDiff } from '../text/diff.ts';
import type { Event, Machine, Outcome } from './event.ts';
import { bytes, cell, code, details, duration, fence, inline, shown } from './markdown-text.ts';
import { type Change, chosenWords, type Story, storyOf } from './story.ts';

/** The head's limit in bytes of UTF-8. */
export const HEAD_BYTES = 6000;

interface Budget {
  readonly findings: number;
  readonly evidence: number;
  readonly cols: number;
  readonly diffLines: number;
}
const BUDGETS: readonly Budget[] = [
  { findings: 6, evidence: 3, cols: 160, diffLines: 40 },
  { findings: 4, evidence: 2, cols: 120, diffLines: 24 },
  { findings: 3, evidence: 1, cols: 100, diffLines: 12 },
  { findings: 2, evidence: 1, cols: 60, diffLines: 0 },
];

const VERDICT: Readonly<Record<Outcome, string>> = {
  healthy: 'No fault found.',
  fixed: 'Fixed, and proven by the check that found it.',
  declined: 'A fault stands. A fix was proposed and declined; nothing was changed.',
  failed: 'A fault stands. The fix did not work.',
  undone: 'An earlier change was put back.',
  cannotTell: 'Cannot tell: something that would decide did not answer.',
  stopped: 'Stopped before the end.',
  faulty: 'A fault was found and stands.',
};
const PRIVILEGE = [
  'changes nothing',
  "edits the user's own file",
  'root edits one file',
  'restarts a service',
  'widens what containers may do',
  'needs a reboot or puts data at risk',
];
const STATUS: Readonly<Record<Change['status'], string>> = {
  proposed: 'proposed, not applied',
  declined: 'declined, nothing changed',
  applied: 'applied',
  dropped: 'a step failed; what had been done was put back',
  undone: 'applied, then put back',
  stuck: 'a step failed and not everything was put back; look at the steps below',
};

const BY: Readonly<Record<Story['choices'][number]['by'], string>> = {
  asked: '',
  given: ' (said beforehand)',
  initial: ' (nobody was asked)',
};

const BECAUSE: Readonly<Record<Because, string>> = {
  absent: 'not there',
  denied: 'not permitted',
  timedOut: 'timed out',
  unrecorded: 'not in the recording',
  unreadable: 'unreadable',
};

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

const machineLines = (machine: Machine | null): string => {
  if (machine === null) return 'Machine: not known (the session ended before it was looked at)';
  const kinds = new Map<string, number>();
  for (const gpu of machine.gpus) kinds.set(gpu.name, (kinds.get(gpu.name) ?? 0) + 1);
  const first = [
    machine.host,
    machine.os,
    machine.platform === 'vm' && machine.hypervisor !== undefined ? `vm (${machine.hypervisor})` : machine.platform,
    machine.kernel === undefined ? undefined : `kernel ${machine.kernel}`,
    machine.driver === null ? 'no driver seen' : `driver ${machine.driver}`,
    kinds.size === 0 ? 'no GPU seen' : [...kinds].map(([name, n]) => `${n}x ${name}`).join(', '),
  ];
  const { docker, podman } = machine.engines;
  const second = [
    docker === undefined
      ? 'no Docker seen'
      : `Docker ${docker.version} (${[docker.running ? 'running' : 'stopped', docker.where, docker.rootless ? 'rootless' : ''].filter(w => w !== '').join(', ')})`,
    machine.toolkit === null ? 'no toolkit seen' : `toolkit ${machine.toolkit}`,
    podman === undefined ? undefined : `Podman ${podman.version}`,
  ];
  const line = (parts: readonly (string | undefined)[]): string =>
    parts.flatMap(part => (part === undefined ? [] : [inline(part, 120)])).join(' · ');
  return `${line(first)}  \n${line(second)}`;
};

/** The diff of all files of a plan, and what will be or was run besides. */
export const diffOf = (change: Change): string =>
  change.plan.steps
    .flatMap(step => (step.do === 'edit' ? [unifiedDiff(step.path, step.before, step.after)] : []))
    .filter(text => text !== '')
    .join('');
const commandsOf = (change: Change): readonly (readonly string[])[] => [
  ...change.plan.steps.flatMap(step => (step.do === 'run' ? [step.command.argv] : [])),
  ...change.plan.validate.map(command => command.argv),
  ...change.plan.settle.map(command => command.argv),
];

const firstLines = (text: string, count: number, cols: number): string => {
  const lines = text.replace(/\n$/, '').split('\n');
  const kept = lines.slice(0, count).map(line => (line.length > cols ? `${line.slice(0, cols - 1)}…` : line));
  return lines.length > count
    ? [...kept, `… ${plural(lines.length - count, 'more line')}, whole below`].join('\n')
    : kept.join('\n');
};

const findingsPart = (story: Story, budget: Budget): string[] => {
  if (story.findings.length === 0) return [];
  const rows = story.findings.slice(0, budget.findings).map((finding, i) => {
    const mended = finding.mended === null ? '' : finding.mended ? ', repaired' : ', still there';
    const evidence = finding.evidence
      .slice(0, budget.evidence)
      .map(e => `   - ${code(e.from, budget.cols)}: ${code(e.shows, budget.cols)}`);
    return [
      `${i + 1}. **${inline(finding.title, budget.cols)}** (${code(finding.id, 80)}, ${finding.severity}${mended})`,
      ...evidence,
    ].join('\n');
  });
  const left = story.findings.length - rows.length;
  return ['## Found', [...rows, ...(left > 0 ? [`\n${left} more below`] : [])].join('\n')];
};

const changesPart = (story: Story, budget: Budget): string[] => {
  const parts = story.changes.flatMap(change => {
    const { plan } = change;
    const failed = change.steps.find(step => !step.ok);
    const diff = diffOf(change);
    const commands = commandsOf(change)
      .slice(0, 6)
      .map(argv => `- ${code(shown(argv), budget.cols)}`);
    return [
      `**${inline(plan.title, budget.cols)}** (${code(plan.fix, 80)}): ${STATUS[change.status]} (${PRIVILEGE[plan.privilege]}).`,
      ...(change.chosen.length === 0 ? [] : [`Chosen: ${code(chosenWords(change), budget.cols)}.`]),
      ...(failed === undefined
        ? []
        : [
            `Failed step: ${inline(failed.what, budget.cols)}${failed.detail === undefined ? '' : `: ${code(failed.detail, budget.cols)}`}`,
          ]),
      ...(diff === '' || budget.diffLines === 0
        ? []
        : [fence(firstLines(diff, budget.diffLines, budget.cols), 'diff')]),
      ...(commands.length === 0 ? [] : [commands.join('\n')]),
    ];
  });
  const putBack = story.putBack
    .slice(0, 8)
    .map(step => `- ${inline(step.what, budget.cols)}: ${step.ok ? 'done' : 'failed'}`);
  const refused = story.refused
    .slice(0, 4)
    .map(r => `- ${code(r.fix, 80)} not possible here: ${inline(r.because, budget.cols)}`);
  const all = [
    ...parts,
    ...(putBack.length > 0 ? [`Put back:\n${putBack.join('\n')}`] : []),
    ...(refused.length > 0 ? [refused.join('\n')] : []),
  ];
  const changed = story.putBack.length > 0 || story.changes.some(c => c.status === 'applied' || c.status === 'stuck');
  const tried = story.changes.some(c => c.steps.length > 0);
  return all.length === 0 ? [] : [changed ? '## Changed' : tried ? '## Tried and put back' : '## Proposed', ...all];
};

const proofPart = (story: Story, budget: Budget): string[] => {
  const verified = story.changes.flatMap(change => (change.verified === null ? [] : [change.verified]));
  const rows = [
    ...verified.map(
      v => `- ${code(v.finding, 80)} looked at again with ${code(v.by, budget.cols)}: ${v.ok ? 'gone' : 'still there'}`,
    ),
    ...story.proofs.map(p => {
      const said = p.shows.trim() === '' ? '' : `: ${code(p.shows, budget.cols)}`;
      return `- ${code(shown(p.argv), budget.cols)} ${p.ok === null ? 'could not be tried' : p.ok ? 'works' : 'fails'}${said}`;
    }),
  ];
  return rows.length === 0 ? [] : ['## Proof', rows.slice(0, 8).join('\n')];
};

const waysPart = (story: Story, budget: Budget): string[] => {
  if (story.ways.length === 0) return [];
  const rows = story.ways.map(w => {
    const today = w.works === null ? 'cannot tell' : w.works ? 'works' : 'fails';
    return `| ${cell(w.way, 60)} | ${today} | ${w.cause === null ? '' : `${cell(w.cause, 60)} `}${inline(w.why, budget.cols)} |`;
  });
  return [
    '## Ways to ask for the GPU here',
    ['| way | today | because |', '| --- | --- | --- |', ...rows.slice(0, 8)].join('\n'),
  ];
};

const verdictOf = (story: Story, outcome: NonNullable<Story['outcome']>): string => {
  if (outcome !== 'failed') return VERDICT[outcome];
  const left = story.changes.some(change => change.status === 'stuck');
  return `${VERDICT.failed} ${left ? 'Not everything it changed was put back.' : story.changes.some(c => c.status === 'dropped') ? 'What it had changed was put back.' : ''}`.trim();
};

const head = (story: Story, budget: Budget): string => {
  const outcome = story.outcome;
  const began = story.began;
  const facts = [
    began === null ? undefined : `session ${code(began.session, 60)}`,
    began === null ? undefined : `gpumedic ${inline(began.version, 20)}`,
    began === null ? undefined : `box: ${inline(began.box, 60)}`,
    `took ${duration(story.tookMs)}`,
    story.exitCode === null ? undefined : `exit code ${story.exitCode}`,
  ];
  const afterwards = story.changes
    .filter(change => change.status === 'applied')
    .flatMap(change => change.plan.afterwards)
    .slice(0, 4);
  const unknown = story.unknown.slice(0, 4).map(u => `${code(u.probe, 80)} (${BECAUSE[u.because]})`);
  const more = story.unknown.length - unknown.length;
  return [
    '# NVIDIA GPU in containers',
    machineLines(story.machine),
    `**Verdict: ${outcome === null ? 'the session broke off; what stands here is what was known by then.' : verdictOf(story, outcome)}**`,
    ...findingsPart(story, budget),
    ...changesPart(story, budget),
    ...proofPart(story, budget),
    ...waysPart(story, budget),
    ...(afterwards.length > 0 ? ['## Still to do', afterwards.map(a => `- ${inline(a, 200)}`).join('\n')] : []),
    ...(unknown.length > 0 ? [`Not known: ${unknown.join(', ')}${more > 0 ? ` and ${more} more, below` : ''}`] : []),
    ...(story.undo === null ? [] : [`To undo: ${code(story.undo, 120)}`]),
    facts.filter(fact => fact !== undefined).join(' · '),
  ].join('\n\n');
};

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');

const folded = (story: Story): string[] => {
  const start = story.began?.at ?? story.judged[0]?.at ?? 0;
  const after = (at: number): string => `+${((at - start) / 1000).toFixed(1)} s`;
  const commands = story.ran.map(ran => {
    const { result } = ran;
    const end =
      result.kind === 'exited'
        ? `exit ${result.code}`
        : result.kind === 'timedOut'
          ? `timed out after ${duration(result.afterMs)}`
          : result.kind;
    const output =
      result.kind === 'exited' ? [result.stdout, result.stderr].filter(text => text.trim() !== '').join('\n') : '';
    const line = `${code(shown(ran.argv))} ${end}, ${duration(ran.tookMs)}, ${after(ran.at)}`;
    return output === '' ? line : `${line}\n\n${fence(output)}`;
  });
  const checks = story.judged.map(j => [
    inline(j.title, 60),
    cell(j.verdict, 60),
    inline(j.found, 200),
    j.finding === undefined ? '' : cell(j.finding.id, 60),
  ]);
  const findings = story.findings.map(
    f =>
      `${code(f.id)} ${inline(f.title)}\n\n${fence(f.evidence.map(e => `${e.from}\n    ${e.shows.replaceAll('\n', '\n    ')}`).join('\n'))}`,
  );
  const diffs = story.changes.map(
    c => `${code(c.plan.fix)}: ${STATUS[c.status]}. ${inline(c.plan.summary)}\n\n${fence(diffOf(c), 'diff')}`,
  );
  const steps = [...story.putBack, ...story.changes.flatMap(c => c.steps)].map(s => [
    after(s.at),
    s.direction,
    inline(s.what),
    s.ok ? 'done' : 'failed',
    inline(s.detail ?? ''),
    s.command === undefined ? '' : cell(shown(s.command.argv)),
  ]);
  const unknown = story.unknown.map(u => [cell(u.probe), BECAUSE[u.because]]);
  const looked = story.looked.map(l => [cell(l.path), l.what, inline(l.kind)]);
  const answers = [
    ...story.answers,
    ...story.choices.map(c => ({ at: c.at, question: c.question, answer: `${c.taken.join(', ')}${BY[c.by] ?? ''}` })),
  ]
    .sort((a, b) => a.at - b.at)
    .map(a => [after(a.at), inline(a.question), inline(a.answer)]);
  const section = (count: number, summary: string, body: () => string): string[] =>
    count === 0 ? [] : [details(summary, body())];
  return [
    ...section(findings.length, `All evidence (${plural(findings.length, 'finding')})`, () => findings.join('\n\n')),
    ...section(diffs.length, `Whole diffs (${plural(diffs.length, 'change')})`, () => diffs.join('\n\n')),
    ...section(steps.length, `Steps (${steps.length})`, () =>
      table(['time', '', 'step', '', 'detail', 'command'], steps),
    ),
    ...section(checks.length, `Verdicts (${plural(checks.length, 'check')})`, () =>
      table(['check', 'verdict', 'found', 'finding'], checks),
    ),
    ...section(unknown.length, `Not known, and why (${unknown.length})`, () => table(['asked', 'because'], unknown)),
    ...section(answers.length, `Questions and answers (${answers.length})`, () =>
      table(['time', 'question', 'answer'], answers),
    ),
    ...section(commands.length, `Commands (${commands.length}), with output`, () => commands.join('\n\n')),
    ...section(looked.length, `Files looked at (${looked.length})`, () => table(['path', 'as', 'result'], looked)),
  ];
};

/** The part before the folds, always below HEAD_BYTES. */
export const markdownHead = (events: readonly Event[]): string => headOf(storyOf(events));

const headOf = (story: Story): string => {
  const fitting = BUDGETS.map(budget => head(story, budget)).find(text => bytes(text) < HEAD_BYTES);
  if (fitting !== undefined) return fitting;
  // Even the tightest form can be too long in a session of many changes; then only the counts and the verdict stand.
  const bare = {
    ...story,
    changes: story.changes.slice(-1),
    findings: story.findings.slice(0, 1),
    proofs: story.proofs.slice(-1),
    ways: story.ways.slice(0, 5),
    refused: [],
    putBack: story.putBack.slice(-1),
  };
  const text = head(bare, BUDGETS.at(-1)!);
  return bytes(text) < HEAD_BYTES
    ? text
    : `# NVIDIA GPU in containers\n\n**Verdict: ${story.outcome === null ? 'the session broke off' : VERDICT[story.outcome]}**\n\n${plural(story.findings.length, 'finding')}, ${plural(story.changes.length, 'change')}; all below.`;
};

/** A whole session as Markdown, ending in a newline. The events are expected to come from the log, redacted. */
export const transcriptMarkdown = (events: readonly Event[]): string => {
  const story = storyOf(events);
  return `${[headOf(story), ...folded(story)].join('\n\n').trimEnd()}\n`;
};
