/** What all fixes are made with: a draft that becomes a plan, and edits that become steps or refusals. */
import type { Command, Ran } from '../../src/box/box.ts';
import { type Choice, type Chosen, type Fix, fix, type GuideStep } from '../../src/engine/fix.ts';
import { isUnknown, type Maybe, or } from '../../src/engine/known.ts';
import type { AnswerOf, Asks } from '../../src/engine/probe.ts';
import type { Effect, Interruption, Plan, Privilege, Refusal, Step } from '../../src/plan/plan.ts';
import type { Edit, Fault } from '../../src/text/edit.ts';
import type { Facts } from '../probes/index.ts';

/** A plan without what the fix itself already says. */
export interface Draft {
  /** One sentence: what it does and why this is the least that helps. */
  readonly summary: string;
  readonly steps: readonly Step[];
  readonly validate?: readonly Command[];
  readonly settle?: readonly Command[];
  readonly interrupts?: Interruption | null;
  readonly afterwards?: readonly string[];
  /** Where this box needs more or less than the fix in general. */
  readonly privilege?: Privilege;
  readonly effect?: readonly Effect[];
}

interface Written<N extends Asks> {
  readonly id: string;
  readonly title: string;
  readonly mends: readonly string[];
  readonly privilege: Privilege;
  readonly effect: readonly Effect[];
  readonly source: string;
  readonly installs?: boolean;
  readonly fits: (facts: Facts, finding: string) => boolean;
  readonly touches?: (facts: Facts) => readonly string[];
  readonly needs?: (facts: Facts) => N;
  readonly more?: (facts: Facts, answers: { readonly [K in keyof N]: AnswerOf<N[K]> }) => Asks;
  readonly plan: (
    facts: Facts,
    answers: { readonly [K in keyof N]: AnswerOf<N[K]> },
    finding: string,
    chosen: Chosen,
  ) => Draft | Refusal;
  readonly choices?: (
    facts: Facts,
    answers: { readonly [K in keyof N]: AnswerOf<N[K]> },
    finding: string,
  ) => readonly Choice[];
  readonly guide?: (facts: Facts) => readonly GuideStep[];
}

/** A fix that the program may carry out after a yes. */
export const applies = <const N extends Asks>({ plan, touches, ...f }: Written<N>): Fix =>
  fix<N>({
    ...f,
    by: 'apply',
    touches: touches ?? (() => []),
    propose: (facts, answers, finding, chosen) => {
      const draft = plan(facts, answers, finding, chosen);
      if ('refuse' in draft) return draft;
      const edited = draft.steps.flatMap(s => (s.do === 'edit' ? [s.path] : []));
      return {
        fix: f.id,
        finding,
        title: f.title,
        summary: draft.summary,
        privilege: draft.privilege ?? f.privilege,
        effect: draft.effect ?? f.effect,
        touches: edited.length > 0 ? [...new Set(edited)] : (touches?.(facts) ?? []),
        steps: draft.steps,
        validate: draft.validate ?? [],
        settle: draft.settle ?? [],
        interrupts: draft.interrupts ?? null,
        afterwards: draft.afterwards ?? [],
      } satisfies Plan;
    },
  });

/** Steps for a person; the program has no plan for it. */
/** A container of any kind: modules and device nodes belong to the machine around it. */
export const isInside = (f: Facts): boolean => /lxc|docker|podman|nspawn/.test(or(f.where.container, 'none'));

export const byHand = (
  f: Pick<Fix, 'id' | 'title' | 'mends' | 'privilege' | 'effect' | 'source'> & {
    readonly fits?: (facts: Facts, finding: string) => boolean;
    readonly steps: (facts: Facts) => readonly GuideStep[];
  },
): Fix => {
  const { steps, fits, ...rest } = f;
  return fix({ ...rest, by: 'guide', fits: fits ?? (() => true), touches: () => [], guide: steps });
};

export const refuse = (because: string, ...instead: readonly string[]): Refusal =>
  instead.length > 0 ? { refuse: because, instead } : { refuse: because };

/** "path:line:column: message", the form in which editors and people look for a place. */
export const placed = (path: string, fault: Fault): string => `${path}:${fault.line}:${fault.column}: ${fault.message}`;

/** The file a person would edit, or why it cannot be edited from here. */
export const known = (text: Maybe<string | null>, path: string): string | null | Refusal => {
  if (!isUnknown(text)) return text;
  return refuse(
    text.unknown === 'denied'
      ? `${path} may not be read by this user, so no exact change can be shown`
      : `${path} could not be read (${text.unknown}), so no exact change can be shown`,
  );
};
export const isRefused = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'refuse' in value;

/** The step that turns `before` into what the editor made of it; a refusal names the place that resists. */
export const edits = (path: string, before: string | null, edit: Edit, why: string, mode?: number): Step | Refusal => {
  if (!edit.ok) return refuse(`${placed(path, edit.fault)}; it is left as it is`);
  if (!edit.changed) return refuse(`${path} already says so; this would change nothing`);
  return replaces(path, before, edit.text, why, mode);
};

export const replaces = (
  path: string,
  before: string | null,
  after: string | null,
  why: string,
  mode?: number,
): Step => ({ do: 'edit', path, before, after, ...(mode === undefined ? {} : { mode }), root: true, why });

/** A command that changes something as root, with what takes it back. */
export const does = (
  why: string,
  argv: readonly [string, ...string[]],
  undo: readonly [string, ...string[]] | { readonly nothing: string },
  timeoutMs = 60_000,
): Step => ({
  do: 'run',
  command: root(argv, timeoutMs),
  undo: 'nothing' in undo ? undo : root(undo, timeoutMs),
  why,
});

export const root = (argv: readonly [string, ...string[]], timeoutMs = 60_000): Command => ({
  argv,
  root: true,
  changes: true,
  timeoutMs,
});

/** Standard output of a preview, or why there is none to show. */
export const printed = (ran: Ran, name: string): string | Refusal => {
  if (ran.kind === 'exited' && ran.code === 0 && ran.truncated !== true) return ran.stdout;
  if (ran.kind === 'exited') {
    const last = ran.stderr.trim().split('\n').pop() ?? '';
    return refuse(
      ran.truncated ? `${name} printed more than can be shown` : `${name} failed: ${last || `exit status ${ran.code}`}`,
    );
  }
  return refuse(
    {
      absent: `${name.split(' ')[0]} is not installed`,
      denied: `${name} may not be run here`,
      timedOut: `${name} did not answer in time`,
      unrecorded: `this recording does not hold ${name}, so the result cannot be shown`,
    }[ran.kind],
  );
};
