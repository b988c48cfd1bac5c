/** What `gpumedic check` prints. Sign and word carry the meaning; colour only repeats it. */
import type { Report } from '../engine/report.ts';
import { printable } from '../text/sanitize.ts';
import { cells } from './cells.ts';
import { machineLines } from './machine.ts';
import {
  becauseWords,
  count,
  effectWords,
  privilegeWords,
  seconds,
  severityTone,
  signs,
  type Tone,
  worksTone,
  worksWord,
} from './words.ts';
import { pad, truncate, wrap } from './wrap.ts';

export interface Look {
  readonly columns: number;
  readonly colour: boolean;
  readonly ascii: boolean;
  /** " --box FILE" or " --demo NAME": what names the same machine in the next command; empty for this machine. */
  readonly from: string;
}

type Finding = Report['findings'][number];

/** Lines of evidence shown for each finding; all of them are in the JSON. */
const MOST_EVIDENCE = 6;
const MOST_EXCERPT_LINES = 4;

const asciiTwins: Readonly<Record<string, string>> = {
  '·': '|',
  '…': '...',
  '┃': '|',
  '–': '-',
  '“': '"',
  '”': '"',
  '’': "'",
  '→': '->',
  '≥': '>=',
  '≤': '<=',
  '✔': 'ok',
  '✖': '!!',
};

interface Pen {
  readonly width: number;
  readonly paint: (tone: Tone, text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly sign: (tone: Tone) => string;
}

const penOf = (look: Look): Pen => {
  const ansi = (code: number) => (text: string) =>
    look.colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    width: Math.max(20, Math.min(look.columns, 100)),
    paint: (tone, text) => ansi(signs[tone].ansi)(text),
    bold: ansi(1),
    dim: ansi(2),
    sign: tone => (look.ascii ? signs[tone].ascii : signs[tone].sign),
  };
};

/** Paragraph with a hanging indent. */
const hang = (pen: Pen, first: string, rest: string, text: string): string[] => {
  const lines = wrap(text, Math.max(10, pen.width - Math.max(cells(first), cells(rest))));
  return lines.map((line, i) => (i === 0 ? first : rest) + line);
};

const labelled = (pen: Pen, label: string, text: string): string[] => {
  const width = pen.width < 50 ? 4 : 16;
  const isNarrow = pen.width < 50;
  if (isNarrow) return [`  ${label}:`, ...hang(pen, '    ', '    ', text)];
  return hang(pen, `  ${pad(label, width - 2)}`, ' '.repeat(width), text);
};

const evidenceLines = (pen: Pen, evidence: Finding['evidence']): string[] => {
  const bar = '  ┃ ';
  const lines: string[] = [];
  for (const { from, shows } of evidence.slice(0, MOST_EVIDENCE)) {
    lines.push(...hang(pen, bar, `${bar}  `, printable(from).replaceAll('\n', ' ')).map(pen.dim));
    const shown = printable(shows).replace(/\n+$/, '').split('\n');
    for (const line of shown.slice(0, MOST_EXCERPT_LINES))
      lines.push(`${bar}  ${truncate(line.replaceAll('\t', '  '), pen.width - 6)}`);
    if (shown.length > MOST_EXCERPT_LINES)
      lines.push(pen.dim(`${bar}  … ${count(shown.length - MOST_EXCERPT_LINES, 'more line')}`));
  }
  const left = evidence.length - MOST_EVIDENCE;
  if (left > 0) lines.push(pen.dim(`${bar}… ${left} more, all with --json`));
  return lines;
};

const interrupts = (effects: readonly string[]): string =>
  effects
    .map(effect => effectWords[effect as keyof typeof effectWords])
    .filter(words => words !== undefined)
    .join(', ');

const fixLines = (pen: Pen, finding: Finding): string[] =>
  finding.fixes.flatMap((fix, i) => {
    const stops = interrupts(fix.effect);
    const touches = fix.touches.length > 0 ? ` · ${fix.touches.join(', ')}` : '';
    const how = fix.by === 'guide' ? 'steps for you to take' : privilegeWords[fix.privilege];
    const isSaid = fix.by !== 'guide' && fix.privilege === 3 && stops !== '';
    const parts = [isSaid ? `needs root, ${stops}` : how, isSaid || stops === '' ? null : stops].filter(
      p => p !== null,
    );
    return labelled(pen, i === 0 ? 'Fix' : 'or', printable(`${fix.title} (${parts.join(', ')}${touches})`));
  });

const findingLines = (pen: Pen, finding: Finding): string[] => {
  const tone = severityTone[finding.severity];
  const head = hang(pen, '', '    ', `${pen.sign(tone)} ${finding.severity}  ${printable(finding.title)}`);
  const [first = '', ...rest] = head;
  return [
    pen.paint(tone, first),
    ...rest.map(line => pen.paint(tone, line)),
    ...labelled(pen, 'Id', finding.id),
    ...evidenceLines(pen, finding.evidence),
    ...(finding.explains.length > 0 ? labelled(pen, 'Explains', finding.explains.join(', ')) : []),
    ...(finding.severity === 'note' ? [] : fixLines(pen, finding)),
    '',
  ];
};

/** The table of the five ways; on a narrow terminal each way takes its own lines. */
const wayLines = (pen: Pen, ways: Report['ways']): string[] => {
  if (ways.length === 0) return [];
  const head = wrap('How you can ask for the GPU here', pen.width).map(pen.bold);
  const cell = (works: boolean | null): string => `${pen.sign(worksTone(works))} ${worksWord(works)}`;
  const because = (way: Report['ways'][number]): string => (way.works === true ? '' : (way.cause ?? way.why));
  if (pen.width < 72) {
    const lines = ways.flatMap(way => [
      ...hang(pen, '  ', '    ', way.how),
      ...hang(pen, '    ', '    ', `${cell(way.works)}${because(way) === '' ? '' : `: ${because(way)}`}`).map(line =>
        pen.paint(worksTone(way.works), line),
      ),
    ]);
    return [...head, ...lines, ''];
  }
  const howWidth = Math.min(44, Math.max(...ways.map(way => cells(way.how)))) + 2;
  const wordWidth = Math.max(...ways.map(way => cells(cell(way.works)))) + 2;
  const rows = ways.flatMap(way => {
    const left = pad(truncate(way.how, howWidth - 2), howWidth);
    const word = cell(way.works);
    const gap = ' '.repeat(wordWidth - cells(word));
    const right = wrap(because(way), Math.max(12, pen.width - 2 - howWidth - wordWidth));
    const first = `  ${left}${pen.paint(worksTone(way.works), word)}${right[0] === undefined ? '' : gap + right[0]}`;
    return [first, ...right.slice(1).map(line => ' '.repeat(2 + howWidth + wordWidth) + line)];
  });
  return [...head, ...rows, ''];
};

const unknownLines = (pen: Pen, unknown: Report['unknown']): string[] => {
  if (unknown.length === 0) return [];
  const lines = unknown.flatMap(({ probe, because }) =>
    hang(
      pen,
      `  ${pen.sign('unsure')} `,
      '    ',
      `${printable(probe).replaceAll('\n', ' ')}: ${becauseWords[because]}`,
    ),
  );
  return [pen.bold('Not answered'), ...lines, ''];
};

const verdictWords = (report: Report): { tone: Tone; text: string } => {
  const faults = report.findings.filter(finding => finding.severity === 'fault').length;
  if (report.verdict === 'ok') return { tone: 'ok', text: 'ok: nothing wrong was found' };
  if (report.verdict === 'unknown')
    return { tone: 'unsure', text: 'cannot tell: no fault was found, but not everything could be seen' };
  return { tone: 'bad', text: `fault: ${count(faults, 'cause')} found` };
};

const nextLines = (report: Report, look: Look): string[] => {
  const canFix = report.findings.some(f => f.severity === 'fault' && f.fixes.some(fix => fix.by !== 'guide'));
  if (report.verdict === 'fault') {
    const cannot = 'gpumedic fix --dry-run';
    const next = look.from.startsWith(' --box') ? cannot : 'gpumedic fix';
    return canFix ? [`Next: ${next}${look.from}`] : [`Next: gpumedic${look.from}`];
  }
  if (report.verdict === 'unknown' && look.from === '')
    return ['Next: run it again as root, or with what is listed above made readable'];
  return [];
};

/** Ends with a newline. */
export const reportText = (report: Report, look: Look): string => {
  const pen = penOf(look);
  const { tone, text } = verdictWords(report);
  const state = report.mutated ? 'changed' : 'nothing changed';
  const lines = [
    ...machineLines(report.machine).flatMap(parts => hang(pen, '', '  ', parts.join(' · '))),
    '',
    ...report.findings.flatMap(finding => findingLines(pen, finding)),
    ...wayLines(pen, report.ways),
    ...unknownLines(pen, report.unknown),
    ...hang(pen, `${pen.sign(tone)} `, '  ', `${text} (${seconds(report.tookMs)}, ${state})`).map(line =>
      pen.paint(tone, line),
    ),
    ...nextLines(report, look).flatMap(line => hang(pen, '', '  ', line)),
  ];
  const whole = `${lines.map(line => line.trimEnd()).join('\n')}\n`;
  return look.ascii ? toAscii(whole) : whole;
};

/** Quoted evidence keeps its letters; what is ours becomes ASCII. */
const toAscii = (text: string): string => text.replace(/[·…┃–“”’→≥≤✔✖]/g, c => asciiTwins[c] ?? c);
