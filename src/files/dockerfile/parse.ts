/** A Dockerfile as stages of instructions, variables filled in as far as the file itself says them. */
import { DockerfileParser } from 'dockerfile-ast';
import type { Fault } from '../../text/edit.ts';
import { filled } from '../compose/interpolate.ts';

export interface Instruction {
  /** Upper case. */
  readonly word: string;
  /** As it is written. */
  readonly written: string;
  readonly args: readonly string[];
  /** Arguments as text, continuations joined. */
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
  /** Given as a JSON list. */
  readonly json: boolean;
  /** Files made from text in the Dockerfile itself. */
  readonly heredocs: number;
  /** Counted from 1. */
  readonly line: number;
  readonly endLine: number;
  readonly trigger?: Instruction;
}

export interface Stage {
  readonly name: string | null;
  readonly index: number;
  /** What it builds on, variables filled in; null where one has no value. */
  readonly from: string | null;
  readonly fromLine: number;
  /** Of the FROM itself. */
  readonly flags: Readonly<Record<string, string>>;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
  readonly fault: Fault | null;
}

const KNOWN = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);

/** Line continuations joined, comment lines between them dropped. */
const joined = (text: string, backslash: string): string => {
  const lines = text.split(/\r?\n/);
  return lines
    .filter((line, i) => i === 0 || !/^\s*#/.test(line))
    .map(line => (line.trimEnd().endsWith(backslash) ? `${line.trimEnd().slice(0, -1)} ` : line))
    .join(' ')
    .trim();
};

const jsonList = (text: string): readonly string[] | null => {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(v => typeof v === 'string') ? value : null;
  } catch {
    return null;
  }
};

/** Words of a line as a shell would split it, quotes taken off. */
export const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|[^\s"'])+/g)].map(m =>
    m[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, a, b) => a ?? b ?? ''),
  );

interface Raw {
  getInstruction(): string;
  getKeyword(): string;
  getRange(): { start: { line: number }; end: { line: number } };
  getRawArgumentsContent(): string | null;
  getFlags?(): readonly { getName(): string; getValue(): string | null }[];
  getHeredocs?(): readonly unknown[];
  getTriggerInstruction?(): Raw | null;
}

const instructionOf = (raw: Raw, backslash: string): Instruction => {
  const range = raw.getRange();
  const heredocs = raw.getHeredocs?.().length ?? 0;
  const whole = raw.getRawArgumentsContent() ?? '';
  const text = heredocs > 0 ? (whole.split(/\r?\n/)[0] ?? '') : joined(whole, backslash);
  const list = jsonList(text);
  const trigger = raw.getTriggerInstruction?.();
  return {
    word: raw.getKeyword().toUpperCase(),
    written: raw.getInstruction(),
    args: (list ?? wordsOf(text)).filter(a => heredocs === 0 || !a.startsWith('<<')),
    text: heredocs > 0 ? whole : text,
    flags: Object.fromEntries((raw.getFlags?.() ?? []).map(f => [f.getName(), f.getValue() ?? ''])),
    json: list !== null,
    heredocs,
    line: range.start.line + 1,
    endLine: range.end.line + 1,
    ...(trigger && { trigger: instructionOf(trigger, backslash) }),
  };
};

const assignment = (args: readonly string[], text: string): readonly (readonly [string, string])[] => {
  const first = args[0] ?? '';
  if (!first.includes('=') && args.length > 1) return [[first, text.slice(first.length).trim()]];
  return args.flatMap(a => {
    const cut = a.indexOf('=');
    return cut > 0 ? [[a.slice(0, cut), a.slice(cut + 1)] as const] : [];
  });
};

/** ENV and ARG pairs of an instruction. */
export const assignmentsOf = (i: Instruction): readonly (readonly [string, string])[] => assignment(i.args, i.text);

export const parseDockerfile = (text: string): Dockerfile => {
  const file = DockerfileParser.parse(text);
  const backslash = file.getEscapeCharacter();
  const all = (file.getInstructions() as unknown as readonly Raw[]).map(i => instructionOf(i, backslash));
  const bad = all.find(i => !KNOWN.has(i.word));
  const firstFrom = all.findIndex(i => i.word === 'FROM');
  const early = all.find((i, n) => (firstFrom < 0 || n < firstFrom) && i.word !== 'ARG');
  const fault =
    bad !== undefined
      ? { line: bad.line, column: 1, message: `${bad.written} is no instruction of a Dockerfile` }
      : firstFrom < 0
        ? { line: early?.line ?? 1, column: 1, message: 'there is no FROM' }
        : early !== undefined
          ? { line: early.line, column: 1, message: `${early.word} stands before the first FROM` }
          : null;
  const before: Record<string, string> = {};
  for (const i of all.slice(0, Math.max(0, firstFrom))) for (const [k, v] of assignmentsOf(i)) before[k] = v;
  const stages: {
    name: string | null;
    index: number;
    from: string | null;
    fromLine: number;
    flags: Readonly<Record<string, string>>;
    instructions: Instruction[];
  }[] = [];
  for (const i of firstFrom < 0 ? [] : all.slice(firstFrom)) {
    if (i.word !== 'FROM') {
      stages.at(-1)?.instructions.push(i);
      continue;
    }
    const as = i.args.findIndex(a => a.toUpperCase() === 'AS');
    stages.push({
      name: as > 0 ? (i.args[as + 1]?.toLowerCase() ?? null) : null,
      index: stages.length,
      from: filled(i.args[0] ?? '', before),
      fromLine: i.line,
      flags: i.flags,
      instructions: [],
    });
  }
  return { stages, fault };
};

/** The stage a name or number means, among those before `upTo`. */
export const stageOf = (file: Dockerfile, name: string, upTo: number): Stage | null => {
  const byName = file.stages.slice(0, upTo).findLast(s => s.name === name.toLowerCase());
  return byName ?? (/^\d+$/.test(name) ? (file.stages[Number(name)] ?? null) : null);
};

/** The stage that is started. */
export const stageFor = (file: Dockerfile, target: string | null): Stage | undefined =>
  file.stages.find(s => target !== null && s.name === target.toLowerCase()) ?? file.stages.at(-1);

/** A stage and those it builds on, the base last. */
export const chainOf = (file: Dockerfile, first: Stage | undefined): readonly Stage[] => {
  const chain: Stage[] = [];
  let stage = first;
  while (stage !== undefined && !chain.includes(stage)) {
    chain.push(stage);
    const { from, index } = stage;
    stage = file.stages.find(s => s.index < index && s.name !== null && s.name === from?.toLowerCase());
  }
  return chain;
};
