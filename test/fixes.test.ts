import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequences } from '../flows/explains.ts';
import { fixById, fixes, ladder } from '../flows/fixes/index.ts';
import { flows } from '../flows/index.ts';
import { isModeId, modes } from '../flows/modes/index.ts';
import { DAEMON_JSON } from '../flows/probes/docker.ts';
import type { Facts } from '../flows/probes/index.ts';
import { CONFIG } from '../flows/probes/toolkit.ts';
import type { Box } from '../src/box/box.ts';
import { isFinding } from '../src/engine/flow.ts';
import { isUnknown } from '../src/engine/known.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal, type Plan } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyNew, healthyOld } from '../src/sim/worlds/healthy.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { jsonFault } from '../src/text/json.ts';
import { tomlFault } from '../src/text/toml.ts';
import { type Case, demo, root, SPEC, textOf } from './fix-boxes.ts';
import { cases } from './fix-cases.ts';

const about = (container?: string) => (container === undefined ? {} : { subject: { name: container, mayRun: false } });
const findingsOf = async (box: Box, container?: string): Promise<readonly string[]> =>
  (await checkBox(box, about(container))).findings.map(f => `${f.severity} ${f.id}`);
const faultsOf = async (box: Box, container?: string): Promise<readonly string[]> =>
  (await checkBox(box, about(container))).findings.filter(f => f.severity === 'fault').map(f => f.id);

/** What no plan may break, whatever it does. */
const keepsItsWord = async (box: Box, plan: Plan, where: string) => {
  assert.ok(plan.summary.length > 20 && plan.title.length <= 64, where);
  assert.ok(plan.steps.length > 0 || plan.settle.length > 0, `${where} does nothing`);
  for (const s of plan.steps) {
    assert.ok(s.why.length > 5, where);
    if (s.do === 'run') {
      assert.ok(s.command.changes, `${where}: ${s.command.argv.join(' ')} says that it changes something`);
      continue;
    }
    assert.ok(plan.touches.includes(s.path), where);
    assert.equal(s.before, await textOf(box, s.path), `${where}: the preview is of another text`);
    assert.notEqual(s.before, s.after, where);
    if (s.after !== null && s.path === DAEMON_JSON) assert.equal(jsonFault(s.after), null, where);
    if (s.after !== null && s.path === CONFIG) assert.equal(tomlFault(s.after), null, where);
  }
  if (plan.steps.some(s => s.do === 'edit' && s.path === DAEMON_JSON)) {
    assert.ok(
      plan.validate.some(c => c.argv.includes('--validate')),
      `${where}: daemon.json is not validated`,
    );
    assert.ok(plan.settle.length > 0, `${where}: nothing reads the new daemon.json`);
  }
  // A changed template makes its pods anew, which is a restart as well.
  const isRestart =
    plan.settle.some(c => c.argv.includes('restart')) ||
    plan.steps.some(s => s.do === 'run' && /kubectl .*(patch|delete pod)/.test(s.command.argv.join(' ')));
  assert.equal(isRestart, plan.interrupts !== null, `${where}: a restart says what it stops`);
  for (const c of plan.settle) assert.ok(c.root && c.changes, where);
  if (plan.effect.includes('RD')) assert.ok(plan.privilege >= 3, where);
};

const carriedOut = new Set<string>();

/** A note's own advice, offered last with its price in words: on an older Docker it trades one fault for another. */
const WITH_A_PRICE = ['set-mode-cdi'];

const canBeTakenBack = async (box: Box, plan: Plan, c: Case) => {
  const { container } = c;
  const found = await faultsOf(box, container);
  const told = await findingsOf(box, container);
  // A package leaves the configuration that its scripts wrote where it is, as dpkg does.
  const isPackage = plan.steps.some(s => s.do === 'run' && s.command.argv.includes('apt-get'));
  const paths = [...plan.touches, DAEMON_JSON, ...(isPackage ? [] : [CONFIG])];
  const before = await Promise.all(paths.map(p => textOf(box, p)));
  const store = memoryStore();
  const applied = await applyPlan(box, plan, journalIn(store));
  assert.equal(applied.kind, 'applied', `${plan.fix}: ${JSON.stringify(applied)}`);
  if (applied.kind !== 'applied') return;
  const fresh = (await faultsOf(box, container)).filter(id => !found.includes(id));
  if (WITH_A_PRICE.includes(plan.fix)) assert.match(plan.summary, /--gpus|refuse/, 'the price is named');
  // What the mended fault had hidden may come up; what was sound before must stay so.
  else
    assert.deepEqual(
      fresh.filter(id => !(consequences[plan.finding] ?? []).includes(id)),
      [],
      `${plan.fix} breaks something else`,
    );
  const undone = await undoSession(box, store, applied.session);
  assert.equal(undone.kind, 'undone', `${plan.fix}: ${JSON.stringify(undone)}`);
  if (c.comesBack)
    assert.deepEqual(await findingsOf(box, container), told, `${plan.fix}: an undo brings back what was found`);
  assert.deepEqual(await Promise.all(paths.map(p => textOf(box, p))), before, plan.fix);
};

for (const [name, c] of Object.entries(cases)) {
  test(`${name}: ${c.finding} is offered ${c.offers.join(', ')}; the first heals it and can be undone`, async () => {
    const box = await c.box();
    const report = await checkBox(box, about(c.container));
    const found = report.findings.filter(f => f.severity === 'fault').map(f => f.id);
    if (!c.isByName) assert.ok(found.includes(c.finding), `found ${found.join(', ') || 'nothing'}`);
    const { facts } = report.internal;
    const offered = ladder(c.finding, facts);
    const ids = offered.map(f => f.id);
    assert.deepEqual(
      ids.filter(id => c.offers.includes(id)),
      c.offers,
      `offered ${ids.join(', ')}`,
    );
    if (c.only) assert.deepEqual(ids, c.offers);

    for (const f of offered) {
      const plan = await proposeFix(box, f, facts, c.finding);
      if (isRefusal(plan)) {
        assert.ok(plan.refuse.length > 10);
        continue;
      }
      await keepsItsWord(box, plan, f.id);
      await canBeTakenBack(await c.box(), plan, c);
      carriedOut.add(f.id);
    }
    // Where steps for a person stand before what widens rights, the plan is proven all the same.
    const first = offered.find(f => f.by !== 'guide') ?? offered[0]!;
    if (first.by === 'guide') {
      assert.ok(first.guide!(facts).length > 1);
      return;
    }
    const plan = await proposeFix(box, first, facts, c.finding);
    if (c.refused) {
      assert.ok(isRefusal(plan));
      assert.match(plan.refuse, c.refused);
      assert.ok((plan.instead ?? []).length > 0);
      return;
    }
    assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
    const applied = await applyPlan(box, plan, journalIn(memoryStore()));
    assert.equal(applied.kind, 'applied', JSON.stringify(applied));
    const left = await faultsOf(box, c.container);
    assert.ok(!left.includes(c.finding), `${first.id} does not heal it; ${left.join(', ')}`);
    assert.deepEqual(left, c.leaves ?? []);
    if (c.comesBack)
      assert.ok(!(await findingsOf(box, c.container)).some(id => id.endsWith(` ${c.finding}`)), `${c.finding} stays`);
  });
}

test('every fix that the program carries out was carried out and taken back above', () => {
  // Those need a Compose project; vm-ladder, device-names and project-fix.test.ts carry them out.
  const never = fixes
    .filter(
      f =>
        f.by !== 'guide' &&
        !carriedOut.has(f.id) &&
        !/^(compose-override-|correct-device-name|change-project-file)/.test(f.id),
    )
    .map(f => f.id);
  assert.deepEqual(never, []);
});

test('a unit that was enabled before stays enabled after an undo', async () => {
  const box = simBox(healthyNew());
  await box.run({ argv: ['systemctl', 'stop', 'nvidia-cdi-refresh.path'], root: true, changes: true });
  const { facts } = (await checkBox(box)).internal;
  const plan = await proposeFix(box, fixById('enable-cdi-refresh-units')!, facts, 'cdi-refresh-unit-inactive');
  assert.ok(!isRefusal(plan));
  for (const s of plan.steps) {
    assert.ok(s.do === 'run' && 'argv' in s.undo);
    assert.ok(!s.undo.argv.includes('disable'), s.undo.argv.join(' '));
  }
});

test('Docker is not restarted where nobody knows how it is started, or where it reads another file', async () => {
  const box = await demo('daemon-json-not-active')();
  const { facts } = (await checkBox(box)).internal;
  const fix = fixById('restart-docker')!;
  const unit = { unknown: 'absent', probe: 'systemctl show docker' } as const;
  const without = await proposeFix(
    box,
    fix,
    { ...facts, docker: { ...facts.docker, unit } },
    'docker-config-not-active',
  );
  assert.ok(isRefusal(without) && (without.instead ?? []).length > 0);
  const known = facts.docker.unit;
  assert.ok(!isUnknown(known));
  const other = { ...known, execStart: '/usr/bin/dockerd --config-file=/srv/docker.json' };
  const elsewhere = await proposeFix(
    box,
    fix,
    { ...facts, docker: { ...facts.docker, unit: other } },
    'docker-config-not-active',
  );
  assert.ok(isRefusal(elsewhere) && /\/srv\/docker\.json/.test(elsewhere.refuse));
});

test('an engine that does not read /etc/docker is offered no change of it', async () => {
  const box = await demo('runtime-not-registered')();
  const { facts } = (await checkBox(box)).internal;
  const info = facts.docker.info;
  assert.ok(!isUnknown(info) && info !== null);
  for (const part of [
    { rootless: true },
    { rootDir: '/var/snap/docker/common' },
    { operatingSystem: 'Docker Desktop' },
  ]) {
    const there: Facts = { ...facts, docker: { ...facts.docker, info: { ...info, ...part } } };
    const offered = ladder('docker-runtime-not-registered', there);
    assert.deepEqual(
      offered.filter(f => f.touches(there).includes(DAEMON_JSON)).map(f => f.id),
      [],
    );
  }
});

test('another way to ask is named only where it is another way', async () => {
  const steps = async (name: string, id: string): Promise<string> => {
    const { facts } = (await checkBox(await demo(name)())).internal;
    const guide = ladder(id, facts).find(f => f.id === 'ask-differently')!;
    return JSON.stringify(guide.guide!(facts));
  };
  assert.doesNotMatch(await steps('rootless-engine', 'rootless-cgroup-denied'), /--runtime=nvidia/);
  assert.match(await steps('cdi-mode-gpus', 'hook-in-nonlegacy-mode'), /--runtime=nvidia/);
});

test('a restart names the containers it stops, with their restart policy', async () => {
  const box = await demo('daemon-json-not-active')();
  const { facts } = (await checkBox(box)).internal;
  const plan = await proposeFix(box, fixById('restart-docker')!, facts, 'docker-config-not-active');
  assert.ok(!isRefusal(plan));
  assert.deepEqual(
    plan.interrupts?.containers.map(x => `${x.name} ${x.restart}`),
    ['ollama always', 'db unless-stopped', 'train-42 no'],
  );
  assert.match(plan.afterwards.join(' '), /train-42/);
});

test('switching CDI on keeps the other features, which nvidia-ctk would drop', async () => {
  const box = await cases['CDI switched off on purpose, with a spec']!.box();
  const { facts } = (await checkBox(box)).internal;
  const plan = await proposeFix(box, fixById('enable-cdi-in-docker')!, facts, 'cdi-disabled-in-docker');
  assert.ok(!isRefusal(plan));
  const after = plan.steps.flatMap(s => (s.do === 'edit' ? [s.after ?? ''] : []))[0] ?? '';
  assert.deepEqual(JSON.parse(after).features, { cdi: true, buildkit: true });
});

test('a spec of somebody else is never overwritten', async () => {
  const box = simBox(healthyOld());
  const theirs =
    'cdiVersion: 0.5.0\nkind: vendor.com/net\ndevices:\n  - name: eth\n    containerEdits:\n      env: [A=1]\n';
  await box.write(SPEC, theirs, root);
  const { facts } = (await checkBox(box)).internal;
  const plan = await proposeFix(box, fixById('generate-cdi-spec')!, facts, 'cdi-spec-missing');
  assert.ok(isRefusal(plan) && /vendor\.com\/net/.test(plan.refuse));
  for (const f of ladder('cdi-spec-stale', facts)) assert.ok(!f.touches(facts).includes(SPEC), f.id);
});

test('what is written into a spec is exactly what nvidia-ctk printed', async () => {
  const box = await demo('cdi-spec-stale')();
  const { facts } = (await checkBox(box)).internal;
  const plan = await proposeFix(box, fixById('regenerate-cdi-spec')!, facts, 'cdi-spec-stale');
  const printed = await box.run({ argv: ['nvidia-ctk', 'cdi', 'generate'] });
  assert.ok(!isRefusal(plan) && printed.kind === 'exited');
  assert.deepEqual(
    plan.steps.map(s => s.do === 'edit' && s.after),
    [printed.stdout],
  );
});

test('the ladder climbs: what the program can do by privilege, then steps for a person, last what widens rights', async () => {
  for (const name of Object.keys(demos)) {
    const { facts } = (await checkBox(simBox(await demos[name]!.load()))).internal;
    for (const id of new Set(fixes.flatMap(f => f.mends))) {
      const steps = ladder(id, facts);
      const plans = steps.filter(f => f.by !== 'guide');
      const narrow = plans.filter(f => f.privilege <= 3);
      assert.deepEqual(steps.slice(0, narrow.length), narrow, `${name}/${id}: a guide stands before a plan`);
      const wide = plans.slice(narrow.length);
      assert.deepEqual(steps.slice(steps.length - wide.length), wide, `${name}/${id}: what widens rights is not last`);
      const privileges = plans.map(f => f.privilege);
      assert.deepEqual(
        privileges,
        privileges.toSorted((a, b) => a - b),
        `${name}/${id}`,
      );
    }
  }
});

/** Those that widen what containers may do, each the last step of its ladder and with its price in the summary. */
const WIDEN = [
  'open-device-nodes',
  'set-no-cgroups-true',
  'set-no-cgroups-rootless',
  'compose-override-privileged',
  'mount-driver-into-pod',
];

/** What an undo cannot bring back whole is the last step of its ladder, too, and says so. */
const AT_RISK = ['upgrade-podman'];

test('a fix says what it is; few that the program carries out widen what containers may do', () => {
  assert.equal(new Set(fixes.map(f => f.id)).size, fixes.length);
  for (const f of fixes) {
    assert.match(f.id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(!isModeId(f.id), `${f.id} is also the id of a finding`);
    assert.ok(f.title.length <= 64 && !f.title.endsWith('.'), f.id);
    for (const id of f.mends) assert.ok(isModeId(id), `${f.id} mends ${id}`);
    assert.match(f.source, /\b(?:[12]\.\d+|seed \d)\b/, `${f.id}: no source`);
    assert.equal(f.by === 'guide', f.propose === undefined, f.id);
    if (f.by !== 'guide') assert.equal(f.privilege > 3, [...WIDEN, ...AT_RISK].includes(f.id), f.id);
  }
});

test('whatever the tree can find is written out, and somebody is told what to do', () => {
  const found = Object.values(flows).flatMap(flow =>
    Object.values(flow.nodes).flatMap(node => Object.values(node.on).flatMap(t => (isFinding(t) ? [t.id] : []))),
  );
  assert.ok(found.length > 40);
  for (const id of new Set(found)) {
    assert.ok(id in modes, `${id} is not written out`);
    assert.ok(modes[id]!.guide.length > 0 || fixes.some(f => f.mends.includes(id)), id);
  }
});
