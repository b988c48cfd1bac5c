/** `gpumedic fix`. */
import { createInterface } from 'node:readline';
import { memoryStore } from '../plan/memory.ts';
import { runFix } from '../wizard/fix.ts';
import { realOutside } from '../wizard/real.ts';
import { openBox } from './box.ts';
import { chosenOf } from './choose.ts';
import { type Context, fromOf, given, givenAll, has } from './context.ts';
import { UsageError } from './errors.ts';
import { storesOf } from './stores.ts';

export const run = async (context: Context): Promise<number> => {
  const chosen = chosenOf(givenAll(context, 'choose'));
  if (Object.keys(chosen).length > 0 && context.words.rest.length === 0)
    throw new UsageError(
      '--choose needs the ID of a finding or a fix that it is for',
      'gpumedic fix ID --choose ID=VALUE',
    );
  context.holdInterrupts();
  const opened = await openBox(context);
  const dryRun = has(context, 'dry-run');
  const box = dryRun ? (await import('../box/wrap.ts')).readOnly(opened) : opened;
  const [store, ...others] = dryRun ? [memoryStore()] : storesOf(context);
  const outside = realOutside({
    box,
    store: store!,
    others,
    version: context.version,
    command: ['gpumedic', ...process.argv.slice(2)].join(' '),
    now: context.now,
    loadModules: has(context, 'load-modules'),
  });
  const container = given(context, 'container');
  if (container?.startsWith('-') === true) throw new UsageError(`--container ${container}: not a name`);
  const json = has(context, 'json');
  let lines: { readonly input: AsyncIterator<string>; readonly close: () => void } | null = null;
  const ask = async (question: string): Promise<string | null> => {
    // The question is no part of a JSON answer.
    (json ? context.err : context.out)(question);
    if (lines === null) {
      const input = createInterface({ input: process.stdin, terminal: false });
      lines = { input: input[Symbol.asyncIterator](), close: () => input.close() };
    }
    const stopped = new Promise<{ readonly done: true }>(resolve =>
      context.signal.addEventListener('abort', () => resolve({ done: true }), { once: true }),
    );
    const answer = await Promise.race([lines.input.next(), stopped]);
    return answer.done ? null : answer.value;
  };
  try {
    return await runFix({
      outside: container === undefined ? outside : outside.about!(container),
      ids: context.words.rest,
      from: `${container === undefined ? '' : ` --container ${container}`}${fromOf(context)}`,
      chosen,
      yes: has(context, 'yes'),
      dryRun,
      json,
      ask,
      out: context.out,
      err: context.err,
      terminal: context.terminal,
      signal: context.signal,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'UnknownId') throw new UsageError(error.message);
    throw error;
  } finally {
    (lines as { close(): void } | null)?.close();
    await outside.flush();
  }
};
