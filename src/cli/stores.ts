/** Where this run's sessions live: on disk for this machine, in memory for recordings and simulated boxes. */

import type { Store } from '../plan/journal.ts';
import { memoryStore } from '../plan/memory.ts';
import { diskStore, stateDirs } from '../plan/store.ts';
import { type Context, given } from './context.ts';

/** The first is one's own; root's second is that of the user behind sudo. */
export const storesOf = (context: Context): readonly [Store, ...Store[]] => {
  if (given(context, 'box') !== undefined || given(context, 'demo') !== undefined) return [memoryStore()];
  const [own, ...others] = stateDirs({ env: context.env }).map(dir => diskStore(dir));
  return [own!, ...others];
};
