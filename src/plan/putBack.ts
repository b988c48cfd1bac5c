/** Takes steps back, the last first; shared by a failing apply and by undo. */
import type { Box } from '../box/box.ts';
import { carryOut, type Deed, lineOf, type Note, nowIn, OK, putInto } from './deeds.ts';
import {
  isGone,
  type Journal,
  type NewEntry,
  type PlanState,
  restored,
  type SavedStep,
  StoreError,
} from './journal.ts';
import { hasWayBack } from './plan.ts';

export interface Back {
  /** Paths written or removed again. */
  readonly restored: readonly string[];
  /** What could not be taken back, with the reason. */
  readonly left: readonly string[];
  /** Restarts that failed on the old files. */
  readonly unsettled: readonly string[];
}

type SavedEdit = Extract<SavedStep, { do: 'edit' }>;

/** The journal may be full; what is on the machine is put back all the same. */
const tell = async (journal: Journal, entry: NewEntry): Promise<void> => {
  try {
    await journal.add(entry);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
};

const ownerAgain = async (box: Box, step: SavedEdit): Promise<Deed> => {
  if (step.after !== null || step.was === undefined) return OK;
  const found = await box.stat(step.path);
  if (found.kind !== 'stat' || (found.stat.uid === step.was.uid && found.stat.gid === step.was.gid)) return OK;
  return carryOut(box, { argv: ['chown', `${step.was.uid}:${step.was.gid}`, '--', step.path], root: step.root });
};

const editBack = async (box: Box, journal: Journal, step: SavedEdit, wrote: string[]): Promise<Deed> => {
  let before: string | null;
  let after: string | null;
  try {
    before = await restored(journal.store, journal.id() ?? '', step.before);
    after = await restored(journal.store, journal.id() ?? '', step.after);
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, because: error.message };
    throw error;
  }
  const now = await nowIn(box, step.path);
  if (!now.ok) return { ok: false, because: now.because };
  if (now.text === before) return OK;
  if (now.text !== after) return { ok: false, because: `${step.path} was changed by somebody else since` };
  const mode = step.was?.mode ?? step.mode;
  const deed = await putInto(box, step.path, before, { root: step.root, ...(mode !== undefined && { mode }) });
  if (!deed.ok) return deed;
  wrote.push(step.path);
  return ownerAgain(box, step);
};

const stepBack = async (box: Box, journal: Journal, step: SavedStep, sure: boolean, wrote: string[]): Promise<Deed> => {
  if (step.do === 'edit') return editBack(box, journal, step, wrote);
  if ('nothing' in step.undo) return OK;
  const deed = await carryOut(box, step.undo);
  // A command of which nobody knows whether it ran may have nothing to take back.
  return deed.ok || sure || step.halfway ? deed : OK;
};

const backWhat = (step: SavedStep): string | null => {
  if (step.do === 'edit') return `${step.before === null ? 'remove' : 'restore'} ${step.path}`;
  return 'nothing' in step.undo ? null : lineOf(step.undo);
};

/**
 * A write that was killed leaves its half-made file beside the target, under a name the live box gives it. Those of an
 * interrupted edit are removed; the names carry random digits, so they are nobody else's.
 */
export const sweep = async (box: Box, path: string, root: boolean): Promise<void> => {
  const real = await behindLinks(box, path);
  const cut = real.lastIndexOf('/');
  const folder = real.slice(0, cut) || '/';
  const prefix = `.${real.slice(cut + 1)}.`;
  const found = await box.list(folder);
  if (found.kind !== 'dir') return;
  for (const name of found.names)
    if (name.startsWith(prefix) && /^[0-9a-f]{12}\.gpumedic-new$/.test(name.slice(prefix.length)))
      await putInto(box, `${folder === '/' ? '' : folder}/${name}`, null, { root });
};

/** The file a link stands for; the half-made one lies beside that. */
const behindLinks = async (box: Box, path: string, depth = 0): Promise<string> => {
  const found = await box.stat(path);
  if (found.kind !== 'stat' || found.stat.type !== 'link' || found.stat.target === undefined || depth > 8) return path;
  const { target } = found.stat;
  return behindLinks(
    box,
    target.startsWith('/') ? target : `${path.slice(0, path.lastIndexOf('/'))}/${target}`,
    depth + 1,
  );
};

const onePlan = async (box: Box, journal: Journal, state: PlanState, note: Note, wrote: string[], left: string[]) => {
  for (const [i, step] of [...state.plan.steps.entries()].toReversed()) {
    const how = state.steps[i];
    if (how === undefined || how === 'none') continue;
    const what = backWhat(step);
    await tell(journal, { entry: 'step', n: state.n, step: i, way: 'undo', is: 'begun' });
    if (what !== null) note({ direction: 'undo', what, ok: null });
    if (step.do === 'edit' && how === 'maybe') await sweep(box, step.path, step.root);
    const deed = await stepBack(box, journal, step, how === 'done', wrote);
    if (!deed.ok) left.push(deed.because);
    if (what !== null) note({ direction: 'undo', what, ok: deed.ok, ...(!deed.ok && { detail: deed.because }) });
    await tell(journal, {
      entry: 'step',
      n: state.n,
      step: i,
      way: 'undo',
      is: deed.ok ? 'done' : 'failed',
      ...(!deed.ok && { detail: deed.because }),
    });
  }
};

/**
 * Takes the steps of the given plans back, the last plan and the last step first, then settles once where services may
 * run on the new files. It goes on after a failure, so that as little as possible is left.
 */
export const putBack = async (
  box: Box,
  journal: Journal,
  numbers: readonly number[],
  note: Note = () => {},
): Promise<Back> => {
  const wrote: string[] = [];
  const left: string[] = [];
  const unsettled: string[] = [];
  const states = () =>
    journal
      .plans()
      .filter(state => numbers.includes(state.n) && !isGone(state))
      .toReversed();
  for (const state of states()) await onePlan(box, journal, state, note, wrote, left);
  const unsettledPlans = states().filter(state => state.settled === 'new' && hasWayBack(state.plan));
  const done = new Set<string>();
  for (const state of unsettledPlans) {
    await tell(journal, { entry: 'settle', n: state.n, way: 'undo', is: 'begun' });
    let ok = true;
    for (const command of state.plan.settle) {
      const key = JSON.stringify(command.argv);
      if (done.has(key)) continue;
      done.add(key);
      note({ direction: 'undo', what: lineOf(command), ok: null, command });
      const deed = await carryOut(box, command);
      note({
        direction: 'undo',
        what: lineOf(command),
        ok: deed.ok,
        command,
        ...(!deed.ok && { detail: deed.because }),
      });
      if (!deed.ok) {
        ok = false;
        unsettled.push(deed.because);
      }
    }
    await tell(journal, { entry: 'settle', n: state.n, way: 'undo', is: ok ? 'done' : 'failed' });
  }
  return { restored: [...new Set(wrote)], left, unsettled };
};
