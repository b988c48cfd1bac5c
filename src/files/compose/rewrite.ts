/** From one form of request to another, service by service; each step is proven before it is kept. */
import { type FormId, forms } from '../../../flows/requests/forms.ts';
import { atLeast } from '../../../flows/rules/version.ts';
import { Refused } from '../spans.ts';
import { type Expected, wrongWith } from './check.ts';
import { isVariable } from './interpolate.ts';
import { loadProject, type Project, type Read, type Service } from './load.ts';
import { type Asked, type Part, rawDevices, requestsOf, variablesOf } from './requests.ts';
import { snippetFor } from './snippet.ts';
import { type Edits, inPlace, inService, inServiceNotHeirs, ownCopy } from './strategies.ts';
import { keyOf, together, type Wish, wishOf } from './wanted.ts';

export interface RewriteOptions {
  readonly to: FormId;
  /** All that ask for a GPU, if absent. */
  readonly services?: readonly string[];
  /** A request written in one place for several services: for all of them, or a copy of its own for the one. */
  readonly shared?: 'ask' | 'all' | 'own';
  /** Version of Compose; null where it is not known. */
  readonly compose: string | null;
}

export interface FileEdit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}
export type Outcome =
  | { readonly is: 'changed'; readonly with: readonly string[] }
  /** It already asks in this form. */
  | { readonly is: 'same' }
  | { readonly is: 'refused'; readonly because: string; readonly snippet: string }
  /** The request is shared with services that were not named. */
  | { readonly is: 'ask'; readonly anchor: string; readonly with: readonly string[]; readonly snippet: string };

export interface Rewrite {
  readonly services: ReadonlyMap<string, Outcome>;
  readonly edits: readonly FileEdit[];
}

const nodesOf = (parts: readonly Part[]): readonly unknown[] =>
  parts.map(p => (p.part === 'item' ? p.spot.node : p.written.pair));

/** What a service asks with; nodes handed over by hand count where there is nothing else. */
export const askedBy = (service: Service, project: Project): readonly Asked[] => {
  const asked = requestsOf(service, project.env);
  if (asked.length > 0) return asked;
  const raw = rawDevices(service, project.env);
  return raw ? [raw] : [];
};

export interface Job {
  readonly project: Project;
  readonly service: Service;
  readonly to: FormId;
  readonly asked: readonly Asked[];
  readonly wish: Wish;
}

const isSame = (asked: readonly Asked[], to: FormId): boolean =>
  asked.every(a => a.form === to && a.wrong === null && !a.cdiNames);

const jobOf = (
  project: Project,
  service: Service,
  to: FormId,
  compose: string | null,
): Job & Pick<Expected, 'raw' | 'runtime' | 'variables'> & { key: string } => {
  const asked = askedBy(service, project);
  const [missing] = [...service.missing, ...(to === 'runtime' ? service.missingEnv : [])];
  if (missing !== undefined) throw new Refused(`${missing} belongs to it and cannot be read`);
  const off = variablesOf(service, project.env).get('NVIDIA_VISIBLE_DEVICES');
  if (asked.every(a => a.form === 'runtime') && off && ['', 'void', 'none'].includes(off.value ?? 'all'))
    throw new Refused(`NVIDIA_VISIBLE_DEVICES=${off.raw} says that it wants no GPU`);
  const [unread] = service.missingEnv;
  if (unread !== undefined && asked.some(a => a.form === 'runtime') && off === undefined)
    throw new Refused(`${unread} may say which GPUs are meant and cannot be read`);
  if (asked.some(a => a.open)) throw new Refused('the driver is a variable, so the request may be for another vendor');
  const wanted = together(asked);
  const flags = {
    raw: asked.some(a => a.form === 'raw'),
    runtime: asked.some(a => a.form === 'runtime'),
    key: keyOf(wanted),
  };
  // One of several requests is in this form already: the others go, nothing comes.
  const kept = asked.filter(a => isSame([a], to));
  if (kept.length > 0 && keyOf(together(kept)) === flags.key) {
    const others = asked.filter(a => !kept.includes(a));
    return { project, service, to, asked: others, wish: {}, variables: ['NVIDIA_VISIBLE_DEVICES'], ...flags };
  }
  const made = wishOf(to, wanted, asked, compose);
  const { wish, variables } = fitted(made, service, project, asked);
  return { project, service, to, asked, wish, variables, ...flags };
};

/** Variables that say it already stay as they are; one that says something else is set right. */
const fitted = (wish: Wish, service: Service, project: Project, asked: readonly Asked[]) => {
  const gone = asked.some(a => a.form === 'runtime') ? ['NVIDIA_VISIBLE_DEVICES'] : [];
  if (!wish.environment) return { wish, variables: gone };
  const have = variablesOf(service, project.env);
  const left: Record<string, string> = {};
  for (const [name, value] of Object.entries(wish.environment)) {
    const now = have.get(name);
    if (now && now.value === value && asked.every(a => a.form !== 'runtime')) continue;
    if (now?.entry && isVariable(now.raw) && asked.every(a => a.form !== 'runtime'))
      throw new Refused(`${name} is set to ${now.raw} already, which may mean other GPUs`);
    left[name] = value;
  }
  return { wish: { ...wish, environment: left }, variables: [...gone, ...Object.keys(left)] };
};

interface Draft {
  readonly project: Project;
  readonly overlay: ReadonlyMap<string, string>;
}

const overlaid =
  (read: Read, texts: ReadonlyMap<string, string>): Read =>
  async path => {
    const text = texts.get(path);
    return text === undefined ? read(path) : { kind: 'file', text };
  };

/** Tries the ways of writing it, the least intrusive first; the first that is proven counts. */
const attempt = async (
  read: Read,
  draft: Draft,
  makers: readonly (() => Edits)[],
  expected: Expected,
): Promise<Draft | string> => {
  let because: string | null = null;
  for (const make of makers) {
    try {
      const overlay = new Map(draft.overlay);
      for (const [path, text] of make()) overlay.set(path, text);
      const project = await loadProject(overlaid(read, overlay), draft.project.layers, true);
      const wrong = wrongWith(draft.project, project, expected);
      if (wrong === null) return { project, overlay };
      because ??= wrong;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      because ??= error.message;
    }
  }
  return because ?? 'there is no way to write it here';
};

/** Rewrites a project. Texts are changed in memory only. */
export const rewriteProject = async (
  read: Read,
  layers: readonly string[],
  options: RewriteOptions,
): Promise<Rewrite> => {
  const { to, compose, shared = 'ask' } = options;
  let draft: Draft = { project: await loadProject(read, layers, true), overlay: new Map() };
  const first = draft.project;
  const outcomes = new Map<string, Outcome>();
  const names = [...first.services.values()].filter(s => askedBy(s, first).length > 0).map(s => s.name);
  const chosen = options.services ?? names;
  const gate = compose !== null && !atLeast(compose, forms[to].compose) ? forms[to] : null;
  for (const name of chosen) {
    if (outcomes.get(name)?.is === 'changed') continue;
    const service = draft.project.services.get(name);
    if (!service) continue;
    const asked = askedBy(service, draft.project);
    const refused = (because: string): void =>
      void outcomes.set(name, { is: 'refused', because, snippet: snippetFor(name, to, asked, compose) });
    if (asked.length === 0) {
      refused('it asks for no GPU');
      continue;
    }
    if (isSame(asked, to)) {
      outcomes.set(name, { is: 'same' });
      continue;
    }
    if (first.faults.length > 0) {
      refused('a file of the project does not parse');
      continue;
    }
    if (gate) {
      refused(`Compose ${compose} ${gate.older}; ${gate.compose} reads it`);
      continue;
    }
    try {
      const mine = new Set(nodesOf(asked.flatMap(a => a.parts)));
      const { project } = draft;
      const users = [...project.services.values()].filter(
        other => other.name !== name && nodesOf(askedBy(other, project).flatMap(a => a.parts)).some(n => mine.has(n)),
      );
      const strangers = users.filter(u => !chosen.includes(u.name));
      if (strangers.length > 0 && shared === 'ask') {
        const via = asked.flatMap(a => a.via).find(v => v.how !== 'override')?.name ?? service.name;
        outcomes.set(name, {
          is: 'ask',
          anchor: via,
          with: users.map(u => u.name),
          snippet: snippetFor(name, to, asked, compose),
        });
        continue;
      }
      const group = strangers.length > 0 && shared === 'own' ? [service] : [service, ...users];
      const jobs = group.map(s => jobOf(project, s, to, compose));
      const expected: Expected = {
        to,
        changed: new Map(jobs.map(j => [j.service.name, j.key])),
        raw: jobs.some(j => j.raw),
        runtime: jobs.some(j => j.runtime),
        variables: [...new Set(jobs.flatMap(j => j.variables))],
      };
      const done = await attempt(
        read,
        draft,
        group.length === 1 && users.length > 0
          ? [() => ownCopy(jobs[0]!)]
          : [
              () => inPlace(jobs),
              () => inService(jobs),
              () =>
                inServiceNotHeirs(
                  jobs,
                  [...project.services.values()].filter(s => !group.includes(s)),
                ),
            ],
        expected,
      );
      if (typeof done === 'string') refused(done);
      else {
        draft = done;
        for (const s of group)
          outcomes.set(s.name, { is: 'changed', with: group.map(g => g.name).filter(n => n !== s.name) });
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused(error.message);
    }
  }
  const edits = [...draft.overlay].flatMap(([path, after]): FileEdit[] => {
    const before = first.sources.get(path)?.text;
    return before === undefined || before === after ? [] : [{ path, before, after }];
  });
  return { services: outcomes, edits };
};
