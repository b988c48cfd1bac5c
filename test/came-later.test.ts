/** A toolkit that came after Docker had started: a reload registers the runtime and finds no program for --gpus. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOOLKIT_PACKAGES } from '../flows/rules/packages.ts';
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
import { simBox } from '../src/sim/index.ts';
import { machine } from '../src/sim/worlds/machine.ts';
import { installToolkit } from '../src/sim/worlds/software.ts';
import { daemonJson, does, old, restart } from './fix-boxes.ts';
import { sources } from './fix-cases-packages.ts';

const GPUS = ['docker', 'run', '--rm', '--pull=never', '--gpus', 'all', 'debian:trixie', 'nvidia-smi', '-L'] as const;
const isGiven = async (box: Box): Promise<boolean> => {
  const ran = await box.run({ argv: GPUS });
  return ran.kind === 'exited' && ran.code === 0;
};
const way = async (box: Box) => {
  const { ways } = await checkBox(box);
  return ways.find(w => w.way === 'docker-gpus')!;
};
const registered = async (box: Box): Promise<void> => {
  await daemonJson(v => ({ ...v, runtimes: { nvidia: { args: [], path: 'nvidia-container-runtime' } } }))(box);
  await does(box, 'systemctl', 'reload', 'docker');
};

test('the package came later and the runtime was registered by a reload: --gpus still fails, and a restart is what helps', async () => {
  const box = simBox(machine({ name: 'late', docker: '26.1.5', toolkit: null }));
  await sources(box);
  await does(box, 'apt-get', 'install', '-y', ...TOOLKIT_PACKAGES);
  await registered(box);
  assert.equal((await way(box)).cause, 'docker-no-device-driver');
  assert.equal(await isGiven(box), false);
  await restart(box);
  assert.equal((await way(box)).works, true);
  assert.equal(await isGiven(box), true);
});

test('copied in by hand, with a reload since: it is not guessed; the first refusal in the journal proves it', async () => {
  const world = machine({ name: 'late', docker: '26.1.5', toolkit: null });
  world.fs.now += 60;
  installToolkit(world.fs, '1.17.8');
  Object.assign(world, { versions: { ...world.versions, toolkit: '1.17.8', cli: '1.17.8' } });
  const box = simBox(world);
  await registered(box);
  assert.equal((await way(box)).works, null);
  assert.equal(await isGiven(box), false);
  assert.equal((await way(box)).cause, 'docker-no-device-driver');
  await restart(box);
  assert.equal((await way(box)).works, true, 'what was said before the start counts no more');
});

test('an upgrade while Docker runs takes nothing away, reload or not', async () => {
  const box = await old(async b => {
    await sources(b);
    await does(b, 'apt-get', 'install', '-y', '--reinstall', ...TOOLKIT_PACKAGES);
  })();
  assert.equal((await way(box)).works, true);
  await does(box, 'systemctl', 'reload', 'docker');
  assert.equal((await way(box)).works, true);
  assert.equal(await isGiven(box), true);
});
