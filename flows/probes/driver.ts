/** The kernel side of the driver, its device nodes, and what nvidia-smi says. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { list, mayLoad, probe, read, run, stat } from '../../src/engine/probe.ts';
import { type Answers, exists, names, outputOrAbsent, text } from './answers.ts';

export interface Gpu {
  readonly name: string;
  readonly uuid: string;
  readonly pci: string;
}
export interface DriverFacts {
  /** Version of the loaded module; null where none is loaded. */
  readonly loaded: Maybe<string | null>;
  readonly loadedFrom: string;
  /** Version of the module file for this kernel; null where there is none. */
  readonly onDisk: Maybe<string | null>;
  /** nvidia_uvm is loaded. */
  readonly uvmLoaded: Maybe<boolean>;
  /** GPUs the module drives, by PCI address. */
  readonly bound: Maybe<readonly string[]>;
  /** What modinfo said, for a quote. */
  readonly modinfo: string;
  /** A driver that a container or the distribution keeps outside the usual folders. */
  readonly elsewhere: string | null;
  /** Packages of a driver are installed (nvidia-smi or libcuda on disk is evidence of user space). */
  readonly smiInstalled: Maybe<boolean>;
}

const loadedVersion = (proc: Maybe<string | null>, sys: Maybe<string | null>): Maybe<string | null> => {
  if (typeof sys === 'string') return sys.trim();
  if (typeof proc === 'string')
    return (
      /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(proc)?.[1] ??
      /\b(\d{3,}\.\d+(?:\.\d+)?)\b/.exec(proc)?.[1] ??
      'unknown'
    );
  return proc === null ? null : isUnknown(sys) ? sys : proc;
};

const isFound = (ran: Ran): boolean => ran.kind === 'exited' && ran.code === 0;

/** Where a driver container, Google's system for containers and NixOS have it, with a file that tells. */
const ELSEWHERE = {
  '/run/nvidia/driver': 'usr/bin/nvidia-smi',
  '/home/kubernetes/bin/nvidia': 'bin/nvidia-smi',
  '/run/opengl-driver': 'lib/libcuda.so.1',
} as const;

export const driver = probe({
  id: 'driver',
  looks: 'the NVIDIA kernel module',
  needs: () => ({
    proc: read('/proc/driver/nvidia/version'),
    sys: read('/sys/module/nvidia/version'),
    modules: read('/proc/modules'),
    lsmod: run('lsmod'),
    gpus: list('/proc/driver/nvidia/gpus'),
    modinfo: run('modinfo', '-F', 'version', 'nvidia'),
    // Debian renames the module, and modinfo knows no other name of it.
    current: run('modinfo', '-F', 'version', 'nvidia-current'),
    smi: run('which', 'nvidia-smi'),
    ...Object.fromEntries(Object.entries(ELSEWHERE).map(([root, file]) => [root, stat(`${root}/${file}`)])),
  }),
  read: (a): DriverFacts => {
    const proc = text(a.proc, '/proc/driver/nvidia/version');
    const modules = text(a.modules, '/proc/modules');
    const lsmod = outputOrAbsent(a.lsmod, 'lsmod');
    const table = typeof modules === 'string' ? modules : typeof lsmod === 'string' ? lsmod : undefined;
    const loaded = loadedVersion(proc, text(a.sys, '/sys/module/nvidia/version'));
    const bound = names(a.gpus, '/proc/driver/nvidia/gpus');
    const known = a.modinfo.kind === 'exited' && a.modinfo.code !== 0 && isFound(a.current) ? a.current : a.modinfo;
    return {
      loaded,
      loadedFrom: a.sys.kind === 'file' ? '/sys/module/nvidia/version' : '/proc/driver/nvidia/version',
      onDisk:
        known.kind === 'exited'
          ? known.code === 0
            ? known.stdout.trim()
            : null
          : unknown('absent', 'modinfo -F version nvidia'),
      uvmLoaded: table === undefined ? unknown('unrecorded', '/proc/modules') : /^nvidia[_-]uvm\s/m.test(table),
      bound: isUnknown(bound) ? bound : (bound ?? []),
      modinfo: known.kind === 'exited' ? (known.stdout || known.stderr).trim() : '',
      elsewhere: Object.keys(ELSEWHERE).find(root => (a as Answers)[root]?.kind === 'stat') ?? null,
      smiInstalled:
        a.smi.kind === 'exited'
          ? a.smi.code === 0
          : unknown(a.smi.kind === 'timedOut' ? 'timedOut' : 'unrecorded', 'which nvidia-smi'),
    };
  },
});

export interface MigInstance {
  /** Index of its GPU and its own index there: "0:1" is how the toolkit names it. */
  readonly name: string;
  readonly uuid: string;
  readonly profile: string;
}
const instancesIn = (list: string): readonly MigInstance[] => {
  let gpu = '';
  return list.split('\n').flatMap(line => {
    gpu = /^GPU (\d+):/.exec(line)?.[1] ?? gpu;
    const m = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (\S+)\)/.exec(line);
    return m ? [{ name: `${gpu}:${m[2]!}`, uuid: m[3]!, profile: m[1]! }] : [];
  });
};

export interface SmiFacts {
  /** Exit status of nvidia-smi -L; null where it is not installed. */
  readonly status: Maybe<number | null>;
  readonly says: string;
  readonly gpus: readonly Gpu[];
  /** MIG mode of each GPU in the order of nvidia-smi: "Enabled", "Disabled", "[N/A]"; empty where it was not asked. */
  readonly migModes: readonly string[];
  readonly instances: readonly MigInstance[];
  /** Version of NVML in user space, from `nvidia-smi --version` or the mismatch text. */
  readonly tookTooLong: boolean;
}

/** What nvidia-smi ends with where everything works but the infoROM of a card is corrupted. */
export const INFOROM = 14;
const hasAnswered = (ran: Ran): ran is Extract<Ran, { kind: 'exited' }> =>
  ran.kind === 'exited' && (ran.code === 0 || ran.code === INFOROM);

export const smi = probe({
  id: 'smi',
  looks: 'what nvidia-smi sees',
  after: ['driver'],
  needs: () => ({
    list: mayLoad('nvidia-smi', '-L'),
    query: mayLoad(
      'nvidia-smi',
      '--query-gpu=name,driver_version,uuid,pci.bus_id,mig.mode.current',
      '--format=csv,noheader',
    ),
  }),
  read: (a): SmiFacts => {
    const gpus = hasAnswered(a.query)
      ? a.query.stdout
          .trim()
          .split('\n')
          .filter(l => l.includes(','))
          .map(l => l.split(',').map(s => s.trim()))
          .map(([name = '', , uuid = '', pci = '']) => ({
            name,
            uuid,
            pci: pci.replace(/^0000(?=\d{4}:)/, '').toLowerCase(),
          }))
      : hasAnswered(a.list)
        ? [...a.list.stdout.matchAll(/^GPU \d+: (.*?) \(UUID: (\S+)\)/gm)].map(m => ({
            name: m[1]!,
            uuid: m[2]!,
            pci: '',
          }))
        : [];
    return {
      status:
        a.list.kind === 'exited'
          ? a.list.code
          : a.list.kind === 'absent'
            ? null
            : unknown(a.list.kind, 'nvidia-smi -L'),
      says:
        a.list.kind === 'exited'
          ? (a.list.stdout.trim() || a.list.stderr.trim()).split('\n').slice(0, 3).join('\n')
          : '',
      gpus,
      migModes: hasAnswered(a.query)
        ? a.query.stdout
            .trim()
            .split('\n')
            .filter(l => l.includes(','))
            .map(l => l.split(',').at(-1)!.trim())
        : [],
      instances: hasAnswered(a.list) ? instancesIn(a.list.stdout) : [],
      tookTooLong: a.list.kind === 'timedOut',
    };
  },
});

export interface NodeFacts {
  /** Names directly below /dev that begin with nvidia or nv, without those that are no nodes. */
  readonly present: Maybe<ReadonlySet<string>>;
  /** Folders in the place of a node: an engine makes one where it is told to mount what is not there. */
  readonly noNodes: readonly string[];
  readonly uvmMajor: Maybe<number | null>;
  /** Major number of the node /dev/nvidia-uvm; null where it is not there or not known. */
  readonly uvmNodeMajor: number | null;
  readonly ctlMode: Maybe<number | null>;
  /** Permission bits and group of /dev/nvidiactl where others may not use it; null where they may, or it is not known. */
  readonly closed: { readonly mode: number; readonly gid: number } | null;
}

export const nodes = probe({
  id: 'nodes',
  looks: 'the device nodes',
  needs: () => ({
    dev: list('/dev'),
    devices: read('/proc/devices'),
    ctl: stat('/dev/nvidiactl'),
    uvm: stat('/dev/nvidia-uvm'),
  }),
  read: (a): NodeFacts => {
    const dev = names(a.dev, '/dev');
    const devices = text(a.devices, '/proc/devices');
    const ctl = exists(a.ctl, '/dev/nvidiactl');
    const noNodes = Object.entries({ nvidiactl: a.ctl, 'nvidia-uvm': a.uvm }).flatMap(([name, found]) =>
      found.kind === 'stat' && found.stat.type === 'dir' ? [name] : [],
    );
    return {
      present: isUnknown(dev)
        ? dev
        : new Set((dev ?? []).filter(n => (n.startsWith('nv') || n === 'dxg') && !noNodes.includes(n))),
      noNodes,
      uvmNodeMajor: a.uvm.kind === 'stat' && a.uvm.stat.type === 'char' ? (a.uvm.stat.major ?? null) : null,
      uvmMajor:
        typeof devices === 'string'
          ? Number(/^\s*(\d+) nvidia-uvm$/m.exec(devices)?.[1] ?? Number.NaN) || null
          : isUnknown(devices)
            ? devices
            : null,
      closed:
        a.ctl.kind === 'stat' && a.ctl.stat.type === 'char' && (a.ctl.stat.mode & 0o006) !== 0o006
          ? { mode: a.ctl.stat.mode & 0o777, gid: a.ctl.stat.gid }
          : null,
      ctlMode: a.ctl.kind === 'stat' ? a.ctl.stat.mode : or(ctl, true) ? unknown('unrecorded', '/dev/nvidiactl') : null,
    };
  },
});

/** With the module in and the nodes there, nvidia-smi and its like can neither load nor create anything. */
export const safeToLoad = (d: DriverFacts, n: NodeFacts): boolean => {
  const present = or(n.present, new Set<string>());
  return (
    typeof d.loaded === 'string' && present.has('nvidiactl') && [...present].some(name => /^nvidia\d+$/.test(name))
  );
};
