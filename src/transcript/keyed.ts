/** Secrets known by the name they stand behind: KEY=value, "key": "value", key: value, --flag value, headers. */
import { looksRandom, type Remove } from './secrets.ts';

const MARK = '[removed: ';

/** Last words that make a name speak about a secret and not hold one. */
const ABOUT = new Set(
  'file files path dir name names ref stdin type count ttl expiry expires expiration expired length len size policy helper server store id_type algorithm algo issuer lifetime url uri endpoint format mode enabled limit limits budget rate version kind source mount bits provider manager required hash_type'.split(
    ' ',
  ),
);
const KEY_OF = new Set(
  'api access secret private encryption signing master account storage license licence ssh deploy service client app auth session shared function subscription webhook jwt crypt encrypt hmac aes rsa ec tls host_private admin root user gpg age ngc wandb openai azure aws gcp google stripe anthropic hf sas team install license_server'.split(
    ' ',
  ),
);

/** A cheap look before the careful one; a text has many words. */
const HINT = /pass|psk|sess|sid|verifier|csrf|pwd|token|secret|cred|key|auth|cookie|jwt|bearer|otp|pat|dsn|conn/i;

const segmentsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(part => part !== '');

/** What a variable of this name holds, or null where the name tells of no secret. */
export const telling = (name: string): string | null => {
  if (name.length < 3 || !HINT.test(name) || /^(?:PWD|OLDPWD)$/.test(name)) return null;
  const parts = segmentsOf(name);
  const last = parts.at(-1) ?? '';
  const joined = parts.join('');
  if (ABOUT.has(last) && !/^aws_?access/i.test(name)) return null;
  if (/passw(?:or)?d|passphrase|passcode/.test(joined)) return 'password';
  if (last === 'pwd' || (last === 'pass' && (parts.length > 1 || name === 'PASS' || name === 'pass')))
    return 'password';
  if (
    /^(?:max|min|num|new|total|n|input|output|prompt|pad|eos|bos|unk|sep|cls|mask|stop|special|cached)tokens?(?:id|ids|s)?$/.test(
      joined,
    )
  )
    return null;
  if (/tokeniz/.test(joined)) return null;
  if (/token/.test(joined)) return joined.endsWith('tokens') && parts.length > 1 ? null : 'token';
  if (/secret/.test(joined)) return /^(?:imagepull)?secrets$/.test(joined) ? null : 'secret';
  if (/credential/.test(joined)) return 'credential';
  if (
    /apikey|accesskey|privatekey|secretkey|signingkey|encryptionkey|accountkey|keydata|authkey|masterkey/.test(joined)
  )
    return 'key';
  if (last === 'key' && parts.length > 1 && KEY_OF.has(parts.at(-2)!)) return 'key';
  if (last === 'psk' || joined.endsWith('presharedkey')) return 'key';
  if (
    last === 'key' &&
    parts.length > 1 &&
    !/^(?:public|foreign|primary|object|map|sort|cache|partition|host)$/.test(parts.at(-2)!)
  )
    return 'possible key';
  if (/^(?:php|j|asp|aspnet)?sess(?:ion)?(?:id|key)$|^(?:connect)?sid$|codeverifier$|csrf$/.test(joined))
    return 'session';
  if (last === 'authorization') return 'authorization';
  if (last === 'cookie' || joined === 'setcookie') return 'cookie';
  if (last === 'auth' || last === 'jwt' || last === 'bearer' || last === 'otp') return last;
  if (last === 'pat' && parts.length > 1) return 'token';
  if (last === 'dsn' && parts.length > 1) return 'connection';
  if (joined.endsWith('connectionstring') || joined.endsWith('connstr')) return 'connection';
  return null;
};

const LEAD =
  /(?<![\w.])(-{0,2})([A-Za-z_][\w.-]{1,80})(?![\w.-])(\\{0,3}["'])?(\s{0,3}(?:=>|:=|[=:])[ \t]{0,40}|[ \t]{1,8}|\\{0,3}["']?,\s{0,8}(?=\\{0,3}["']))/g;

const WORDS = new Set(
  'incorrect required not invalid wrong missing is was the a an no none null true false authentication failed expired empty set unset unexpected denied for from to in on and or must yes prompt ask never always optional'.split(
    ' ',
  ),
);

/** Where the value that begins at `at` ends, and what of it is the value. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Finds line ends; the last answer is kept, since asking again for every word of one long line would be quadratic. */
type LineEnd = (at: number) => number;
const lineEnds = (text: string): LineEnd => {
  let from = 0;
  let end = -1;
  return at => {
    if (at >= from && at <= end) return end;
    const found = text.indexOf('\n', at);
    from = at;
    end = found < 0 ? text.length : found;
    return end;
  };
};

const quotedSpan = (text: string, at: number, lineEnd: LineEnd): Span | null => {
  let slashes = at;
  while (text[slashes] === '\\' && slashes - at < 4) slashes++;
  const quote = text[slashes];
  if (quote !== '"' && quote !== "'") return null;
  const close = text.slice(at, slashes + 1);
  const start = slashes + 1;
  const line = lineEnd(start);
  if (close.length > 1) {
    const end = text.indexOf(close, start);
    return { start, end: end < 0 || end > line ? line : end };
  }
  let end = start;
  while (end < line && text[end] !== quote) end += quote === '"' && text[end] === '\\' ? 2 : 1;
  return { start, end: Math.min(end, line) };
};

/** A YAML block scalar: the lines below that stand further in than the key's line. */
const blockSpan = (text: string, key: number, at: number, lineEnd: LineEnd): Span | null => {
  const line = lineEnd(at);
  if (!/^[|>][+-]?\d?[+-]?[ \t]*$/.test(text.slice(at, Math.min(line, at + 40)))) return null;
  const keyLine = text.slice(text.lastIndexOf('\n', key - 1) + 1, key);
  const depth = keyLine.length - keyLine.trimStart().length;
  let end = line;
  while (end < text.length) {
    const next = lineEnd(end + 1);
    const row = text.slice(end + 1, next);
    if (row.trim() !== '' && row.length - row.trimStart().length <= depth) break;
    end = next;
  }
  return end > line ? { start: line + 1, end } : null;
};

const STOPS = /\\[ "'nrt]|[\s"'`<>]/g;

const bareSpan = (text: string, at: number, loose: boolean): Span => {
  STOPS.lastIndex = at;
  let found = STOPS.exec(text);
  while (found?.[0] === '\\ ') found = STOPS.exec(text);
  let end = found?.index ?? text.length;
  const tail = /^\$[{(]/.test(text.slice(at, at + 2)) ? ',;' : ',;)]}';
  while (loose && end > at && tail.includes(text[end - 1]!)) end--;
  return { start: at, end };
};

/** Rest of the header: to the closing quote if one opened before the name, else to the end of the line. */
const headerSpan = (text: string, at: number, lineEnd: LineEnd): Span => {
  const line = lineEnd(at);
  const rest = text.slice(at, line);
  const quote = /\\?["'`]/.exec(rest);
  return { start: at, end: quote && quote.index > 0 ? at + quote.index : line };
};

/** A list in brackets, as far as its line and a bounded look go. */
const listSpan = (text: string, at: number, lineEnd: LineEnd): Span => {
  const limit = Math.min(lineEnd(at), at + 4096);
  const close = text.slice(at, limit).indexOf(']');
  return { start: at + 1, end: close < 0 ? limit : at + close };
};

const isFlagGap = (separator: string): boolean => !/[=:]/.test(separator);

/** Whether this name and separator in this place announce a secret by themselves, without a look at the value. */
const announces = (
  text: string,
  at: number,
  name: string,
  separator: string,
  quoted: boolean,
  kind: string,
): boolean => {
  if (separator.includes('=') || quoted || kind === 'password') return true;
  if (/[_-]|[a-z][A-Z]/.test(name) || /^[A-Z]{3,}$/.test(name)) return true;
  const before = text.slice(Math.max(0, at - 24), at);
  return /(?:^|\n)[ \t]*(?:- )?["']?$|[{,"'] {0,3}["']?$/.test(before) && (at < 24 || /[\n{,"']/.test(before));
};

const PATH = /^(?:file:\/\/)?\/(?:etc|run|var|root|home|usr|opt|mnt|tmp|srv|proc|sys|dev|data|secrets?)\/[\w./@-]*$/;

/** `$NAME` and `${NAME}` alone; with a default value behind the name it is no mere reference. */
const isReference = (value: string): boolean =>
  /^\$(?:[A-Z_][A-Z0-9_]*|\{\w+\}|\(.*|\{\{ .*)$/.test(value) ||
  (/^\$\w+$/.test(value) && telling(value.slice(1)) !== null && /_/.test(value));

/** Values that are no secret: empty, already removed, references, plain words in prose, paths. `prose`: `name: word` unquoted. */
const keepValue = (kind: string, value: string, named: boolean, prose: boolean): boolean => {
  if (value === '' || value.startsWith(MARK) || isReference(value) || /^\*+$/.test(value)) return true;
  if (/^(?:true|false|null|none|yes|no|\{\}|\[\]|<[a-z_ -]{1,40}>)$/i.test(value) || PATH.test(value)) return true;
  if (/^(?:id|type|source|src|env)=/.test(value)) return true;
  if (kind === 'session') return !looksRandom(value);
  if (kind === 'possible key') return value.length < 12 || !looksRandom(value);
  if (kind === 'auth') return value.length < 8 || (!looksRandom(value) && !/[=+/]/.test(value));
  if (prose && WORDS.has(value.toLowerCase())) return true;
  return !named && !looksRandom(value);
};

/**
 * Takes out what stands behind telling names. With `whole` the text is one argument or one assignment: the value
 * runs to its end, spaces and commas included.
 */
export const removeNamed = (text: string, remove: Remove, whole = false): string => {
  let out = '';
  let from = 0;
  LEAD.lastIndex = 0;
  const lineEnd = lineEnds(text);
  for (let found = LEAD.exec(text); found !== null; found = LEAD.exec(text)) {
    const [all, dashes, name, closing, separator] = found as unknown as [
      string,
      string,
      string,
      string | undefined,
      string,
    ];
    const kind = telling(name);
    const value = found.index + all.length;
    // A name that tells nothing may be the value of the gap before it, so the search goes on right behind the name.
    const next = found.index + dashes.length + name.length;
    if (kind === null) {
      LEAD.lastIndex = next;
      continue;
    }
    const flag = isFlagGap(separator);
    if (flag && (dashes === '' || text[value] === '-' || value >= text.length)) {
      LEAD.lastIndex = next;
      continue;
    }
    const opened =
      closing !== undefined || (found.index > 0 && /["']/.test(text[found.index - 1]!) && separator.includes(':'));
    const named = flag || dashes !== '' || announces(text, found.index, name, separator, opened, kind);
    const header = (kind === 'authorization' || kind === 'cookie') && !flag && closing === undefined;
    const span =
      blockSpan(text, found.index, value, lineEnd) ??
      quotedSpan(text, value, lineEnd) ??
      (header
        ? headerSpan(text, value, lineEnd)
        : whole && found.index === 0 && separator.includes('=')
          ? { start: value, end: text.length }
          : text[value] === '[' && !text.startsWith(MARK, value) && separator.includes(':')
            ? listSpan(text, value, lineEnd)
            : bareSpan(text, value, true));
    if (text.startsWith(MARK, span.start)) {
      const close = text.indexOf(']', span.start);
      LEAD.lastIndex = close < 0 ? text.length : close + 1;
      continue;
    }
    const content = text.slice(span.start, span.end);
    if (/^[{[]/.test(content) || keepValue(kind, content, named, separator.includes(':') && span.start === value)) {
      LEAD.lastIndex = next;
      continue;
    }
    out += text.slice(from, span.start) + remove(kind, content);
    from = span.end;
    LEAD.lastIndex = Math.max(span.end, next);
  }
  return out + text.slice(from);
};
