/** What a run of the wizard leaves behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { replay } from '../src/transcript/log.ts';
import { EVENTS, eventLog } from '../src/wizard/eventlog.ts';
import { runFix } from '../src/wizard/fix.ts';
import { realOutside } from '../src/wizard/real.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard } from '../src/wizard/wizard.ts';

test('a run that only looked leaves no session', async () => {
  const store = memoryStore();
  const outside = realOutside({
    box: simBox(await demos['ldconfig-real']!.load()),
    store,
    version: '0',
    command: 'gpumedic',
    now: Date.now,
  });
  await outside.facts.all();
  await outside.flush();
  assert.deepEqual(await store.ids(), []);
});

test('what was done lies beside its journal: events in order, from the first to the last', async () => {
  const store = memoryStore();
  const outside = realOutside({
    box: simBox(await demos['ldconfig-real']!.load()),
    store,
    version: '0',
    command: 'gpumedic fix --yes',
    now: Date.now,
  });
  const code = await runFix({
    outside,
    ids: [],
    yes: true,
    dryRun: false,
    json: true,
    ask: async () => null,
    out: () => {},
    err: () => {},
    terminal: { colour: false, ascii: false, columns: 80 },
    signal: new AbortController().signal,
  });
  assert.equal(code, 0);
  await outside.flush();
  const ids = await store.ids();
  assert.deepEqual(ids, [outside.session()]);
  const { events, unreadable } = replay((await store.get(ids[0]!, EVENTS))!.trim().split('\n'));
  assert.deepEqual(unreadable, []);
  const types = [...new Set(events.map(e => e.type))];
  for (const type of [
    'began',
    'ran',
    'machine',
    'judged',
    'proposed',
    'answered',
    'stepped',
    'verified',
    'ended',
  ] as const)
    assert.ok(types.includes(type), type);
  assert.equal(events[0]!.type, 'began');
  assert.equal(events.at(-1)!.type, 'ended');
});

test('a log that cannot be kept stops nothing', async () => {
  const store = { ...memoryStore(), append: () => Promise.reject(new Error('no space left')) };
  const log = eventLog(store, async () => '2026-11-22-1', 1);
  log.keep();
  log.line('{}');
  await log.flush();
});

test('a recording shows the plan and asks nobody to apply it', async () => {
  const box = { ...simBox(await demos['ldconfig-real']!.load()), kind: 'recorded' as const };
  const wizard = createWizard({
    outside: realOutside({ box, store: memoryStore(), version: '0', command: 'gpumedic', now: Date.now }),
  });
  const until = (what: () => boolean) =>
    new Promise<void>(resolve => {
      const stop = wizard.subscribe(() => {
        if (!what()) return;
        stop();
        resolve();
      });
    });
  wizard.send({ do: 'choose', id: 'why' });
  await until(() => wizard.state().walk?.found != null);
  wizard.send({ do: 'choose', id: viewOf(wizard.state(), '0').choices[0]!.id });
  await until(() => wizard.state().walk?.stage === 'proposing');
  const view = viewOf(wizard.state(), '0');
  assert.equal(view.confirm, null);
  assert.ok(view.body.some(l => l.kind === 'code' && l.text.startsWith('+ldconfig')));
  wizard.send({ do: 'choose', id: view.choices[0]!.id });
  assert.equal(wizard.state().walk?.stage, 'choosing');
});
