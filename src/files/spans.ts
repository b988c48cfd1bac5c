/** Replacements in a text, and the text after them. */

export interface Span {
  /** Offsets of the text before, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  readonly put: string;
}

/** What cannot be edited safely; the message is for a person. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}

/** In order and without empty ones. Throws Refused where two overlap. */
export const ordered = (spans: readonly Span[]): readonly Span[] => {
  const list = spans
    .map((s, i) => ({ s, i }))
    .filter(({ s }) => s.from !== s.to || s.put !== '')
    .sort((a, b) => a.s.from - b.s.from || a.s.to - b.s.to || a.i - b.i)
    .map(({ s }) => s);
  const joined: Span[] = [];
  for (const span of list) {
    const last = joined.at(-1);
    if (last && span.from < last.to) throw new Refused('two changes meet in one place of the file');
    if (last && span.from === last.to) joined[joined.length - 1] = { ...last, to: span.to, put: last.put + span.put };
    else joined.push(span);
  }
  return joined;
};

/** `spans` in order. */
export const applied = (text: string, spans: readonly Span[]): string => {
  let out = '';
  let at = 0;
  for (const { from, to, put } of spans) {
    out += text.slice(at, from) + put;
    at = to;
  }
  return out + text.slice(at);
};

/**
 * Spans of a text to which a final line end was added, as spans of the text without it: a file that had none still has
 * none.
 */
export const withoutLastEol = (text: string, eol: string, spans: readonly Span[]): readonly Span[] => {
  const last = spans.at(-1);
  if (!last || last.to < text.length) return spans;
  const rest = spans.slice(0, -1);
  const whole = text + eol;
  const tail = last.put + whole.slice(last.to);
  if (tail.endsWith(eol)) {
    const put = tail.slice(0, -eol.length);
    // An insertion behind the last line: the line end that was added stands before it.
    return [
      ...rest,
      { from: Math.min(last.from, text.length), to: text.length, put: last.from > text.length ? eol + put : put },
    ];
  }
  // The last lines are gone: so is the line end before them.
  const from = text.slice(0, last.from).endsWith(eol) ? last.from - eol.length : last.from;
  return [...rest, { from, to: text.length, put: '' }];
};
