/** `gpumedic`: the wizard. */
import { runWizard } from '../wizard/run.ts';
import { openBox } from './box.ts';
import { type Context, given, has } from './context.ts';
import { storesOf } from './stores.ts';

export const run = async (context: Context): Promise<number> => {
  context.holdInterrupts();
  const riddle = given(context, 'demo') === 'random' ? await (await import('./random.ts')).riddleOf(context) : null;
  const box = riddle?.box ?? (await openBox(context));
  const [store, ...others] = storesOf(context);
  const isAway = box.kind !== 'live';
  const code = await runWizard({
    box,
    store,
    others,
    terminal: context.terminal,
    version: context.version,
    command: ['gpumedic', ...process.argv.slice(2)].join(' '),
    loadModules: has(context, 'load-modules'),
    out: context.out,
    now: context.now,
    signal: context.signal,
    // Inside a recording or a demo another simulated box would only confuse.
    ...(!isAway && {
      demos: {
        list: async () =>
          Object.entries((await import('../sim/worlds/index.ts')).demos).map(([name, { title }]) => ({ name, title })),
        open: async name => {
          const { demos } = await import('../sim/worlds/index.ts');
          const { simBox } = await import('../sim/index.ts');
          return simBox(await demos[name]!.load());
        },
      },
    }),
  });
  if (riddle !== null) context.out(await riddle.answer());
  return code;
};
