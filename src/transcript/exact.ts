/**
 * What an edit does to a file, byte for byte: kept in the log beside the redacted texts, so that a script made from the
 * log can be exact without holding the rest of the file. Pure.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '../plan/plan.ts';
import { diffLines } from '../text/diff.ts';

/** At byte `at` of the old file, `drop` bytes are replaced by `add`. */
export interface Put {
  readonly at: number;
  readonly drop: number;
  readonly add: string;
}

export interface ExactEdit {
  /** SHA-256 of the file, in hexadecimal; null where it does not exist. */
  readonly before: string | null;
  readonly after: string | null;
  /** In the order of the file; null where they hold what cannot be written into a script. */
  readonly puts: readonly Put[] | null;
}

export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

const bytesIn = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Characters that no here-document should carry: controls but tab, newline and carriage return, and what turns the reading direction. */
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/;

const putsOf = (before: string, after: string): readonly Put[] => {
  const puts: { at: number; drop: number; add: string }[] = [];
  let at = 0;
  let open: (typeof puts)[number] | null = null;
  for (const line of diffLines(before, after)) {
    const text = line.noNewline === true ? line.text : `${line.text}\n`;
    if (line.sign === ' ') open = null;
    else {
      open ??= puts[puts.push({ at, drop: 0, add: '' }) - 1]!;
      if (line.sign === '-') open.drop += bytesIn(text);
      else open.add += text;
    }
    if (line.sign !== '+') at += bytesIn(text);
  }
  return puts;
};

/** One entry a step, null for a step that edits nothing. `hide` is the redactor's; what it changes cannot be exact. */
export const exactOf = (plan: Plan, hide: (text: string) => string): readonly (ExactEdit | null)[] =>
  plan.steps.map(step => {
    if (step.do !== 'edit') return null;
    const { before, after } = step;
    const puts = after === null ? [] : putsOf(before ?? '', after);
    return {
      before: before === null ? null : sha256(before),
      after: after === null ? null : sha256(after),
      puts: puts.some(put => UNFIT.test(put.add)) ? null : puts.map(put => ({ ...put, add: hide(put.add) })),
    };
  });
