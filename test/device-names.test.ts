/** Device names in Compose files: only the wrong word, only in its service, and the container gets its GPU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renamed } from '../flows/fixes/device-names.ts';
import { fixById, ladder } from '../flows/fixes/index.ts';
import { choicesFor, proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { file, node } from '../src/sim/fs.ts';
import { simBox } from '../src/sim/index.ts';
import type { Request, World } from '../src/sim/world.ts';
import { migDivided, migOneInstance } from '../src/sim/worlds/card.ts';
import { request, running } from '../src/sim/worlds/containers.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { textOf } from './fix-boxes.ts';

const PATH = '/srv/app/compose.yml';
const project = (world: World, text: string, asks: Partial<Request>) => {
  file(world.fs, PATH, text);
  running(world, 'app-train-1', request('debian:trixie', asks), {
    'com.docker.compose.project': 'app',
    'com.docker.compose.service': 'train',
    'com.docker.compose.project.config_files': PATH,
  });
  return simBox(world);
};
const reserved = (driver: string, id: string) =>
  `# "${id}" was right once\nservices:\n  train:\n    image: debian:trixie\n    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: ${driver}\n              device_ids: ["${id}"] # one part\n              capabilities: [gpu]\n  other:\n    image: debian:trixie\n    labels:\n      was: "${id}"\n`;

const wslWorld = (): World => {
  const world = healthyNew();
  (world.kernel as { release: string }).release = '6.6.87.2-microsoft-standard-WSL2';
  node(world.fs, '/dev/dxg', 10, 63);
  return world;
};

const CASES = {
  'mig-device-string-wrong': {
    box: () => project(migOneInstance(), reserved('nvidia', '0:3'), { gpus: 'device=0:3' }),
    old: '0:3',
    fresh: 'MIG-5c6a1f0e-0f4b-5d2c-8a0e-6f1b7f3c2d11',
  },
  'wsl-cdi-device-names': {
    box: () => project(wslWorld(), reserved('cdi', 'nvidia.com/gpu=0'), { devices: ['nvidia.com/gpu=0'] }),
    old: 'nvidia.com/gpu=0',
    fresh: 'nvidia.com/gpu=all',
  },
} as const;

for (const [finding, c] of Object.entries(CASES)) {
  test(`${finding}: the name is corrected in its service alone, proven and taken back`, async () => {
    const box = c.box();
    const before = await textOf(box, PATH);
    const report = await checkBox(box);
    assert.ok(
      report.findings.some(f => f.id === finding),
      report.findings.map(f => f.id).join(', '),
    );
    const { facts } = report.internal;
    assert.equal(ladder(finding, facts)[0]!.id, 'correct-device-name');
    const plan = await proposeFix(box, fixById('correct-device-name')!, facts, finding);
    assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
    const store = memoryStore();
    const applied = await applyPlan(box, plan, journalIn(store));
    assert.equal(applied.kind, 'applied', JSON.stringify(applied));
    assert.equal(await textOf(box, PATH), before!.replace(`["${c.old}"]`, `["${c.fresh}"]`));
    assert.ok(!(await checkBox(box)).findings.some(f => f.id === finding));
    if (applied.kind !== 'applied') return;
    const undone = await undoSession(box, store, applied.session);
    assert.equal(undone.kind, 'undone', JSON.stringify(undone));
    assert.equal(await textOf(box, PATH), before);
  });
}

const INSTANCES = {
  '0:0': 'MIG-5c6a1f0e-0f4b-5d2c-8a0e-6f1b7f3c2d11',
  '0:1': 'MIG-9b1d4a77-52e0-5f0c-9c55-1e3c0b7a8d22',
};

test('with several instances the choice is the person’s, and without one nothing is changed', async () => {
  const box = project(migDivided(), reserved('nvidia', '0:3'), { gpus: 'device=0:3' });
  const before = await textOf(box, PATH);
  const { facts } = (await checkBox(box)).internal;
  const fix = fixById('correct-device-name')!;
  const [device, ...rest] = await choicesFor(box, fix, facts, 'mig-device-string-wrong');
  assert.deepEqual(rest, []);
  assert.deepEqual([device!.id, device!.many, device!.initial], ['device', false, []]);
  assert.deepEqual(
    device!.options.map(o => [o.value, o.hint]),
    Object.entries(INSTANCES).map(([name, uuid]) => [name, `3g.20gb, ${uuid}`]),
  );
  for (const chosen of [{}, { device: [] }, { device: ['0:7'] }, { device: ['0:0', '0:1'] }]) {
    const plan = await proposeFix(box, fix, facts, 'mig-device-string-wrong', chosen);
    assert.ok(isRefusal(plan), JSON.stringify(chosen));
    assert.equal(plan.instead!.length, 2);
  }
  assert.equal(await textOf(box, PATH), before);
});

for (const [name, uuid] of Object.entries(INSTANCES))
  test(`the instance ${name} that was chosen is the one that is written, in the form that was asked for`, async () => {
    for (const [driver, old, fresh] of [
      ['nvidia', '0:3', uuid],
      ['cdi', 'nvidia.com/gpu=0:3', `nvidia.com/gpu=${name}`],
    ] as const) {
      const asks = driver === 'cdi' ? { devices: [old] } : { gpus: `device=${old}` };
      const box = project(migDivided(), reserved(driver, old), asks);
      const { facts } = (await checkBox(box)).internal;
      const plan = await proposeFix(box, fixById('correct-device-name')!, facts, 'mig-device-string-wrong', {
        device: [name],
      });
      assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
      const [edit] = plan.steps;
      assert.ok(edit?.do === 'edit' && edit.after!.includes(`device_ids: ["${fresh}"]`), JSON.stringify(edit));
    }
  });

test('where one instance is meant nothing is asked', async () => {
  const box = CASES['mig-device-string-wrong'].box();
  const { facts } = (await checkBox(box)).internal;
  assert.deepEqual(await choicesFor(box, fixById('correct-device-name')!, facts, 'mig-device-string-wrong'), []);
});

test('a name that comes from a variable is not guessed at', () => {
  assert.equal(renamed('services:\n  a:\n    environment:\n      - GPU=$' + '{GPU}\n', 'a', '0:3', 'x'), null);
  assert.equal(renamed('services:\n  b:\n    x: "0:3"\n', 'a', '0:3', 'x'), null);
  assert.equal(renamed('services:\n  a:\n    x: 10:30:3\n', 'a', '0:3', 'x'), null);
});
