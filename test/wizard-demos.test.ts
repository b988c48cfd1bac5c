/** Every simulated box, walked with keys alone: start to proven fix, and back byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { realOutside } from '../src/wizard/real.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { hands } from './hands.ts';

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
      // What was wrong with pods is proven by the check that found it; no container of Docker says anything about them.
      if (walk!.stopped.length === 0) assert.ok(proof && 'cannot' in proof);
      else assert.equal(proven?.ok, true, proven?.shows ?? 'not tried');
      // A form that worked all along proves nothing.
      if (walk!.stopped.length > 0)
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
