/** What a simulated machine consists of. Programs read and change it; nothing in it says what is wrong. */
import type { Ran } from '../box/box.ts';
import type { Fs } from './fs.ts';
import type { Swarm } from './swarm.ts';

export interface Gpu {
  readonly minor: number;
  readonly uuid: string;
  readonly name: string;
  readonly brand: string;
  readonly architecture: string;
  /** "0000:01:00.0". */
  readonly bus: string;
  readonly memoryMiB: number;
  readonly cuda: string;
  /** Its instances; absent where MIG is off. */
  readonly mig?: readonly {
    readonly gi: number;
    readonly ci: number;
    readonly uuid: string;
    readonly profile: string;
  }[];
  /** Sections of nvidia-smi -q that differ from those of a plain card, as they are printed. */
  readonly settings?: string;
}

export interface PciFunction {
  /** "0000:01:00.0". */
  readonly slot: string;
  /** "0300". */
  readonly class: string;
  readonly className: string;
  /** "10de:2705". */
  readonly id: string;
  readonly text: string;
  readonly subsystem?: string;
  readonly revision?: string;
  readonly modules?: readonly string[];
  driver: string | null;
}

export interface KernelModule {
  readonly version?: string;
  readonly size: number;
  readonly needs: readonly string[];
  /** Path below /lib/modules/<release>/. */
  readonly file: string;
}

export interface Kernel {
  readonly release: string;
  readonly available: Record<string, KernelModule>;
  /** In the order of loading. */
  loaded: string[];
  /** Device rules make the nodes when a module is loaded. */
  readonly udev: boolean;
  readonly uvmMajor: number;
}

export interface Image {
  readonly repository: string;
  readonly tag: string;
  readonly id: string;
  readonly env: readonly string[];
  /** Programs it brings itself, by name. */
  readonly programs: readonly string[];
  /** Paths in it that somebody may list, with the names inside. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
  /** busybox and scratch images have no loader for programs of the host. */
  readonly glibc: boolean;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly size?: string;
  /** As Go names it; amd64 where absent. */
  readonly architecture?: string;
  readonly workdir?: string;
  /** Python packages and their versions. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Files of a driver that were built into it, as plain files. */
  readonly driverFiles?: readonly string[];
}

export type Restart = 'no' | 'always' | 'unless-stopped' | 'on-failure';

/** What a person asked the engine for. */
export interface Request {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly runtime?: string;
  readonly gpus?: string;
  /** Values of --device. */
  readonly devices: readonly string[];
  readonly binds: readonly string[];
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly restart: Restart;
  readonly entrypoint?: string;
  readonly network?: string;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly request: Request;
  readonly createdAt: number;
  readonly labels?: Readonly<Record<string, string>>;
  state: 'created' | 'running' | 'exited';
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  error: string;
  /** What it wrote so far. */
  log?: string;
  /** systemd applied its device rules again, which a legacy container does not survive; a restart makes new ones. */
  lostDevices?: boolean;
  /** A node of the host that was made only after the container had started. */
  startedBefore?: string | undefined;
}

/** State of a running dockerd: what it read and found when it started. */
export interface Started {
  readonly at: number;
  readonly pid: number;
  runtimes: Record<string, { readonly path: string; readonly args?: readonly string[]; readonly answered?: boolean }>;
  defaultRuntime: string;
  liveRestore: boolean;
  readonly cdi: boolean;
  /** Spec directories in use; empty while CDI is off. */
  readonly cdiDirs: readonly string[];
  /** Programs it found on its PATH at the start; null where it found none. */
  readonly hook: string | null;
  readonly cdiHook: string | null;
  readonly dataRoot: string;
  /** Kinds and values of `node-generic-resources`. */
  readonly offer: readonly (readonly [kind: string, value: string])[];
}

export interface Docker {
  readonly version: string;
  readonly compose?: string;
  /** PATH of the daemon. */
  readonly path: readonly string[];
  /** The daemon runs as an ordinary user, in a user namespace. */
  readonly rootless?: boolean;
  /** Absent where the engine is in no Swarm. */
  swarm?: Swarm;
  started: Started | null;
  images: Image[];
  /** What can be pulled; where absent there is no way to a registry. */
  registry?: readonly Image[];
  containers: Container[];
}

export interface Unit {
  readonly name: string;
  readonly description: string;
  active: 'active' | 'inactive' | 'failed';
  sub: string;
  enabled: 'enabled' | 'disabled' | 'static' | 'masked';
  result: string;
  since: number;
  enteredAt: number;
  pid: number;
  exitStatus: number;
  /** ExecStart of an active unit as it was when systemd last read the files. */
  failures: number;
}

export interface Versions {
  readonly toolkit?: string;
  readonly cli?: string;
  readonly runc?: string;
  readonly crun?: string;
  readonly containerd?: string;
  readonly podman?: string;
  readonly nvidiaSmi?: string;
}

/** One version of a package in the sources of the distribution, and what it needs at least. */
export interface Offered {
  readonly version: string;
  readonly needs?: Readonly<Record<string, string>>;
}

export interface World {
  readonly name: string;
  readonly fs: Fs;
  readonly bootedAt: number;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly name: string;
    readonly groups: readonly (readonly [number, string])[];
  };
  readonly hostname: string;
  readonly virt: { readonly vm: string; readonly container: string };
  /** As uname says it; x86_64 where absent. */
  arch?: 'x86_64' | 'aarch64';
  readonly os: { readonly pretty: string; readonly id: string; readonly version: string; readonly codename: string };
  /** Cards that are really there; whether they work depends on the rest. */
  readonly gpus: readonly Gpu[];
  readonly pci: readonly PciFunction[];
  readonly kernel: Kernel;
  versions: Versions;
  /** Where the docker command of this user leads; "desktop-linux" is a virtual machine without the card. */
  context?: string;
  /** apt read the lists of its sources at least once. */
  listsRead?: boolean;
  packages: readonly (readonly [string, string])[];
  /** What the sources of the distribution hold besides, newest first. */
  readonly archive?: Readonly<Record<string, readonly Offered[]>>;
  /** Networks as podman set them up first; an upgrade keeps the kind. */
  readonly podmanNetwork?: 'cni' | 'netavark';
  docker: Docker | null;
  /** Images of podman; null where it is not installed. */
  podmanImages: Image[];
  readonly units: Map<string, Unit>;
  readonly journal: Map<string, string[]>;
  /** Programs that never come back, by name. */
  readonly hangs?: ReadonlySet<string>;
  /** The driver needs more than ten seconds to wake up while nothing keeps it awake. */
  readonly slowDriver?: boolean;
}

export interface Call {
  readonly world: World;
  readonly args: readonly string[];
  readonly argv: readonly string[];
  /** Runs as root, by itself or through sudo. */
  readonly root: boolean;
  readonly stdin?: string;
  /** Runs another program of the world as root, as systemd does for a unit. */
  readonly exec?: (argv: readonly [string, ...string[]]) => Ran;
}
export type Program = (call: Call) => Ran;

/** As Go names the processor of the machine. */
export const goArch = (world: World): string => (world.arch === 'aarch64' ? 'arm64' : 'amd64');
export const archOf = (world: World, image: Image): string => image.architecture ?? goArch(world);

export const out = (stdout: string, stderr = '', code = 0): Ran => ({ kind: 'exited', code, stdout, stderr });
export const fail = (code: number, stderr: string, stdout = ''): Ran => ({ kind: 'exited', code, stdout, stderr });

/** Whether a dotted version is at least another; suffixes such as "+dfsg1" or "~rig" are ignored. */
export const atLeast = (version: string, wanted: string): boolean => {
  const digits = (v: string): number[] =>
    v
      .replace(/^v/, '')
      .split(/[.+~-]/)
      .map(Number);
  const a = digits(version);
  const b = digits(wanted);
  for (let i = 0; i < b.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (Number.isNaN(x) || x < y) return false;
    if (x > y) return true;
  }
  return true;
};

/** Whether whoever asks the driver waits in vain: nothing keeps a slow one awake. */
export const driverSleeps = (world: World): boolean =>
  world.slowDriver === true && world.units.get('nvidia-persistenced.service')?.active !== 'active';

/** Time passes: what is written from now on is newer. */
export const tick = (world: World, seconds = 1): void => {
  world.fs.now += seconds;
};

const two = (n: number): string => String(n).padStart(2, '0');
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** "Sun 2026-11-22 04:49:07 UTC", as systemd prints it. */
export const systemdTime = (seconds: number): string => {
  const d = new Date(seconds * 1000);
  return `${days[d.getUTCDay()]} ${d.toISOString().slice(0, 10)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} UTC`;
};
/** "2026-11-22T04:49:07Z". */
export const isoTime = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

export const journal = (world: World, unit: string, ...lines: string[]): void => {
  const have = world.journal.get(unit);
  if (have) have.push(...lines);
  else world.journal.set(unit, lines);
};
