/** The answer from the text, sharpened by what this machine shows. */
import type { Report } from '../engine/report.ts';
import type { Cause, Explanation } from './index.ts';

/** What the machine leaves of an answer that a probe here would have confirmed, and of one that no probe can see. */
const CONTRADICTED = 0.35;
const UNSEEN = 0.8;
const CONFIRMED = 0.97;

/** Ids that were found go first, those that explain a named cause with them; what `canSee`n is and was not found goes down. */
export const sharpen = (
  told: Explanation,
  report: Pick<Report, 'findings' | 'verdict'>,
  canSee: (id: string) => boolean,
): Explanation => {
  const faults = report.findings.filter(finding => finding.severity === 'fault');
  const named = new Map(told.causes.map(cause => [cause.id, cause]));
  const confirmed: Cause[] = [];
  for (const fault of faults) {
    const own = named.get(fault.id);
    const consequence = fault.explains.map(id => named.get(id)).find(cause => cause !== undefined);
    const text = own ?? consequence;
    const seen = fault.evidence[0];
    const toTell = seen === undefined ? fault.title : `seen here: ${seen.from}`;
    if (text !== undefined)
      confirmed.push({ id: fault.id, confidence: own === undefined ? 0.9 : CONFIRMED, matched: text.matched, toTell });
  }
  const ids = new Set(confirmed.map(cause => cause.id));
  const isJudged = confirmed.length > 0 || report.verdict === 'ok';
  const left = (id: string): number => (!isJudged ? 1 : canSee(id) ? CONTRADICTED : UNSEEN);
  const rest = told.causes
    .filter(cause => !ids.has(cause.id))
    .map(cause => ({ ...cause, confidence: Math.round(cause.confidence * left(cause.id) * 100) / 100 }));
  const others = told.notMine || confirmed.length > 0 ? [] : faults.filter(fault => !named.has(fault.id));
  const found = others.map(fault => ({
    id: fault.id,
    confidence: told.causes.length === 0 ? 0.6 : 0.4,
    matched: [],
    toTell: `found on this machine; nothing in the text names it: ${fault.title}`,
  }));
  const causes = [...confirmed, ...rest, ...found].sort((a, b) => b.confidence - a.confidence);
  return { ...told, causes };
};
