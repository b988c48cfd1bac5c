import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isModeId, modeIds, modes } from '../flows/modes/index.ts';

const all = Object.values(modes);

test('the index holds the 151 entries of the field reference, with their priorities', () => {
  const rows = Object.values(modeIds);
  assert.equal(rows.length, 151);
  assert.deepEqual(
    [1, 2, 3].map(p => rows.filter(([, priority]) => priority === p).length),
    [74, 47, 30],
  );
  assert.equal(rows.filter(([, , by]) => by === 'apply').length, 56);
  assert.equal(rows.filter(([, , by]) => by === 'patch').length, 51);
  assert.equal(rows.filter(([, , by]) => by === 'guide').length, 43);
});

test('a mode is filed under its own id, which the reference knows', () => {
  for (const [key, m] of Object.entries(modes)) {
    assert.equal(m.id, key);
    assert.ok(isModeId(m.id), m.id);
    assert.equal(m.priority, modeIds[m.id][1]);
  }
});

const covered = ['2.1', '2.2', '2.4', '2.5', '2.6', '2.7', '2.8', '2.9', '2.11'];

test('every first and second priority entry of host, toolkit, CDI and Docker is written out, and all of 2.6 to 2.9', () => {
  const missing = Object.entries(modeIds)
    .filter(([, [section, priority]]) => covered.includes(section) && (priority < 3 || /^2\.[6-9]$/.test(section)))
    .map(([id]) => id)
    .filter(id => !(id in modes));
  assert.deepEqual(missing, []);
});

test('titles and one-liners fit their rows and carry no full stop too many', () => {
  for (const m of all) {
    assert.ok(m.title.length > 0 && m.title.length <= 60, `${m.id}: title has ${m.title.length}`);
    assert.ok(!m.title.endsWith('.'), `${m.id}: title ends with a full stop`);
    assert.ok(m.why.line.length > 0 && m.why.line.length <= 78, `${m.id}: line has ${m.why.line.length}`);
  }
  assert.equal(new Set(all.map(m => m.title)).size, all.length, 'two modes share a title');
});

test('each mode says why in three depths, where it comes from, and what to do', () => {
  for (const m of all) {
    const sentences = m.why.paragraph.split(/[.?!](?:\s|$)/).filter(s => s.trim() !== '').length;
    assert.ok(sentences >= 2 && sentences <= 5, `${m.id}: paragraph of ${sentences} sentences`);
    assert.ok(m.why.mechanism.length > 20, m.id);
    assert.match(m.source, /^section 2\.\d+ /, m.id);
    assert.match(m.source, /\[[SDIXRF]\]|unconfirmed|seed/, `${m.id}: no evidence`);
    assert.ok(m.guide.length > 0, `${m.id}: no guide`);
    for (const text of [m.why.paragraph, m.why.mechanism, m.seeds ?? '', ...m.guide]) {
      assert.doesNotMatch(text, /\n| {2}/, `${m.id}: line breaks of the source leak into the text`);
    }
  }
});

test('look-alikes are known ids, not the mode itself, and each has its tell', () => {
  for (const m of all) {
    for (const other of m.notToConfuse) {
      assert.ok(isModeId(other.id), `${m.id} names ${other.id}`);
      assert.notEqual(other.id, m.id);
      assert.ok(other.tell.length > 10, `${m.id} / ${other.id}`);
    }
  }
});

test('what a person must do by hand ends in looking again', () => {
  for (const m of all) {
    if (modeIds[m.id as keyof typeof modeIds][2] !== 'guide') continue;
    assert.match(m.guide.join(' '), /re-probe|run gpumedic again|afterwards|nvidia-smi/i, m.id);
  }
});
