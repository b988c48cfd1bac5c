/** The report for a ticket or a chat. */
import type { Report } from '../engine/report.ts';
import { printable } from '../text/sanitize.ts';
import { machineLines } from './machine.ts';
import { becauseWords, count, privilegeWords, seconds, worksWord } from './words.ts';

/** Text between other Markdown: nothing in it starts markup. */
const plain = (text: string): string =>
  printable(text)
    .replaceAll('\n', ' ')
    .replace(/[\\`*_[\]<>|#~]/g, '\\$&');

/** A code span that holds backticks where the text does. */
const code = (text: string): string => {
  const clean = printable(text).replaceAll('\n', ' ');
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 ? ' ' : '';
  return `${fence}${space}${clean}${space}${fence}`;
};

const block = (text: string): string => {
  const clean = printable(text).replace(/\n+$/, '');
  const longest = Math.max(2, ...(clean.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${clean}\n${fence}`;
};

const verdictWords = { ok: 'ok: nothing wrong was found', fault: 'fault', unknown: 'cannot tell' } as const;

const findingPart = (finding: Report['findings'][number]): string => {
  const fixes = finding.fixes.map(
    fix =>
      `- ${code(fix.id)} ${plain(fix.title)} (${fix.by === 'guide' ? 'steps for a person' : privilegeWords[fix.privilege]})`,
  );
  return [
    `### ${finding.severity}: ${plain(finding.title)} (${code(finding.id)})`,
    ...finding.evidence.map(({ from, shows }) => `${code(from)}\n\n${block(shows)}`),
    finding.explains.length > 0 ? `Explains ${finding.explains.map(code).join(', ')}.` : null,
    fixes.length > 0 ? `Fixes, the least invasive first:\n\n${fixes.join('\n')}` : null,
  ]
    .filter(part => part !== null)
    .join('\n\n');
};

/** What was seen of the one container that was named. */
const containerPart = ({ container }: Report): string | null => {
  if (container === undefined) return null;
  const rows = container.trail.steps
    .filter(s => s.found !== '' || s.verdict === 'cannotTell')
    .map(s => `- ${plain(s.title)}: ${plain(s.verdict === 'cannotTell' ? 'cannot tell' : s.found)}`);
  return `## Container or image ${code(container.name)}\n\n${rows.join('\n')}`;
};

/** Ends with a newline. */
export const reportMarkdown = (report: Report): string => {
  const faults = report.findings.filter(finding => finding.severity === 'fault').length;
  const ways = report.ways.map(
    way =>
      `| ${code(way.how).replaceAll('|', '\\|')} | ${worksWord(way.works)} | ${plain(way.works === true ? '' : (way.cause ?? way.why))} |`,
  );
  const parts = [
    `# gpumedic check: ${verdictWords[report.verdict]}${faults > 0 ? `, ${count(faults, 'cause')}` : ''}`,
    machineLines(report.machine)
      .map(line => plain(line.join(' · ')))
      .join('  \n'),
    ...report.findings.map(findingPart),
    containerPart(report),
    ways.length > 0
      ? `## How to ask for the GPU here\n\n| way | today | because |\n| --- | --- | --- |\n${ways.join('\n')}`
      : null,
    report.unknown.length > 0
      ? `## Not answered\n\n${report.unknown.map(u => `- ${code(u.probe)}: ${becauseWords[u.because]}`).join('\n')}`
      : null,
    `${report.mutated ? 'The machine was changed' : 'Nothing was changed'}; ${seconds(report.tookMs)}.`,
  ];
  return `${parts.filter(part => part !== null).join('\n\n')}\n`;
};
