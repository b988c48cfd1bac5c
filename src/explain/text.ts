/** What `gpumedic explain` prints. */
import { modes } from '../../flows/modes/index.ts';
import { signs as marks, type Tone } from '../report/words.ts';
import { wrap } from '../report/wrap.ts';
import type { Cause, Explanation } from './index.ts';

export interface Look {
  readonly columns: number;
  readonly colour: boolean;
  readonly ascii: boolean;
  /** The answer was sharpened by this machine's probes. */
  readonly here?: boolean;
}

/** Answers shown; all of them are in the JSON. */
const MOST = 4;
/** An answer below this is one possibility among several. */
const LIKELY = 0.6;

const sign = (tone: Tone, look: Look): string => {
  const { sign: s, ascii, ansi } = marks[tone];
  const shown = look.ascii ? ascii : s;
  return look.colour ? `\u001b[${ansi}m${shown}\u001b[39m` : shown;
};
const bold = (text: string, look: Look): string => (look.colour ? `\u001b[1m${text}\u001b[22m` : text);
const plainly = (text: string, look: Look): string =>
  look.ascii
    ? text.replace(/[…’“”·–]/g, c => ({ '…': '...', '’': "'", '“': '"', '”': '"', '·': '|', '–': '-' })[c] ?? c)
    : text;

const percent = (confidence: number): string => `${Math.round(confidence * 100)} %`;
const titleOf = (id: string): string => modes[id]?.title ?? id;

const indented = (text: string, by: number, look: Look, first = ' '.repeat(by)): string[] =>
  wrap(plainly(text, look), Math.max(20, look.columns - by)).map(
    (line, i) => (i === 0 ? first : ' '.repeat(by)) + line,
  );

const causeLines = (cause: Cause, look: Look, isBest: boolean): string[] => {
  const tone: Tone = isBest && cause.confidence >= LIKELY ? 'bad' : 'unsure';
  const lines = [`  ${sign(tone, look)} ${bold(cause.id, look)}  ${percent(cause.confidence)}`];
  lines.push(...indented(titleOf(cause.id), 4, look));
  if (isBest) {
    for (const { line, text } of cause.matched) lines.push(...indented(text, 13, look, `    line ${line}`.padEnd(13)));
    const why = modes[cause.id]?.why;
    if (why !== undefined && cause.confidence >= LIKELY) lines.push(...indented(why.line, 4, look));
  }
  lines.push(...indented(cause.toTell, 13, look, '    to tell  '));
  return lines;
};

/** The whole answer. */
export const explanationText = (told: Explanation, look: Look): string => {
  const lines: string[] = [];
  if (told.notMine) {
    lines.push(`  ${sign('quiet', look)} Not the NVIDIA container stack`);
    if (told.foreign !== undefined) lines.push(...indented(told.foreign.about, 4, look));
  } else if (told.causes.length === 0) {
    lines.push(`  ${sign('unsure', look)} No known error in this text`);
    lines.push(
      ...indented(
        'It speaks of the GPU stack, but holds no message that names a cause. Give more of the log, above all the first error, or run gpumedic check on that machine.',
        4,
        look,
      ),
    );
  } else {
    told.causes.slice(0, MOST).forEach((cause, i) => {
      if (i > 0) lines.push('');
      lines.push(...causeLines(cause, look, i === 0));
    });
    lines.push('');
    const best = told.causes[0]!;
    lines.push(
      ...indented(
        look.here === true
          ? `Judged from the text and this machine. gpumedic fix ${best.id} shows what can be done here.`
          : 'Judged from the text alone; it may come from another machine. On that machine: gpumedic explain --here, or gpumedic check.',
        2,
        look,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
};

/** One line for an answer that is certain before the text has ended. */
export const earlyText = (cause: Cause, look: Look): string => {
  const where = cause.matched[0] === undefined ? '' : `line ${cause.matched[0].line}: `;
  return `${[`  ${sign('bad', look)} ${where}${bold(cause.id, look)}  ${percent(cause.confidence)}`, ...indented(titleOf(cause.id), 4, look)].join('\n')}\n`;
};
