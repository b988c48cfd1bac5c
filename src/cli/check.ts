/** `gpumedic check`: every read-only probe, the verdict, nothing changed. */

import { flows } from '../../flows/index.ts';
import { readOnly } from '../box/wrap.ts';
import type { Flow } from '../engine/flow.ts';
import { checkBox, exitCodeOf } from '../engine/report.ts';
import { reportJson } from '../report/json.ts';
import { openBox } from './box.ts';
import { type Context, formatOf, fromOf, given, has } from './context.ts';
import { UsageError } from './errors.ts';

export const run = async (context: Context): Promise<number> => {
  const box = readOnly(await openBox(context));
  const container = given(context, 'container');
  if (container === undefined && has(context, 'try')) throw new UsageError('--try goes with --container NAME');
  if (container?.startsWith('-') === true) throw new UsageError(`--container ${container}: not a name`);
  const report = await checkBox(box, {
    ...(container !== undefined && { subject: { name: container, mayRun: has(context, 'try') } }),
    loadModules: has(context, 'load-modules'),
    now: context.now,
    signal: context.signal,
  });
  const format = formatOf(context, 'text');
  const mendable = report.findings.some(f => f.severity === 'fault' && f.fixes.some(x => x.by !== 'guide'));
  const also = container !== undefined && mendable ? ` --container ${container}` : '';
  const look = { ...context.terminal, from: fromOf(context) + also };
  if (format === 'json') context.out(reportJson(report));
  else if (format === 'md') context.out((await import('../report/markdown.ts')).reportMarkdown(report));
  else if (format === 'junit') {
    context.out((await import('../report/junit.ts')).reportJunit(report, Object.values<Flow>(flows)));
  } else {
    context.out(
      (await import('../report/text.ts')).reportText(report, {
        ...look,
        modes: (await import('../../flows/modes/index.ts')).modes,
      }),
    );
  }
  return exitCodeOf(report);
};
