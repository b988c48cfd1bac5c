import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soon } from '../src/wizard/soon.ts';
import type { End, Intent, State, Wizard } from '../src/wizard/state.ts';

const first = { at: { at: 'menu' } } as State;
const later = { at: { at: 'end' } } as State;

const pretend = () => {
  const sent: Intent[] = [];
  const listeners = new Set<() => void>();
  let asked = 0;
  const done = Promise.withResolvers<End>();
  const wizard: Wizard = {
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => later,
    send: intent => sent.push(intent),
    onAskRoot: () => {
      asked++;
    },
    sudo: () => true,
    done: done.promise,
  };
  return { wizard, sent, listeners, asked: () => asked, done };
};

test('what a person does while the wizard is being loaded is done then, in order, and once', async () => {
  const { wizard, sent, listeners, asked, done } = pretend();
  const loading = Promise.withResolvers<Wizard>();
  const shown = soon(first, loading.promise);
  let told = 0;
  shown.subscribe(() => {
    told++;
  });
  shown.onAskRoot(async () => true);
  shown.send({ do: 'help' });
  shown.send({ do: 'quit' });
  assert.equal(shown.state(), first);
  assert.equal(shown.sudo(), false);
  loading.resolve(wizard);
  await loading.promise;
  await Promise.resolve();
  assert.deepEqual(sent, [{ do: 'help' }, { do: 'quit' }]);
  assert.equal(shown.state(), later);
  assert.equal(told, 1);
  assert.equal(asked(), 1);
  assert.equal(shown.sudo(), true);
  for (const listener of listeners) listener();
  assert.equal(told, 2);
  shown.send({ do: 'back' });
  assert.equal(sent.length, 3);
  done.resolve({ exitCode: 1, state: later });
  assert.equal((await shown.done).exitCode, 1);
});

test('a wizard that cannot be loaded is an error, not a screen that waits for ever', async () => {
  await assert.rejects(soon(first, Promise.reject(new Error('broken'))).done, /broken/);
});
