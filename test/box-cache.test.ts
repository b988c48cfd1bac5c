/** Identical questions are asked once, until something changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box, Command, Ran } from '../src/box/box.ts';
import { cached } from '../src/box/cache.ts';

/** Counts what reaches it; a run is answered when `answer` is called, or at once. */
const counting = (hold = false) => {
  const asked: string[] = [];
  const aborted: string[] = [];
  const pending: (() => void)[] = [];
  const ran: Ran = { kind: 'exited', code: 0, stdout: 'x', stderr: '' };
  const noted = (what: string): { readonly kind: 'absent' } => {
    asked.push(what);
    return { kind: 'absent' };
  };
  const box: Box = {
    name: 'n',
    kind: 'live',
    run: (c: Command, signal) => {
      asked.push(c.argv.join(' '));
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => {
          aborted.push(c.argv.join(' '));
          reject(signal.reason);
        });
        if (hold) pending.push(() => resolve(ran));
        else resolve(ran);
      });
    },
    read: async path => noted(`read ${path}`),
    list: async path => noted(`list ${path}`),
    stat: async path => noted(`stat ${path}`),
    write: async path => {
      asked.push(`write ${path}`);
      if (path === '/full') throw new Error('no');
    },
  };
  return { box: cached(box), asked, aborted, answer: () => pending.splice(0).map(f => f()) };
};

test('identical questions side by side and later share one answer', async () => {
  const { box, asked, answer } = counting(true);
  const both = Promise.all([box.run({ argv: ['a'] }), box.run({ argv: ['a'] })]);
  answer();
  const [one, two] = await both;
  assert.equal(one, two);
  assert.equal(await box.run({ argv: ['a'] }), one);
  await Promise.all([box.read('/p'), box.list('/p'), box.stat('/p'), box.read('/p'), box.list('/p'), box.stat('/p')]);
  assert.deepEqual(asked, ['a', 'read /p', 'list /p', 'stat /p']);
});

test('what differs in arguments, stdin or rights is a different question', async () => {
  const { box, asked } = counting();
  await box.run({ argv: ['a', 'b c'] });
  await box.run({ argv: ['a', 'b', 'c'] });
  await box.run({ argv: ['a', 'b c'], root: true });
  await box.run({ argv: ['a', 'b c'], stdin: '' });
  assert.equal(asked.length, 4);
});

test('after forget, a write and a change everything is asked again; a change is never remembered', async () => {
  const { box, asked } = counting();
  const ask = async () => {
    await box.run({ argv: ['a'] });
    await box.read('/p');
  };
  await ask();
  box.forget();
  await ask();
  await box.write('/p', 'x');
  await ask();
  await box.run({ argv: ['c'], changes: true });
  await ask();
  await assert.rejects(box.write('/full', 'x'));
  await ask();
  await box.run({ argv: ['c'], changes: true });
  assert.equal(asked.filter(a => a === 'a').length, 5);
  assert.equal(asked.filter(a => a === 'read /p').length, 5);
  assert.equal(asked.filter(a => a === 'c').length, 2);
});

test('an answer that was on its way before a change is not taken for one after it', async () => {
  const { box, asked, answer } = counting(true);
  const before = box.run({ argv: ['a'] });
  box.forget();
  const after = box.run({ argv: ['a'] });
  answer();
  await Promise.all([before, after]);
  assert.deepEqual(asked, ['a', 'a']);
});

test('an abort frees one asker; the command ends when nobody waits for it, and can then be asked again', async () => {
  const { box, asked, aborted, answer } = counting(true);
  const [first, second] = [new AbortController(), new AbortController()];
  const one = box.run({ argv: ['a'] }, first.signal);
  const two = box.run({ argv: ['a'] }, second.signal);
  first.abort(new Error('first'));
  await assert.rejects(one, /first/);
  assert.deepEqual(aborted, []);
  second.abort(new Error('second'));
  await assert.rejects(two, /second/);
  assert.deepEqual(aborted, ['a']);
  const again = box.run({ argv: ['a'] });
  answer();
  assert.equal((await again).kind, 'exited');
  assert.deepEqual(asked, ['a', 'a']);
  await assert.rejects(box.run({ argv: ['a'] }, AbortSignal.abort(new Error('late'))), /late/);
});

test('an asker without a signal keeps the command alive', async () => {
  const { box, aborted, answer } = counting(true);
  const stop = new AbortController();
  const one = box.run({ argv: ['a'] }, stop.signal);
  const two = box.run({ argv: ['a'] });
  stop.abort(new Error('gone'));
  await assert.rejects(one, /gone/);
  answer();
  assert.equal((await two).kind, 'exited');
  assert.deepEqual(aborted, []);
});
