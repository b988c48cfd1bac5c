/** The report as JUnit XML: every question of the tree a test case, for pipelines that read nothing else. */
import type { Report } from '../engine/report.ts';
import { printable } from '../text/sanitize.ts';
import { becauseWords } from './words.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters; `printable` has removed them. */
const xml = (text: string): string =>
  printable(text)
    .replace(/[&<>"']/g, c => entities[c] ?? c)
    .replace(/[\ufffe\uffff]/g, '');
const attribute = (text: string): string => xml(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');

interface Case {
  readonly group: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly message: string;
  readonly detail: string;
}

const findingOf = (report: Report, id: string) => report.findings.find(finding => finding.id === id);

const cases = (report: Report): readonly Case[] => {
  const asked = report.internal.judged.map((row): Case => {
    const finding = row.finding === undefined ? undefined : findingOf(report, row.finding);
    const isFault = finding?.severity === 'fault';
    return {
      group: row.flow,
      name: `${row.node}: ${row.title}`,
      outcome: isFault ? 'failed' : row.verdict === 'cannotTell' ? 'skipped' : 'passed',
      message: isFault ? `${finding.id}: ${finding.title}` : row.found,
      detail: isFault ? finding.evidence.map(({ from, shows }) => `${from}\n${shows}`).join('\n\n') : '',
    };
  });
  const named = new Set(report.internal.judged.map(row => row.finding));
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

/** Ends with a newline. */
export const reportJunit = (report: Report): string => {
  const all = cases(report);
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
