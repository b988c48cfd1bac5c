/** From a fix to its plan on a box: asks what the fix still needs, read-only, and lets it propose. */

import type { Facts } from '../../flows/probes/index.ts';
import type { Box } from '../box/box.ts';
import { readOnly } from '../box/wrap.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import type { Choice, Chosen, Fix, Option } from './fix.ts';
import type { AnswerOf, Ask, Asks } from './probe.ts';

const answer = async (box: Box, ask: Ask): Promise<AnswerOf<Ask>> => {
  switch (ask.ask) {
    case 'run':
      return box.run(ask.command);
    case 'read':
      return box.read(ask.path);
    case 'list':
      return box.list(ask.path);
    case 'stat':
      return box.stat(ask.path);
  }
};

const all = async (box: Box, asks: Asks): Promise<Readonly<Record<string, AnswerOf<Ask>>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(asks).map(async ([key, ask]) => [key, await answer(box, ask)] as const)),
  );

const answersFor = async (
  box: Box,
  fix: Fix,
  facts: Facts,
  finding: string,
): Promise<Readonly<Record<string, AnswerOf<Ask>>>> => {
  const first = fix.needs ? await all(box, fix.needs(facts)) : {};
  const second = fix.more ? await all(box, fix.more(facts, first)) : {};
  const third = fix.gather ? await fix.gather(readOnly(box), facts, finding) : {};
  return { ...first, ...second, ...third } as Readonly<Record<string, AnswerOf<Ask>>>;
};

/** What a person decides before the plan of `fix` can be made. Nothing on the box is changed. */
export const choicesFor = async (box: Box, fix: Fix, facts: Facts, finding: string): Promise<readonly Choice[]> =>
  fix.choices ? fix.choices(facts, await answersFor(box, fix, facts, finding), finding) : [];

/** An option where it is listed: the word to give, and what it stands for. */
export const optionLine = ({ value, label, hint }: Option): string => {
  const about = [label === value ? '' : label, hint ?? ''].filter(Boolean).join(', ');
  return about === '' ? value : `${value}: ${about}`;
};

/** Why what was chosen is no answer to these choices; null where it is one. What was left open is not looked at. */
export const misfit = (choices: readonly Choice[], chosen: Chosen): Refusal | null => {
  for (const { id, many, options } of choices) {
    const taken = chosen[id] ?? [];
    const strange = taken.filter(v => !options.some(o => o.value === v));
    const because =
      strange.length > 0
        ? `${id}: ${strange.join(', ')} is not among what can be chosen`
        : !many && taken.length > 1
          ? `${id}: only one of them can be taken`
          : null;
    if (because !== null) return { refuse: because, instead: options.map(optionLine) };
  }
  return null;
};

/** The plan of `fix` for `finding`, or why there is none. What was not chosen is taken as its choice begins. Nothing on the box is changed. */
export const proposeFix = async (
  box: Box,
  fix: Fix,
  facts: Facts,
  finding: string,
  chosen: Chosen = {},
): Promise<Plan | Refusal> => {
  if (!fix.propose) return { refuse: 'this is done by a person; the steps are shown instead' };
  const answers = await answersFor(box, fix, facts, finding);
  const choices = fix.choices?.(facts, answers, finding) ?? [];
  const wrong = misfit(choices, chosen);
  if (wrong) return wrong;
  const taken = Object.fromEntries(choices.map(c => [c.id, chosen[c.id] ?? c.initial]));
  const open = choices.find(c => taken[c.id]!.length === 0);
  if (open) return { refuse: open.question, instead: open.options.map(optionLine) };
  return fix.propose(facts, answers, finding, taken);
};
