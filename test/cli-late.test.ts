import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { parse } from 'yaml';
import { root } from '../tools/bundle.ts';
// @ts-expect-error stand-ins for the bundle, in plain JavaScript
import { LateSegmenter } from '../tools/late-segmenter.mjs';

const require = createRequire(import.meta.url);
const lateYaml = require('../tools/yaml.cjs') as { parse(text: string, options?: object): unknown };
const late = require('../tools/string-width.cjs') as (text: string, options?: object) => number;

const texts: readonly string[] = [
  '',
  'gpumedic 0.1.0 · this machine ✔ ok ✖ fails – 14 … ↑↓ ┃',
  '\u001b[1mbold\u001b[22m and \u001b[38;2;1;2;3mcolour\u001b[39m',
  'line\nline\r\nline',
  '드라이버 버전',
  '👩‍💻 ⚠️ e\u0301 ไทย 🇩🇪',
  'é à ñ ‹› — “quoted”',
];

test('the bundle’s stand-in for string-width measures what the library measures', () => {
  for (const text of texts) assert.equal(late(text), stringWidth(text), JSON.stringify(text));
  assert.equal(late('··', { ambiguousIsNarrow: false }), stringWidth('··', { ambiguousIsNarrow: false }));
  for (let code = 0x20; code < 0x2800; code++) {
    const letter = String.fromCodePoint(code);
    assert.equal(late(letter), stringWidth(letter), `U+${code.toString(16)}`);
  }
});

test('the bundle’s stand-in for Intl.Segmenter takes texts apart as the real one does', () => {
  const segments = (segmenter: { segment(text: string): Iterable<{ segment: string; index: number }> }, text: string) =>
    [...segmenter.segment(text)].map(({ segment, index }) => [segment, index]);
  for (const text of texts) {
    assert.deepEqual(segments(new LateSegmenter(), text), segments(new Intl.Segmenter(), text), JSON.stringify(text));
  }
  const letters = Array.from({ length: 0x2800 }, (_, code) => String.fromCodePoint(code)).filter(
    c => !/[\p{M}\p{Cf}\p{Cs}]/u.test(c),
  );
  for (const letter of letters) {
    const text = `a${letter}b${letter}`;
    assert.deepEqual(segments(new LateSegmenter(), text), segments(new Intl.Segmenter(), text), JSON.stringify(text));
  }
  const words = { granularity: 'word' } as const;
  assert.deepEqual(
    segments(new LateSegmenter('en', words), 'two words'),
    segments(new Intl.Segmenter('en', words), 'two words'),
  );
});

const recordings = globSync('test/**/*.json', { cwd: root }).flatMap(file => {
  try {
    const { files } = JSON.parse(readFileSync(join(root, file), 'utf8')) as { files?: Record<string, string | null> };
    return Object.entries(files ?? {}).flatMap(([path, text]) =>
      /\.ya?ml$/.test(path) && text !== null ? [text] : [],
    );
  } catch {
    return [];
  }
});

const answer = (read: (text: string) => unknown, text: string): unknown => {
  try {
    return { value: read(text) };
  } catch (error) {
    return { error: (error as Error).message };
  }
};
const readsAlike = (text: string): void =>
  assert.deepEqual(
    answer(t => lateYaml.parse(t, { logLevel: 'silent' }), text),
    answer(t => parse(t, { logLevel: 'silent' }), text),
    text,
  );

test('the bundle’s stand-in for yaml reads what the library reads: specs, oddities, faults', () => {
  for (const text of recordings) readsAlike(text);
  for (const text of [
    '',
    'a',
    '---\na: 1\n',
    'a: 1\n---\nb: 2\n',
    'a: b: c\n',
    'a:\n',
    'a:\nb: 1\n',
    'a: 1\na: 2\n',
    'a: one\n  two\n',
    'a: one\n# comment\n  two\n',
    '- a\n- b: 1\n  c: 2\n-\n',
    '- a\n b\n',
    'a:\n- 1\n- 2\nb: x\n',
    'a:\n  - 1\n - 2\n',
    'a: 0x10\nb: 010\nc: 1_000\nd: 1.5\ne: .inf\nf: +1\ng: -0\n',
    'a: true\nb: ~\nc: Null\nd: yes\ntrue: x\n',
    "a: \"x\\ty\"\nb: 'it''s'\nc: \"say 'hi'\"\nd: '\"'\n",
    'a: [1, 2]\nb: {c: d}\nc: []\nd: {}\n',
    'a: &x 1\nb: *x\n',
    'a: |\n  text\nb: >\n  folded\n',
    'a: x # comment\nb: x#y\nc: "#"\n',
    'a: libcuda.so.1::/usr/lib\nb: --link\nc: -1x\nd: - x\n',
    '__proto__: 1\n',
    'a:\tb\n',
    'a: b\r\nc: d\r\n',
    '? a\n: b\n',
    '- - a\n  - b\n',
    'a: b\n...\n',
    ' a: b\n c: d\n',
    '!!str a: b\n',
    '%YAML 1.2\n---\na: b\n',
    'key with space: 1\n',
    'a: b \nc: d\n',
  ]) {
    readsAlike(text);
  }
});

test('the bundle’s stand-in for yaml reads what the library reads: whatever comes', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'a',
      'b-c',
      '--link',
      '/dev/nvidia0',
      'libcuda.so.1::/x',
      'rw',
      '"q"',
      "'q'",
      '1',
      '0',
      '-3',
      '1.10',
      '0.5.0',
      '0.5.0',
      'true',
      'null',
      '~',
      '[]',
      '{}',
      '#',
      'x #y',
      'x: y',
      '|',
      '>',
      '&a',
      '*a',
      '- x',
      '',
    ),
    fc.string({ maxLength: 6 }),
  );
  const line = fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      fc.option(fc.constantFrom('a', 'b', 'path', 'null', '1')),
      word,
    )
    .map(
      ([depth, dash, key, value]) =>
        `${'  '.repeat(depth)}${dash ? '- ' : ''}${key === null ? '' : `${key}:${value === '' ? '' : ' '}`}${value}`,
    );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 7 }), lines => readsAlike(`${lines.join('\n')}\n`)),
    { numRuns: 1500 },
  );
});
