/** Which form of request the walk takes next. */
import type { Request, WayId } from '../engine/flow.ts';
import type { Outside } from './outside.ts';

export interface Progress {
  readonly outside: Pick<Outside, 'requests' | 'facts' | 'reportOf'>;
  /** Forms that were walked, in order. */
  readonly done: readonly WayId[];
  /** Only these, where a person chose a path. */
  readonly only: readonly WayId[] | undefined;
  /** Findings the person chose to leave. */
  readonly left: readonly string[];
  /** For each form, how many fixes stood when it was last walked. */
  readonly walked: ReadonlyMap<WayId, number>;
  /** How many fixes stand now. */
  readonly applied: number;
}

/** Null when there is nothing left to ask about. */
export const nextRequest = async ({
  outside,
  done,
  only,
  left,
  walked,
  applied,
}: Progress): Promise<Request | null> => {
  const mine = (await outside.requests()).filter(r => only === undefined || only.includes(r.way));
  const open = mine.filter(r => !done.includes(r.way));
  if (done.length === 0 || (only !== undefined && open.length > 0)) return open[0] ?? null;
  const report = outside.reportOf(await outside.facts.all());
  const faults = new Set(report.findings.filter(f => f.severity === 'fault').map(f => f.id));
  const wayOf = (way: WayId) => report.ways.find(w => w.way === way);
  // A form of request that was never set up is no fault; it stands in the table of ways, not in the walk.
  const meant = open.find(r => {
    const way = wayOf(r.way);
    return way !== undefined && (way.works !== false || faults.has(way.cause ?? ''));
  });
  if (meant) return meant;
  // What was a mere consequence may stand on its own once its cause is gone.
  const again = mine.find(r => {
    const way = wayOf(r.way);
    if (way?.works !== false || way.cause === null || left.includes(way.cause)) return false;
    return faults.has(way.cause) && (walked.get(r.way) ?? 0) < applied;
  });
  return again ?? null;
};
