/** What the words of `gpumedic fix` stand for on a box: findings, the fixes for them, and what was chosen beforehand. */
import type { Chosen, Fix } from '../engine/fix.ts';
import { misfit } from '../engine/propose.ts';
import type { AnyFacts, Outside, Report } from './outside.ts';

export class UnknownId extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnknownId';
  }
}

export interface Job {
  readonly finding: string;
  /** Named by the person, not chosen by us. */
  readonly fix: string | null;
}

/** What the ids stand for on this box. Throws UnknownId for one that is neither a finding nor a fix. */
export const jobsOf = (outside: Outside, report: Report, facts: AnyFacts, ids: readonly string[]): readonly Job[] =>
  ids.map(id => {
    if (report.findings.some(f => f.id === id)) return { finding: id, fix: null };
    const finding = report.findings.find(f => outside.ladder(f.id, facts).some(x => x.id === id));
    if (finding) return { finding: finding.id, fix: id };
    // A way that was never set up is no finding, but a person may still want what it lacks.
    const cause = report.ways.find(
      w => w.cause === id || (w.cause !== null && outside.ladder(w.cause, facts).some(x => x.id === id)),
    )?.cause;
    if (cause) return { finding: cause, fix: cause === id ? null : id };
    if (id in outside.modes) throw new UnknownId(`${id} was not found on this box, so there is nothing to fix`);
    throw new UnknownId(`${id} is neither a finding nor a fix for this box`);
  });

/** The fix for a job: the one that was named, else the first that is offered and can be carried out. */
export const offerFor = (job: Job, offers: readonly Fix[]): Fix | undefined =>
  job.fix === null ? (offers.find(f => f.by !== 'guide') ?? offers[0]) : offers.find(f => f.id === job.fix);

/** Throws UnknownId where something was chosen that none of the jobs offers. */
export const checkChosen = async (
  outside: Outside,
  facts: AnyFacts,
  jobs: readonly Job[],
  chosen: Chosen,
): Promise<void> => {
  if (Object.keys(chosen).length === 0) return;
  const fixes = jobs.flatMap(job => {
    const fix = offerFor(job, outside.ladder(job.finding, facts));
    return fix === undefined ? [] : [{ fix, finding: job.finding }];
  });
  const asked = (await Promise.all(fixes.map(({ fix, finding }) => outside.choices(fix, facts, finding)))).flat();
  for (const [id, values] of Object.entries(chosen)) {
    const mine = asked.filter(c => c.id === id);
    const wrong = misfit(mine, { [id]: values });
    const possible = [...new Set(mine.flatMap(c => c.options.map(o => o.value)))].join(', ');
    if (wrong) throw new UnknownId(`--choose ${wrong.refuse}; possible: ${possible}`);
    if (mine.length > 0) continue;
    const names = [...new Set(asked.map(c => c.id))].join(', ');
    throw new UnknownId(
      `--choose ${id}: ${fixes.map(f => f.fix.id).join(', ') || jobs.map(j => j.finding).join(', ')} ${names === '' ? 'leaves nothing to choose' : `has no such choice; there is ${names}`}`,
    );
  }
};
