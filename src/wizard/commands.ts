/** A plan in the words of a shell, for copying; nothing here is ever run. */
import type { GuideStep } from '../engine/fix.ts';
import { commandsOf as byHand, shellWord as quoted } from '../plan/commands.ts';
import type { Plan } from '../plan/plan.ts';

/** The commands of a plan; a file is opened in an editor, what to change in it is the diff's business. */
export const commandsOf = (plan: Plan): readonly string[] => byHand(plan).flatMap(step => step.commands);
export const needsRoot = (plan: Plan): boolean =>
  plan.steps.some(s => (s.do === 'edit' ? s.root : s.command.root === true)) ||
  [...plan.settle, ...plan.validate].some(c => c.root === true);

export const guideLines = (steps: readonly GuideStep[]): readonly string[] =>
  steps.flatMap((s, i) => [`${i + 1}. ${s.say}`, ...(s.argv ? [`   ${s.argv.map(quoted).join(' ')}`] : [])]);
