/** What a machine shows, against what a text says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../src/engine/report.ts';
import { sharpen } from '../src/explain/here.ts';
import { type Explanation, explainText } from '../src/explain/index.ts';

const fault = (id: string, explains: readonly string[] = []): Report['findings'][number] => ({
  id,
  severity: 'fault',
  title: `title of ${id}`,
  evidence: [{ from: 'lsmod', shows: 'nothing' }],
  explains,
  fixes: [],
});
const ids = (told: Explanation): string[] => told.causes.map(cause => cause.id);
const confidence = (told: Explanation, id: string): number =>
  told.causes.find(cause => cause.id === id)?.confidence ?? 0;

const told = explainText('nvidia-container-cli: initialization error: nvml error: driver not loaded');

test('what the text names and the machine shows goes first, with what was seen', () => {
  const sharp = sharpen(told, { verdict: 'fault', findings: [fault('device-nodes-missing')] }, () => true);
  assert.equal(ids(told)[0], 'kernel-module-not-loaded');
  assert.equal(ids(sharp)[0], 'device-nodes-missing');
  assert.match(sharp.causes[0]!.toTell, /lsmod/);
  assert.ok(confidence(sharp, 'kernel-module-not-loaded') < confidence(told, 'kernel-module-not-loaded'));
});

test('a fault of which the named cause is a consequence goes first', () => {
  const sharp = sharpen(
    told,
    { verdict: 'fault', findings: [fault('nouveau-bound', ['kernel-module-not-loaded'])] },
    () => true,
  );
  assert.equal(ids(sharp)[0], 'nouveau-bound');
  assert.deepEqual(sharp.causes[0]!.matched, told.causes[0]!.matched);
});

test('a sound machine lowers what its probes would have seen, and hardly what none can see', () => {
  const sound = { verdict: 'ok', findings: [] } as const;
  const seen = sharpen(told, sound, () => true);
  const unseen = sharpen(told, sound, () => false);
  assert.ok(confidence(seen, ids(told)[0]!) < confidence(told, ids(told)[0]!) / 2);
  assert.ok(confidence(unseen, ids(told)[0]!) > confidence(told, ids(told)[0]!) / 2);
});

test('an unrelated fault is named as a possibility, below what the text says, and not where the text is not ours', () => {
  const report = { verdict: 'fault', findings: [fault('docker-not-running')] } as const;
  const sharp = sharpen(told, report, () => true);
  assert.equal(ids(sharp)[0], 'kernel-module-not-loaded');
  assert.ok(ids(sharp).includes('docker-not-running'));
  const foreign = explainText('Bind for 0.0.0.0:80 failed: port is already allocated');
  assert.deepEqual(
    sharpen(foreign, report, () => true),
    foreign,
  );
});

test('a probe without an answer changes nothing', () => {
  assert.deepEqual(
    sharpen(told, { verdict: 'unknown', findings: [] }, () => true),
    told,
  );
});
