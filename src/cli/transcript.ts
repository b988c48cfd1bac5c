/** `gpumedic transcript`: a session for a ticket or a program. What was logged was redacted when it was logged. */

import type { Store } from '../plan/journal.ts';
import { isSessionId } from '../plan/session-id.ts';
import type { Event } from '../transcript/event.ts';
import { replay } from '../transcript/log.ts';
import { takeOutOf } from '../transcript/review.ts';
import { EVENTS } from '../wizard/eventlog.ts';
import { type Context, formatOf, given, has } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { review } from './review.ts';
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

/** Every form but the report for the toolkit's makers. */
const render: Readonly<Record<string, (events: readonly Event[], context: Context) => Promise<string>>> = {
  md: async events => (await import('../transcript/markdown.ts')).transcriptMarkdown(events),
  json: async events => (await import('../transcript/json.ts')).transcriptJson(events),
  sh: async events => (await import('../transcript/shell.ts')).transcriptShell(events),
  ansible: async events => (await import('../transcript/ansible.ts')).transcriptAnsible(events),
  junit: async events => (await import('../transcript/junit.ts')).transcriptJunit(events),
  cast: async (events, context) => (await import('./cast.ts')).transcriptCast(events, context.version),
};

export const run = async (context: Context): Promise<number> => {
  const isAway = given(context, 'box') !== undefined || given(context, 'demo') !== undefined;
  const { id, text } = isAway
    ? await (await import('./played.ts')).playedSession(context)
    : await choose(storesOf(context), context.words.rest[0]);
  const { events: logged, unreadable } = replay(text.split('\n'));
  if (unreadable.length > 0)
    context.err(`gpumedic: the log breaks off or is damaged in line ${unreadable.join(', ')}; the rest follows\n`);
  // The log was begun before the session had its name.
  const events = logged.map(event =>
    event.type === 'began' && event.session === '' ? { ...event, session: id } : event,
  );
  const issue = has(context, 'to-issue');
  if (issue && (given(context, 'format') ?? 'md') !== 'md')
    throw new UsageError('--to-issue is Markdown', 'leave --format away');
  const draw = async (from: readonly Event[]): Promise<string> =>
    issue
      ? (await import('../transcript/issue.ts')).transcriptIssue(from)
      : render[formatOf(context, 'md')]!(from, context);
  const shared = await draw(events);
  const more = await review(
    { to: `session ${id} as ${issue ? 'a bug report' : formatOf(context, 'md')}`, holds: [], text: shared },
    context,
    // On a terminal nothing is written yet; the person reads it there.
    process.stdout.isTTY !== true,
  );
  context.out(more.length === 0 ? shared : await draw(takeOutOf(events, more)));
  return 0;
};
