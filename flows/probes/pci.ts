/** NVIDIA functions on the PCI bus: through lspci, and through sysfs where there is no lspci. */
import type { FileRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { names, outputOrAbsent, text } from './answers.ts';

export interface PciFunction {
  /** Domain:bus:device.function, "0000:01:00.0". */
  readonly address: string;
  /** Class in hex without 0x: "0300" VGA, "0302" 3D, "0403" audio. */
  readonly cls: string;
  readonly name: string;
  /** Bound kernel driver; null where none is. */
  readonly driver: string | null;
  /** The function answers with ones only: it fell off the bus. */
  readonly gone: boolean;
  /** The line or path it was read from. */
  readonly shows: string;
  readonly from: string;
}
export interface PciFacts {
  readonly functions: Maybe<readonly PciFunction[]>;
  /** Those of a display or 3D class. */
  readonly gpus: Maybe<readonly PciFunction[]>;
}

const LSPCI = 'lspci -Dnnk -d 10de:';
const isGpu = (f: PciFunction) => f.cls.startsWith('03');

export const fromLspci = (out: string): readonly PciFunction[] =>
  out
    .split(/\n(?=\S)/)
    .filter(block => /^[\da-f]{4,8}:/i.test(block))
    .map(block => {
      const head = /^(\S+)\s+(.*?)\s*\[([\da-f]{4})\]:\s*(.*)$/im.exec(block);
      return {
        address: head?.[1]?.toLowerCase() ?? block.split(' ')[0]!,
        cls: head?.[3]?.toLowerCase() ?? '',
        name: (head?.[4] ?? '').replace(/\s*\(rev \w+\)/, '').replace(/^NVIDIA Corporation\s*/, ''),
        driver: /Kernel driver in use:\s*(\S+)/.exec(block)?.[1] ?? null,
        gone: /\(rev ff\)|Unknown header type 7f/.test(block),
        shows: block.trim().split('\n')[0]!,
        from: LSPCI,
      };
    });

export const pciList = probe({
  id: 'pciList',
  looks: 'the PCI bus',
  needs: () => ({ lspci: run('lspci', '-Dnnk', '-d', '10de:'), devices: list('/sys/bus/pci/devices') }),
  read: a => ({ lspci: outputOrAbsent(a.lspci, LSPCI), devices: names(a.devices, '/sys/bus/pci/devices') }),
});

type Known = { readonly pciList: ReturnType<typeof pciList.read> };

export const pci = probe({
  id: 'pci',
  looks: 'the NVIDIA functions on the PCI bus',
  after: ['pciList'],
  needs: (known: Known): Record<string, ReturnType<typeof read> | ReturnType<typeof stat>> => {
    const { lspci, devices } = known.pciList;
    if (typeof lspci === 'string' || isUnknown(devices) || devices === null) return {};
    return Object.fromEntries(
      devices.flatMap(d => [
        [`${d} vendor`, read(`/sys/bus/pci/devices/${d}/vendor`)],
        [`${d} class`, read(`/sys/bus/pci/devices/${d}/class`)],
        [`${d} driver`, stat(`/sys/bus/pci/devices/${d}/driver`)],
      ]),
    );
  },
  read: (a, known: Known): PciFacts => {
    const { lspci, devices } = known.pciList;
    if (typeof lspci === 'string') {
      const functions = fromLspci(lspci);
      return { functions, gpus: functions.filter(isGpu) };
    }
    if (isUnknown(devices)) return { functions: devices, gpus: devices };
    // No PCI bus at all (some virtual and Arm machines) means no function on it.
    const functions: PciFunction[] = [];
    for (const d of devices ?? []) {
      const base = `/sys/bus/pci/devices/${d}`;
      const vendor = text(a[`${d} vendor`] as FileRead, `${base}/vendor`);
      if (isUnknown(vendor)) return { functions: vendor, gpus: vendor };
      if (vendor?.trim() !== '0x10de') continue;
      const cls = text(a[`${d} class`] as FileRead, `${base}/class`);
      const driver = a[`${d} driver`] as StatRead;
      if (typeof cls !== 'string') {
        const missing = unknown('unreadable', `${base}/class`);
        return { functions: missing, gpus: missing };
      }
      functions.push({
        address: d,
        cls: cls.trim().replace(/^0x/, '').slice(0, 4),
        name: 'NVIDIA device',
        driver: driver.kind === 'stat' ? (driver.stat.target?.split('/').pop() ?? null) : null,
        gone: false,
        shows: `vendor 0x10de, class ${cls.trim()}`,
        from: base,
      });
    }
    return { functions, gpus: functions.filter(isGpu) };
  },
});
