/** Puts a session back, byte for byte, or says why it does not. */
import type { Box } from '../box/box.ts';
import { type ThreeWay, threeWay } from '../text/threeWay.ts';
import { locked } from './apply.ts';
import { type Hooks, nowIn } from './deeds.ts';
import {
  isGone,
  JOURNAL,
  type Journal,
  openJournal,
  type PlanState,
  plansOf,
  restored,
  type Store,
  StoreError,
} from './journal.ts';
import { putBack } from './putBack.ts';
import { idsInOrder } from './session-id.ts';

export type Undone =
  /** `unsettled`: restarts on the old files that failed, in words. */
  | { readonly kind: 'undone'; readonly restored: readonly string[]; readonly unsettled: readonly string[] }
  /** There is nothing to put back: no such session, or undone already. */
  | { readonly kind: 'nothing'; readonly because: string }
  /** Nothing was changed. `views`: files edited since. `newer`: the session that has to be undone first. */
  | {
      readonly kind: 'refused';
      readonly because: string;
      readonly views: readonly ThreeWay[];
      readonly newer?: string;
    }
  | {
      readonly kind: 'stuck';
      readonly because: string;
      readonly left: readonly string[];
      readonly restored: readonly string[];
    };

const refused = (because: string, views: readonly ThreeWay[] = [], newer?: string): Undone => ({
  kind: 'refused',
  because,
  views,
  ...(newer !== undefined && { newer }),
});

/** Files this plan has changed, or may have. */
const pathsOf = (state: PlanState): readonly string[] =>
  state.plan.steps.flatMap((step, i) => (step.do === 'edit' && state.steps[i] !== 'none' ? [step.path] : []));

export interface UndoOptions extends Hooks {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Other stores in which a newer session may have edited the same file, e.g. that of the user behind sudo. */
  readonly others?: readonly Store[];
}

/** A session after this one that still changes one of its files. */
const newerEdit = async (store: Store, id: string, states: readonly PlanState[], others: readonly Store[]) => {
  const mine = new Set(states.flatMap(pathsOf));
  const from = states[0]?.at ?? 0;
  const order = idsInOrder(await store.ids());
  const places = [
    ...order.slice(order.indexOf(id) + 1).map(newer => ({ store, id: newer, since: 0 })),
    ...(
      await Promise.all(
        others.map(async other => (await other.ids()).map(newer => ({ store: other, id: newer, since: from }))),
      )
    ).flat(),
  ];
  for (const place of places) {
    const path = plansOf((await place.store.get(place.id, JOURNAL)) ?? '')
      .filter(state => state.at >= place.since)
      .flatMap(pathsOf)
      .find(touched => mine.has(touched));
    if (path !== undefined)
      return { id: place.id, path, where: place.store === store ? '' : ` in ${place.store.where}` };
  }
  return null;
};

interface Chain {
  /** What may stand in the file if nobody touched it since. */
  readonly possible: readonly (string | null)[];
  readonly restore: string | null;
}

/** For each file, what the session's edits, done or perhaps done, may have left in it. Throws StoreError. */
const chainsOf = async (journal: Journal): Promise<ReadonlyMap<string, Chain>> => {
  const chains = new Map<string, Chain>();
  const id = journal.id() ?? '';
  for (const state of journal.plans()) {
    for (const [i, step] of state.plan.steps.entries()) {
      if (step.do !== 'edit' || state.steps[i] === 'none') continue;
      const before = await restored(journal.store, id, step.before);
      const after = await restored(journal.store, id, step.after);
      const chain = chains.get(step.path);
      const earlier = chain?.possible ?? [before];
      chains.set(step.path, {
        possible: state.steps[i] === 'done' ? [after] : [...earlier, after],
        restore: chain === undefined ? before : chain.restore,
      });
    }
  }
  return chains;
};

type Drift = { readonly views: readonly ThreeWay[]; readonly unreadable: readonly string[] };

const driftOf = async (box: Box, journal: Journal): Promise<Drift> => {
  const views: ThreeWay[] = [];
  const unreadable: string[] = [];
  for (const [path, chain] of await chainsOf(journal)) {
    const now = await nowIn(box, path);
    if (!now.ok) unreadable.push(now.because);
    else if (now.text !== chain.restore && !chain.possible.includes(now.text))
      views.push(threeWay(path, chain.possible.at(-1) ?? null, now.text, chain.restore));
  }
  return { views, unreadable };
};

const whyNot = (views: readonly ThreeWay[]): string =>
  `${views.map(view => view.path).join(', ')} ${views.length === 1 ? 'was' : 'were'} edited since; undo would lose that`;

const undo = async (box: Box, store: Store, id: string, hooks: UndoOptions): Promise<Undone> => {
  const journal = await openJournal(store, id, hooks.now ? { now: hooks.now } : {});
  if (journal === null || journal.plans().length === 0)
    return { kind: 'nothing', because: `there is no session ${id} that changed anything` };
  const standing = journal.plans().filter(state => !isGone(state) || state.outcome === null);
  if (standing.length === 0) return { kind: 'nothing', because: `session ${id} is undone already` };
  const newer = await newerEdit(store, id, standing, hooks.others ?? []);
  if (newer !== null)
    return refused(
      `session ${newer.id}${newer.where} edited ${newer.path} later; undo that one first: gpumedic undo ${newer.id}`,
      [],
      newer.id,
    );
  const { views, unreadable } = await driftOf(box, journal);
  if (views.length > 0) return refused(whyNot(views), views);
  if (unreadable.length > 0) return refused(unreadable.join('; '));
  const back = await putBack(
    box,
    journal,
    standing.map(state => state.n),
    hooks.note,
  );
  const outcome = back.left.length > 0 ? 'stuck' : 'undone';
  for (const state of standing) {
    try {
      await journal.add({ entry: 'end', n: state.n, outcome, by: 'undo' });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
  if (back.left.length > 0)
    return { kind: 'stuck', because: 'not everything could be put back', left: back.left, restored: back.restored };
  return { kind: 'undone', restored: back.restored, unsettled: back.unsettled };
};

/**
 * Undoes every plan of a session that stands, the last first; an interrupted one too, deciding from the journal and the
 * files what had happened. Nothing is changed where a file was edited since, by a person or by a newer session.
 */
export const undoSession = (box: Box, store: Store, id: string, hooks: UndoOptions = {}): Promise<Undone> =>
  locked<Undone>(store, refused, async () => {
    try {
      return await undo(box, store, id, hooks);
    } catch (error) {
      if (error instanceof StoreError) return refused(error.message);
      throw error;
    }
  });

/**
 * Gives an interrupted session its end as it is, where a person decides to neither undo nor finish it; a start does not
 * offer it again, undo still can. Throws StoreError.
 */
export const leaveSession = async (store: Store, id: string, now: () => number = Date.now): Promise<void> => {
  const journal = await openJournal(store, id, { now });
  for (const state of journal?.plans() ?? [])
    if (state.outcome === null)
      await journal?.add({ entry: 'end', n: state.n, outcome: 'stuck', by: 'undo', because: 'left as it is' });
};
