/** A whole engine is upgraded only where that helps, pulls at nothing else and can be put back; containers prove it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById, ladder } from '../flows/fixes/index.ts';
import type { Facts } from '../flows/probes/index.ts';
import { managerOf } from '../flows/rules/packages.ts';
import { compare, withoutEpoch } from '../flows/rules/version.ts';
import type { Box, Ran } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { earlierPodman } from '../src/sim/worlds/podman.ts';

const ran = (stdout: string, code = 0, stderr = ''): Ran => ({ kind: 'exited', code, stdout, stderr });
/** A box on which one program answers otherwise, where it is asked for one thing. */
const saying = (box: Box, program: string, word: string, answer: Ran): Box => ({
  ...box,
  run: async (command, signal) =>
    command.argv[0] === program && command.argv.includes(word) ? answer : box.run(command, signal),
});
const planOn = async (box: Box, finding: string) => {
  const { facts } = (await checkBox(box)).internal;
  return proposeFix(box, fixById('upgrade-podman')!, facts, finding);
};
const starts = async (box: Box, ...asked: string[]): Promise<string> => {
  const it = await box.run({
    argv: ['podman', 'run', '--rm', ...asked, 'localhost/debian:trixie', 'nvidia-smi', '-L'],
    root: true,
  });
  return it.kind === 'exited' ? `${it.code} ${it.stdout}${it.stderr}` : it.kind;
};
const BY_NAME = ['--device', 'nvidia.com/gpu=all'];

test('a container by CDI name fails on 3.0, works after the upgrade, and fails again after the undo', async () => {
  const box = simBox(earlierPodman('3.0.1', '4.3.1'));
  assert.match(await starts(box, ...BY_NAME), /^125 Error: stat nvidia\.com\/gpu=all: no such file or directory/);
  const plan = await planOn(box, 'podman-cdi-too-old');
  assert.ok(!isRefusal(plan));
  assert.match(
    plan.summary,
    /conmon 2\.0\.25\S+ to 2\.1\.6\S+, netavark 1\.4\.0-3, podman 3\.0\.1\+ds1-2 to 4\.3\.1\+ds1-2/,
    'each package and version is said before',
  );
  const store = memoryStore();
  const applied = await applyPlan(box, plan, journalIn(store));
  assert.ok(applied.kind === 'applied');
  assert.match(await starts(box, ...BY_NAME), /^0 GPU 0/);
  await undoSession(box, store, applied.session);
  assert.match(await starts(box, ...BY_NAME), /^125 /);
  const left = await box.run({ argv: ['dpkg-query', '-W', 'podman', 'conmon', 'netavark'] });
  assert.ok(left.kind === 'exited');
  assert.equal(left.stdout, 'conmon\t2.0.25+ds1-1.1\npodman\t3.0.1+ds1-2\n');
});

test('--gpus does nothing on 4.3 and asks by CDI after the upgrade', async () => {
  const box = simBox(earlierPodman('4.3.1', '5.4.2'));
  assert.match(await starts(box, '--gpus', 'all'), /^127 .*nvidia-smi/);
  const plan = await planOn(box, 'podman-gpus-noop');
  assert.ok(!isRefusal(plan));
  await applyPlan(box, plan, journalIn(memoryStore()));
  assert.match(await starts(box, '--gpus', 'all'), /^0 GPU 0/);
});

test('a note makes no box look broken, and asking by name comes before a whole engine', async () => {
  const report = await checkBox(simBox(earlierPodman('4.3.1', '5.4.2')));
  assert.equal(report.verdict, 'ok');
  assert.deepEqual(
    ladder('podman-gpus-noop', report.internal.facts).map(f => [f.id, f.by]),
    [
      ['ask-podman-by-cdi-name', 'guide'],
      ['upgrade-podman', 'apply'],
    ],
  );
  const { facts } = (await checkBox(simBox(healthyNew()))).internal;
  for (const id of ['podman-gpus-noop', 'podman-cdi-too-old'])
    assert.ok(!ladder(id, facts).some(f => f.id === 'upgrade-podman'), 'a new one is not upgraded');
  const arch: Facts = { ...report.internal.facts, where: { ...facts.where, os: 'Arch Linux', family: ['arch'] } };
  assert.ok(!ladder('podman-gpus-noop', arch).some(f => f.id === 'upgrade-podman'));
});

test('refused: another Podman answers, foreign packages change or go, or nobody can tell', async () => {
  const box = simBox(earlierPodman('4.3.1', '5.4.2'));
  const podman = 'Inst podman [4.3.1+ds1-2] (5.4.2+ds1-2 Debian:13.1/stable [amd64])\n';
  for (const [program, word, answer, because] of [
    ['apt-get', 'install', ran('Inst podman (5.4.2+ds1-2 Debian:13.1/stable [amd64])\n'), /which no package brought/],
    ['apt-get', 'install', ran(podman.replace('4.3.1', '4.1.0')), /the one of the package is 4\.1\.0/],
    ['apt-get', 'install', ran(`Inst libc6 [2.41-12] (2.42-1 Debian:14 [amd64])\n${podman}`), /libc6 2\.41-12/],
    ['apt-get', 'install', ran(`Remv cockpit-podman [100-1]\n${podman}`), /without cockpit-podman/],
    ['apt-get', 'install', ran(podman.replace('5.4.2', '4.9.3')), /newest Podman .* is 4\.9\.3.*from 5\.0 on/],
    ['apt-get', 'install', ran('', 100, 'E: Unmet dependencies.\n'), /Unmet dependencies/],
    ['apt-cache', 'madison', ran('', 100, 'E: no\n'), /versions of today could not be found out/],
    ['podman', 'info', ran('', 125, 'Error: cannot connect\n'), /which networks/],
  ] as const) {
    const plan = await planOn(saying(box, program, word, answer), 'podman-gpus-noop');
    assert.ok(isRefusal(plan) && because.test(plan.refuse), isRefusal(plan) ? plan.refuse : 'a plan was made');
  }
});

test('dnf: what is of the same build comes along where it is installed, and epochs order nothing', () => {
  const where = { os: 'Rocky Linux 9.6 (Blue Onyx)', family: ['rocky', 'rhel', 'centos', 'fedora'] };
  const dnf = managerOf({ where } as unknown as Pick<Facts, 'where'>, ['podman'], ['podman-docker', 'podman-remote'])!;
  const preview = dnf.preview({
    installed: ran('podman 4.9.4-16.el9\npodman-docker 4.9.4-16.el9\npackage podman-remote is not installed\n', 1),
    offered: ran('podman 5.4.0-12.el9\npodman-docker 5.4.0-12.el9\npodman-remote 5.4.0-12.el9\n'),
  });
  assert.ok(preview.kind === 'changes');
  assert.deepEqual(dnf.back(preview.changes), [
    'dnf',
    'downgrade',
    '-y',
    'podman-4.9.4-16.el9',
    'podman-docker-4.9.4-16.el9',
  ]);
  const held = ran('podman 4.9.4-16.el9\npodman 5.4.0-12.el9\npodman-docker 5.4.0-12.el9\n');
  assert.deepEqual(
    dnf.forgotten(preview.changes, { versions: held })?.map(c => c.name),
    ['podman-docker'],
  );
  assert.equal(compare(withoutEpoch('5:4.9.4-16.el9'), '4.9.4'), 0);
  assert.equal(dnf.forgotten(preview.changes, { versions: { kind: 'timedOut', afterMs: 1 } }), null);
});
