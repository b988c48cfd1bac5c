/**
 * A flow becomes an xstate machine: a check is one state with a transition per verdict, a finding that stops the way
 * is a compound state in which the person chooses, and every exit is a final state. The machine decides nothing by
 * itself; what a verdict means stands in the flow alone.
 */
import { type AnyStateMachine, assign, fromPromise, setup } from 'xstate';
import type { Plan, Refusal } from '../plan/plan.ts';
import { isRefusal } from '../plan/plan.ts';
import type { Chosen, Choice as Question } from './fix.ts';
import { type Check, type Finding, type Flow, isFinding, type Request, type Target } from './flow.ts';

export interface FlowInput {
  readonly request: Request;
  /** Fixes that were applied in this session, by id; each is offered once. */
  readonly tried: Readonly<Record<string, number>>;
  /** Findings the person chose to leave; they are not asked about again. */
  readonly left: readonly string[];
  /** The most fixes to apply in one walk; the walker of paths sets it, a person has no limit but `tried`. */
  readonly most?: number;
}

export interface FlowContext extends FlowInput {
  /** Findings that are shown and passed: a consequence of another one, or about a form that was never set up. */
  readonly passed: readonly string[];
  readonly fix: string | null;
  /** What the fix asks before it makes its plan, and what was answered; null until it was. */
  readonly asks: readonly Question[];
  readonly chosen: Chosen | null;
  readonly plan: Plan | null;
  readonly refusal: Refusal | null;
  /** Why the last attempt did not help, in words. */
  readonly trouble: string | null;
}

/** `take`: the questions of a fix are answered; `apply` is the deliberate yes; `stop` during an apply finishes the step and undoes. */
export type Choice = 'fix' | 'leave' | 'again' | 'take' | 'apply' | 'decline' | 'back' | 'stop';
export interface ChooseEvent {
  readonly type: 'CHOOSE';
  readonly choice: Choice;
  readonly fix?: string;
  readonly chosen?: Chosen;
}

export type Stage = 'checking' | 'choosing' | 'planning' | 'asking' | 'refused' | 'proposing' | 'applying';
/** Where a machine stands, for the screen and for the walker of paths. */
export interface Place {
  readonly flow: string;
  readonly node: string;
  readonly stage: Stage;
  readonly verdict?: string;
  readonly finding?: Finding;
}

export type Exit =
  | { readonly to: string }
  | { readonly end: 'works' }
  | { readonly end: 'stopped' }
  | { readonly end: 'interrupted' };
export interface FlowOutput {
  readonly exit: Exit;
  readonly tried: Readonly<Record<string, number>>;
  readonly left: readonly string[];
}

export type Applied = { readonly did: 'applied' } | { readonly did: 'undone' | 'stopped'; readonly because: string };

const unfilled = (name: string) => () => Promise.reject(new Error(`${name} was not provided`));

/** `passes`: a finding that nobody has to decide about. */
export interface Verdict {
  readonly verdict: string;
  readonly passes?: string;
}

/** Questions instead of a plan: what only a person can decide comes first. */
export interface Asking {
  readonly asks: readonly Question[];
}
export interface Planning {
  readonly finding: string;
  readonly fix: string;
  readonly asks: readonly Question[];
  /** Null the first time. */
  readonly chosen: Chosen | null;
}
const isAsking = (output: Plan | Refusal | Asking): output is Asking => 'asks' in output;

/** The outside of a flow machine, filled in by the session; a test fills it in with plain functions. */
export const actors = {
  judge: fromPromise<Verdict, { readonly flow: string; readonly node: string; readonly request: Request }>(
    unfilled('judge'),
  ),
  plan: fromPromise<Plan | Refusal | Asking, Planning>(unfilled('plan')),
  apply: fromPromise<Applied, { readonly plan: Plan }>(unfilled('apply')),
};
export type Actors = typeof actors;

const kit = setup({
  types: {} as {
    context: FlowContext;
    events: ChooseEvent;
    input: FlowInput;
    output: FlowOutput;
    tags: 'busy' | 'choice';
    meta: Place;
  },
  actors,
  actions: { askToStop: () => {} },
});

export const exitName = (exit: Exit): string => ('to' in exit ? `exit/to ${exit.to}` : `exit/${exit.end}`);

const exitsOf = (flow: Flow): readonly Exit[] => {
  const named = new Map<string, Exit>();
  const add = (exit: Exit) => named.set(exitName(exit), exit);
  add({ end: 'stopped' });
  add({ end: 'interrupted' });
  for (const target of Object.values(flow.nodes).flatMap(n => Object.values(n.on))) {
    const onward = isFinding(target) ? target.then : target;
    if (onward !== undefined && typeof onward !== 'string') add(onward);
  }
  return [...named.values()];
};

/** A finding that waits for the person; `risk` and `note` are shown in the trail and passed. */
const asks = (target: Target): target is Finding =>
  isFinding(target) && (target.finding === 'stop' || target.finding === 'harm');

export const compileFlow = (flow: Flow): AnyStateMachine => {
  const at = (state: string) => `#${flow.id}.${state}`;
  const onwards = (then: Finding['then']): string =>
    at(then === undefined ? exitName({ end: 'stopped' }) : typeof then === 'string' ? then : exitName(then));
  const goes = (node: string, verdict: string, target: Target): string =>
    asks(target) ? at(`${node}/${verdict}`) : onwards(isFinding(target) ? target.then : target);
  /** One step back, to the questions, where there were any. */
  const asked = ({ context, event }: { readonly context: FlowContext; readonly event: ChooseEvent }) =>
    event.choice === 'back' && context.asks.length > 0;
  const chose = (choice: Choice) => (from: { readonly event: ChooseEvent }) => from.event.choice === choice;

  const checking = (node: string, check: Check) =>
    kit.createStateConfig({
      tags: ['busy'],
      meta: { flow: flow.id, node, stage: 'checking' },
      invoke: {
        id: `judge:${node}`,
        src: 'judge',
        input: ({ context }) => ({ flow: flow.id, node, request: context.request }),
        onDone: Object.entries(check.on).map(([verdict, target]) => ({
          description: verdict,
          target: goes(node, verdict, target),
          guard: ({ event }) => event.output.verdict === verdict,
          actions: assign({
            passed: ({ context, event }) =>
              event.output.passes === undefined ? context.passed : [...context.passed, event.output.passes],
          }),
        })),
        onError: { description: 'cannotTell', target: goes(node, 'cannotTell', check.on.cannotTell!) },
      },
    });

  const found = (node: string, verdict: string, finding: Finding) => {
    const place = (stage: Stage): Place => ({ flow: flow.id, node, stage, verdict, finding });
    const next = onwards(finding.then);
    return kit.createStateConfig({
      initial: 'choosing',
      states: {
        choosing: {
          tags: ['choice'],
          meta: place('choosing'),
          always: {
            guard: ({ context }) => context.left.includes(finding.id) || context.passed.includes(finding.id),
            target: next,
          },
          on: {
            CHOOSE: [
              {
                description: 'fix',
                target: 'planning',
                guard: ({ context, event }) =>
                  chose('fix')({ event }) &&
                  !(event.fix! in context.tried) &&
                  Object.keys(context.tried).length < (context.most ?? Number.POSITIVE_INFINITY),
                actions: kit.assign({ fix: ({ event }) => event.fix!, asks: [], chosen: null, trouble: null }),
              },
              { description: 'again', target: at(node), guard: chose('again') },
              {
                description: 'leave',
                target: next,
                guard: chose('leave'),
                actions: kit.assign({ left: ({ context }) => [...context.left, finding.id] }),
              },
            ],
          },
        },
        planning: {
          tags: ['busy'],
          meta: place('planning'),
          invoke: {
            id: `plan:${node}/${verdict}`,
            src: 'plan',
            input: ({ context }) => ({
              finding: finding.id,
              fix: context.fix!,
              asks: context.asks,
              chosen: context.chosen,
            }),
            onDone: [
              {
                description: 'asks',
                target: 'asking',
                guard: ({ event }) => isAsking(event.output),
                actions: assign({ asks: ({ event }) => (event.output as Asking).asks }),
              },
              {
                description: 'refusal',
                target: 'refused',
                guard: ({ event }) => isRefusal(event.output as Plan | Refusal),
                actions: assign({ refusal: ({ event }) => event.output as Refusal }),
              },
              {
                description: 'plan',
                target: 'proposing',
                actions: assign({ plan: ({ event }) => event.output as Plan }),
              },
            ],
            onError: {
              description: 'failed',
              target: 'choosing',
              actions: assign({ trouble: ({ event }) => String(event.error) }),
            },
          },
        },
        asking: {
          tags: ['choice'],
          meta: place('asking'),
          on: {
            CHOOSE: [
              {
                description: 'take',
                target: 'planning',
                guard: chose('take'),
                actions: kit.assign({ chosen: ({ event }) => event.chosen ?? {} }),
              },
              { description: 'back', target: 'choosing', guard: chose('back') },
            ],
          },
        },
        refused: {
          tags: ['choice'],
          meta: place('refused'),
          on: {
            CHOOSE: [
              { description: 'back', target: 'asking', guard: asked },
              { description: 'back', target: 'choosing', guard: chose('back') },
              { description: 'decline', target: 'choosing', guard: chose('decline') },
            ],
          },
        },
        proposing: {
          tags: ['choice'],
          meta: place('proposing'),
          on: {
            CHOOSE: [
              { description: 'apply', target: 'applying', guard: chose('apply') },
              { description: 'back', target: 'asking', guard: asked },
              { description: 'decline', target: 'choosing', guard: chose('decline') },
            ],
          },
        },
        applying: {
          tags: ['busy'],
          meta: place('applying'),
          entry: kit.assign({ tried: ({ context }) => ({ ...context.tried, [context.fix!]: 1 }) }),
          on: { CHOOSE: { description: 'stop', guard: chose('stop'), actions: 'askToStop' } },
          invoke: {
            id: `apply:${node}/${verdict}`,
            src: 'apply',
            input: ({ context }) => ({ plan: context.plan! }),
            onDone: [
              { description: 'applied', target: at(node), guard: ({ event }) => event.output.did === 'applied' },
              {
                description: 'stopped',
                target: at(exitName({ end: 'interrupted' })),
                guard: ({ event }) => event.output.did === 'stopped',
              },
              {
                description: 'undone',
                target: 'choosing',
                actions: assign({ trouble: ({ event }) => ('because' in event.output ? event.output.because : null) }),
              },
            ],
            onError: {
              description: 'failed',
              target: 'choosing',
              actions: assign({ trouble: ({ event }) => String(event.error) }),
            },
          },
        },
      },
    });
  };

  const nodes = Object.entries(flow.nodes);
  return kit.createMachine({
    id: flow.id,
    context: ({ input }) => ({
      ...input,
      passed: [],
      fix: null,
      asks: [],
      chosen: null,
      plan: null,
      refusal: null,
      trouble: null,
    }),
    initial: flow.start,
    states: Object.fromEntries([
      ...nodes.map(([node, check]) => [node, checking(node, check)] as const),
      ...nodes.flatMap(([node, check]) =>
        Object.entries(check.on).flatMap(([verdict, target]) =>
          asks(target) ? [[`${node}/${verdict}`, found(node, verdict, target)] as const] : [],
        ),
      ),
      ...exitsOf(flow).map(exit => [exitName(exit), { type: 'final' as const, output: exit }] as const),
    ]),
    output: ({ context, event }) => ({
      exit: (event as unknown as { readonly output: Exit }).output,
      tried: context.tried,
      left: context.left,
    }),
  });
};

/** Where a snapshot of a flow machine stands; null at an exit. */
export const placeOf = (snapshot: { getMeta(): object }): Place | null =>
  (Object.values(snapshot.getMeta() as Record<string, Place>).find(m => m !== undefined) ?? null) as Place | null;
