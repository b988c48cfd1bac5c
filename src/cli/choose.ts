/** What `--choose ID=VALUE[,VALUE…]` says; given again for the same ID, the values add up. Pure. */
import type { Chosen } from '../engine/fix.ts';
import { UsageError } from './errors.ts';

/** Throws UsageError. */
export const chosenOf = (words: readonly string[]): Chosen => {
  const chosen = new Map<string, readonly string[]>();
  for (const word of words) {
    const [, id, said] = /^([a-z][a-z-]*)=(.*)$/.exec(word) ?? [];
    const values = said?.split(',').map(v => v.trim()) ?? [];
    if (id === undefined || values.length === 0 || values.includes(''))
      throw new UsageError(`--choose ${word}: not of the form ID=VALUE[,VALUE…]`, '--choose services=web,worker');
    chosen.set(id, [...new Set([...(chosen.get(id) ?? []), ...values])]);
  }
  return Object.fromEntries(chosen);
};
