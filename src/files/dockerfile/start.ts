/** Which package of one's own a container starts, from its command line. */
import { wordsOf } from './parse.ts';

export interface Started {
  /** Top-level package or module; for a script, its path. */
  readonly name: string;
  readonly kind: 'package' | 'script';
  /** Folder it is imported from, where the command names one. */
  readonly root: string | null;
  /** As the command says it: `uvicorn expert_worker.main:app`. */
  readonly shown: string;
}

/** Programs that only start another, with how many words of their own follow. */
const WRAPPERS: Readonly<Record<string, number>> = {
  exec: 0,
  tini: 0,
  'dumb-init': 0,
  nohup: 0,
  time: 0,
  gosu: 1,
  'su-exec': 1,
  nice: 0,
  'ddtrace-run': 0,
  'opentelemetry-instrument': 0,
  'wait-for-it.sh': 1,
};
const TOOL_RUN = new Set(['poetry', 'uv', 'pipenv', 'pdm', 'hatch', 'rye', 'pixi']);

const base = (program: string): string => program.slice(program.lastIndexOf('/') + 1);
const TARGET = /^([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*(?:\(.*\))?$/;
const MODULE = /^([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*$/;

const optionValue = (words: readonly string[], ...names: readonly string[]): string | null => {
  for (const [i, word] of words.entries())
    for (const name of names) {
      if (word === name) return words[i + 1] ?? null;
      if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
      if (/^-\w$/.test(name) && word.startsWith(name) && word.length > 2) return word.slice(2);
    }
  return null;
};

const asPackage = (target: string | null | undefined, root: string | null, shown: string): Started | null => {
  const name = TARGET.exec(target ?? '')?.[1] ?? MODULE.exec(target ?? '')?.[1];
  return name === undefined ? null : { name, kind: 'package', root, shown };
};
const asScript = (path: string, shown: string): Started => ({ name: path, kind: 'script', root: null, shown });

const server = (words: readonly string[], rootOptions: readonly string[], shown: string): Started | null => {
  const target = words.map(w => w.replace(/^(?:file|python|asgi|wsgi):(?=.*:)/, '')).find(w => TARGET.test(w));
  return asPackage(target, optionValue(words, ...rootOptions), shown);
};

const python = (words: readonly string[], depth: number): Started | null => {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '-m') return startedBy([words[i + 1] ?? '', ...words.slice(i + 2)], depth + 1, true);
    if (word === '-c') return null;
    if (word === '-W' || word === '-X') i++;
    else if (!word.startsWith('-')) return /\.py$/.test(word) ? asScript(word, `python ${word}`) : null;
  }
  return null;
};

/** Null where the command starts nothing that can be told. `isModule`: the first word stood behind `python -m`. */
export const startedBy = (argv: readonly string[], depth = 0, isModule = false): Started | null => {
  let words = argv.filter(w => w !== '');
  if (depth > 6) return null;
  while (words[0] !== undefined && /^[A-Za-z_]\w*=/.test(words[0])) words = words.slice(1);
  const [program = '', ...rest] = words;
  const name = base(program);
  const shown = words.slice(0, 3).join(' ');
  switch (name) {
    case 'sh':
    case 'bash':
    case 'ash':
    case 'dash': {
      const script = rest.find((_, i) => i > 0 && /^-\w*c$/.test(rest[i - 1] ?? ''));
      return script === undefined ? null : startedByShell(script, depth + 1);
    }
    case 'env':
      return startedBy(
        rest.filter(w => !w.startsWith('-')),
        depth + 1,
      );
    case 'uvicorn':
      return server(rest, ['--app-dir'], shown);
    case 'gunicorn':
      return server(rest, ['--chdir', '--pythonpath'], shown);
    case 'hypercorn':
    case 'daphne':
    case 'granian':
      return server(rest, [], shown);
    case 'celery':
      return asPackage(optionValue(rest, '-A', '--app')?.replace(/:.*$/, ''), optionValue(rest, '--workdir'), shown);
    case 'flask':
      return asPackage(optionValue(rest, '--app', '-A')?.replace(/:.*$/, ''), null, shown);
    case 'dramatiq':
    case 'arq':
    case 'huey_consumer':
      return asPackage(
        rest.find(w => MODULE.test(w) || TARGET.test(w)),
        null,
        shown,
      );
    case 'streamlit':
    case 'fastapi': {
      const script = rest.find(w => /\.py$/.test(w));
      return script === undefined ? null : asScript(script, shown);
    }
    case 'torchrun':
    case 'accelerate':
    case 'deepspeed': {
      if (rest.includes('-m') || rest.includes('--module'))
        return asPackage(rest[rest.findIndex(w => w === '-m' || w === '--module') + 1], null, shown);
      const script = rest.find(w => /\.py$/.test(w));
      return script === undefined ? null : asScript(script, shown);
    }
    case 'conda':
    case 'micromamba': {
      const at = rest.findIndex(
        (w, i) => i > 0 && !w.startsWith('-') && !/^(?:-n|--name|-p|--prefix)$/.test(rest[i - 1] ?? ''),
      );
      return at < 0 ? null : startedBy(rest.slice(at), depth + 1);
    }
    default:
  }
  if (/^(?:python|pypy)(?:\d(?:\.\d+)?)?$/.test(name)) return python(rest, depth);
  if (TOOL_RUN.has(name) && rest[0] === 'run')
    return startedBy(
      rest.slice(1).filter((w, i) => i > 0 || !w.startsWith('-')),
      depth + 1,
    );
  if (Object.hasOwn(WRAPPERS, name)) {
    const own = rest.findIndex(w => !w.startsWith('-'));
    const after = rest.slice(Math.max(0, own) + (WRAPPERS[name] ?? 0)).filter((w, i) => i > 0 || w !== '--');
    return own < 0 ? null : startedBy(after, depth + 1);
  }
  if (isModule) return asPackage(program, null, `python -m ${program}`);
  return /\.py$/.test(program) ? asScript(program, program) : null;
};

/** The last command of a line that a shell runs. */
export const startedByShell = (line: string, depth = 0): Started | null => {
  const parts = line
    .split(/&&|\|\||;|\n/)
    .map(p => p.trim())
    .filter(Boolean);
  for (const part of parts.toReversed()) {
    const cd = parts.map(p => /^cd\s+(\S+)$/.exec(p)?.[1]).findLast(Boolean);
    const found = startedBy(wordsOf(part), depth + 1);
    if (found) return cd === undefined || found.root !== null ? found : { ...found, root: cd };
  }
  return null;
};
