/**
 * docker-compose.gpu.yml as a text: a head, an entry a service, and what somebody put behind. Entries are kept letter by
 * letter; only those of the services that are asked about are written anew.
 */
import type { Rung } from './vm-ladder.ts';

export const FILE = 'docker-compose.gpu.yml';
export const MARK = '# Written by gpumedic';

export interface Entry {
  readonly service: string;
  /** With the comments above it; whole lines. */
  readonly text: string;
}
export interface Ours {
  /** Comments between our own and `services:`. */
  readonly head: string;
  readonly entries: readonly Entry[];
  /** From the first key that is no service. */
  readonly tail: string;
}
export const NOTHING: Ours = { head: '', entries: [], tail: '' };

/** The last line of our own head. */
const USE = /^# docker compose /;
const KEY = /^ {2}(?:"([\w.-]+)"|'([\w.-]+)'|([\w.-]+)):[ \t]*(?:#.*)?$/;
const isComment = (line: string): boolean => /^[ \t]*(?:#.*)?$/.test(line);
const whole = (lines: readonly string[]): string => lines.map(l => `${l}\n`).join('');

/** A file that we wrote, taken apart; null where it is somebody else's, or was changed into a form that is not read here. */
export const oursIn = (text: string): Ours | null => {
  if (!text.startsWith(MARK) || text.includes('\r')) return null;
  const lines = text.replace(/\n$/, '').split('\n');
  const start = lines.findIndex(l => !isComment(l));
  if (start < 0 || !lines.slice(0, start).some(l => USE.test(l)) || !/^services:[ \t]*(?:#.*)?$/.test(lines[start]!))
    return null;
  const entries: { service: string; lines: string[] }[] = [];
  let loose: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (i <= start) continue;
    const key = KEY.exec(line);
    const entry = entries.at(-1);
    if (key) {
      entries.push({ service: key[1] ?? key[2] ?? key[3]!, lines: [...loose, line] });
      loose = [];
    } else if (/^\S/.test(line) && !isComment(line)) {
      loose.push(...lines.slice(i));
      break;
    } else if (isComment(line) && !/^ {3,}\S/.test(line)) loose.push(line);
    else if (/^ {3,}\S/.test(line) && entry) {
      entry.lines.push(...loose, line);
      loose = [];
    } else return null;
  }
  if (new Set(entries.map(e => e.service)).size !== entries.length) return null;
  return {
    head: whole(lines.slice(0, start).slice(lines.findIndex(l => USE.test(l)) + 1)),
    entries: entries.map(e => ({ service: e.service, text: whole(e.lines) })),
    tail: whole(loose),
  };
};

/** The file with these entries written anew, and every other one as it was. */
export const withEntries = (ours: Ours, fresh: readonly Entry[], files: readonly string[]): string => {
  const made = new Map(fresh.map(e => [e.service, e]));
  const known = new Set(ours.entries.map(e => e.service));
  const all = [...ours.entries.map(e => made.get(e.service) ?? e), ...fresh.filter(e => !known.has(e.service))];
  const start = `${MARK}. From now on start the project with all of its files:\n# docker compose ${[...files, FILE].map(f => `-f ${f}`).join(' ')} up -d\n`;
  return `${start}${ours.head}services:\n${all.map(e => e.text).join('')}${ours.tail}`;
};

/** A name as a key; one that YAML would take for a number or a word of its own stands in quotes. */
export const keyOf = (service: string): string =>
  /^[a-z_][\w.-]*$/i.test(service) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(service)
    ? service
    : JSON.stringify(service);

/** The rung on which a service stands in this file, told by what its own entry asks for; null where it does not ask. */
export const rungIn = (text: string, service: string): Rung | null => {
  const entry = oursIn(text)?.entries.find(e => e.service === service);
  const says = entry?.text.replace(/^[ \t]*#.*$/gm, '') ?? '';
  if (/^ +privileged: true\b/m.test(says)) return 'privileged';
  if (/\/dev\/nvidia|^ +runtime: nvidia\b/m.test(says)) return 'nodes';
  if (/nvidia\.com\/gpu=/.test(says)) return 'cdi';
  return /driver: nvidia\b/.test(says) ? 'reservation' : null;
};
