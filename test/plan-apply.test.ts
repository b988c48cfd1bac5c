/** What applying and undoing promise: all of it or nothing, whatever fails or dies at whatever moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cached } from '../src/box/cache.ts';
import { applyPlan } from '../src/plan/apply.ts';
import type { Progress } from '../src/plan/deeds.ts';
import { historyOf, unfinished } from '../src/plan/history.ts';
import { JOURNAL, journalIn, type Store, StoreError } from '../src/plan/journal.ts';
import { leaveSession, undoSession } from '../src/plan/undo.ts';
import { Crash, edit, fakeBox, memoryStore, mishap, NOON, picture, planOf, turnOn, worldOf } from './plan-fake.ts';

const now = () => NOON;
const RESTART = { argv: ['restart'] } as const;
const start = () => {
  const world = worldOf({ '/a': 'old a', '/b': 'old b\r\n' });
  const store = memoryStore();
  return { world, box: fakeBox(world), store, journal: journalIn(store, { now }) };
};
const PLAN = planOf(
  [edit('/a', 'old a', 'new a'), turnOn('x'), edit('/c', null, 'made', 0o600), edit('/b', 'old b\r\n', null)],
  {
    validate: [{ argv: ['true'] }],
    settle: [RESTART],
  },
);

test('apply does the steps in order, settles once, and undo puts every byte and the service back', async () => {
  const { world, box, store, journal } = start();
  world.modes.set('/b', 0o640);
  const before = picture(world);
  const notes: Progress[] = [];
  assert.deepEqual(await applyPlan(box, PLAN, journal, { note: n => notes.push(n) }), {
    kind: 'applied',
    session: '2026-11-22-1',
  });
  assert.deepEqual(
    [...world.files],
    [
      ['/a', 'new a'],
      ['/c', 'made'],
    ],
  );
  assert.equal(world.modes.get('/c'), 0o600);
  assert.deepEqual(world.ran, ['on x', 'true', 'restart']);
  assert.equal(world.service, picture(world));
  assert.deepEqual(
    notes.map(n => `${n.what} ${n.ok}`),
    ['edit /a', 'on x', 'create /c', 'remove /b', 'true', 'restart'].flatMap(what => [`${what} null`, `${what} true`]),
  );
  const undone = await undoSession(box, store, '2026-11-22-1', { now });
  assert.deepEqual(undone, { kind: 'undone', restored: ['/b', '/c', '/a'], unsettled: [] });
  assert.equal(picture(world), before);
  assert.equal(world.modes.get('/b'), 0o640, 'a file that was removed comes back with its mode');
  assert.equal(world.service, before);
  assert.deepEqual(await undoSession(box, store, '2026-11-22-1'), {
    kind: 'nothing',
    because: 'session 2026-11-22-1 is undone already',
  });
  assert.equal((await undoSession(box, store, '2026-11-22-7')).kind, 'nothing');
});

test('the journal says what is about to happen before it happens', async () => {
  const { world, box, store, journal } = start();
  const seen: string[] = [];
  const watching = {
    ...box,
    write: async (...args: Parameters<typeof box.write>) => {
      const text = (await store.get('2026-11-22-1', JOURNAL)) ?? '';
      seen.push(text.trim().split('\n').at(-1) ?? '');
      assert.equal(await store.get('2026-11-22-1', 'backup/0-0-a.before'), 'old a');
      return box.write(...args);
    },
  };
  await applyPlan(watching, planOf([edit('/a', 'old a', 'new a')]), journal);
  assert.deepEqual(JSON.parse(seen[0] ?? ''), { at: NOON, entry: 'step', n: 0, step: 0, way: 'apply', is: 'begun' });
  assert.equal(world.files.get('/a'), 'new a');
});

test('a failing validation undoes the edits and restarts nothing; a failing restart restarts on the old files', async () => {
  const one = start();
  const before = picture(one.world);
  const result = await applyPlan(one.box, { ...PLAN, validate: [{ argv: ['false'] }] }, one.journal);
  assert.ok(result.kind === 'undone' && !result.stopped);
  assert.match(result.because, /^false ended with 1: it does not work$/);
  assert.equal(picture(one.world), before);
  assert.ok(!one.world.ran.includes('restart'), 'running containers are not stopped for nothing');

  const two = start();
  const failed = await applyPlan(two.box, { ...PLAN, settle: [RESTART, { argv: ['false'] }] }, two.journal);
  assert.ok(failed.kind === 'undone');
  assert.deepEqual(failed.unsettled, ['false ended with 1: it does not work']);
  assert.equal(picture(two.world), before);
  assert.equal(two.world.service, before);
  assert.equal((await historyOf(two.store))[0]?.outcome, 'rolledBack');
});

test('a validator that is missing or too old to know the flag proves nothing wrong', async () => {
  const { box, journal, world } = start();
  const old = {
    ...box,
    run: async (c: Parameters<typeof box.run>[0]) =>
      c.argv[0] === 'dockerd'
        ? ({ kind: 'exited', code: 125, stdout: '', stderr: 'unknown flag: --validate' } as const)
        : box.run(c),
  };
  const plan = planOf([edit('/a', 'old a', 'new a')], {
    validate: [{ argv: ['dockerd', '--validate'] }, { argv: ['absent'] }],
  });
  assert.equal((await applyPlan(old, plan, journal)).kind, 'applied');
  assert.equal(world.files.get('/a'), 'new a');
});

test('a file edited between preview and apply stops everything, whichever it is', async () => {
  const { world, box, journal, store } = start();
  world.files.set('/b', 'mine');
  const before = picture(world);
  const result = await applyPlan(box, PLAN, journal);
  assert.ok(result.kind === 'drifted' && result.path === '/b' && result.view.now === 'mine');
  assert.equal(picture(world), before);
  assert.deepEqual(await store.ids(), [], 'nothing was begun');

  const late = start();
  const meddling = {
    ...late.box,
    run: async (c: Parameters<typeof box.run>[0]) => {
      late.world.files.set('/b', 'mine');
      return late.box.run(c);
    },
  };
  const second = await applyPlan(meddling, PLAN, late.journal);
  assert.ok(second.kind === 'drifted' && second.path === '/b');
  assert.deepEqual(Object.fromEntries(late.world.files), { '/a': 'old a', '/b': 'mine' });
  assert.deepEqual([...late.world.flags], []);
});

test('a box that remembers what it read hides no edit from apply and undo', async () => {
  const { world, box, journal, store } = start();
  const remembering = cached(box);
  await remembering.read('/a');
  world.files.set('/a', 'mine');
  assert.equal((await applyPlan(remembering, PLAN, journal)).kind, 'drifted');
  world.files.set('/a', 'old a');
  assert.equal((await applyPlan(remembering, PLAN, journal)).kind, 'applied');
  await remembering.read('/a');
  world.files.set('/a', 'mine');
  assert.equal((await undoSession(remembering, store, '2026-11-22-1')).kind, 'refused');
  assert.equal(world.files.get('/a'), 'mine');
});

test('Ctrl-C finishes the step, then undoes; before the first step nothing happens', async () => {
  for (const at of ['edit /a', 'on x', 'create /c', 'remove /b', 'true', 'restart']) {
    const { world, box, journal } = start();
    const before = picture(world);
    const stop = new AbortController();
    const result = await applyPlan(box, PLAN, journal, {
      signal: stop.signal,
      note: n => n.what === at && n.ok === null && n.direction === 'apply' && stop.abort(),
    });
    assert.ok(result.kind === 'undone' && result.stopped, at);
    assert.equal(picture(world), before, at);
    assert.equal(world.service, before, at);
  }
  const { world, box, journal } = start();
  const result = await applyPlan(box, PLAN, journal, { signal: AbortSignal.abort() });
  assert.ok(result.kind === 'undone' && result.stopped);
  assert.deepEqual(world.ran, []);
});

test('an undo that would trample is refused with the three-way view, and changes nothing', async () => {
  const { world, box, store, journal } = start();
  await applyPlan(box, PLAN, journal);
  world.files.set('/a', 'new a, edited by hand');
  const before = picture(world);
  const result = await undoSession(box, store, '2026-11-22-1');
  assert.ok(result.kind === 'refused');
  const [view] = result.views;
  assert.deepEqual(
    [view?.path, view?.wrote, view?.now, view?.restore],
    ['/a', 'new a', 'new a, edited by hand', 'old a'],
  );
  assert.equal(picture(world), before);
  world.files.set('/a', 'old a');
  assert.equal(
    (await undoSession(box, store, '2026-11-22-1')).kind,
    'undone',
    'put back by hand already is no obstacle',
  );
});

test('an older session below a newer edit of the same file is refused by name', async () => {
  const { world, box, store, journal } = start();
  await applyPlan(box, planOf([edit('/a', 'old a', 'one')]), journal);
  await applyPlan(box, planOf([edit('/a', 'one', 'two')]), journalIn(store, { now }));
  await applyPlan(box, planOf([edit('/b', 'old b\r\n', 'other')]), journalIn(store, { now }));
  const result = await undoSession(box, store, '2026-11-22-1');
  assert.ok(result.kind === 'refused' && result.newer === '2026-11-22-2');
  assert.match(result.because, /2026-11-22-2 edited \/a later/);
  assert.equal((await undoSession(box, store, '2026-11-22-2')).kind, 'undone');
  assert.equal((await undoSession(box, store, '2026-11-22-1')).kind, 'undone');
  assert.deepEqual([...world.files.values()], ['old a', 'other']);
});

test('several plans of one session are undone together, the last first, with one restart', async () => {
  const { world, box, store, journal } = start();
  const before = picture(world);
  await applyPlan(box, planOf([edit('/a', 'old a', 'one')], { settle: [RESTART] }), journal);
  await applyPlan(box, planOf([edit('/a', 'one', 'two'), turnOn('x')], { settle: [RESTART] }), journal);
  assert.equal(journal.id(), '2026-11-22-1');
  world.ran.length = 0;
  assert.equal((await undoSession(box, store, '2026-11-22-1')).kind, 'undone');
  assert.deepEqual(world.ran, ['off x', 'restart']);
  assert.equal(picture(world), before);
});

test('a plan is refused while another is at work, and when the journal cannot be written', async () => {
  const { world, box, store, journal } = start();
  const before = picture(world);
  const lock = await store.lock();
  const busy = await applyPlan(box, PLAN, journal);
  assert.ok(busy.kind === 'refused');
  assert.match(busy.because, /another gpumedic \(process \d+\)/);
  if (lock.ok) await lock.release();
  const full = (part: keyof Store): Store => ({
    ...store,
    [part]: async () => {
      throw new StoreError('/var/lib/gpumedic could not be written: no space left on the device');
    },
  });
  for (const part of ['lock', 'create', 'put', 'append'] as const) {
    const result = await applyPlan(box, PLAN, journalIn(full(part), { now }));
    assert.ok(result.kind === 'refused', part);
    assert.match(result.because, /no space left/);
    assert.equal(picture(world), before);
    assert.deepEqual(world.ran, []);
  }
});

test('what cannot be taken back is named, and undo can try again', async () => {
  const { world, box, store, journal } = start();
  const broken = {
    ...box,
    run: async (c: Parameters<typeof box.run>[0]) => (c.argv[0] === 'off' ? ({ kind: 'denied' } as const) : box.run(c)),
  };
  const result = await applyPlan(broken, { ...PLAN, validate: [{ argv: ['false'] }] }, journal);
  assert.ok(result.kind === 'stuck');
  assert.deepEqual(result.left, ['off x was not allowed']);
  assert.deepEqual(Object.fromEntries(world.files), { '/a': 'old a', '/b': 'old b\r\n' }, 'the rest is put back');
  const [past] = await historyOf(store);
  assert.ok(past?.outcome === 'stuck' && past.stands);
  assert.equal((await undoSession(broken, store, past.id)).kind, 'stuck');
  assert.equal((await undoSession(box, store, past.id)).kind, 'undone');
  assert.deepEqual([...world.flags], []);
});

test('what somebody wrote over our change meanwhile is not taken back with it', async () => {
  const { world, box, journal } = start();
  const meddling = {
    ...box,
    run: async (c: Parameters<typeof box.run>[0]) => {
      if (c.argv[0] === 'false') world.files.set('/a', 'mine');
      return box.run(c);
    },
  };
  const result = await applyPlan(meddling, { ...PLAN, validate: [{ argv: ['false'] }] }, journal);
  assert.ok(result.kind === 'stuck');
  assert.deepEqual(result.left, ['/a was changed by somebody else since']);
  assert.deepEqual(Object.fromEntries(world.files), { '/a': 'mine', '/b': 'old b\r\n' });
});

test('a session under way elsewhere is not offered as interrupted; one left as it is neither', async () => {
  const { world, box, store, journal } = start();
  const dying = mishap(box, store, 10, 'crash before');
  await assert.rejects(applyPlan(dying.box, PLAN, journalIn(dying.store, { now })), Crash);
  const [session] = await unfinished(store);
  assert.ok(session?.stands);
  const lock = await store.lock();
  assert.deepEqual(await unfinished(store), []);
  if (lock.ok) await lock.release();
  await leaveSession(store, session.id, now);
  assert.deepEqual(await unfinished(store), []);
  assert.equal((await undoSession(box, store, session.id)).kind, 'undone');
  assert.deepEqual(Object.fromEntries(world.files), { '/a': 'old a', '/b': 'old b\r\n' });
  assert.equal(journal.id(), null);
});

test('a newer edit in the other state folder is found by name too', async () => {
  const { box, store, journal } = start();
  const other = memoryStore();
  await applyPlan(box, planOf([edit('/a', 'old a', 'one')]), journal);
  await applyPlan(box, planOf([edit('/a', 'one', 'two')]), journalIn(other, { now: () => NOON + 1 }));
  const result = await undoSession(box, store, '2026-11-22-1', { others: [other] });
  assert.ok(result.kind === 'refused' && result.newer === '2026-11-22-1' && result.views.length === 0);
  assert.equal((await undoSession(box, other, '2026-11-22-1', { others: [store] })).kind, 'undone');
});

test('a command whose announcement could not be written is neither run nor taken back', async () => {
  const { world, box, store } = start();
  // Plan, begun and done of the first step, then begun of the command.
  let left = 3;
  const filling: Store = {
    ...store,
    append: async (...args) => {
      if (left-- === 0) throw new StoreError('no space left on the device');
      return store.append(...args);
    },
  };
  const result = await applyPlan(box, PLAN, journalIn(filling, { now }));
  assert.ok(result.kind === 'undone');
  assert.deepEqual(world.ran, []);
  assert.deepEqual(Object.fromEntries(world.files), { '/a': 'old a', '/b': 'old b\r\n' });
});

test('a session that goes on later keeps its earlier plans apart', async () => {
  const { world, box, store, journal } = start();
  const before = picture(world);
  await applyPlan(box, planOf([edit('/a', 'old a', 'one')]), journal);
  await applyPlan(box, planOf([edit('/a', 'one', 'two')]), journalIn(store, { now, session: '2026-11-22-1' }));
  assert.equal((await historyOf(store))[0]?.plans.length, 2);
  assert.equal((await undoSession(box, store, '2026-11-22-1')).kind, 'undone');
  assert.equal(picture(world), before);
});

test('a damaged backup is noticed before anything is put back', async () => {
  const { world, box, store, journal } = start();
  await applyPlan(box, PLAN, journal);
  const before = picture(world);
  await store.put('2026-11-22-1', 'backup/0-0-a.before', 'old A');
  const result = await undoSession(box, store, '2026-11-22-1');
  assert.ok(result.kind === 'refused');
  assert.match(result.because, /backup\/0-0-a\.before .* is damaged/);
  assert.equal(picture(world), before);
});

test('a crash of ours is no step that failed: it is not swallowed', async () => {
  const { box, journal } = start();
  const bug = { ...box, write: async () => Promise.reject(new TypeError('bug')) };
  await assert.rejects(applyPlan(bug, PLAN, journal), TypeError);
});
