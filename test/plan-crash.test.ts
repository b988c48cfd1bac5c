/** The same promise at every point there is: random plans, a failure or a kill before and after each effect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyPlan, finishSession } from '../src/plan/apply.ts';
import { unfinished } from '../src/plan/history.ts';
import { journalIn } from '../src/plan/journal.ts';
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
