import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { modes } from '../flows/modes/index.ts';
import { root } from '../tools/bundle.ts';
import { run } from './cli-run.ts';

type Shape = (value: unknown, at: string) => void;

const text: Shape = (value, at) => assert.equal(typeof value, 'string', at);
const number: Shape = (value, at) => assert.equal(typeof value, 'number', at);
const flag: Shape = (value, at) => assert.equal(typeof value, 'boolean', at);
const whatever: Shape = () => {};
const one =
  (...words: readonly unknown[]): Shape =>
  (value, at) =>
    assert.ok(words.includes(value), `${at}: ${String(value)}`);
const or =
  (shape: Shape, otherwise: unknown): Shape =>
  (value, at) =>
    value === otherwise || shape(value, at);
const list =
  (shape: Shape): Shape =>
  (value, at) => {
    assert.ok(Array.isArray(value), at);
    value.forEach((item, i) => {
      shape(item, `${at}[${i}]`);
    });
  };
/** Exactly these members; a name that ends in ? may be missing. */
const object =
  (members: Readonly<Record<string, Shape>>): Shape =>
  (value, at) => {
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), at);
    const names = Object.keys(members);
    for (const name of Object.keys(value))
      assert.ok(
        names.some(n => n.replace('?', '') === name),
        `${at}.${name} is not in the contract`,
      );
    for (const name of names) {
      const bare = name.replace('?', '');
      if (name.endsWith('?') && !Object.hasOwn(value, bare)) continue;
      assert.ok(Object.hasOwn(value, bare), `${at}.${bare} is missing`);
      members[name]!((value as Record<string, unknown>)[bare], `${at}.${bare}`);
    }
  };

const effects = one('E0', 'E1', 'RL', 'RD', 'RC', 'RK', 'RX', 'RM', 'RB');
const ways = one('docker-gpus', 'docker-runtime', 'docker-cdi', 'docker-runtime-cdi', 'podman-cdi');
const because = one('absent', 'denied', 'timedOut', 'unrecorded', 'unreadable');
const docker = object({
  version: text,
  running: flag,
  rootless: flag,
  where: one('local', 'desktop', 'snap', 'remote'),
});

const check = object({
  schema: one('gpumedic.check/1'),
  verdict: one('ok', 'fault', 'unknown'),
  mutated: one(false),
  tookMs: number,
  machine: object({
    platform: one('bare-metal', 'vm', 'wsl', 'tegra', 'container'),
    os: text,
    driver: or(text, null),
    toolkit: or(text, null),
    gpus: list(object({ name: text, uuid: text, pci: text })),
    engines: object({ 'docker?': docker, 'podman?': object({ version: text }) }),
  }),
  ways: list(object({ way: ways, works: one(true, false, null), cause: or(text, null), why: text, how: text })),
  findings: list(
    object({
      id: text,
      severity: one('fault', 'risk', 'note'),
      title: text,
      evidence: list(object({ from: text, shows: text })),
      explains: list(text),
      fixes: list(
        object({
          id: text,
          title: text,
          privilege: one(0, 1, 2, 3, 4, 5),
          effect: list(effects),
          touches: list(text),
          by: one('apply', 'patch', 'guide'),
        }),
      ),
    }),
  ),
  unknown: list(object({ probe: text, because })),
});

const fixEntry = object({
  finding: text,
  fix: or(text, null),
  title: text,
  privilege: or(number, null),
  effect: list(effects),
  touches: list(text),
  diff: text,
  commands: list(text),
  choices: list(
    object({
      id: text,
      question: text,
      many: flag,
      options: list(object({ value: text, label: text, 'hint?': text })),
      initial: list(text),
      taken: list(text),
    }),
  ),
  outcome: one('applied', 'declined', 'refused', 'failed', 'wouldApply', 'held', 'guide', 'none', 'interrupted'),
  verified: one(true, false, null),
  because: text,
});

const answers: readonly (readonly [readonly string[], number, Shape])[] = [
  [['check', '--json', '--demo', 'cdi-spec-stale'], 1, check],
  [['check', '--json', '--demo', 'healthy-new'], 0, check],
  [['check', '--format', 'json', '--demo', 'no-gpu'], 1, check],
  [
    ['fix', '--json', '--dry-run', '--demo', 'cdi-spec-stale'],
    1,
    object({
      schema: one('gpumedic.fix/1'),
      verdict: one('fault'),
      mutated: one(false),
      dryRun: one(true),
      fixes: list(fixEntry),
      undo: one(null),
    }),
  ],
  [
    ['fix', '--json', '--yes', '--demo', 'ldconfig-real'],
    0,
    object({
      schema: one('gpumedic.fix/1'),
      verdict: one('ok'),
      mutated: one(true),
      dryRun: one(false),
      fixes: list(fixEntry),
      undo: or(text, null),
    }),
  ],
  [
    ['undo', '--json', '--demo', 'healthy-new'],
    1,
    object({
      schema: one('gpumedic.undo/1'),
      session: one(null),
      outcome: one('nothing'),
      because: text,
      restored: list(text),
      left: list(text),
      unsettled: list(text),
      newer: one(null),
      views: list(whatever),
    }),
  ],
  [
    ['history', '--json', '--demo', 'healthy-new'],
    0,
    object({ schema: one('gpumedic.history/1'), sessions: list(whatever) }),
  ],
  [
    ['flows', '--json'],
    0,
    object({
      schema: one('gpumedic.flows/1'),
      flows: list(
        object({
          id: text,
          title: text,
          about: text,
          start: text,
          nodes: list(
            object({
              id: text,
              title: text,
              question: text,
              why: text,
              source: text,
              probes: list(text),
              on: whatever,
            }),
          ),
        }),
      ),
    }),
  ],
  [
    ['--demo', 'list', '--json'],
    0,
    object({ schema: one('gpumedic.demos/1'), demos: list(object({ name: text, title: text, story: text })) }),
  ],
];

test('every --json answer has the shape that docs/cli.md promises, and its exit code', () => {
  const docs = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  for (const [words, exit, shape] of answers) {
    const { code, stdout, stderr } = run(words);
    assert.equal(code, exit, `${words.join(' ')}: ${stderr}`);
    const answer = JSON.parse(stdout) as { schema: string };
    shape(answer, words.join(' '));
    assert.ok(docs.includes(answer.schema), `${answer.schema} is not documented`);
  }
});

test('ids of findings are ids of the reference, and what a finding explains is an id or a way', () => {
  for (const demo of ['cdi-spec-stale', 'ldconfig-real', 'spec-conflict', 'toolkit-missing', 'no-gpu']) {
    const { findings } = JSON.parse(run(['check', '--json', '--demo', demo]).stdout) as {
      findings: { id: string; explains: string[] }[];
    };
    assert.ok(findings.length > 0, demo);
    for (const { id, explains } of findings) {
      assert.ok(Object.hasOwn(modes, id), id);
      for (const other of explains)
        assert.ok(
          Object.hasOwn(modes, other) || /^(?:docker|podman)-(?:gpus|runtime|cdi|runtime-cdi)$/.test(other),
          other,
        );
    }
  }
});
