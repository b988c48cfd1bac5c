/** What was changed on this machine, when, and whether it still stands. */
import { isGone, JOURNAL, type PlanState, plansOf, type Store, StoreError } from './journal.ts';

/**
 * applied: it stands · rolledBack: it failed or was interrupted by the person and was put back at once · undone: put
 * back later · stuck: it could not be put back completely · unfinished: the program died in the middle of it.
 */
export type SessionOutcome = 'applied' | 'rolledBack' | 'undone' | 'stuck' | 'unfinished';

export interface PastPlan {
  readonly fix: string;
  readonly finding: string;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: SessionOutcome;
  readonly because: string | null;
  /** Files that were to be edited, with what was meant to happen to them. */
  readonly files: readonly { readonly path: string; readonly did: 'create' | 'edit' | 'remove' }[];
  /** Command lines that were to be run, restarts included. */
  readonly ran: readonly (readonly string[])[];
}

export interface PastSession {
  readonly id: string;
  readonly store: Store;
  readonly box: string;
  /** Milliseconds since the epoch: when its first plan began. */
  readonly at: number;
  /** The worst of its plans: unfinished, stuck, applied, then undone and rolledBack. */
  readonly outcome: SessionOutcome;
  /** Something of it may still be on the machine, so undo has something to do. */
  readonly stands: boolean;
  /** An undo had begun and was cut short; finishing the apply is no choice then. */
  readonly undoing: boolean;
  readonly plans: readonly PastPlan[];
}

const outcomeOf = (state: PlanState): SessionOutcome => {
  if (state.outcome === null) return 'unfinished';
  if (state.outcome === 'undone') return state.by === 'apply' ? 'rolledBack' : 'undone';
  return state.outcome;
};

const WORST: readonly SessionOutcome[] = ['unfinished', 'stuck', 'applied', 'undone', 'rolledBack'];

const planOf = (state: PlanState): PastPlan => ({
  fix: state.plan.fix,
  finding: state.plan.finding,
  title: state.plan.title,
  at: state.at,
  outcome: outcomeOf(state),
  because: state.because,
  files: state.plan.steps.flatMap(step =>
    step.do === 'edit'
      ? [{ path: step.path, did: step.after === null ? 'remove' : step.before === null ? 'create' : 'edit' } as const]
      : [],
  ),
  ran: [
    ...state.plan.steps.flatMap(step => (step.do === 'run' ? [step.command.argv] : [])),
    ...state.plan.settle.map(command => command.argv),
  ],
});

/** An interrupted plan that had not touched anything yet still counts as unfinished, so that it gets its end. */
const stands = (state: PlanState): boolean => !isGone(state) || state.outcome === null;

/** One session, null where it has no journal. Throws StoreError. */
export const pastSession = async (store: Store, id: string): Promise<PastSession | null> => {
  const states = plansOf((await store.get(id, JOURNAL)) ?? '');
  const [first] = states;
  if (first === undefined) return null;
  const plans = states.map(planOf);
  return {
    id,
    store,
    box: first.box,
    at: first.at,
    outcome: WORST.find(outcome => plans.some(plan => plan.outcome === outcome)) ?? 'rolledBack',
    stands: states.some(stands),
    undoing: states.some(state => state.outcome === null && state.undoing),
    plans,
  };
};

/** Sessions that planned a change, the newest first. Several stores: one's own, and that of the user behind sudo. */
export const historyOf = async (...stores: readonly Store[]): Promise<readonly PastSession[]> => {
  const found: PastSession[] = [];
  for (const store of stores)
    for (const id of (await store.ids()).toReversed()) {
      const session = await pastSession(store, id);
      if (session !== null) found.push(session);
    }
  return stores.length < 2 ? found : found.toSorted((a, b) => b.at - a.at);
};

/**
 * Sessions whose apply or undo was cut short, the newest first: a start offers to undo or to finish them. One that
 * another gpumedic is at work on right now is not among them.
 */
export const unfinished = async (...stores: readonly Store[]): Promise<readonly PastSession[]> => {
  const found = (await historyOf(...stores)).filter(session => session.outcome === 'unfinished');
  const busy = new Set<Store>();
  for (const store of new Set(found.map(session => session.store))) if (await isBusy(store)) busy.add(store);
  return found.filter(session => !busy.has(session.store));
};

const isBusy = async (store: Store): Promise<boolean> => {
  try {
    const lock = await store.lock();
    if (lock.ok) await lock.release();
    return !lock.ok;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
};
