/** Seed 2's ladder: what each rung says, which rung is offered when, and that each is carried out and taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fixById, ladder } from '../flows/fixes/index.ts';
import { rungIn } from '../flows/rules/gpu-override.ts';
import { type Override, overrideText, rungs, VERIFY } from '../flows/rules/vm-ladder.ts';
import type { Box } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { file } from '../src/sim/fs.ts';
import { simBox } from '../src/sim/index.ts';
import type { Request } from '../src/sim/world.ts';
import { request, running } from '../src/sim/worlds/containers.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { textOf } from './fix-boxes.ts';

const wish: Override = {
  services: ['ai-brain', 'ollama'],
  files: ['docker-compose.yml'],
  gpus: null,
  nodes: ['/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm'],
  driver: '580.82.09',
  libraries: [['/usr/lib/x86_64-linux-gnu/libcuda.so.580.82.09', '/usr/lib/x86_64-linux-gnu/libcuda.so.1']],
  freed: [],
};
const services = (text: string) => parse(text).services as Record<string, Record<string, unknown>>;

test('each rung is YAML for every service that was picked, and says which rung it is', () => {
  for (const rung of rungs) {
    const text = overrideText(rung, wish);
    assert.deepEqual(Object.keys(services(text)), wish.services);
    for (const service of wish.services) assert.equal(rungIn(text, service), rung, service);
    assert.equal(services(text).ollama!.privileged, rung === 'privileged' ? true : undefined, rung);
    assert.doesNotMatch(text, /nvidia-caps|LD_LIBRARY_PATH|NVIDIA_DISABLE_REQUIRE/);
  }
  assert.equal(rungIn(overrideText('cdi', wish), 'db'), null);
  assert.equal(rungIn('services:\n  a:\n    privileged: true\n', 'a'), null, 'the file of somebody else');
  assert.match(overrideText('privileged', wish), /THE PRICE: .*owns this host/);
});

test('one GPU or several: names, variables and nodes follow', () => {
  const gpus = [
    { index: 0, cdi: '0' },
    { index: 2, cdi: '2' },
  ];
  const two = { ...wish, services: ['a'], gpus, nodes: ['/dev/nvidia0', '/dev/nvidia2', '/dev/nvidiactl'] };
  const devices = (rung: 'cdi' | 'reservation') =>
    (services(overrideText(rung, two)).a as { deploy: { resources: { reservations: { devices: unknown } } } }).deploy
      .resources.reservations.devices;
  assert.deepEqual(devices('cdi'), [
    { driver: 'cdi', device_ids: ['nvidia.com/gpu=0', 'nvidia.com/gpu=2'], capabilities: ['gpu'] },
  ]);
  assert.deepEqual(devices('reservation'), [{ driver: 'nvidia', device_ids: ['0', '2'], capabilities: ['gpu'] }]);
  const nodes = services(overrideText('nodes', two)).a!;
  assert.deepEqual((nodes.environment as Record<string, unknown>).NVIDIA_VISIBLE_DEVICES, '0,2');
  assert.deepEqual(
    nodes.devices,
    two.nodes.map(n => `${n}:${n}`),
  );
  assert.deepEqual(services(overrideText('privileged', two)).a!.volumes, [`${wish.libraries[0]!.join(':')}:ro`]);
});

const FILES = '/srv/ai/docker-compose.yml';
const OVERRIDE = '/srv/ai/docker-compose.gpu.yml';
const project = (asks: Partial<Request>, files = FILES): Box => {
  const world = healthyNew();
  (world as { virt: { vm: string; container: string } }).virt = { vm: 'kvm', container: 'none' };
  file(world.fs, FILES, 'services:\n  ai-brain:\n    image: debian:trixie\n');
  running(world, 'ai-ai-brain-1', request('debian:trixie', asks), {
    'com.docker.compose.project': 'ai',
    'com.docker.compose.service': 'ai-brain',
    'com.docker.compose.project.config_files': files,
  });
  return simBox(world);
};
const look = (box: Box) => checkBox(box, { subject: { name: 'ai-ai-brain-1', mayRun: false } });
const NONE = 'compose-service-without-gpu-request';
const offered = async (box: Box, finding = NONE) =>
  ladder(finding, (await look(box)).internal.facts)
    .map(f => f.id)
    .filter(id => /^compose-override-(?!redeploy)/.test(id));

test('rung by rung: the next is offered only to a container that stands on the one below', async () => {
  const nodes = ['/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm'];
  assert.deepEqual(await offered(project({})), ['compose-override-cdi']);
  assert.deepEqual(await offered(project({ devices: ['nvidia.com/gpu=all'] })), ['compose-override-reservation']);
  assert.deepEqual(await offered(project({ gpus: 'all' })), ['compose-override-nodes']);
  assert.deepEqual(await offered(project({ devices: nodes, runtime: 'nvidia' })), [
    'compose-override-cdi',
    'compose-override-privileged',
  ]);
  // A privileged container is led down again, never further up.
  assert.deepEqual(await offered(project({ privileged: true }), 'over-privileged-workaround'), [
    'compose-override-cdi',
  ]);
});

test('a container that no Compose file made is offered nothing of this', async () => {
  assert.deepEqual(await offered(project({}, '')), []);
});

test('without a usable spec the first rung is the reservation', async () => {
  const box = project({});
  for (const path of ['/var/run/cdi/nvidia.yaml', '/etc/cdi/nvidia.yaml']) {
    if ((await box.read(path)).kind === 'file') await box.write(path, null, { root: true });
  }
  assert.deepEqual(await offered(box), ['compose-override-reservation']);
});

const STANDS: Readonly<Record<string, Partial<Request>>> = {
  'compose-override-cdi': {},
  'compose-override-reservation': { devices: ['nvidia.com/gpu=all'] },
  'compose-override-nodes': { gpus: 'all' },
  'compose-override-privileged': { devices: ['/dev/nvidia0', '/dev/nvidiactl'], runtime: 'nvidia' },
};

for (const [id, asks] of Object.entries(STANDS)) {
  test(`${id} is carried out, gives the container its GPU, and is taken back`, async () => {
    const box = project(asks);
    const { facts } = (await look(box)).internal;
    const plan = await proposeFix(box, fixById(id)!, facts, NONE);
    assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
    assert.deepEqual(plan.touches, [OVERRIDE]);
    const store = memoryStore();
    const applied = await applyPlan(box, plan, journalIn(store));
    assert.equal(applied.kind, 'applied', JSON.stringify(applied));
    const after = await look(box);
    assert.ok(!after.findings.some(f => f.id === NONE), after.findings.map(f => f.id).join(', '));
    const seen = await box.run({ argv: ['docker', 'exec', 'ai-ai-brain-1', 'nvidia-smi', '-L'] });
    assert.ok(seen.kind === 'exited' && seen.stdout.startsWith('GPU 0'), JSON.stringify(seen));
    if (applied.kind !== 'applied') return;
    const undone = await undoSession(box, store, applied.session);
    assert.equal(undone.kind, 'undone', JSON.stringify(undone));
    assert.equal(await textOf(box, OVERRIDE), null);
  });
}

test('redeploying runs down, build and up, keeps the volumes, and can be taken back', async () => {
  const box = project({});
  const { facts } = (await look(box)).internal;
  const none = await proposeFix(box, fixById('compose-override-redeploy')!, facts, NONE);
  assert.ok(isRefusal(none), 'there is nothing to deploy with yet');
  await box.write(OVERRIDE, overrideText('cdi', { ...wish, services: ['ai-brain'] }), { root: true });
  const plan = await proposeFix(box, fixById('compose-override-redeploy')!, facts, NONE);
  assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
  const verbs = plan.steps.map(s =>
    s.do === 'run' ? s.command.argv.find(w => ['down', 'build', 'up'].includes(w)) : '',
  );
  assert.deepEqual(verbs, ['down', 'build', 'up']);
  assert.ok(plan.steps.every(s => s.do === 'run' && !s.command.argv.some(w => w === '-v' || w === '--volumes')));
  const store = memoryStore();
  const applied = await applyPlan(box, plan, journalIn(store));
  assert.equal(applied.kind, 'applied', JSON.stringify(applied));
  assert.ok(!(await look(box)).findings.some(f => f.id === NONE));
  if (applied.kind !== 'applied') return;
  assert.equal((await undoSession(box, store, applied.session)).kind, 'undone');
  assert.ok(
    (await look(box)).findings.some(f => f.id === NONE),
    'as it was',
  );
});

test('an override of somebody else is left alone, and the text is shown instead', async () => {
  const box = project({});
  await box.write(OVERRIDE, 'services:\n  other:\n    image: x\n', { root: true });
  const { facts } = (await look(box)).internal;
  const plan = await proposeFix(box, fixById('compose-override-cdi')!, facts, NONE);
  assert.ok(isRefusal(plan));
  assert.match(plan.instead!.join('\n'), /driver: cdi/);
});

test("the seed's order is shown step by step, without its prune and with a proof that tells a full card", async () => {
  const { facts } = (await look(project({}))).internal;
  const steps = fixById('compose-override-cdi')!.guide!(facts);
  const verbs = steps.flatMap(s => (s.argv ? [s.argv.join(' ')] : []));
  assert.deepEqual(
    verbs.map(v => /\b(down|build|up|exec|check)\b/.exec(v)?.[1]),
    ['down', 'build', 'up', 'exec', 'check'],
  );
  assert.ok(!verbs.some(v => v.includes('prune') || v.includes('--volumes')));
  assert.match(
    steps.map(s => s.say).join('\n'),
    /Not done: docker system prune -af --volumes\. It deletes the volumes/,
  );
  assert.match(VERIFY, /out of memory/);
});
