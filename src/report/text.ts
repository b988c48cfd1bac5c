/** What `gpumedic check` prints. Sign and word carry the meaning; colour only repeats it. */
import type { Mode } from '../engine/mode.ts';
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
  /** What is known of the findings: why they matter and, where no fix helps, what to do. */
  readonly modes?: Readonly<Record<string, Pick<Mode, 'why' | 'guide'>>>;
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
  if (isNarrow) return [...(label === '' ? [] : [`  ${label}:`]), ...hang(pen, '    ', '    ', text)];
  return hang(pen, `  ${pad(label, width - 2)}`, ' '.repeat(width), text);
};

const evidenceLines = (pen: Pen, evidence: Finding['evidence']): string[] => {
  const bar = '  ┃ ';
  const lines: string[] = [];
  let last = '';
  for (const { from, shows } of evidence.slice(0, MOST_EVIDENCE)) {
    if (from !== last) lines.push(...hang(pen, bar, `${bar}  `, printable(from).replaceAll('\n', ' ')).map(pen.dim));
    last = from;
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

const findingLines = (pen: Pen, finding: Finding, report: Report, modes: Look['modes']): string[] => {
  const tone = severityTone[finding.severity];
  const mode = modes?.[finding.id];
  const ways = new Set<string>(report.ways.map(({ way }) => way));
  const stops = finding.explains.filter(id => ways.has(id));
  const follows = finding.explains.filter(id => !ways.has(id));
  const head = hang(pen, '', '    ', `${pen.sign(tone)} ${finding.severity}  ${printable(finding.title)}`);
  const [first = '', ...rest] = head;
  return [
    pen.paint(tone, first),
    ...rest.map(line => pen.paint(tone, line)),
    ...labelled(pen, 'Id', finding.id),
    ...evidenceLines(pen, finding.evidence),
    ...(mode === undefined ? [] : labelled(pen, 'Why', printable(mode.why.line))),
    ...(stops.length > 0 ? labelled(pen, 'Stops', stops.join(', ')) : []),
    ...(follows.length > 0 ? labelled(pen, 'Explains', follows.join(', ')) : []),
    ...(finding.severity === 'note' ? [] : fixLines(pen, finding)),
    ...(finding.severity === 'fault' && finding.fixes.length === 0
      ? (mode?.guide ?? []).flatMap((step, i) => labelled(pen, i === 0 ? 'To do' : '', printable(step)))
      : []),
    '',
  ];
};

/** Each form of asking in full, so that two that differ at their end can be told apart. */
const wayLines = (pen: Pen, report: Report): string[] => {
  if (report.ways.length === 0) return [];
  const words = report.ways.map(({ works }) => `${pen.sign(worksTone(works))} ${worksWord(works)}`);
  const indent = ' '.repeat(pen.width < 60 ? 4 : 4 + Math.max(...words.map(cells)));
  const rows = report.ways.flatMap((way, i) => {
    const word = `  ${words[i]}`;
    const how =
      pen.width < 60
        ? [word, ...hang(pen, indent, indent, way.how)]
        : hang(pen, pad(word, indent.length), indent, way.how);
    const because =
      way.works === true ? [] : hang(pen, indent, indent, printable(becauseOf(way)).replaceAll('\n', ' ')).map(pen.dim);
    const [first = '', ...rest] = how;
    return [
      pen.paint(worksTone(way.works), first.slice(0, word.length)) + first.slice(word.length),
      ...rest,
      ...because,
    ];
  });
  return [...wrap('How you can ask for the GPU here', pen.width).map(pen.bold), ...rows, ''];
};

const becauseOf = ({ works, cause, why }: Report['ways'][number]): string => {
  if (works === null)
    return why
      .replace(/^cannot tell: /, 'without an answer: ')
      .replace(/^cannot tell$/, 'something was not answered, see below');
  return cause === null || why.startsWith(cause) ? why : `${cause}: ${why}`;
};

/** What was seen of the one container that was named: its steps that say something. */
const containerLines = (pen: Pen, { container }: Report): string[] => {
  if (container === undefined) return [];
  const rows = container.trail.steps
    .filter(s => s.found !== '' || s.finding !== undefined || s.verdict === 'cannotTell')
    .flatMap(s => {
      const finding = s.finding?.finding;
      const tone: Tone =
        finding === undefined
          ? s.verdict === 'cannotTell'
            ? 'unsure'
            : s.verdict === 'notAsked'
              ? 'quiet'
              : 'ok'
          : finding === 'stop' || finding === 'harm'
            ? 'bad'
            : 'quiet';
      const said = s.verdict === 'cannotTell' ? `cannot tell: ${s.missing[0]?.probe ?? ''}` : s.found;
      const head = `  ${pen.sign(tone)} ${pad(s.title, 24)} `;
      const [first = '', ...rest] = hang(pen, head, ' '.repeat(6), printable(said).replaceAll('\n', ' '));
      return [pen.paint(tone, first), ...rest];
    });
  return [...wrap(`Container or image ${printable(container.name)}`, pen.width).map(pen.bold), ...rows, ''];
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
    return canFix ? [`Next: ${next}${look.from}`] : [`Next: gpumedic${look.from} (explains each, and what to do)`];
  }
  const [first] = report.refused;
  if (report.verdict === 'ok' && first !== undefined)
    return [
      ...report.refused.map(c => `Docker could not start ${printable(c.name)}: ${printable(c.says)}`),
      `Next: gpumedic check --container ${printable(first.name)}${look.from}`,
    ];
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
    ...report.findings.flatMap(finding => findingLines(pen, finding, report, look.modes)),
    ...containerLines(pen, report),
    ...wayLines(pen, report),
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
