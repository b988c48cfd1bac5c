/** `gpumedic undo [SESSION]`: puts a session back, byte for byte, or says why it does not. */
import type { Box } from '../box/box.ts';
import { askSudo, isRoot } from '../box/live-sudo.ts';
import { historyOf, type PastSession } from '../plan/history.ts';
import { JOURNAL, plansOf, type Store } from '../plan/journal.ts';
import { hasWayBack } from '../plan/plan.ts';
import { type Undone, undoSession } from '../plan/undo.ts';
import { printable } from '../text/sanitize.ts';
import { threeWayText } from '../text/threeWay.ts';
import { openBox } from './box.ts';
import { type Context, has, jsonText } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { storesOf } from './stores.ts';

/** The session that was named, or the last one that stands; null where there is none. */
const choose = (sessions: readonly PastSession[], id: string | undefined): PastSession | null => {
  if (id === undefined) return sessions.find(session => session.stands) ?? null;
  const found = sessions.find(session => session.id === id);
  if (found !== undefined) return found;
  const ids = sessions.map(session => session.id);
  const near = nearest(id, ids);
  throw new UsageError(
    `no session is called “${id}”`,
    near === null ? 'gpumedic history lists them' : `did you mean “gpumedic undo ${near}”?`,
  );
};

/** Whether anything of it could be put back; a restart is over when it is done. */
const hasLeft = async (store: Store, id: string): Promise<boolean> =>
  plansOf((await store.get(id, JOURNAL)) ?? '').some(({ plan }) => hasWayBack(plan));

const needsRoot = async (store: Store, id: string): Promise<boolean> =>
  plansOf((await store.get(id, JOURNAL)) ?? '').some(
    ({ plan }) =>
      plan.settle.some(command => command.root === true) ||
      plan.steps.some(step => (step.do === 'edit' ? step.root : step.command.root === true)),
  );

const answer = (session: string | null, undone: Undone) => ({
  schema: 'gpumedic.undo/1' as const,
  session,
  outcome: undone.kind,
  because: 'because' in undone ? undone.because : null,
  restored: 'restored' in undone ? undone.restored : [],
  left: 'left' in undone ? undone.left : [],
  unsettled: 'unsettled' in undone ? undone.unsettled : [],
  newer: 'newer' in undone ? undone.newer : null,
  views: 'views' in undone ? undone.views.map(({ path, wrote, now, restore }) => ({ path, wrote, now, restore })) : [],
});

const tell = (context: Context, session: PastSession, undone: Undone, leftSomething: boolean): void => {
  const line = (text: string): void => context.out(`${printable(text)}\n`);
  if (undone.kind === 'undone') {
    line(`Session ${session.id} is undone.`);
    if (!leftSomething) line('  It had left nothing to put back; what it restarted is not restarted once more.');
    for (const path of undone.restored) line(`  put back ${path}`);
    for (const what of undone.unsettled) line(`  but: ${what}`);
    return;
  }
  context.err(`gpumedic: ${printable(undone.because)}\n`);
  if (undone.kind === 'refused') for (const view of undone.views) line(`\n${threeWayText(view)}`);
  if (undone.kind === 'stuck') {
    for (const path of undone.restored) line(`  put back ${path}`);
    for (const what of undone.left) line(`  left: ${what}`);
  }
};

const undo = async (context: Context, box: Box, session: PastSession): Promise<Undone> => {
  if (box.kind === 'live' && !isRoot() && context.terminal.ink && (await needsRoot(session.store, session.id))) {
    askSudo();
  }
  context.holdInterrupts();
  return undoSession(box, session.store, session.id, { now: context.now });
};

export const run = async (context: Context): Promise<number> => {
  const box = await openBox(context);
  const session = choose(await historyOf(...storesOf(context)), context.words.rest[0]);
  if (session === null) {
    if (has(context, 'json'))
      context.out(jsonText(answer(null, { kind: 'nothing', because: 'nothing that gpumedic changed stands here' })));
    else context.err('gpumedic: nothing that gpumedic changed stands here; there is nothing to undo\n');
    return 1;
  }
  const undone = has(context, 'read-only')
    ? ({ kind: 'refused', because: 'read only: nothing is put back', views: [] } as const)
    : await undo(context, box, session);
  if (has(context, 'json')) context.out(jsonText(answer(session.id, undone)));
  else tell(context, session, undone, await hasLeft(session.store, session.id));
  return undone.kind === 'undone' ? 0 : 1;
};
