/** What applying and undoing promise: all of it or nothing, whatever fails or dies at whatever moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyPlan, finishSession } from '../src/plan/apply.ts';
import type { Progress } from '../src/plan/deeds.ts';
import { historyOf, unfinished } from '../src/plan/history.ts';
import { JOURNAL, journalIn, type Store, StoreError } from '../src/plan/journal.ts';
import type { Plan, Step } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import {
  Crash,
  edit,
  fakeBox,
  memoryStore,
  mishap,
  NOON,
  picture,
  planOf,
  turnOn,
  unlocked,
  worldOf,
} from './plan-fake.ts';

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

const PATHS = ['/a', '/b', '/c'] as const;
const randomPlan = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom<string | null>('one', 'two\n', 'größe\r\n', '', null)),
      fc.constantFrom('x', 'y'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .chain(parts => {
    const at = new Map<string, string | null>([
      ['/a', 'old a'],
      ['/b', 'old b\r\n'],
      ['/c', null],
    ]);
    const used = new Set<string>();
    const steps = parts.flatMap((part): Step[] => {
      if (typeof part === 'string') {
        if (used.has(part)) return [];
        used.add(part);
        return [turnOn(part)];
      }
      const before = at.get(part[0]) ?? null;
      at.set(part[0], part[1]);
      return [edit(part[0], before, part[1])];
    });
    return fc
      .record({ settle: fc.constantFrom([], [RESTART]) })
      .map(rest => planOf(steps, { validate: [{ argv: ['true'] }], ...rest }));
  });

const effectsOf = async (plan: Plan): Promise<number> => {
  const { box, store } = start();
  const whole = mishap(box, store, -1, 'fail');
  assert.equal((await applyPlan(whole.box, plan, journalIn(whole.store, { now }))).kind, 'applied');
  return whole.count();
};

test('property: a failure at any point leaves every byte as it was, or the plan applied', async () => {
  await fc.assert(
    fc.asyncProperty(randomPlan, async plan => {
      const effects = await effectsOf(plan);
      for (let at = 0; at < effects; at++) {
        const { world, box, store } = start();
        const before = picture(world);
        const broken = mishap(box, store, at, 'fail');
        const result = await applyPlan(broken.box, plan, journalIn(broken.store, { now }));
        if (result.kind === 'applied')
          assert.equal(at, effects - 1, 'only the very last line of the journal may be missing');
        else {
          assert.ok(result.kind === 'undone' || result.kind === 'refused', result.kind);
          assert.equal(picture(world), before);
          assert.equal(world.service, before);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('property: killed at any point, undo alone restores every byte; killed in that undo too, the next one does', async () => {
  let points = 0;
  await fc.assert(
    fc.asyncProperty(
      randomPlan,
      fc.constantFrom('crash before', 'crash after'),
      fc.nat(20),
      async (plan, how, second) => {
        const effects = await effectsOf(plan);
        for (let at = 0; at < effects; at++) {
          const { world, box, store } = start();
          const before = picture(world);
          const broken = mishap(box, store, at, how);
          await assert.rejects(applyPlan(broken.box, plan, journalIn(broken.store, { now })), Crash);
          points++;
          const [id] = await store.ids();
          if (id === undefined) {
            assert.equal(picture(world), before);
            continue;
          }
          const again = mishap(box, unlocked(store), second, how);
          await undoSession(again.box, again.store, id, { now }).catch(error => assert.ok(error instanceof Crash));
          const last = await undoSession(box, unlocked(store), id, { now });
          assert.ok(last.kind === 'undone' || last.kind === 'nothing', JSON.stringify(last));
          assert.equal(picture(world), before);
          assert.equal(world.service, before);
          assert.deepEqual(await unfinished(store), []);
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(points > 300, `${points} points`);
});

test('property: killed at any point, finishing completes the plan, and undo still restores every byte', async () => {
  await fc.assert(
    fc.asyncProperty(randomPlan, fc.constantFrom('crash before', 'crash after'), async (plan, how) => {
      const effects = await effectsOf(plan);
      const { world: whole, box: wholeBox, journal } = start();
      await applyPlan(wholeBox, plan, journal);
      for (let at = 0; at < effects; at++) {
        const { world, box, store } = start();
        const before = picture(world);
        const broken = mishap(box, store, at, how);
        await assert.rejects(applyPlan(broken.box, plan, journalIn(broken.store, { now })), Crash);
        const [left] = await unfinished(store);
        if (left === undefined) continue;
        assert.equal((await finishSession(box, unlocked(store), left.id, { now })).kind, 'applied');
        assert.equal(picture(world), picture(whole));
        assert.equal(world.service, whole.service);
        assert.deepEqual(await unfinished(store), []);
        assert.equal((await undoSession(box, unlocked(store), left.id, { now })).kind, 'undone');
        assert.equal(picture(world), before);
      }
    }),
    { numRuns: 40 },
  );
});

test('a crash of ours is no step that failed: it is not swallowed', async () => {
  const { box, journal } = start();
  const bug = { ...box, write: async () => Promise.reject(new TypeError('bug')) };
  await assert.rejects(applyPlan(bug, PLAN, journal), TypeError);
});
