/**
 * Applies a plan on a live box below a folder and dies by SIGKILL just before the given effect (counted from 0), or in
 * the middle of a write where `cp` on PATH is a stand-in that kills us. Prints the result where it survives.
 */
import { writeSync } from 'node:fs';
import type { Box } from '../src/box/box.ts';
import { liveBox } from '../src/box/live.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn, type Store } from '../src/plan/journal.ts';
import type { Plan } from '../src/plan/plan.ts';
import { diskStore } from '../src/plan/store.ts';

const { root, state, path, plan, at } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly root: string;
  readonly state: string;
  readonly path: string;
  readonly plan: Plan;
  /** -1: never. */
  readonly at: number;
};

let count = 0;
const mortal = <A extends unknown[], R>(action: (...args: A) => Promise<R>): ((...args: A) => Promise<R>) => {
  return async (...args) => {
    if (count++ === at) process.kill(process.pid, 'SIGKILL');
    return action(...args);
  };
};

const live = liveBox({ root, isRoot: true, env: { PATH: path } });
const box: Box = { ...live, run: mortal(live.run), write: mortal(live.write) };
const disk = diskStore(state);
const store: Store = { ...disk, create: mortal(disk.create), append: mortal(disk.append), put: mortal(disk.put) };
const result = await applyPlan(box, plan, journalIn(store));
writeSync(1, `${JSON.stringify({ result, count })}\n`);
