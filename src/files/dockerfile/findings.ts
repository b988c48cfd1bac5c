/** A Dockerfile against what its containers start: is the package in the image? */
import { bareImages, notOnesOwn } from '../../../flows/requests/python.ts';
import { titles } from '../../../flows/requests/titles.ts';
import type { Box } from '../../box/box.ts';
import { malformed } from '../compose/findings.ts';
import { filled } from '../compose/interpolate.ts';
import type { Project, Read, Service } from '../compose/load.ts';
import { requestsOf } from '../compose/requests.ts';
import { at, itemsOf, type Tree, textOf } from '../compose/tree.ts';
import type { FileFinding, Mend, Shown } from '../finding.ts';
import { dirOf, joined } from '../paths.ts';
import { arrives, type Laid, layOut } from './arrive.ts';
import { type Context, contextOf, givenBack, ignoreOf } from './context.ts';
import { copyEdit, siblingsOf, whereIs } from './edit.ts';
import { gpuFindings } from './gpu.ts';
import { type Dockerfile, type Instruction, parseDockerfile, type Stage, stageFor, wordsOf } from './parse.ts';
import { requirementFindings } from './requirements.ts';
import { type Machine, NO_MACHINE } from './rules.ts';
import { type Started, startedBy, startedByShell } from './start.ts';

/** How a Compose service uses a Dockerfile. */
export interface Use {
  readonly dockerfile: string;
  readonly context: string;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly service: string | null;
  /** Null: as the image says. */
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly workdir: string | null;
  readonly pythonPath: string | null;
  /** Places in the container over which something is mounted. */
  readonly mounts: readonly string[];
  /** The service asks for a GPU. */
  readonly asks: boolean;
}

const argvOf = (tree: Tree | undefined): readonly string[] | null => {
  if (tree === undefined) return null;
  if (tree.is === 'list') return tree.items.flatMap(i => textOf(i) ?? []);
  const text = textOf(tree);
  return text === undefined ? null : wordsOf(text.replace(/\s+/g, ' '));
};

const targetOfMount = (item: Tree): readonly string[] => {
  const text = textOf(item);
  const target = text === undefined ? textOf(at(item, 'target')) : text.replace(/\$\{[^}]*\}/g, '_').split(':')[1];
  return target === undefined ? [] : [target.replace(/\/+$/, '') || '/'];
};

const useOf = (service: Service, project: Project): Use | null => {
  const build = at(service.tree, 'build');
  if (build === undefined || at(build, 'dockerfile_inline') !== undefined) return null;
  const value = (tree: Tree | undefined): string | null => {
    const text = textOf(tree);
    return text === undefined ? null : filled(text, project.env);
  };
  const folder = textOf(build) === undefined ? value(at(build, 'context')) : value(build);
  const context = textOf(build) === undefined && at(build, 'context') === undefined ? '.' : folder;
  if (context === null || /^[a-z+]+:\/\/|^git@/.test(context)) return null;
  const dir = joined(dirOf(build.spot.source.path), context);
  const args: Record<string, string> = {};
  const given = at(build, 'args');
  if (given?.is === 'table')
    for (const [name, entry] of given.entries) args[name] = filled(textOf(entry.value) ?? '', project.env) ?? '';
  for (const item of itemsOf(given)) {
    const [name = '', ...rest] = (textOf(item) ?? '').split('=');
    args[name] = filled(rest.join('='), project.env) ?? '';
  }
  return {
    dockerfile: joined(dir, value(at(build, 'dockerfile')) ?? 'Dockerfile'),
    context: dir,
    target: value(at(build, 'target')),
    args,
    service: service.name,
    command: argvOf(at(service.tree, 'command')),
    entrypoint: argvOf(at(service.tree, 'entrypoint')),
    workdir: value(at(service.tree, 'working_dir')),
    pythonPath: value(at(service.tree, 'environment', 'PYTHONPATH')),
    mounts: itemsOf(at(service.tree, 'volumes')).flatMap(targetOfMount),
    asks: requestsOf(service, project.env).length > 0,
  };
};

export const usesOf = (project: Project): readonly Use[] =>
  [...project.services.values()].flatMap(s => useOf(s, project) ?? []);

const alone = (dockerfile: string): Use => ({
  dockerfile,
  context: dirOf(dockerfile),
  target: null,
  args: {},
  service: null,
  command: null,
  entrypoint: null,
  workdir: null,
  pythonPath: null,
  mounts: [],
  asks: false,
});

const byInstruction = (i: Instruction | null): readonly string[] =>
  i === null ? [] : i.json ? i.args : ['sh', '-c', i.text];

/** What the container runs, the service's words before the image's. */
const startedIn = (use: Use, laid: Laid): Started | null => {
  const isShell = laid.entrypoint !== null && !laid.entrypoint.json && use.entrypoint === null;
  if (isShell && laid.entrypoint) return startedByShell(laid.entrypoint.text);
  const entry = use.entrypoint ?? byInstruction(laid.entrypoint);
  const command = use.command ?? (use.entrypoint === null ? byInstruction(laid.command) : []);
  return (
    startedBy([...entry, ...command].map(w => w.replaceAll('$$', '$'))) ??
    (entry.length > 0 ? startedBy(command) : null)
  );
};

/** Commands that may bring a package in a way no COPY shows. */
const mayBring = (runs: readonly Instruction[], name: string): boolean =>
  runs.some(({ text }) => {
    const own = new RegExp(`\\b${name.replaceAll('_', '[-_]')}\\b`, 'i');
    const pip = [...text.matchAll(/(?:pip3?|uv pip|pipx)\s+(?:install|wheel)\b([^&|;\n]*)/g)].map(m => m[1] ?? '');
    return (
      pip.some(
        words =>
          /(?:^|\s)(?:\.|\.\/\S*|\.\[\S+|-e\b.*|--editable.*|\S*\.whl|\/\S+|git\+\S+|"\.\[.*|'\.\[.*)(?:\s|$)/.test(
            words.replace(
              /(?:-r|--requirement|-c|--constraint|--target|-t|--prefix|--root|--cache-dir|-w|--wheel-dir)(?:\s+|=)\S+/g,
              ' ',
            ),
          ) || own.test(words),
      ) ||
      /\bpoetry install(?![^&|;\n]*--no-root)|\buv sync(?![^&|;\n]*--no-install-project)|\bpdm (?:install|sync)|\bsetup\.py\s+(?:install|develop|build)|\bgit clone\b|\b(?:unzip|rsync)\b|\btar\s+\S*x/.test(
        text,
      ) ||
      text
        .split(/&&|;|\||\n/)
        .some(part => /^\s*(?:cp|mv|ln|mkdir|touch|tee|echo|printf|cat)\b/.test(part) && own.test(part))
    );
  });

interface Look {
  readonly path: string;
  readonly text: string;
  readonly file: Dockerfile;
  readonly use: Use;
  readonly context: Context;
}

const finding = (
  path: string,
  line: number,
  text: string,
  message: string,
  use: Use,
  more: Partial<FileFinding>,
): FileFinding => ({
  path,
  kind: 'dockerfile',
  id: 'image-app-module-missing',
  severity: 'fault',
  title: titles['image-app-module-missing']!,
  line,
  column: 1,
  endLine: line,
  endColumn: (text.split('\n')[line - 1] ?? '').replace(/\r$/, '').length + 1,
  message,
  subject: use.service,
  works: [],
  mends: [],
  snippet: null,
  ...more,
});

/** One start of one image: what is looked for, and where. */
interface Search extends Look {
  readonly target: Stage;
  readonly laid: Laid;
  readonly started: Started;
  readonly workdir: string;
  /** Folders of the image from which it is imported. */
  readonly roots: readonly string[];
  readonly who: string;
  readonly what: string;
}

const searchOf = (l: Look): Search | null => {
  const { file, use } = l;
  const target = stageFor(file, use.target);
  if (!target) return null;
  const laid = layOut(file, target, use.args);
  const started = startedIn(use, laid);
  if (!started || (started.kind === 'package' && notOnesOwn.has(started.name))) return null;
  const workdir = use.workdir ?? laid.workdir;
  const first = started.root === null ? workdir : joined(workdir, started.root);
  const paths = `${use.pythonPath ?? ''}:${laid.env.PYTHONPATH ?? ''}`.split(':').filter(p => p !== '');
  return {
    ...l,
    target,
    laid,
    started,
    workdir,
    roots: started.kind === 'script' ? [workdir] : [...new Set([first, ...paths.map(p => joined(workdir, p))])],
    who: use.service === null ? 'The image' : `The service ${use.service}`,
    what: started.kind === 'package' ? `the package ${started.name}` : started.name,
  };
};

const isMounted = (path: string, mounts: readonly string[]): boolean =>
  mounts.some(m => path === m || path.startsWith(m === '/' ? '/' : `${m}/`));

const runsOf = (file: Dockerfile): readonly Instruction[] =>
  file.stages.flatMap(s => s.instructions.filter(i => i.word === 'RUN'));

/** A COPY would bring it, but a rule takes it out of the context. */
const ignoredFinding = (s: Search, line: number, path: string): FileFinding | null => {
  const rule = s.context.ignored(path);
  const file = s.context.ignore;
  if (!rule || !file) return null;
  const message = `${s.who} starts ${s.started.shown}, and line ${line} of the Dockerfile would copy ${path}, but “${rule.text}” takes it out of the build context: ModuleNotFoundError.`;
  const title = `Give ${path} back to the build`;
  const mend: Mend = { title, to: null, path: file.path, before: file.text, after: givenBack(file, path) };
  return finding(file.path, rule.line, '', message, s.use, { mends: [mend] });
};

/** The service starts in another folder than the one the package was copied to. */
const elsewhereFinding = async (s: Search): Promise<FileFinding | null> => {
  const { use, laid } = s;
  if (use.workdir === null || use.workdir === laid.workdir) return null;
  const there = await arrives(s.file, laid, joined(laid.workdir, s.started.name), s.context);
  if (there.is !== 'yes') return null;
  const message = `${s.who} starts ${s.started.shown} in ${use.workdir} (working_dir), but ${s.what} lies in ${laid.workdir}: ModuleNotFoundError at the start.`;
  return finding(s.path, s.target.fromLine, s.text, message, use, { snippet: `working_dir: ${laid.workdir}\n` });
};

const missingFinding = async (s: Search): Promise<FileFinding | null> => {
  const { started, laid, context, text, path, use } = s;
  const script = started.kind === 'script' ? scriptInContext(started.name, s.workdir) : null;
  if (started.kind === 'script' && script === null) return null;
  const root = s.roots[0] ?? s.workdir;
  const siblings = await siblingsOf(s.file, laid, root, context);
  const last = siblings.at(-1);
  const there = await whereIs(script ?? started.name, started.kind, siblings, context);
  if (there === null || (context.ignored(there.path) && !last)) return null;
  const target = last?.copy.stage ?? s.target;
  const edit = await copyEdit({ text, target, args: use.args, root: last?.root ?? root, ...there, siblings }, context);
  const line = last?.copy.instruction.line ?? laid.command?.line ?? laid.entrypoint?.line ?? s.target.fromLine;
  const isKnown = laid.base === null || bareImages.test(laid.base);
  const mends: readonly Mend[] =
    'after' in edit ? [{ title: `Add ${edit.line.trim()}`, to: null, path, before: text, after: edit.after }] : [];
  const message = `${s.who} starts ${started.shown}, but no COPY brings ${s.what} to ${root}: ModuleNotFoundError at the start. ${there.path} lies in the build context${'because' in edit ? `; ${edit.because}` : ''}.${isKnown ? '' : ` (Unless the image ${laid.base} has it.)`}`;
  return finding(path, line, text, message, use, {
    severity: isKnown ? 'fault' : 'risk',
    mends,
    snippet: mends.length > 0 ? null : `${edit.line}\n`,
  });
};

const look = async (l: Look): Promise<FileFinding | null> => {
  const search = searchOf(l);
  if (!search) return null;
  const { started, roots, file, laid, context, use } = search;
  const ends = started.kind === 'script' ? [''] : ['', '.py'];
  const wanted = roots.flatMap(root => ends.map(end => joined(root, `${started.name}${end}`)));
  if (wanted.some(p => isMounted(p, use.mounts)) || mayBring(runsOf(file), started.name)) return null;
  let ignored: FileFinding | null = null;
  for (const p of wanted) {
    const here = await arrives(file, laid, p, context);
    if (here.is === 'yes' || here.is === 'perhaps') return null;
    if (here.is === 'ignored') ignored = ignoredFinding(search, here.by.instruction.line, here.path);
  }
  return ignored ?? (await elsewhereFinding(search)) ?? (await missingFinding(search));
};

/** A script given by an absolute path belongs to the context only below the working folder. */
const scriptInContext = (path: string, workdir: string): string | null => {
  if (!path.startsWith('/')) return path.replace(/^\.\//, '');
  return path.startsWith(`${workdir}/`) ? path.slice(workdir.length + 1) : null;
};

const ignoreFor = async (read: Read, dockerfile: string, context: string) => {
  for (const path of [`${dockerfile}.dockerignore`, `${context}/.dockerignore`]) {
    const found = await read(path);
    if (found.kind === 'file') return ignoreOf(path, found.text);
  }
  return null;
};

/** What the containers of a Dockerfile lack or have too much of. */
export const dockerfileFindings = async (
  box: Box,
  read: Read,
  path: string,
  uses: readonly Use[],
  shown?: Shown,
  machine: Machine = NO_MACHINE,
): Promise<readonly FileFinding[]> => {
  const found = await read(path);
  if (found.kind !== 'file') return [];
  const file = parseDockerfile(found.text);
  if (file.fault) return [malformed(path, 'dockerfile', file.fault)];
  const findings = new Map<string, FileFinding>();
  for (const use of uses.length > 0 ? uses : [alone(path)]) {
    const context = contextOf(box, use.context, await ignoreFor(read, path, use.context));
    const one = await look({ path, text: found.text, file, use, context });
    const told = shown?.service === use.service ? (shown?.id ?? null) : null;
    for (const it of [
      ...(one ? [one] : []),
      ...gpuFindings(path, found.text, file, use, told, machine),
      ...(await requirementFindings(read, file, use, context, told, machine)),
    ]) {
      const key = `${it.id} ${it.line} ${it.mends[0]?.after ?? it.message}`;
      if (!findings.has(key)) findings.set(key, it);
    }
  }
  return [...findings.values()];
};
