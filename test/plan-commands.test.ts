/** What is shown to a person who does it by hand, and what a restart is said to stop. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ran } from '../src/box/box.ts';
import { byHandText, commandsOf, shellLine, shellWord } from '../src/plan/commands.ts';
import { askInterruption, interruptionOf, runningIds } from '../src/plan/interruption.ts';
import { edit, fakeBox, planOf, worldOf } from './plan-fake.ts';

test('property: a quoted word comes out of a shell as it went in, and shows no control character', () => {
  const word = fc
    .oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom(
            "'",
            '"',
            '$',
            '`',
            '\\',
            '\n',
            '\t',
            '\u001b',
            '\r',
            '*',
            '~',
            '=',
            ' ',
            '-',
            'a',
            '\u0007',
            'ö',
            '\u009b',
          ),
          { maxLength: 8 },
        )
        .map(parts => parts.join('')),
    )
    .filter(text => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 50, maxLength: 50 }), words => {
      const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
      assert.doesNotMatch(script, /[\u0001-\u0008\u000b-\u001f\u007f-\u009f]/);
      const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      assert.deepEqual(stdout.split('\0').slice(0, -1), words);
    }),
    { numRuns: 30 },
  );
  assert.equal(shellWord('/etc/docker/daemon.json'), '/etc/docker/daemon.json');
  assert.equal(shellWord('A=1'), 'A=1');
  assert.equal(shellWord('=x'), "'=x'");
});

test('a plan by hand: every edit with its diff and the command that opens the file, then checks, then restarts', () => {
  const plan = planOf(
    [
      edit('/etc/docker/daemon.json', '{}\n', '{"a": 1}\n'),
      edit('/etc/new dir/x', null, 'x\n', 0o600),
      edit('/gone', 'y', null),
    ],
    {
      validate: [{ argv: ['dockerd', '--validate'], root: true }],
      settle: [{ argv: ['systemctl', 'restart', 'docker'], root: true }],
    },
  );
  assert.deepEqual(
    commandsOf(plan).map(step => step.commands),
    [
      ['sudoedit /etc/docker/daemon.json'],
      [
        "sudo mkdir -p -- '/etc/new dir'",
        "sudo install -m 0600 /dev/null '/etc/new dir/x'",
        "sudoedit '/etc/new dir/x'",
      ],
      ['sudo rm -- /gone'],
      ['sudo dockerd --validate'],
      ['sudo systemctl restart docker'],
    ],
  );
  assert.equal(commandsOf(plan, true)[4]?.commands[0], 'systemctl restart docker');
  assert.equal(shellLine({ argv: ['a', 'b c'] }), "a 'b c'");
  const text = byHandText(plan);
  assert.match(text, /# {3}-\{\}\n# {3}\+\{"a": 1\}\nsudoedit/);
  for (const line of text.split('\n')) assert.match(line, /^(#|sudo|$)/, 'pasting the whole runs nothing by accident');
});

const printed = (stdout: string): Ran => ({ kind: 'exited', code: 0, stdout, stderr: '' });
const A = 'a1b2c3d4e5f6';
const B = 'b1b2c3d4e5f6';
const PS = printed(
  [
    { ID: A, Names: 'ollama', Image: 'ollama/ollama:latest' },
    { ID: B, Names: 'worker-1', Image: 'train' },
  ]
    .map(line => JSON.stringify(line))
    .join('\n'),
);
const INSPECT = printed(
  `${JSON.stringify({ Id: A + '0'.repeat(52), Name: '/ollama', RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } })}\n${JSON.stringify({ Id: B + '0'.repeat(52), Name: '/worker-1', RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } })}\n`,
);

test('a restart stops the running containers, named with their restart policy', () => {
  assert.deepEqual(
    interruptionOf({ ps: PS, inspect: INSPECT, info: printed('{"LiveRestoreEnabled":true}') }, ['docker']),
    {
      containers: [
        { name: 'ollama', image: 'ollama/ollama:latest', restart: 'always' },
        { name: 'worker-1', image: 'train', restart: 'on-failure:3' },
      ],
      liveRestore: true,
      services: ['docker'],
    },
  );
  assert.deepEqual(interruptionOf({ ps: printed(''), inspect: null, info: { liveRestore: false } }, []).containers, []);
});

test('what could not be had is said and not guessed', () => {
  const unlisted = interruptionOf({ ps: { kind: 'denied' }, inspect: null, info: { kind: 'timedOut', afterMs: 1 } }, [
    'docker',
  ]);
  assert.deepEqual(unlisted, {
    containers: [],
    liveRestore: false,
    services: ['docker'],
    unknown: 'running containers could not be listed: docker may not be asked',
  });
  const failed = interruptionOf(
    {
      ps: { kind: 'exited', code: 1, stdout: '', stderr: 'Cannot connect to the Docker daemon' },
      inspect: null,
      info: printed(''),
    },
    [],
  );
  assert.match(failed.unknown ?? '', /Cannot connect/);
  const bare = interruptionOf({ ps: PS, inspect: { kind: 'unrecorded' }, info: printed('[]') }, []);
  assert.deepEqual(
    bare.containers.map(c => c.restart),
    ['unknown', 'unknown'],
  );
  assert.deepEqual(runningIds(printed('{"ID":"--privileged"}\nnot json\n{"ID":"a1b2c3d4e5f6"}')), [A]);
});

test('asking looks only at running containers and changes nothing', async () => {
  const asked: string[] = [];
  const box = {
    ...fakeBox(worldOf({})),
    run: async ({ argv, changes }: { readonly argv: readonly string[]; readonly changes?: boolean }): Promise<Ran> => {
      assert.notEqual(changes, true);
      asked.push(argv[1] ?? '');
      return argv[1] === 'ps' ? PS : argv[1] === 'inspect' ? INSPECT : printed('{}');
    },
  };
  const found = await askInterruption(box);
  assert.deepEqual(asked, ['ps', 'info', 'inspect']);
  assert.equal(found.containers.length, 2);
});
