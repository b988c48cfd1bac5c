/** What the events of a session amount to: the one reading of them that all renderers share. Pure. */
import type { Because } from '../box/box.ts';
import type { Evidence } from '../engine/flow.ts';
import type { Plan } from '../plan/plan.ts';
import type { Event, Machine, Outcome } from './event.ts';
import type { ExactEdit } from './exact.ts';

type Of<T extends Event['type']> = Extract<Event, { readonly type: T }>;

/** `proposed`: shown, no answer on record. `dropped`: a step failed and what had been done was put back. `stuck`: putting back failed too. */
export type ChangeStatus = 'proposed' | 'declined' | 'applied' | 'dropped' | 'undone' | 'stuck';

export interface StoryFinding {
  readonly id: string;
  readonly severity: 'fault' | 'risk' | 'note';
  readonly title: string;
  readonly evidence: readonly Evidence[];
  /** By the check that found it: true repaired, false still there, null not looked at again. */
  readonly mended: boolean | null;
}

export interface Change {
  readonly plan: Plan;
  /** Its edits byte for byte, one entry a step; empty in a log of an older version. */
  readonly exact: readonly (ExactEdit | null)[];
  /** What was chosen before the plan was made, each question once. */
  readonly chosen: readonly Of<'chose'>[];
  readonly status: ChangeStatus;
  readonly steps: readonly Of<'stepped'>[];
  readonly verified: Of<'verified'> | null;
}

export interface Story {
  readonly began: Of<'began'> | null;
  readonly machine: Machine | null;
  readonly findings: readonly StoryFinding[];
  readonly changes: readonly Change[];
  readonly refused: readonly Of<'refused'>[];
  readonly choices: readonly Of<'chose'>[];
  readonly answers: readonly Of<'answered'>[];
  readonly proofs: readonly Of<'proved'>[];
  readonly ways: Of<'ways'>['ways'];
  /** What did not answer, each once. */
  readonly unknown: readonly { readonly probe: string; readonly because: Because }[];
  readonly judged: readonly Of<'judged'>[];
  readonly ran: readonly Of<'ran'>[];
  readonly looked: readonly Of<'looked'>[];
  /** Steps of an undo that belong to no plan of this session. */
  readonly putBack: readonly Of<'stepped'>[];
  readonly outcome: Outcome | null;
  readonly exitCode: number | null;
  readonly undo: string | null;
  /** Milliseconds from the first event to the last. */
  readonly tookMs: number;
}

const statusOf = (steps: readonly Of<'stepped'>[], answer: string | null): ChangeStatus => {
  if (steps.length === 0) return answer !== null && !/^(?:y|yes)$/i.test(answer.trim()) ? 'declined' : 'proposed';
  const failed = steps.some(step => step.direction === 'apply' && !step.ok);
  const undo = steps.filter(step => step.direction === 'undo');
  if (
    undo.some(step => !step.ok) ||
    (failed && undo.length === 0 && steps.some(step => step.direction === 'apply' && step.ok))
  )
    return 'stuck';
  if (undo.length > 0) return failed ? 'dropped' : 'undone';
  return failed ? 'dropped' : 'applied';
};

/** "services: web, worker; gpus: 0"; empty where nothing was to be chosen. */
export const chosenWords = ({ chosen }: Pick<Change, 'chosen'>): string =>
  chosen.map(c => `${c.choice}: ${c.taken.join(', ')}`).join('; ');

const changesOf = (events: readonly Event[]): Change[] => {
  const starts = events.flatMap((event, i) => (event.type === 'proposed' ? [i] : []));
  const whole = starts.map((start, n) => {
    const { plan, exact = [] } = events[start] as Of<'proposed'>;
    const part = events.slice(start, starts[n + 1] ?? events.length);
    // Between the plan before it and this one; the last answer to a question counts.
    const asked = events
      .slice(starts[n - 1] ?? 0, start)
      .filter((e): e is Of<'chose'> => e.type === 'chose' && e.fix === plan.fix && e.finding === plan.finding);
    const chosen = asked.filter((e, i) => asked.findLastIndex(o => o.choice === e.choice) === i);
    const steps = part.filter(event => event.type === 'stepped');
    const answer = part.find(event => event.type === 'answered')?.answer ?? null;
    const verified = part.findLast(event => event.type === 'verified' && event.finding === plan.finding) ?? null;
    return { plan, exact, chosen, steps, status: statusOf(steps, answer), verified: verified as Of<'verified'> | null };
  });
  // A plan that is previewed again before it is applied is one change, not two.
  return whole.filter(
    (change, n) =>
      change.steps.length > 0 ||
      !whole
        .slice(n + 1)
        .some(later => later.plan.fix === change.plan.fix && later.plan.finding === change.plan.finding),
  );
};

const findingsOf = (events: readonly Event[]): StoryFinding[] => {
  const found = new Map<string, StoryFinding>();
  for (const event of events) {
    if (event.type === 'verified') {
      const known = found.get(event.finding);
      if (known !== undefined) found.set(event.finding, { ...known, mended: event.ok });
    }
    if (event.type !== 'judged' || event.finding === undefined) continue;
    const known = found.get(event.finding.id);
    const fresh = event.seen.filter(e => !known?.evidence.some(k => k.from === e.from && k.shows === e.shows));
    found.set(event.finding.id, {
      ...event.finding,
      evidence: [...(known?.evidence ?? []), ...fresh],
      mended: known?.mended ?? null,
    });
  }
  return [...found.values()];
};

/** Reads the events of one session, in order. A log that breaks off gives a story with open ends, never an error. */
export const storyOf = (events: readonly Event[]): Story => {
  const all = <T extends Event['type']>(type: T): Of<T>[] =>
    events.filter((event): event is Of<T> => event.type === type);
  const ended = all('ended').at(-1);
  const changes = changesOf(events);
  const firstPlan = events.findIndex(event => event.type === 'proposed');
  const missing = all('judged').flatMap(event => event.missing ?? []);
  return {
    began: all('began')[0] ?? null,
    machine: all('machine').at(-1)?.machine ?? null,
    findings: findingsOf(events),
    changes,
    refused: all('refused'),
    choices: all('chose'),
    answers: all('answered'),
    proofs: all('proved'),
    ways: all('ways').at(-1)?.ways ?? [],
    unknown: missing.filter((m, i) => missing.findIndex(o => o.probe === m.probe && o.because === m.because) === i),
    judged: all('judged'),
    ran: all('ran'),
    looked: all('looked'),
    putBack: events.filter(
      (event, i): event is Of<'stepped'> => event.type === 'stepped' && (firstPlan < 0 || i < firstPlan),
    ),
    outcome: ended?.outcome ?? null,
    exitCode: ended?.exitCode ?? null,
    undo: ended?.undo ?? null,
    tookMs: events.length === 0 ? 0 : events.at(-1)!.at - events[0]!.at,
  };
};
