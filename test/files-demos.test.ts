/** The project files of the demo boxes: found, explained, shown as a diff, applied, proven, undone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
import { filesFindings, planFor } from '../src/files/index.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { undoSession } from '../src/plan/undo.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';

const faultsOf = async (box: Box) =>
  (await filesFindings(box, await checkBox(box), { forms: 4 })).findings.filter(f => f.severity === 'fault');

const starts = async (box: Box, ...words: string[]): Promise<boolean> => {
  const ran = await box.run({ argv: ['docker', 'run', '--rm', ...words, 'debian:trixie', 'nvidia-smi', '-L'] });
  return ran.kind === 'exited' && ran.code === 0 && /GPU 0/.test(ran.stdout);
};

test('the distributed project: the reservation becomes what works, the Dockerfile gets its COPY', async () => {
  const box = simBox(await demos['project-distributed']!.load());
  const found = await faultsOf(box);
  assert.deepEqual(
    found.map(f => `${f.path}:${f.line} ${f.id}`),
    [
      '/srv/moe/Dockerfile:6 image-app-module-missing',
      '/srv/moe/docker-compose-distributed.yml:26 hook-in-nonlegacy-mode',
    ],
  );
  assert.equal(await starts(box, '--gpus', '"device=0"'), false, 'as it asks now');
  const compose = found[1]!;
  assert.deepEqual(compose.works, ['cdi', 'reservation-cdi', 'runtime']);
  const runtime = compose.mends.find(m => m.to === 'runtime')!;
  assert.match(runtime.after, /NVIDIA_VISIBLE_DEVICES=0 {3}# the only card\n {4}runtime: nvidia\n {4}depends_on/);
  const before = new Map<string, string>();
  const store = memoryStore();
  const sessions: string[] = [];
  for (const plan of [planFor(found[0]!, found[0]!.mends[0]!), planFor(compose, runtime)]) {
    for (const path of plan.touches) before.set(path, ((await box.read(path)) as { text: string }).text);
    assert.deepEqual(
      [plan.privilege, plan.settle.length, plan.steps.every(s => s.do === 'edit' && !s.root)],
      [1, 0, true],
    );
    const done = await applyPlan(box, plan, journalIn(store, { now: Date.now }));
    assert.equal(done.kind, 'applied');
    if (done.kind === 'applied') sessions.push(done.session);
  }
  assert.deepEqual(await faultsOf(box), []);
  assert.equal(await starts(box, '--runtime=nvidia', '-e', 'NVIDIA_VISIBLE_DEVICES=0'), true, 'as it asks after');
  for (const session of sessions.toReversed())
    assert.equal((await undoSession(box, store, session, { now: Date.now })).kind, 'undone');
  for (const [path, text] of before) assert.equal(((await box.read(path)) as { text: string }).text, text);
});

test('the ollama project: a count becomes a CDI name', async () => {
  const box = simBox(await demos['project-ollama']!.load());
  const [found, ...more] = await faultsOf(box);
  assert.equal(more.length, 0);
  assert.equal(found?.id, 'ldconfig-path-wrong');
  assert.equal(found?.works[0], 'cdi');
  assert.equal(await starts(box, '--gpus', '1'), false, 'as it asks now');
  const done = await applyPlan(box, planFor(found!, found!.mends[0]!), journalIn(memoryStore(), { now: Date.now }));
  assert.equal(done.kind, 'applied');
  assert.deepEqual(await faultsOf(box), []);
  assert.equal(await starts(box, '--device', 'nvidia.com/gpu=0'), true, 'as it asks after');
});
