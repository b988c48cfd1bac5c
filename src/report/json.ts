/** The report for scripts: gpumedic.check/1, member by member, so that nothing internal leaks out. */
import type { Report } from '../engine/report.ts';

const machineOf = ({ platform, os, driver, toolkit, gpus, engines }: Report['machine']) => ({
  platform,
  os,
  driver,
  toolkit,
  gpus: gpus.map(({ name, uuid, pci }) => ({ name, uuid, pci })),
  engines,
});

/** The members of the schema, in its order. */
export const publicReport = (report: Report) => ({
  schema: 'gpumedic.check/1' as const,
  verdict: report.verdict,
  mutated: report.mutated,
  tookMs: report.tookMs,
  machine: machineOf(report.machine),
  ways: report.ways.map(({ way, works, cause, why, how }) => ({ way, works, cause, why, how })),
  findings: report.findings.map(({ id, severity, title, evidence, explains, fixes }) => ({
    id,
    severity,
    title,
    evidence: evidence.map(({ from, shows }) => ({ from, shows })),
    explains,
    fixes,
  })),
  unknown: report.unknown,
  ...(report.container === undefined
    ? {}
    : {
        container: {
          name: report.container.name,
          way: report.container.way,
          steps: report.container.trail.steps.map(({ flow, node, title, verdict, found }) => ({
            flow,
            node,
            title,
            verdict,
            found,
          })),
        },
      }),
});

/** Ends with a newline. */
export const reportJson = (report: Report): string => `${JSON.stringify(publicReport(report), null, 2)}\n`;
