/** A Dockerfile against what its containers start: is the package in the image? */
import { titles } from '../../../flows/requests/titles.ts';
import type { Box } from '../../box/box.ts';
import { malformed } from '../compose/findings.ts';
import { filled } from '../compose/interpolate.ts';
import type { Project, Read, Service } from '../compose/load.ts';
import { at, itemsOf, type Tree, textOf } from '../compose/tree.ts';
import type { FileFinding, Mend } from '../finding.ts';
import { dirOf, joined } from '../paths.ts';
import { arrives, type Laid, layOut } from './arrive.ts';
import { type Context, contextOf, givenBack, ignoreOf } from './context.ts';
import { copyEdit, siblingsOf, whereIs } from './edit.ts';
import { type Dockerfile, type Instruction, parseDockerfile, type Stage, wordsOf } from './parse.ts';
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

const stageFor = (file: Dockerfile, target: string | null): Stage | undefined =>
  file.stages.find(s => target !== null && s.name === target.toLowerCase()) ?? file.stages.at(-1);

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

const look = async ({ path, text, file, use, context }: Look): Promise<FileFinding | null> => {
  const target = stageFor(file, use.target);
  if (!target) return null;
  const laid = layOut(file, target, use.args);
  const started = startedIn(use, laid);
  if (!started || (started.kind === 'package' && STANDARD.has(started.name))) return null;
  const workdir = use.workdir ?? laid.workdir;
  const first = started.root === null ? workdir : joined(workdir, started.root);
  const paths = `${use.pythonPath ?? ''}:${laid.env.PYTHONPATH ?? ''}`
    .split(':')
    .filter(p => p !== '')
    .map(p => joined(workdir, p));
  const roots = started.kind === 'script' ? [workdir] : [...new Set([first, ...paths])];
  const wanted = roots.flatMap(root =>
    started.kind === 'script'
      ? [joined(root, started.name)]
      : [joined(root, started.name), joined(root, `${started.name}.py`)],
  );
  if (wanted.some(p => use.mounts.some(m => p === m || p.startsWith(m === '/' ? '/' : `${m}/`)))) return null;
  if (
    mayBring(
      file.stages.flatMap(s => s.instructions.filter(i => i.word === 'RUN')),
      started.name,
    )
  )
    return null;
  let ignored: { readonly by: { readonly line: number }; readonly path: string } | null = null;
  for (const p of wanted) {
    const here = await arrives(file, laid, p, context);
    if (here.is === 'yes' || here.is === 'perhaps') return null;
    if (here.is === 'ignored') ignored = { by: here.by.instruction, path: here.path };
  }
  const who = use.service === null ? 'The image' : `The service ${use.service}`;
  const what = started.kind === 'package' ? `the package ${started.name}` : started.name;
  if (ignored) {
    const rule = context.ignored(ignored.path);
    const at = context.ignore;
    if (!rule || !at) return null;
    return finding(
      at.path,
      rule.line,
      '',
      `${who} starts ${started.shown}, and line ${ignored.by.line} of the Dockerfile would copy ${ignored.path}, but “${rule.text}” takes it out of the build context: ModuleNotFoundError.`,
      use,
      {
        mends: [
          {
            title: `Give ${ignored.path} back to the build`,
            to: null,
            path: at.path,
            before: at.text,
            after: givenBack(at, ignored.path),
          },
        ],
      },
    );
  }
  if (use.workdir !== null && use.workdir !== laid.workdir) {
    const there = await arrives(file, laid, joined(laid.workdir, started.name), context);
    if (there.is === 'yes')
      return finding(
        path,
        target.fromLine,
        text,
        `${who} starts ${started.shown} in ${use.workdir} (working_dir), but ${what} lies in ${laid.workdir}: ModuleNotFoundError at the start.`,
        use,
        { snippet: `working_dir: ${laid.workdir}\n` },
      );
  }
  const script = started.kind === 'script' ? scriptInContext(started.name, workdir) : null;
  if (started.kind === 'script' && script === null) return null;
  const root = started.kind === 'script' ? workdir : (roots[0] ?? workdir);
  const siblings = await siblingsOf(file, laid, root, context);
  const there = await whereIs(script ?? started.name, started.kind, siblings, context);
  if (there === null) return null;
  if (context.ignored(there.path) && siblings.length === 0) return null;
  const from = siblings.at(-1)?.copy.stage ?? target;
  const edit = await copyEdit(
    {
      text,
      target: from === target ? target : from,
      args: use.args,
      root: siblings.at(-1)?.root ?? root,
      path: there.path,
      is: there.is,
      siblings,
    },
    context,
  );
  const line = siblings.at(-1)?.copy.instruction.line ?? laid.command?.line ?? laid.entrypoint?.line ?? target.fromLine;
  const isKnown = laid.base === null || KNOWN_BASE.test(laid.base);
  const mends: Mend[] =
    'after' in edit ? [{ title: `Add ${edit.line.trim()}`, to: null, path, before: text, after: edit.after }] : [];
  return finding(
    path,
    line,
    text,
    `${who} starts ${started.shown}, but no COPY brings ${what} to ${root}: ModuleNotFoundError at the start. ${there.path} lies in the build context${'because' in edit ? `; ${edit.because}` : ''}.${isKnown ? '' : ` (Unless the image ${laid.base} has it.)`}`,
    use,
    {
      severity: isKnown ? 'fault' : 'risk',
      mends,
      snippet: mends.length > 0 ? null : `${edit.line}\n`,
    },
  );
};

/** A script given by an absolute path belongs to the context only below the working folder. */
const scriptInContext = (path: string, workdir: string): string | null => {
  if (!path.startsWith('/')) return path.replace(/^\.\//, '');
  return path.startsWith(`${workdir}/`) ? path.slice(workdir.length + 1) : null;
};

/** Modules that come with Python or with what everybody installs. */
const STANDARD = new Set([
  'http',
  'pip',
  'venv',
  'pytest',
  'unittest',
  'uvicorn',
  'gunicorn',
  'celery',
  'jupyter',
  'notebook',
  'ipykernel',
  'tensorboard',
  'torch',
  'vllm',
  'sglang',
  'transformers',
  'streamlit',
  'flask',
  'fastapi',
  'django',
  'alembic',
  'debugpy',
  'asyncio',
  'json',
]);
/** Images that hold no application. */
const KNOWN_BASE =
  /^(?:docker\.io\/(?:library\/)?)?(?:scratch|(?:python|debian|ubuntu|alpine|fedora|rockylinux|almalinux|pypy|mambaorg\/micromamba|continuumio\/\w+|nvidia\/[\w-]+|pytorch\/pytorch|tensorflow\/tensorflow|rocm\/\w+)(?:[:@]|$))|^nvcr\.io\/nvidia\/|^(?:ghcr\.io\/astral-sh\/uv|gcr\.io\/distroless\/|public\.ecr\.aws\/docker\/library\/python)/;

const ignoreFor = async (read: Read, dockerfile: string, context: string) => {
  for (const path of [`${dockerfile}.dockerignore`, `${context}/.dockerignore`]) {
    const found = await read(path);
    if (found.kind === 'file') return ignoreOf(path, found.text);
  }
  return null;
};

/** What the containers of a Dockerfile lack, one finding for each package. */
export const dockerfileFindings = async (
  box: Box,
  read: Read,
  path: string,
  uses: readonly Use[],
): Promise<readonly FileFinding[]> => {
  const found = await read(path);
  if (found.kind !== 'file') return [];
  const file = parseDockerfile(found.text);
  if (file.fault) return [malformed(path, 'dockerfile', file.fault)];
  const findings = new Map<string, FileFinding>();
  for (const use of uses.length > 0 ? uses : [alone(path)]) {
    const context = contextOf(box, use.context, await ignoreFor(read, path, use.context));
    const one = await look({ path, text: found.text, file, use, context });
    if (one)
      findings.set(
        `${one.line} ${one.mends[0]?.after ?? one.message}`,
        findings.get(`${one.line} ${one.mends[0]?.after ?? one.message}`) ?? one,
      );
  }
  return [...findings.values()];
};
