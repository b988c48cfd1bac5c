/** The change of a Swarm service that does not come up is taken back whole: files, engine and service. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById } from '../flows/fixes/index.ts';
import { DAEMON_JSON } from '../flows/probes/docker.ts';
import { CONFIG } from '../flows/probes/toolkit.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { simBox } from '../src/sim/index.ts';
import { swarmNode } from '../src/sim/worlds/swarm.ts';
import { edit, textOf } from './fix-boxes.ts';

const named = { subject: { name: 'lab_train', mayRun: false } };

test('a task that cannot start with its GPU runs again without it', async () => {
  const world = swarmNode({ docker: '26.1.5', toolkit: '1.17.8' });
  const box = simBox(world);
  const { facts } = (await checkBox(box, named)).internal;
  // Something breaks the toolkit that nobody had looked for.
  await edit(box, CONFIG, t => t.replace('"@/sbin/ldconfig"', '"@/opt/none/ldconfig"'));
  const config = (await textOf(box, CONFIG)) ?? '';
  const plan = await proposeFix(
    box,
    fixById('teach-swarm-the-gpus')!,
    { ...facts, config: { ...facts.config, text: config } },
    'swarm-service-no-gpu',
  );
  assert.ok(!isRefusal(plan));
  const before = await textOf(box, DAEMON_JSON);
  const applied = await applyPlan(box, plan, journalIn(memoryStore()));
  assert.equal(applied.kind, 'undone', JSON.stringify(applied));
  assert.deepEqual([await textOf(box, DAEMON_JSON), await textOf(box, CONFIG)], [before, config]);
  const [service] = world.docker!.swarm!.services;
  assert.deepEqual(service!.asks, {});
  assert.equal(world.docker!.containers.filter(c => c.state === 'running').length, 1);
  assert.equal(world.docker!.started!.defaultRuntime, 'runc');
});

test('a restart counts the tasks of Swarm among what it stops, and asks nobody to start them by hand', async () => {
  const box = simBox(swarmNode());
  const { facts } = (await checkBox(box, named)).internal;
  const plan = await proposeFix(box, fixById('teach-swarm-the-gpus')!, facts, 'swarm-service-no-gpu');
  assert.ok(!isRefusal(plan));
  assert.deepEqual(
    plan.interrupts?.containers.map(c => c.restart),
    ['made anew by Swarm'],
  );
  assert.doesNotMatch(plan.afterwards.join(' '), /by hand/);
});
