/** What a person sees and what their keys do, on a terminal that Ink takes for real. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayingIn } from '../src/learn/say.ts';
import { createWizard } from '../src/wizard/wizard.ts';
import { device, gpus, many, services } from './fixtures/asks.ts';
import { CONFIG, type Pretend, type PretendOptions, pretend } from './fixtures/outside.ts';
import { type OnScreen, onScreen, type ScreenOptions } from './on-screen.tsx';

const DOWN = '\u001B[B';
const opened = (options: PretendOptions = {}, size: ScreenOptions = {}): { p: Pretend; t: OnScreen } => {
  const p = pretend(options);
  return { p, t: onScreen(createWizard({ outside: p.outside }), size) };
};
const toProposal = async (t: OnScreen) => {
  await t.until(/Find out why/);
  await t.type('\r');
  await t.until(/Fix it/);
  await t.type('\r');
  return t.until(/Apply\?/);
};

test('from the first screen to a proven fix in four keys; the history stays above', async () => {
  const { p, t } = opened();
  const proposal = await toProposal(t);
  assert.match(proposal, /-ldconfig = "@\/sbin\/ldconfig\.real"/);
  assert.match(proposal, /nothing changed/);
  await t.type('y');
  assert.match(await t.until(/Run it\?/), /1 change/);
  await t.type('y');
  assert.match(await t.until(/Fixed and proven/), /GPU 0/);
  await t.type('q');
  const end = await t.end;
  assert.equal(end.exitCode, 0);
  assert.equal(p.applied, 1);
  const all = t.all();
  for (const row of ['Hardware', 'Driver', 'Fixed'])
    assert.equal(all.split('\n').filter(l => l.includes(`✔ ${row}`)).length, 1, all);
  assert.doesNotMatch(all, /Apply\?/);
  assert.equal(t.isRaw(), false);
});

test('Enter, digits, arrows, other letters and a paste never apply', async () => {
  const { p, t } = opened();
  await toProposal(t);
  for (const keys of ['\r', '1', '2', DOWN, 'Y', 'o', ' ', 'yy', '\ry', '\u001B[200~y\u001B[201~']) await t.type(keys);
  assert.equal(p.applied, 0);
  assert.match(t.screen(), /Apply\?/);
  await t.type('n');
  await t.until(/Fix it/);
  assert.equal(p.applied, 0);
  await t.type('q');
  assert.equal((await t.end).exitCode, 1);
});

test('arrow and Enter in one chunk choose what the arrow reached', async () => {
  const { t } = opened();
  await t.until(/Find out why/);
  await t.type(`${DOWN}\r`);
  await t.until(/Paste the error text here/);
  await t.type('\u0003');
  await t.end;
});

test('on the page for an error text a paste is text, also where the terminal does not mark it as one', async () => {
  const { p, t } = opened();
  await t.until(/Find out why/);
  await t.type(`${DOWN}\r`);
  await t.until(/Paste the error text here/);
  await t.type('\u001B[200~q\ry\u001B[201~');
  await t.until(/2 lines so far/);
  await t.type('b\rq\ry\r');
  await t.until(/5 lines so far/);
  await t.type('by hand');
  await t.until(/by hand/);
  await t.type('\u001B');
  await t.until(/Find out why/);
  assert.equal(p.applied, 0);
  await t.type('q');
  await t.end;
});

test('an arrow key writes at most 300 bytes on a screen of 20 lines, and an idle screen nothing', async () => {
  const { t } = opened({ containers: 3 });
  await t.until(/Find out why/);
  await t.type('\r');
  await t.until(/Fix it/);
  await t.type('w');
  await t.type('w');
  const most: number[] = [];
  for (const key of [DOWN, DOWN, '\u001B[A', 'k', 'j']) {
    const before = t.bytes();
    await t.type(key);
    most.push(t.bytes() - before);
  }
  assert.ok(Math.max(...most) <= 300 && Math.min(...most) > 0, most.join(' '));
  const before = t.bytes();
  await new Promise(resolve => setTimeout(resolve, 400));
  assert.equal(t.bytes() - before, 0);
  await t.type('q');
  await t.end;
});

test('Ctrl-C ends with 130 and applies nothing; while applying it is passed on and waited for', async () => {
  const first = opened();
  await toProposal(first.t);
  await first.t.type('\u0003');
  assert.equal((await first.t.end).exitCode, 130);
  assert.equal(first.p.applied, 0);

  let stopped = false;
  const second = opened({
    apply: (_plan, hooks) =>
      new Promise(resolve => {
        hooks.note(`edit ${CONFIG}`, null);
        hooks.signal.addEventListener('abort', () => {
          stopped = true;
          setTimeout(() => resolve({ did: 'stopped', because: 'interrupted; all was put back' }), 30);
        });
      }),
  });
  await toProposal(second.t);
  await second.t.type('y');
  await second.t.until(/Applying/);
  await second.t.type('q');
  assert.match(second.t.screen(), /Applying/);
  await second.t.type('\u0003');
  assert.equal((await second.t.end).exitCode, 130);
  assert.ok(stopped);
  assert.match(second.t.all(), /all was put back/);
});

test('40 by 10 is enough: the choices and the question are always there', async () => {
  const { p, t } = opened({ containers: 2 }, { columns: 40, rows: 10 });
  assert.match(await toProposal(t), /Apply\? +y yes +n no/);
  assert.match(t.screen(), /stops 2|2\s+containers/);
  await t.type('y');
  await t.until(/Run it\?/);
  await t.type('n');
  await t.until(/> Quit/);
  await t.type('\r');
  assert.equal((await t.end).exitCode, 0);
  assert.equal(p.applied, 1);
  for (const line of t.all().split('\n')) assert.ok(line.length <= 40, line);
});

test('the window may change its size at any time', async () => {
  const { t } = opened();
  await toProposal(t);
  await t.resize(40, 10);
  assert.match(await t.until(/Apply\?/), /y yes/);
  await t.resize(100, 40);
  assert.match(await t.until(/Apply\?/), /Afterwards/);
  await t.type('q');
  await t.end;
});

test('w goes deeper each time and back to the start, b and Escape go back', async () => {
  const { t } = opened();
  await t.until(/Find out why/);
  await t.type('\r');
  await t.until(/Fix it/);
  assert.doesNotMatch(t.screen(), /a paragraph/);
  await t.type('w');
  assert.match(t.screen(), /a paragraph/);
  await t.type('w');
  assert.match(t.screen(), /the mechanism/);
  await t.type('w');
  assert.match(t.screen(), /Source/);
  await t.type('w');
  assert.doesNotMatch(t.screen(), /a paragraph/);
  await t.type('w');
  await t.type('b');
  assert.doesNotMatch(t.screen(), /a paragraph/);
  await t.type('b');
  await t.until(/Find out why/);
  await t.type('?');
  assert.match(t.screen(), /finishes the step and undoes/);
  await t.type('\u001B');
  await t.until(/Find out why/);
  await t.type('q');
  assert.equal((await t.end).exitCode, 1);
});

const toQuestion = async (t: OnScreen) => {
  await t.until(/Find out why|알아내기/);
  await t.type('\r');
  await t.until(/Fix it|고치기/);
  await t.type('\r');
};

test('a question before a plan: rows are ticked with Space, in one chunk with arrows too, and Enter goes on', async () => {
  const { p, t } = opened({ asks: [services, gpus] });
  await toQuestion(t);
  await t.until(/question 1 of 2 · 1 of 3 taken/);
  assert.match(t.screen(), /^ {2}> \[ \] db {6}running$/m);
  assert.match(t.screen(), /^ {4}\[x\] web {5}running$/m);
  await t.type(`${DOWN}${DOWN} `);
  assert.match(t.screen(), /^ {2}> \[x\] worker {2}running$/m);
  await t.type(' \r');
  assert.match(await t.until(/question 2 of 2/), /2 of 2 taken/);
  await t.type(' ');
  await t.type('\r');
  assert.match(await t.until(/Apply\?/), /services: web; gpus: 1/);
  await t.type('b');
  assert.match(await t.until(/question 2 of 2/), /\[ \] GPU 0/);
  await t.type('b');
  await t.until(/question 1 of 2/);
  await t.type('b');
  await t.until(/Fix it/);
  assert.equal(p.applied, 0);
  await t.type('q');
  await t.end;
});

test('a list longer than the screen scrolls with the cursor; 40 by 10, in ASCII, keeps question, count and keys', async () => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10, ascii: true },
  ]) {
    const { t } = opened({ asks: [many] }, size);
    await toQuestion(t);
    await t.until(/1 of 60 taken/);
    await t.type('j'.repeat(40));
    await t.type(' ');
    assert.match(t.screen(), /> \[x\] service-40\b/);
    assert.match(t.screen(), /Which services of shop/);
    assert.match(t.screen(), /2 of 60 taken/);
    assert.match(t.screen(), /Space tick . Enter go on/);
    assert.doesNotMatch(t.screen(), /service-0\b/);
    assert.match(t.screen(), size.ascii ? /^[\^v] /m : /[↑↓]/m);
    for (const line of t.all().split('\n')) assert.ok(line.length <= size.columns, line);
    if (size.ascii) assert.match(t.all(), /^[\x00-\x7e]*$/);
    await t.type('\u0003');
    assert.equal((await t.end).exitCode, 130);
  }
});

test('on a small window hints are cut to a row, so that every card can be seen', async () => {
  const cards = {
    ...gpus,
    options: gpus.options.map(o => ({ ...o, hint: `NVIDIA Pretend 4070 Ti SUPER, ${'x'.repeat(40)}` })),
  };
  const { t } = opened({ asks: [cards] }, { columns: 40, rows: 10 });
  await toQuestion(t);
  await t.until(/2 of 2 taken/);
  assert.match(t.screen(), /\[x\] GPU 0 {2}NVIDIA Pretend 4070 Ti .*…\n.*\[x\] GPU 1 {2}NVIDIA Pretend/);
  await t.type('\u0003');
  await t.end;
});

test('one of several is picked with Enter, and nothing is ticked', async () => {
  const { t } = opened({ asks: [device] });
  await toQuestion(t);
  await t.until(/Which instance/);
  assert.doesNotMatch(t.screen(), /\[.\]/);
  await t.type(` ${DOWN}\r`);
  assert.match(await t.until(/Apply\?/), /device: 0:1/);
  await t.type('\u0003');
  await t.end;
});

test('the questions, their counts, their keys and what is ticked are said in Korean', async () => {
  const say = (await sayingIn('ko'))!;
  const { t } = opened({ asks: [services, gpus] }, { say });
  await toQuestion(t);
  await t.until(/shop의 어느 서비스에 GPU를 줄까\?/);
  assert.match(t.screen(), /질문 1\/2 · 3개 중 1개 고름/);
  assert.match(t.screen(), /\[x\] web +돌고 있음/);
  assert.match(t.screen(), /Space 표시 · Enter 계속/);
  await t.type(`${DOWN} `);
  assert.match(t.screen(), /하나는 남아야 한다/);
  await t.type('\r');
  await t.until(/어느 GPU를 줄까\?/);
  await t.type('\u0003');
  await t.end;
});

test('in ASCII nothing needs a font', async () => {
  const { t } = opened({}, { ascii: true });
  await toProposal(t);
  assert.match(t.all(), /^[\x00-\x7e]*$/);
  await t.type('q');
  await t.end;
});

test('a crash while drawing is no quiet end', async () => {
  const p = pretend();
  const wizard = createWizard({ outside: p.outside });
  const t = onScreen({ ...wizard, state: () => ({ ...wizard.state(), at: { at: 'undo' } as never }) });
  await assert.rejects(t.end);
});
