/** A plan in the words of a shell, for copying; nothing here is ever run. */
import type { GuideStep } from '../engine/fix.ts';
import type { Plan } from '../plan/plan.ts';

/** What a person types to do the plan by hand; an edit is shown as the file's new content elsewhere. */
export const commandsOf = (plan: Plan): readonly string[] => {
  const line = (argv: readonly string[], root?: boolean) => `${root ? 'sudo ' : ''}${argv.map(quoted).join(' ')}`;
  return [
    ...plan.steps.map(s =>
      s.do === 'edit' ? `${s.root ? 'sudoedit' : 'edit'} ${s.path}   # ${s.why}` : line(s.command.argv, s.command.root),
    ),
    ...[...plan.validate, ...plan.settle].map(c => line(c.argv, c.root)),
  ];
};
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const needsRoot = (plan: Plan): boolean =>
  plan.steps.some(s => (s.do === 'edit' ? s.root : s.command.root === true)) ||
  [...plan.settle, ...plan.validate].some(c => c.root === true);

export const guideLines = (steps: readonly GuideStep[]): readonly string[] =>
  steps.flatMap((s, i) => [`${i + 1}. ${s.say}`, ...(s.argv ? [`   ${s.argv.map(quoted).join(' ')}`] : [])]);
