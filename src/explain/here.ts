/** The answer from the text, sharpened by what this machine shows. */
import type { Report } from '../engine/report.ts';
import type { Cause, Explanation } from './index.ts';

/** What a healthy machine leaves of an answer that a probe here would have confirmed. */
const CONTRADICTED = 0.35;
const CONFIRMED = 0.97;

/** Ids that were found go first, those that explain a named cause next; what the machine contradicts goes down. */
export const sharpen = (told: Explanation, report: Pick<Report, 'findings' | 'verdict'>): Explanation => {
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
  const lessen = confirmed.length > 0 || report.verdict === 'ok' ? CONTRADICTED : 1;
  const rest = told.causes
    .filter(cause => !ids.has(cause.id))
    .map(cause => ({ ...cause, confidence: Math.round(cause.confidence * lessen * 100) / 100 }));
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
