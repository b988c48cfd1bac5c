/** The five golden sessions in every form; one look at each golden file tells what the form is good for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import xterm from '@xterm/headless';
import { parse } from 'yaml';
import { transcriptCast } from '../src/cli/cast.ts';
import { transcriptAnsible } from '../src/transcript/ansible.ts';
import type { Event } from '../src/transcript/event.ts';
import { transcriptIssue } from '../src/transcript/issue.ts';
import { transcriptJson } from '../src/transcript/json.ts';
import { transcriptJunit } from '../src/transcript/junit.ts';
import { replay, transcriptLog } from '../src/transcript/log.ts';
import { redactor } from '../src/transcript/redact.ts';
import { reviewOf, takeOutOf } from '../src/transcript/review.ts';
import { transcriptShell } from '../src/transcript/shell.ts';
import { events as cannotTell } from './fixtures/events/cannot-tell.ts';
import type { Timed } from './fixtures/events/common.ts';
import { events as declined } from './fixtures/events/declined.ts';
import { events as fixed } from './fixtures/events/fixed.ts';
import { events as rolledBack } from './fixtures/events/rolled-back.ts';
import { events as undone } from './fixtures/events/undone.ts';

const START = Date.UTC(2026, 10, 22, 9, 0, 0);
/** What is read back from the file of a session, as `gpumedic transcript` does. */
const logged = (timed: readonly Timed[]): readonly Event[] => {
  let now = START;
  const lines: string[] = [];
  const log = transcriptLog(redactor({ hostname: 'gpu-07', users: ['alice'] }), () => now, {
    sink: l => lines.push(l),
  });
  for (const [at, event] of timed) {
    now = START + at;
    log.append(event);
  }
  return replay(lines).events;
};

const sessions = { fixed, declined, 'rolled-back': rolledBack, undone, 'cannot-tell': cannotTell };
const forms: Readonly<Record<string, (events: readonly Event[]) => string>> = {
  json: events => transcriptJson(events),
  sh: transcriptShell,
  'ansible.yml': transcriptAnsible,
  'junit.xml': transcriptJunit,
  cast: events => transcriptCast(events, '0.1.0'),
  'issue.md': transcriptIssue,
};

/** UPDATE_GOLDEN=1 writes the files anew; read the change before keeping it. */
const compare = (name: string, text: string): void => {
  const file = new URL(`./golden/transcript-${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
};

const work = mkdtempSync(join(tmpdir(), 'gpumedic-forms-'));
after(() => rmSync(work, { recursive: true, force: true }));

describe('golden transcripts', () => {
  for (const [session, timed] of Object.entries(sessions))
    for (const [form, render] of Object.entries(forms).filter(([form]) => `${session}.${form}` !== 'fixed.json'))
      it(`${session}: ${form}`, () => {
        const text = render(logged(timed));
        compare(`${session}.${form}`, text);
        for (const word of ['gpu-07', 'alice', 'acme', 'tulip', '8d1f6a52']) assert.ok(!text.includes(word), word);
      });

  it('every form reads a log that breaks off anywhere', () => {
    for (const timed of Object.values(sessions))
      for (let n = 0; n <= timed.length; n++)
        for (const render of Object.values(forms)) assert.ok(render(logged(timed.slice(0, n))).endsWith('\n'));
  });
});

describe('cast', () => {
  const shownAtEnd = async (text: string): Promise<string> => {
    const [head, ...events] = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as never);
    const { version, width, height } = head as unknown as { version: number; width: number; height: number };
    assert.deepEqual([version, width, height], [2, 80, 24]);
    const term = new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true, scrollback: 500 });
    let last = 0;
    for (const [time, kind, data] of events as unknown as [number, string, string][]) {
      assert.equal(kind, 'o');
      assert.ok(time >= last && time - last <= 2);
      last = time;
      await new Promise<void>(resolve => term.write(data, resolve));
    }
    const { active } = term.buffer;
    return Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '').join('\n');
  };

  it('played in a terminal it ends with what the wizard leaves behind', async () => {
    const screen = await shownAtEnd(transcriptCast(logged(fixed), '0.1.0'));
    assert.match(screen, /✖ Toolkit +config\.toml names/);
    assert.match(screen, /✔ Fixed and proven/);
    assert.match(screen, /Undo +gpumedic undo 2026-11-22-1/);
    assert.doesNotMatch(screen, /Apply\? {2}y yes/, 'the question is gone when it was answered');
  });

  it('shows the proposal with its diff on the way', () => {
    assert.match(transcriptCast(logged(fixed), '0.1.0'), /\+ldconfig = .*@\/sbin\/ldconfig/);
  });
});

describe('ansible', () => {
  const ansible = spawnSync('sh', ['-c', 'command -v ansible-playbook']).status === 0;
  const skip = ansible || process.env.CI === 'true' ? false : 'ansible-playbook is not installed';

  it('is a play whose tasks all name a module in full', () => {
    const tag = { tag: '!unsafe', resolve: (text: string) => text };
    const [play] = parse(transcriptAnsible(logged(fixed)), { customTags: [tag] }) as [
      { tasks: Record<string, unknown>[] },
    ];
    const flat = play.tasks.flatMap(task =>
      Array.isArray(task.block) ? (task.block as Record<string, unknown>[]) : [task],
    );
    assert.ok(flat.length >= 5);
    for (const task of flat) {
      assert.match(String(task.name), /^[A-Z]/);
      assert.equal(Object.keys(task).filter(key => key.startsWith('ansible.builtin.')).length, 1, JSON.stringify(task));
    }
  });

  it('passes the syntax check', { skip }, () => {
    const file = join(work, 'fixed.yml');
    writeFileSync(file, transcriptAnsible(logged(fixed)));
    const { status, stderr } = spawnSync('ansible-playbook', ['--syntax-check', file], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});

describe('bug report', () => {
  it('has the fields of the form, filled from what was seen', () => {
    const text = transcriptIssue(logged(fixed));
    for (const line of [
      '`nvidia-container-toolkit` version: `1.17.8`',
      'NVIDIA Driver Version: `580.126.09`',
      'Host OS: `Ubuntu 22.04.4 LTS`',
      'Kernel Version: `5.15.0-105-generic`',
      'Container Runtime Version: `Docker 26.1.5, Podman 5.4.2`',
      'CPU Architecture: `x86_64`',
      'GPU Model(s): `NVIDIA GeForce RTX 4070 Ti SUPER`',
    ])
      assert.ok(text.includes(` - ${line}\n`), line);
    assert.doesNotMatch(text, /github\.com/);
  });

  it('says what it does not know instead of leaving a blank', () => {
    assert.match(
      transcriptIssue(logged(undone).slice(0, 1)),
      /CPU Architecture: not known: this session did not find it out/,
    );
  });
});

describe('review', () => {
  it('names what was removed, what was replaced by which stand-in, and where it goes', () => {
    const redact = redactor({ hostname: 'gpu-07', users: ['alice'] });
    const text = redact.text(`alice@gpu-07 ran it with API_TOKEN=${['abc', '123', 'xyz789'].join('')}`);
    const review = reviewOf({ to: 'x.json.gz', holds: ['1 file'], text, standIns: redact.standIns() }).join('\n');
    assert.match(review, /To be shared: x\.json\.gz\./);
    assert.match(review, /Removed: token\./);
    assert.match(review, /alice is now user-1/);
    assert.match(review, /gpu-07 is now host-1/);
  });

  it('what the person takes out is gone from every form', () => {
    const events = takeOutOf(logged(fixed), ['RTX 4070', 'Toolkit']);
    for (const [form, render] of Object.entries(forms)) assert.doesNotMatch(render(events), /RTX 4070|Toolkit"/, form);
    assert.match(forms.json!(events), /\[removed: by hand\]/);
    const short = takeOutOf(logged(fixed), ['ran', 'edit', 'path']);
    assert.equal(short.length, logged(fixed).length);
    assert.deepEqual(
      short.map(e => e.type),
      logged(fixed).map(e => e.type),
      'the shape of the log is not words',
    );
  });
});

describe('the schema of the JSON form', () => {
  interface Schema {
    readonly $ref?: string;
    readonly type?: string | readonly string[];
    readonly const?: unknown;
    readonly enum?: readonly unknown[];
    readonly required?: readonly string[];
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly additionalProperties?: boolean;
    readonly items?: Schema;
    readonly $defs?: Readonly<Record<string, Schema>>;
  }
  const schema = JSON.parse(readFileSync(new URL('../docs/transcript.schema.json', import.meta.url), 'utf8')) as Schema;
  const kind = (v: unknown): readonly string[] =>
    v === null ? ['null'] : Array.isArray(v) ? ['array'] : Number.isInteger(v) ? ['integer', 'number'] : [typeof v];
  /** The part of JSON Schema that the file uses. */
  const faults = (value: unknown, s: Schema, at = '$'): readonly string[] => {
    if (s.$ref !== undefined) return faults(value, schema.$defs![s.$ref.split('/').at(-1)!]!, at);
    if (s.const !== undefined && value !== s.const) return [`${at} is not ${s.const}`];
    if (s.enum !== undefined && !s.enum.includes(value)) return [`${at}: ${String(value)} is none of ${s.enum}`];
    const types = s.type === undefined ? null : [s.type].flat();
    if (types !== null && !kind(value).some(k => types.includes(k))) return [`${at} is ${kind(value)}, not ${types}`];
    if (Array.isArray(value)) return value.flatMap((item, i) => (s.items ? faults(item, s.items, `${at}[${i}]`) : []));
    if (typeof value !== 'object' || value === null) return [];
    return [
      ...(s.required ?? []).filter(key => !(key in value)).map(key => `${at}.${key} is missing`),
      ...Object.entries(value).flatMap(([key, item]) => {
        const part = s.properties?.[key];
        if (part === undefined) return s.additionalProperties === false ? [`${at}.${key} is unknown`] : [];
        return faults(item, part, `${at}.${key}`);
      }),
    ];
  };

  it('fits every session, whole and broken off', () => {
    for (const timed of Object.values(sessions))
      for (let n = 0; n <= timed.length; n++)
        assert.deepEqual(faults(JSON.parse(transcriptJson(logged(timed.slice(0, n)))), schema), []);
  });

  it('would not fit anything', () => {
    const good = JSON.parse(transcriptJson(logged(fixed))) as Record<string, unknown>;
    assert.notDeepEqual(faults({ ...good, outcome: 'perfect' }, schema), []);
    assert.notDeepEqual(faults({ ...good, more: 1 }, schema), []);
    assert.notDeepEqual(faults({ ...good, commands: [{}] }, schema), []);
  });
});
