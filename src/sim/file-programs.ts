/** Programs that change files, as a person would type them. */
import { get, lget, mkdir, overwrite, remove, resolve, text } from './fs.ts';
import { fail, out, type Program } from './world.ts';

const plain = (args: readonly string[]): string[] => args.filter(a => !a.startsWith('-'));

export const mkdirProgram: Program = ({ world, args, root }) => {
  if (!root) return fail(1, `mkdir: cannot create directory '${plain(args)[0] ?? ''}': Permission denied\n`);
  for (const p of plain(args)) mkdir(world.fs, p);
  return out('');
};
export const rm: Program = ({ world, args, root }) => {
  if (!root) return fail(1, `rm: cannot remove '${plain(args)[0] ?? ''}': Permission denied\n`);
  for (const p of plain(args)) {
    if (!lget(world.fs, p) && !args.some(a => /^-\w*f/.test(a)))
      return fail(1, `rm: cannot remove '${p}': No such file or directory\n`);
    remove(world.fs, p);
  }
  return out('');
};
export const mv: Program = ({ world, args, root }) => {
  const [from = '', to = ''] = plain(args);
  const entry = get(world.fs, from);
  if (!root) return fail(1, `mv: cannot move '${from}' to '${to}': Permission denied\n`);
  if (entry?.type !== 'file') return fail(1, `mv: cannot stat '${from}': No such file or directory\n`);
  const target = get(world.fs, to)?.type === 'dir' ? `${to}/${from.slice(from.lastIndexOf('/') + 1)}` : to;
  overwrite(world.fs, target, text(world.fs, from) ?? '', entry.mode);
  remove(world.fs, from);
  return out('');
};

export const cp: Program = ({ world, args, root }) => {
  const [from = '', to = ''] = plain(args);
  const entry = get(world.fs, from);
  if (!root) return fail(1, `cp: cannot create regular file '${to}': Permission denied\n`);
  if (entry?.type !== 'file') return fail(1, `cp: cannot stat '${from}': No such file or directory\n`);
  overwrite(world.fs, to, entry.text, entry.mode);
  return out('');
};

export const chmod: Program = ({ world, args, root }) => {
  const [mode = '', ...paths] = plain(args);
  if (!/^[0-7]{3,4}$/.test(mode)) return fail(1, `chmod: invalid mode: '${mode}'\n`);
  for (const p of paths) {
    const entry = get(world.fs, p);
    if (!entry) return fail(1, `chmod: cannot access '${p}': No such file or directory\n`);
    if (!root && entry.uid !== world.user.uid)
      return fail(1, `chmod: changing permissions of '${p}': Operation not permitted\n`);
    entry.mode = Number.parseInt(mode, 8);
  }
  return out('');
};

export const readlink: Program = ({ world, args }) => {
  const paths = plain(args);
  const follow = args.some(a => /^-[fe]/.test(a));
  const found = paths.map(p => {
    const entry = lget(world.fs, p);
    return follow ? resolve(world.fs, p) : entry?.type === 'link' ? entry.target : null;
  });
  return out(
    found
      .filter(f => f !== null)
      .map(f => `${f}\n`)
      .join(''),
    '',
    found.includes(null) ? 1 : 0,
  );
};
