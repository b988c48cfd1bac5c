/** The report for scripts: gpumedic.check/1, member by member, so that nothing internal leaks out. */
import type { Report } from '../engine/report.ts';

/** The members of the schema, in its order. */
export const publicReport = (report: Report) => ({
  schema: 'gpumedic.check/1' as const,
  verdict: report.verdict,
  mutated: report.mutated,
  tookMs: report.tookMs,
  machine: report.machine,
  ways: report.ways,
  findings: report.findings,
  unknown: report.unknown,
});

/** Ends with a newline. */
export const reportJson = (report: Report): string => `${JSON.stringify(publicReport(report), null, 2)}\n`;
