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
import type { World } from '../src/sim/world.ts';
import { image } from '../src/sim/worlds/containers.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { orin } from '../src/sim/worlds/jetson.ts';
import { cuda, driver570, l4t } from './file-mends.ts';
import { textOf } from './fix-boxes.ts';

const BASE = '/srv/ai/compose.yml';
const DOCKERFILE = '/srv/ai/Dockerfile';
const OVER = '/srv/ai/compose.gpu.yml';
const ID = 'change-project-file';
const NAME = 'ai-brain-1';

interface Case {
  readonly finding: string;
  /** Lines of the service `brain`. */
  readonly lines: readonly string[];
  /** The same in a second file. */
  readonly over?: readonly string[];
  /** Another machine than a sound one. */
  readonly world?: () => World;
  /** What the service runs, where it is not an ordinary image. */
  readonly image?: string;
  readonly dockerfile?: string;
}
const text = (lines: readonly string[], image: string | null = 'image: debian:trixie'): string =>
  `services:\n  brain:${image !== null ? `\n    ${image}${image === 'build: .' ? '' : '\n    command: [sleep, infinity]'}` : ''}\n${lines.map(l => `    ${l}\n`).join('')}`;

/** The project as somebody started it. */
const started = async (c: Case) => {
  const world = c.world?.() ?? healthyNew();
  const image = c.dockerfile === undefined ? `image: ${c.image ?? 'debian:trixie'}` : 'build: .';
  file(world.fs, BASE, text(c.lines, image));
  if (c.over) file(world.fs, OVER, text(c.over, null));
  if (c.dockerfile !== undefined) file(world.fs, DOCKERFILE, c.dockerfile);
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
  'an image that wants a newer driver, and an older one beside it': {
    finding: 'cuda-requirement-unsatisfied',
    lines: ['gpus: all'],
    image: 'nvidia/cuda:13.0.3-base-ubuntu24.04',
    world: () => {
      const world = driver570('26.1.5', '1.17.8');
      world.docker!.images.push(cuda('13.0.3'), cuda('12.8.1'));
      return world;
    },
  },
  'a build on an image that wants a newer driver': {
    finding: 'cuda-requirement-unsatisfied',
    lines: ['gpus: all'],
    dockerfile: 'FROM nvidia/cuda:13.0.3-base-ubuntu24.04\nCMD ["sleep", "infinity"]\n',
    world: () => {
      const world = driver570('26.1.5', '1.17.8');
      world.docker!.registry = [cuda('13.0.3'), cuda('12.8.1')];
      return world;
    },
  },
  'an image for another processor': {
    finding: 'image-platform-mismatch',
    lines: ['gpus: all'],
    image: 'acme/edge:1',
    world: () => {
      const world = healthyNew();
      world.docker!.images.push(image('acme/edge', '1', { architecture: 'arm64' }));
      world.docker!.registry = [
        image('acme/edge', '1', { architecture: 'arm64' }),
        image('acme/edge', '1', { id: 'e'.repeat(64) }),
      ];
      return world;
    },
  },
  'an image on musl': {
    finding: 'image-nvidia-smi-not-found',
    lines: ['gpus: all'],
    image: 'python:3.12-alpine',
    world: () => {
      const world = healthyNew();
      world.docker!.images.push(image('python', '3.12-alpine', { glibc: false }));
      world.docker!.registry = [image('python', '3.12-slim')];
      return world;
    },
  },
  'an image of the JetPack before': {
    finding: 'tegra-image-mismatch',
    lines: ['runtime: nvidia'],
    image: 'dustynv/l4t-pytorch:r35.4.1',
    world: () => {
      const world = orin();
      world.docker!.images.push(l4t('r35.4.1'), l4t('r36.4.0'));
      return world;
    },
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
      const before = await Promise.all([BASE, OVER, DOCKERFILE].map(p => textOf(fresh.box, p)));
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
      if (!fault(fresh.report, c.finding))
        assert.ok(!after.findings.some(f => f.id === c.finding), `${plan.summary} does not mend it`);
      assert.deepEqual(
        after.findings.filter(f => f.severity === 'fault' && !fault(fresh.report, f.id)).map(f => f.id),
        [],
        `${plan.summary} breaks something`,
      );
      const undone = await undoSession(fresh.box, store, applied.kind === 'applied' ? applied.session : '');
      assert.equal(undone.kind, 'undone');
      assert.deepEqual(await Promise.all([BASE, OVER, DOCKERFILE].map(p => textOf(fresh.box, p))), before);
      const again = await checkBox(fresh.box, { subject: { name: NAME, mayRun: false } });
      assert.deepEqual(
        again.findings.map(f => f.id),
        fresh.report.findings.map(f => f.id),
        'the container asks as it did before',
      );
    }
  });

test('what lies in the build, wherever it is written, makes the image anew', async () => {
  const c: Case = {
    finding: '',
    lines: ['gpus: all'],
    dockerfile:
      'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "-m", "worker.run"]\n',
    world: () => {
      const world = healthyNew();
      world.docker!.registry = [image('python', '3.12-slim')];
      file(world.fs, '/srv/ai/requirements.txt', 'torch==2.9.0+cpu\n');
      file(world.fs, '/srv/ai/.dockerignore', '# small\nworker\n');
      file(world.fs, '/srv/ai/worker/__init__.py', '');
      file(world.fs, '/srv/ai/worker/run.py', '');
      return world;
    },
  };
  const { box, facts } = await look(c);
  for (const [finding, path] of [
    ['image-cpu-only-framework', '/srv/ai/requirements.txt'],
    ['image-app-module-missing', '/srv/ai/.dockerignore'],
  ] as const) {
    const plan = await proposeFix(box, fixById(ID)!, facts, finding);
    assert.ok(!isRefusal(plan), isRefusal(plan) ? plan.refuse : '');
    assert.deepEqual(plan.touches, [path]);
    assert.ok(plan.settle[0]!.argv.includes('--build'), plan.settle[0]!.argv.join(' '));
  }
});

test('an image that cannot be had leaves file and container as they are', async () => {
  const c = cases['an image on musl']!;
  const cut = () => {
    const world = c.world!();
    world.docker!.registry = [];
    return world;
  };
  const { box, facts } = await look({ ...c, world: cut });
  const before = await textOf(box, BASE);
  const plan = await proposeFix(box, fixById(ID)!, facts, c.finding);
  assert.ok(!isRefusal(plan));
  const applied = await applyPlan(box, plan, journalIn(memoryStore()));
  assert.ok(applied.kind === 'undone' && /manifest unknown/.test(applied.because), JSON.stringify(applied));
  assert.equal(await textOf(box, BASE), before);
  const after = await checkBox(box, { subject: { name: NAME, mayRun: false } });
  assert.deepEqual(
    containerOf(after.internal.facts.subjectRecord)?.id,
    containerOf(facts.subjectRecord)?.id,
    'the same container still runs',
  );
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
