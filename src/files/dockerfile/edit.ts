/** The missing COPY: beside its siblings, in their style. */
import { eolOf } from '../../text/edit.ts';
import { joined } from '../paths.ts';
import { type Arrives, arrives, type Copied, type Laid, layOut } from './arrive.ts';
import { type Context, clean } from './context.ts';
import { type Dockerfile, parseDockerfile, type Stage } from './parse.ts';

const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parent = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');

/** A COPY that brings something else of the context to the same folder. */
export interface Sibling {
  readonly copy: Copied;
  /** The folder in the stage where the COPY stands. */
  readonly root: string;
  /** Folder of the context the source lies in. */
  readonly from: string;
  /** `app/` to `./app/`: a folder to one of the same name. */
  readonly isFolder: boolean;
}

/** In the stage that is started, or in the one its folder is copied from. */
export const siblingsOf = async (
  file: Dockerfile,
  laid: Laid,
  root: string,
  context: Context,
  depth = 0,
): Promise<readonly Sibling[]> => {
  const found: Sibling[] = [];
  for (const copy of laid.copies) {
    if (copy.instruction.heredocs > 0 || copy.sources.length === 0) continue;
    if (copy.from === 'image' || depth > 8) continue;
    if (copy.from !== null) {
      if (copy.to !== root && !root.startsWith(`${copy.to}/`)) continue;
      const inner = root === copy.to ? '' : root.slice(copy.to.length + 1);
      for (const source of copy.sources)
        found.push(
          ...(await siblingsOf(
            file,
            layOut(file, copy.from, {}),
            joined(joined('/', source), inner || '.'),
            context,
            depth + 1,
          )),
        );
      continue;
    }
    for (const source of copy.sources) {
      const at = clean(source);
      if (at === '' || /[*?[]/.test(at)) continue;
      const isDir = (await context.kind(at)) === 'dir';
      if (isDir && copy.to === joined(root, last(at)) && copy.sources.length === 1)
        found.push({ copy, root, from: parent(at), isFolder: true });
      else if (!isDir && (copy.to === root || copy.to === joined(root, last(at))))
        found.push({ copy, root, from: parent(at), isFolder: false });
    }
  }
  return found;
};

/** Where in the context the package lies; null where it is not there. */
export const whereIs = async (
  name: string,
  kind: 'package' | 'script',
  siblings: readonly Sibling[],
  context: Context,
): Promise<{ readonly path: string; readonly is: 'dir' | 'file' } | null> => {
  const folders = [
    ...new Set([...siblings.filter(s => s.isFolder).map(s => s.from), '', ...siblings.map(s => s.from), 'src']),
  ];
  for (const folder of folders) {
    const at = folder === '' ? name : `${folder}/${name}`;
    if (kind === 'script') {
      if ((await context.kind(at)) === 'file') return { path: at, is: 'file' };
      continue;
    }
    if ((await context.kind(at)) === 'dir') return { path: at, is: 'dir' };
    if ((await context.kind(`${at}.py`)) === 'file') return { path: `${at}.py`, is: 'file' };
  }
  return null;
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The sibling's own line with its name exchanged; null where that is not one plain line. */
const likeSibling = (lines: readonly string[], sibling: Sibling, wanted: string): string | null => {
  const { instruction, sources } = sibling.copy;
  if (instruction.line !== instruction.endLine || sources.length !== 1) return null;
  const line = (lines[instruction.line - 1] ?? '').replace(/\r$/, '');
  const m = /^(\s*\w+\s+(?:--\S+\s+)*)(.*)$/.exec(line);
  const old = last(clean(sources[0] ?? ''));
  if (!m || old === '') return null;
  const name = new RegExp(`(?<=^|[\\s"'/])${escaped(old)}(?=[/\\s"']|$)`, 'g');
  const put = (m[2] ?? '').replace(name, () => last(wanted));
  return `${m[1]}${put}`;
};

const plainLine = (
  sibling: Sibling | null,
  lines: readonly string[],
  path: string,
  is: 'dir' | 'file',
  to: string,
): string => {
  const line = sibling ? (lines[sibling.copy.instruction.line - 1] ?? '') : '';
  const m = /^(\s*)(\w+)\s+((?:--\S+\s+)*)/.exec(line);
  const flags = (m?.[3] ?? '').replace(/--(?:from|parents)\S*\s+/g, '');
  return `${m?.[1] ?? ''}${m?.[2] ?? 'COPY'} ${flags}${path}${is === 'dir' ? '/' : ''} ${to}${is === 'dir' ? '/' : ''}`;
};

export interface Missing {
  readonly text: string;
  readonly target: Stage;
  readonly args: Readonly<Record<string, string>>;
  /** Absolute folder in the image from which it is imported. */
  readonly root: string;
  /** Path in the context. */
  readonly path: string;
  readonly is: 'dir' | 'file';
  readonly siblings: readonly Sibling[];
}

export interface CopyEdit {
  readonly after: string;
  /** The line that comes in. */
  readonly line: string;
}

/** The line behind which the COPY comes, counted from 1. */
const placeIn = (target: Stage, best: Sibling | null): number => {
  if (best) return best.copy.instruction.endLine;
  const copy = target.instructions.findLast(i => i.word === 'COPY' || i.word === 'ADD' || i.word === 'WORKDIR');
  const start = target.instructions.find(i => i.word === 'CMD' || i.word === 'ENTRYPOINT');
  return copy?.endLine ?? (start ? start.line - 1 : (target.instructions.at(-1)?.endLine ?? target.fromLine));
};

/** The edit, proven by looking again; otherwise the line to paste. */
export const copyEdit = async (
  missing: Missing,
  context: Context,
): Promise<CopyEdit | { readonly line: string; readonly because: string }> => {
  const { text, target, root, path, is, siblings } = missing;
  const eol = eolOf(text);
  const lines = text.split('\n');
  const best = siblings.findLast(s => (is === 'dir' ? s.isFolder : !s.isFolder) && s.from === parent(path)) ?? null;
  const beside = best ?? siblings.at(-1) ?? null;
  const rootThere = beside?.root ?? root;
  const workdir = layOut(parseDockerfile(text), beside?.copy.stage ?? target, {}).workdir;
  const to = rootThere === workdir ? `./${last(path)}` : joined(rootThere, last(path));
  const line = (best && likeSibling(lines, best, path)) ?? plainLine(beside, lines, path, is, to);
  const at = placeIn(target, beside);
  const ends = text.endsWith('\n') || at < lines.length;
  const before = lines.slice(0, at).join('\n');
  const after = ends
    ? `${before}\n${line}${eol === '\r\n' ? '\r' : ''}\n${lines.slice(at).join('\n')}`
    : `${before}${eol}${line}`;
  const file = parseDockerfile(after);
  const stage = file.stages[target.index];
  if (file.fault || !stage) return { line, because: 'the Dockerfile would not parse any more' };
  const now: Arrives = await arrives(file, layOut(file, stage, missing.args), joined(root, last(path)), context);
  if (now.is === 'ignored') return { line, because: `.dockerignore takes ${path} away, too` };
  return now.is === 'yes' ? { after, line } : { line, because: 'the COPY would not bring it where it is looked for' };
};
