/**
 * Project files judged against a box: `filesFindings` for a list with edits that mend, `rewriteFiles` for another form of
 * request, `planOf` to hand an edit to the applying of plans.
 */
import { modes } from '../../flows/modes/index.ts';
import type { FormId } from '../../flows/requests/forms.ts';
import type { Box, FileRead } from '../box/box.ts';
import type { Report } from '../engine/report.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { projectFindings } from './compose/findings.ts';
import { imageOf, isWrongHere } from './compose/images.ts';
import type { World } from './compose/judge.ts';
import { listed } from './compose/listed.ts';
import { loadProject, type Project, type Read } from './compose/load.ts';
import { requestsOf } from './compose/requests.ts';
import { type FileEdit, type Rewrite, rewriteProject } from './compose/rewrite.ts';
import { workAroundsOf } from './compose/workarounds.ts';
import { dockerfileFindings, type Use, usesOf } from './dockerfile/findings.ts';
import { type Found, findFiles } from './find.ts';
import type { FileFinding, FileRequest, Mend, Shown } from './finding.ts';
import { type Here, hereOf } from './here.ts';
import { type Asker, asker, localImages } from './local.ts';
import { manifestFindings } from './manifest/findings.ts';

export type { FileFinding, Mend } from './finding.ts';
export type { Here } from './here.ts';

export interface FilesOptions {
  /** Folders to look below; none if absent. */
  readonly folders?: readonly string[];
  /** Absolute paths of files that were named. */
  readonly named?: readonly string[];
  /** Projects by their files, in the order in which Compose is given them. */
  readonly projects?: readonly (readonly string[])[];
  /** Also the projects whose containers the engine knows; true if absent. */
  readonly engine?: boolean;
  readonly shown?: Shown;
  /** How many repaired forms are prepared for each finding; 1 if absent, 0 for none. */
  readonly forms?: number;
}

export interface FilesResult {
  readonly here: Here;
  readonly found: Found;
  readonly findings: readonly FileFinding[];
  readonly requests: readonly FileRequest[];
}

/** One reading of each file, for as long as nothing is written. */
const remembered = (box: Box): Read => {
  const seen = new Map<string, Promise<FileRead>>();
  return path => {
    const known = seen.get(path);
    if (known) return known;
    const found = box.read(path);
    seen.set(path, found);
    return found;
  };
};

/** Compute capabilities of the cards; only a framework that is built for some of them makes them matter. */
const computeCapabilities = async (box: Box): Promise<readonly string[]> => {
  const ran = await box.run({ argv: ['nvidia-smi', '--query-gpu=compute_cap', '--format=csv,noheader'] });
  return ran.kind === 'exited' && ran.code === 0
    ? [
        ...new Set(
          ran.stdout
            .split('\n')
            .map(l => l.trim())
            .filter(l => /^\d+\.\d+$/.test(l)),
        ),
      ]
    : [];
};

/** The images of services with a GPU, and which mounted driver files exist. */
const worldOf = async (
  box: Box,
  ask: Asker,
  here: Here,
  project: Project,
  capabilities: () => Promise<readonly string[]>,
  shown: Shown | undefined,
): Promise<World> => {
  const started = [...project.services.values()]
    .filter(s => s.name === shown?.service || requestsOf(s, project.env).length > 0)
    .map(s => imageOf(s, project));
  const images = await localImages(ask, started, (ref, record) => isWrongHere(here, record, ref));
  const files = new Map<string, boolean | null>();
  for (const service of project.services.values())
    for (const { source } of workAroundsOf(service, project.env)) {
      if (source === undefined || files.has(source)) continue;
      const stat = await box.stat(source);
      files.set(source, stat.kind === 'stat' ? stat.stat.type !== 'dir' : stat.kind === 'absent' ? false : null);
    }
  return {
    here,
    images,
    capabilities: started.some(ref => /torch/.test(ref)) ? await capabilities() : [],
    isFile: path => files.get(path) ?? null,
    ...(shown && { shown }),
  };
};

/** Repaired texts are prepared for so many findings; a list that is longer is read, not pasted. */
const MOST_MENDS = 40;

const order = (a: FileFinding, b: FileFinding): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line || a.column - b.column;

/** A base file may be part of several projects. */
const once = (requests: readonly FileRequest[]): readonly FileRequest[] => [
  ...new Map(requests.map(r => [`${r.path} ${r.line} ${r.column} ${r.service} ${r.form}`, r])).values(),
];

/** Everything wrong with project files on this box. Changes nothing; never throws for what stands in them. */
export const filesFindings = async (box: Box, report: Report, options: FilesOptions = {}): Promise<FilesResult> => {
  const here = await hereOf(box, report);
  const found = await findFiles(box, {
    folders: options.folders ?? [],
    named: options.named ?? [],
    engine: options.engine !== false,
    ...(options.projects && { projects: options.projects }),
  });
  const read = remembered(box);
  const findings: FileFinding[] = [];
  const requests: FileRequest[] = [];
  const ask = asker(box);
  let cards: Promise<readonly string[]> | undefined;
  const capabilities = () => (cards ??= computeCapabilities(box));
  const uses: Use[] = [];
  const mends = { forms: options.forms ?? 1, compose: here.compose, left: MOST_MENDS };
  for (const layers of found.projects) {
    const project = await loadProject(read, layers);
    findings.push(
      ...(await projectFindings(
        read,
        project,
        await worldOf(box, ask, here, project, capabilities, options.shown),
        modes,
        mends,
      )),
    );
    uses.push(...usesOf(project));
    requests.push(...listed(project, here));
  }
  const dockerfiles = new Set([...found.dockerfiles, ...uses.map(u => u.dockerfile)]);
  const readable = new Set<string>();
  for (const path of dockerfiles) {
    const text = await read(path);
    if (text.kind === 'file') readable.add(path);
    findings.push(
      ...(await dockerfileFindings(
        box,
        read,
        path,
        uses.filter(u => u.dockerfile === path),
        options.shown,
        {
          cdi: here.ways.get('docker-cdi')?.works === true,
          driver: here.driver,
          arch: here.arch,
          capabilities: text.kind === 'file' && /torch|\s-r|--requirement/.test(text.text) ? await capabilities() : [],
        },
      )),
    );
  }
  for (const path of found.manifests) {
    const text = await read(path);
    if (text.kind === 'file') findings.push(...manifestFindings(path, text.text, here));
  }
  const seen = new Set<string>();
  const unique = findings.filter(f => {
    const key = [f.path, f.line, f.column, f.id, f.message].join('\u0000');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const built = [...dockerfiles].filter(path => readable.has(path));
  return { here, found: { ...found, dockerfiles: built }, findings: unique.sort(order), requests: once(requests) };
};

export interface RewriteRequest {
  readonly to: FormId;
  readonly services?: readonly string[];
  readonly shared?: 'ask' | 'all' | 'own';
}

/** Every project rewritten to one form, in memory. */
export const rewriteFiles = async (
  box: Box,
  here: Here,
  found: Found,
  request: RewriteRequest,
): Promise<readonly { readonly layers: readonly string[]; readonly rewrite: Rewrite }[]> => {
  const read = remembered(box);
  const all = [];
  const before = new Map<string, string>();
  for (const layers of found.projects) {
    const known = async (path: string): Promise<FileRead> => {
      const text = before.get(path);
      return text === undefined ? read(path) : { kind: 'file', text };
    };
    const rewrite = await rewriteProject(known, layers, { ...request, compose: here.compose });
    for (const edit of rewrite.edits) before.set(edit.path, edit.after);
    all.push({ layers, rewrite });
  }
  return all;
};

/** Edits of the user's own files as one plan: previewed, confirmed, applied and undone like any other. */
export const planOf = (
  edits: readonly Pick<FileEdit, 'path' | 'before' | 'after'>[],
  about: {
    readonly finding: string;
    readonly fix: string;
    readonly title: string;
    readonly afterwards?: readonly string[];
  },
): Plan => {
  const steps = new Map<string, Extract<Step, { do: 'edit' }>>();
  for (const { path, before, after } of edits) {
    const known = steps.get(path);
    steps.set(path, { do: 'edit', path, before: known?.before ?? before, after, root: false, why: about.title });
  }
  return {
    fix: about.fix,
    finding: about.finding,
    title: about.title,
    summary: 'Changes the user’s own file, only where the request is written; the machine stays as it is.',
    privilege: 1,
    effect: ['RX'],
    touches: [...steps.keys()],
    steps: [...steps.values()],
    validate: [],
    settle: [],
    interrupts: null,
    afterwards: about.afterwards ?? [],
  };
};

const afterwardsOf = (finding: FileFinding): readonly string[] =>
  finding.kind === 'compose'
    ? [`docker compose up -d --force-recreate ${finding.subject ?? ''}`.trim()]
    : finding.kind === 'dockerfile'
      ? ['docker compose up -d --build, or docker build again']
      : ['kubectl apply -f the file; the pod is made anew'];

/** The plan for one of a finding's edits. */
export const planFor = (finding: FileFinding, mend: Mend): Plan =>
  planOf([mend], {
    finding: finding.id,
    fix: mend.to === null ? `edit-${finding.kind}` : `rewrite-to-${mend.to}`,
    title: mend.title,
    afterwards: afterwardsOf(finding),
  });

/** One plan for each way of mending a finding, best first; a menu offers them and applyPlan carries one out. */
export const plansFor = (finding: FileFinding): readonly Plan[] => finding.mends.map(m => planFor(finding, m));
