/**
 * What was done, written down before it is done. A session's journal is a file of JSON lines; everything that undo,
 * history and a start after a crash know is folded from it.
 */
import { createHash } from 'node:crypto';
import type { Plan, Step } from './plan.ts';

/** Where sessions live: on disk (store.ts) or in memory (memory.ts). Every call throws StoreError when it cannot. */
export interface Store {
  /** For people: the folder, or "memory". */
  readonly where: string;
  /** Makes a new session; its id is the date and a number, e.g. 2026-11-22-1. `now` in milliseconds since the epoch. */
  create(now: number): Promise<string>;
  /** Oldest first. */
  ids(): Promise<readonly string[]>;
  /** Adds one line to a file of the session; on disk for good when it resolves. */
  append(id: string, file: string, line: string): Promise<void>;
  /** Writes a whole file of the session; on disk for good when it resolves. */
  put(id: string, file: string, text: string): Promise<void>;
  /** null where there is no such session or file. */
  get(id: string, file: string): Promise<string | null>;
  /** Held while something is applied or undone. */
  lock(): Promise<Locked>;
}

export type Locked =
  | { readonly ok: true; readonly release: () => Promise<void> }
  /** Process id of the gpumedic that holds it. */
  | { readonly ok: false; readonly pid: number };

/** The state folder cannot be read or written; the message is for people. */
export class StoreError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreError';
  }
}

export const JOURNAL = 'journal.ndjson';

/** A text kept in the session's backup folder. */
export interface Saved {
  /** Hexadecimal SHA-256 of the text in UTF-8. */
  readonly sha256: string;
  readonly file: string;
}

type EditStep = Extract<Step, { do: 'edit' }>;
type RunStep = Extract<Step, { do: 'run' }>;

/** Owner and permission bits as they were, for a file that has to be made anew by undo. */
export interface Was {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type SavedStep =
  | (Omit<EditStep, 'before' | 'after'> & {
      readonly before: Saved | null;
      readonly after: Saved | null;
      readonly was?: Was;
    })
  | RunStep;

export type SavedPlan = Omit<Plan, 'steps'> & { readonly steps: readonly SavedStep[] };

/** `at` in milliseconds since the epoch; `n` counts the plans of a session from 0, `step` the steps of a plan from 0. */
export type Entry = { readonly at: number } & (
  | { readonly entry: 'plan'; readonly n: number; readonly box: string; readonly plan: SavedPlan }
  | {
      readonly entry: 'step';
      readonly n: number;
      readonly step: number;
      readonly way: 'apply' | 'undo';
      /** failed: it did nothing; unsure: it may have done something. */
      readonly is: 'begun' | 'done' | 'failed' | 'unsure';
      readonly detail?: string;
    }
  | {
      readonly entry: 'settle';
      readonly n: number;
      readonly way: 'apply' | 'undo';
      readonly is: 'begun' | 'done' | 'failed';
      readonly detail?: string;
    }
  | {
      readonly entry: 'end';
      readonly n: number;
      readonly outcome: 'applied' | 'undone' | 'stuck';
      /** Who ended it: the apply itself, or a later undo. */
      readonly by: 'apply' | 'undo';
      readonly because?: string;
    }
);

/** none: the machine is as before this step · maybe: only the file, or nobody, can tell · done. */
export type StepState = 'none' | 'maybe' | 'done';

export interface PlanState {
  readonly n: number;
  readonly at: number;
  readonly box: string;
  readonly plan: SavedPlan;
  readonly steps: readonly StepState[];
  /** none: no service was restarted for it · new: they run, or may run, on the new files · old: on the old ones again. */
  readonly settled: 'none' | 'new' | 'old';
  /** null: interrupted, or still under way. */
  readonly outcome: 'applied' | 'undone' | 'stuck' | null;
  readonly by: 'apply' | 'undo';
  readonly undoing: boolean;
  readonly because: string | null;
  readonly endedAt: number | null;
}

const begun = (entry: Extract<Entry, { entry: 'plan' }>): PlanState => ({
  n: entry.n,
  at: entry.at,
  box: entry.box,
  plan: entry.plan,
  steps: entry.plan.steps.map(() => 'none'),
  settled: 'none',
  outcome: null,
  by: 'apply',
  undoing: false,
  because: null,
  endedAt: null,
});

const stepState = (entry: Extract<Entry, { entry: 'step' }>, step: SavedStep | undefined): StepState => {
  if (entry.way === 'undo' && entry.is === 'done') return 'none';
  // An undo command that failed is still to be done; of one that only began nobody knows.
  if (entry.way === 'undo') return entry.is === 'failed' && step?.do === 'run' ? 'done' : 'maybe';
  if (entry.is === 'done') return 'done';
  return entry.is === 'failed' ? 'none' : 'maybe';
};

const after = (state: PlanState, entry: Entry): PlanState => {
  if (entry.entry === 'end')
    return { ...state, outcome: entry.outcome, by: entry.by, because: entry.because ?? null, endedAt: entry.at };
  if (entry.entry === 'plan') return state;
  const now: PlanState = { ...state, outcome: null, undoing: entry.way === 'undo' };
  if (entry.entry === 'settle') {
    if (entry.way === 'apply') return { ...now, settled: 'new' };
    return { ...now, settled: entry.is === 'begun' ? state.settled : 'old' };
  }
  return { ...now, steps: state.steps.with(entry.step, stepState(entry, state.plan.steps[entry.step])) };
};

/** The plans of a session after one more entry; an entry for a plan that is not there changes nothing. */
export const fold = (plans: readonly PlanState[], entry: Entry): readonly PlanState[] =>
  entry.entry === 'plan'
    ? [...plans, begun(entry)]
    : plans.map(state =>
        state.n !== entry.n || (entry.entry === 'step' && entry.step >= state.steps.length)
          ? state
          : after(state, entry),
      );

/** Reads a journal; a line cut short by a crash is left out, since the change it announces never began. */
export const plansOf = (journal: string): readonly PlanState[] =>
  journal.split('\n').reduce<readonly PlanState[]>((plans, line) => {
    try {
      const entry = JSON.parse(line) as Entry;
      return typeof entry === 'object' && entry !== null && 'entry' in entry ? fold(plans, entry) : plans;
    } catch {
      return plans;
    }
  }, []);

/** Nothing of it is left on the machine. */
export const isGone = (state: PlanState): boolean =>
  state.steps.every(step => step === 'none') && state.settled !== 'new';

export const hashOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

type WithoutTime<E> = E extends unknown ? Omit<E, 'at'> : never;
export type NewEntry = WithoutTime<Entry>;

/** The journal of one session, made on disk with the first entry. */
export interface Journal {
  readonly store: Store;
  /** null while nothing was applied. */
  id(): string | null;
  plans(): readonly PlanState[];
  /** Keeps the texts of a plan's edits and announces the plan; answers its number. Throws StoreError. */
  begin(plan: Plan, box: string, was: ReadonlyMap<number, Was>): Promise<number>;
  /** Throws StoreError; what was done counts all the same, so that an undo on a full disk still knows of it. */
  add(entry: NewEntry): Promise<void>;
  readonly now: () => number;
}

export interface JournalOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** A session that exists already; default: a new one. */
  readonly session?: string;
}

const named = (path: string): string => (path.split('/').at(-1) ?? '').replace(/[^\w.-]/g, '_').slice(0, 80);

const saved = async (store: Store, id: string, file: string, text: string | null): Promise<Saved | null> => {
  if (text === null) return null;
  await store.put(id, file, text);
  return { sha256: hashOf(text), file };
};

/** What is only announced has not happened if the announcement could not be written. */
const announces = (entry: NewEntry): boolean =>
  entry.entry === 'plan' ||
  ((entry.entry === 'step' || entry.entry === 'settle') && entry.way === 'apply' && entry.is === 'begun');

/** A journal to apply plans with; several plans of one session go into the same one. */
export const journalIn = (store: Store, options: JournalOptions = {}): Journal => {
  const now = options.now ?? Date.now;
  let id = options.session ?? null;
  let plans: readonly PlanState[] | null = null;
  const add = async (entry: NewEntry): Promise<void> => {
    const whole = { at: now(), ...entry } as Entry;
    if (!announces(entry)) plans = fold(plans ?? [], whole);
    if (id === null) throw new StoreError('this session has no journal yet');
    await store.append(id, JOURNAL, JSON.stringify(whole));
    if (announces(entry)) plans = fold(plans ?? [], whole);
  };
  return {
    store,
    now,
    id: () => id,
    plans: () => plans ?? [],
    add,
    begin: async (plan, box, was) => {
      id ??= await store.create(now());
      plans ??= plansOf((await store.get(id, JOURNAL)) ?? '');
      const n = plans.length;
      const steps: SavedStep[] = [];
      for (const [i, step] of plan.steps.entries()) {
        if (step.do === 'run') {
          steps.push(step);
          continue;
        }
        const file = `backup/${n}-${i}-${named(step.path)}`;
        const old = was.get(i);
        steps.push({
          ...step,
          before: await saved(store, id, `${file}.before`, step.before),
          after: await saved(store, id, `${file}.after`, step.after),
          ...(old && { was: old }),
        });
      }
      await add({ entry: 'plan', n, box, plan: { ...plan, steps } });
      return n;
    },
  };
};

/** The journal of a session that exists; null where there is none. Throws StoreError. */
export const openJournal = async (store: Store, id: string, options: JournalOptions = {}): Promise<Journal | null> => {
  const text = await store.get(id, JOURNAL);
  if (text === null) return null;
  const journal = journalIn(store, { ...options, session: id });
  let plans = plansOf(text);
  return {
    ...journal,
    plans: () => plans,
    add: async entry => {
      const whole = { at: journal.now(), ...entry } as Entry;
      if (!announces(entry)) plans = fold(plans, whole);
      await journal.add(entry);
      if (announces(entry)) plans = fold(plans, whole);
    },
    begin: () => Promise.reject(new StoreError(`session ${id} is over; nothing new is applied in it`)),
  };
};

/** A kept text, checked against its hash. Throws StoreError where the backup is gone or damaged. */
export const restored = async (store: Store, id: string, kept: Saved | null): Promise<string | null> => {
  if (kept === null) return null;
  const text = await store.get(id, kept.file);
  if (text === null || hashOf(text) !== kept.sha256)
    throw new StoreError(`the backup ${kept.file} of session ${id} is ${text === null ? 'gone' : 'damaged'}`);
  return text;
};
