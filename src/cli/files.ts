/** `gpumedic files`: the user's own Compose files, Dockerfiles and manifests, against this box. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FormId } from '../../flows/requests/forms.ts';
import type { Box } from '../box/box.ts';
import { liveBox } from '../box/live.ts';
import { checkBox } from '../engine/report.ts';
import { type FilesResult, filesFindings, planOf, rewriteFiles } from '../files/index.ts';
import { filesJson } from '../files/report/json.ts';
import { type Rewritten, rewrittenOf } from '../files/report/rewritten.ts';
import { sarif } from '../files/report/sarif.ts';
import { filesText } from '../files/report/text.ts';
import { applyPlan } from '../plan/apply.ts';
import { journalIn, type Store } from '../plan/journal.ts';
import { diskStore, stateDirs } from '../plan/store.ts';
import { openBox } from './box.ts';
import { type Context, formatOf, given, has, jsonText } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { storesOf } from './stores.ts';

/** Where a manifest comes from when it is piped. */
const PIPED = '/dev/stdin';

/** The box's own files first, then those of this disk: a person's files are judged against another machine too. */
const overDisk = (box: Box, disk: Box, piped: string | null): Box => ({
  ...box,
  read: async path => {
    if (path === PIPED && piped !== null) return { kind: 'file', text: piped };
    const found = await box.read(path);
    return found.kind === 'file' || box === disk ? found : disk.read(path);
  },
  list: async path => {
    const found = await box.list(path);
    return found.kind === 'dir' || box === disk ? found : disk.list(path);
  },
  stat: async path => {
    const found = await box.stat(path);
    return found.kind === 'stat' || box === disk ? found : disk.stat(path);
  },
});

interface Paths {
  readonly folders: readonly string[];
  readonly named: readonly string[];
}

/** Throws UsageError for a path that is not there. */
const pathsOf = async (context: Context, box: Box): Promise<Paths> => {
  const { rest } = context.words;
  // A simulated box has files of its own; the folder of the person who plays with it is not one of them.
  if (rest.length === 0) return { folders: given(context, 'demo') === undefined ? [process.cwd()] : [], named: [] };
  const folders: string[] = [];
  const named: string[] = [];
  for (const word of rest) {
    const path = word === '-' ? PIPED : resolve(word);
    if ((await box.list(path)).kind === 'dir') {
      folders.push(path);
      continue;
    }
    const found = await box.read(path);
    if (found.kind !== 'file')
      throw new UsageError(
        `${word}: ${found.kind === 'absent' ? 'no such file or folder' : found.kind === 'denied' ? 'may not be read' : 'cannot be read as text'}`,
      );
    named.push(path);
  }
  return { folders, named };
};

/** A file that was named has to parse. */
const refuseMalformed = (result: FilesResult, named: readonly string[]): void => {
  const [strange] = result.found.strange;
  if (strange !== undefined)
    throw new UsageError(`${strange}:1:1: expected a Compose file, a Dockerfile or a Kubernetes manifest`);
  const bad = result.findings.find(f => f.id === 'project-file-malformed' && named.includes(f.path));
  if (bad)
    throw new UsageError(
      `${bad.path}:${bad.line}:${bad.column}: ${bad.message.replace(/\.$/, '')} (expected ${EXPECTED[bad.kind]})`,
    );
};

const EXPECTED = {
  compose: 'a Compose file: YAML with services',
  dockerfile: 'a Dockerfile',
  manifest: 'a Kubernetes manifest: YAML with apiVersion and kind',
} as const;

/** Files of this disk are this machine's, whatever box they were judged against. */
const writerOf = async (
  context: Context,
  box: Box,
  disk: Box,
  paths: readonly string[],
): Promise<{ box: Box; store: Store }> => {
  const isOnBox = await Promise.all(paths.map(async p => (await box.read(p)).kind === 'file'));
  if (isOnBox.every(Boolean)) return { box, store: storesOf(context)[0] };
  const [own] = stateDirs({ env: context.env }).map(dir => diskStore(dir));
  return { box: disk, store: own! };
};

const write = async (context: Context, box: Box, disk: Box, rewritten: Rewritten, to: string) => {
  if (rewritten.edits.length === 0) return { mutated: false, session: null };
  context.holdInterrupts();
  const writer = await writerOf(
    context,
    box,
    disk,
    rewritten.edits.map(e => e.path),
  );
  const journal = journalIn(writer.store, { now: context.now });
  const plan = planOf(rewritten.edits, {
    finding: 'files',
    fix: `rewrite-to-${to}`,
    title: `Ask for the GPU by ${to}`,
    afterwards: ['docker compose up -d --force-recreate'],
  });
  const done = await applyPlan(writer.box, plan, journal, { signal: context.signal });
  if (done.kind === 'applied') return { mutated: true, session: done.session };
  const because =
    done.kind === 'drifted' ? `${done.path} was changed meanwhile` : 'because' in done ? done.because : 'not applied';
  context.err(`gpumedic: ${because}; nothing was changed\n`);
  return { mutated: false, session: null };
};

export const run = async (context: Context): Promise<number> => {
  const machine = await openBox(context);
  const to = given(context, 'to') as FormId | undefined;
  if (
    to === undefined &&
    (has(context, 'write') || given(context, 'shared') !== undefined || given(context, 'service') !== undefined)
  )
    throw new UsageError('--write, --service and --shared belong to a rewrite', 'say which with --to');
  if (has(context, 'write') && has(context, 'read-only'))
    throw new UsageError('--write and --read-only contradict each other');
  const disk = machine.kind === 'live' ? machine : liveBox();
  const piped = context.words.rest.includes('-') ? readFileSync(0, 'utf8') : null;
  const box = overDisk(machine, disk, piped);
  const paths = await pathsOf(context, box);
  const report = await checkBox(machine, { now: context.now, signal: context.signal });
  const isEngineAsked = context.words.rest.length === 0;
  const result = await filesFindings(box, report, { ...paths, engine: isEngineAsked, forms: to === undefined ? 1 : 0 });
  refuseMalformed(result, paths.named);
  const services = given(context, 'service')?.split(',');
  const rewritten =
    to === undefined
      ? null
      : rewrittenOf(
          await rewriteFiles(box, result.here, result.found, {
            to,
            ...(services && { services }),
            ...(given(context, 'shared') !== undefined && { shared: given(context, 'shared') as 'all' | 'own' }),
          }),
        );
  const unknown = services?.find(name => !rewritten?.services.some(s => s.service === name));
  if (unknown !== undefined) {
    const near = nearest(unknown, rewritten?.services.map(s => s.service) ?? []);
    throw new UsageError(`no service is called “${unknown}”`, near === null ? null : `did you mean “${near}”?`);
  }
  const done =
    rewritten && has(context, 'write')
      ? await write(context, machine, disk, rewritten, to ?? '')
      : { mutated: false, session: null };
  const format = formatOf(context, 'text');
  const cwd = process.cwd();
  if (format === 'json') context.out(jsonText(filesJson(result, rewritten, { to: to ?? null, ...done })));
  else if (format === 'sarif') context.out(sarif(result.findings, context.version, cwd));
  else {
    context.out(filesText(result, rewritten, { ...context.terminal, cwd }));
    if (done.mutated) context.out(`\nWritten. Put back with: gpumedic undo ${done.session}\n`);
  }
  // What was written is judged again: the rewrite may not be the only thing that was wrong.
  const now = done.mutated ? await filesFindings(box, report, { ...paths, engine: isEngineAsked, forms: 0 }) : result;
  return now.findings.some(f => f.severity === 'fault') ? 1 : 0;
};
