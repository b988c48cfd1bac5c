/** What was chosen stands in every form of a transcript, and a recording shows the page on which it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { transcriptCast } from '../src/cli/cast.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { transcriptAnsible } from '../src/transcript/ansible.ts';
import type { Event } from '../src/transcript/event.ts';
import { transcriptDocument } from '../src/transcript/json.ts';
import { replay } from '../src/transcript/log.ts';
import { transcriptMarkdown } from '../src/transcript/markdown.ts';
import { transcriptShell } from '../src/transcript/shell.ts';
import { storyOf } from '../src/transcript/story.ts';
import { EVENTS } from '../src/wizard/eventlog.ts';
import { playback } from '../src/wizard/playback.ts';
import { realOutside } from '../src/wizard/real.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { hands } from './hands.ts';

/** The demo by its keys: worker besides, the second card only; first all cards are previewed, then one is taken away. */
const session = async (answer: 'y' | 'n'): Promise<readonly Event[]> => {
  const store = memoryStore();
  let now = 0;
  const outside = realOutside({
    box: simBox(await demos['vm-compose']!.load()),
    store,
    version: '0.1.0',
    command: 'gpumedic',
    now: () => (now += 50),
  });
  const wizard = createWizard({ outside });
  const me = hands(wizard);
  const press = (...keys: readonly string[]) => {
    for (const k of keys) me.key(k === 'enter' || k === 'down' ? k : { char: k }, k);
  };
  await me.choose('containers');
  await me.choose('container ai-ai-brain-1');
  await me.choose('fix compose-override-cdi');
  await me.asked();
  press('down', 'down', ' ', 'enter', 'enter');
  await me.asked();
  assert.match(JSON.stringify(wizard.state().walk?.plan), /gpu=all/);
  press('b');
  await me.asked();
  press(' ', 'enter');
  await me.asked();
  press(answer);
  while (wizard.state().at.at !== 'end' && wizard.state().walk?.stage !== 'choosing') await me.asked();
  wizard.send({ do: 'quit' });
  await wizard.done;
  await outside.flush();
  const [id] = await store.ids();
  return replay(((await store.get(id!, EVENTS)) ?? '').split('\n')).events;
};

const CHOSEN = 'services: ai-brain, worker; gpus: 1';

test('every form says what was chosen; the scripts make the change for just that', async () => {
  const events = await session('y');
  const [change, ...others] = storyOf(events).changes;
  assert.deepEqual(others, [], 'a plan that was previewed for another choice is no change of its own');
  assert.equal(change!.status, 'applied');
  assert.ok(transcriptMarkdown(events).includes(`Chosen: \`${CHOSEN}\``));
  assert.match(
    transcriptMarkdown(events),
    /\| Which GPUs shall they have\? \| 0, 1 \|[\s\S]*\| Which GPUs shall they have\? \| 1 \|/,
  );
  const document = transcriptDocument(events);
  assert.deepEqual(
    document.changes[0]!.chosen.map(c => [c.choice, c.taken, c.by]),
    [
      ['services', ['ai-brain', 'worker'], 'asked'],
      ['gpus', ['1'], 'asked'],
    ],
  );
  const shell = transcriptShell(events);
  assert.ok(shell.includes(`# Chosen in that session: ${CHOSEN}`));
  assert.match(shell, /run docker compose .* --force-recreate ai-brain worker/);
  assert.doesNotMatch(shell, /gpu=all|gpu=0/);
  const [play] = parse(transcriptAnsible(events), { customTags: [{ tag: '!unsafe', resolve: (s: string) => s }] });
  const block = play.tasks.find((t: { block?: unknown }) => t.block !== undefined);
  assert.ok(block.name.includes(CHOSEN), block.name);
  assert.doesNotMatch(JSON.stringify(block), /gpu=all|gpu=0/);
});

test('no form gives the UUID of a card away', async () => {
  const events = await session('y');
  for (const text of [transcriptMarkdown(events), JSON.stringify(events), transcriptCast(events, '0')])
    assert.doesNotMatch(text, /8d1f6a52|2c90b7e4/);
});

test('declined after a choice nothing stands, and what was chosen is still told', async () => {
  const events = await session('n');
  const [change] = storyOf(events).changes;
  assert.equal(change!.status, 'declined');
  assert.deepEqual(
    change!.chosen.map(c => c.taken),
    [['ai-brain', 'worker'], ['1']],
  );
  assert.match(transcriptShell(events), /there is nothing to do/);
});

test('played back, the page stands there with what was ticked, before the proposal', async () => {
  const events = await session('y');
  const views = playback(events).map(({ state }) => viewOf(state, '0'));
  const pages = views.filter(v => v.enters !== undefined);
  assert.deepEqual(
    pages.map(v => v.choices.filter(c => c.ticked).map(c => c.label)),
    [['ai-brain', 'worker'], ['GPU 0', 'GPU 1'], ['ai-brain', 'worker'], ['GPU 1']],
  );
  assert.ok(views.indexOf(pages[0]!) < views.findIndex(v => v.confirm === 'Apply?'));
  assert.match(transcriptCast(events, '0'), /\[x\]/);
});

test('a log that breaks off after a question is read all the same', async () => {
  const events = await session('n');
  const end = events.findIndex(e => e.type === 'chose') + 1;
  assert.match(transcriptMarkdown(events.slice(0, end)), /Which services of ai shall have the GPU\?/);
  assert.deepEqual(transcriptDocument(events.slice(0, end)).changes, []);
});
