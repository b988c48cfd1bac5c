/** Modes of a box: read only, nothing that loads, everything noted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Box, BoxError, type Ran } from '../src/box/box.ts';
import { type Entry, HELD_BACK, isHeldBack, noLoading, readOnly, recording } from '../src/box/wrap.ts';

const ran: Ran = { kind: 'exited', code: 0, stdout: '', stderr: '' };
const inner = () => {
  const asked: string[] = [];
  const noted = <T>(what: string, answer: T): T => {
    asked.push(what);
    return answer;
  };
  const box: Box = {
    name: 'this machine',
    kind: 'live',
    run: async c => noted(c.argv.join(' '), ran),
    read: async path => noted(path, { kind: 'file', text: path }),
    list: async path => noted(path, { kind: 'dir', names: [] }),
    stat: async path => noted(path, { kind: 'absent' }),
    write: async path => {
      asked.push(`write ${path}`);
      if (path === '/full') throw new BoxError('noSpace', 'full');
    },
  };
  return { box, asked };
};

test('read only lets questions through and refuses every change before it reaches the machine', async () => {
  const { box, asked } = inner();
  const b = readOnly(box);
  const refused = (e: unknown) => e instanceof BoxError && e.code === 'readOnly';
  await assert.rejects(b.run({ argv: ['systemctl', 'restart', 'docker'], changes: true }), refused);
  await assert.rejects(b.write('/etc/a', 'x'), refused);
  await assert.rejects(b.write('/etc/a', null), refused);
  assert.deepEqual(asked, []);
  assert.equal(await b.run({ argv: ['uname'] }), ran);
  assert.deepEqual(await b.read('/p'), { kind: 'file', text: '/p' });
  assert.deepEqual([b.name, b.kind], ['this machine', 'live']);
});

test('what may load modules runs only where it is allowed, and is tellable from a refusal of the machine', async () => {
  const { box, asked } = inner();
  let allowed = false;
  const b = noLoading(box, async () => allowed);
  const answer = await b.run({ argv: ['nvidia-smi'], mayLoad: true });
  assert.equal(answer, HELD_BACK);
  assert.equal(answer.kind, 'denied');
  assert.ok(isHeldBack(answer));
  assert.ok(!isHeldBack({ kind: 'denied' }));
  assert.deepEqual(asked, []);
  assert.equal(await b.run({ argv: ['uname'] }), ran);
  allowed = true;
  assert.equal(await b.run({ argv: ['nvidia-smi'], mayLoad: true }), ran);
  assert.deepEqual(asked, ['uname', 'nvidia-smi']);
});

test('everything is noted with its result and how long it took, failed writes included', async () => {
  const { box } = inner();
  const notes: Entry[] = [];
  let now = 0;
  const b = recording(
    box,
    e => notes.push(e),
    () => (now += 5),
  );
  await b.run({ argv: ['uname', '-r'] });
  await b.read('/r');
  await b.list('/l');
  await b.stat('/s');
  await b.write('/w', 'x');
  await assert.rejects(b.write('/full', null), /full/);
  assert.deepEqual(notes, [
    { ask: 'run', command: { argv: ['uname', '-r'] }, result: ran, tookMs: 5 },
    { ask: 'read', path: '/r', result: { kind: 'file', text: '/r' }, tookMs: 5 },
    { ask: 'list', path: '/l', result: { kind: 'dir', names: [] }, tookMs: 5 },
    { ask: 'stat', path: '/s', result: { kind: 'absent' }, tookMs: 5 },
    { ask: 'write', path: '/w', text: 'x', ok: true, tookMs: 5 },
    { ask: 'write', path: '/full', text: null, ok: false, tookMs: 5 },
  ]);
});
