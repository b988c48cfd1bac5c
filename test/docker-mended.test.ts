/** What kept Docker down was mended in the file and nobody started it since: that it does not run is all that is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixById } from '../flows/fixes/index.ts';
import { DAEMON_JSON } from '../flows/probes/docker.ts';
import type { Box } from '../src/box/box.ts';
import { proposeFix } from '../src/engine/propose.ts';
import { checkBox } from '../src/engine/report.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { isRefusal } from '../src/plan/plan.ts';
import { undoSession } from '../src/plan/undo.ts';
import { old, restart, root, textOf } from './fix-boxes.ts';

const faults: Readonly<Record<string, readonly [finding: string, broken: (text: string) => string]>> = {
  'a comma too many': ['docker-daemon-json-malformed', t => t.replace(/\}\s*$/, ',}\n')],
  'an option of the unit': [
    'docker-flag-conflict',
    t => JSON.stringify({ ...JSON.parse(t), hosts: ['unix:///var/run/docker.sock'] }),
  ],
  'a default runtime without its entry': [
    'docker-default-runtime-broken',
    t => JSON.stringify({ ...JSON.parse(t), 'default-runtime': 'kata' }),
  ],
};

for (const [name, [finding, broken]] of Object.entries(faults))
  test(`${name}: ${finding} while it stands there, and only a start once it is mended`, async () => {
    const box = await old(async () => {})();
    const good = (await textOf(box, DAEMON_JSON))!;
    await box.write(DAEMON_JSON, broken(good), root);
    await restart(box);
    assert.deepEqual(
      (await checkBox(box)).findings.filter(f => f.severity === 'fault').map(f => f.id),
      [finding],
    );
    await box.write(DAEMON_JSON, good, root);
    const report = await checkBox(box);
    assert.deepEqual(
      report.findings.filter(f => f.severity === 'fault').map(f => f.id),
      ['docker-not-running'],
    );
    const plan = await proposeFix(box, fixById('start-docker')!, report.internal.facts, 'docker-not-running');
    assert.ok(!isRefusal(plan), JSON.stringify(plan));
    assert.equal((await applyPlan(box, plan, journalIn(memoryStore()))).kind, 'applied');
    assert.equal((await checkBox(box)).verdict, 'ok');
  });

test('to undo a restart is not to restart once more', async () => {
  const inner = await old(restart)();
  const ran: string[] = [];
  const box: Box = {
    ...inner,
    run: c => {
      if (c.changes) ran.push(c.argv.join(' '));
      return inner.run(c);
    },
  };
  const { internal } = await checkBox(box);
  const plan = await proposeFix(box, fixById('restart-docker')!, internal.facts, 'docker-config-not-active');
  assert.ok(!isRefusal(plan), JSON.stringify(plan));
  const store = memoryStore();
  const applied = await applyPlan(box, plan, journalIn(store));
  assert.ok(applied.kind === 'applied');
  assert.deepEqual(ran, ['systemctl restart docker']);
  assert.equal((await undoSession(box, store, applied.session)).kind, 'undone');
  assert.deepEqual(ran, ['systemctl restart docker']);
});
