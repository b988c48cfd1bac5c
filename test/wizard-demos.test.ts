/** Every simulated box, walked with keys alone: start to proven fix, and back byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { type Cursor, type Press, press } from '../src/ui/keys.ts';
import { realOutside } from '../src/wizard/real.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard, type Wizard } from '../src/wizard/wizard.ts';

const change = (wizard: Wizard) =>
  new Promise<void>(resolve => {
    const stop = wizard.subscribe(() => {
      stop();
      resolve();
    });
  });

/** A person who takes what is offered first and says yes; the keys pressed, in order. */
const hands = (wizard: Wizard) => {
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

const files = async (box: Box, paths: readonly string[]) =>
  Object.fromEntries(await Promise.all(paths.map(async p => [p, await box.read(p)] as const)));

for (const name of Object.keys(demos)) {
  test(`${name}: what is offered first leads to a proven end, or to steps for a person`, async () => {
    const box = simBox(await demos[name]!.load());
    const outside = realOutside({ box, store: memoryStore(), version: '0', command: 'gpumedic', now: Date.now });
    const wizard = createWizard({ outside });
    const me = hands(wizard);
    await me.choose('why');
    const first = new Map<string, unknown>();
    for (let rounds = 0; rounds < 40; rounds++) {
      const now = await me.asked();
      const { at, walk } = wizard.state();
      if (process.env.DEBUG)
        console.log(
          name,
          JSON.stringify(at),
          walk?.stage,
          now.choices.map(c => c.id),
          walk?.found?.id,
          walk?.found?.node,
          walk?.left,
          walk?.trouble,
        );
      if (at.at === 'end') break;
      if (now.confirm !== null) {
        const touched = walk?.plan?.touches ?? [];
        if (at.at === 'walk')
          for (const [p, f] of Object.entries(await files(box, touched))) if (!first.has(p)) first.set(p, f);
        me.key({ char: 'y' }, 'y');
      } else if (
        now.choices[0]!.id.startsWith('fix ') &&
        walk?.stage === 'choosing' &&
        walk.found!.offers.find(o => `fix ${o.fix}` === now.choices[0]!.id)!.by === 'apply'
      )
        me.key('enter', 'Enter');
      else if (walk?.stage === 'refused') me.key('enter', 'Enter');
      else await me.choose('leave');
    }
    const { walk, proven, proof, at } = wizard.state();
    assert.equal(at.at, 'end');
    const verdict = walk?.report?.verdict;
    console.log(
      `${name}: ${verdict}, ${me.keys.length} keys (${me.keys.join(' ')}), fixed ${walk?.fixed.join(', ') || 'nothing'}, left ${walk?.left.join(', ') || 'nothing'}, proof ${proven?.ok ?? 'none'} ${proven?.ok === false ? proven.shows : ''}`,
    );
    if (walk!.applied.length > 0 && walk!.left.length === 0) {
      assert.equal(verdict, 'ok');
      assert.ok(me.keys.length <= 10, `${me.keys.length} keys: ${me.keys.join(' ')}`);
      assert.equal(proven?.ok, true, proven?.shows ?? 'not tried');
      // A form that worked all along proves nothing.
      assert.ok(proof && 'way' in proof && walk!.stopped.includes(proof.way), JSON.stringify(proof));
    }
    for (let undone = 0; wizard.state().changes > 0 && undone < 5; undone++) {
      await me.choose(undone === 0 ? 'undo' : 'menu');
      if (undone > 0) await me.choose('undo');
      await me.choose('20');
      await me.asked();
      me.key({ char: 'y' }, 'y');
      await me.asked();
      await me.choose('back');
    }
    assert.deepEqual(await files(box, [...first.keys()]), Object.fromEntries(first));
  });
}
