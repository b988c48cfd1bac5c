/** A plan for a person who does it by hand: commands to copy, edits as diffs beside the command that opens the file. */
import type { Command } from '../box/box.ts';
import { unifiedDiff } from '../text/diff.ts';
import type { Plan } from './plan.ts';

const quoted = (text: string): string => (text === '' ? '' : `'${text}'`);

/**
 * One word for a POSIX shell. Control characters, which a terminal would obey when they are shown or pasted, are
 * written as printf escapes.
 */
export const shellWord = (word: string): string => {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word)) return word;
  if (word === '') return "''";
  return word
    .split(/('|[\u0000-\u0008\u000b-\u001f\u007f-\u009f])/)
    .map((part, i) => {
      if (i % 2 === 0) return quoted(part);
      if (part === "'") return `"'"`;
      const octal = [...Buffer.from(part, 'utf8')].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      return `"$(printf '${octal}')"`;
    })
    .join('');
};

/** What is handed to a command on its standard input, as the head of a pipe; empty where there is none. */
export const shellInput = (command: Command): string =>
  command.stdin === undefined ? '' : `printf %s ${shellWord(command.stdin)} | `;

/** A command line to copy; `sudo` in front where it needs root and `asRoot` is false. */
export const shellLine = (command: Command, asRoot = false): string =>
  shellInput(command) +
  [...(command.root === true && !asRoot ? ['sudo'] : []), ...command.argv.map(shellWord)].join(' ');

export interface ByHand {
  /** What this step is for, one sentence. */
  readonly why: string;
  /** Lines to copy. */
  readonly commands: readonly string[];
  /** Unified diff of what to change in the file that the command opens. */
  readonly diff?: string;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** The plan as steps for a person; nothing in it needs a script, a here-document or a temporary file. */
export const commandsOf = (plan: Plan, asRoot = false): readonly ByHand[] => {
  const sudo = (root: boolean, ...argv: [string, ...string[]]) => shellLine({ argv, root }, asRoot);
  const steps = plan.steps.map((step): ByHand => {
    if (step.do === 'run') return { why: step.why, commands: [shellLine(step.command, asRoot)] };
    const open = step.root && !asRoot ? `sudoedit ${shellWord(step.path)}` : `\${EDITOR:-vi} ${shellWord(step.path)}`;
    if (step.after === null)
      return {
        why: step.why,
        commands: [sudo(step.root, 'rm', '--', step.path)],
        diff: unifiedDiff(step.path, step.before, null),
      };
    const make =
      step.before === null
        ? [
            sudo(step.root, 'mkdir', '-p', '--', folderOf(step.path)),
            ...(step.mode === undefined
              ? []
              : [sudo(step.root, 'install', '-m', step.mode.toString(8).padStart(4, '0'), '/dev/null', step.path)]),
          ]
        : [];
    return { why: step.why, commands: [...make, open], diff: unifiedDiff(step.path, step.before, step.after) };
  });
  const lines = (commands: readonly Command[]) => commands.map(command => shellLine(command, asRoot));
  return [
    ...steps,
    ...(plan.validate.length > 0
      ? [{ why: 'Check the new files before anything restarts', commands: lines(plan.validate) }]
      : []),
    ...(plan.settle.length > 0 ? [{ why: 'Make the services read them', commands: lines(plan.settle) }] : []),
  ];
};

/** The same as one text to print; what is no command is a shell comment. */
export const byHandText = (plan: Plan, asRoot = false): string =>
  commandsOf(plan, asRoot)
    .map(step => {
      const diff = step.diff
        ? [
            ...step.diff
              .trimEnd()
              .split('\n')
              .map(line => `#   ${line}`),
          ]
        : [];
      return [`# ${step.why}`, ...diff, ...step.commands].join('\n');
    })
    .join('\n\n');
