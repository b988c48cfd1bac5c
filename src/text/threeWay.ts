/** What a refused undo shows: the file as we left it, as it is now, and as undo would have made it. */
import { type Hunk, hunks, unifiedDiff } from './diff.ts';

export interface ThreeWay {
  readonly path: string;
  /** What we wrote; null where we removed the file. */
  readonly wrote: string | null;
  /** What stands there now; null where it is gone. */
  readonly now: string | null;
  /** What undo would put back; null where undo would remove the file. */
  readonly restore: string | null;
  /** What somebody changed since. */
  readonly since: readonly Hunk[];
  /** What our change was, turned round: what undo meant to do. */
  readonly undo: readonly Hunk[];
  /** What undo would do to the file as it is now, losing the change since. */
  readonly loses: readonly Hunk[];
}

export const threeWay = (path: string, wrote: string | null, now: string | null, restore: string | null): ThreeWay => ({
  path,
  wrote,
  now,
  restore,
  since: hunks(wrote, now),
  undo: hunks(wrote, restore),
  loses: hunks(now, restore),
});

/** The same as text: two diffs, each with a line that says whose change it is. */
export const threeWayText = (view: ThreeWay): string =>
  [
    `${view.path} was changed since gpumedic wrote it.`,
    'Changed since then:',
    unifiedDiff(view.path, view.wrote, view.now),
    'What undo would have taken back:',
    unifiedDiff(view.path, view.wrote, view.restore),
  ].join('\n');
