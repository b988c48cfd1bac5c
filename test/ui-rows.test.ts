import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cells } from '../src/report/cells.ts';
import { type Drawn, drawChoice, drawLine, drawRow, frameOf } from '../src/ui/rows.ts';
import { themeOf } from '../src/ui/theme.ts';
import type { Line, View } from '../src/wizard/view.ts';

const theme = themeOf(false);
const widthOf = (row: Drawn): number => row.reduce((n, s) => n + cells(s.text), 0);
const textOf = (rows: readonly Drawn[]): string => rows.map(r => r.map(s => s.text).join('')).join('\n');

const words = fc
  .array(
    fc.constantFrom(
      'GPU',
      '컨테이너',
      'libnvidia-ml.so.1',
      '드라이버',
      '/usr/lib/x86_64-linux-gnu/libEGL_nvidia.so.550.163.01',
      'a',
      '👩‍🚀',
      '⚠️',
      'mode',
    ),
    { maxLength: 30 },
  )
  .map(w => w.join(' '));
const line: fc.Arbitrary<Line> = fc.oneof(
  words.map(text => ({ kind: 'text', text }) as const),
  words.map(text => ({ kind: 'text', text, sign: 'broken' }) as const),
  words.map(text => ({ kind: 'fact', label: 'Why it matters', text }) as const),
  words.map(text => ({ kind: 'code', text }) as const),
  words.map(text => ({ kind: 'command', text }) as const),
  words.map(
    because =>
      ({
        kind: 'way',
        how: 'docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all',
        works: false,
        because,
      }) as const,
  ),
);
const view: fc.Arbitrary<View> = fc
  .record({
    title: fc.constant('gpumedic 0.1.0'),
    status: fc.constant('nothing changed'),
    header: fc.tuple(words, words),
    isTop: fc.boolean(),
    trail: fc.constant([]),
    lead: fc.array(line, { maxLength: 3 }),
    body: fc.array(line, { maxLength: 20 }),
    choices: fc.array(
      fc.record({ id: fc.uuid(), label: words, hint: words, ticked: fc.boolean() }, { requiredKeys: ['id', 'label'] }),
      { maxLength: 12 },
    ),
    confirm: fc.option(fc.constant('Apply?')),
    since: fc.option(fc.constant(0)),
    keys: fc.constant([
      ['Enter', 'choose'],
      ['w', 'why'],
      ['e', 'evidence'],
      ['b', 'back'],
      ['?', 'help'],
    ] as const),
  })
  .map(v => (v.confirm !== null ? { ...v, choices: [] } : v));

const heightOf = (v: View, width: number, rows: number, at = 0, scroll = 0) => {
  const f = frameOf(v, { width, rows, at, scroll, theme, waited: '1.0 s' });
  const drawn = [
    ...f.top,
    ...f.body,
    ...f.confirm,
    ...f.choices.flatMap((c, i) => drawChoice(c, i === f.at, width, theme, { column: f.column })),
    ...f.footer,
  ];
  return { f, drawn };
};

test('no screen is taller than the window less one row, nor wider than the window, in any language', () => {
  fc.assert(
    fc.property(
      view,
      fc.constantFrom([80, 24], [40, 10], [120, 50], [60, 16], [40, 15]),
      fc.nat(11),
      fc.nat(60),
      (v, [width, rows], at, scroll) => {
        const { drawn } = heightOf(v, width!, rows!, Math.min(at, Math.max(0, v.choices.length - 1)), scroll);
        const tallest =
          v.choices.length > 0 ? Math.max(...v.choices.map(c => drawChoice(c, false, width!, theme).length)) : 0;
        // One choice with a label of many rows is shown whole, whatever the window.
        if (tallest > 3) return true;
        assert.ok(drawn.length <= rows! - 1, `${drawn.length} rows of ${rows}:\n${textOf(drawn)}`);
        for (const row of drawn) assert.ok(widthOf(row) <= width!, `${widthOf(row)} > ${width}: ${textOf([row])}`);
      },
    ),
    { numRuns: 150 },
  );
});

test('the chosen line is always among those shown', () => {
  const choices = Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, label: `choice ${i}` }));
  const v: View = {
    title: '',
    status: '',
    header: ['', ''],
    isTop: false,
    trail: [],
    lead: [],
    body: [],
    choices,
    confirm: null,
    since: null,
    keys: [],
  };
  for (let at = 0; at < 30; at++) {
    const { f } = heightOf(v, 80, 10, at);
    assert.equal(f.choices[f.at]!.id, `${at}`);
    assert.equal(f.above + f.choices.length + f.below, 30);
  }
});

test('scrolling reaches every row of a long text', () => {
  const body = Array.from({ length: 100 }, (_, i) => ({ kind: 'code', text: `row ${i}` }) as const);
  const v: View = {
    title: '',
    status: '',
    header: ['', ''],
    isTop: false,
    trail: [],
    lead: [],
    body,
    choices: [],
    confirm: 'Apply?',
    since: null,
    keys: [],
  };
  const seen = new Set<string>();
  for (let scroll = 0, most = 1; scroll <= most; scroll++) {
    const { f } = heightOf(v, 40, 10, 0, scroll);
    most = f.most;
    for (const found of textOf(f.body).matchAll(/row \d+/g)) seen.add(found[0]);
  }
  assert.equal(seen.size, 100);
});

test('a diff line is wrapped hard and loses nothing', () => {
  const text = '-  - hostPath: /usr/lib/x86_64-linux-gnu/libnvidia-allocator.so.550.163.01   # two  blanks';
  const rows = drawLine({ kind: 'code', text }, 40, theme);
  assert.equal(
    rows
      .map(r =>
        r
          .slice(1)
          .map(s => s.text)
          .join(''),
      )
      .join(''),
    text,
  );
});

test('sign and word carry the meaning without colour, in ASCII too', () => {
  const ascii = themeOf(true);
  const rows = [
    ...drawLine({ kind: 'way', how: 'docker run --gpus all', works: false, because: 'CDI is off — here' }, 80, ascii),
    ...drawRow({ sign: 'ok', label: 'Driver', text: '580 · agrees' }, 80, ascii),
    ...drawRow({ sign: 'broken', label: 'CDI', text: 'stale' }, 80, ascii),
  ];
  const text = textOf(rows);
  assert.match(text, /^[\x20-\x7e\n]*$/);
  assert.match(text, /!! fails +docker run --gpus all/);
  assert.match(text, /ok Driver/);
});

test('the help key is offered however narrow the window is', () => {
  const v: View = {
    title: '',
    status: '',
    header: ['', ''],
    isTop: false,
    trail: [],
    lead: [],
    body: [],
    choices: [],
    confirm: null,
    since: null,
    keys: [
      ['Enter', 'choose'],
      ['w', 'why'],
      ['e', 'evidence'],
      ['b', 'back'],
      ['?', 'help'],
    ],
  };
  assert.match(textOf(heightOf(v, 40, 10).f.footer), /\? help/);
});
