/**
 * Every verdict of the flows that stand beside the tree, brought about by editing raw outputs: real probes, real
 * decisions. Each line says what was done, and which verdict the walk must meet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allFlows, aside } from '../flows/index.ts';
import { modes } from '../flows/modes/index.ts';
import { CONTAINER_TEMPLATE, IMAGE_TEMPLATE } from '../flows/probes/container-record.ts';
import { wayOf } from '../flows/rules/container.ts';
import { requests } from '../flows/rules/requests.ts';
import { cached } from '../src/box/cache.ts';
import { isFinding } from '../src/engine/flow.ts';
import { checkBox, collect, type Report, reportOf } from '../src/engine/report.ts';
import { telling } from '../src/engine/telling.ts';
import { walk } from '../src/engine/walk.ts';
import { simBox } from '../src/sim/index.ts';
import * as workloads from '../src/sim/worlds/workloads.ts';
import { box, cases, ended, excused, running, throwAway } from './aside-cases.ts';
import { NAME, withContainer } from './container-box.ts';
import type { Edit } from './edited.ts';

const met = new Set<string>();
const factsOf = (b: Edit, mayRun: boolean) => collect(cached(b.box()), { subject: { name: NAME, mayRun } }).facts();

/** Nobody keeps the recorded spec current, which is worth a note and no more. */
const grave = (report: Report) =>
  report.findings.filter(f => f.id !== 'cdi-refresh-unit-inactive' || f.severity !== 'note');

for (const [verdict, made] of cases) {
  test(verdict, async () => {
    const facts = await factsOf(made(), !verdict.endsWith('notAsked'));
    const flow = verdict.split('.')[0]!;
    const start = ['hygiene', 'persistence'].includes(flow) ? flow : 'container';
    const trail = walk(allFlows, start, facts, requests[wayOf(facts.subjectRecord, facts) ?? 'docker-gpus']);
    const steps = trail.steps.map(s => `${s.flow}.${s.node}.${s.verdict}`);
    assert.ok(steps.includes(verdict), `the walk went ${steps.join(' > ')}`);
    met.add(verdict);
    const step = trail.steps.find(s => `${s.flow}.${s.node}.${s.verdict}` === verdict)!;
    if (step.finding) assert.ok(step.seen.length > 0, 'a finding needs evidence');
    if (verdict.endsWith('cannotTell')) assert.ok(step.missing.length > 0, 'and not telling needs a reason');
  });
}

test('every verdict of every check beside the tree is produced', () => {
  const all = Object.values(aside).flatMap(f =>
    Object.entries(f.nodes).flatMap(([node, c]) => Object.keys(c.on).map(v => `${f.id}.${node}.${v}`)),
  );
  assert.deepEqual(
    all.filter(v => !met.has(v) && !excused.includes(v)),
    [],
  );
});

test('what they can find is written out', () => {
  for (const f of Object.values(aside))
    for (const c of Object.values(f.nodes))
      for (const t of Object.values(c.on)) if (isFinding(t)) assert.ok(t.id in modes, t.id);
});

test('beside the tree nothing is ever a fault', () => {
  for (const f of [aside.hygiene, aside.persistence])
    for (const c of Object.values(f.nodes))
      for (const t of Object.values(c.on)) if (isFinding(t)) assert.match(t.finding, /^(risk|note)$/);
});

test('a sound container adds no finding, and nothing of it is asked where none is named', async () => {
  const named = reportOf(await factsOf(box(), false), telling);
  assert.deepEqual(grave(named), []);
  assert.equal(named.container?.way, 'docker-gpus');
  assert.equal(named.verdict, 'ok');
  const asked: string[] = [];
  const plainBox = box().box();
  const spy = {
    ...plainBox,
    run: (c: Parameters<typeof plainBox.run>[0]) => {
      asked.push(c.argv.join(' '));
      return plainBox.run(c);
    },
  };
  const report = reportOf(await collect(cached(spy)).facts(), telling);
  assert.equal(report.container, undefined);
  assert.deepEqual(
    asked.filter(a => /inspect|docker (exec|logs|run)/.test(a)),
    [],
  );
});

test('a container is started only where that was allowed', async () => {
  for (const mayRun of [false, true]) {
    const asked: string[] = [];
    const b = throwAway({}, []).box();
    const spy = {
      ...b,
      run: (c: Parameters<typeof b.run>[0]) => {
        asked.push(c.argv.join(' '));
        return b.run(c);
      },
    };
    await collect(cached(spy), { subject: { name: NAME, mayRun } }).facts();
    const runs = asked.filter(a => a.startsWith('docker run'));
    assert.equal(runs.length > 0, mayRun);
    for (const r of runs) assert.match(r, /--rm --pull=never --network=none/);
  }
});

test('no variable of a container is read but those about the GPU', async () => {
  assert.doesNotMatch(CONTAINER_TEMPLATE, /json \.Config\.Env|\{\{json \.\}\}(?!,\{\{end)/);
  assert.doesNotMatch(IMAGE_TEMPLATE, /json \.Config\.Env/);
});

test('a fault of the container is one finding, and says nothing about the way in general', async () => {
  const report = reportOf(
    await factsOf(box(ended("ModuleNotFoundError: No module named 'expert_worker'")), false),
    telling,
  );
  assert.deepEqual(
    report.findings.filter(f => f.severity !== 'note').map(f => [f.id, f.severity, f.explains]),
    [['image-app-module-missing', 'fault', []]],
  );
  assert.equal(report.ways.find(w => w.way === 'docker-gpus')?.works, true);
});

test('where the machine itself stops the way, what is missing inside follows from that', async () => {
  const b = withContainer('driver-not-loaded@old', {
    smi: [12, "couldn't find libnvidia-ml.so library"],
    cuda: { init: 999, count: -1 },
    nodes: ['nvidiactl'],
  });
  const report = reportOf(await factsOf(b, false), telling);
  assert.deepEqual(
    report.findings.filter(f => f.severity === 'fault').map(f => f.id),
    ['kernel-module-missing-for-kernel'],
  );
});

test('look-alikes stay what they are: an optional module, a second framework, an alternative for the card', async () => {
  const verdictsOf = async (b: Edit) => {
    const trail = walk(allFlows, 'container', await factsOf(b, false), requests['docker-gpus']);
    return trail.steps.map(s => `${s.flow}.${s.node}.${s.verdict}`);
  };
  const optional = await verdictsOf(box({ log: "ModuleNotFoundError: No module named 'flash_attn'" }));
  assert.ok(optional.includes('image.says.nothing'));
  const second = await verdictsOf(box({ cuda: { init: 0, count: 1, torch: '2.9.0+cu130', onnxruntime: '1.23.0' } }));
  assert.ok(second.includes('image.framework.fits'));
  const card = await verdictsOf(box({ env: ['NVIDIA_REQUIRE_CUDA=cuda>=14.1 brand=tesla,driver>=580,driver<581'] }));
  assert.ok(card.includes('container.requirement.cannotTell'));
  const privileged = await checkBox(
    box({}, b => running({ privileged: true, requests: null, binds: ['/dev:/dev'] })(b)).box(),
  );
  assert.deepEqual(grave(privileged), []);
});

test('an engine that refuses exec says nothing about the container', async () => {
  const b = box({}, e => {
    for (const c of e.draft.commands)
      if (c.argv[1] === 'exec')
        Object.assign(c, { code: 1, stdout: '', stderr: 'Error response from daemon: container is paused\n' });
    return e;
  });
  const report = reportOf(await factsOf(b, false), telling);
  assert.deepEqual(grave(report), []);
  const steps = report.container!.trail.steps.map(s => `${s.flow}.${s.node}.${s.verdict}`);
  assert.ok(steps.includes('injected.nodes.cannotTell') && steps.includes('injected.nvml.cannotTell'));
});

test('an image alone is looked at in a throw-away container without any request', async () => {
  const world = workloads.bundled();
  const look = async (name: string) => (await checkBox(simBox(world), { subject: { name, mayRun: true } })).findings;
  const before = world.docker!.containers.length;
  assert.deepEqual(
    (await look('acme/render:latest')).map(f => [f.id, f.severity]),
    [['image-bundles-driver-libs', 'fault']],
  );
  assert.deepEqual(
    (await look('nvidia/cuda:12.6.3-base-ubuntu24.04')).map(f => f.id),
    [],
  );
  assert.deepEqual(
    (await look('acme/nowhere')).map(f => f.id),
    ['image-not-present'],
  );
  assert.equal(world.docker!.containers.length, before, 'nothing of it stays');
});

test('what a service says about itself is quoted', async () => {
  const found = async (log: string) =>
    reportOf(await factsOf(box({ log }), false), telling).container!.trail.steps.find(s => s.node === 'says')!.found;
  assert.match(await found('msg="inference compute" id=GPU-8d library=CUDA compute=8.9'), /runs on the GPU/);
  assert.match(await found('msg="inference compute" id=cpu library=cpu'), /runs on the CPU/);
  assert.equal(await found('listening on 8000'), '');
});
