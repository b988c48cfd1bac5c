/** `gpumedic`: the wizard. */
import { runWizard } from '../wizard/run.ts';
import { openBox } from './box.ts';
import { type Context, given, has } from './context.ts';
import { storesOf } from './stores.ts';

/** English needs no words looked up, and no time for it. */
const spoken = async (context: Context) => {
  const locale = given(context, 'lang') ?? context.env.LC_ALL ?? context.env.LC_MESSAGES ?? context.env.LANG ?? '';
  if (!locale.startsWith('ko')) return undefined;
  const { languageOf } = await import('../learn/lang.ts');
  return (await import('../learn/say.ts')).sayingIn(languageOf(context.env, given(context, 'lang')));
};

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
    say: await spoken(context),
    learn: async () => (await import('./learn.ts')).run(context),
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
