/** `gpumedic transcript`: a session for a ticket or a program. What was logged was redacted when it was logged. */

import type { Store } from '../plan/journal.ts';
import { isSessionId } from '../plan/session-id.ts';
import { replay } from '../transcript/log.ts';
import { EVENTS } from '../wizard/eventlog.ts';
import { type Context, formatOf } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { storesOf } from './stores.ts';

interface Logged {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

/** The newest session of a store that has a log. */
const lastOf = async (store: Store): Promise<Logged | null> => {
  for (const id of (await store.ids()).toReversed()) {
    const text = await store.get(id, EVENTS);
    const at = text === null ? undefined : replay(text.split('\n', 1)).events[0]?.at;
    if (text !== null && at !== undefined) return { id, text, at };
  }
  return null;
};

const choose = async (stores: readonly Store[], id: string | undefined): Promise<Logged> => {
  if (id !== undefined && isSessionId(id)) {
    for (const store of stores) {
      const text = await store.get(id, EVENTS);
      if (text !== null) return { id, text, at: 0 };
    }
  }
  if (id === undefined) {
    const last = (await Promise.all(stores.map(lastOf))).filter(each => each !== null).sort((a, b) => b.at - a.at);
    if (last[0] !== undefined) return last[0];
    throw new UsageError('there is no session yet', 'gpumedic and gpumedic fix make one');
  }
  const near = nearest(id, (await Promise.all(stores.map(store => store.ids()))).flat());
  throw new UsageError(
    `no session is called “${id}”`,
    near === null
      ? 'gpumedic transcript without a name takes the last one'
      : `did you mean “gpumedic transcript ${near}”?`,
  );
};

export const run = async (context: Context): Promise<number> => {
  const { text } = await choose(storesOf(context), context.words.rest[0]);
  const { events, unreadable } = replay(text.split('\n'));
  if (unreadable.length > 0)
    context.err(`gpumedic: the log breaks off or is damaged in line ${unreadable.join(', ')}; the rest follows\n`);
  if (formatOf(context, 'md') === 'json') context.out((await import('../transcript/json.ts')).transcriptJson(events));
  else context.out((await import('../transcript/markdown.ts')).transcriptMarkdown(events));
  return 0;
};
