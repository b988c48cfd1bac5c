/** The build context: what lies in the folder, less what .dockerignore takes away. */
import type { Box } from '../../box/box.ts';
import { eolOf } from '../../text/edit.ts';
import { joined } from '../paths.ts';

export interface Ignore {
  readonly path: string;
  /** The whole file. */
  readonly text: string;
  readonly rules: readonly {
    readonly line: number;
    readonly text: string;
    readonly negated: boolean;
    readonly matches: RegExp;
  }[];
}

export interface Context {
  readonly dir: string;
  readonly ignore: Ignore | null;
  /** `''` is the folder itself; null where it cannot be told. */
  readonly kind: (path: string) => Promise<'dir' | 'file' | 'none' | null>;
  readonly names: (path: string) => Promise<readonly string[] | null>;
  /** The rule that takes a path away; null where it stays. */
  readonly ignored: (path: string) => Ignore['rules'][number] | null;
}

/** Go's path patterns, with `**` for any depth. */
export const globOf = (pattern: string): string =>
  pattern
    .split(/(\*\*\/?|\*|\?|\[[^\]]*\])/)
    .map(part =>
      part === '**/'
        ? '(?:.*/)?'
        : part === '**'
          ? '.*'
          : part === '*'
            ? '[^/]*'
            : part === '?'
              ? '[^/]'
              : /^\[/.test(part)
                ? part
                : part.replace(/[.+^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');

/** A pattern as an expression; one that is no pattern matches nothing. */
export const matching = (source: string): RegExp => {
  try {
    return new RegExp(source);
  } catch {
    return /^\b$/;
  }
};

const clean = (path: string): string =>
  path
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '');

export const ignoreOf = (path: string, text: string): Ignore => ({
  path,
  text,
  rules: text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((raw, i) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) return [];
      const negated = line.startsWith('!');
      const pattern = clean((negated ? line.slice(1) : line).trim());
      return pattern === '' && !/^!?\.?\/?$/.test(line)
        ? []
        : [
            {
              line: i + 1,
              text: line,
              negated,
              matches: matching(`^${pattern === '' ? '.*' : globOf(pattern)}(?:/.*)?$`),
            },
          ];
    }),
});

/** The file with a line that gives a path back; the last rule that matches wins. */
export const givenBack = (ignore: Ignore, path: string): string => {
  const eol = eolOf(ignore.text);
  return ignore.text === '' || ignore.text.endsWith('\n')
    ? `${ignore.text}!${path}${eol}`
    : `${ignore.text}${eol}!${path}`;
};

export const contextOf = (box: Box, dir: string, ignore: Ignore | null): Context => {
  const kinds = new Map<string, Promise<'dir' | 'file' | 'none' | null>>();
  const lists = new Map<string, Promise<readonly string[] | null>>();
  const names: Context['names'] = path => {
    const at = clean(path);
    const known = lists.get(at);
    if (known) return known;
    const asked = box.list(joined(dir, at)).then(found => (found.kind === 'dir' ? found.names : null));
    lists.set(at, asked);
    return asked;
  };
  const kind: Context['kind'] = path => {
    const at = clean(path);
    const known = kinds.get(at);
    if (known) return known;
    const asked = box.stat(joined(dir, at)).then(async found => {
      if (found.kind === 'absent') return 'none';
      if (found.kind === 'stat') return found.stat.type === 'dir' ? 'dir' : 'file';
      // A recording may hold the folder's names alone.
      const cut = at.lastIndexOf('/');
      const listed = at === '' ? null : await names(cut < 0 ? '' : at.slice(0, cut));
      if (listed === null) return null;
      const name = at.slice(cut + 1);
      return !listed.includes(name) ? 'none' : name.includes('.') ? 'file' : 'dir';
    });
    kinds.set(at, asked);
    return asked;
  };
  return {
    dir,
    ignore,
    kind,
    names,
    ignored: path => {
      const at = clean(path);
      let taken: Ignore['rules'][number] | null = null;
      for (const rule of ignore?.rules ?? []) if (rule.matches.test(at)) taken = rule.negated ? null : rule;
      return taken;
    },
  };
};
export { clean };
