/** Logs of any size and encoding, hostile ones too; nothing secret and no escape leaves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { catalogue, tells } from '../src/explain/catalogue.ts';
import { cleanLine } from '../src/explain/clean.ts';
import { explainText } from '../src/explain/index.ts';
import { anchorOf, pattern, place } from '../src/explain/pattern.ts';
import { squeeze } from '../src/explain/squeeze.ts';
import { explainer } from '../src/explain/stream.ts';
import { wordOf } from '../src/explain/words.ts';
import { texts } from './fixtures/texts/index.ts';
import { cli } from './fixtures/texts/wraps.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const inPieces = (bytes: Uint8Array, size: number): ReturnType<typeof explainText> => {
  const reading = explainer();
  for (let at = 0; at < bytes.length; at += size) reading.push(bytes.subarray(at, at + size));
  return reading.end();
};

const MISMATCH = cli('initialization error: nvml error: driver/library version mismatch');
const ordinary = (lines: number): string =>
  Array.from({ length: lines }, (_, i) => `web-1  | GET /orders/${i} 200 in ${i % 97} ms for user ${i * 31}`).join(
    '\n',
  );

test('a stream says what the whole text says, however it is cut into pieces', () => {
  for (const [, text] of texts.slice(0, 40)) {
    const whole = explainText(text);
    for (const size of [1, 7, 64, 4096]) assert.deepEqual(inPieces(utf8(text), size), whole);
  }
});

test('UTF-16 with and without a mark, a UTF-8 mark, CRLF', () => {
  const little = Buffer.from(MISMATCH, 'utf16le');
  const big = Buffer.from(little).swap16();
  const forms = [
    little,
    big,
    Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
    Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8(MISMATCH)]),
    utf8(MISMATCH.replaceAll('\n', '\r\n')),
  ];
  for (const bytes of forms)
    for (const size of [13, 5000]) assert.equal(inPieces(bytes, size).causes[0]?.id, 'driver-library-version-mismatch');
});

test('one line deep in a long log is found, with its number and its neighbours', () => {
  for (const [id, text] of [
    ['driver-library-version-mismatch', MISMATCH],
    ['gpu-fallen-off-bus', 'kernel: NVRM: Xid (PCI:0000:65:00): 79, pid=2211, GPU has fallen off the bus.'],
    ['cdi-spec-missing', 'Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all'],
    ['docker-runtime-not-registered', 'docker: Error response from daemon: unknown or invalid runtime name: nvidia'],
  ] as const) {
    const before = 30_000;
    const told = inPieces(utf8(`${ordinary(before)}\n${text}\n${ordinary(9000)}\n`), 65_536);
    assert.equal(told.causes[0]?.id, id);
    const line = told.causes[0]!.matched[0]!.line;
    assert.ok(line > before && line <= before + 2, `${line}`);
  }
});

test('almost every signature has a word by which it is found in a long log', () => {
  const known = catalogue();
  const all = known.texts.filter((_, index) => tells(known, index));
  const without = all.filter(text => wordOf(text) === null);
  assert.ok(without.length < all.length * 0.06, without.join(' | '));
});

test('an answer is there before the end, and stays', () => {
  const reading = explainer();
  reading.push(utf8(`${MISMATCH}\n`));
  const early = reading.soFar();
  reading.push(utf8(ordinary(100)));
  assert.equal(early.causes[0]?.id, 'driver-library-version-mismatch');
  assert.deepEqual(reading.end().causes[0], early.causes[0]);
});

/** Work done, counted rather than timed: how many characters patterns and cleaning look at cannot be seen, so the bound is generous. */
const hostile: Readonly<Record<string, string>> = {
  'a line of a megabyte': `${'x'.repeat(500_000)}${MISMATCH.replaceAll('\n', ' ')}${'y'.repeat(500_000)}`,
  'a hundred thousand quotes': `${'"\\'.repeat(100_000)}${MISMATCH}`,
  'a hundred thousand marks of quoting': `${'> '.repeat(100_000)}${MISMATCH}`,
  'escape sequences without end': `${'\u001b['.repeat(100_000)}\n${MISMATCH}`,
  'opened tags': `${'<span '.repeat(60_000)}\n${MISMATCH}`,
  'a beginning again and again': `${'nvidia-container-cli: mount error: file creation failed: '.repeat(8000)}\n${MISMATCH}`,
  'digits and colons': `${'12:34:56 '.repeat(60_000)}\n${MISMATCH}`,
  'what the features look for, again and again': `${'docker run dxcore to see if podman version driver version the command installed '.repeat(9000)}\n${MISMATCH}`,
  'empty lines': `${'\n'.repeat(300_000)}${MISMATCH}`,
};

for (const [name, text] of Object.entries(hostile))
  test(`${name}: read to the end`, () => {
    const told = inPieces(utf8(text), 65_536);
    assert.ok(told.causes.some(cause => cause.id === 'driver-library-version-mismatch'));
    for (const { matched } of told.causes) for (const { text: shown } of matched) assert.ok(shown.length <= 240);
  });

test('any text at all: no error, one line of printable excerpt, confidences between 0 and 1 in falling order', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(...texts.map(([, text]) => text)),
    fc.constantFrom('\u001b]0;title\u0007', '\u202e', '> ', '"\\"', '<b>', '\r', '2026-01-05T10:00:00Z '),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const { causes, notMine } = explainText(pieces.join(''));
      assert.ok(!(notMine && causes.length > 0));
      let last = 1;
      for (const { confidence, matched } of causes) {
        assert.ok(confidence > 0 && confidence <= last);
        last = confidence;
        for (const { text } of matched) assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202e]/);
      }
    }),
    { numRuns: 150 },
  );
});

test('secrets beside the message are removed before anything is shown', () => {
  const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
  const text = `docker run --gpus all -e HF_TOKEN=${secret} -e PASSWORD=hunter2hunter2 app: could not select device driver "" with capabilities: [[gpu]]`;
  const shown = JSON.stringify(explainText(text));
  assert.doesNotMatch(shown, /abcdefghijklmnop|hunter2/);
  assert.match(shown, /could not select device driver/);
});

test('of a long line that part is shown which told', () => {
  const line = `${'docker: Error response from daemon: failed to create shim task: '.repeat(9)}nvml error: driver/library version mismatch${': unknown'.repeat(90)}`;
  const { text } = explainText(line).causes[0]!.matched[0]!;
  assert.match(text, /^….*nvml error: driver\/library version mismatch.*…$/);
});

test('a line without a prefix of a logger is left as it is', () => {
  for (const line of [
    'docker: Error response from daemon: unknown or invalid runtime name: nvidia',
    'NVRM: GPU 0000:01:00.0 is already bound to nouveau.',
    '06:10.0 3D controller [0302]: NVIDIA Corporation GA100 [10de:20b5]',
  ])
    assert.equal(cleanLine(line), line);
});

test('a pattern: gaps of at most 200 characters, digits, alternatives', () => {
  const find = (text: string, within: string): boolean => {
    const anchor = anchorOf(text, 5);
    const squeezed = squeeze(within);
    const at = squeezed.indexOf(anchor);
    return at >= 0 && place(squeezed, pattern(text, anchor), at) !== null;
  };
  assert.ok(find('error mounting … lib<cuda|nvidia>', 'error mounting "/usr/lib/libnvidia-ml.so.1"'));
  assert.ok(!find('error mounting … lib<cuda|nvidia>', `error mounting ${'z'.repeat(201)} libcuda`));
  assert.ok(find('BAR# is #M @ 0x0', 'NVRM: BAR1 is 0M @ 0x0 (PCI'));
  assert.ok(!find('BAR# is #M @ 0x0', 'NVRM: BAR1 is M @ 0x0 (PCI'));
  assert.ok(find('NVRM: Xid … ): <79|80>,', 'NVRM: Xid (PCI:0000:65:00): 79, pid=1'));
  assert.throws(() => anchorOf('ab … cd', 5), /without a fixed run/);
});
