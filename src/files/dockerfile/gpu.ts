/** The rules about GPUs against one Dockerfile: where each is broken, and the edit of that instruction, proven. */
import { titles } from '../../../flows/requests/titles.ts';
import type { FileFinding, Mend } from '../finding.ts';
import type { Use } from './findings.ts';
import { chainOf, type Dockerfile, type Instruction, parseDockerfile, type Stage, stageFor } from './parse.ts';
import { type Machine, type Rule, rules } from './rules.ts';

const LABS = '# syntax=docker/dockerfile:1-labs';
const SYNTAX = /^#[ \t]*syntax[ \t]*=[ \t]*(\S+)[ \t]*/i;

/** The file with the syntax that reads RUN --device; null where another syntax is named. */
const withLabs = (text: string): string | null => {
  if (text.startsWith('\ufeff')) return null;
  const named = SYNTAX.exec(text)?.[1];
  if (named === undefined) return `${LABS}${text.includes('\r\n') ? '\r\n' : '\n'}${text}`;
  if (/-labs$/.test(named)) return text;
  return /^docker\/dockerfile:1(?:\.\d+)*$/.test(named) ? text.replace(SYNTAX, LABS) : null;
};

const words = (file: Dockerfile): readonly string[] =>
  file.stages.flatMap(s => [
    `FROM ${JSON.stringify(s.flags)} ${s.from}`,
    ...s.instructions.map(i => `${i.word} ${JSON.stringify(i.flags)} ${i.text.replace(/\s+/g, ' ').trim()}`),
  ]);

/** One instruction differs, and nothing else. */
const isProven = (before: Dockerfile, after: string): boolean => {
  const now = parseDockerfile(after);
  if (now.fault !== null) return false;
  const [a, b] = [words(before), words(now)];
  return a.length === b.length && a.filter((w, i) => w !== b[i]).length === 1;
};

interface Place {
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly stage: Stage;
}
const placesOf = (stage: Stage, rule: Rule): readonly Place[] =>
  rule.word === 'FROM'
    ? [{ line: stage.fromLine, endLine: stage.fromLine, text: stage.from ?? '', flags: stage.flags, stage }]
    : stage.instructions
        .filter((i: Instruction) => i.word === 'RUN' && i.heredocs === 0)
        .map(i => ({ line: i.line, endLine: i.endLine, text: i.text, flags: i.flags, stage }));

const mendOf = (
  path: string,
  text: string,
  file: Dockerfile,
  rule: Rule,
  place: Place,
  machine: Machine,
): readonly Mend[] => {
  if (rule.byCdi && !machine.cdi) return [];
  const built = file.stages.filter(s => chainOf(file, s).includes(place.stage));
  if (built.some(s => s.instructions.some(i => rule.isHeld?.(i, file)))) return [];
  const lines = text.split('\n');
  const written = lines.slice(place.line - 1, place.endLine).join('\n');
  const better = rule.better(written, machine);
  if (better === written) return [];
  const edited = [...lines.slice(0, place.line - 1), better, ...lines.slice(place.endLine)].join('\n');
  const after = rule.byCdi ? withLabs(edited) : edited;
  return after !== null && isProven(file, after) ? [{ title: rule.title, to: null, path, before: text, after }] : [];
};

/** Findings that lie in what the image is made of. */
export const gpuFindings = (
  path: string,
  text: string,
  file: Dockerfile,
  use: Use,
  /** What the container of this use showed. */
  shown: string | null,
  machine: Machine,
): readonly FileFinding[] =>
  rules
    .filter(rule => rule.when(use, shown))
    .flatMap(rule =>
      chainOf(file, stageFor(file, use.target)).flatMap(stage =>
        placesOf(stage, rule).flatMap((place): FileFinding[] => {
          const wrong = rule.wrong(place.text, place.flags, machine);
          if (wrong === null) return [];
          return [
            {
              path,
              kind: 'dockerfile',
              id: rule.id,
              severity: shown === rule.id ? 'fault' : 'risk',
              title: titles[rule.id]!,
              line: place.line,
              column: 1,
              endLine: place.endLine,
              endColumn: (text.split('\n')[place.endLine - 1] ?? '').replace(/\r$/, '').length + 1,
              message: `${wrong}: ${rule.message}.`,
              subject: use.service,
              works: [],
              mends: mendOf(path, text, file, rule, place, machine),
              snippet: null,
            },
          ];
        }),
      ),
    );
