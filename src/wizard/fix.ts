/** `gpumedic fix`: plan, diff, confirm, apply, verify; without a screen, for scripts and for people who know what they want. */
import type { Choice, Chosen, Fix } from '../engine/fix.ts';
import { hasWayBack, isRefusal, type Plan } from '../plan/plan.ts';
import { unifiedDiff } from '../text/diff.ts';
import { drawLine } from '../ui/rows.ts';
import { themeOf } from '../ui/theme.ts';
import { commandsOf, guideLines, needsRoot } from './commands.ts';
import { checkChosen, type Job, jobsOf, offerFor } from './fix-jobs.ts';
import type { Line } from './lines.ts';
import type { Outside, Report } from './outside.ts';
import { rootPage } from './pages.ts';
import { choseEvents, startOf, turned } from './picks.ts';
import { answerOf, noAnswer, painted, promptOf, rowsOf } from './plain.ts';
import { asksView } from './view-asks.ts';
import { BLANK } from './view-types.ts';
import { proposalLines } from './view-walk.ts';

export interface FixRun {
  readonly outside: Outside;
  /** Findings or fixes to see to; every fault where it is empty. */
  readonly ids: readonly string[];
  /** " --container NAME --demo NAME": what names the same thing in the next command. */
  readonly from?: string;
  /** What was chosen beforehand, by the name of the choice; the rest is asked, or taken as it begins where nobody is. */
  readonly chosen?: Chosen;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** The answer to a question, one line; null at the end of the input. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly terminal: { readonly colour: boolean; readonly ascii: boolean; readonly columns: number };
  /** Aborted: a step under way is finished, then everything done is put back. */
  readonly signal: AbortSignal;
}

/** `wouldApply`: a dry run · `held`: --yes does not take it unless it is named · `guide`: a person has to do it. */
export type FixOutcome =
  | 'applied'
  | 'declined'
  | 'refused'
  | 'failed'
  | 'wouldApply'
  | 'held'
  | 'guide'
  | 'none'
  | 'interrupted';

export interface FixEntry {
  readonly finding: string;
  readonly fix: string | null;
  readonly title: string;
  readonly privilege: number | null;
  readonly effect: readonly string[];
  readonly touches: readonly string[];
  readonly diff: string;
  readonly commands: readonly string[];
  /** What could be chosen, and what was; nothing is taken where it was refused for want of an answer. */
  readonly choices: readonly (Choice & { readonly taken: readonly string[] })[];
  readonly outcome: FixOutcome;
  /** By the check that found the fault; null where nothing was applied. */
  readonly verified: boolean | null;
  readonly because: string;
}

/** The shape of `fix --json`. */
export interface FixReport {
  readonly schema: 'gpumedic.fix/1';
  readonly verdict: Report['verdict'];
  readonly mutated: boolean;
  readonly dryRun: boolean;
  readonly fixes: readonly FixEntry[];
  readonly undo: string | null;
}

/** The question about a change; everything else that is asked is about what the plan is to be. */
export const APPLY = 'Apply?  y or yes applies, anything else does not > ';

/** Lines in a row that are no answer; a pipe that only ever says the same would ask for ever. */
const MOST_WRONG = 3;

/** More than one fault can lie behind another; more than this is a fix that does not help. */
const MOST = 12;

export const diffOf = (plan: Plan): string =>
  plan.steps.flatMap(s => (s.do === 'edit' ? [unifiedDiff(s.path, s.before, s.after)] : [])).join('');

/** Why --yes leaves it to a person; null where it takes it. */
export const heldBack = (plan: Plan): string | null => {
  if (plan.privilege >= 4)
    return `it ${plan.privilege === 4 ? 'widens what containers may do' : 'needs a reboot or puts data at risk'}`;
  const { interrupts } = plan;
  if (interrupts === null || interrupts.liveRestore) return null;
  if (interrupts.unknown !== undefined)
    return `which running containers its restart would stop is not known: ${interrupts.unknown}`;
  const names = interrupts.containers.map(c => c.name);
  return names.length > 0 ? `its restart stops running containers: ${names.join(', ')}` : null;
};

/** Resolves to the exit code of the contract. Throws UnknownId before anything is changed. */
export const runFix = async (run: FixRun): Promise<number> => {
  const { outside, terminal } = run;
  const theme = themeOf(terminal.ascii);
  const say = (...lines: readonly Line[]) => {
    if (run.json) return;
    for (const line of lines)
      for (const drawn of drawLine(line, terminal.columns, theme)) run.out(`${painted(drawn, terminal.colour)}\n`);
  };
  const text = (t: string): Line => ({ kind: 'text', text: t });
  const look = async () => {
    const facts = await outside.facts.all();
    return { facts, report: outside.reportOf(facts) };
  };

  let { facts, report } = await look();
  for (const f of report.findings)
    outside.append({
      type: 'judged',
      flow: 'report',
      node: f.id,
      title: f.title,
      verdict: f.id,
      found: f.title,
      seen: [],
      finding: { id: f.id, severity: f.severity, title: f.title },
    });
  const named = jobsOf(outside, report, facts, run.ids);
  const given = run.chosen ?? {};
  await checkChosen(outside, facts, named, given);
  const entries: FixEntry[] = [];
  const tried = new Set<string>();
  let interrupted = false;
  /** An undo has something to put back. */
  let hasLeft = false;

  const entry = (
    job: Job,
    fix: Fix | null,
    outcome: FixOutcome,
    because = '',
    plan: Plan | null = null,
    verified: boolean | null = null,
    choices: FixEntry['choices'] = [],
  ): FixEntry => {
    const made: FixEntry = {
      finding: job.finding,
      fix: fix?.id ?? null,
      title: fix?.title ?? '',
      privilege: plan?.privilege ?? fix?.privilege ?? null,
      effect: plan?.effect ?? fix?.effect ?? [],
      touches: plan?.touches ?? [],
      diff: plan ? diffOf(plan) : '',
      commands: plan ? commandsOf(plan) : [],
      choices,
      outcome,
      verified,
      because,
    };
    entries.push(made);
    return made;
  };

  /** Asks, a question at a time; null where the person turns away, the input ends or says nothing that can be meant. */
  const answersTo = async (asks: readonly Choice[]): Promise<Chosen | null> => {
    let picks = startOf(asks, null);
    let isNew = true;
    for (let wrong = 0; asks.length > 0 && wrong < MOST_WRONG; wrong = isNew ? 0 : wrong + 1) {
      const view = { ...BLANK, ...asksView(asks, picks) };
      if (isNew) {
        say(text(''), ...view.lead);
        for (const row of rowsOf(view, theme)) run.out(`${row}\n`);
      }
      const said = await run.ask(`${promptOf(view)}, b back > `);
      if (said === null || run.signal.aborted) return null;
      const intent = answerOf(view, said);
      const turn = intent === null ? null : turned(asks, picks, intent);
      if (turn === 'away' || intent?.do === 'quit') return null;
      isNew = turn !== null;
      if (turn === null) say(text(noAnswer(view, ', or b')));
      else if ('done' in turn) return turn.done;
      else picks = turn.picks;
    }
    return asks.length > 0 ? null : {};
  };

  const see = async (job: Job): Promise<void> => {
    const fix = offerFor(
      job,
      outside.ladder(job.finding, facts).filter(f => !tried.has(f.id)),
    );
    say(text(''), {
      kind: 'text',
      text: `${outside.modes[job.finding]?.title ?? job.finding} (${job.finding})`,
      tone: 'strong',
      sign: 'broken',
    });
    if (fix === undefined) {
      const guide = outside.modes[job.finding]?.guide ?? [];
      say(
        text('Nothing can be applied for it here. What a person can do:'),
        ...guide.map((g, i) => text(`${i + 1}. ${g}`)),
      );
      entry(job, null, 'none', 'no fix applies to this box');
      return;
    }
    tried.add(fix.id);
    if (fix.by === 'guide') {
      const lines = guideLines(fix.guide?.(facts) ?? []);
      say(
        text(`${fix.title}: this is for a person to do.`),
        ...lines.map(l => (l.startsWith('   ') ? ({ kind: 'command', text: l.trim() } as const) : text(l))),
      );
      entry(job, fix, 'guide', 'a person has to do it');
      return;
    }
    const asks = await outside.choices(fix, facts, job.finding);
    const isAsked = (id: string) => !run.yes && !run.json && !run.dryRun && !(id in given);
    const answers = await answersTo(asks.filter(a => isAsked(a.id)));
    if (run.signal.aborted) interrupted = true;
    if (answers === null) {
      say(text('Declined; nothing was changed.'));
      entry(job, fix, 'declined');
      return;
    }
    const chosen = { ...given, ...answers };
    const choices = asks.map(a => ({ ...a, taken: chosen[a.id] ?? a.initial }));
    for (const event of choseEvents(fix.id, job.finding, asks, chosen, id =>
      isAsked(id) ? 'asked' : id in given ? 'given' : 'initial',
    ))
      outside.append(event);
    const plan = await outside.propose(fix, facts, job.finding, chosen);
    if (isRefusal(plan)) {
      outside.append({ type: 'refused', fix: fix.id, because: plan.refuse });
      say(text(`${fix.title}: ${plan.refuse}`), ...(plan.instead ?? []).map(i => ({ kind: 'code', text: i }) as const));
      const open = choices.find(c => c.taken.length === 0);
      if (open) say(text(`To say it beforehand: gpumedic fix ${fix.id} --choose ${open.id}=VALUE`));
      entry(job, fix, 'refused', plan.refuse, null, null, choices);
      return;
    }
    const note = (outcome: FixOutcome, because = '', verified: boolean | null = null) =>
      entry(job, fix, outcome, because, plan, verified, choices);
    for (const { question, taken, options } of choices.filter(c => !isAsked(c.id)))
      say(text(`${question} ${taken.map(v => options.find(o => o.value === v)?.label ?? v).join(', ')}`));
    outside.append({ type: 'proposed', plan });
    say(...proposalLines(plan));
    if (run.dryRun) {
      say(text('Dry run: nothing was changed.'));
      note('wouldApply');
      return;
    }
    const why = run.yes && job.fix === null ? heldBack(plan) : null;
    if (why !== null) {
      say(text(`Not taken by --yes, because ${why}. To take it: gpumedic fix ${fix.id} --yes${run.from ?? ''}`));
      note('held', why);
      return;
    }
    const said = run.yes ? 'yes' : ((await run.ask(APPLY)) ?? '');
    if (run.signal.aborted) interrupted = true;
    const isYes = !run.signal.aborted && /^(y|yes)$/i.test(said.trim());
    outside.append({
      type: 'answered',
      question: `apply ${fix.id}`,
      answer: isYes ? (run.yes ? 'yes, by --yes' : 'yes') : 'no',
    });
    if (!isYes) {
      say(text('Declined; nothing was changed.'));
      note('declined');
      return;
    }
    if (needsRoot(plan) && !(await outside.canRoot()) && (run.yes || !outside.sudo())) {
      say(text(rootPage(plan).title), ...rootPage(plan).lines.map(l => ({ kind: 'code', text: l }) as const));
      note('failed', 'root is needed and sudo gave none');
      return;
    }
    const result = await outside.apply(plan, {
      signal: run.signal,
      note: (what, ok, detail) => {
        if (ok !== null) say({ kind: 'text', text: detail ? `${what}: ${detail}` : what, sign: ok ? 'ok' : 'broken' });
      },
    });
    outside.facts.forget();
    ({ facts, report } = await look());
    if (result.did !== 'applied') {
      interrupted ||= result.did === 'stopped';
      say({ kind: 'text', text: `Not applied: ${result.because}`, tone: 'broken', sign: 'broken' });
      note(result.did === 'stopped' ? 'interrupted' : 'failed', result.because);
      return;
    }
    const ok = !report.findings.some(f => f.id === job.finding) && !report.ways.some(w => w.cause === job.finding);
    outside.append({ type: 'verified', finding: job.finding, ok, by: 'report' });
    say(
      ok
        ? { kind: 'text', text: `Fixed: ${job.finding} is not found any more`, tone: 'ok', sign: 'done' }
        : { kind: 'text', text: `${fix.id} did not clear ${job.finding}`, tone: 'unsure', sign: 'unsure' },
    );
    say(...plan.afterwards.map(a => ({ kind: 'fact', label: 'Afterwards', text: a }) as const));
    hasLeft ||= hasWayBack(plan);
    note('applied', '', ok);
  };

  if (named.length > 0)
    for (const job of named) {
      if (interrupted) break;
      await see(job);
      // One finding may have more than one place: what is left of it may need another fix.
      for (let more = 0; more < MOST && isLeftOf(job, entries) && !interrupted; more++) {
        const next = outside.ladder(job.finding, facts).find(f => !tried.has(f.id));
        if (next === undefined || next.by === 'guide') break;
        await see(job);
      }
    }
  else {
    const seen = new Set<string>();
    for (let round = 0; round < MOST && !interrupted; round++) {
      const next = report.findings.find(
        f => f.severity === 'fault' && !seen.has(`${f.id} ${run.dryRun ? '' : tried.size}`) && !isDone(entries, f.id),
      );
      if (!next) break;
      seen.add(`${next.id} ${run.dryRun ? '' : tried.size}`);
      await see({ finding: next.id, fix: null });
      if (run.signal.aborted) interrupted = true;
    }
  }

  const isMutated = entries.some(e => e.outcome === 'applied');
  const session = outside.session();
  // A simulated box ends with the program; there is nothing left to undo.
  const undo = hasLeft && session !== null && outside.box.kind === 'live' ? `gpumedic undo ${session}` : null;
  const code = interrupted ? 130 : { ok: 0, fault: 1, unknown: 2 }[report.verdict];
  outside.append({
    type: 'ended',
    outcome: interrupted
      ? 'stopped'
      : report.verdict === 'ok'
        ? isMutated
          ? 'fixed'
          : 'healthy'
        : report.verdict === 'unknown'
          ? 'cannotTell'
          : entries.some(e => e.outcome === 'declined')
            ? 'declined'
            : isMutated
              ? 'failed'
              : 'faulty',
    exitCode: code,
    ...(undo !== null && { undo }),
  });
  if (run.json) {
    const result: FixReport = {
      schema: 'gpumedic.fix/1',
      verdict: report.verdict,
      mutated: isMutated,
      dryRun: run.dryRun,
      fixes: entries,
      undo,
    };
    run.out(`${JSON.stringify(result, null, 2)}\n`);
    return code;
  }
  say(text(''));
  if (entries.length === 0)
    say(
      text(
        report.verdict === 'ok'
          ? 'Nothing to fix: no fault was found.'
          : 'Nothing to fix: no fault was found, but not everything could be told.',
      ),
    );
  else if (run.dryRun) say(text('Dry run: nothing was changed.'));
  else if (!isMutated) say(text('Nothing was changed.'));
  const standing = report.findings.filter(f => f.severity === 'fault');
  if (!run.dryRun && standing.length > 0)
    say({ kind: 'text', text: `Still there: ${standing.map(f => f.id).join(', ')}`, tone: 'broken', sign: 'broken' });
  if (isMutated && report.verdict === 'ok')
    say({ kind: 'text', text: 'Everything that was found is fixed and verified.', tone: 'ok', sign: 'ok' });
  if (undo !== null) say({ kind: 'fact', label: 'Undo', text: undo });
  return code;
};

/** What was applied helped, and the finding is still there. */
const isLeftOf = (job: Job, entries: readonly FixEntry[]): boolean => {
  const last = entries.findLast(e => e.finding === job.finding);
  return job.fix === null && last?.outcome === 'applied' && last.verified === false;
};

/** One cause, one answer: what was declined, refused or held is not asked again; what was applied may need the next fix. */
const isDone = (entries: readonly FixEntry[], finding: string): boolean =>
  entries.some(e => e.finding === finding && e.outcome !== 'applied' && e.outcome !== 'failed') ||
  entries.filter(e => e.finding === finding).length >= 3;
