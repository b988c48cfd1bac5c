/** How MIG instances are named, and what a CDI spec that is older than the division still names. */

import type { Spec } from '../probes/cdi.ts';
import type { Facts } from '../probes/index.ts';
import { hasMig } from '../probes/mig.ts';

type Smi = Pick<Facts['smi'], 'instances' | 'gpus' | 'migModes'>;

/** A name that means an instance and none that exists; whole cards and words such as all are judged elsewhere. */
export const wrongName = (wanted: { readonly name: string; readonly from: string }, smi: Smi): boolean => {
  const name = wanted.name.replace(/^nvidia\.com\/gpu=/, '');
  if (wanted.from === 'CUDA_VISIBLE_DEVICES') return /^\d+:\d+$/.test(name);
  if (/^\d+:\d+$/.test(name)) return !smi.instances.some(i => i.name === name);
  return /^MIG-/.test(name) && !smi.instances.some(i => i.uuid === name);
};

/** Instances that the spec does not know, and devices in it that are no instance any more. */
export const otherInstances = (spec: Spec, smi: Smi): readonly string[] => {
  if (!hasMig(smi)) return [];
  const inSpec = [...spec.devices.keys()].filter(n => /^\d+:\d+$/.test(n) || n.startsWith('MIG-'));
  // Specs name devices by index, by UUID or both.
  const byIndex = inSpec.some(n => n.includes(':'));
  const now = new Set(smi.instances.map(i => (byIndex ? i.name : i.uuid)));
  const then = new Set(inSpec.filter(n => n.includes(':') === byIndex));
  return [
    ...[...now].filter(n => !then.has(n)).map(n => `${n} is not in the spec`),
    ...[...then].filter(n => !now.has(n)).map(n => `${n} is in the spec and does not exist`),
  ];
};
