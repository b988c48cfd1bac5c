/** The list of choices as a component: what it draws, and that it takes no keys of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import { render } from 'ink-testing-library';
import { Menu } from '../src/ui/menu.tsx';
import { themeOf } from '../src/ui/theme.ts';
import type { Choice } from '../src/wizard/view.ts';

const choices: readonly Choice[] = [
  { id: 'why', label: 'Find out why' },
  { id: 'ways', label: 'How can I ask' },
  { id: 'undo', label: '되돌리기' },
];

const drawn = (at: number, more: { above?: number; below?: number } = {}) =>
  render(
    <Menu
      choices={choices}
      above={more.above ?? 0}
      below={more.below ?? 0}
      at={at}
      column={0}
      isBrief={false}
      width={40}
      theme={themeOf(true)}
    />,
  );

test('the chosen line is marked by a sign, not by colour alone', () => {
  const lines = drawn(1).lastFrame()!.split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1]!, /> How can I ask/);
  assert.doesNotMatch(lines[0]!, />/);
});

test('keys do not reach it: a digit, an arrow and Enter in one chunk change nothing', async () => {
  const menu = drawn(0);
  const before = menu.lastFrame();
  menu.stdin.write('3\u001B[B\r');
  await tick();
  await tick();
  assert.equal(menu.lastFrame(), before);
});

test('a row that can be ticked shows it in letters', () => {
  const boxes = choices.map((c, i) => ({ ...c, ticked: i === 1 }));
  const menu = (
    <Menu choices={boxes} above={0} below={0} at={0} column={0} isBrief={false} width={40} theme={themeOf(true)} />
  );
  const lines = render(menu).lastFrame()!.split('\n');
  assert.match(lines[0]!, /> \[ \] Find out why/);
  assert.match(lines[1]!, / {2}\[x\] How can I ask/);
});

test('an empty list draws nothing', () => {
  assert.equal(
    render(
      <Menu choices={[]} above={0} below={0} at={0} column={0} isBrief={false} width={40} theme={themeOf(true)} />,
    ).lastFrame(),
    '',
  );
});
