/** What the whole run came to: the exit code of the contract, and the word for the log. */
import type { Outcome } from '../transcript/event.ts';
import type { State } from './state.ts';

/** 0 healthy or fixed, 1 a fault stands, 2 could not tell; a run that only looked around is 0. */
export const exitCodeOf = ({ walk, proven, only, undone, mended }: State): number => {
  // What had been found stands again.
  if (walk === null) return undone || mended.includes(false) ? 1 : 0;
  if (proven?.ok === false) return 1;
  // A path that was chosen and still stands blocked is not healthy, even where nothing else needs it.
  if (only !== undefined && walk.met.some(id => !walk.fixed.includes(id))) return 1;
  if (walk.report) return { ok: 0, fault: 1, unknown: 2 }[walk.report.verdict];
  return walk.met.some(id => !walk.fixed.includes(id)) ? 1 : 2;
};

/** Of a run without a walk: what became of project files, if any were changed. */
const withoutWalk = ({ undone, mended }: State): Outcome =>
  undone ? 'undone' : mended.length === 0 ? 'stopped' : mended.includes(false) ? 'failed' : 'fixed';

export const outcomeOf = (state: State, exitCode: number): Outcome => {
  const { walk, declined } = state;
  if (exitCode === 130) return 'stopped';
  if (walk === null) return withoutWalk(state);
  if (exitCode === 0) return walk.fixed.length > 0 ? 'fixed' : 'healthy';
  if (exitCode === 2) return 'cannotTell';
  if (walk.applied.length > 0) return 'failed';
  if (declined || walk.left.length > 0) return 'declined';
  return walk.report === null ? 'stopped' : 'faulty';
};
