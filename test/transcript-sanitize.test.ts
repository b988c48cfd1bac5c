import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { excerpt, printable } from '../src/text/sanitize.ts';

const at = (code: number): string => String.fromCodePoint(code);

describe('printable', () => {
  const cases: readonly [string, string, string][] = [
    ['colours', '\u001b[1;31mred\u001b[0m and \u001b[38;2;1;2;3mmore', 'red and more'],
    ['8-bit colours', '\u009b31mred', 'red'],
    ['a window title', 'a\u001b]0;title\u0007b', 'ab'],
    ['a link', '\u001b]8;;https://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['an unfinished title does not swallow the next line', 'a\u001b]0;evil\nsecond', 'a\nsecond'],
    ['a device string', 'a\u001bPq#0\u001b\\b', 'ab'],
    ['a clear screen', '\u001b[2J\u001b[Hclean', 'clean'],
    ['an unfinished escape', 'a\u001b[', 'a'],
    ['a lone escape', 'a\u001b', 'a'],
    ['bells and nulls', 'a\u0007b\u0000c\u007fd', 'abcd'],
    ['DOS line ends', 'a\r\nb\r\r\nc', 'a\nb\nc'],
    ['progress', 'Pulling 10%\rPulling 100%\ndone', 'Pulling 100%\ndone'],
    ['progress that ends in a return', 'Pulling 100%\r\u0000\ndone', 'Pulling 100%\ndone'],
    ['turned text', `safe${at(0x202e)}txt.exe`, 'safe<U+202E>txt.exe'],
    ['hidden characters', `pass${at(0x200b)}wo${at(0xfeff)}rd${at(0x2060)}`, 'password'],
    ['tag characters', `a${at(0xe0041)}b`, 'ab'],
    ['a joiner between letters', `a${at(0x200d)}b`, 'ab'],
    ['tab, newline and other scripts', '\t한국어\n日本 é', '\t한국어\n日本 é'],
    ['half a pair', 'a\ud800b', 'a\ufffdb'],
  ];
  for (const [name, before, after] of cases)
    it(`handles ${name}`, () => {
      assert.equal(printable(before), after);
    });

  it('keeps pictures that are joined', () => {
    const family = [0x1f468, 0x200d, 0x1f469, 0x200d, 0x1f467].map(at).join('');
    assert.equal(printable(family), family);
    const warning = `${at(0x26a0)}${at(0xfe0f)}`;
    assert.equal(printable(warning), warning);
  });

  const wild = fc.array(
    fc.oneof(
      fc.constantFrom(
        '\u001b',
        '[',
        ']',
        '0;',
        '\u0007',
        '\u001b\\',
        '\r',
        '\n',
        '\u009b',
        '\u0090',
        '\u009c',
        'm',
        '\u200d',
        '\ufe0f',
        '\u202e',
        '\u200b',
        'a',
        'X',
        '⚠',
        '\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 30 },
  );
  it('leaves nothing that drives a terminal and settles in one pass', () => {
    fc.assert(
      fc.property(wild, parts => {
        const once = printable(parts.join(''));
        assert.doesNotMatch(
          once,
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]/,
        );
        assert.equal(printable(once), once);
      }),
      { numRuns: 3000, seed: 11 },
    );
  });

  it('is linear on a megabyte of escapes', { timeout: 60_000 }, () => {
    for (const shape of [
      '\u001b',
      '\u001b[',
      '\u001b]',
      '\u001b[1',
      '\u009d',
      '\r',
      '\u200d',
      '\u202e',
      '⚠\u200d',
      '\u001b]a\n',
      '\u001b(',
    ])
      assert.equal(typeof printable(shape.repeat(Math.ceil(1_000_000 / shape.length))), 'string');
  });
});

describe('excerpt', () => {
  it('cuts lines and columns and says so', () => {
    assert.equal(excerpt('one\ntwo\nthree\n', 2, 80), 'one\ntwo\n… 1 more line');
    assert.equal(excerpt('abcdefghij\nk', 5, 6), 'abcde…\nk');
    assert.equal(excerpt('\u001b[31mred\n', 5, 6), 'red');
  });
});
