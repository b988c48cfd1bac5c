/** From a fix to its plan on a box: asks what the fix still needs, read-only, and lets it propose. */

import type { Facts } from '../../flows/probes/index.ts';
import type { Box } from '../box/box.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import type { Fix } from './fix.ts';
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

/** The plan of `fix` for `finding`, or why there is none. Nothing on the box is changed. */
export const proposeFix = async (box: Box, fix: Fix, facts: Facts, finding: string): Promise<Plan | Refusal> => {
  if (!fix.propose) return { refuse: 'this is done by a person; the steps are shown instead' };
  const first = fix.needs ? await all(box, fix.needs(facts)) : {};
  const second = fix.more ? await all(box, fix.more(facts, first)) : {};
  return fix.propose(facts, { ...first, ...second }, finding);
};
