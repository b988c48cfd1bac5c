/** `gpumedic files` as a program: exit codes, the three formats, writing and undoing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { applied } from '../src/files/spans.ts';
import { root } from '../tools/bundle.ts';
import { environment, program, type Result, run } from './cli-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpumedic-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, text: string): string => {
  const at = join(folder, path);
  mkdirSync(join(at, '..'), { recursive: true });
  writeFileSync(at, text);
  return at;
};
/** A box on which only the runtime works: mode cdi, Docker without CDI, Compose 2.26. */
const box = put(
  'box.json',
  brotliDecompressSync(
    readFileSync(join(root, 'test/fixtures/recordings/compose-deploy-cdi-mode@old.json.br')),
  ).toString(),
);
const reservation = `services:
  worker: # 한국어
    image: debian:trixie
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: all
              capabilities: [gpu]
`;
const bad = put('bad/compose.yml', reservation);
const good = put('good/compose.yml', 'services:\n  web:\n    image: nginx\n');

const inFolder = (cwd: string, ...words: string[]): Result => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd,
    env: environment(),
    input: '',
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
};

test('1 where something is wrong, 0 where nothing is; the text names place, cause and what works', () => {
  const told = run(['files', bad, '--box', box]);
  assert.equal(told.code, 1, told.stderr);
  assert.match(told.stdout, /compose\.yml:8:15 /);
  assert.match(told.stdout, /hook-in-nonlegacy-mode/);
  assert.match(told.stdout, /\+ {4}runtime: nvidia/);
  assert.equal(run(['files', good, '--box', box]).code, 0);
  const here = inFolder(join(folder, 'bad'), 'files', '--box', box);
  assert.equal(here.code, 1);
  assert.match(here.stdout, /✖ compose\.yml:8:15/);
});

test('JSON has the keys that are documented, and spans that make the text', () => {
  const told = run(['files', bad, '--box', box, '--json']);
  assert.equal(told.code, 1);
  const answer = JSON.parse(told.stdout);
  assert.equal(answer.schema, 'gpumedic.files/1');
  assert.deepEqual(Object.keys(answer), [
    'schema',
    'mutated',
    'files',
    'requests',
    'findings',
    'to',
    'rewrites',
    'services',
    'session',
  ]);
  const [finding] = answer.findings;
  assert.deepEqual(
    [finding.path, finding.line, finding.column, finding.id, finding.severity, finding.subject, finding.works],
    [bad, 8, 15, 'hook-in-nonlegacy-mode', 'fault', 'worker', ['runtime']],
  );
  assert.match(finding.diff, /^--- .*compose\.yml\n\+\+\+ /);
  assert.match(
    applied(reservation, finding.spans),
    /runtime: nvidia\n {4}environment:\n {6}NVIDIA_VISIBLE_DEVICES: all\n$/,
  );
  const rewritten = JSON.parse(run(['files', bad, '--box', box, '--json', '--to', 'runtime']).stdout);
  assert.deepEqual([rewritten.to, rewritten.services[0].outcome], ['runtime', 'changed']);
  assert.equal(applied(reservation, rewritten.rewrites[0].spans), applied(reservation, finding.spans));
  const refused = JSON.parse(run(['files', bad, '--box', box, '--json', '--to', 'cdi']).stdout);
  assert.equal(refused.services[0].outcome, 'refused');
  assert.match(refused.services[0].because, /Compose 2\.26\.1/);
  assert.match(refused.services[0].snippet, /nvidia\.com\/gpu=all/);
});

test('docs/files.md names every key of the answer', () => {
  const docs = readFileSync(join(root, 'docs/files.md'), 'utf8');
  const keys = new Set<string>();
  JSON.parse(run(['files', bad, '--box', box, '--json', '--to', 'runtime']).stdout, (key, value) => {
    if (key !== '' && !/^\d+$/.test(key)) keys.add(key);
    return value;
  });
  JSON.parse(run(['files', bad, '--box', box, '--json']).stdout, (key, value) => {
    if (key !== '' && !/^\d+$/.test(key)) keys.add(key);
    return value;
  });
  assert.ok(keys.size > 25);
  assert.deepEqual(
    [...keys].filter(key => !docs.includes(`"${key}"`)),
    [],
  );
});

test('SARIF has what the standard asks for', () => {
  const log = JSON.parse(inFolder(join(folder, 'bad'), 'files', '--box', box, '--format', 'sarif').stdout);
  assert.equal(log.version, '2.1.0');
  assert.match(log.$schema, /sarif-2\.1\.0/);
  const [only] = log.runs;
  assert.equal(only.tool.driver.name, 'gpumedic');
  const [result] = only.results;
  assert.equal(only.tool.driver.rules[result.ruleIndex].id, result.ruleId);
  assert.equal(result.level, 'error');
  assert.ok(result.message.text.length > 20);
  const { artifactLocation, region } = result.locations[0].physicalLocation;
  assert.deepEqual(artifactLocation, { uri: 'compose.yml', uriBaseId: '%SRCROOT%' });
  assert.deepEqual([region.startLine, region.startColumn], [8, 15]);
  assert.ok(region.endLine > region.startLine || region.endColumn >= region.startColumn);
  assert.ok(result.fixes[0].artifactChanges[0].replacements.length > 0);
});

test('a file that was named and does not parse is 64 with its place; one that was found is a finding', () => {
  const tabs = put('tabs/compose.yml', 'services:\n\ta:\n\t\timage: x\n');
  const named = run(['files', tabs, '--box', box]);
  assert.equal(named.code, 64);
  assert.match(named.stderr, /tabs\/compose\.yml:2:1: .*tab.*\(expected a Compose file: YAML with services\)\n$/i);
  const found = run(['files', join(folder, 'tabs'), '--box', box, '--json']);
  assert.equal(found.code, 1);
  assert.equal(JSON.parse(found.stdout).findings[0].id, 'project-file-malformed');
  assert.equal(run(['files', join(folder, 'nowhere.yml'), '--box', box]).code, 64);
  const strange = run(['files', put('x/notes.txt', 'hello\n'), '--box', box]);
  assert.equal(strange.code, 64);
  assert.match(strange.stderr, /notes\.txt:1:1: expected a Compose file, a Dockerfile or a Kubernetes manifest/);
  const dockerfile = run(['files', put('y/Dockerfile', 'FROM x\nCOPPY . .\n'), '--box', box]);
  assert.equal(dockerfile.code, 64);
  assert.match(dockerfile.stderr, /Dockerfile:2:1: COPPY is no instruction/);
  for (const text of [
    '',
    '\u0000\u0001',
    '{',
    '- a\n- b\n',
    'services: 1\n',
    'services: {a: {deploy: 3, devices: x, environment: 5}}\n',
    '&a [*a]\n',
    '%YAML 9\n---\n',
  ])
    assert.ok(
      [0, 1, 64].includes(run(['files', put('z/compose.yml', text), '--box', box]).code ?? 99),
      JSON.stringify(text),
    );
});

test('--write applies, undo puts the bytes back; without --write nothing changes', () => {
  const path = put('write/compose.yml', reservation.replaceAll('\n', '\r\n'));
  const before = readFileSync(path, 'utf8');
  assert.equal(run(['files', path, '--box', box, '--to', 'runtime']).code, 1);
  assert.equal(readFileSync(path, 'utf8'), before);
  const written = run(['files', path, '--box', box, '--to', 'runtime', '--write', '--json']);
  assert.equal(written.code, 0, written.stderr);
  const answer = JSON.parse(written.stdout);
  assert.equal(answer.mutated, true);
  assert.match(readFileSync(path, 'utf8'), /runtime: nvidia\r\n/);
  assert.equal(run(['files', path, '--box', box]).code, 0);
  const undone = run(['undo', answer.session]);
  assert.equal(undone.code, 0, undone.stderr);
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('a manifest from a pipe', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  runtimeClassName: nvidia\n  containers:\n    - {name: c, image: x}\n';
  const told = run(['files', '-', '--box', box], { input: pod });
  assert.equal(told.code, 1, told.stderr);
  assert.match(told.stdout, /\/dev\/stdin:5:3/);
  assert.match(told.stdout, /kubectl patch --type strategic/);
  assert.equal(run(['files', '-', '--box', box], { input: 'a: [\n' }).code, 64);
});

test('words that do not go together', () => {
  for (const words of [
    ['--to', 'cdi', '--service', 'nobody'],
    ['--write'],
    ['--shared', 'own'],
    ['--to', 'magic'],
    ['--to', 'cdi', '--write', '--read-only'],
  ])
    assert.equal(run(['files', good, '--box', box, ...words]).code, 64, words.join(' '));
});

test('a demo box has project files of its own', () => {
  const told = run(['files', '--demo', 'project-distributed']);
  assert.equal(told.code, 1);
  assert.match(told.stdout, /\/srv\/moe\/Dockerfile:6:1/);
  const written = run(['files', '--demo', 'project-distributed', '--to', 'runtime', '--write']);
  assert.match(written.stdout, /Written\./);
});
