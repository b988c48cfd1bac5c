import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commands, everywhere, later, laterFormats } from '../src/cli/commands.ts';
import { UsageError } from '../src/cli/errors.ts';
import { distance, nearest } from '../src/cli/nearest.ts';
import { mapColour, terminalOf } from '../src/cli/terminal.ts';
import { parseWords } from '../src/cli/words.ts';

const refusal = (...words: string[]): string => {
  try {
    parseWords(words);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.hint === null ? error.message : `${error.message}; ${error.hint}`;
  }
  assert.fail(`accepted: ${words.join(' ')}`);
};

test('no word at all is the wizard', () => {
  assert.deepEqual(parseWords([]), { command: 'wizard', rest: [], options: {} });
  assert.deepEqual(parseWords(['--demo', 'spec-stale']).command, 'wizard');
});

test('every command of the contract is a word, and every option that goes anywhere goes with each', () => {
  const words = ['check', 'fix', 'history', 'undo', 'transcript', 'snapshot', 'flows'];
  for (const word of words) {
    assert.equal(parseWords([word]).command, word);
    assert.deepEqual(
      parseWords([word, '--box', 'x.json', '--json', '--plain', '--read-only', '--ascii', '--no-color']).options,
      {
        box: 'x.json',
        json: true,
        plain: true,
        'read-only': true,
        ascii: true,
        'no-color': true,
      },
    );
  }
  assert.deepEqual(parseWords(['--box=x', 'check']), parseWords(['check', '--box', 'x']));
});

test('the options of the contract', () => {
  assert.equal(parseWords(['check', '--format', 'junit', '--load-modules']).options.format, 'junit');
  assert.deepEqual(parseWords(['fix', 'cdi-spec-stale', 'other', '--yes', '--dry-run']).rest, [
    'cdi-spec-stale',
    'other',
  ]);
  assert.equal(parseWords(['snapshot', '-o', 'x.gz']).options.output, 'x.gz');
  assert.equal(parseWords(['flows', 'cdi', '--format', 'mermaid']).options.format, 'mermaid');
  assert.equal(parseWords(['transcript', '--format', 'md']).options.format, 'md');
});

test('a misspelt word is refused with the nearest one', () => {
  assert.equal(refusal('chekc'), 'unknown command “chekc”; did you mean “gpumedic check”?');
  assert.equal(refusal('check', '--jsn'), 'unknown option “--jsn”; did you mean “--json”?');
  assert.equal(
    refusal('check', '--format', 'jsn'),
    '--format jsn: not one of text, json, md, junit; did you mean “json”?',
  );
  assert.match(refusal('xyzzyx'), /unknown command “xyzzyx”; gpumedic --help/);
  assert.match(refusal('check', '-q'), /unknown option “-q”/);
});

test('an option of another command is refused by naming its own', () => {
  assert.equal(refusal('check', '--yes'), '--yes does not go with “check”; it goes with “fix”');
  assert.match(refusal('--dry-run'), /does not go with “gpumedic”/);
});

test('values: missing, swallowed, superfluous, contradicting', () => {
  assert.match(refusal('check', '--box'), /--box needs a value: --box FILE/);
  assert.match(refusal('check', '--box', '--json'), /--box needs a value/);
  assert.match(refusal('check', '--box='), /--box needs a value/);
  assert.match(refusal('check', '--json=yes'), /takes no value/);
  assert.match(refusal('check', '--json', '--format', 'md'), /contradict/);
  assert.match(refusal('check', '--box', 'a', '--demo', 'b'), /two different machines/);
  assert.match(refusal('check', 'now'), /“now” is one word too many/);
  assert.match(refusal('undo', 'one', 'two'), /“two” is one word too many; usage: gpumedic undo \[SESSION\]/);
});

test('commands and formats of later versions say so', () => {
  for (const word of Object.keys(later)) assert.match(refusal(word, 'x'), /not part of this version yet/);
  for (const [command, formats] of Object.entries(laterFormats)) {
    for (const format of formats) assert.match(refusal(command, '--format', format), /not part of this version yet/);
  }
});

test('help and version win over everything else that is spelt right', () => {
  assert.equal(parseWords(['undo', 'a', 'b', '--help']).options.help, true);
  assert.equal(parseWords(['help', 'check']).options.help, true);
  assert.equal(parseWords(['help', 'check']).command, 'check');
  assert.equal(parseWords(['-V']).options.version, true);
});

test('any words whatever are either understood or refused as usage', () => {
  const word = fc.oneof(
    fc.constantFrom(
      ...Object.keys(commands),
      ...Object.keys(everywhere).map(o => `--${o}`),
      '--',
      '-',
      '',
      '--=',
      '-o',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), words => {
      try {
        const { command } = parseWords(words);
        return Object.hasOwn(commands, command);
      } catch (error) {
        return error instanceof UsageError;
      }
    }),
    { numRuns: 500 },
  );
});

test('nearest: symmetric distance, no hint for what is far away', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => distance(a, b) === distance(b, a)),
  );
  assert.equal(distance('check', 'chekc'), 1);
  assert.equal(nearest('hist', ['history', 'undo']), 'history');
  assert.equal(nearest('zzzzzzz', ['history', 'undo']), null);
});

const tty = { isTTY: true, columns: 100 };
const pipe = {};

test('Ink only where both ends are a terminal and nobody asked for plain lines', () => {
  const ink = (env: Record<string, string>, stdin: object, stdout: object, flags = {}): boolean =>
    terminalOf(env, flags, { stdin, stdout }).ink;
  assert.equal(ink({}, tty, tty), true);
  assert.equal(ink({ CI: 'true' }, tty, tty), true);
  assert.equal(ink({}, pipe, tty), false);
  assert.equal(ink({}, tty, pipe), false);
  assert.equal(ink({ TERM: 'dumb' }, tty, tty), false);
  assert.equal(ink({ GPUMEDIC_PLAIN: '1' }, tty, tty), false);
  assert.equal(ink({}, tty, tty, { plain: true }), false);
});

test('colour: NO_COLOR, --no-color and TERM=dumb before FORCE_COLOR, that before the terminal', () => {
  const colour = (env: Record<string, string | undefined>, words: string[], stdout: object): boolean => {
    mapColour(env, words);
    return terminalOf(env, {}, { stdin: tty, stdout }).colour;
  };
  assert.equal(colour({}, [], tty), true);
  assert.equal(colour({}, [], pipe), false);
  assert.equal(colour({ FORCE_COLOR: '1' }, [], pipe), true);
  assert.equal(colour({ FORCE_COLOR: '0' }, [], tty), false);
  assert.equal(colour({ NO_COLOR: '1' }, [], tty), false);
  assert.equal(colour({ NO_COLOR: '' }, [], tty), true);
  assert.equal(colour({ NO_COLOR: '1', FORCE_COLOR: '1' }, [], tty), false);
  assert.equal(colour({ FORCE_COLOR: '1' }, ['check', '--no-color'], tty), false);
  assert.equal(colour({ TERM: 'dumb' }, [], tty), false);
  const env: Record<string, string | undefined> = { NO_COLOR: '1' };
  mapColour(env, []);
  assert.deepEqual(env, { FORCE_COLOR: '0' });
});

test('signs become ASCII when asked for, or where the locale cannot show them', () => {
  const ascii = (env: Record<string, string>, flags = {}): boolean =>
    terminalOf(env, flags, { stdin: tty, stdout: tty }).ascii;
  assert.equal(ascii({}), false);
  assert.equal(ascii({ LANG: 'en_US.UTF-8' }), false);
  assert.equal(ascii({ LANG: 'ko_KR.utf8' }), false);
  assert.equal(ascii({ LC_ALL: 'C' }), true);
  assert.equal(ascii({ LC_ALL: 'C.UTF-8', LANG: 'C' }), false);
  assert.equal(ascii({ LANG: 'de_DE.ISO-8859-1' }), true);
  assert.equal(ascii({}, { ascii: true }), true);
});

test('width: the terminal’s, and 80 where there is none', () => {
  assert.equal(terminalOf({}, {}, { stdin: tty, stdout: tty }).columns, 100);
  assert.equal(terminalOf({}, {}, { stdin: tty, stdout: pipe }).columns, 80);
  assert.equal(terminalOf({}, {}, { stdin: tty, stdout: { isTTY: true, columns: 0 } }).columns, 80);
});
