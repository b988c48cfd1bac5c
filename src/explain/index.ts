/** From an error text to the failure mode it betrays. `explainText(text)` for a text at hand, `explainer()` for a stream. */
import { signs } from '../../flows/signatures/index.ts';
import { clip, printable } from '../text/sanitize.ts';
import { type Redactor, redactor } from '../transcript/redact.ts';
import { catalogue } from './catalogue.ts';
import { addLines, type Hits, type Line, noHits } from './hits.ts';
import { type Ranking, rank } from './rank.ts';
import { addSlips } from './slips.ts';

export interface Cause {
  readonly id: string;
  /** 0 to 1: how likely this is the one to name. */
  readonly confidence: number;
  /** Redacted and printable. */
  readonly matched: readonly { readonly line: number; readonly text: string }[];
  readonly toTell: string;
}
/** The shape of `explain --json` (gpumedic.explain/1). */
export interface Explanation {
  readonly schema: 'gpumedic.explain/1';
  readonly notMine: boolean;
  readonly causes: readonly Cause[];
  /** What it is instead, where `notMine`. */
  readonly foreign?: { readonly kind: string; readonly about: string };
  /** Versions that the text names. */
  readonly versions?: Readonly<Record<string, string>>;
}

const SHOWN = 240;
/** Characters shown before what was found. */
const BEFORE = 60;
/** A longer text is taken as it is. */
export const MOST_SLIPS = 64 * 1024;
/** With an answer this likely nobody looks for misspelt ones … */
const CERTAIN = 0.7;
/** … nor for those that are cut. */
const CLEAR = 0.5;

/** At most `SHOWN` characters of a line, those around the word that was found. */
const around = (text: string, hint: string): string => {
  if (text.length <= SHOWN) return text;
  const at = text.toLowerCase().indexOf(hint);
  const from = at < SHOWN - BEFORE ? 0 : at - BEFORE;
  return clip(from === 0 ? text : `…${text.slice(from)}`, SHOWN);
};

const shownLines = (redact: Redactor, lines: readonly Line[]): Cause['matched'] =>
  lines.map(({ line, raw, hint }) => ({
    line,
    text: around(printable(redact.text(raw)).replace(/\s+/g, ' ').trim(), hint),
  }));

const unrelated = { kind: 'unrelated', about: 'The text does not speak of the NVIDIA container stack.' };

/** What the hits so far amount to. */
export const conclude = (hits: Hits): Explanation => told(hits, rank(catalogue(), hits));

const told = (hits: Hits, { candidates, foreign }: Ranking): Explanation => {
  const redact = redactor();
  const causes = candidates.map(({ id, confidence, lines }) => ({
    id,
    confidence: Math.round(confidence * 100) / 100,
    matched: shownLines(redact, lines),
    toTell: signs[id as keyof typeof signs]?.tell ?? 'gpumedic check on the machine in question',
  }));
  const isEmpty = hits.order === 0;
  const notMine = causes.length === 0 && !isEmpty && (foreign !== null || !hits.features.has('gpuWords'));
  const instead = notMine ? (foreign ?? unrelated) : null;
  return {
    schema: 'gpumedic.explain/1',
    notMine,
    causes,
    ...(instead === null ? {} : { foreign: { kind: instead.kind, about: instead.about } }),
    ...(Object.keys(hits.versions).length === 0 ? {} : { versions: hits.versions }),
  };
};

/**
 * Names the failure mode from the lines of a text. Where nothing exact is sure, also from what looks like a signature with
 * slips, and where nothing exact was found at all, from what is left of one.
 */
export const explainLines = (lines: readonly string[]): Explanation => {
  const hits = noHits();
  addLines(hits, catalogue(), lines, 1);
  const first = rank(catalogue(), hits);
  const best = first.candidates[0];
  const isCertain = best !== undefined && best.confidence >= CERTAIN && !best.isVague;
  const isLong = lines.reduce((sum, line) => sum + line.length, 0) > MOST_SLIPS;
  if (isCertain || isLong || addSlips(hits, catalogue(), lines, 1, (best?.confidence ?? 0) < CLEAR) === 0)
    return told(hits, first);
  return conclude(hits);
};

/** Names the failure mode from the text alone. */
export const explainText = (text: string): Explanation => explainLines(text.split('\n'));
