/** Every way through a flow's machine, with the answers of its actors played; for tests and for the drawing's count. */
import { type AnyMachineSnapshot, type AnyStateMachine, getNextTransitions } from 'xstate';
import { getSimplePaths } from 'xstate/graph';
import type { FlowContext, FlowInput } from './compile.ts';
import { placeOf } from './compile.ts';

export interface Path {
  /** Verdicts and choices in order: "ldconfig: missing", "fix", "apply". */
  readonly steps: readonly string[];
  /** State value at the end, e.g. "exit/works". */
  readonly ends: string;
  /** How many fixes were applied on the way. */
  readonly fixes: number;
}

interface Played {
  readonly type: string;
  readonly [more: string]: unknown;
}

const played = (snapshot: AnyMachineSnapshot): readonly Played[] =>
  snapshot.status !== 'active'
    ? []
    : getNextTransitions(snapshot).flatMap((t): readonly Played[] => {
        const does = t.description ?? '';
        const type: string = t.eventType;
        if (type.startsWith('xstate.done.actor.judge:')) return [{ type, output: { verdict: does } }];
        if (type.startsWith('xstate.done.actor.plan:'))
          return [{ type, output: does === 'refusal' ? { refuse: 'played' } : { fix: 'played' } }];
        if (type.startsWith('xstate.done.actor.apply:')) return [{ type, output: { did: does, because: 'played' } }];
        // A judge that fails leads where the verdict cannotTell leads; walking both would only double the number.
        if (type.startsWith('xstate.error.actor.judge:')) return [];
        if (type.startsWith('xstate.error')) return [{ type, error: new Error('played') }];
        if (type !== 'CHOOSE') return [];
        return [{ type: 'CHOOSE', choice: does, fix: placeOf(snapshot)?.finding?.id }];
      });

/**
 * @param most fixes applied on one path; each further one multiplies the paths without a new transition
 * @throws Error when there are more than `limit` states on the way
 */
export const pathsOf = (machine: AnyStateMachine, input: FlowInput, limit = 200_000): readonly Path[] =>
  getSimplePaths(machine, {
    input,
    limit,
    events: played as never,
    serializeState: ((s: AnyMachineSnapshot) => {
      const { tried, left } = s.context as FlowContext;
      return JSON.stringify([s.value, tried, left]);
    }) as never,
    toState: (s: AnyMachineSnapshot) => s.status === 'done',
  } as never).map(path => ({
    steps: path.steps.slice(1).map(s => {
      const event = s.event as unknown as {
        readonly output?: { readonly verdict?: string; readonly did?: string };
        readonly choice?: string;
        readonly type: string;
      };
      return event.choice ?? event.output?.verdict ?? event.output?.did ?? event.type.replace(/^xstate\./, '');
    }),
    ends: String((path.state as AnyMachineSnapshot).value),
    fixes: Object.keys(((path.state as AnyMachineSnapshot).context as FlowContext).tried).length,
  }));
