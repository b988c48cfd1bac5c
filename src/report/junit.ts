/** The report as JUnit XML: every question of the tree a test case, for pipelines that read nothing else. */
import type { Flow } from '../engine/flow.ts';
import type { Report } from '../engine/report.ts';
import { xmlAttribute as attribute, xml } from '../text/xml.ts';
import { becauseWords } from './words.ts';

interface Case {
  readonly group: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly message: string;
  readonly detail: string;
}

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
        detail: finding.evidence.map(({ from, shows }) => `${from}\n${shows}`).join('\n\n'),
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

const caseXml = (c: Case): string => {
  const open = `    <testcase classname="gpumedic.${attribute(c.group)}" name="${attribute(c.name)}"`;
  if (c.outcome === 'passed') return `${open}/>`;
  const tag = c.outcome === 'failed' ? 'failure' : 'skipped';
  const inner = c.detail === '' ? '/>' : `>${xml(c.detail)}</${tag}>`;
  return `${open}>\n      <${tag} message="${attribute(c.message)}"${inner}\n    </testcase>`;
};

/** `flows`: the whole tree, so that what was not asked is there too. Ends with a newline. */
export const reportJunit = (report: Report, flows: readonly Flow[]): string => {
  const all = cases(report, flows);
  const failures = all.filter(c => c.outcome === 'failed').length;
  const skipped = all.filter(c => c.outcome === 'skipped').length;
  const numbers = `tests="${all.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${(report.tookMs / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gpumedic check" ${numbers}>`,
    `  <testsuite name="gpumedic check" ${numbers}>`,
    ...all.map(caseXml),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};
