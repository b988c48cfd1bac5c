/** Whether a path of the context comes into a stage, and by which instruction; "perhaps" wherever a command may bring it. */
import { filled } from '../compose/interpolate.ts';
import { joined } from '../paths.ts';
import { type Context, clean, globOf, matching } from './context.ts';
import { assignmentsOf, type Dockerfile, type Instruction, type Stage, stageOf } from './parse.ts';

/** A COPY or ADD as it works in its stage. */
export interface Copied {
  readonly stage: Stage;
  readonly instruction: Instruction;
  /** Of the context; null for another stage or image. */
  readonly sources: readonly string[];
  readonly from: Stage | 'image' | null;
  /** Absolute, in the image. */
  readonly to: string;
  readonly intoFolder: boolean;
}

export interface Laid {
  readonly copies: readonly Copied[];
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Commands of the stage and those it builds on. */
  readonly runs: readonly Instruction[];
  /** The image of the outside that it starts from. */
  readonly base: string | null;
  readonly entrypoint: Instruction | null;
  readonly command: Instruction | null;
  readonly stages: readonly Stage[];
}

/** What a stage holds, those it builds on included. */
export const layOut = (file: Dockerfile, stage: Stage, args: Readonly<Record<string, string>>, depth = 0): Laid => {
  const parent = stage.from === null || depth > 20 ? null : stageOf(file, stage.from, stage.index);
  const below: Laid = parent
    ? layOut(file, parent, args, depth + 1)
    : { copies: [], workdir: '/', env: {}, runs: [], base: stage.from, entrypoint: null, command: null, stages: [] };
  const copies = [...below.copies];
  const runs = [...below.runs];
  const env: Record<string, string> = { ...below.env };
  const local: Record<string, string> = {};
  let { workdir, entrypoint, command } = below;
  const value = (text: string): string => filled(text.replace(/\\\$/g, '$$$$'), { ...local, ...env }) ?? text;
  const triggers = (parent?.instructions ?? []).flatMap(i => (i.word === 'ONBUILD' && i.trigger ? [i.trigger] : []));
  for (const i of [...triggers, ...stage.instructions]) {
    if (i.word === 'ENV') for (const [k, v] of assignmentsOf(i)) env[k] = value(v);
    else if (i.word === 'ARG') {
      for (const [k, v] of assignmentsOf(i)) local[k] = args[k] ?? value(v);
      for (const a of i.args) if (!a.includes('=') && args[a] !== undefined) local[a] = args[a];
    } else if (i.word === 'WORKDIR') workdir = joined(workdir, value(i.args.join(' ')));
    else if (i.word === 'ENTRYPOINT') [entrypoint, command] = [i, null];
    else if (i.word === 'CMD') command = i;
    else if (i.word === 'RUN') runs.push(i);
    else if (i.word === 'COPY' || i.word === 'ADD') {
      const words = i.args.map(value);
      const to = words.at(-1) ?? '';
      const sources = words.slice(0, -1);
      const named = i.flags.from === undefined ? null : (stageOf(file, value(i.flags.from), stage.index) ?? 'image');
      copies.push({
        stage,
        instruction: i,
        sources: i.heredocs > 0 && sources.length === 0 ? [] : sources,
        from: named,
        to: joined(workdir, to),
        intoFolder: /(?:^|\/)\.?$/.test(to) || sources.length > 1,
      });
    }
  }
  return { copies, workdir, env, runs, base: below.base, entrypoint, command, stages: [...below.stages, stage] };
};

export type Arrives =
  | { readonly is: 'yes' }
  | { readonly is: 'no' }
  | { readonly is: 'perhaps'; readonly because: string }
  /** A COPY would bring it, but .dockerignore takes it away first. */
  | { readonly is: 'ignored'; readonly by: Copied; readonly path: string };

const under = (path: string, dir: string): string | null =>
  path === dir
    ? ''
    : path.startsWith(dir === '/' ? '/' : `${dir}/`)
      ? path.slice(dir === '/' ? 1 : dir.length + 1)
      : null;

const isGlob = (path: string): boolean => /[*?[]/.test(path);

/** Names of the context that a source pattern means. */
const expand = async (context: Context, source: string): Promise<readonly string[]> => {
  const at = clean(source);
  if (!isGlob(at)) return [at];
  const cut = at.lastIndexOf('/');
  const dir = cut < 0 ? '' : at.slice(0, cut);
  if (isGlob(dir)) return [];
  const matches = matching(`^${globOf(at.slice(cut + 1))}$`);
  return ((await context.names(dir)) ?? []).filter(n => matches.test(n)).map(n => (dir === '' ? n : `${dir}/${n}`));
};

/** The path in the context of what stands at `path` of the image; null where it comes from elsewhere or not at all. */
export const contextPathOf = async (laid: Laid, path: string, context: Context): Promise<string | null> => {
  for (const copy of laid.copies.filter(c => c.from === null).toReversed()) {
    const source = await fromContext(context, copy, path);
    if (source !== null) return context.ignored(source) ? null : source;
  }
  return null;
};

/** What of the context stands at `path` after this instruction; null if nothing does. */
const fromContext = async (context: Context, copy: Copied, path: string): Promise<string | null> => {
  for (const source of copy.sources) {
    for (const name of await expand(context, source)) {
      const kind = await context.kind(name);
      if (kind === 'dir') {
        const parents = copy.instruction.flags.parents !== undefined;
        const rest = under(path, parents ? joined(copy.to, name) : copy.to);
        if (rest === null) continue;
        const inside = name === '' ? rest : rest === '' ? name : `${name}/${rest}`;
        if (rest !== '' && ((await context.kind(inside)) ?? 'none') !== 'none') return inside;
        if (rest === '' && name !== '') return name;
      } else if (kind === 'file') {
        const last = name.slice(name.lastIndexOf('/') + 1);
        const at = copy.intoFolder || isGlob(source) ? joined(copy.to, last) : copy.to;
        if (at === path) return name;
      }
    }
  }
  return null;
};

/** Whether `path` (absolute, in the image) stands in the stage at its end. */
export const arrives = async (
  file: Dockerfile,
  laid: Laid,
  path: string,
  context: Context,
  depth = 0,
): Promise<Arrives> => {
  let taken: Arrives = { is: 'no' };
  for (const copy of laid.copies) {
    if (copy.instruction.heredocs > 0 && copy.to.startsWith(path)) return { is: 'yes' };
    if (copy.from === 'image') {
      if (under(path, copy.to) !== null) taken = { is: 'perhaps', because: 'another image is copied over it' };
      continue;
    }
    if (copy.from !== null) {
      for (const source of copy.sources) {
        const at = isGlob(source) ? null : joined('/', source);
        const rest = under(path, copy.to);
        if (rest === null && !copy.intoFolder) continue;
        const there = at === null ? null : rest === null ? null : rest === '' ? at : joined(at, rest);
        if (there === null) {
          if (rest !== null) taken = { is: 'perhaps', because: 'a pattern copies from another stage' };
          continue;
        }
        if (depth > 10) continue;
        const inner = await arrives(file, layOut(file, copy.from, {}, 0), there, context, depth + 1);
        if (inner.is === 'yes') return inner;
        if (inner.is !== 'no') taken = inner;
      }
      continue;
    }
    const inside = await fromContext(context, copy, path);
    if (inside === null) {
      const archive =
        copy.instruction.word === 'ADD' &&
        copy.sources.some(s => /\.(?:tar|t?gz|tgz|xz|bz2|zst)$|^https?:|\.git(?:#|$)/.test(s));
      if (archive && under(path, copy.to) !== null) taken = { is: 'perhaps', because: 'an archive is unpacked there' };
      continue;
    }
    if (context.ignored(inside) === null) return { is: 'yes' };
    if (taken.is === 'no') taken = { is: 'ignored', by: copy, path: inside };
  }
  return taken;
};
