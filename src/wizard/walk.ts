/** What one walk has seen so far, as plain data. */
import type { Place } from '../engine/compile.ts';
import type { Choice, Chosen, Fix, GuideStep } from '../engine/fix.ts';
import type { Evidence, Target, WayId, Why } from '../engine/flow.ts';
import { isFinding } from '../engine/flow.ts';
import type { Mode } from '../engine/mode.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import { effectWords } from '../report/words.ts';
import type { AnyFacts, Report } from './outside.ts';

export type Sign = 'ok' | 'broken' | 'unsure' | 'note' | 'done' | 'plain';
export interface Row {
  readonly sign: Sign;
  readonly label: string;
  readonly text: string;
}

export interface Offer {
  readonly fix: string;
  readonly title: string;
  readonly by: Fix['by'];
  /** "writes 1 file, restarts nothing". */
  readonly costs: string;
  readonly privilege: number;
  readonly guide: readonly GuideStep[];
  readonly tried: boolean;
}

/** Everything a person is told about a finding that waits for a choice. */
export interface Found {
  readonly id: string;
  readonly node: string;
  readonly label: string;
  readonly text: string;
  readonly title: string;
  readonly why: Why;
  readonly source: string;
  readonly seen: readonly Evidence[];
  readonly mode: Mode | null;
  readonly report: Report;
  readonly offers: readonly Offer[];
  readonly probes: readonly string[];
}

export interface Walk {
  readonly stage: Place['stage'] | 'ended';
  readonly checking: {
    readonly label: string;
    readonly question: string;
    readonly what: readonly string[];
    readonly since: number;
  } | null;
  readonly found: Found | null;
  /** What the fix asks before its plan, and what was answered; null until it was. */
  readonly asks: readonly Choice[];
  readonly chosen: Chosen | null;
  readonly plan: Plan | null;
  readonly refusal: Refusal | null;
  readonly trouble: string | null;
  /** Steps of the apply in progress. */
  readonly steps: readonly Row[];
  readonly left: readonly string[];
  readonly fixed: readonly string[];
  /** Every finding of severity fault that was met. */
  readonly met: readonly string[];
  /** Forms of request on which a fault was met: a proof that it is gone asks in one of these. */
  readonly stopped: readonly WayId[];
  readonly applied: readonly Plan[];
  readonly interrupted: boolean;
  readonly stopping: boolean;
  /** How the box stands at the end of the walk. */
  readonly report: Report | null;
}

export const signOf = (target: Target | undefined, verdict: string): Sign => {
  if (target !== undefined && isFinding(target))
    return target.finding === 'stop' || target.finding === 'harm' ? 'broken' : 'note';
  return verdict === 'cannotTell' ? 'unsure' : 'ok';
};

/** What a fix costs, in words, from its effect codes. */
export const costsOf = (fix: Fix, facts: AnyFacts): string => {
  if (fix.by === 'guide') return 'steps for you to do';
  const files = fix.touches(facts).length;
  const restarts: readonly string[] = fix.effect.flatMap(e => effectWords[e] ?? []);
  const written = files > 0 ? [`writes ${files} file${files === 1 ? '' : 's'}`] : [];
  const does = [...(fix.installs ? ['installs packages'] : []), ...written];
  return [
    ...(does.length > 0 ? does : ['writes no file']),
    restarts.length > 0 ? restarts.join(', ') : 'restarts nothing',
  ].join(', ');
};
