/** Files of requirements that a step installs from: the same faults as in the step itself, mended where they are written. */
import { titles } from '../../../flows/requests/titles.ts';
import type { Read } from '../compose/load.ts';
import type { FileFinding } from '../finding.ts';
import { dirOf, joined } from '../paths.ts';
import { contextPathOf, layOut } from './arrive.ts';
import type { Context } from './context.ts';
import type { Use } from './findings.ts';
import { type Dockerfile, stageFor } from './parse.ts';
import type { Machine } from './rules.ts';
import { type ListRule, wheelRules } from './wheels.ts';

const GIVEN = /(?:^|\s)(?:-r|--requirements?)(?:\s+|=)?(["']?)([\w./-]+\.txt)\1/g;
const COMMENT = /^[ \t]*#.*$/gm;

/** Comments say what was, and are neither judged nor changed. */
const besides = (text: string, change: (text: string) => string): string => {
  const comments: string[] = [];
  const bare = text.replace(COMMENT, comment => `#\u0000${comments.push(comment) - 1}`);
  return change(bare).replace(/#\u0000(\d+)/g, (_, i) => comments[Number(i)] ?? '');
};

/** Where the build context holds the files that the image installs from. */
const filesOf = async (file: Dockerfile, use: Use, context: Context): Promise<readonly string[]> => {
  const stage = stageFor(file, use.target);
  if (stage === undefined) return [];
  const laid = layOut(file, stage, use.args);
  const named = laid.runs.flatMap(r => [...r.text.matchAll(GIVEN)].map(m => m[2]!));
  // The folder may change between the copy and the step; a relative name is looked for wherever something was copied to.
  const folders = [laid.workdir, ...laid.copies.map(c => (c.intoFolder ? c.to : dirOf(c.to)))];
  const found: string[] = [];
  for (const name of named)
    for (const path of new Set(folders.map(f => joined(f, name)))) {
      const source = await contextPathOf(laid, path, context);
      if (source === null) continue;
      found.push(joined(context.dir, source));
      break;
    }
  return [...new Set(found)];
};

const lineOf = (before: string, after: string): number => {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const first = a.findIndex((line, i) => line !== b[i]);
  return Math.max(first, 0) + 1;
};

const judged = (path: string, text: string, rule: ListRule, use: Use, shown: string | null, machine: Machine) => {
  let wrong: string | null = null;
  besides(text, bare => {
    wrong = rule.wrongList(`\n${bare}`, machine);
    return bare;
  });
  if (wrong === null) return [];
  const after = besides(text, bare => rule.betterList(`\n${bare}`, machine).replace(/^\n/, ''));
  const line = lineOf(text, after);
  const finding: FileFinding = {
    path,
    kind: 'dockerfile',
    id: rule.id,
    severity: shown === rule.id ? 'fault' : 'risk',
    title: titles[rule.id]!,
    line,
    column: 1,
    endLine: line,
    endColumn: (text.split('\n')[line - 1] ?? '').replace(/\r$/, '').length + 1,
    message: `${wrong as string}: ${rule.message}.`,
    subject: use.service,
    works: [],
    mends: after === text ? [] : [{ title: rule.title, to: null, path, before: text, after }],
    snippet: null,
  };
  return [finding];
};

/** Wheels without CUDA, or without code for the cards here, in the files that an image installs from. */
export const requirementFindings = async (
  read: Read,
  file: Dockerfile,
  use: Use,
  context: Context,
  shown: string | null,
  machine: Machine,
): Promise<readonly FileFinding[]> => {
  const rules = wheelRules.filter(r => r.when(use, shown));
  if (rules.length === 0) return [];
  const found: FileFinding[] = [];
  for (const path of await filesOf(file, use, context)) {
    const text = await read(path);
    if (text.kind === 'file') found.push(...rules.flatMap(r => judged(path, text.text, r, use, shown, machine)));
  }
  return found;
};
