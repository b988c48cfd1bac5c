/** Boxes broken in one way each, with what the tree finds there and which fixes are offered. */
import { DAEMON_JSON } from '../flows/probes/docker.ts';
import type { Box } from '../src/box/box.ts';
import { simBox } from '../src/sim/index.ts';
import { healthyNew, healthyOld } from '../src/sim/worlds/healthy.ts';
import { demos } from '../src/sim/worlds/index.ts';

export const SPEC = '/etc/cdi/nvidia.yaml';
export const root = { root: true } as const;
export const does = async (box: Box, ...argv: [string, ...string[]]) => box.run({ argv, root: true, changes: true });
export const textOf = async (box: Box, path: string): Promise<string | null> => {
  const file = await box.read(path);
  return file.kind === 'file' ? file.text : null;
};
export const edit = async (box: Box, path: string, change: (text: string) => string) =>
  box.write(path, change((await textOf(box, path)) ?? ''), root);
export const daemonJson = (change: (value: Record<string, unknown>) => object) => async (box: Box) =>
  edit(box, DAEMON_JSON, t => `${JSON.stringify(change(JSON.parse(t || '{}')), null, 4)}\n`);
export const spec = async (box: Box, path: string, change: (text: string) => string = t => t) => {
  const made = await box.run({ argv: ['nvidia-ctk', 'cdi', 'generate'] });
  await box.write(path, change(made.kind === 'exited' ? made.stdout : ''), root);
};
export const restart = (box: Box) => does(box, 'systemctl', 'restart', 'docker');

export interface Case {
  readonly box: () => Promise<Box>;
  readonly finding: string;
  /** Fixes that must be offered, in this order, among others. */
  readonly offers: readonly string[];
  /** Nothing else is offered: it could not help here. */
  readonly only?: true;
  /** The tree does not find it as a fault; it is asked for by name. */
  readonly isByName?: boolean;
  /** The finding goes with the plan also where it is a note, and an undo brings everything back that was found. */
  readonly comesBack?: true;
  /** Other faults of this box that stay. */
  readonly leaves?: readonly string[];
  /** The container that is named. */
  readonly container?: string;
  /** The first one is refused, with this in the reason. */
  readonly refused?: RegExp;
}

export const demo = (name: string) => async () => simBox(await demos[name]!.load());
export const old = (breaks: (box: Box) => Promise<unknown>) => async () => {
  const box = simBox(healthyOld());
  await breaks(box);
  return box;
};
export const fresh = (breaks: (box: Box) => Promise<unknown>) => async () => {
  const box = simBox(healthyNew());
  await breaks(box);
  return box;
};
