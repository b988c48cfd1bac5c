/**
 * Carries out a plan: written down before each change, checked against the preview, undone when anything fails. The
 * answer is a value; only bugs are thrown.
 */
import type { Box, Command } from '../box/box.ts';
import { type ThreeWay, threeWay } from '../text/threeWay.ts';
import { carryOut, type Deed, type Hooks, lineOf, nowIn, OK, putInto, validated } from './deeds.ts';
import {
  type Journal,
  type Locked,
  type NewEntry,
  openJournal,
  restored,
  type Store,
  StoreError,
  type Was,
} from './journal.ts';
import type { Plan, Step } from './plan.ts';
import { putBack, sweep } from './putBack.ts';

export type Applied =
  /** `remark`: it is done, but the journal could not say so. */
  | { readonly kind: 'applied'; readonly session: string; readonly remark?: string }
  /** Everything done was put back. `stopped`: because of the signal. `unsettled`: services that did not come back. */
  | {
      readonly kind: 'undone';
      readonly session: string;
      readonly because: string;
      readonly stopped: boolean;
      readonly unsettled: readonly string[];
    }
  /** Not everything could be put back; `left` says what, and `gpumedic undo` may try again. */
  | { readonly kind: 'stuck'; readonly session: string; readonly because: string; readonly left: readonly string[] }
  /** A file is not what was previewed any more; nothing of the plan stands. */
  | { readonly kind: 'drifted'; readonly path: string; readonly view: ThreeWay }
  /** Nothing was changed: another gpumedic is at work, the journal cannot be written, a file cannot be read. */
  | { readonly kind: 'refused'; readonly because: string };

type EditStep = Extract<Step, { do: 'edit' }>;

interface Trouble {
  readonly because: string;
  readonly stopped?: boolean;
  readonly drift?: ThreeWay;
}

const driftOf = (step: EditStep, now: string | null): ThreeWay => threeWay(step.path, step.before, now, step.after);

/** Every file must still be what was previewed; several edits of one file follow on from each other. */
const checkFiles = async (box: Box, plan: Plan): Promise<Trouble | null> => {
  const expected = new Map<string, string | null>();
  for (const step of plan.steps) {
    if (step.do !== 'edit') continue;
    const now = expected.has(step.path)
      ? { ok: true as const, text: expected.get(step.path) ?? null }
      : await nowIn(box, step.path);
    if (!now.ok) return { because: now.because };
    if (now.text !== step.before)
      return { because: `${step.path} is not what was previewed`, drift: driftOf(step, now.text) };
    expected.set(step.path, step.after);
  }
  return null;
};

/** Owners and permission bits, for files that undo may have to make anew. */
const statsOf = async (box: Box, plan: Plan): Promise<ReadonlyMap<number, Was>> => {
  const was = new Map<number, Was>();
  for (const [i, step] of plan.steps.entries()) {
    if (step.do !== 'edit' || step.after !== null) continue;
    const found = await box.stat(step.path);
    if (found.kind === 'stat' && found.stat.type === 'file')
      was.set(i, { mode: found.stat.mode & 0o7777, uid: found.stat.uid, gid: found.stat.gid });
  }
  return was;
};

const whatOf = (step: Step): string =>
  step.do === 'run'
    ? lineOf(step.command)
    : `${step.after === null ? 'remove' : step.before === null ? 'create' : 'edit'} ${step.path}`;

const doStep = async (box: Box, step: Step): Promise<Deed & { readonly drift?: ThreeWay }> => {
  if (step.do === 'run') {
    const deed = await carryOut(box, step.command);
    return deed.ok || !step.halfway ? deed : { ...deed, unsure: true };
  }
  const now = await nowIn(box, step.path);
  if (!now.ok) return { ok: false, because: now.because };
  if (now.text !== step.before)
    return { ok: false, because: `${step.path} is not what was previewed`, drift: driftOf(step, now.text) };
  if (step.before === step.after) return OK;
  const deed = await putInto(box, step.path, step.after, {
    root: step.root,
    ...(step.mode !== undefined && { mode: step.mode }),
  });
  // A write that failed may have got through all the same; the file can tell.
  return deed.ok ? deed : { ...deed, unsure: true };
};

/** From the first step not done to the end; the first trouble ends it. */
const goThrough = async (box: Box, journal: Journal, n: number, plan: Plan, hooks: Hooks): Promise<Trouble | null> => {
  const note = hooks.note ?? (() => {});
  const stopped = (): Trouble | null => (hooks.signal?.aborted ? { because: 'interrupted', stopped: true } : null);
  const write = async (entry: NewEntry): Promise<Trouble | null> => {
    try {
      await journal.add(entry);
      return null;
    } catch (error) {
      if (error instanceof StoreError) return { because: `the journal cannot be written: ${error.message}` };
      throw error;
    }
  };
  const did = (what: string, deed: Deed, command?: Command) =>
    note({
      direction: 'apply',
      what,
      ok: deed.ok,
      ...(!deed.ok && { detail: deed.because }),
      ...(command && { command }),
    });

  for (const [i, step] of plan.steps.entries()) {
    if (journal.plans()[n]?.steps[i] === 'done') continue;
    const early = stopped() ?? (await write({ entry: 'step', n, step: i, way: 'apply', is: 'begun' }));
    if (early !== null) return early;
    const what = whatOf(step);
    note({ direction: 'apply', what, ok: null });
    const deed = await doStep(box, step);
    did(what, deed, step.do === 'run' ? step.command : undefined);
    // The write comes second here: a step done must be known as done, whatever happens to the journal.
    const is = deed.ok ? 'done' : deed.unsure ? 'unsure' : 'failed';
    const late = await write({
      entry: 'step',
      n,
      step: i,
      way: 'apply',
      is,
      ...(!deed.ok && { detail: deed.because }),
    });
    if (!deed.ok) return { because: deed.because, ...(deed.drift && { drift: deed.drift }) };
    if (late !== null) return late;
  }
  for (const command of plan.validate) {
    const early = stopped();
    if (early !== null) return early;
    note({ direction: 'apply', what: lineOf(command), ok: null });
    const deed = await validated(box, command);
    did(lineOf(command), deed, command);
    if (!deed.ok) return { because: deed.because };
  }
  if (plan.settle.length === 0) return stopped();
  const early = stopped() ?? (await write({ entry: 'settle', n, way: 'apply', is: 'begun' }));
  if (early !== null) return early;
  for (const command of plan.settle) {
    note({ direction: 'apply', what: lineOf(command), ok: null });
    const deed = await carryOut(box, command);
    did(lineOf(command), deed, command);
    if (!deed.ok) return { because: deed.because };
    const late = stopped();
    if (late !== null) return late;
  }
  return write({ entry: 'settle', n, way: 'apply', is: 'done' });
};

const conclude = async (
  box: Box,
  journal: Journal,
  n: number,
  trouble: Trouble | null,
  hooks: Hooks,
): Promise<Applied> => {
  const session = journal.id() ?? '';
  const end = async (outcome: 'applied' | 'undone' | 'stuck', because?: string): Promise<string | null> => {
    try {
      await journal.add({ entry: 'end', n, outcome, by: 'apply', ...(because !== undefined && { because }) });
      return null;
    } catch (error) {
      if (error instanceof StoreError) return error.message;
      throw error;
    }
  };
  if (trouble === null) {
    const remark = await end('applied');
    return { kind: 'applied', session, ...(remark !== null && { remark }) };
  }
  const back = await putBack(box, journal, [n], hooks.note);
  if (back.left.length > 0) {
    await end('stuck', trouble.because);
    return { kind: 'stuck', session, because: trouble.because, left: back.left };
  }
  await end('undone', trouble.because);
  if (trouble.drift !== undefined) return { kind: 'drifted', path: trouble.drift.path, view: trouble.drift };
  return {
    kind: 'undone',
    session,
    because: trouble.because,
    stopped: trouble.stopped === true,
    unsettled: back.unsettled,
  };
};

const refused = (because: string): Applied => ({ kind: 'refused', because });

/** Takes the machine's lock for as long as `action` runs. */
export const locked = async <T>(
  store: Store,
  otherwise: (because: string) => T,
  action: () => Promise<T>,
): Promise<T> => {
  let lock: Locked;
  try {
    lock = await store.lock();
  } catch (error) {
    if (error instanceof StoreError) return otherwise(error.message);
    throw error;
  }
  if (!lock.ok) return otherwise(`another gpumedic (process ${lock.pid}) is changing this machine`);
  try {
    return await action();
  } finally {
    await lock.release();
  }
};

/**
 * Applies a plan. Order: lock, files still as previewed, backups and plan into the journal, the steps, `validate`,
 * `settle`. Each step is in the journal, on disk, before it begins. Any failure, or the signal, undoes what was done, in
 * reverse, and settles again if services had been restarted.
 */
export const applyPlan = (box: Box, plan: Plan, journal: Journal, hooks: Hooks = {}): Promise<Applied> =>
  locked(journal.store, refused, async () => {
    const early = await checkFiles(box, plan);
    if (early?.drift !== undefined) return { kind: 'drifted', path: early.drift.path, view: early.drift };
    if (early !== null) return refused(early.because);
    let n: number;
    try {
      n = await journal.begin(plan, box.name, await statsOf(box, plan));
    } catch (error) {
      if (error instanceof StoreError)
        return refused(`nothing was changed, since the journal cannot be written: ${error.message}`);
      throw error;
    }
    return conclude(box, journal, n, await goThrough(box, journal, n, plan, hooks), hooks);
  });

/** The plan as it was, its texts taken from the backups. Throws StoreError. */
const planOf = async (journal: Journal, n: number): Promise<Plan | null> => {
  const saved = journal.plans()[n]?.plan;
  if (saved === undefined) return null;
  const id = journal.id() ?? '';
  const steps: Step[] = [];
  for (const step of saved.steps) {
    if (step.do === 'run') {
      steps.push(step);
      continue;
    }
    const { was: _, ...edit } = step;
    steps.push({
      ...edit,
      before: await restored(journal.store, id, step.before),
      after: await restored(journal.store, id, step.after),
    });
  }
  return { ...saved, steps };
};

/** For an edit that may have happened before the crash, the file tells; what a killed write left behind goes. */
const settleDoubts = async (box: Box, journal: Journal, n: number, plan: Plan): Promise<void> => {
  for (const [i, step] of plan.steps.entries()) {
    if (step.do !== 'edit' || journal.plans()[n]?.steps[i] !== 'maybe') continue;
    await sweep(box, step.path, step.root);
    const now = await nowIn(box, step.path);
    if (now.ok && now.text === step.after) await journal.add({ entry: 'step', n, step: i, way: 'apply', is: 'done' });
  }
};

/**
 * Goes on with an interrupted apply where it stopped. A command that had begun is run again. Refused for a session that
 * ended, or whose undo had begun: that one can only be undone.
 */
export const finishSession = (
  box: Box,
  store: Store,
  id: string,
  hooks: Hooks & { readonly now?: () => number } = {},
): Promise<Applied> =>
  locked(store, refused, async () => {
    try {
      const journal = await openJournal(store, id, hooks.now ? { now: hooks.now } : {});
      const state = journal?.plans().at(-1);
      if (!journal || !state) return refused(`there is no session ${id}`);
      if (state.outcome !== null) return refused(`session ${id} was not interrupted`);
      if (state.undoing) return refused(`session ${id} was being undone; only undo can finish it`);
      const plan = await planOf(journal, state.n);
      if (plan === null) return refused(`there is no session ${id}`);
      await settleDoubts(box, journal, state.n, plan);
      return conclude(box, journal, state.n, await goThrough(box, journal, state.n, plan, hooks), hooks);
    } catch (error) {
      if (error instanceof StoreError) return refused(error.message);
      throw error;
    }
  });
