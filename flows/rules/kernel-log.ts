/** What the lines of the kernel log mean: texts of the driver's own sources, in the order of how much they explain. */
import type { Evidence } from '../../src/engine/flow.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import type { KernelLine, KernelLogFacts } from '../probes/kernel-log.ts';
import { chips, lastBranch, numbers } from './version.ts';

/** Why a card does not start. */
export type Cause = 'openOnly' | 'tooOld' | 'fallen' | 'gsp' | 'bar' | 'nouveau' | 'vfio';

const TEXTS: Readonly<Record<Cause, RegExp>> = {
  openOnly: /requires use of the NVIDIA open kernel modules|RmInitAdapter failed! \(0x22:0x56/,
  tooOld:
    /is not supported by open nvidia\.ko|is not supported by the NVIDIA \S+ driver release|ignoring the legacy GPU|supported through the NVIDIA \S+ Legacy drivers/,
  fallen: /Xid \([^)]*\): 79,|has fallen off the bus/,
  gsp: /WPR2|Cannot initialize GSP|kgspBoot|kgspInitRm|RmInitAdapter failed! \(0x62:|Direct firmware load for nvidia\/\S*gsp_/i,
  bar: /PCI I\/O region assigned to your NVIDIA device is invalid|BAR\d+ is \S+ @ 0x0\b|Can't find an IRQ for your NVIDIA card|request_mem_region failed/,
  nouveau: /already bound to nouveau/,
  vfio: /already bound to vfio/,
};
const NO_SPACE = /^pci(?:eport)? ([\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d): .*(?:can't assign; no space|no space for)/i;
const LOADING =
  /NVRM: loading NVIDIA UNIX|nvidia: loading out-of-tree module|nvidia-nvlink: Nvlink Core is being initialized/;

const linesOf = (log: KernelLogFacts): readonly KernelLine[] => or(log.lines, []);

/** Lines since the module was loaded last: an older attempt may have failed for a reason that is gone. */
export const sinceLoaded = (log: KernelLogFacts): readonly KernelLine[] => {
  const lines = linesOf(log);
  const at = lines.findLastIndex(l => LOADING.test(l.text));
  // The tries of one load follow each other; the first line of a load stands a little above the one that is found.
  return at < 0 ? lines : lines.filter(l => l.at >= lines[at]!.at - 2);
};

export const quote = (log: KernelLogFacts, lines: readonly KernelLine[]): readonly Evidence[] =>
  lines.map(l => ({ from: log.from, shows: l.text }));

/** The cause that the log names, with its first lines; null where it names none or may not be read. */
export const named = (
  log: KernelLogFacts,
  of: readonly Cause[],
  gpus: Facts['pci']['gpus'],
): { readonly cause: Cause; readonly seen: readonly Evidence[] } | null => {
  const lines = sinceLoaded(log);
  for (const cause of of) {
    const hits = lines.filter(l => TEXTS[cause].test(l.text));
    if (hits.length > 0) return { cause, seen: quote(log, hits.slice(0, 3)) };
  }
  const ours = new Set(or(gpus, []).map(g => g.address));
  const noSpace = of.includes('bar') ? linesOf(log).filter(l => ours.has(NO_SPACE.exec(l.text)?.[1] ?? '')) : [];
  return noSpace.length > 0 ? { cause: 'bar', seen: quote(log, noSpace.slice(0, 3)) } : null;
};

/** "GB" of "GB202 [GeForce RTX 5090]"; null where lspci does not name the chip. */
export const generation = (name: string): string | null =>
  /\b(G[FKMPVABH]|TU|AD)\d{2,3}[A-Z]*\b/.exec(name)?.[1] ?? null;

/** Whether the flavour or the branch of the driver cannot serve the chip, as the names of both tell without any log. */
export const misfit = (
  f: Pick<Facts, 'pci' | 'driver' | 'module'>,
): { readonly cause: 'openOnly' | 'tooOld'; readonly seen: readonly Evidence[] } | null => {
  const gpus = or(f.pci.gpus, []);
  const version = or(f.driver.loaded, null) ?? (isUnknown(f.driver.onDisk) ? null : f.driver.onDisk);
  const branch = version === null ? 0 : (numbers(version)[0] ?? 0);
  for (const gpu of gpus) {
    const chip = generation(gpu.name);
    if (chip === null) continue;
    const card = { from: gpu.from, shows: gpu.name };
    const flavour = {
      from: 'modinfo -F license nvidia, /proc/driver/nvidia/version',
      shows: `${f.module.flavour} module`,
    };
    if ((chips.openOnly.includes(chip) || chips.besideGrace.test(gpu.name)) && f.module.flavour === 'proprietary')
      return { cause: 'openOnly', seen: [card, flavour] };
    if (chips.withoutGsp.includes(chip) && f.module.flavour === 'open')
      return { cause: 'tooOld', seen: [card, flavour] };
    const last = lastBranch[chip];
    if (last !== undefined && branch > last)
      return {
        cause: 'tooOld',
        seen: [card, { from: 'driver', shows: `${version}; the last branch for this chip is ${last}` }],
      };
  }
  return null;
};

export interface Xid {
  readonly code: number;
  readonly line: KernelLine;
}
export const xids = (log: KernelLogFacts): readonly Xid[] =>
  sinceLoaded(log).flatMap(line => {
    const m = /NVRM: Xid \([^)]*\): (\d+),/.exec(line.text);
    return m ? [{ code: Number(m[1]), line }] : [];
  });

/** Memory, NVLink, firmware: the card needs a reset or a look. The rest is what programs do wrong. */
export const HARDWARE: ReadonlySet<number> = new Set([48, 62, 63, 64, 74, 92, 94, 95, 109, 119, 120, 140, 143]);
export const OFF_THE_BUS = 79;

/** The machine slept after nvidia_uvm was loaded. */
export const sleptAt = (log: KernelLogFacts): KernelLine | null => {
  const last = sinceLoaded(log).findLast(l => /PM: suspend exit|nvidia-uvm: Loaded the UVM driver/.test(l.text));
  return last?.text.startsWith('PM:') ? last : null;
};
