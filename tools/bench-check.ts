/** How much of a check is waiting in line: a box whose every answer takes 100 ms, against its longest chain of probes. */
import { type ProbeId, probes } from '../flows/probes/index.ts';
import type { Box } from '../src/box/box.ts';
import { checkBox, collect } from '../src/engine/report.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';

const ANSWER_MS = 100;

const later = <T>(answer: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => setTimeout(() => answer.then(resolve, reject), ANSWER_MS));

const slow = (box: Box): Box => ({
  ...box,
  run: (command, signal) => later(box.run(command, signal)),
  read: path => later(box.read(path)),
  list: path => later(box.list(path)),
  stat: path => later(box.stat(path)),
});

/** Probes that must wait for each other, counted along the longest chain; one that asks nothing here takes no time. */
const longestChain = async (box: Box): Promise<number> => {
  const seen = collect(box);
  await seen.facts();
  const ids = Object.keys(probes) as ProbeId[];
  const after = (id: ProbeId): readonly ProbeId[] => (probes[id] as { after?: readonly ProbeId[] }).after ?? [];
  const depth = (id: ProbeId): number => (seen.asked(id).length > 0 ? 1 : 0) + Math.max(0, ...after(id).map(depth));
  return Math.max(...ids.map(depth));
};

/** `chain` in probes, `ms` measured, `ratio` of what was measured to the chain's own time. */
export const checkRatio = async (): Promise<{ chain: number; ms: number; ratio: number }> => {
  const box = async (): Promise<Box> => simBox(await Object.values(demos)[0]!.load());
  const chain = await longestChain(await box());
  // Loading from source is measured by the rows of the built program; here only waiting counts.
  await checkBox(await box(), { loadModules: false });
  const began = performance.now();
  await checkBox(slow(await box()), { loadModules: false });
  const ms = performance.now() - began;
  return { chain, ms, ratio: ms / (chain * ANSWER_MS) };
};
