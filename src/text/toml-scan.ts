/**
 * Where things stand in a TOML text: its headers, assignments and comments, by offset. It expects a text that a real
 * parser has already accepted and answers null where it loses the thread, so that the editor refuses.
 */

export type Statement =
  | {
      readonly is: 'table' | 'tableArray';
      readonly path: readonly string[];
      readonly start: number;
      /** Just after the closing bracket. */
      readonly end: number;
      readonly lineEnd: number;
    }
  | {
      readonly is: 'key';
      /** As written: dotted keys have several parts, relative to the table it stands in. */
      readonly path: readonly string[];
      readonly start: number;
      readonly valueStart: number;
      readonly valueEnd: number;
      /** Offset of the comment after the value, if there is one. */
      readonly comment: number | null;
      readonly lineEnd: number;
    }
  | { readonly is: 'comment'; readonly start: number; readonly lineEnd: number }
  | { readonly is: 'blank'; readonly start: number; readonly lineEnd: number };

const BARE = /[A-Za-z0-9_-]+/y;

const skipBlanks = (text: string, at: number): number => {
  let i = at;
  while (text[i] === ' ' || text[i] === '\t') i++;
  return i;
};

/** Offset after the line's terminator. */
const afterLine = (text: string, at: number): number => {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
};

/** Offset after a string that begins at `at`, or null. */
const afterString = (text: string, at: number): number | null => {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return null;
  const triple = quote.repeat(3);
  const multi = text.startsWith(triple, at);
  for (let i = at + (multi ? 3 : 1); i < text.length; i++) {
    if (quote === '"' && text[i] === '\\') i++;
    else if (!multi && text[i] === '\n') return null;
    else if (!multi && text[i] === quote) return i + 1;
    else if (multi && text.startsWith(triple, i)) {
      // Up to two quotes may stand directly before the closing three.
      while (text[i + 3] === quote) i++;
      return i + 3;
    }
  }
  return null;
};

const keyText = (raw: string): string | null => {
  if (!raw.startsWith('"')) return raw.startsWith("'") ? raw.slice(1, -1) : raw;
  try {
    return JSON.parse(
      raw.replace(/\\U([0-9A-Fa-f]{8})/g, (_, hex) =>
        JSON.stringify(String.fromCodePoint(Number.parseInt(hex, 16))).slice(1, -1),
      ),
    ) as string;
  } catch {
    return null;
  }
};

/** A dotted key at `at`: its parts and the offset after it. */
const keyAt = (text: string, at: number): { readonly path: string[]; readonly end: number } | null => {
  const path: string[] = [];
  let i = at;
  for (;;) {
    i = skipBlanks(text, i);
    BARE.lastIndex = i;
    const end = text[i] === '"' || text[i] === "'" ? afterString(text, i) : BARE.test(text) ? BARE.lastIndex : null;
    if (end === null) return null;
    const part = keyText(text.slice(i, end));
    if (part === null) return null;
    path.push(part);
    const next = skipBlanks(text, end);
    if (text[next] !== '.') return { path, end };
    i = next + 1;
  }
};

/** Offset after a value, arrays and inline tables with their comments and lines included. */
const afterValue = (text: string, at: number): number | null => {
  if (text[at] === '"' || text[at] === "'") return afterString(text, at);
  if (text[at] !== '[' && text[at] !== '{') {
    const rest = /^[^\s#,\]}]+(?: \d{2}:\d{2}[^\s#,\]}]*)?/.exec(text.slice(at, at + 200));
    return rest === null ? null : at + rest[0].length;
  }
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const char = text[i];
    if (char === '"' || char === "'") {
      const end = afterString(text, i);
      if (end === null) return null;
      i = end - 1;
    } else if (char === '#') i = afterLine(text, i) - 1;
    else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return null;
};

/** A dotted key by itself, e.g. `plugins."io.containerd.grpc.v1.cri"`; null where it is none. */
export const dottedKey = (text: string): readonly string[] | null => {
  const key = keyAt(text, 0);
  return key !== null && text.slice(key.end).trim() === '' ? key.path : null;
};

/** A key as TOML writes it: bare where that is allowed. */
export const quotedKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key));

/** Every statement in order; together they cover the whole text. */
export const scanToml = (text: string): readonly Statement[] | null => {
  const found: Statement[] = [];
  for (let at = 0; at < text.length; ) {
    const start = skipBlanks(text, at);
    const char = text[start];
    if (char === undefined || char === '\n' || (char === '\r' && text[start + 1] === '\n')) {
      found.push({ is: 'blank', start: at, lineEnd: afterLine(text, start) });
    } else if (char === '#') {
      found.push({ is: 'comment', start, lineEnd: afterLine(text, start) });
    } else if (char === '[') {
      const many = text[start + 1] === '[';
      const key = keyAt(text, start + (many ? 2 : 1));
      const close = key === null ? -1 : skipBlanks(text, key.end);
      if (key === null || !text.startsWith(many ? ']]' : ']', close)) return null;
      const end = close + (many ? 2 : 1);
      found.push({ is: many ? 'tableArray' : 'table', path: key.path, start, end, lineEnd: afterLine(text, end) });
    } else {
      const key = keyAt(text, start);
      const equals = key === null ? -1 : skipBlanks(text, key.end);
      if (key === null || text[equals] !== '=') return null;
      const valueStart = skipBlanks(text, equals + 1);
      const valueEnd = afterValue(text, valueStart);
      if (valueEnd === null) return null;
      const rest = skipBlanks(text, valueEnd);
      const comment = text[rest] === '#' ? rest : null;
      found.push({
        is: 'key',
        path: key.path,
        start,
        valueStart,
        valueEnd,
        comment,
        lineEnd: afterLine(text, valueEnd),
      });
    }
    const last = found.at(-1);
    if (last === undefined || last.lineEnd <= at) return null;
    at = last.lineEnd;
  }
  return found;
};
