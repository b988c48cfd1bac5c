/** How much of a check is waiting in line: a box whose every answer takes 100 ms, against its longest chain of probes. */
import { probes } from '../flows/probes/index.ts';
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
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

/** Probes that must wait for each other, counted along the longest chain. */
const longestChain = (): number => {
  const depth = (id: string): number => {
    const probe = (probes as Record<string, { after?: readonly string[] }>)[id];
    return 1 + Math.max(0, ...(probe?.after ?? []).map(depth));
  };
  return Math.max(...Object.keys(probes).map(depth));
};

/** `chain` in probes, `ms` measured, `ratio` of what was measured to the chain's own time. */
export const checkRatio = async (): Promise<{ chain: number; ms: number; ratio: number }> => {
  const chain = longestChain();
  const began = performance.now();
  await checkBox(slow(simBox(await Object.values(demos)[0]!.load())), { loadModules: false });
  const ms = performance.now() - began;
  return { chain, ms, ratio: ms / (chain * ANSWER_MS) };
};
