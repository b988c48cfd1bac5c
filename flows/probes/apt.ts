/** Sources of packages from which the toolkit comes, on systems with apt. */
import { isUnknown, type Maybe } from '../../src/engine/known.ts';
import { type Asks, list, probe, read } from '../../src/engine/probe.ts';
import { names, text } from './answers.ts';

const FOLDER = '/etc/apt/sources.list.d';

/** One line of a .list file, or one address of a .sources file. */
export interface AptSource {
  readonly path: string;
  /** Address and suite: what apt takes for one source, whatever the file says. */
  readonly of: string;
  /** Value of signed-by; empty where none is given, which is a value of its own for apt. */
  readonly key: string;
}

export const aptLists = probe({
  id: 'aptLists',
  looks: 'package sources of NVIDIA',
  needs: () => ({ folder: list(FOLDER) }),
  read: (a): Maybe<readonly string[]> => {
    const found = names(a.folder, FOLDER);
    return isUnknown(found)
      ? found
      : (found ?? []).filter(n => /nvidia/.test(n) && /\.(list|sources)$/.test(n)).map(n => `${FOLDER}/${n}`);
  },
});

const oneLine = (path: string, line: string): readonly AptSource[] => {
  const [, options = '', address, suite] = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
  if (address === undefined) return [];
  return [{ path, of: `${address.replace(/\/+$/, '')} ${suite}`, key: /signed-by=(\S+)/i.exec(options)?.[1] ?? '' }];
};

const stanza = (path: string, paragraph: string): readonly AptSource[] => {
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(paragraph)?.[1]?.trim() ?? '';
  if (/^enabled:\s*no/im.test(paragraph)) return [];
  return field('URIs')
    .split(/\s+/)
    .filter(Boolean)
    .flatMap(address =>
      field('Suites')
        .split(/\s+/)
        .filter(Boolean)
        .map(suite => ({ path, of: `${address.replace(/\/+$/, '')} ${suite}`, key: field('Signed-By') })),
    );
};

type Known = { readonly aptLists: Maybe<readonly string[]> };

export const aptSources = probe({
  id: 'aptSources',
  looks: 'what the package sources of NVIDIA say',
  after: ['aptLists'],
  needs: ({ aptLists: paths }: Known): Asks =>
    isUnknown(paths) ? {} : Object.fromEntries(paths.map(p => [p, read(p)])),
  read: (answers, { aptLists: paths }: Known): Maybe<readonly AptSource[]> => {
    if (isUnknown(paths)) return paths;
    return paths.flatMap(path => {
      const it = answers[path];
      const words = it?.kind === 'file' ? text(it, path) : null;
      if (typeof words !== 'string') return [];
      return path.endsWith('.sources')
        ? words.split(/\n\s*\n/).flatMap(p => stanza(path, p))
        : words.split('\n').flatMap(l => oneLine(path, l));
    });
  },
});
