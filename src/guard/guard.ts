/** Stops lines of pasted recipes that destroy something, with the reason. Pure: text in, findings out; nothing is run. */
import { type Danger, dangers } from '../../flows/guard.ts';

export interface Warning {
  /** Of the pasted text, counted from 1. */
  readonly line: number;
  /** The line as it was pasted. */
  readonly text: string;
  readonly id: string;
  readonly loses: Danger['loses'];
  readonly because: string;
  readonly instead: string;
}

/** Longest line that is looked at; recipes are typed by people. */
const MOST = 2_000;

/** Pasted lines with their continuations joined; the number is that of the first. */
const logical = (text: string): readonly { readonly line: number; readonly text: string }[] => {
  const lines = text.split(/\r?\n/);
  const out: { line: number; text: string }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    let whole = lines[i]!;
    while (/\\\s*$/.test(whole) && i + 1 < lines.length) whole = `${whole.replace(/\\\s*$/, ' ')}${lines[++i]!.trim()}`;
    out.push({ line: first + 1, text: whole.slice(0, MOST) });
  }
  return out;
};

/** Parts between ;, &&, || and |, outside quotes; a redirection stays with its command. */
const parts = (line: string): readonly string[] => {
  const out: string[] = [];
  let quote = '';
  let from = 0;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === ';' || c === '|' || (c === '&' && line[i + 1] === '&')) {
      out.push(line.slice(from, i));
      from = i + (line[i + 1] === c ? 2 : 1);
      i = from - 1;
    }
  }
  return [...out, line.slice(from)];
};

/** Without a prompt, list mark, sudo, env and variables in front; an inner `sh -c "…"` is opened. */
const bare = (part: string): readonly string[] => {
  let text = part
    .trim()
    .replace(/^(?:[-*+]\s+|\d+[.)]\s+)?`?(?:[$%>]\s+)?/, '')
    .replace(/`\s*$/, '');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text
      .replace(/^(?:sudo|doas)\s+(?:-(?:[ugCh]\s+\S+|\w+)\s+|--[\w-]+(?:=\S+)?\s+)*/, '')
      .replace(/^(?:env|nohup|time|command)\s+/, '')
      .replace(/^[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+(?=\S)/, '')
      .replace(/^\/(?:usr\/)?s?bin\//, '');
  }
  const shell = /^(?:ba|da|z)?sh\s+-\w*c\w*\s+(["'])(.*)\1\s*$/.exec(text);
  return shell ? [text, ...parts(shell[2]!).flatMap(bare)] : [text];
};

const isComment = (line: string): boolean => /^\s*(#|\/\/)/.test(line);

const meets = (d: Danger, command: string): boolean =>
  d.says.test(command) && (d.with ?? []).every(w => w.test(command)) && d.unless?.test(command) !== true;

/** Every dangerous line, in order; one warning a line and danger. */
export const guard = (text: string): readonly Warning[] =>
  logical(text).flatMap(({ line, text: whole }) => {
    if (isComment(whole)) return [];
    const found = new Map<string, Danger>();
    for (const command of parts(whole).flatMap(bare))
      for (const d of dangers) if (meets(d, command) && !found.has(d.id)) found.set(d.id, d);
    return [...found.values()].map(({ id, loses, because, instead }) => ({
      line,
      text: whole.trim(),
      id,
      loses,
      because,
      instead,
    }));
  });
