/** The part of Go's templates that `--format` is used for: fields, variables, range, if, and docker's own functions. */

const shown = (v: unknown): string => {
  if (v === undefined || v === null) return '<no value>';
  if (Array.isArray(v)) return `[${v.map(shown).join(' ')}]`;
  if (typeof v === 'object')
    return `map[${Object.entries(v)
      .map(([k, x]) => `${k}:${shown(x)}`)
      .join(' ')}]`;
  return String(v);
};

/** JSON as Go writes it: with `<`, `>` and `&` escaped. */
export const goJson = (v: unknown): string =>
  (JSON.stringify(v) ?? 'null').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');

class MissingField extends Error {
  readonly path: string;
  constructor(path: string) {
    super(path);
    this.path = path;
  }
}

const field = (value: unknown, path: string): unknown => {
  let at = value;
  for (const key of path.split('.').filter(Boolean)) {
    const next = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
    if (next === undefined) throw new MissingField(path.replace(/^\./, ''));
    at = next;
  }
  return at;
};

interface Scope {
  readonly dot: unknown;
  readonly names: Map<string, unknown>;
}

const WORD = /\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+/g;
const functions: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  json: ([v]) => goJson(v ?? null),
  split: ([s, by]) => String(s).split(String(by)),
  // Of a map, a key that is not there gives the empty value.
  index: ([of, key]) => (of as Record<string, unknown> | null)?.[key as string] ?? '',
  eq: ([first, ...others]) => others.some(o => o === first),
  join: ([list, by]) => (list as unknown[]).map(String).join(String(by)),
  truncate: ([s, length]) => [...String(s)].slice(0, length as number).join(''),
  len: ([v]) => (v as { length: number } | null)?.length ?? 0,
};

const evaluate = (words: string[], scope: Scope): unknown => {
  const operand = (): unknown => {
    const word = words.shift()!;
    if (word === '(') {
      const inner: string[] = [];
      for (let depth = 1; words.length > 0; ) {
        const next = words.shift()!;
        if (next === '(') depth++;
        if (next === ')' && --depth === 0) break;
        inner.push(next);
      }
      return evaluate(inner, scope);
    }
    if (word.startsWith('"')) return JSON.parse(word);
    if (/^\d+$/.test(word)) return Number(word);
    if (word.startsWith('$')) return scope.names.get(word);
    const value = word === '.' ? scope.dot : field(scope.dot, word);
    // A method takes the words after it.
    return typeof value === 'function' ? value(...words.splice(0).map(w => JSON.parse(w))) : value;
  };
  const call = functions[words[0] ?? ''];
  if (call === undefined) return operand();
  words.shift();
  const args: unknown[] = [];
  while (words.length > 0) args.push(operand());
  return call(args);
};

const isTrue = (v: unknown): boolean =>
  Array.isArray(v)
    ? v.length > 0
    : typeof v === 'object' && v !== null
      ? Object.keys(v).length > 0
      : v !== undefined && v !== null && v !== false && v !== '' && v !== 0;

/** Renders up to the matching `end` or `else`; returns where it stopped. Nothing is rendered where `out` is null. */
const renderFrom = (parts: readonly string[], start: number, scope: Scope, out: string[] | null): number => {
  for (let i = start; i < parts.length; i++) {
    if (i % 2 === 0) {
      out?.push(parts[i]!);
      continue;
    }
    const words = parts[i]!.match(WORD) ?? [];
    const [verb, second] = words;
    if (verb === 'end' || verb === 'else') return i;
    if (verb === 'if') {
      const holds = out !== null && isTrue(evaluate(words.slice(1), scope));
      i = renderFrom(parts, i + 1, scope, holds ? out : null);
      if (parts[i] === 'else') i = renderFrom(parts, i + 1, scope, holds ? null : out);
    } else if (verb === 'range') {
      const value = out === null ? null : evaluate(words.slice(1), scope);
      for (const dot of (value as unknown[] | null) ?? [])
        renderFrom(parts, i + 1, { dot, names: new Map(scope.names) }, out);
      i = renderFrom(parts, i + 1, scope, null);
    } else if (out !== null && second === ':=') scope.names.set(verb!, evaluate(words.slice(2), scope));
    else if (out !== null) {
      const value = evaluate(words, scope);
      out.push(typeof value === 'string' ? value : shown(value));
    }
  }
  return parts.length;
};

/** The text, or the field that does not exist. */
export const render = (template: string, value: unknown): { readonly text: string } | { readonly missing: string } => {
  const out: string[] = [];
  const parts = (template === 'json' ? '{{json .}}' : template).split(/\{\{\s*(.*?)\s*\}\}/);
  try {
    renderFrom(parts, 0, { dot: value, names: new Map() }, out);
    return { text: out.join('') };
  } catch (error) {
    if (!(error instanceof MissingField)) throw error;
    return { missing: error.path };
  }
};
