/** Edits of systemd unit files and drop-ins, one line at a time; everything else stays as it was written. */
import { type Edit, edited, eolOf, type Fault, faultAt, refused, splice } from './edit.ts';

interface Line {
  readonly is: 'section' | 'key' | 'comment' | 'blank' | 'bad';
  /** The section this line stands in, or opens. */
  readonly section: string | null;
  readonly key: string;
  readonly value: string;
  readonly start: number;
  /** Just after the last character, continuation lines included. */
  readonly end: number;
  /** After the terminator. */
  readonly lineEnd: number;
}

const linesOf = (text: string): readonly Line[] => {
  const lines: Line[] = [];
  let section: string | null = null;
  for (let at = 0; at < text.length; ) {
    const start = at;
    let end = endOfLine(text, at);
    const first = text.slice(start, end).trim();
    const comment = /^[#;]/.test(first);
    // A backslash at the end of a line goes on below, over comment lines too.
    while (!comment && /\\\r?$/.test(text.slice(start, end)) && end < text.length) end = nextContinued(text, end + 1);
    at = Math.min(end + 1, text.length);
    const whole = text.slice(start, end).replace(/\r$/, '');
    const header = /^\[([^[\]]+)\]$/.exec(first);
    const pair = /^\s*([^=\s][^=]*?)\s*=([\s\S]*)$/.exec(whole);
    if (header !== null) section = header[1] ?? null;
    const is =
      first === '' ? 'blank' : comment ? 'comment' : header !== null ? 'section' : pair && section ? 'key' : 'bad';
    lines.push({
      is,
      section,
      key: is === 'key' ? (pair?.[1] ?? '') : '',
      value: is === 'key' ? (pair?.[2] ?? '').trim() : '',
      start,
      end: start + whole.length,
      lineEnd: at,
    });
  }
  return lines;
};

const endOfLine = (text: string, at: number): number => {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
};

const nextContinued = (text: string, at: number): number => {
  let end = endOfLine(text, at);
  while (/^\s*[#;]/.test(text.slice(at, end)) && end < text.length) {
    at = end + 1;
    end = endOfLine(text, at);
  }
  return end;
};

/** The first line that systemd would ignore; null where every line means something. */
export const unitFault = (text: string): Fault | null => {
  const bad = linesOf(text).find(line => line.is === 'bad');
  if (bad === undefined) return null;
  const what = bad.section === null ? 'this stands before the first [Section]' : 'this line is no Key=value';
  return faultAt(text, bad.start, what);
};

/** Every value of `key` in `section`, in order; a section may be written in several pieces. */
export const unitValues = (text: string, section: string, key: string): readonly string[] =>
  linesOf(text)
    .filter(line => line.is === 'key' && line.section === section && line.key === key)
    .map(line => line.value);

const safe = (part: string): boolean => part !== '' && !/[\r\n=[\]]/.test(part) && part.trim() === part;

/**
 * Sets `key` in `section`. A key given several times there (lists such as Environment=) is refused rather than guessed
 * at. `text` is null where there is no file yet.
 */
export const setUnit = (text: string | null, section: string, key: string, value: string): Edit => {
  const body = text ?? '';
  const fault = unitFault(body);
  if (fault !== null) return refused(fault);
  if (!safe(section) || !safe(key) || /[\r\n]|\\$/.test(value))
    return refused(faultAt(body, 0, 'this cannot be said in one line of a unit file'));
  const lines = linesOf(body);
  const [same, second] = lines.filter(line => line.is === 'key' && line.section === section && line.key === key);
  if (second !== undefined)
    return refused(faultAt(body, second.start, `${key}= is given more than once in [${section}]`));
  if (same !== undefined) {
    if (same.value === value.trim()) return edited(text, body);
    const equals = body.indexOf('=', same.start) + 1;
    const gap = /^[ \t]*/.exec(body.slice(equals, same.end))?.[0].length ?? 0;
    return edited(text, splice(body, equals + gap, same.end, value));
  }
  const line = `${key}=${value}`;
  const after = lines.findLast(other => other.section === section && (other.is === 'key' || other.is === 'section'));
  const eol = eolOf(body);
  if (after !== undefined) {
    const ended = after.lineEnd > 0 && body[after.lineEnd - 1] === '\n';
    return edited(text, splice(body, after.lineEnd, after.lineEnd, ended ? line + eol : eol + line));
  }
  const block = `[${section}]${eol}${line}`;
  if (body.trim() === '') return edited(text, `${body}${block}${eol}`);
  if (!body.endsWith('\n')) return edited(text, `${body}${eol}${eol}${block}`);
  return edited(text, `${body}${/\n\r?\n$/.test(body) ? '' : eol}${block}${eol}`);
};

/** Takes `key` out of `section`; the section header stays. A key given several times there is refused. */
export const removeUnit = (text: string | null, section: string, key: string): Edit => {
  if (text === null) return { ok: true, text: '', changed: false };
  const fault = unitFault(text);
  if (fault !== null) return refused(fault);
  const [same, second] = linesOf(text).filter(
    line => line.is === 'key' && line.section === section && line.key === key,
  );
  if (second !== undefined)
    return refused(faultAt(text, second.start, `${key}= is given more than once in [${section}]`));
  return edited(text, same === undefined ? text : splice(text, same.start, same.lineEnd, ''));
};
