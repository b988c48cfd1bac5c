/** `--choose` as a person types it, on the demo whose override is for services and cards of one's choice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenOf } from '../src/cli/choose.ts';
import { UsageError } from '../src/cli/errors.ts';
import { parseWords } from '../src/cli/words.ts';
import { run } from './cli-run.ts';

const FIX = ['fix', 'compose-override-cdi', '--demo', 'vm-compose', '--container', 'ai-ai-brain-1'];

test('values of one choice add up, those of several stand side by side, in the order of the words', () => {
  const { options } = parseWords(['fix', 'x', '--choose', 'services=web,worker', '--choose=gpus=0', '--yes']);
  assert.deepEqual(options.choose, ['services=web,worker', 'gpus=0']);
  assert.deepEqual(chosenOf(['services=web,worker', 'gpus=0', 'services=db,web']), {
    services: ['web', 'worker', 'db'],
    gpus: ['0'],
  });
  assert.deepEqual(chosenOf([]), {});
  for (const word of ['services', 'services=', '=web', 'services=a,,b', 'SERVICES=a', '__proto__=a'])
    assert.throws(() => chosenOf([word]), UsageError, word);
});

test('what is chosen is what is written, and the others keep what they have', () => {
  const { code, stdout } = run([
    ...FIX,
    '--choose',
    'services=ai-brain,worker',
    '--choose',
    'gpus=1',
    '--yes',
    '--json',
  ]);
  assert.equal(code, 0, stdout);
  const [fix] = JSON.parse(stdout).fixes;
  assert.deepEqual([fix.outcome, fix.verified], ['applied', true]);
  assert.match(fix.diff, /\+ {2}ai-brain:[\s\S]*nvidia\.com\/gpu=1[\s\S]*\+ {2}worker:[\s\S]*nvidia\.com\/gpu=1/);
  assert.doesNotMatch(fix.diff, / db:|gpu=all|gpu=0/);
  assert.match(fix.commands.at(-1), /up -d --no-deps --force-recreate ai-brain worker$/);
  assert.deepEqual(
    fix.choices.map((c: { id: string; taken: string[] }) => [c.id, c.taken]),
    [
      ['services', ['ai-brain', 'worker']],
      ['gpus', ['1']],
    ],
  );
});

test('without a word about it the named service gets every card', () => {
  const { code, stdout } = run([...FIX, '--dry-run']);
  assert.equal(code, 1);
  assert.match(stdout, /Which services of ai shall have the GPU\? ai-brain\n/);
  assert.match(stdout, /nvidia\.com\/gpu=all/);
  assert.doesNotMatch(stdout, /^ *\+ {2}worker:/m);
});

test('numbers on standard input answer the questions, and only then the plan is asked about', () => {
  const { stdout } = run(FIX, { input: '1,3\n1\nn\n' });
  assert.match(stdout, /\[x\] ai-brain {2}\(running\)/);
  assert.match(stdout, /\+ {2}worker:/);
  assert.match(stdout, /nvidia\.com\/gpu=0/);
  assert.match(stdout, /Declined; nothing was changed/);
});

test('a word that is no choice is 64, names what is, and changes nothing', () => {
  for (const [words, because] of [
    [[...FIX, '--choose', 'services=nobody'], /services: nobody .*possible: ai-brain, db, worker/],
    [[...FIX, '--choose', 'service=ai-brain'], /no such choice; there is services, gpus/],
    [[...FIX, '--choose', 'gpus=2'], /possible: 0, 1/],
    [[...FIX, '--choose', 'gpus'], /not of the form ID=VALUE/],
    [['fix', '--demo', 'vm-compose', '--choose', 'gpus=0'], /needs the ID/],
    [['fix', 'ldconfig-path-wrong', '--demo', 'ldconfig-real', '--choose', 'gpus=0'], /leaves nothing to choose/],
    [['check', '--choose', 'gpus=0'], /does not go with “check”; it goes with “fix”/],
  ] as const) {
    const { code, stdout, stderr } = run(words);
    assert.equal(code, 64, `${words.join(' ')}: ${stdout}${stderr}`);
    assert.match(stderr, because);
    assert.doesNotMatch(stdout, /^ *\+/m);
  }
});
