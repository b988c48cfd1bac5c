/** Complaints about a project as findings, with the rewrites that mend them. */
import type { FormId } from '../../../flows/requests/forms.ts';
import { titles } from '../../../flows/requests/titles.ts';
import type { Fault } from '../../text/edit.ts';
import type { FileFinding, Kind, Mend, Region } from '../finding.ts';
import type { Source } from '../yaml.ts';
import { type Complaint, judgeProject, type World } from './judge.ts';
import { loadProject, type Project, type Read } from './load.ts';
import { editFor } from './repair.ts';
import { type Rewrite, rewriteProject } from './rewrite.ts';
import type { Spot } from './tree.ts';

export const regionOf = (source: Source, from: number, to: number): Region => {
  const a = source.at(from);
  const b = source.at(Math.max(from, to));
  return { ...a, endLine: b.line, endColumn: b.column };
};

const region = ({ source, node }: Spot): Region => {
  const [from = 0, to = 0] = node?.range ?? [];
  const text = source.text.slice(from, to);
  return regionOf(source, from, from + text.trimEnd().length);
};

export const malformed = (path: string, kind: Kind, fault: Fault): FileFinding => ({
  path,
  kind,
  id: 'project-file-malformed',
  severity: 'fault',
  title: titles['project-file-malformed']!,
  message: `${fault.message}.`,
  subject: null,
  line: fault.line,
  column: fault.column,
  endLine: fault.line,
  endColumn: fault.column,
  works: [],
  mends: [],
  snippet: null,
});

const titleOf = (id: string, modes: Readonly<Record<string, { readonly title: string }>>): string =>
  modes[id]?.title ?? titles[id as keyof typeof titles] ?? id;

export interface MendOptions {
  /** How many working forms are tried for each finding. */
  readonly forms: number;
  readonly compose: string | null;
  /** How many findings may still be given a rewrite; counted down. */
  left: number;
}

const mendsOf = (rewrite: Rewrite, to: FormId, what: string): readonly Mend[] =>
  rewrite.edits.length === 1
    ? rewrite.edits.map(e => ({ title: what, to, path: e.path, before: e.before, after: e.after }))
    : [];

/** The rewrites of one service that can be proven; a shared request is offered both ways. */
/** The smaller edits that can be proven. `project` and `complaint` are of a reading that kept the tokens of each file. */
const repairsFor = async (
  read: Read,
  project: Project,
  complaint: Complaint,
  judge: (project: Project) => readonly Complaint[],
): Promise<readonly Mend[]> => {
  const mends: Mend[] = [];
  for (const repair of complaint.repairs ?? []) {
    const edit = await editFor(read, project, complaint, repair, judge);
    if (edit !== null)
      mends.push({ title: repair.title, to: null, ...edit, ...(repair.fetch && { fetch: repair.fetch }) });
  }
  return mends;
};

const mendsFor = async (read: Read, project: Project, complaint: Complaint, options: MendOptions) => {
  const mends: Mend[] = [];
  let snippet: string | null = null;
  const { service } = complaint;
  for (const to of complaint.works.slice(0, options.forms)) {
    const base = { to, services: [service], compose: options.compose };
    const plain = await rewriteProject(read, project.layers, base);
    const outcome = plain.services.get(service);
    if (outcome?.is === 'refused') snippet ??= outcome.snippet;
    if (outcome?.is === 'changed') mends.push(...mendsOf(plain, to, `${service}: ask by ${to}`));
    if (outcome?.is !== 'ask') continue;
    snippet ??= outcome.snippet;
    const all = await rewriteProject(read, project.layers, { ...base, shared: 'all' });
    mends.push(
      ...mendsOf(all, to, `${[service, ...outcome.with].join(', ')} (shared through ${outcome.anchor}): ask by ${to}`),
    );
    const own = await rewriteProject(read, project.layers, { ...base, shared: 'own' });
    mends.push(...mendsOf(own, to, `${service} alone, with a request of its own: ask by ${to}`));
  }
  return { mends, snippet: mends.length > 0 ? null : snippet };
};

export const projectFindings = async (
  read: Read,
  project: Project,
  world: World,
  modes: Readonly<Record<string, { readonly title: string }>>,
  options: MendOptions,
): Promise<readonly FileFinding[]> => {
  const found: FileFinding[] = project.faults.map(f => malformed(f.path, 'compose', f.fault));
  const judge = (p: Project): readonly Complaint[] => judgeProject(p, world);
  const complaints = judge(project);
  const exact =
    options.forms > 0 && complaints.some(c => (c.repairs ?? []).length > 0)
      ? await loadProject(read, project.layers, true)
      : null;
  const exactly = exact === null ? [] : judge(exact);
  for (const [i, complaint] of complaints.entries()) {
    const isWorth = complaint.rewrite || (complaint.repairs ?? []).length > 0;
    const mended = { mends: [] as readonly Mend[], snippet: null as string | null };
    if (isWorth && complaint.severity !== 'note' && options.forms > 0 && options.left-- > 0) {
      const small = exact === null ? [] : await repairsFor(read, exact, exactly[i]!, judge);
      const large = complaint.rewrite
        ? await mendsFor(read, project, complaint, options)
        : { mends: [], snippet: null };
      mended.mends = [...small, ...large.mends];
      mended.snippet = mended.mends.length > 0 ? null : large.snippet;
    }
    const { profiles } = project.services.get(complaint.service)!;
    found.push({
      ...region(complaint.spot),
      path: complaint.spot.source.path,
      kind: 'compose',
      id: complaint.id,
      severity: complaint.severity,
      title: titleOf(complaint.id, modes),
      message: `${complaint.service}${profiles.length > 0 ? ` (only with the profile ${profiles.join(' or ')})` : ''}: ${complaint.message}`,
      subject: complaint.service,
      works: complaint.works,
      ...mended,
    });
  }
  return found;
};
