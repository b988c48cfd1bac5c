/** What a person decides before a fix makes its plan: on the screen's keys, as lines, on the command line, and in the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Choice, Chosen } from '../src/engine/fix.ts';
import { press } from '../src/ui/keys.ts';
import { type FixReport, runFix } from '../src/wizard/fix.ts';
import { UnknownId } from '../src/wizard/fix-jobs.ts';
import { startOf, type Turn, turned } from '../src/wizard/picks.ts';
import { runPlain } from '../src/wizard/plain.ts';
import { createWizard, type Wizard } from '../src/wizard/wizard.ts';
import { device, gpus, many, mode, services } from './fixtures/asks.ts';
import { pretend } from './fixtures/outside.ts';
import { hands } from './hands.ts';

const FIX = 'fix ldconfig-path';
const DONE = 'services: web; gpus: 0,1';

const stage = (wizard: Wizard, wanted: string) =>
  new Promise<void>(resolve => {
    const look = () => {
      if (wizard.state().walk?.stage !== wanted) return;
      stop();
      resolve();
    };
    const stop = wizard.subscribe(look);
    look();
  });
/** At the first question of the fix. */
const asked = async (asks: readonly Choice[]) => {
  const p = pretend({ asks });
  const wizard = createWizard({ outside: p.outside });
  const me = hands(wizard);
  await me.choose('why');
  await me.choose(FIX);
  if (asks.length > 0) await stage(wizard, 'asking');
  return { p, wizard, ...me };
};
const textOf = ({ view }: { view: ReturnType<typeof hands>['view'] }) =>
  view()
    .lead.map(l => ('text' in l ? l.text : ''))
    .join('\n');
const ticks = ({ view }: { view: ReturnType<typeof hands>['view'] }) =>
  view()
    .choices.filter(c => c.ticked)
    .map(c => c.label);
const space = { char: ' ' } as const;

test('without a question there is no page: the keys to the proposal are as many as before', async () => {
  const it = await asked([]);
  await stage(it.wizard, 'proposing');
  assert.deepEqual(it.keys, ['Enter', 'Enter']);
});

test('one page a question; Space ticks, Enter goes on, and the plan is made of what is ticked', async () => {
  const it = await asked([services, gpus]);
  assert.match(textOf(it), /^Which services of shop shall have the GPU\?\nquestion 1 of 2 · 1 of 3 taken$/);
  assert.deepEqual(ticks(it), ['web']);
  it.key('down', 'down');
  it.key('down', 'down');
  it.key(space, 'Space');
  assert.deepEqual(ticks(it), ['web', 'worker']);
  assert.equal(it.view().choices[2]!.ticked, true);
  it.key('enter', 'Enter');
  assert.match(textOf(it), /^Which GPUs shall they have\?\nquestion 2 of 2 · 2 of 2 taken$/);
  it.key(space, 'Space');
  assert.deepEqual(ticks(it), ['GPU 1']);
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  assert.equal(it.wizard.state().walk?.plan?.summary, 'services: web,worker; gpus: 1');
  assert.equal(it.p.applied, 0);
});

test('the cursor stays where it is while rows are ticked', async () => {
  const it = await asked([many]);
  for (let i = 0; i < 30; i++) it.key('down', 'down');
  it.key(space, 'Space');
  it.key(space, 'Space');
  it.key('down', 'down');
  it.key(space, 'Space');
  assert.deepEqual(ticks(it), ['service-0', 'service-31']);
});

test('the last tick stays, and that is said', async () => {
  const it = await asked([services]);
  it.key('down', 'down');
  it.key(space, 'Space');
  assert.deepEqual(ticks(it), ['web']);
  assert.match(textOf(it), /1 of 3 taken · one has to stay/);
  it.key('down', 'down');
  it.key(space, 'Space');
  assert.deepEqual(ticks(it), ['web', 'worker']);
  assert.doesNotMatch(textOf(it), /has to stay/);
});

test('where nothing is safe to take nothing is ticked, and nothing leads on before something is', async () => {
  const it = await asked([{ ...services, initial: [] }]);
  assert.match(textOf(it), /nothing is taken yet/);
  it.key('enter', 'Enter');
  assert.equal(it.wizard.state().walk?.stage, 'asking');
  it.key(space, 'Space');
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  assert.equal(it.wizard.state().walk?.plan?.summary, 'services: db');
});

test('one of several is picked by Enter; the cursor begins at the one that most want', async () => {
  const it = await asked([device, mode]);
  assert.ok(it.view().choices.every(c => c.ticked === undefined));
  it.key(space, 'Space');
  assert.equal(it.wizard.state().at.at === 'walk' && it.wizard.state().walk?.stage, 'asking');
  it.key('enter', 'Enter');
  assert.match(textOf(it), /Which mode\?/);
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  assert.equal(it.wizard.state().walk?.plan?.summary, 'device: 0:0; mode: 0:1');
});

test('b goes to the question before, keeping both answers, then to the finding; nothing was changed', async () => {
  const it = await asked([services, gpus]);
  it.key({ char: 'j' }, 'j');
  it.key({ char: 'j' }, 'j');
  it.key(space, 'Space');
  it.key('enter', 'Enter');
  it.key(space, 'Space');
  it.key({ char: 'b' }, 'b');
  assert.deepEqual(ticks(it), ['web', 'worker']);
  it.key('enter', 'Enter');
  assert.deepEqual(ticks(it), ['GPU 1']);
  it.key({ char: 'b' }, 'b');
  it.key('escape', 'Escape');
  await stage(it.wizard, 'choosing');
  assert.equal(it.p.applied, 0);
  assert.ok(!it.p.said.some(e => e.type === 'chose' || e.type === 'proposed'));
});

test('b at the proposal leads back to the last question as it was answered; another answer makes another plan', async () => {
  const it = await asked([services, gpus]);
  it.key('enter', 'Enter');
  it.key(space, 'Space');
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  it.key({ char: 'b' }, 'b');
  await stage(it.wizard, 'asking');
  assert.match(textOf(it), /question 2 of 2 · 1 of 2 taken/);
  it.key(space, 'Space');
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  assert.equal(it.wizard.state().walk?.plan?.summary, DONE);
  assert.equal(it.wizard.state().declined, false);
  it.key({ char: 'n' }, 'n');
  await stage(it.wizard, 'choosing');
  assert.equal(it.wizard.state().declined, true);
});

test('y means nothing at a question, and Ctrl-C ends with 130 and no change', async () => {
  const it = await asked([services]);
  for (const char of 'yY1nwedc') it.key({ char }, char);
  assert.equal(it.wizard.state().walk?.stage, 'asking');
  it.wizard.send({ do: 'interrupt' });
  assert.equal((await it.wizard.done).exitCode, 130);
  assert.equal(it.p.applied, 0);
});

test('the log says each question, what it offered, what was taken and how, before the plan', async () => {
  const it = await asked([services, gpus]);
  it.key('enter', 'Enter');
  it.key('enter', 'Enter');
  await stage(it.wizard, 'proposing');
  const chose = it.p.said.filter(e => e.type === 'chose');
  assert.deepEqual(
    chose.map(e => [e.fix, e.choice, e.question, e.taken, e.by, e.options.length]),
    [
      ['ldconfig-path', 'services', services.question, ['web'], 'asked', 3],
      ['ldconfig-path', 'gpus', gpus.question, ['0', '1'], 'asked', 2],
    ],
  );
  const types = it.p.said.map(e => e.type);
  assert.ok(types.lastIndexOf('chose') < types.indexOf('proposed'));
});

test('a page takes only what it offers: strange rows, and rows of a list on a page for one, mean nothing', () => {
  const at = startOf([services], null);
  const one = startOf([device], null);
  const nothing: readonly [readonly Choice[], ReturnType<typeof startOf>, Parameters<typeof turned>[2]][] = [
    [[services], at, { do: 'tick', id: 'pick nobody' }],
    [[services], at, { do: 'take', ids: [] }],
    [[services], at, { do: 'take', ids: ['pick nobody'] }],
    [[services], at, { do: 'choose', id: 'pick web' }],
    [[services], at, { do: 'yes' }],
    [[device], one, { do: 'tick', id: 'pick 0:0' }],
    [[device], one, { do: 'take', ids: ['pick 0:0'] }],
    [[device], one, { do: 'choose', id: 'taken' }],
    [[], at, { do: 'choose', id: 'taken' }],
  ];
  for (const [asks, picks, intent] of nothing) assert.equal(turned(asks, picks, intent), null, JSON.stringify(intent));
  const done = (turn: Turn) => (turn !== null && turn !== 'away' && 'done' in turn ? turn.done : null);
  assert.deepEqual(done(turned([services], at, { do: 'take', ids: ['pick worker', 'pick db'] })), {
    services: ['db', 'worker'],
  });
});

test('Space on a list without boxes still turns the page', () => {
  const view = { ...hands(createWizard({ outside: pretend().outside })).view(), choices: [{ id: 'a', label: 'a' }] };
  const pressed = press(view, { screen: '', at: 0, scroll: 0 }, space, { page: 3, most: 9, isAlone: true });
  assert.deepEqual([pressed.intent, pressed.cursor.scroll], [undefined, 3]);
});

async function* linesOf(lines: readonly string[]) {
  yield* lines;
}
const told = async (lines: readonly string[], asks: readonly Choice[]) => {
  const p = pretend({ asks });
  let out = '';
  const end = await runPlain({
    wizard: createWizard({ outside: p.outside }),
    version: '0',
    lines: linesOf(['1', '1', ...lines]),
    out: text => {
      out += text;
    },
    ascii: true,
    colour: false,
    columns: 80,
  });
  const plan = p.said.findLast(e => e.type === 'proposed');
  return { p, out, end, summary: plan?.type === 'proposed' ? plan.plan.summary : null };
};

test('as lines: numbers take exactly those rows, an empty line what is ticked', async () => {
  const both = await told(['1,3', '', 'y', 'n', '1'], [services, gpus]);
  assert.match(both.out, /^ {2}1 {2}\[ \] db {2}\(running\)\n {2}2 {2}\[x\] web {2}\(running\)$/m);
  assert.match(both.out, /numbers such as 1,3, Enter for what is ticked, b back, \? help, q quit > /);
  assert.equal(both.summary, 'services: db,worker; gpus: 0,1');
  assert.equal(both.p.applied, 1);
  assert.equal((await told(['', ''], [services, gpus])).summary, DONE);
  assert.equal((await told(['3 1', '2'], [services, gpus])).summary, 'services: db,worker; gpus: 1');
});

test('as lines: what is no answer is said to be none, and takes nothing', async () => {
  const it = await told(['4', '0', '1,4', 'web', 'y', '1-3', '', 'b', 'b', 'q'], [services, gpus]);
  assert.equal(it.out.match(/That is no answer here: numbers from 1 to 3, or a letter\./g)?.length, 6);
  assert.equal(it.summary, null);
  assert.equal(it.p.applied, 0);
  assert.equal(it.end.exitCode, 1);
});

test('as lines: where nothing is ticked an empty line takes nothing; one of several takes one number', async () => {
  const it = await told(['', '1,2', '2', ''], [device, mode]);
  assert.equal(it.out.match(/That is no answer here: a number from 1 to 2/g)?.length, 2);
  assert.match(it.out, /number, Enter for 2, b back/);
  assert.equal(it.summary, 'device: 0:1; mode: 0:1');
});

test('as lines: the end of the input at a question changes nothing', async () => {
  const it = await told([], [services]);
  assert.equal(it.p.applied, 0);
  assert.equal(it.end.exitCode, 1);
});

interface Flags {
  readonly chosen?: Chosen;
  readonly answers?: readonly (string | null)[];
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}
const ID = 'hook-ldconfig-path-missing';
const fixing = async (asks: readonly Choice[], { chosen, answers = [], yes, json, dryRun }: Flags) => {
  const p = pretend({ asks });
  const left = [...answers];
  const questions: string[] = [];
  let out = '';
  const code = await runFix({
    outside: p.outside,
    ids: [ID],
    ...(chosen && { chosen }),
    yes: yes ?? false,
    dryRun: dryRun ?? false,
    json: json ?? false,
    ask: async question => {
      questions.push(question);
      return left.shift() ?? null;
    },
    out: text => {
      out += text;
    },
    err: () => {},
    terminal: { colour: false, ascii: true, columns: 80 },
    signal: new AbortController().signal,
  });
  const plan = p.said.findLast(e => e.type === 'proposed');
  const summary = plan?.type === 'proposed' ? plan.plan.summary : null;
  return { p, out, code, summary, questions, by: p.said.flatMap(e => (e.type === 'chose' ? [e.by] : [])) };
};

test('gpumedic fix asks first what is to be chosen, then about the plan', async () => {
  const it = await fixing([services, gpus], { answers: ['x', '2,3', '', 'y'] });
  assert.deepEqual([it.code, it.p.applied, it.summary], [0, 1, 'services: web,worker; gpus: 0,1']);
  assert.match(it.out, /\[x\] web {2}\(running\)/);
  assert.match(it.out, /That is no answer here: numbers from 1 to 3, or b\./);
  assert.deepEqual(it.by, ['asked', 'asked']);
});

test('b at the first question, the end of the input, and a pipe that says nothing sensible decline', async () => {
  for (const answers of [['b'], ['q'], [], ['2', 'b', 'b'], ['y', 'y', 'y', 'y', 'y']]) {
    const it = await fixing([services, gpus], { answers });
    assert.deepEqual([it.code, it.p.applied, it.summary], [1, 0, null], answers.join());
    assert.match(it.out, /Declined; nothing was changed/);
    assert.ok(it.questions.length <= 4);
  }
});

test('--choose answers beforehand; the rest is asked, or taken as it begins where nobody is', async () => {
  const chosen = { services: ['db', 'worker'] };
  const asks = await fixing([services, gpus], { chosen, answers: ['1', 'y'] });
  assert.deepEqual([asks.summary, asks.by], ['services: db,worker; gpus: 0', ['given', 'asked']]);
  const yes = await fixing([services, gpus], { chosen, yes: true });
  assert.deepEqual([yes.code, yes.summary, yes.by], [0, 'services: db,worker; gpus: 0,1', ['given', 'initial']]);
  assert.deepEqual(yes.questions, []);
  assert.match(yes.out, /Which services of shop shall have the GPU\? db, worker/);
  const dry = await fixing([services, gpus], { dryRun: true });
  assert.deepEqual([dry.summary, dry.questions, dry.p.applied], [DONE, [], 0]);
});

test('--json lists the choices and what was taken, and asks none of them', async () => {
  const it = await fixing([services, gpus], { json: true, yes: true, chosen: { gpus: ['1'] } });
  const [entry] = (JSON.parse(it.out) as FixReport).fixes;
  assert.deepEqual(
    entry!.choices.map(({ id, initial, taken, many: isMany }) => [id, initial, taken, isMany]),
    [
      ['services', ['web'], ['web'], true],
      ['gpus', ['0', '1'], ['1'], true],
    ],
  );
  assert.deepEqual(entry!.choices[1]!.options, gpus.options);
});

test('where nothing is safe to take, --yes is refused with the list and how to say it, and nothing is changed', async () => {
  const it = await fixing([device], { yes: true });
  assert.deepEqual([it.code, it.p.applied, it.by], [1, 0, []]);
  assert.match(it.out, /Which instance shall it have\?/);
  assert.match(it.out, /0:1/);
  assert.match(it.out, /gpumedic fix ldconfig-path --choose device=VALUE/);
  const json = await fixing([device], { yes: true, json: true });
  const [entry] = (JSON.parse(json.out) as FixReport).fixes;
  assert.deepEqual([entry!.outcome, entry!.choices[0]!.taken], ['refused', []]);
});

test('a choice or a value that is not offered is refused before anything happens, naming what is', async () => {
  const cases: readonly [readonly Choice[], Chosen, RegExp][] = [
    [[services, gpus], { service: ['web'] }, /--choose service: .*there is services, gpus/],
    [[services, gpus], { services: ['web', 'nope'] }, /services: nope .*possible: db, web, worker/],
    [[device], { device: ['0:0', '0:1'] }, /only one of them/],
    [[], { services: ['web'] }, /leaves nothing to choose/],
  ];
  for (const [asks, chosen, because] of cases)
    await assert.rejects(fixing(asks, { chosen, yes: true }), (error: Error) => {
      assert.ok(error instanceof UnknownId);
      assert.match(error.message, because);
      return true;
    });
});
