import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, fromPromise, waitFor } from 'xstate';
import { allFlows as tree } from '../flows/index.ts';
import { type Applied, compileFlow, type FlowOutput, placeOf } from '../src/engine/compile.ts';
import type { Flow } from '../src/engine/flow.ts';
import { pathsOf } from '../src/engine/paths.ts';
import { walkthrough } from '../src/engine/walkthrough.ts';
import { flows, request } from './fixtures/flows.ts';

const asked = { way: 'docker-gpus', engine: 'docker', how: 'docker run --gpus all' } as const;
const input = { request: asked, tried: {}, left: [] };
const broken = () => ({ pci: 'gpu', driver: 'loaded', ldconfig: 'missing', uvm: 'there' }) as Record<string, string>;

/** A flow machine over a pretend box; applying mends what `mends` says. */
const over = (world: Record<string, string>, id = 'request', apply: () => Applied = () => ({ did: 'applied' })) =>
  compileFlow(flows[id]!).provide({
    actors: {
      judge: fromPromise(async ({ input }: { input: { flow: string; node: string } }) => ({
        verdict: flows[input.flow]!.nodes[input.node]!.decide(world as never, asked) as string,
      })),
      plan: fromPromise(async () => ({ fix: 'x', finding: 'y' }) as never),
      apply: fromPromise(async () => {
        const did = apply();
        if (did.did === 'applied') world.ldconfig = 'present';
        return did;
      }),
    } as never,
  });

const choosing = { timeout: 1000 };

test('a fix is proven by the check that found the fault, and the walk goes on from there', async () => {
  const world = broken();
  const actor = createActor(over(world), { input });
  actor.start();
  const seen: string[] = [];
  actor.subscribe(s => {
    const p = placeOf(s);
    if (p) seen.push(`${p.node} ${p.stage}`);
  });
  await waitFor(actor, s => s.hasTag('choice'), choosing);
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'ldconfig-path' });
  await waitFor(actor, s => placeOf(s)?.stage === 'proposing', choosing);
  actor.send({ type: 'CHOOSE', choice: 'apply' });
  const end = await waitFor(actor, s => s.status === 'done', choosing);
  assert.deepEqual((end.output as FlowOutput).exit, { end: 'works' });
  assert.deepEqual(seen.slice(-3), ['ldconfig applying', 'ldconfig checking', 'uvm checking']);
});

test('only the choice "apply" applies: everything else at a proposal leaves the machine alone', async () => {
  let applied = 0;
  const actor = createActor(
    over(broken(), 'request', () => {
      applied++;
      return { did: 'applied' };
    }),
    { input },
  );
  actor.start();
  await waitFor(actor, s => s.hasTag('choice'), choosing);
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  await waitFor(actor, s => placeOf(s)?.stage === 'proposing', choosing);
  for (const choice of ['fix', 'leave', 'again', 'back', 'stop'] as const)
    actor.send({ type: 'CHOOSE', choice, fix: 'f' });
  assert.equal(placeOf(actor.getSnapshot())?.stage, 'proposing');
  actor.send({ type: 'CHOOSE', choice: 'decline' });
  assert.equal(placeOf(actor.getSnapshot())?.stage, 'choosing');
  assert.equal(applied, 0);
});

test('questions come before the plan, are answered once, and one step back leads to them again', async () => {
  const asks = [{ id: 'gpus', question: '?', many: true, initial: ['0'], options: [{ value: '0', label: '0' }] }];
  const planned: unknown[] = [];
  let isRefused = false;
  const machine = over(broken()).provide({
    actors: {
      plan: fromPromise(async ({ input }: { input: { chosen: object | null } }) => {
        planned.push(input.chosen);
        return input.chosen === null ? { asks } : isRefused ? { refuse: 'no' } : ({ fix: 'x', finding: 'y' } as never);
      }),
    } as never,
  });
  const actor = createActor(machine, { input });
  actor.start();
  const stage = () => placeOf(actor.getSnapshot())?.stage;
  const at = (wanted: string) => waitFor(actor, s => placeOf(s)?.stage === wanted, choosing);
  await at('choosing');
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  assert.deepEqual((await at('asking')).context.asks, asks);
  for (const choice of ['fix', 'apply', 'leave', 'again', 'decline', 'stop'] as const)
    actor.send({ type: 'CHOOSE', choice, fix: 'f' });
  assert.equal(stage(), 'asking', 'nothing but an answer or a step back leads on');
  actor.send({ type: 'CHOOSE', choice: 'take', chosen: { gpus: ['0'] } });
  await at('proposing');
  actor.send({ type: 'CHOOSE', choice: 'back' });
  assert.equal(stage(), 'asking');
  isRefused = true;
  actor.send({ type: 'CHOOSE', choice: 'take', chosen: { gpus: [] } });
  await at('refused');
  actor.send({ type: 'CHOOSE', choice: 'back' });
  assert.equal(stage(), 'asking');
  actor.send({ type: 'CHOOSE', choice: 'back' });
  assert.equal(stage(), 'choosing');
  assert.deepEqual(planned, [null, { gpus: ['0'] }, { gpus: [] }]);
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  assert.equal((await at('asking')).context.chosen, null, 'taken up again it begins anew');
});

test('a fix is applied once in a session, whether it helped or not', async () => {
  const actor = createActor(
    over(broken(), 'request', () => ({ did: 'undone', because: 'dockerd did not start' })),
    { input },
  );
  actor.start();
  await waitFor(actor, s => s.hasTag('choice'), choosing);
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  await waitFor(actor, s => placeOf(s)?.stage === 'proposing', choosing);
  actor.send({ type: 'CHOOSE', choice: 'apply' });
  const back = await waitFor(actor, s => placeOf(s)?.stage === 'choosing', choosing);
  assert.equal(back.context.trouble, 'dockerd did not start');
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  assert.equal(placeOf(actor.getSnapshot())?.stage, 'choosing');
});

test('Ctrl-C while applying asks the step to finish; the machine stays until it has', async () => {
  let release: (a: Applied) => void = () => {};
  let asks = 0;
  const machine = over(broken()).provide({
    actors: { apply: fromPromise(() => new Promise<Applied>(r => (release = r))) } as never,
    actions: { askToStop: () => void asks++ } as never,
  });
  const actor = createActor(machine, { input });
  actor.start();
  await waitFor(actor, s => s.hasTag('choice'), choosing);
  actor.send({ type: 'CHOOSE', choice: 'fix', fix: 'f' });
  await waitFor(actor, s => placeOf(s)?.stage === 'proposing', choosing);
  actor.send({ type: 'CHOOSE', choice: 'apply' });
  actor.send({ type: 'CHOOSE', choice: 'stop' });
  assert.equal(asks, 1);
  assert.equal(placeOf(actor.getSnapshot())?.stage, 'applying');
  release({ did: 'stopped', because: 'interrupted' });
  const end = await waitFor(actor, s => s.status === 'done', choosing);
  assert.deepEqual((end.output as FlowOutput).exit, { end: 'interrupted' });
});

test('a judge that fails is "cannot tell", not the end of the program', async () => {
  const machine = over(broken()).provide({
    actors: { judge: fromPromise(() => Promise.reject(new Error('boom'))) } as never,
  });
  const actor = createActor(machine, { input });
  actor.start();
  const end = await waitFor(actor, s => s.status !== 'active', choosing);
  assert.equal(end.status, 'done');
  assert.deepEqual((end.output as FlowOutput).exit, { end: 'works' });
});

test('notes are passed, findings that were left are not asked about again', async () => {
  const actor = createActor(over({ ...broken(), driver: 'old' }, 'where'), { input });
  actor.start();
  const end = await waitFor(actor, s => s.status === 'done', choosing);
  assert.deepEqual((end.output as FlowOutput).exit, { to: 'request' });
  const left = createActor(over(broken()), { input: { ...input, left: ['hook-ldconfig-path-missing'] } });
  left.start();
  assert.deepEqual(((await waitFor(left, s => s.status === 'done', choosing)).output as FlowOutput).exit, {
    end: 'works',
  });
});

test('the whole walk: the trunk once, the branch once a form of request', async () => {
  const world = { ...broken(), ldconfig: 'present' };
  const judged: string[] = [];
  const machines = Object.fromEntries(
    Object.keys(flows).map(id => [
      id,
      over(world, id).provide({
        actors: {
          judge: fromPromise(async ({ input }: { input: { flow: string; node: string; request: { way: string } } }) => {
            judged.push(`${input.request.way} ${input.node}`);
            return { verdict: flows[input.flow]!.nodes[input.node]!.decide(world as never, asked) as string };
          }),
        } as never,
      }),
    ]),
  );
  const ways = [asked, { way: 'docker-runtime', engine: 'docker', how: '' } as const];
  const walk = walkthrough(machines, {
    trunk: 'where',
    branch: 'request',
    nextWay: async done => ways[done.length] ?? null,
  });
  const actor = createActor(walk, { input: { tried: {}, left: [] } });
  actor.start();
  await waitFor(actor, s => s.status === 'done', choosing);
  assert.deepEqual(judged, [
    'docker-gpus pci',
    'docker-gpus driver',
    'docker-gpus ldconfig',
    'docker-gpus uvm',
    'docker-runtime ldconfig',
    'docker-runtime uvm',
  ]);
});

test('every path ends, at most one try a fix, and the way apply, check again, works is among them', () => {
  const paths = pathsOf(compileFlow(request), { ...input, most: 1 });
  assert.ok(paths.length > 20, `${paths.length}`);
  assert.ok(paths.every(p => p.ends.startsWith('exit/')));
  assert.ok(paths.some(p => p.steps.join(' ') === 'missing fix plan apply applied present there' || p.fixes === 1));
});

test('every path of every flow ends at a known place, and every verdict stands on one', () => {
  let total = 0;
  for (const flow of Object.values<Flow>(tree)) {
    const paths = pathsOf(compileFlow(flow), { ...input, most: 1 });
    total += paths.length;
    const ends = new Set(paths.map(p => p.ends));
    for (const end of ends) {
      const to = /^exit\/(?:(works|stopped|interrupted)|to ([\w-]+))$/.exec(end);
      assert.ok(to, `${flow.id} ends at ${end}`);
      if (to[2] !== undefined) assert.ok(to[2] in tree, `${flow.id} leads to ${to[2]}, which is no flow`);
    }
    const words = new Set(paths.flatMap(p => p.steps));
    for (const [id, check] of Object.entries(flow.nodes))
      for (const verdict of Object.keys(check.on))
        assert.ok(words.has(verdict), `${flow.id}.${id}: no path holds "${verdict}"`);
  }
  assert.ok(total > 1000);
  console.log(`${total} paths through ${Object.keys(tree).length} flows`);
});
