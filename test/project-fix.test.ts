/** A fault of one container is mended in the file of its Compose project: proposed, applied, proven, taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById, ladder } from '../flows/fixes/index.ts';
import { containerOf } from '../flows/probes/subject.ts';
import { choicesFor, proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { file } from '../src/sim/fs.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { textOf } from './fix-boxes.ts';

const BASE = '/srv/ai/compose.yml';
const OVER = '/srv/ai/compose.gpu.yml';
const ID = 'change-project-file';
const NAME = 'ai-brain-1';

interface Case {
  readonly finding: string;
  /** Lines of the service `brain`. */
  readonly lines: readonly string[];
  /** The same in a second file. */
  readonly over?: readonly string[];
}
const text = (lines: readonly string[], image = true): string =>
  `services:\n  brain:${image ? '\n    image: debian:trixie\n    command: [sleep, infinity]' : ''}\n${lines.map(l => `    ${l}\n`).join('')}`;

/** The project as somebody started it. */
const started = async (c: Case) => {
  const world = healthyNew();
  file(world.fs, BASE, text(c.lines));
  if (c.over) file(world.fs, OVER, text(c.over, false));
  const box = simBox(world);
  const files = ['-f', BASE, ...(c.over ? ['-f', OVER] : [])];
  await box.run({ argv: ['docker', 'compose', '--project-name', 'ai', ...files, 'up', '-d'], changes: true });
  return box;
};
const look = async (c: Case) => {
  const box = await started(c);
  const report = await checkBox(box, { subject: { name: NAME, mayRun: false } });
  return { box, report, facts: report.internal.facts };
};

const cases: Readonly<Record<string, Case>> = {
  'a variable that hides the card': {
    finding: 'cuda-visible-devices-wrong',
    lines: ['environment:', '  CUDA_VISIBLE_DEVICES: "3" # as on the big machine', 'devices: [nvidia.com/gpu=0]'],
  },
  'runtime nvidia, and nothing asked for': {
    finding: 'visible-devices-unset',
    lines: ['runtime: nvidia'],
  },
  'a variable, and no runtime that reads it': {
    finding: 'compose-service-without-gpu-request',
    lines: ['environment: [NVIDIA_VISIBLE_DEVICES=all]'],
  },
  'a service that never asked': {
    finding: 'compose-service-without-gpu-request',
    lines: ['environment:', '  - FOO=1'],
  },
  'two mechanisms, the second in an override': {
    finding: 'compose-stacked-mechanisms',
    lines: ['runtime: nvidia', 'environment:', '  NVIDIA_VISIBLE_DEVICES: all'],
    over: ['devices:', '  - /dev/nvidia0:/dev/nvidia0', '  - /dev/nvidiactl:/dev/nvidiactl'],
  },
  'a card that does not exist': {
    finding: 'visible-devices-unknown',
    lines: ['runtime: nvidia', 'environment:', '  NVIDIA_VISIBLE_DEVICES: "5"'],
  },
};

for (const [name, c] of Object.entries(cases))
  test(`${name}: ${c.finding} is mended in the file, the service made anew, and both taken back`, async () => {
    const { box, report, facts } = await look(c);
    assert.ok(
      [...report.findings.map(f => f.id), report.container?.trail.stoppedBy?.finding?.id].includes(c.finding) ||
        report.container?.trail.steps.some(s => s.finding?.id === c.finding),
      `found ${report.findings.map(f => f.id).join(', ')}`,
    );
    assert.ok(ladder(c.finding, facts).some(f => f.id === ID));
    const fix = fixById(ID)!;
    const choices = await choicesFor(box, fix, facts, c.finding);
    const options = choices[0]?.options.map(o => o.value) ?? ['0'];
    for (const value of options) {
      const fresh = await look(c);
      const before = await Promise.all([BASE, OVER].map(p => textOf(fresh.box, p)));
      const plan = await proposeFix(fresh.box, fix, fresh.facts, c.finding, { change: [value] });
      assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
      const runs = containerOf(fresh.facts.subjectRecord)?.status === 'running';
      assert.equal(plan.interrupts !== null, runs, 'a running container that is made anew is named');
      const store = memoryStore();
      const applied = await applyPlan(fresh.box, plan, journalIn(store));
      assert.equal(applied.kind, 'applied', JSON.stringify(applied));
      const after = await checkBox(fresh.box, { subject: { name: NAME, mayRun: false } });
      const fault = (r: typeof after, id: string) => r.findings.find(f => f.id === id && f.severity === 'fault');
      assert.equal(fault(after, c.finding), undefined, `${plan.summary} does not mend it`);
      assert.deepEqual(
        after.findings.filter(f => f.severity === 'fault' && !fault(fresh.report, f.id)).map(f => f.id),
        [],
        `${plan.summary} breaks something`,
      );
      const undone = await undoSession(fresh.box, store, applied.kind === 'applied' ? applied.session : '');
      assert.equal(undone.kind, 'undone');
      assert.deepEqual(await Promise.all([BASE, OVER].map(p => textOf(fresh.box, p))), before);
      const again = await checkBox(fresh.box, { subject: { name: NAME, mayRun: false } });
      assert.deepEqual(
        again.findings.map(f => f.id),
        fresh.report.findings.map(f => f.id),
        'the container asks as it did before',
      );
    }
  });

test('what does not stand in the files is not looked for there: a refusal says so', async () => {
  const { box, facts } = await look({ finding: '', lines: ['devices: [nvidia.com/gpu=0]'] });
  const plan = await proposeFix(box, fixById(ID)!, facts, 'cuda-visible-devices-wrong');
  assert.ok(isRefusal(plan) && /does not show it/.test(plan.refuse));
});

test('a file that was torn meanwhile is named with its place, and left alone', async () => {
  const { box, facts } = await look(cases['a variable that hides the card']!);
  await box.write(BASE, 'services:\n  brain:\n    image: "debian\n', { root: true });
  const plan = await proposeFix(box, fixById(ID)!, facts, 'cuda-visible-devices-wrong');
  assert.ok(isRefusal(plan) && /compose\.yml:\d+:\d+: /.test(plan.refuse), JSON.stringify(plan));
});
