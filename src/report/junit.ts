/** The report as JUnit XML: every question of the tree a test case, for pipelines that read nothing else. */
import type { Flow } from '../engine/flow.ts';
import type { Report } from '../engine/report.ts';
import { type JunitCase as Case, junitXml } from './junit-xml.ts';
import { becauseWords } from './words.ts';

const evidenceText = (finding: Report['findings'][number]): string =>
  finding.evidence.map(({ from, shows }) => `${from}\n${shows}`).join('\n\n');

/** A node that several ways passed is one case: the step with the gravest finding speaks for it. */
const nodeCase = (report: Report, flow: string, node: string, title: string): Case => {
  const steps = report.internal.trails
    .flatMap(trail => trail.steps)
    .filter(step => step.flow === flow && step.node === node);
  const name = `${node}: ${title}`;
  const faults = report.findings.filter(
    finding => finding.severity === 'fault' && steps.some(step => step.finding?.id === finding.id),
  );
  const [fault] = faults;
  if (fault !== undefined) {
    return {
      group: flow,
      name,
      outcome: 'failed',
      message: `${fault.id}: ${fault.title}`,
      detail: evidenceText(fault),
    };
  }
  const [step] = steps;
  if (step === undefined)
    return { group: flow, name, outcome: 'skipped', message: 'not asked on this box', detail: '' };
  const isOpen = steps.some(each => each.verdict === 'cannotTell');
  return {
    group: flow,
    name,
    outcome: isOpen ? 'skipped' : 'passed',
    message: isOpen ? 'cannot tell' : step.found,
    detail: '',
  };
};

const cases = (report: Report, flows: readonly Flow[]): readonly Case[] => {
  const asked = flows.flatMap(flow =>
    Object.entries(flow.nodes).map(([node, { title }]) => nodeCase(report, flow.id, node, title)),
  );
  const named = new Set(report.internal.trails.flatMap(trail => trail.steps).map(step => step.finding?.id));
  const others = report.findings
    .filter(finding => finding.severity === 'fault' && !named.has(finding.id))
    .map(
      (finding): Case => ({
        group: 'findings',
        name: finding.id,
        outcome: 'failed',
        message: finding.title,
        detail: evidenceText(finding),
      }),
    );
  const ways = report.ways.map(
    (way): Case => ({
      group: 'ways',
      name: way.how,
      outcome: way.works === null ? 'skipped' : way.works ? 'passed' : 'failed',
      message: way.cause === null ? way.why : `${way.cause}: ${way.why}`,
      detail: '',
    }),
  );
  const unanswered = report.unknown.map(
    (gap): Case => ({
      group: 'unanswered',
      name: gap.probe,
      outcome: 'skipped',
      message: becauseWords[gap.because],
      detail: '',
    }),
  );
  return [...asked, ...others, ...ways, ...unanswered];
};

/** `flows`: the whole tree, so that what was not asked is there too. Ends with a newline. */
export const reportJunit = (report: Report, flows: readonly Flow[]): string =>
  junitXml('gpumedic check', report.tookMs, cases(report, flows));
