/** Every way through a flow's machine, with the answers of its actors played; for tests and for the drawing's count. */
import { type AnyMachineSnapshot, type AnyStateMachine, getNextTransitions } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
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
        // Questions before a plan lead back to its making, which a simple path has passed already.
        if (type.startsWith('xstate.done.actor.plan:') && does === 'asks') return [];
        if (type.startsWith('xstate.done.actor.plan:'))
          return [{ type, output: does === 'refusal' ? { refuse: 'played' } : { fix: 'played' } }];
        if (type.startsWith('xstate.done.actor.apply:')) return [{ type, output: { did: does, because: 'played' } }];
        // A judge that fails leads where the verdict cannotTell leads; walking both would only double the number.
        if (type.startsWith('xstate.error.actor.judge:')) return [];
        if (type.startsWith('xstate.error')) return [{ type, error: new Error('played') }];
        if (type !== 'CHOOSE') return [];
        return [{ type: 'CHOOSE', choice: does, fix: placeOf(snapshot)?.finding?.id }];
      });

const wordOf = (event: Played): string => {
  const { verdict, did } = (event.output ?? {}) as { readonly verdict?: string; readonly did?: string };
  return String(event.choice ?? verdict ?? did ?? event.type.replace(/^xstate\.(\w+)\.actor\.(\w+):.*/, '$2 $1'));
};

/**
 * Every simple path to an exit. With `input.most` one fix is applied on a path at most; each further one would only
 * multiply the paths. Throws Error when there are more states than `limit`.
 */
export const pathsOf = (machine: AnyStateMachine, input: FlowInput, limit = 20_000): readonly Path[] => {
  // What was left is no part of a state: it only matters for coming back, which a simple path never does.
  const keyOf = (s: AnyMachineSnapshot) => JSON.stringify([s.value, (s.context as FlowContext).tried]);
  const map = getAdjacencyMap(machine, {
    input,
    limit,
    events: played as never,
    serializeState: keyOf as never,
  } as never) as Record<
    string,
    {
      readonly state: AnyMachineSnapshot;
      readonly transitions: Record<string, { readonly event: Played; readonly state: AnyMachineSnapshot }>;
    }
  >;
  const paths: Path[] = [];
  const onTheWay = new Set<string>();
  const steps: string[] = [];
  const go = (key: string): void => {
    const { state, transitions } = map[key]!;
    if (state.status === 'done') {
      paths.push({
        steps: [...steps],
        ends: String(state.value),
        fixes: Object.keys((state.context as FlowContext).tried).length,
      });
      return;
    }
    onTheWay.add(key);
    for (const { event, state: next } of Object.values(transitions)) {
      const nextKey = keyOf(next);
      if (onTheWay.has(nextKey)) continue;
      steps.push(wordOf(event));
      go(nextKey);
      steps.pop();
    }
    onTheWay.delete(key);
  };
  go(Object.keys(map)[0]!);
  return paths;
};
