import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cursor, type Press, press, pressesOf } from '../src/ui/keys.ts';
import type { Intent } from '../src/wizard/state.ts';
import type { View } from '../src/wizard/view.ts';

const blank: View = {
  title: '',
  status: '',
  header: ['', ''],
  isTop: false,
  trail: [],
  lead: [],
  body: [],
  choices: [],
  confirm: null,
  since: null,
  keys: [],
};
const menu: View = { ...blank, choices: ['a', 'b', 'c'].map(id => ({ id, label: id })), keys: [['w', 'why']] };
const question: View = { ...blank, confirm: 'Apply?', keys: [['c', 'commands']] };
const noKey = {} as never;
const limits = { page: 3, most: 7, isAlone: true };

const typed = (view: View, keys: readonly Press[], isAlone = true) => {
  let cursor: Cursor = { screen: '', at: 0, scroll: 0 };
  const intents: Intent[] = [];
  for (const key of keys) {
    const next = press(view, cursor, key, { ...limits, isAlone });
    cursor = next.cursor;
    if (next.intent) intents.push(next.intent);
  }
  return { cursor, intents };
};

test('several keys in one chunk are several keys, each seeing what the one before did', () => {
  assert.deepEqual(pressesOf('jj\r', noKey), [{ char: 'j' }, { char: 'j' }, 'enter']);
  assert.deepEqual(typed(menu, pressesOf('jj\r', noKey)).intents, [{ do: 'choose', id: 'c' }]);
});

test('a change is confirmed by nothing but y', () => {
  const others: readonly Press[] = [
    'enter',
    'up',
    'down',
    'pageDown',
    ...'1234567890Yj kGo\t'.split('').map(char => ({ char })),
  ];
  for (const key of others) assert.deepEqual(typed(question, [key]).intents, [], JSON.stringify(key));
  assert.deepEqual(typed(question, [{ char: 'y' }]).intents, [{ do: 'yes' }]);
  assert.deepEqual(typed(question, [{ char: 'n' }]).intents, [{ do: 'no' }]);
});

test('a y that was typed before the question stood there, or in a chunk with others, confirms nothing', () => {
  assert.deepEqual(typed(question, [{ char: 'y' }], false).intents, []);
  assert.deepEqual(typed(question, [{ char: 'n' }], false).intents, [{ do: 'no' }]);
});

test('y is no key where nothing is asked', () => {
  assert.deepEqual(typed(menu, [{ char: 'y' }]).intents, []);
});

test('digits move and choose nothing; Enter on an empty list chooses nothing', () => {
  const at = typed(menu, [{ char: '3' }]);
  assert.equal(at.cursor.at, 2);
  assert.deepEqual(at.intents, []);
  assert.equal(typed(menu, [{ char: '9' }]).cursor.at, 0);
  assert.deepEqual(typed(blank, ['enter']).intents, []);
});

test('arrows and j and k go round in a menu and scroll where there is none', () => {
  assert.equal(typed(menu, ['up']).cursor.at, 2);
  assert.equal(typed(menu, ['down', { char: 'j' }, { char: 'j' }]).cursor.at, 0);
  assert.equal(typed(question, ['down', 'down', { char: 'k' }]).cursor.scroll, 1);
  assert.equal(typed(question, ['up']).cursor.scroll, 0);
  assert.equal(typed(question, ['pageDown', 'pageDown', 'pageDown']).cursor.scroll, 7);
});

test('a letter works only where it is offered; back, help and quit everywhere', () => {
  assert.deepEqual(typed(menu, [{ char: 'w' }]).intents, [{ do: 'why' }]);
  assert.deepEqual(typed(menu, [{ char: 'c' }]).intents, []);
  assert.deepEqual(
    typed(blank, [{ char: 'b' }, { char: '?' }, { char: 'q' }]).intents.map(i => i.do),
    ['back', 'help', 'quit'],
  );
});

test('another screen starts at its top', () => {
  const { cursor } = typed(menu, ['down']);
  assert.equal(press(question, cursor, 'down', limits).cursor.scroll, 1);
  assert.equal(press(question, cursor, 'down', limits).cursor.at, 0);
});

test('Ctrl-C is an interruption even inside a chunk', () => {
  assert.deepEqual(pressesOf('c', { ctrl: true } as never), ['interrupt']);
  assert.deepEqual(typed(question, pressesOf('x\u0003', noKey)).intents, [{ do: 'interrupt' }]);
});
