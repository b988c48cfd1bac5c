import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import type { Check, Flow } from '../src/engine/flow.ts';
import type { Report } from '../src/engine/report.ts';
import type { Step } from '../src/engine/walk.ts';
import { cells } from '../src/report/cells.ts';
import { reportJson } from '../src/report/json.ts';
import { reportJunit } from '../src/report/junit.ts';
import { reportMarkdown } from '../src/report/markdown.ts';
import { type Look, reportText } from '../src/report/text.ts';
import { cut, truncate, wrap } from '../src/report/wrap.ts';

const stale: Report = {
  schema: 'gpumedic.check/1',
  verdict: 'fault',
  mutated: false,
  tookMs: 412,
  machine: {
    platform: 'vm',
    os: 'Ubuntu 22.04',
    driver: '580.126.09',
    toolkit: '1.17.8',
    gpus: [{ name: 'NVIDIA GeForce RTX 4070 Ti SUPER', uuid: 'GPU-0', pci: '0000:01:00.0' }],
    engines: {
      docker: { version: '26.1.5', running: true, rootless: false, where: 'local' },
      podman: { version: '5.4.2' },
    },
  },
  ways: [
    { way: 'docker-gpus', works: true, cause: null, why: 'nothing stops it', how: 'docker run --gpus all' },
    {
      way: 'docker-cdi',
      works: null,
      cause: null,
      why: 'dockerd did not answer',
      how: 'docker run --device nvidia.com/gpu=all',
    },
    {
      way: 'podman-cdi',
      works: false,
      cause: 'cdi-spec-stale',
      why: 'the spec names old files',
      how: 'podman run --device nvidia.com/gpu=all',
    },
  ],
  findings: [
    {
      id: 'cdi-spec-stale',
      severity: 'fault',
      title: 'The CDI spec names files of another driver version than the one that is loaded',
      evidence: [
        { from: '/etc/cdi/nvidia.yaml', shows: 'libcuda.so.550.163.01 <gone> \u001b[31m]]>\u001b[0m | a\nsecond line' },
      ],
      explains: ['podman-cdi'],
      fixes: [
        {
          id: 'cdi-generate',
          title: 'generate the CDI spec',
          privilege: 2,
          effect: ['E1'],
          touches: ['/etc/cdi/nvidia.yaml'],
          by: 'apply',
        },
        { id: 'restart', title: 'start Docker again', privilege: 3, effect: ['RD'], touches: [], by: 'apply' },
      ],
    },
    {
      id: 'toolkit-known-vulnerable',
      severity: 'risk',
      title: 'This toolkit has a known hole',
      evidence: [],
      explains: [],
      fixes: [],
    },
  ],
  unknown: [{ probe: 'docker info', because: 'timedOut' }],
  refused: [],
  internal: { trails: [] } as unknown as Report['internal'],
};
const healthy: Report = { ...stale, verdict: 'ok', findings: [], unknown: [], ways: stale.ways.slice(0, 1) };
const look: Look = { columns: 80, colour: false, ascii: false, from: '' };

test('text: verdict, cause, evidence, ways, what was not answered, and the next command', () => {
  const text = reportText(stale, look);
  for (const part of [
    'Ubuntu 22.04 · virtual machine · driver 580.126.09 · 1x NVIDIA GeForce RTX 4070 Ti SUPER',
    '✖ fault  The CDI spec names files',
    'cdi-spec-stale',
    '┃ /etc/cdi/nvidia.yaml',
    'libcuda.so.550.163.01',
    'generate the CDI spec (needs root · /etc/cdi/nvidia.yaml)',
    'start Docker again (needs root, restarts Docker)',
    '✔ works',
    '✖ fails',
    '? cannot tell',
    'docker info: no answer in time',
    '✖ fault: 1 cause found (0.4 s, nothing changed)',
    'Next: gpumedic fix',
  ]) {
    assert.ok(text.replace(/\s+/g, ' ').includes(part.replace(/\s+/g, ' ')), `${part}\n${text}`);
  }
  assert.match(reportText(stale, { ...look, from: ' --demo spec-stale' }), /^Next: gpumedic fix --demo spec-stale$/m);
  assert.match(reportText(healthy, look), /ok: nothing wrong was found/);
  assert.doesNotMatch(reportText(healthy, look), /Next:/);
});

test('text: no line is wider than the terminal, at any width', () => {
  for (let columns = 30; columns <= 120; columns += 1) {
    for (const line of reportText(stale, { ...look, columns }).split('\n'))
      assert.ok(cells(line) <= columns, `${columns}: ${line}`);
  }
});

test('text: colour only repeats; without it the same letters, and never an escape from the machine', () => {
  const coloured = reportText(stale, { ...look, colour: true });
  const bare = reportText(stale, look);
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), bare);
  assert.notEqual(coloured, bare);
  assert.ok(!bare.includes('\u001b'));
});

test('text: ASCII twins', () => {
  const text = reportText(stale, { ...look, ascii: true });
  assert.match(text, /^[\x20-\x7e\n]+$/);
  for (const part of ['!! fault', 'ok works', '!! fails', '?? cannot tell']) assert.ok(text.includes(part), part);
});

test('json: exactly the members of the schema, nothing internal', () => {
  assert.deepEqual(Object.keys(JSON.parse(reportJson(stale))), [
    'schema',
    'verdict',
    'mutated',
    'tookMs',
    'machine',
    'ways',
    'findings',
    'unknown',
  ]);
});

test('markdown: what the machine wrote starts no markup', () => {
  const text = reportMarkdown(stale);
  assert.match(text, /^# gpumedic check: fault, 1 cause$/m);
  assert.match(text, /```text\nlibcuda\.so\.550\.163\.01 <gone> \]\]> \| a\nsecond line\n```/);
  assert.match(text, /^\| `podman run --device nvidia\.com\/gpu=all` \| fails \| cdi-spec-stale \|$/m);
  assert.ok(!text.includes('\u001b'));
});

test('junit: every question of the tree a case, well-formed, with counts that agree', () => {
  const node = (title: string) => ({ kind: 'check', title }) as Check;
  const flows = [
    { id: 'cdi', nodes: { spec: node('CDI <spec>'), conflict: node('Conflict') } },
    { id: 'engine', nodes: { info: node('Docker'), never: node('Never asked') } },
  ] as unknown as readonly Flow[];
  const step = (flow: string, name: string, verdict: string, finding?: string) =>
    ({
      flow,
      node: name,
      title: '',
      verdict,
      found: '',
      seen: [],
      missing: [],
      ...(finding && { finding: { id: finding } }),
    }) as unknown as Step;
  const steps = [
    step('cdi', 'spec', 'stale', 'cdi-spec-stale'),
    step('engine', 'info', 'cannotTell'),
    step('cdi', 'conflict', 'none'),
  ];
  const text = reportJunit({ ...stale, internal: { trails: [{ steps }] } as unknown as Report['internal'] }, flows);
  assert.equal(text.match(/<testcase /g)?.length, 4 + stale.ways.length + stale.unknown.length);
  assert.match(text, /<testsuites name="gpumedic check" tests="8" failures="2" errors="0" skipped="4" time="0.412">/);
  assert.equal(text.match(/<failure /g)?.length, 2);
  assert.equal(text.match(/<skipped /g)?.length, 4);
  assert.match(text, /name="spec: CDI &lt;spec&gt;">\n\s+<failure message="cdi-spec-stale: /);
  assert.match(text, /&lt;gone&gt; \]\]&gt;/);
  assert.ok(!text.includes('\u001b'));
});

test('wrapping: no word lost, none split that fits, wide letters measured', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(wrap('드라이버 버전', 8), ['드라이버', '버전']);
  assert.equal(cut('드라이버', 5), '드라');
  assert.equal(truncate('드라이버', 5), '드라…');
  assert.equal(truncate('short', 5), 'short');
});

test('cells: what is taken for one column is one column', () => {
  for (let code = 0x20; code < 0x2800; code++) {
    const letter = String.fromCodePoint(code);
    if (/[\p{Cc}\p{Cs}]/u.test(letter)) continue;
    assert.equal(cells(letter), stringWidth(letter), `U+${code.toString(16)}`);
  }
  for (const text of ['드라이버', '👩‍💻', 'e\u0301', '⚠️', 'ไทย']) assert.equal(cells(text), stringWidth(text), text);
});
