import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import stringWidth from 'string-width';
// @ts-expect-error stand-ins for the bundle, in plain JavaScript
import { LateSegmenter } from '../tools/late-segmenter.mjs';

const late = createRequire(import.meta.url)('../tools/string-width.cjs') as (text: string, options?: object) => number;

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
