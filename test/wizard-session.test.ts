/** What a walk promises, whatever draws it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proofFor } from '../src/wizard/proof.ts';
import type { State } from '../src/wizard/state.ts';
import { viewOf } from '../src/wizard/view.ts';
import { createWizard, type Wizard } from '../src/wizard/wizard.ts';
import { CONFIG, type PretendOptions, pretend } from './fixtures/outside.ts';

const until = (wizard: Wizard, what: (s: State) => boolean): Promise<State> =>
  new Promise(resolve => {
    const look = () => {
      if (!what(wizard.state())) return;
      stop();
      resolve(wizard.state());
    };
    const stop = wizard.subscribe(look);
    look();
  });
const opened = (options: PretendOptions = {}) => {
  const p = pretend(options);
  const wizard = createWizard({ outside: p.outside });
  return { p, wizard };
};
const at = (stage: string) => (s: State) => s.walk?.stage === stage && s.at.at === 'walk';
const toFinding = async (options: PretendOptions = {}) => {
  const it = opened(options);
  it.wizard.send({ do: 'choose', id: 'why' });
  await until(it.wizard, at('choosing'));
  return it;
};
const toProposal = async (options: PretendOptions = {}) => {
  const it = await toFinding(options);
  it.wizard.send({ do: 'choose', id: 'fix ldconfig-path' });
  await until(it.wizard, at('proposing'));
  return it;
};

test('the log tells what was judged, proposed, answered, verified and how it ended', async () => {
  const { p, wizard } = await toProposal();
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.at.at === 'proof');
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.at.at === 'end');
  wizard.send({ do: 'quit' });
  assert.equal((await wizard.done).exitCode, 0);
  const types = p.said.map(e => e.type);
  assert.deepEqual(
    types.filter((t, i) => t !== types[i - 1]),
    ['judged', 'proposed', 'answered', 'judged', 'verified', 'judged', 'ways', 'answered', 'proved', 'ended'],
  );
  const ended = p.said.at(-1)!;
  assert.deepEqual(ended.type === 'ended' && [ended.outcome, ended.undo], ['fixed', 'gpumedic undo 2026-11-22-1']);
});

test('a finding is shown with its evidence, what it stops and the ladder of fixes', async () => {
  const { wizard } = await toFinding();
  const view = viewOf(wizard.state(), '0');
  assert.deepEqual(
    view.choices.map(c => c.id),
    ['fix ldconfig-path', 'more', 'leave'],
  );
  assert.match(view.choices[0]!.hint!, /writes 1 file, restarts nothing/);
  assert.ok(view.body.some(l => l.kind === 'fact' && l.label === 'Stops'));
  wizard.send({ do: 'choose', id: 'more' });
  assert.deepEqual(
    viewOf(wizard.state(), '0').choices.map(c => c.id),
    ['fix ldconfig-path', 'fix reinstall-toolkit', 'less'],
  );
});

test('a fix that did not help is not offered again, and its failure is told', async () => {
  const { wizard } = await toProposal({ apply: async () => ({ did: 'undone', because: 'dockerd did not start' }) });
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.walk?.stage === 'choosing' && s.walk.trouble !== null);
  const view = viewOf(wizard.state(), '0');
  assert.ok(view.lead.some(l => l.kind === 'text' && l.text.includes('dockerd did not start')));
  wizard.send({ do: 'choose', id: 'fix ldconfig-path' });
  assert.equal(wizard.state().walk?.stage, 'choosing');
  assert.equal(wizard.state().changes, 0);
});

test('left alone, the fault stands: 1, and the next command is named', async () => {
  const { wizard } = await toFinding();
  wizard.send({ do: 'choose', id: 'leave' });
  const end = await until(wizard, s => s.at.at === 'end');
  assert.equal(end.walk?.report?.verdict, 'fault');
  assert.ok(
    viewOf(end, '0').body.some(l => l.kind === 'fact' && l.text.startsWith('gpumedic fix hook-ldconfig-path-missing')),
  );
  wizard.send({ do: 'quit' });
  assert.equal((await wizard.done).exitCode, 1);
});

test('a second fault behind the first one is found in the same walk', async () => {
  const { wizard } = await toProposal({ facts: { uvm: 'missing' } });
  wizard.send({ do: 'yes' });
  const state = await until(wizard, s => s.walk?.found?.id === 'nvidia-uvm-missing');
  assert.deepEqual(state.walk?.fixed, ['hook-ldconfig-path-missing']);
});

test('back at a finding returns to the choice before it', async () => {
  const { wizard } = await toFinding({ facts: { driver: 'missing' } });
  assert.equal(wizard.state().walk?.found?.id, 'driver-not-installed');
  wizard.send({ do: 'choose', id: 'leave' });
  await until(wizard, s => s.walk?.found?.id === 'hook-ldconfig-path-missing');
  wizard.send({ do: 'back' });
  await until(wizard, s => s.walk?.found?.id === 'driver-not-installed');
  wizard.send({ do: 'back' });
  assert.equal(wizard.state().at.at, 'menu');
});

test('undo puts the file back and the change is counted no more', async () => {
  const { p, wizard } = await toProposal();
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.at.at === 'proof');
  wizard.send({ do: 'no' });
  await until(wizard, s => s.at.at === 'end');
  assert.equal(wizard.state().changes, 1);
  wizard.send({ do: 'choose', id: 'undo' });
  await until(wizard, s => s.at.at === 'past' && s.at.sessions !== null);
  wizard.send({ do: 'choose', id: '2026-11-22-1' });
  wizard.send({ do: 'choose', id: '2026-11-22-1' });
  assert.equal(wizard.state().at.at, 'undo', 'Enter does not undo');
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.at.at === 'page');
  assert.equal(wizard.state().changes, 0);
  assert.match(p.files.get(CONFIG)!, /ldconfig\.real/);
});

test('a start after an interrupted apply offers to undo or to finish, and the harmless choice comes first', async () => {
  const session = { id: '2026-11-22-1', when: 0, title: 'half done', touches: [CONFIG] };
  const { wizard } = opened({ unfinished: [session] });
  await until(wizard, s => s.at.at === 'unfinished');
  assert.deepEqual(
    viewOf(wizard.state(), '0').choices.map(c => c.id),
    ['later', 'undo', 'finish'],
  );
  wizard.send({ do: 'choose', id: 'undo' });
  const state = await until(wizard, s => s.at.at === 'page');
  assert.match(
    viewOf(state, '0')
      .lead.map(l => ('text' in l ? l.text : ''))
      .join(''),
    /Put back/,
  );
});

test('without an answer from a probe nothing is guessed: 2', async () => {
  const { wizard } = opened({ facts: { ldconfig: 'cannotTell' } });
  wizard.send({ do: 'choose', id: 'why' });
  const end = await until(wizard, s => s.at.at === 'end' || s.at.at === 'proof');
  assert.ok(end.trail.some(r => r.sign === 'unsure' && r.label === 'ldconfig'));
  wizard.send({ do: 'quit' });
  assert.equal((await wizard.done).exitCode, 2);
});

test('quitting at once diagnosed nothing and is 0; quitting before the end without a finding cannot tell: 2', async () => {
  const first = opened();
  first.wizard.send({ do: 'quit' });
  assert.equal((await first.wizard.done).exitCode, 0);
  const never = opened({ ready: new Promise(() => {}) });
  never.wizard.send({ do: 'choose', id: 'why' });
  await until(never.wizard, s => s.walk !== null);
  never.wizard.send({ do: 'quit' });
  assert.equal((await never.wizard.done).exitCode, 2);
});

test('a proof runs only what is here: no pull, no image without a libc the driver can use', async () => {
  const { p } = opened({ facts: { ldconfig: 'present' } });
  const report = p.outside.reportOf(p.facts);
  const proof = await proofFor(p.outside, report);
  assert.ok('argv' in proof);
  assert.ok(proof.argv.includes('--pull=never'));
  assert.equal(proof.image, 'ubuntu:24.04');
  assert.deepEqual(await proofFor({ ...p.outside, box: { ...p.outside.box, kind: 'recorded' } }, report), {
    cannot: 'this is a recording; no container can be started in it',
  });
  const bare = {
    ...p.outside.box,
    run: async () => ({ kind: 'exited', code: 0, stdout: 'alpine:3\n', stderr: '' }) as const,
  };
  assert.ok('cannot' in (await proofFor({ ...p.outside, box: bare }, report)));
});

test('a simulated box can be entered and left again; each box keeps its own changes', async () => {
  const home = pretend();
  const away = pretend();
  const wizard = createWizard({
    outside: home.outside,
    demos: {
      list: async () => [{ name: 'broken', title: 'a broken box' }],
      open: async () => ({ ...away.outside, box: { ...away.outside.box, name: 'broken' } }),
    },
  });
  wizard.send({ do: 'choose', id: 'demos' });
  await until(wizard, s => s.at.at === 'demos' && s.at.list !== null);
  wizard.send({ do: 'choose', id: 'broken' });
  await until(wizard, s => s.box === 'broken' && s.machine !== null);
  wizard.send({ do: 'choose', id: 'why' });
  await until(wizard, at('choosing'));
  wizard.send({ do: 'choose', id: 'fix ldconfig-path' });
  await until(wizard, at('proposing'));
  wizard.send({ do: 'yes' });
  await until(wizard, s => s.at.at === 'proof');
  wizard.send({ do: 'no' });
  wizard.send({ do: 'choose', id: 'menu' });
  assert.equal(wizard.state().changes, 1);
  wizard.send({ do: 'choose', id: 'home' });
  await until(wizard, s => s.machine !== null);
  assert.deepEqual([wizard.state().changes, wizard.state().isAway, home.applied, away.applied], [0, false, 0, 1]);
});

test('a fault of our own ends the program as one, and does not leave a person waiting', async () => {
  const p = pretend();
  const wizard = createWizard({
    outside: {
      ...p.outside,
      reportOf: () => {
        throw new TypeError('ours');
      },
    },
  });
  wizard.send({ do: 'choose', id: 'why' });
  await assert.rejects(wizard.done, /ours/);
  assert.equal(wizard.state().over, true);
});

test('a state folder that cannot be read is told, and the wizard goes on', async () => {
  const p = pretend();
  const wizard = createWizard({
    outside: {
      ...p.outside,
      past: () => Promise.reject(Object.assign(new Error('no space left'), { name: 'StoreError' })),
    },
  });
  wizard.send({ do: 'choose', id: 'undo' });
  const state = await until(wizard, s => s.trail.some(r => r.text === 'no space left'));
  assert.equal(state.at.at, 'menu');
});
