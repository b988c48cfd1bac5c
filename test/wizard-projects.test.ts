/** "Project files": found, shown, mended by a plan that is confirmed, read again, and undone; on simulated boxes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { outcomeOf } from '../src/wizard/outcome.ts';
import { runPlain } from '../src/wizard/plain.ts';
import { realOutside } from '../src/wizard/real.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { hands } from './hands.ts';

const open = async (demo: string, wrap: (box: Box) => Box = box => box) => {
  const box = wrap(simBox(await demos[demo]!.load()));
  const outside = realOutside({ box, store: memoryStore(), version: '0', command: 'gpumedic', now: Date.now });
  const wizard = createWizard({ outside });
  const text = async (path: string) => {
    const found = await box.read(path);
    return found.kind === 'file' ? found.text : null;
  };
  return { ...hands(wizard), wizard, box, text };
};

const labels = (view: { readonly choices: readonly { readonly label: string }[] }) => view.choices.map(c => c.label);

test('the distributed project: both faults are listed, mended one by one, read again, and come back by undo', async () => {
  const me = await open('project-distributed');
  await me.choose('projects');
  let now = await me.asked();
  assert.equal(me.wizard.state().at.at, 'projects');
  assert.match(JSON.stringify(now.lead), /2 faults/);
  const places = now.choices.filter(c => c.hint?.startsWith('fault'));
  assert.equal(places.length, 2);
  assert.ok(places.every(p => /:\d+$/.test(p.label)));
  const before = new Map<string, string | null>();
  for (let left = 2; left > 0; left--) {
    now = await me.asked();
    await me.choose(now.choices.find(c => c.hint?.startsWith('fault'))!.id);
    now = await me.asked();
    assert.match(JSON.stringify(now.body), /"File"/);
    await me.choose('mend 0');
    now = await me.asked();
    assert.equal(now.confirm, 'Apply?');
    assert.match(JSON.stringify(now.lead), /needs no root · changes 1 file/);
    assert.match(JSON.stringify(now.body), /"tone":"add"/, 'the diff is shown');
    const { at } = me.wizard.state();
    assert.equal(at.at, 'mend');
    if (at.at === 'mend') for (const path of at.plan.touches) before.set(path, await me.text(path));
    me.key({ char: 'y' }, 'y');
    now = await me.asked();
    assert.match(JSON.stringify(now.lead), left === 2 ? /1 fault and/ : /0 faults and|nothing is wrong/);
  }
  assert.equal(me.wizard.state().changes, 2);
  assert.deepEqual(
    me.wizard
      .state()
      .trail.filter(r => r.label === 'Fixed' || r.label === 'Not yet')
      .map(r => r.label),
    ['Fixed', 'Fixed'],
  );
  await me.choose('menu');
  for (const [path, was] of before) assert.notEqual(await me.text(path), was);
  await me.choose('undo');
  await me.choose((await me.asked()).choices[0]!.id);
  await me.asked();
  me.key({ char: 'y' }, 'y');
  await me.asked();
  assert.equal(me.wizard.state().changes, 0, 'one session, both changes');
  for (const [path, was] of before) assert.equal(await me.text(path), was);
});

test('leaving after a mended file: fixed and 0; after one that did not help: failed and 1', async () => {
  for (const [helps, outcome, exitCode] of [
    [true, 'fixed', 0],
    [false, 'failed', 1],
  ] as const) {
    let isDeaf = false;
    // A disk that takes the text and shows the old one is the simplest file that does not get better.
    const me = await open('project-ollama', box => ({
      ...box,
      write: async (path, text, options) => {
        if (!isDeaf) await box.write(path, text, options);
      },
    }));
    await me.choose('projects');
    await me.choose('trouble 0');
    await me.choose('mend 0');
    isDeaf = !helps;
    me.key({ char: 'y' }, 'y');
    await me.asked();
    me.wizard.send({ do: 'quit' });
    const end = await me.wizard.done;
    assert.deepEqual([outcomeOf(end.state, end.exitCode), end.exitCode], [outcome, exitCode]);
  }
});

test('no changes nothing and leads back to the finding; b leads back to the list and the menu', async () => {
  const me = await open('project-ollama');
  await me.choose('projects');
  await me.choose('trouble 0');
  await me.choose('mend 0');
  await me.asked();
  const { at } = me.wizard.state();
  assert.ok(at.at === 'mend');
  const path = at.plan.touches[0]!;
  const before = await me.text(path);
  me.key({ char: 'n' }, 'n');
  assert.equal(me.wizard.state().at.at, 'trouble');
  me.key({ char: 'b' }, 'b');
  assert.equal(me.wizard.state().at.at, 'projects');
  me.key({ char: 'b' }, 'b');
  assert.equal(me.wizard.state().at.at, 'menu');
  assert.deepEqual([me.wizard.state().changes, await me.text(path)], [0, before]);
});

test('a file that was changed since the diff was shown is left alone, and that is said', async () => {
  const me = await open('project-ollama');
  await me.choose('projects');
  await me.choose('trouble 0');
  await me.choose('mend 0');
  await me.asked();
  const { at } = me.wizard.state();
  assert.ok(at.at === 'mend');
  const path = at.plan.touches[0]!;
  const mine = `${await me.text(path)}# mine\n`;
  await me.box.write(path, mine);
  me.key({ char: 'y' }, 'y');
  await me.asked();
  assert.equal(me.wizard.state().changes, 0);
  assert.equal(await me.text(path), mine);
  assert.match(me.wizard.state().trail.at(-1)!.text, /changed since the preview/);
});

test('a box without project files says so; a recording shows the plan and cannot be told yes', async () => {
  const none = await open('healthy-old');
  await none.choose('projects');
  assert.deepEqual(labels(await none.asked()), ['Back']);
  assert.match(JSON.stringify(none.view().lead), /The engine of this box knows no Compose project/);
  const me = await open('project-ollama', box => ({ ...box, kind: 'recorded' }));
  await me.choose('projects');
  await me.choose('trouble 0');
  await me.choose('mend 0');
  assert.equal((await me.asked()).confirm, null);
  me.wizard.send({ do: 'yes' });
  assert.equal(me.wizard.state().at.at, 'mend');
  await me.choose('decline');
  assert.equal(me.wizard.state().at.at, 'trouble');
});

test('the same as lines, to a mended file', async () => {
  const me = await open('project-ollama');
  const answers: ((choices: readonly string[]) => string)[] = [
    all => String(all.findIndex(l => l.startsWith('Project files')) + 1),
    () => '1',
    () => '1',
    () => 'yes',
    () => 'q',
  ];
  let out = '';
  await runPlain({
    wizard: me.wizard,
    version: '0',
    lines: {
      next: async () => {
        const answer = answers.shift();
        return answer ? { value: answer(labels(me.view())) } : { done: true, value: undefined };
      },
    } as AsyncIterator<string>,
    out: text => {
      out += text;
    },
    ascii: false,
    colour: false,
    columns: 80,
  });
  assert.match(out, /✔ Fixed/);
  assert.equal(me.wizard.state().changes, 1);
});
