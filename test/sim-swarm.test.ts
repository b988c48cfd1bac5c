/** Swarm as its sources say it behaves: moby's executor and configuration, swarmkit's resources and scheduler, the toolkit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIn } from '../src/sim/box.ts';
import { file, text } from '../src/sim/fs.ts';
import { configPath } from '../src/sim/toolkit-config.ts';
import type { World } from '../src/sim/world.ts';
import { daemonJsonWith } from '../src/sim/worlds/machine.ts';
import { swarmNode } from '../src/sim/worlds/swarm.ts';

const UUID = 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3';
const offering = (...terms: string[]) =>
  daemonJsonWith({ 'default-runtime': 'nvidia', 'node-generic-resources': terms });
const ask = (world: World, ...argv: [string, ...string[]]) => {
  const ran = runIn(world, { argv });
  return ran.kind === 'exited' ? { code: ran.code, text: ran.stdout + ran.stderr } : { code: -1, text: ran.kind };
};
const reads = (world: World, variable: string): World => {
  file(
    world.fs,
    configPath,
    (text(world.fs, configPath) ?? '').replace(/#swarm-resource.*/, `swarm-resource = "${variable}"`),
  );
  return world;
};
const runs = (world: World) => world.docker!.containers.filter(c => c.state === 'running');
const listed = (world: World) => ask(world, 'docker', 'exec', runs(world)[0]!.name, 'nvidia-smi', '-L');
const update = (world: World, ...words: string[]) => ask(world, 'docker', 'service', 'update', ...words, 'lab_train');

test('a task waits for what no node offers, and starts when the engine has read the offer', () => {
  const world = swarmNode();
  const before = runs(world)[0]!;
  assert.deepEqual(update(world, '--detach', '--generic-resource-add', 'NVIDIA-GPU=1'), {
    code: 0,
    text: 'lab_train\n',
  });
  assert.equal(runs(world).length, 0);
  assert.equal(before.state, 'exited');
  const rows = ask(world, 'docker', 'service', 'ps', '--no-trunc', '--format', '{{json .}}', 'lab_train').text;
  assert.match(rows, /"Error":"\\"no suitable node \(insufficient resources on 1 node\)\\""/);
  assert.equal(update(world, '--quiet').text, 'timedOut');
  file(world.fs, '/etc/docker/daemon.json', offering(`NVIDIA-GPU=${UUID}`));
  assert.equal(ask(world, 'systemctl', 'restart', 'docker').code, 0);
  const [task] = runs(world);
  assert.match(task!.name, /^lab_train\.1\.[a-z0-9]{25}$/);
  assert.ok(task!.request.env.includes(`DOCKER_RESOURCE_NVIDIA-GPU=${UUID}`));
  assert.equal(task!.labels?.['com.docker.swarm.service.name'], 'lab_train');
  const info = JSON.parse(ask(world, 'docker', 'info', '--format', '{{json .}}').text);
  assert.deepEqual(info.GenericResources, [{ NamedResourceSpec: { Kind: 'NVIDIA-GPU', Value: UUID } }]);
});

test('the variable counts only where swarm-resource names it, and not with the runtime of 1.18', () => {
  for (const [toolkit, variable, works] of [
    ['1.20.0', 'DOCKER_RESOURCE_NVIDIA-GPU', true],
    ['1.20.0', 'DOCKER_RESOURCE_GPU', false],
    ['1.18.1', 'DOCKER_RESOURCE_NVIDIA-GPU', false],
    ['1.17.8', 'DOCKER_RESOURCE_GPU,DOCKER_RESOURCE_NVIDIA-GPU', true],
  ] as const) {
    const world = swarmNode({ toolkit, daemonJson: offering(`NVIDIA-GPU=${UUID}`) });
    reads(world, variable);
    assert.equal(update(world, '--generic-resource-add', 'NVIDIA-GPU=1').code, 0);
    assert.equal(listed(world).code === 0, works, `${toolkit} ${variable}`);
  }
});

test('a card is given to one task alone, whatever the image asks for', () => {
  const other = 'GPU-2c90b7e4-6a15-4df8-8b3e-91f0d25a7c64';
  const world = swarmNode({
    twoCards: true,
    image: 'nvidia/cuda:12.6.3-base-ubuntu24.04',
    daemonJson: offering(`NVIDIA-GPU=${UUID}`, `NVIDIA-GPU=${other}`),
    service: { replicas: 3 },
  });
  reads(world, 'DOCKER_RESOURCE_NVIDIA-GPU');
  update(world, '-d', '--generic-resource-add', 'NVIDIA-GPU=1');
  assert.equal(runs(world).length, 2, 'the third waits');
  for (const task of runs(world)) {
    const { text: shown } = ask(world, 'docker', 'exec', task.name, 'nvidia-smi', '-L');
    assert.equal(shown.trim().split('\n').length, 1);
    assert.equal(shown.includes(UUID), task.request.env.includes(`DOCKER_RESOURCE_NVIDIA-GPU=${UUID}`));
  }
});

test('refusals are worded as the programs word them', () => {
  const world = swarmNode();
  assert.match(update(world, '--generic-resource-rm', 'NVIDIA-GPU').text, /^could not find generic-resource/);
  assert.match(
    ask(swarmNode({ manager: false }), 'docker', 'service', 'inspect', 'x').text,
    /not a swarm manager\. Worker/,
  );
  assert.match(ask(world, 'docker', 'service', 'inspect', 'x').text, /no such service: x/);
  const validate = (json: string) => {
    file(world.fs, '/etc/docker/daemon.json', json);
    return ask(world, 'dockerd', '--validate', '--config-file=/etc/docker/daemon.json').text;
  };
  assert.match(validate(offering('NVIDIA-GPU')), /could not parse GenericResource: incorrect term NVIDIA-GPU/);
  assert.match(
    validate(offering('GPU=2', `GPU=${UUID}`)),
    /mixed discrete and named resources in expression 'GPU=\[2 GPU-/,
  );
  file(world.fs, '/etc/docker/daemon.json', daemonJsonWith({ 'live-restore': true }));
  ask(world, 'systemctl', 'restart', 'docker');
  assert.match(
    ask(world, 'journalctl', '-u', 'docker', '-b', '-n', '50', '--no-pager', '-o', 'cat').text,
    /--live-restore daemon configuration is incompatible with swarm mode/,
  );
});

test('a manager that locks itself runs nothing after a restart', () => {
  const world = swarmNode({ autolock: true });
  ask(world, 'systemctl', 'restart', 'docker');
  assert.equal(runs(world).length, 0);
  assert.match(update(world).text, /needs to be unlocked/);
});
