import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { transcriptDocument, transcriptJson } from '../src/transcript/json.ts';
import { transcriptLog } from '../src/transcript/log.ts';
import { markdownHead, transcriptMarkdown } from '../src/transcript/markdown.ts';
import { redactor } from '../src/transcript/redact.ts';
import { events as cannotTell } from './fixtures/events/cannot-tell.ts';
import type { Timed } from './fixtures/events/common.ts';
import { events as declined } from './fixtures/events/declined.ts';
import { events as fixed } from './fixtures/events/fixed.ts';
import { events as rolledBack } from './fixtures/events/rolled-back.ts';
import { events as undone } from './fixtures/events/undone.ts';

const START = Date.UTC(2026, 10, 22, 9, 0, 0);
const logged = (timed: readonly Timed[]) => {
  let now = START;
  const redact = redactor({ hostname: 'gpu-07', users: ['alice'] });
  const log = transcriptLog(redact, () => now);
  for (const [at, event] of timed) {
    now = START + at;
    log.append(event);
  }
  return { events: log.events(), account: redact.account() };
};

/** UPDATE_GOLDEN=1 writes the files anew; read the change before keeping it. */
const compare = (name: string, text: string): void => {
  const file = new URL(`./golden/transcript-${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
};

const sessions = { fixed, declined, 'rolled-back': rolledBack, undone, 'cannot-tell': cannotTell };

describe('transcript of a session', () => {
  for (const [name, timed] of Object.entries(sessions)) {
    const { events, account } = logged(timed);
    it(`${name}: Markdown`, () => {
      compare(`${name}.md`, transcriptMarkdown(events));
      assert.ok(Buffer.byteLength(markdownHead(events)) < 6000);
      assert.ok(transcriptMarkdown(events).startsWith(markdownHead(events)));
    });
    it(`${name}: names nobody and gives nothing away`, () => {
      for (const text of [transcriptMarkdown(events), transcriptJson(events, account)])
        for (const word of ['gpu-07', 'alice', 'acme', 'tulip', '8d1f6a52', '\u001b'])
          assert.ok(!text.includes(word), word);
    });
  }

  it('fixed: JSON', () => {
    const { events, account } = logged(fixed);
    compare('fixed.json', transcriptJson(events, account));
  });

  it('says what became of each change', () => {
    const status = (timed: readonly Timed[]) => transcriptDocument(logged(timed).events).changes.map(c => c.status);
    assert.deepEqual(status(fixed), ['applied']);
    assert.deepEqual(status(declined), ['declined']);
    assert.deepEqual(status(rolledBack), ['dropped']);
    assert.deepEqual(status(undone), []);
    assert.equal(transcriptDocument(logged(undone).events).putBack.length, 1);
  });

  it('reads a log that breaks off anywhere', () => {
    for (const timed of Object.values(sessions))
      for (let n = 0; n <= timed.length; n++) {
        const { events } = logged(timed.slice(0, n));
        assert.ok(transcriptMarkdown(events).startsWith('# '));
        assert.equal(transcriptDocument(events).schema, 'gpumedic.transcript/1');
      }
  });
});
