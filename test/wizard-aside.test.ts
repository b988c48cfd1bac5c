/** One container, and what survives a boot, each from the first menu to a proven end, on simulated boxes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import type { World } from '../src/sim/world.ts';
import { newerCuda } from '../src/sim/worlds/projects.ts';
import * as workloads from '../src/sim/worlds/workloads.ts';
import { realOutside } from '../src/wizard/real.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard } from '../src/wizard/wizard.ts';

const open = (world: World) => {
  const box = simBox(world);
  const wizard = createWizard({
    outside: realOutside({ box, store: memoryStore(), version: '0', command: 'gpumedic', now: Date.now }),
  });
  const ids = () => viewOf(wizard.state(), '0').choices.map(c => c.id);
  const asks = () => ids().length > 0 || viewOf(wizard.state(), '0').confirm !== null;
  const settled = async () => {
    while (!asks())
      await new Promise<void>(resolve => {
        const stop = wizard.subscribe(() => {
          stop();
          resolve();
        });
      });
  };
  const choose = async (id: string) => {
    await settled();
    assert.ok(ids().includes(id), `${id} is not among ${ids().join(', ')}`);
    wizard.send({ do: 'choose', id });
    await settled();
  };
  const yes = async () => {
    await settled();
    assert.notEqual(viewOf(wizard.state(), '0').confirm, null);
    wizard.send({ do: 'yes' });
    await settled();
  };
  return { box, wizard, choose, yes, ids, state: () => wizard.state() };
};

test('a container that lost its GPU: picked from the list, restarted after a yes, and sound again', async () => {
  const w = open(workloads.lostDevices());
  await w.choose('containers');
  assert.deepEqual(w.ids(), ['container ollama', 'container db', 'container train-42', 'menu']);
  await w.choose('container train-42');
  assert.equal(w.state().walk?.found?.id, 'cgroup-lost-after-daemon-reload');
  await w.choose('fix restart-this-container');
  await w.yes();
  assert.equal(w.state().at.at, 'end');
  assert.deepEqual(w.state().walk?.fixed, ['cgroup-lost-after-daemon-reload']);
  assert.equal(w.state().walk?.report?.verdict, 'ok');
});

test('a sound container ends without a question', async () => {
  const w = open(workloads.lostDevices());
  await w.choose('containers');
  await w.choose('container ollama');
  assert.equal(w.state().at.at, 'end');
  assert.equal(w.state().changes, 0);
});

test('what Docker could not start is the next place to look where the machine is sound, and is mended from there', async () => {
  const w = open(newerCuda());
  await w.choose('why');
  if (viewOf(w.state(), '0').confirm !== null) w.wizard.send({ do: 'no' });
  await w.choose('container voice-transcriber-1');
  assert.equal(w.state().walk?.found?.id, 'cuda-requirement-unsatisfied');
  await w.choose('fix change-project-file');
  assert.deepEqual(
    viewOf(w.state(), '0')
      .choices.map(c => c.label)
      .slice(0, 2),
    [
      'transcriber: nvidia/cuda:12.8.1-base-ubuntu24.04, which is here',
      'transcriber: nvidia/cuda:12.6.3-base-ubuntu24.04, which is here',
    ],
  );
  await w.choose(w.ids()[0]!);
  await w.yes();
  assert.deepEqual(w.state().walk?.fixed, ['cuda-requirement-unsatisfied']);
  const again = await checkBox(w.box);
  assert.deepEqual(again.refused, []);
});

test('a container that failed for something else, or that was named, is no place to go on', async () => {
  const world = newerCuda();
  const fault = (name: string, error: string) => {
    const c = world.docker!.containers.find(x => x.name === name)!;
    Object.assign(c, { state: 'exited', error });
  };
  fault('db', 'driver failed programming external connectivity on endpoint db: port is already allocated');
  const box = simBox(world);
  assert.deepEqual(
    (await checkBox(box)).refused.map(c => c.name),
    ['voice-transcriber-1'],
  );
  assert.deepEqual((await checkBox(box, { subject: { name: 'db', mayRun: false } })).refused, []);
  const [told] = (await checkBox(box)).refused;
  assert.match(told!.says, /^….*unsatisfied condition: cuda>=13\.0/);
});

test('the module that was never copied is named, with the steps for its owner', async () => {
  const w = open(workloads.appModule());
  await w.choose('containers');
  await w.choose('container expert-worker');
  const found = w.state().walk?.found;
  assert.equal(found?.id, 'image-app-module-missing');
  assert.match(JSON.stringify(found?.offers[0]?.guide), /COPY expert_worker\/ \.\/expert_worker\//);
  await w.choose('leave');
  assert.equal(w.state().at.at, 'end');
});

test('seed 1: the late unit is written anew and the needless one removed, and both come back', async () => {
  const world = workloads.seedUnits();
  const w = open(world);
  const unit = '/etc/systemd/system/nvidia-cdi-generate.service';
  const setup = '/etc/systemd/system/docker-nvidia-setup.service';
  const before = [await w.box.read(unit), await w.box.read(setup)];
  await w.choose('persistence');
  await w.choose('fix rewrite-own-generate-unit');
  await w.yes();
  const now = await w.box.read(unit);
  assert.ok(
    now.kind === 'file' && /Before=docker\.service/.test(now.text) && /--output=\/var\/run\/cdi/.test(now.text),
  );
  await w.choose('fix remove-boot-setup-unit');
  await w.yes();
  assert.equal((await w.box.read(setup)).kind, 'absent');
  assert.equal(w.state().at.at, 'end');
  assert.equal(w.state().walk?.report?.verdict, 'ok');
  await w.choose('undo');
  await w.choose(w.ids()[0]!);
  await w.yes();
  assert.deepEqual([await w.box.read(unit), await w.box.read(setup)], before);
});
