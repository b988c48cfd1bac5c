/**
 * A session on a box that keeps none: on a simulated one everything that is offered first is accepted, on a recording
 * it is only shown. So there is a transcript in every form of every demo, and a bug report for a recording.
 */
import { reportOf } from '../engine/report.ts';
import { telling } from '../engine/telling.ts';
import { memoryStore } from '../plan/memory.ts';
import { EVENTS } from '../wizard/eventlog.ts';
import { APPLY, runFix } from '../wizard/fix.ts';
import { realOutside } from '../wizard/real.ts';
import { openBox } from './box.ts';
import { type Context, given } from './context.ts';

/** @returns the log as it would be on disk, and a name for the session */
export const playedSession = async (context: Context): Promise<{ readonly id: string; readonly text: string }> => {
  const box = await openBox(context);
  const store = memoryStore();
  const demo = given(context, 'demo');
  const outside = realOutside({
    box,
    store,
    version: context.version,
    command: ['gpumedic', ...process.argv.slice(2)].join(' '),
    now: context.now,
  });
  for (const f of reportOf(await outside.facts.all(), telling).findings)
    outside.append({
      type: 'judged',
      flow: 'report',
      node: f.id,
      title: f.title,
      verdict: f.id,
      found: f.title,
      seen: f.evidence,
      finding: { id: f.id, severity: f.severity, title: f.title },
    });
  await runFix({
    outside,
    ids: [],
    yes: false,
    dryRun: box.kind === 'recorded',
    json: false,
    // What is ticked is taken as it is.
    ask: async question => (question === APPLY ? 'y' : ''),
    out: () => {},
    err: () => {},
    terminal: { colour: false, ascii: false, columns: 80 },
    signal: context.signal,
  });
  const { ways } = outside.reportOf(await outside.facts.all());
  outside.append({ type: 'ways', ways: ways.map(({ way, works, cause, why }) => ({ way, works, cause, why })) });
  await outside.flush();
  const [id] = await store.ids();
  return { id: demo ?? 'recording', text: id === undefined ? '' : ((await store.get(id, EVENTS)) ?? '') };
};
