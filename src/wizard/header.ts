/** This machine in two lines. */
import { machineLines } from '../report/machine.ts';
import { printable } from '../text/sanitize.ts';
import type { Machine } from '../transcript/event.ts';

export const headerOf = (machine: Machine | null, box: string): readonly [string, string] => {
  if (machine === null) return [`looking at ${box} …`, ''];
  const [first = [], second = []] = machineLines(machine);
  const host = machine.host ? [printable(machine.host)] : [];
  return [[...host, ...first].join(' · '), second.join(' · ')];
};
