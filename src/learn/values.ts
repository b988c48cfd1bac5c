/** The machine whose values the lessons show: this one, or a simulated one where this one has no GPU. */

import type { Box } from '../box/box.ts';
import { cached } from '../box/cache.ts';
import { or } from '../engine/known.ts';
import { collect, reportOf } from '../engine/report.ts';
import { telling } from '../engine/telling.ts';
import type { Shown } from './show.ts';

export type Values = Omit<Shown, 'texts'> & {
  /** Name of the box, and whether it stands in for a machine without a GPU. */
  readonly box: string;
  readonly stands: 'here' | 'given' | 'instead';
};

const SIGNS = [
  '/var/lib/kubelet',
  '/var/lib/rancher/k3s',
  '/var/lib/rancher/rke2',
  '/run/nvidia/validations',
  '/usr/local/nvidia/toolkit',
];

const signsOf = (box: Box): Promise<Values['signs']> =>
  Promise.all(
    SIGNS.map(async path => {
      const found = await box.stat(path);
      return { path, there: found.kind === 'stat' ? true : found.kind === 'absent' ? false : null };
    }),
  );

const look = async (bare: Box, stands: Values['stands']): Promise<Values> => {
  const box = cached(bare);
  const facts = await collect(box).facts();
  return { facts, report: reportOf(facts, telling), signs: await signsOf(box), box: bare.name, stands };
};

/** @param instead opens the box that stands in where this machine has nothing of NVIDIA */
export const valuesOf = async (box: Box, instead: () => Promise<Box>): Promise<Values> => {
  const values = await look(box, box.kind === 'live' ? 'here' : 'given');
  const { facts } = values;
  const hasGpu =
    or(facts.pci.gpus, []).length > 0 ||
    or(facts.driver.loaded, null) !== null ||
    or(facts.where.tegra, null) !== null ||
    or(facts.where.dxg, false);
  return box.kind === 'live' && !hasGpu ? look(await instead(), 'instead') : values;
};
