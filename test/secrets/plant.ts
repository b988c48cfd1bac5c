/** Plants every kind in every place that a session or a recording can carry text in, and looks for it in what is shared. */
import { transcriptCast } from '../../src/cli/cast.ts';
import { redactSnapshot } from '../../src/snapshot/redact.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { transcriptAnsible } from '../../src/transcript/ansible.ts';
import type { Event } from '../../src/transcript/event.ts';
import { transcriptIssue } from '../../src/transcript/issue.ts';
import { transcriptJson } from '../../src/transcript/json.ts';
import { transcriptJunit } from '../../src/transcript/junit.ts';
import { type NewEvent, transcriptLog } from '../../src/transcript/log.ts';
import { transcriptMarkdown } from '../../src/transcript/markdown.ts';
import { redactor } from '../../src/transcript/redact.ts';
import { transcriptShell } from '../../src/transcript/shell.ts';
import { KEEP } from '../fixtures/keep.ts';
import { KNOWN, kinds, type Plant } from './kinds.ts';

const ran = (argv: readonly string[], stdout: string, stderr = ''): NewEvent => ({
  type: 'ran',
  argv,
  result: { kind: 'exited', code: 0, stdout, stderr },
  tookMs: 1,
});
const applied = (before: string | null, after: string): readonly NewEvent[] => [
  {
    type: 'proposed',
    plan: {
      fix: 'f',
      finding: 'x',
      title: 'T',
      summary: 'S',
      privilege: 2,
      effect: ['E1'],
      touches: ['/etc/x'],
      validate: [],
      settle: [],
      interrupts: null,
      afterwards: [],
      steps: [{ do: 'edit', path: '/etc/x', before, after, root: true, why: 'w' }],
    },
  },
  { type: 'answered', question: 'Apply?', answer: 'y' },
  { type: 'stepped', direction: 'apply', what: 'edit /etc/x', ok: true },
  { type: 'verified', finding: 'x', ok: true, by: 'report' },
];

/** Places in a session; the first four are those of the contract of this test. */
const places: Readonly<Record<string, (p: Plant) => readonly NewEvent[]>> = {
  'argument vector': p => [ran(p.argv, '')],
  environment: p => [ran(['docker', 'inspect', 'x'], `PATH=/usr/bin\n${p.text}\nHOME=/root\n`)],
  'file, a line that changes': p => applied('mode = "cdi"\n', `mode = "auto"\n${p.text}\n`),
  'log line': p => [
    ran(['journalctl', '-u', 'docker'], '', `Nov 22 04:54:28 box dockerd[12]: level=info msg="${p.text}"\n`),
  ],
  'file, a line that stays': p => applied(`${p.text}\nmode = "cdi"\n`, `${p.text}\nmode = "auto"\n`),
  evidence: p => [
    {
      type: 'judged',
      flow: 'x',
      node: 'n',
      title: 'N',
      verdict: 'broken',
      found: p.text,
      seen: [{ from: '/etc/x', shows: p.text }],
      finding: { id: 'x', severity: 'fault', title: 'X' },
    },
  ],
  'step that failed': p => [
    ...applied('a\n', 'b\n').slice(0, 2),
    { type: 'stepped', direction: 'apply', what: 'edit /etc/x', ok: false, detail: p.text },
  ],
  'command of a fix': p => [
    {
      type: 'proposed',
      plan: {
        fix: 'f',
        finding: 'x',
        title: 'T',
        summary: p.text,
        privilege: 3,
        effect: ['RD'],
        touches: [],
        validate: [],
        interrupts: null,
        afterwards: [p.text],
        steps: [{ do: 'run', command: { argv: p.argv as [string, ...string[]] }, undo: { nothing: 'n' }, why: p.text }],
        settle: [{ argv: p.argv as [string, ...string[]] }],
      },
    },
    { type: 'answered', question: 'Apply?', answer: 'y' },
    {
      type: 'stepped',
      direction: 'apply',
      what: p.argv.join(' '),
      ok: true,
      command: { argv: p.argv as [string, ...string[]] },
    },
  ],
  proof: p => [{ type: 'proved', argv: p.argv, ok: false, shows: p.text }],
  'what was typed': p => [{ type: 'began', session: '', version: '0', box: p.text, command: p.text }],
  answer: p => [{ type: 'answered', question: p.text, answer: p.text }],
  ways: p => [{ type: 'ways', ways: [{ way: 'docker-gpus', works: false, cause: null, why: p.text }] }],
};

const forms: Readonly<Record<string, (events: readonly Event[]) => string>> = {
  log: events => events.map(event => JSON.stringify(event)).join('\n'),
  md: transcriptMarkdown,
  json: events => transcriptJson(events),
  sh: transcriptShell,
  ansible: transcriptAnsible,
  junit: transcriptJunit,
  cast: events => transcriptCast(events, '0'),
  issue: transcriptIssue,
};

const recordings: Readonly<Record<string, (p: Plant) => Partial<Snapshot>>> = {
  'argument vector': p => ({
    commands: [{ argv: p.argv as [string, ...string[]], code: 0, stdout: '', stderr: '', ms: 1 }],
  }),
  environment: p => ({ files: { '/proc/self/environ': `PATH=/usr/bin\0${p.text}\0HOME=/root\0` } }),
  file: p => ({ files: { '/etc/docker/daemon.json': `# x\n${p.text}\n` } }),
  'log line': p => ({
    commands: [{ argv: ['journalctl', '-k'], code: 0, stdout: `[ 1.0] x: ${p.text}\n`, stderr: `${p.text}\n`, ms: 1 }],
  }),
  'target of a link': p => ({
    stats: { '/etc/x': { type: 'link', mode: '0o777', uid: 0, gid: 0, size: 1, mtime: 0, target: p.text } },
  }),
  description: p => ({ description: p.text }),
};

export interface Leak {
  readonly kind: string;
  readonly place: string;
  readonly form: string;
  readonly shows: string;
}
export interface Figures {
  readonly kinds: number;
  readonly places: number;
  readonly forms: number;
  readonly searched: number;
  readonly leaks: readonly Leak[];
  readonly kept: number;
  readonly damaged: readonly string[];
}

/** Whether a secret, or a stretch of it long enough to be of use, is in the text. */
const shows = (text: string, hidden: string): boolean => {
  if (text.includes(hidden)) return true;
  for (let at = 0; at + 16 <= hidden.length; at += 4) if (text.includes(hidden.slice(at, at + 16))) return true;
  return false;
};

const session = (events: readonly NewEvent[]): readonly Event[] => {
  const log = transcriptLog(redactor(KNOWN), () => 0);
  if (events[0]?.type !== 'began')
    log.append({ type: 'began', session: 's', version: '0', box: 'b', command: 'gpumedic' });
  for (const event of events) log.append(event);
  log.append({ type: 'ended', outcome: 'fixed', exitCode: 0 });
  return log.events();
};

export const figures = (): Figures => {
  const leaks: Leak[] = [];
  let searched = 0;
  const search = (kind: string, place: string, form: string, text: string, plant: Plant): void => {
    searched++;
    const seen = plant.hidden.find(hidden => shows(text, hidden));
    if (seen !== undefined) leaks.push({ kind, place, form, shows: text.split('\n').find(l => shows(l, seen)) ?? '' });
  };
  for (const { name, make } of kinds) {
    for (const [place, put] of Object.entries(places)) {
      const plant = make();
      const events = session(put(plant));
      for (const [form, render] of Object.entries(forms)) search(name, place, form, render(events), plant);
    }
    for (const [place, put] of Object.entries(recordings)) {
      const plant = make();
      const hide = redactor(KNOWN);
      const bare = {
        format: 'gpumedic-snapshot/1',
        commands: [],
        files: {},
        dirs: {},
        stats: {},
        errors: {},
        ...put(plant),
      } as Snapshot;
      search(name, place, 'snapshot', JSON.stringify(redactSnapshot(bare, hide.text, hide.argv)), plant);
    }
  }
  const kept = session(KEEP.map(text => ran(['cat', 'x'], text)));
  const outputs = kept.flatMap(e => (e.type === 'ran' && e.result.kind === 'exited' ? [e.result.stdout] : []));
  return {
    kinds: kinds.length,
    places: Object.keys(places).length + Object.keys(recordings).length,
    forms: Object.keys(forms).length + 1,
    searched,
    leaks,
    kept: KEEP.length,
    damaged: KEEP.filter((text, i) => outputs[i] !== text),
  };
};
