/** The event log of a session: append-only; what enters is made printable, redacted and trimmed, so no renderer can forget. */
import { printable } from '../text/sanitize.ts';
import type { Event } from './event.ts';
import { exactOf } from './exact.ts';
import type { Redactor } from './redact.ts';

/** An event before the log puts the time to it. */
export type NewEvent = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

export interface LogOptions {
  /** Gets each event as one line of JSON without the line end, in order, before `append` returns. */
  readonly sink?: (line: string) => void;
  /** Lines kept of the beginning and of the end of each output; default 60 each. */
  readonly keepLines?: number;
  /** Characters kept of each output, half from either end; default 16 000. */
  readonly keepCharacters?: number;
}

export interface TranscriptLog {
  append(event: NewEvent): Event;
  events(): readonly Event[];
}

/** Words of our own, never of the machine. */
const OURS = new Set(
  'type kind do flow node verdict severity platform where outcome direction way session version'.split(' '),
);

/** The head and the tail of a text, with a line between them that counts what was left out. */
export const trimmed = (text: string, keepLines: number, keepCharacters: number): string => {
  let lines = text.split('\n');
  const total = lines.length;
  let cut = 0;
  if (total > keepLines * 2 + 1) {
    cut = total - keepLines * 2;
    lines = [...lines.slice(0, keepLines), `[... ${cut} lines left out ...]`, ...lines.slice(-keepLines)];
  }
  const kept = lines.join('\n');
  if (kept.length <= keepCharacters) return kept;
  const half = Math.floor(keepCharacters / 2);
  const left = text.length - half * 2;
  return `${text.slice(0, half).toWellFormed()}\n[... ${left} characters left out ...]\n${text.slice(-half).toWellFormed()}`;
};

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(item => typeof item === 'string');

/** The same value with every string in it made printable and redacted; argument vectors are seen as such. */
const clean = (value: unknown, redact: Redactor, key = ''): unknown => {
  if (typeof value === 'string')
    return OURS.has(key) && /^[\w.-]{1,64}$/.test(value) ? value : redact.text(printable(value));
  if (key === 'argv' && isStrings(value)) return redact.argv(value.map(printable));
  if (Array.isArray(value)) return value.map(item => clean(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, clean(item, redact, name)]));
};

/** Names that a result reveals are learned before anything of it is written down. */
const learnFrom = (event: NewEvent, redact: Redactor): void => {
  if (event.type === 'machine' && event.machine.host !== undefined) redact.learn({ hostname: event.machine.host });
  if (event.type !== 'ran' || event.result.kind !== 'exited' || event.result.code !== 0) return;
  const line = event.argv.join(' ');
  const said = event.result.stdout.trim();
  if (said === '' || /\s/.test(said)) return;
  if (/^(?:hostname(?: -[fs])?|uname -n)$/.test(line)) redact.learn({ hostname: said });
  if (/^(?:whoami|id -un|logname)$/.test(line)) redact.learn({ users: [said] });
};

export const transcriptLog = (redact: Redactor, clock: () => number, options: LogOptions = {}): TranscriptLog => {
  const events: Event[] = [];
  const lines = options.keepLines ?? 60;
  const characters = options.keepCharacters ?? 16_000;
  const short = (text: string): string => trimmed(text, lines, characters);
  return {
    append: event => {
      learnFrom(event, redact);
      const entry = { at: clock(), ...(clean(event, redact) as NewEvent) } as Event;
      const kept =
        entry.type === 'ran' && entry.result.kind === 'exited'
          ? {
              ...entry,
              result: { ...entry.result, stdout: short(entry.result.stdout), stderr: short(entry.result.stderr) },
            }
          : entry.type === 'proved'
            ? { ...entry, shows: short(entry.shows) }
            : entry.type === 'proposed' && event.type === 'proposed'
              ? { ...entry, exact: exactOf(event.plan, redact.text) }
              : entry;
      events.push(kept);
      options.sink?.(JSON.stringify(kept));
      return kept;
    },
    events: () => [...events],
  };
};

export interface Replayed {
  readonly events: readonly Event[];
  /** Numbers (from 1) of lines that hold no event, e.g. the last one after a crash. */
  readonly unreadable: readonly number[];
}

/** Reads back what a sink was given. Never throws. */
export const replay = (lines: Iterable<string>): Replayed => {
  const events: Event[] = [];
  const unreadable: number[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    try {
      const event: unknown = JSON.parse(line);
      const isEvent =
        typeof event === 'object' &&
        event !== null &&
        'type' in event &&
        'at' in event &&
        typeof event.type === 'string' &&
        typeof event.at === 'number';
      if (isEvent) events.push(event as Event);
      else unreadable.push(number);
    } catch {
      unreadable.push(number);
    }
  }
  return { events, unreadable };
};
