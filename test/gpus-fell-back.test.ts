/** That --gpus took the hook once is told while it would again, and never beside the finding that says why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ladder } from '../flows/fixes/index.ts';
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
import { daemonJson, fresh, restart, root, SPEC, spec } from './fix-boxes.ts';
import { asksForGpus, noCdi } from './fix-cases-engine.ts';

const NOTE = 'docker-29.2-gpus-behaviour-change';
const logged = async (box: Box): Promise<number> => {
  const it = await box.run({ argv: ['journalctl', '-u', 'docker', '-b', '-n', '50', '--no-pager', '-o', 'cat'] });
  return it.kind === 'exited' ? it.stdout.split('Ignoring previous errors updating spec').length - 1 : -1;
};
const fellBack = fresh(async box => {
  await noCdi(box);
  await asksForGpus(box);
});

test('dockerd logs the line when it takes the hook, and not when the spec serves', async () => {
  const box = await fellBack();
  assert.equal(await logged(box), 1);
  await spec(box, SPEC);
  await asksForGpus(box);
  assert.equal(await logged(box), 1);
});

test('the note is gone once the name resolves, though the journal keeps its line, and the box was never broken', async () => {
  const box = await fellBack();
  const before = await checkBox(box);
  assert.equal(before.verdict, 'ok');
  const note = before.findings.find(f => f.id === NOTE)!;
  assert.equal(note.severity, 'note');
  assert.match(JSON.stringify(note.evidence), /Ignoring previous errors.*no spec of nvidia\.com\/gpu/);
  await spec(box, SPEC);
  const after = await checkBox(box);
  assert.ok(!after.findings.some(f => f.id === NOTE));
});

test('with CDI switched off on purpose the note stays, and no spec is offered, for none would be read', async () => {
  const box = await fresh(async b => {
    await noCdi(b);
    await daemonJson(v => ({ ...v, features: { cdi: false } }))(b);
    await restart(b);
    await asksForGpus(b);
  })();
  const report = await checkBox(box);
  assert.deepEqual(
    ladder(NOTE, report.internal.facts).map(f => f.id),
    ['choose-the-injector-of-gpus'],
  );
  assert.ok(report.findings.some(f => f.id === NOTE));
});

test('where a fault names the cause the note is told below it', async () => {
  const box = await fresh(async b => {
    await spec(b, SPEC, t => t.slice(0, t.indexOf('containerEdits') + 6));
    await b.write('/var/run/cdi/nvidia.yaml', null, root);
    await asksForGpus(b);
  })();
  assert.equal(await logged(box), 1);
  const { findings } = await checkBox(box);
  assert.ok(findings.find(f => f.id === 'cdi-spec-malformed')?.explains.includes(NOTE));
  assert.ok(!findings.some(f => f.id === NOTE));
});

test('a spec that nobody may list leaves open whether it would fall back again', async () => {
  const box = await fellBack();
  const shut: Box = { ...box, list: async path => (path === '/etc/cdi' ? { kind: 'denied' } : box.list(path)) };
  const report = await checkBox(shut);
  assert.ok(!report.findings.some(f => f.id === NOTE));
  assert.ok(!ladder(NOTE, report.internal.facts).some(f => f.by !== 'guide'));
});
