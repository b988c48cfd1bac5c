/** `gpumedic history`: what was changed, when, and whether it still stands. */
import { historyOf, type PastSession, type SessionOutcome } from '../plan/history.ts';
import { wrap } from '../report/wrap.ts';
import { printable } from '../text/sanitize.ts';
import { type Context, has, jsonText } from './context.ts';
import { storesOf } from './stores.ts';

const outcomeWords: Readonly<Record<SessionOutcome, string>> = {
  applied: 'applied, stands',
  rolledBack: 'failed, put back at once',
  undone: 'undone',
  stuck: 'could not be put back completely',
  unfinished: 'interrupted',
};

const two = (n: number): string => String(n).padStart(2, '0');

/** "2026-11-22 06:12", local time. */
const localTime = (at: number): string => {
  const t = new Date(at);
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}`;
};

const publicSession = ({ id, store, box, at, outcome, stands, plans }: PastSession) => ({
  id,
  box,
  at: new Date(at).toISOString(),
  outcome,
  stands,
  where: store.where,
  plans: plans.map(plan => ({ ...plan, at: new Date(plan.at).toISOString() })),
});

const sessionText = (session: PastSession, columns: number): string => {
  const width = Math.max(20, Math.min(columns, 100) - 4);
  const indented = (text: string): string[] =>
    wrap(printable(text), width - 2).map((line, i) => `${i === 0 ? '    ' : '      '}${line}`);
  const lines = session.plans.flatMap(plan => [
    ...wrap(`${plan.title} (${plan.fix}, for ${plan.finding})`, width).map(
      (line, i) => `${i === 0 ? '  ' : '    '}${line}`,
    ),
    ...plan.files.flatMap(({ path, did }) => indented(`${did} ${path}`)),
    ...plan.ran.flatMap(argv => indented(`run ${argv.join(' ')}`)),
    ...(plan.because === null ? [] : indented(plan.because)),
  ]);
  const undo = session.stands ? [`  put it back: gpumedic undo ${session.id}`] : [];
  return [`${session.id}  ${localTime(session.at)}  ${outcomeWords[session.outcome]}`, ...lines, ...undo].join('\n');
};

export const run = async (context: Context): Promise<number> => {
  const sessions = await historyOf(...storesOf(context));
  if (has(context, 'json')) {
    context.out(jsonText({ schema: 'gpumedic.history/1', sessions: sessions.map(publicSession) }));
  } else if (sessions.length === 0) {
    context.out('gpumedic has changed nothing here.\n');
  } else {
    context.out(`${sessions.map(session => sessionText(session, context.terminal.columns)).join('\n\n')}\n`);
  }
  return 0;
};
