/** What a person can paste where we do not edit. */
import type { FormId } from '../../../flows/requests/forms.ts';
import { Refused } from '../spans.ts';
import { type Habits, pairLines, type Value } from '../yaml-print.ts';
import type { Asked } from './requests.ts';
import { together, type Wish, wishOf } from './wanted.ts';

const habits: Habits = { step: 2, dash: 2, quote: '', eol: '\n' };

/** The keys of a service for a wish, as values. */
export const keysOf = (wish: Wish): Readonly<Record<string, Value>> => ({
  ...(wish.devices && { devices: wish.devices }),
  ...(wish.reservation && { deploy: { resources: { reservations: { devices: [wish.reservation] } } } }),
  ...(wish.gpus !== undefined && { gpus: wish.gpus }),
  ...(wish.runtime && { runtime: wish.runtime }),
  ...(wish.environment && Object.keys(wish.environment).length > 0 && { environment: wish.environment }),
});

export const snippetFor = (service: string, to: FormId, asked: readonly Asked[], compose: string | null): string => {
  let wish: Wish;
  try {
    wish = wishOf(to, together(asked), asked, compose);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    wish = wishOf(to, { which: 'all' }, [], compose);
  }
  return `${pairLines('services', { [service]: keysOf(wish) as Value }, 0, habits).join('\n')}\n`;
};
