/** Keys pressed on a wizard without a terminal. */
import assert from 'node:assert/strict';
import { type Cursor, type Press, press } from '../src/ui/keys.ts';
import { viewOf } from '../src/wizard/view.ts';
import type { Wizard } from '../src/wizard/wizard.ts';

const change = (wizard: Wizard) =>
  new Promise<void>(resolve => {
    const stop = wizard.subscribe(() => {
      stop();
      resolve();
    });
  });

/** A person at the keys; `keys` holds what was pressed, in order. */
export const hands = (wizard: Wizard) => {
  let cursor: Cursor = { screen: '', at: 0, scroll: 0 };
  const keys: string[] = [];
  const view = () => viewOf(wizard.state(), '0');
  const key = (one: Press, name: string) => {
    keys.push(name);
    const pressed = press(view(), cursor, one, { page: 5, most: 0, isAlone: true });
    cursor = pressed.cursor;
    if (pressed.intent) wizard.send(pressed.intent);
  };
  const asked = async () => {
    for (;;) {
      const now = view();
      if ((now.choices.length > 0 || now.confirm !== null) && wizard.state().machine !== null) return now;
      if (wizard.state().over) throw new Error('it ended');
      await change(wizard);
    }
  };
  /** Moves to a choice and takes it. */
  const choose = async (id: string) => {
    const now = await asked();
    const at = now.choices.findIndex(c => c.id === id || c.id.startsWith(id));
    assert.ok(at >= 0, `no choice ${id} on ${JSON.stringify(now.choices)}`);
    for (let i = 0; i < at; i++) key('down', 'down');
    key('enter', 'Enter');
  };
  return { keys, view, key, asked, choose };
};
