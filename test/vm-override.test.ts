/** The override for the services and GPUs that a person picks: who gets what, who is left alone, and the way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fixById } from '../flows/fixes/index.ts';
import { FILE, oursIn, rungIn, withEntries } from '../flows/rules/gpu-override.ts';
import { overrideText } from '../flows/rules/vm-ladder.ts';
import type { Box } from '../src/box/box.ts';
import type { Chosen } from '../src/engine/fix.ts';
import { choicesFor, proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal, type Plan } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { file } from '../src/sim/fs.ts';
import { simBox } from '../src/sim/index.ts';
import type { Request, World } from '../src/sim/world.ts';
import { request, running } from '../src/sim/worlds/containers.ts';
import { machine } from '../src/sim/worlds/machine.ts';
import { textOf } from './fix-boxes.ts';

const NONE = 'compose-service-without-gpu-request';
const BASE = '/srv/shop/compose.yaml';
const OVERRIDE = `/srv/shop/${FILE}`;
const FIRST = 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3';
const SECOND = 'GPU-2c90b7e4-6a15-4df8-8b3e-91f0d25a7c64';

/** How the services ask by their own file, and what their containers were made with. */
interface Stand {
  readonly asks: Partial<Request>;
  readonly yaml: string;
}
const NOTHING_ASKED: Stand = { asks: {}, yaml: '' };
const reserved = (...lines: readonly string[]) =>
  `    deploy:\n      resources:\n        reservations:\n          devices:\n${lines.map((l, i) => `            ${i === 0 ? '-' : ' '} ${l}\n`).join('')}`;
const OWN: Stand = { asks: { gpus: 'all' }, yaml: reserved('driver: nvidia', 'count: all') };
const RUNGS = ['cdi', 'reservation', 'nodes', 'privileged'].map(rung => `compose-override-${rung}`);

interface Shop {
  readonly world: World;
  readonly box: Box;
}
const labels = (service: string) => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.project.config_files': BASE,
});
/** Four services, two of which ask alike and run; two cards of which the driver counts the second one first. */
const shop = ({ asks, yaml }: Stand = NOTHING_ASKED): Shop => {
  const world = machine({ name: 'shop', docker: '29.7.2', toolkit: '1.20.0', twoCards: true });
  const one = (name: string) => `  ${name}:\n    image: debian:trixie\n    command: [sleep, infinity]\n${yaml}`;
  file(world.fs, BASE, `services:\n${one('web')}${one('worker')}${one('batch')}  db:\n    image: postgres:17\n`);
  const sleeping = { command: ['sleep', 'infinity'] };
  running(world, 'shop-web-1', request('debian:trixie', { ...sleeping, ...asks }), labels('web'));
  running(world, 'shop-worker-1', request('debian:trixie', { ...sleeping, ...asks }), labels('worker'));
  running(world, 'shop-db-1', request('postgres:17'), labels('db'));
  return { world, box: simBox(world) };
};
const look = async (box: Box, name = 'shop-web-1') => checkBox(box, { subject: { name, mayRun: false } });
const factsOf = async (box: Box, name?: string) => (await look(box, name)).internal.facts;
const propose = async (box: Box, id: string, chosen: Chosen, name?: string) =>
  proposeFix(box, fixById(id)!, await factsOf(box, name), NONE, chosen);
const planned = async (box: Box, id: string, chosen: Chosen, name?: string): Promise<Plan> => {
  const plan = await propose(box, id, chosen, name);
  assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
  return plan;
};
const applied = async (box: Box, plan: Plan) => {
  const store = memoryStore();
  const done = await applyPlan(box, plan, journalIn(store));
  assert.equal(done.kind, 'applied', JSON.stringify(done));
  return async () => {
    const undone = await undoSession(box, store, done.kind === 'applied' ? done.session : '');
    assert.equal(undone.kind, 'undone', JSON.stringify(undone));
  };
};
/** UUIDs of the cards that nvidia-smi lists in a container; null where it does not run there. */
const cardsIn = async (box: Box, name: string): Promise<readonly string[] | null> => {
  const ran = await box.run({ argv: ['docker', 'exec', name, 'nvidia-smi', '-L'] });
  if (ran.kind !== 'exited' || ran.code !== 0) return null;
  return [...ran.stdout.matchAll(/UUID: (GPU-\S+?)\)/g)].map(m => m[1]!);
};
const idOf = ({ world }: Shop, name: string) => world.docker!.containers.find(c => c.name === name)?.id;
const stateOf = async (box: Box, names: readonly string[]) =>
  Promise.all(
    names.map(async name => {
      const ran = await box.run({
        argv: ['docker', 'inspect', '--format', '{{json .HostConfig}}{{json .State.Status}}', name],
      });
      return ran.kind === 'exited' ? ran.stdout : '';
    }),
  );

const BOTH = ['shop-web-1', 'shop-worker-1'];

/** Both services stand on the rungs below this one, with every card. */
const standing = async (id: string): Promise<Shop> => {
  const it = shop();
  for (const below of RUNGS.slice(0, RUNGS.indexOf(id)))
    await applied(it.box, await planned(it.box, below, { services: ['web', 'worker'] }));
  return it;
};

for (const id of RUNGS) {
  test(`${id}: two services get the one card that was picked, the others are left alone, and undo restores both`, async () => {
    const it = await standing(id);
    const before = { file: await textOf(it.box, OVERRIDE), state: await stateOf(it.box, BOTH) };
    const cards = await Promise.all(BOTH.map(name => cardsIn(it.box, name)));
    const db = idOf(it, 'shop-db-1');
    const plan = await planned(it.box, id, { services: ['web', 'worker'], gpus: ['1'] });
    assert.deepEqual(
      plan.interrupts?.containers.map(c => c.name),
      BOTH,
    );
    const undo = await applied(it.box, plan);
    const text = (await textOf(it.box, OVERRIDE))!;
    assert.deepEqual(Object.keys(parse(text).services), ['web', 'worker']);
    assert.match(text, /driver 580\.126\.09/);
    const expected = id.endsWith('privileged') ? [FIRST, SECOND] : [SECOND];
    for (const name of BOTH) assert.deepEqual(await cardsIn(it.box, name), expected, name);
    // The second card by nvidia-smi is the first one by the driver.
    if (/nodes|privileged/.test(id)) {
      const { devices, environment } = parse(text).services.worker;
      assert.deepEqual(
        devices.filter((d: string) => /nvidia\d/.test(d)),
        ['/dev/nvidia0:/dev/nvidia0'],
      );
      assert.equal(environment.NVIDIA_VISIBLE_DEVICES, '1');
    }
    assert.equal(idOf(it, 'shop-db-1'), db, 'the database was not made anew');
    await undo();
    assert.deepEqual({ file: await textOf(it.box, OVERRIDE), state: await stateOf(it.box, BOTH) }, before);
    assert.deepEqual(await Promise.all(BOTH.map(name => cardsIn(it.box, name))), cards);
  });
}

test('a service that asks in its own file is told to get those cards besides', async () => {
  const { box } = shop(OWN);
  const plan = await planned(box, 'compose-override-nodes', { gpus: ['1'] });
  assert.match(plan.summary, /web asks for a GPU in the project's own file as well/);
  const undo = await applied(box, plan);
  assert.deepEqual(await cardsIn(box, 'shop-web-1'), [FIRST, SECOND]);
  await undo();
  assert.doesNotMatch((await planned(box, 'compose-override-nodes', {})).summary, /as well/);
});

test('all cards are asked for as all of them; several of more than they are by name', async () => {
  const { box } = shop();
  const text = (plan: Plan) => plan.steps.flatMap(s => (s.do === 'edit' ? [s.after] : [])).join('');
  assert.match(text(await planned(box, 'compose-override-cdi', { gpus: ['0', '1'] })), /\["nvidia\.com\/gpu=all"\]/);
  assert.match(text(await planned(box, 'compose-override-cdi', {})), /\["nvidia\.com\/gpu=all"\]/);
  assert.match(text(await planned(box, 'compose-override-cdi', { gpus: ['0'] })), /\["nvidia\.com\/gpu=0"\]/);
});

test('every service of the project and every card can be picked; the named one and all cards are ticked', async () => {
  const { box } = shop();
  const [services, gpus, ...rest] = await choicesFor(box, fixById('compose-override-cdi')!, await factsOf(box), NONE);
  assert.deepEqual(rest, []);
  assert.deepEqual(
    services!.options.map(o => [o.value, o.hint]),
    [
      ['batch', 'no container'],
      ['db', 'running'],
      ['web', 'running'],
      ['worker', 'running'],
    ],
  );
  assert.deepEqual([services!.id, services!.initial, services!.many], ['services', ['web'], true]);
  assert.deepEqual([gpus!.id, gpus!.initial, gpus!.many], ['gpus', ['0', '1'], true]);
  assert.deepEqual(
    gpus!.options.map(o => o.hint!.split(', ')[1]),
    [FIRST, SECOND],
  );
});

test('where there is one service and one card nothing is asked, and nothing is run that could not be looked at before', async () => {
  const world = machine({ name: 'one', docker: '29.7.2', toolkit: '1.20.0' });
  file(world.fs, BASE, 'services:\n  web:\n    image: debian:trixie\n');
  running(world, 'shop-web-1', request('debian:trixie'), labels('web'));
  const box = simBox(world);
  assert.deepEqual(await choicesFor(box, fixById('compose-override-cdi')!, await factsOf(box), NONE), []);
});

test('without an answer about the containers of the project only the named service is there to be picked', async () => {
  const { box } = shop();
  const deaf: Box = {
    ...box,
    run: async (command, signal) =>
      command.argv[1] === 'ps' ? { kind: 'timedOut', afterMs: 1 } : box.run(command, signal),
  };
  const asked = await choicesFor(deaf, fixById('compose-override-cdi')!, await factsOf(box), NONE);
  assert.deepEqual(
    asked.map(c => c.id),
    ['gpus'],
  );
});

test('cards that cannot be named one by one are not offered one by one', async () => {
  const { box, world } = shop(OWN);
  const ids = async (fix: string) => (await choicesFor(box, fixById(fix)!, await factsOf(box), NONE)).map(c => c.id);
  assert.deepEqual(await ids('compose-override-nodes'), ['services', 'gpus']);
  for (const bus of ['0000:01:00.0', '0000:02:00.0'])
    file(world.fs, `/proc/driver/nvidia/gpus/${bus}/information`, 'Model: x\n');
  assert.deepEqual(await ids('compose-override-nodes'), ['services'], 'whose node is whose is not known');
  assert.deepEqual(await ids('compose-override-reservation'), ['services', 'gpus']);
});

test('a value that is not there, or no value at all, is refused with the list and changes nothing', async () => {
  const { box } = shop();
  const strange = await propose(box, 'compose-override-cdi', { services: ['web', 'nobody'] });
  assert.ok(isRefusal(strange));
  assert.match(strange.refuse, /nobody/);
  assert.equal(strange.instead!.length, 4);
  const none = await propose(box, 'compose-override-cdi', { services: [] });
  assert.ok(isRefusal(none));
  assert.ok(none.instead!.includes('db: running'), none.instead!.join('; '));
  assert.equal(await textOf(box, OVERRIDE), null);
});

test('a service that does not run is written down and not started', async () => {
  const it = shop();
  const plan = await planned(it.box, 'compose-override-cdi', { services: ['web', 'batch'] });
  const undo = await applied(it.box, plan);
  assert.equal(rungIn((await textOf(it.box, OVERRIDE))!, 'batch'), 'cdi');
  assert.equal(idOf(it, 'shop-batch-1'), undefined);
  assert.match(plan.afterwards.join('\n'), /batch does not run and is not started: docker compose .* up .* batch/);
  await undo();
});

test('what another service asked for before stays letter by letter, on its own rung, and keeps its card', async () => {
  const it = shop();
  const worker = await planned(it.box, 'compose-override-cdi', { services: ['worker'], gpus: ['0'] }, 'shop-worker-1');
  await applied(it.box, worker);
  const theirs = `${(await textOf(it.box, OVERRIDE))!.replace('    deploy:', '    # not more than one\n    deploy:')}volumes:\n  data: {}\n`;
  await it.box.write(OVERRIDE, theirs, { root: true });
  const id = idOf(it, 'shop-worker-1');
  const plan = await planned(it.box, 'compose-override-cdi', { services: ['web'], gpus: ['1'] });
  assert.match(plan.summary, /What worker asked for stays as it is/);
  const undo = await applied(it.box, plan);
  const now = (await textOf(it.box, OVERRIDE))!;
  const entryOf = (text: string, service: string) => oursIn(text)!.entries.find(e => e.service === service)!.text;
  assert.equal(entryOf(now, 'worker'), entryOf(theirs, 'worker'));
  assert.ok(now.endsWith('volumes:\n  data: {}\n'), now);
  assert.equal(idOf(it, 'shop-worker-1'), id, 'it was not made anew');
  assert.deepEqual(await cardsIn(it.box, 'shop-worker-1'), [FIRST]);
  assert.deepEqual(await cardsIn(it.box, 'shop-web-1'), [SECOND]);
  const facts = await factsOf(it.box);
  const hints = (await choicesFor(it.box, fixById('compose-override-reservation')!, facts, NONE))[0]!.options;
  assert.equal(hints.find(o => o.value === 'worker')!.hint, 'running, stands in the file (cdi)');
  await undo();
  assert.equal(await textOf(it.box, OVERRIDE), theirs);
  assert.equal(await cardsIn(it.box, 'shop-web-1'), null);
});

test('one rung further: undo makes the service anew on the file of before, not without it', async () => {
  const it = shop();
  await applied(it.box, await planned(it.box, 'compose-override-cdi', { gpus: ['0'] }));
  const before = await textOf(it.box, OVERRIDE);
  const plan = await planned(it.box, 'compose-override-reservation', { gpus: ['1'] });
  const undo = await applied(it.box, plan);
  assert.equal(rungIn((await textOf(it.box, OVERRIDE))!, 'web'), 'reservation');
  assert.deepEqual(await cardsIn(it.box, 'shop-web-1'), [SECOND]);
  await undo();
  assert.equal(await textOf(it.box, OVERRIDE), before);
  assert.deepEqual(await cardsIn(it.box, 'shop-web-1'), [FIRST]);
  assert.match((await stateOf(it.box, ['shop-web-1']))[0]!, /nvidia\.com\/gpu=0/);
});

test('a start that fails takes everything back: the file, and the service that was made anew already', async () => {
  const it = shop();
  const before = await stateOf(it.box, BOTH);
  const plan = await planned(it.box, 'compose-override-cdi', { services: ['web', 'worker'] });
  const refusing: Box = {
    ...it.box,
    // The containers are made anew, and then the second of them does not start.
    run: async (command, signal) => {
      const ran = await it.box.run(command, signal);
      return command.argv.includes(OVERRIDE) && command.argv.includes('up')
        ? { kind: 'exited', code: 1, stdout: '', stderr: 'Error response from daemon: no space left on device\n' }
        : ran;
    },
  };
  const done = await applyPlan(refusing, plan, journalIn(memoryStore()));
  assert.equal(done.kind, 'undone', JSON.stringify(done));
  assert.equal(await textOf(it.box, OVERRIDE), null);
  assert.deepEqual(await stateOf(it.box, BOTH), before);
});

const wish = {
  services: ['web'],
  files: ['compose.yaml'],
  gpus: null,
  nodes: [],
  driver: '580.1',
  libraries: [],
  freed: [],
};

test('a file of ours is read back as it is, also one of an earlier version; another form of it is not touched', () => {
  const text = overrideText('reservation', { ...wish, services: ['web', '8', 'no'] });
  assert.deepEqual(Object.keys(parse(text).services).sort(), ['8', 'no', 'web']);
  const ours = oursIn(text)!;
  assert.equal(withEntries(ours, [], wish.files), text);
  const noted = text.replace('services:', '# ask Kim before you change this\nservices:');
  assert.equal(withEntries(oursIn(noted)!, [], wish.files), noted);
  const earlier =
    '# Written by gpumedic, rung 1 of 4 (cdi), driver 580.1.\n# Docker takes nodes and libraries from the spec of this host.\n# docker compose -f docker-compose.yml -f docker-compose.gpu.yml up -d\nservices:\n  web:\n    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: cdi\n              device_ids: ["nvidia.com/gpu=all"]\n              capabilities: [gpu]\n';
  assert.equal(rungIn(earlier, 'web'), 'cdi');
  assert.doesNotMatch(withEntries(oursIn(earlier)!, [], wish.files), /rung 1 of 4/);
  for (const strange of [
    text.replace('  web:\n', '  web: {privileged: true}\n  other:\n'),
    text.replace('services:\n', 'services: {}\n'),
    text.replaceAll('\n', '\r\n'),
    text.replace('  web:\n', '  "8":\n'),
    text.slice(0, text.indexOf('services:')),
  ])
    assert.equal(oursIn(strange), null, strange);
});

test('a file of ours that was changed into another form is left alone, and the text is shown', async () => {
  const { box } = shop();
  const mine = `${overrideText('cdi', wish)}  worker: {privileged: true}\n`;
  await box.write(OVERRIDE, mine, { root: true });
  const plan = await propose(box, 'compose-override-cdi', {});
  assert.ok(isRefusal(plan));
  assert.match(plan.refuse, /a form that is not read here/);
  assert.match(plan.instead!.join('\n'), /driver: cdi/);
  assert.equal(await textOf(box, OVERRIDE), mine);
});

test('privileged for one card says that it sees every card all the same', async () => {
  const { box } = await standing('compose-override-privileged');
  const plan = await planned(box, 'compose-override-privileged', { gpus: ['1'] });
  assert.match(JSON.stringify(plan.steps), /It sees every card all the same/);
});
