/** A demo box seen to by the real session, for tests of what is exported afterwards. */
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { replay } from '../src/transcript/log.ts';
import { EVENTS } from '../src/wizard/eventlog.ts';
import { runFix } from '../src/wizard/fix.ts';
import { realOutside } from '../src/wizard/real.ts';

export const START = Date.UTC(2026, 10, 22, 9, 0, 0);

/** Says yes to everything that is offered first; the world before is a second one, loaded afresh. */
export const fixDemo = async (name: string, answer = 'y') => {
  const world = await demos[name]!.load();
  const store = memoryStore();
  let now = START;
  const outside = realOutside({
    box: simBox(world),
    store,
    version: '0.1.0',
    command: `gpumedic fix --demo ${name}`,
    now: () => (now += 50),
  });
  const code = await runFix({
    outside,
    ids: [],
    yes: false,
    dryRun: false,
    json: false,
    ask: async () => answer,
    out: () => {},
    err: () => {},
    terminal: { colour: false, ascii: false, columns: 80 },
    signal: new AbortController().signal,
  });
  await outside.flush();
  const [id] = await store.ids();
  const text = id === undefined ? '' : ((await store.get(id, EVENTS)) ?? '');
  return { code, world, broken: await demos[name]!.load(), events: replay(text.split('\n')).events };
};
