import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../src/transcript/event.ts';
import { type NewEvent, replay, transcriptLog, trimmed } from '../src/transcript/log.ts';
import { markdownHead, transcriptMarkdown } from '../src/transcript/markdown.ts';
import { cell, code, fence, html, inline } from '../src/transcript/markdown-text.ts';
import { redactor } from '../src/transcript/redact.ts';
import { daemonPlan, machine } from './fixtures/events/common.ts';
import { events as fixed } from './fixtures/events/fixed.ts';

const hidden = ['tulip', 'field', 'nine'].join('-');
const NAME = ['PASS', 'WORD'].join('');

describe('event log', () => {
  it('puts the time to an event and keeps the order', () => {
    let now = 5;
    const log = transcriptLog(redactor(), () => now++);
    for (const [, event] of fixed) log.append(event);
    assert.deepEqual(
      log.events().map(e => e.type),
      fixed.map(([, e]) => e.type),
    );
    assert.deepEqual(
      log.events().map(e => e.at),
      fixed.map((_, i) => i + 5),
    );
  });

  it('hides secrets and escapes in every place an event has', () => {
    const bad = `\u001b[31m${NAME}=${hidden}\u001b[0m`;
    const ran = {
      argv: ['env', bad] as const,
      result: { kind: 'exited' as const, code: 0, stdout: bad, stderr: bad },
      tookMs: 1,
    };
    const all: readonly NewEvent[] = [
      { type: 'began', session: 's', version: '1', box: bad, command: bad },
      { type: 'ran', ...ran },
      { type: 'looked', path: `/home/carla/${bad}`, what: 'read', kind: bad },
      {
        type: 'judged',
        flow: 'f',
        node: 'n',
        title: bad,
        verdict: 'v',
        found: bad,
        seen: [{ from: bad, shows: bad }],
        missing: [{ probe: bad, because: 'denied' }],
      },
      {
        type: 'proposed',
        plan: {
          ...daemonPlan,
          steps: [
            { do: 'edit', path: bad, before: bad, after: bad, root: true, why: bad },
            { do: 'run', command: { argv: ['x', `--password`, hidden], stdin: bad }, undo: { nothing: bad }, why: bad },
          ],
        },
      },
      { type: 'refused', fix: 'f', because: bad },
      { type: 'answered', question: bad, answer: bad },
      { type: 'stepped', direction: 'apply', what: bad, ok: false, detail: bad, command: { argv: ['x', bad] } },
      { type: 'verified', finding: 'f', ok: true, by: bad },
      { type: 'proved', argv: ['x', '--token', hidden], ok: null, shows: bad },
      { type: 'ways', ways: [{ way: 'w', works: null, cause: null, why: bad }] },
      { type: 'ended', outcome: 'failed', exitCode: 1, undo: bad },
    ];
    const lines: string[] = [];
    const log = transcriptLog(redactor(), () => 1, { sink: line => lines.push(line) });
    for (const event of all) {
      log.append(event);
      assert.ok(!lines.at(-1)!.includes(hidden), `${event.type}: ${lines.at(-1)}`);
      assert.ok(!lines.at(-1)!.includes('\\u001b') && !lines.at(-1)!.includes('[31m'), event.type);
      assert.ok(!lines.at(-1)!.includes('carla'), event.type);
    }
    assert.equal(lines.length, all.length);
  });

  it('redacts before it trims, so that no half of a key is left', () => {
    const log = transcriptLog(redactor(), () => 1, { keepLines: 2 });
    const rows = Array.from({ length: 30 }, (_, i) => `row${i}Ab3`);
    const key = [['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' '), ...rows].join('\n');
    const entry = log.append({
      type: 'ran',
      argv: ['cat', 'x'],
      result: { kind: 'exited', code: 0, stdout: key, stderr: '' },
      tookMs: 1,
    });
    assert.ok(!JSON.stringify(entry).includes('row'));
  });

  it('learns the host name from the answers of the machine', () => {
    const log = transcriptLog(redactor(), () => 1);
    log.append({
      type: 'ran',
      argv: ['hostname'],
      result: { kind: 'exited', code: 0, stdout: 'node17\n', stderr: '' },
      tookMs: 1,
    });
    log.append({ type: 'machine', machine: { ...machine, host: 'other9' } });
    log.append({ type: 'answered', question: 'on node17 or other9?', answer: 'n' });
    assert.ok(!/node17|other9/.test(JSON.stringify(log.events())));
    assert.match(JSON.stringify(log.events()), /on host-1 or host-2/);
  });

  it('keeps head and tail of an output and counts the rest', () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const short = trimmed(text, 3, 1000).split('\n');
    assert.deepEqual(short, [
      'line 0',
      'line 1',
      'line 2',
      '[... 94 lines left out ...]',
      'line 97',
      'line 98',
      'line 99',
    ]);
    assert.match(trimmed('x'.repeat(5000), 3, 1000), /\[\.\.\. 4000 characters left out \.\.\.\]/);
    assert.equal(trimmed('a\nb', 3, 1000), 'a\nb');
  });

  it('reads back what it wrote, and names lines that hold nothing', () => {
    const lines: string[] = [];
    const log = transcriptLog(redactor(), () => 7, { sink: line => lines.push(line) });
    for (const [, event] of fixed) log.append(event);
    assert.deepEqual(replay(lines).events, JSON.parse(JSON.stringify(log.events())) as Event[]);
    assert.deepEqual(replay([...lines, '', '{"at":1,"ty']).unreadable, [lines.length + 2]);
    assert.deepEqual(replay(['null', '3', '{}']).unreadable, [1, 2, 3]);
    assert.ok(lines.every(line => !line.includes('\n')));
  });
});

describe('Markdown from foreign text', () => {
  const nasty = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '`',
          '```',
          '````',
          '~~~',
          '\n',
          '</details>',
          '<script>',
          '|',
          '@all',
          '#12',
          '[a](b)',
          '![x](http://y)',
          '\u001b[31m',
          '- ',
          '1. ',
          '*',
          '\\',
          '&lt;',
        ),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 12 },
    )
    .map(p => p.join(''));

  it('cannot end a fence, a code span, a cell or a summary', () => {
    fc.assert(
      fc.property(nasty, text => {
        const block = fence(text).split('\n');
        const ticks = /^`+/.exec(block[0]!)![0];
        assert.ok(block.slice(1, -1).every(line => !line.includes(ticks)));
        assert.equal(block.at(-1), ticks);
        const span = code(text);
        const open = /^`*/.exec(span)![0];
        assert.ok(span === '' || !span.slice(open.length, -open.length).split(/[^`]+/).includes(open));
        assert.ok(!/\n/.test(span) && !/(?<!\\)\|/.test(cell(text)));
        assert.ok(!/[<>\n`]/.test(html(text)));
        const plain = inline(text);
        assert.ok(
          !/[<>@\n]/.test(plain) &&
            !/(?<!\\)(?:\\\\)*[`*_|[\]]/.test(plain.replace(/\\\\/g, '').replace(/\\[`*_|[\]~#/+=-]/g, '')),
          plain,
        );
      }),
      { numRuns: 3000, seed: 5 },
    );
  });

  it('keeps the head below 6 kB whatever a session holds', () => {
    const long = '한국어 words and `ticks` '.repeat(200);
    const many: NewEvent[] = [
      { type: 'began', session: long, version: long, box: long, command: long },
      { type: 'machine', machine: { ...machine, os: long, host: long, driver: long } },
    ];
    for (let i = 0; i < 40; i++) {
      many.push({
        type: 'judged',
        flow: 'f',
        node: `n${i}`,
        title: long,
        verdict: 'v',
        found: long,
        seen: Array(9).fill({ from: long, shows: long }),
        finding: { id: `id-${i}-${long}`, severity: 'fault', title: long },
        missing: [{ probe: long + i, because: 'denied' }],
      });
      many.push({
        type: 'proposed',
        plan: {
          ...daemonPlan,
          fix: `f${i}`,
          title: long,
          afterwards: [long, long],
          steps: [
            { do: 'edit', path: `/etc/${long}`, before: `${long}\n`.repeat(30), after: '', root: true, why: long },
          ],
        },
      });
      many.push({ type: 'stepped', direction: 'apply', what: long, ok: i % 2 === 0, detail: long });
      many.push({ type: 'proved', argv: [long, long], ok: true, shows: long });
    }
    many.push(
      { type: 'ways', ways: Array(9).fill({ way: long, works: false, cause: long, why: long }) },
      { type: 'ended', outcome: 'failed', exitCode: 1, undo: long },
    );
    const events = many.map((event, i) => ({ ...event, at: i }) as Event);
    for (let n = 0; n <= events.length; n += 40)
      assert.ok(Buffer.byteLength(markdownHead(events.slice(0, n))) < 6000, `${n} events`);
    assert.ok(Buffer.byteLength(markdownHead(events)) < 6000);
    const text = transcriptMarkdown(events);
    assert.equal(text.split('<details>').length, text.split('</details>').length);
  });

  it('says so when putting back failed as well', () => {
    const events: readonly Event[] = [
      { at: 0, type: 'proposed', plan: daemonPlan },
      { at: 1, type: 'stepped', direction: 'apply', what: 'edit', ok: true },
      { at: 2, type: 'stepped', direction: 'apply', what: 'restart', ok: false },
      { at: 3, type: 'stepped', direction: 'undo', what: 'edit', ok: false },
      { at: 4, type: 'ended', outcome: 'failed', exitCode: 1 },
    ];
    assert.match(markdownHead(events), /Not everything it changed was put back/);
    assert.match(markdownHead([...events.slice(0, 3), events[4]!]), /Not everything it changed was put back/);
  });
});
