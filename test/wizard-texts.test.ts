/** "I have an error message": pasted or typed, explained, looked for on this box, and from there into the walk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from '../src/plan/memory.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { runPlain } from '../src/wizard/plain.ts';
import { realOutside } from '../src/wizard/real.ts';
import type { State } from '../src/wizard/state.ts';
import { MOST_PASTED } from '../src/wizard/texts.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { hands } from './hands.ts';

const SEED = `Auto-detected mode as 'legacy'
nvidia-container-cli: initialization error: load library failed:
libnvidia-ml.so.1: cannot open shared object file: no such file or directory
`;

const open = async (demo: string) => {
  const box = simBox(await demos[demo]!.load());
  let log = '';
  const store = memoryStore();
  const outside = realOutside({ box, store, version: '0', command: 'gpumedic', now: Date.now });
  const wizard = createWizard({
    outside: {
      ...outside,
      append: event => {
        log += `${JSON.stringify(event)}\n`;
        outside.append(event);
      },
    },
  });
  const me = hands(wizard);
  const paste = async (text: string) => {
    await me.choose('text');
    await me.asked();
    wizard.send({ do: 'type', text, whole: true });
  };
  const at = <A extends State['at']['at']>(name: A) => {
    const now = wizard.state().at;
    assert.equal(now.at, name);
    return now as Extract<State['at'], { at: A }>;
  };
  return { ...me, wizard, paste, at, log: () => log };
};

test('the text of seed 0 on the box it came from: named, looked for, and the walk stands at the finding', async () => {
  const me = await open('ldconfig-real');
  await me.paste(SEED);
  assert.equal(me.at('paste').pasted.lines, 3);
  assert.match(JSON.stringify(me.view().body), /3 lines so far/);
  await me.choose('explain');
  await me.asked();
  const [best] = me.at('told').told.explanation.causes;
  assert.ok(best && best.matched.length > 0 && best.confidence > 0.3);
  const shown = JSON.stringify(me.view().body);
  assert.match(shown, new RegExp(`${best.id} {2}\\d+ %`));
  assert.match(shown, /What would tell/);
  await me.choose('look ');
  await me.asked();
  if (me.wizard.state().at.at === 'told') await me.choose('found ');
  await me.asked();
  me.at('walk');
  assert.equal(me.wizard.state().walk?.found?.id, 'ldconfig-path-wrong');
  assert.deepEqual(me.wizard.state().changes, 0);
});

test('a cause that this box does not have is said to be absent, and what it has instead is offered', async () => {
  const me = await open('docker-stopped');
  await me.paste('Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.107\n');
  await me.choose('explain');
  await me.choose('look driver-library-version-mismatch');
  await me.asked();
  const { looked } = me.at('told').told;
  assert.deepEqual([looked?.cause, looked?.found], ['driver-library-version-mismatch', false]);
  assert.ok(me.at('told').told.explanation.causes.every(c => c.confidence < 0.7));
  const other = looked!.faults[0]!;
  await me.choose(`found ${other}`);
  await me.asked();
  assert.equal(me.wizard.state().walk?.found?.id, other);
});

test('what is not ours is said with its kind, and lines that destroy something are stopped', async () => {
  const me = await open('healthy-old');
  await me.paste('Bind for 0.0.0.0:80 failed: port is already allocated\n');
  await me.choose('explain');
  await me.asked();
  assert.match(JSON.stringify(me.view().lead), /Not the NVIDIA container stack \(\w+/);
  await me.choose('text');
  await me.asked();
  assert.equal(me.at('paste').pasted.lines, 0, 'the text before is gone');
  me.wizard.send({ do: 'type', text: 'sudo docker system prune -a --volumes -f\n', whole: true });
  await me.choose('explain');
  await me.asked();
  assert.match(JSON.stringify(me.view().body), /Do not run line 1: data is lost/);
});

test('secrets and escapes reach neither the screen nor the log', async () => {
  const me = await open('healthy-old');
  const secret = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
  await me.paste(
    `\u001b]0;captured\u0007could not select device driver "" with capabilities: [[gpu]] ${secret}\u001b[2J\n`,
  );
  const seen = () => JSON.stringify([me.view(), { ...me.wizard.state(), modes: null }]);
  assert.doesNotMatch(seen(), new RegExp(secret));
  await me.choose('explain');
  await me.asked();
  assert.equal(me.at('told').told.explanation.causes.length > 0, true);
  assert.doesNotMatch(seen() + me.log(), new RegExp(`${secret}|\\\\u001b|captured`));
});

test('typed by hand: letters are text, Enter ends the line and then the text, Backspace takes back', async () => {
  const me = await open('healthy-old');
  await me.choose('text');
  await me.asked();
  for (const char of 'docker: quiet b yx') me.key({ char }, char);
  me.key('erase', 'Backspace');
  assert.equal(me.at('paste').pasted.typed, 'docker: quiet b y');
  me.key('enter', 'Enter');
  assert.deepEqual([me.at('paste').pasted.lines, me.at('paste').pasted.typed], [1, '']);
  me.key('enter', 'Enter');
  await me.asked();
  me.at('told');
  await me.choose('menu');
  await me.choose('text');
  await me.asked();
  me.key({ char: 'x' }, 'x');
  me.key('end', 'Ctrl-D');
  await me.asked();
  me.at('told');
});

test('a text without an end is cut, and said to be', async () => {
  const me = await open('healthy-old');
  await me.paste(
    'x'
      .repeat(70)
      .concat('\n')
      .repeat(MOST_PASTED / 60),
  );
  assert.equal(me.at('paste').pasted.isCut, true);
  assert.ok(me.at('paste').pasted.shown.length < 10);
  assert.match(JSON.stringify(me.view().body), /only its beginning/);
});

test('the same as lines: an empty line after text, a dot, or the end of the input ends it', async () => {
  for (const [end, ...rest] of [['', 'q'], ['.', 'q'], []] as readonly string[][]) {
    const me = await open('ldconfig-real');
    async function* lines() {
      yield '2';
      yield* SEED.trimEnd().split('\n');
      if (end !== undefined) yield end;
      yield* rest;
    }
    let out = '';
    await runPlain({
      wizard: me.wizard,
      version: '0',
      lines: lines(),
      out: text => {
        out += text;
      },
      ascii: false,
      colour: false,
      columns: 80,
    });
    assert.match(out, /What the text of 3 lines tells/);
    assert.match(out, /Look here for \S+/);
    assert.doesNotMatch(out, /no answer here/);
  }
});
