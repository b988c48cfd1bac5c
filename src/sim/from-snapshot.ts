/** A world filled from a recording: its files and what its programs said of themselves, never the outcome of a start. */
import type { Snapshot, SnapshotStat } from '../snapshot/snapshot.ts';
import { dirname, emptyFs, exists, type Fs, file, lget, link, mkdir, put } from './fs.ts';
import { type Cached, rebuild, writeCache } from './ldconfig.ts';
import {
  atLeast,
  type Docker,
  type Gpu,
  type Image,
  type PciFunction,
  type Started,
  type Unit,
  type World,
} from './world.ts';

/** What a recording does not hold: the inside of the images, by "repository:tag". */
export type ImageInsides = Readonly<Record<string, Partial<Image>>>;

const asker = (snapshot: Snapshot) => {
  const said = new Map(snapshot.commands.map(c => [c.argv.join(' '), c]));
  return (argv: string): string | null => {
    const c = said.get(argv);
    return c === undefined || c.absent || c.denied || c.timedOut ? null : c.stdout;
  };
};
type Ask = ReturnType<typeof asker>;

const metaOf = (s: SnapshotStat | undefined) =>
  s === undefined
    ? {}
    : { mode: Number.parseInt(s.mode.replace(/^0o/, ''), 8), uid: s.uid, gid: s.gid, mtime: s.mtime };

const putStat = (fs: Fs, path: string, s: SnapshotStat): void => {
  const meta = metaOf(s);
  if (s.type === 'dir') mkdir(fs, path, meta);
  else if (s.type === 'link') put(fs, path, { type: 'link', target: s.target ?? '', ...meta });
  else if (s.type === 'char' || s.type === 'block')
    put(fs, path, { type: s.type, major: s.major ?? 0, minor: s.minor ?? 0, ...meta });
  else if (s.type === 'socket' || s.type === 'fifo') put(fs, path, { type: s.type, ...meta });
  else put(fs, path, { type: 'file', text: '', binary: true, size: s.size, ...meta });
};

const fill = (fs: Fs, snapshot: Snapshot): void => {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdir(fs, `/usr/${name}`);
    link(fs, `/${name}`, `usr/${name}`);
  }
  mkdir(fs, '/run');
  link(fs, '/var/run', '/run');
  const stats = Object.entries(snapshot.stats).filter(([path]) => lget(fs, path)?.type !== 'link');
  for (const [path, s] of stats.filter(([, s]) => s.type === 'dir')) putStat(fs, path, s);
  for (const [path, names] of Object.entries(snapshot.dirs)) {
    if (names === null) continue;
    mkdir(fs, path);
    const programs = /\/s?bin$/.test(path);
    for (const name of names) {
      const at = `${path}/${name}`;
      if (snapshot.dirs[at] || lget(fs, at)) continue;
      put(fs, at, { type: 'file', text: '', binary: true, mode: programs ? 0o755 : 0o644 });
    }
  }
  for (const [path, s] of stats) if (s.type !== 'dir') putStat(fs, path, s);
  for (const [path, text] of Object.entries(snapshot.files))
    if (text !== null) file(fs, path, text, metaOf(snapshot.stats[path]));
  const programs = snapshot.commands.find(c => c.argv[0] === 'which' && c.argv.length > 4)?.stdout ?? '';
  for (const path of programs.split('\n').filter(Boolean))
    if (!exists(fs, path)) put(fs, path, { type: 'file', text: '', binary: true, mode: 0o755 });
};

/** Files that a spec or the CLI names in directories the recording never looked into; they were there. */
const believeSpecs = (fs: Fs, snapshot: Snapshot, listed: string): void => {
  for (const path of listed.split('\n').filter(p => p.startsWith('/lib/firmware/'))) {
    if (!exists(fs, path)) put(fs, path, { type: 'file', text: '', binary: true });
  }
  for (const [path, text] of Object.entries(snapshot.files)) {
    if (text === null || !path.includes('/cdi/')) continue;
    for (const m of text.matchAll(/(?:hostPath|path)["']?:\s*["']?(\/[^\s"',]+)/g)) {
      const host = m[1]!;
      const looked =
        Object.hasOwn(snapshot.dirs, dirname(host)) || Object.hasOwn(snapshot.dirs, `/usr${dirname(host)}`);
      if (!looked && !exists(fs, host)) put(fs, host, { type: 'file', text: '', binary: true, mode: 0o755 });
    }
  }
};

const gpusOf = (ask: Ask, snapshot: Snapshot): Gpu[] => {
  const cuda = /CUDA Version\s*:\s*(\S+)/.exec(ask('nvidia-smi --version') ?? '')?.[1] ?? '13.0';
  return Object.entries(snapshot.files).flatMap(([path, text]) => {
    const bus = /^\/proc\/driver\/nvidia\/gpus\/([^/]+)\/information$/.exec(path)?.[1];
    if (bus === undefined || text === null) return [];
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
    return [
      {
        minor: Number(field('Device Minor')),
        uuid: field('GPU UUID'),
        name: field('Model'),
        brand: 'GeForce',
        architecture: '8.9',
        bus,
        memoryMiB: 16_384,
        cuda,
      },
    ];
  });
};

const pciOf = (ask: Ask): PciFunction[] => {
  const functions: PciFunction[] = [];
  for (const line of (ask('lspci -Dnnk -d 10de:') ?? '').split('\n')) {
    const m = /^(\S+) (.+) \[(\w{4})\]: (.+) \[(\w{4}:\w{4})\](?: \(rev (\w+)\))?$/.exec(line);
    if (m)
      functions.push({
        slot: m[1]!,
        className: m[2]!,
        class: m[3]!,
        text: m[4]!,
        id: m[5]!,
        ...(m[6] ? { revision: m[6] } : {}),
        driver: null,
      });
    const sub = /^\tSubsystem: (.+)$/.exec(line);
    if (sub && functions.length > 0) functions.push({ ...functions.pop()!, subsystem: sub[1]! });
    const use = /Kernel driver in use: (\S+)/.exec(line);
    if (use && functions.length > 0) functions.at(-1)!.driver = use[1]!;
  }
  return functions;
};

const json = (text: string | null): Record<string, unknown> | null => {
  try {
    return text ? (JSON.parse(text) as Record<string, unknown>) : null;
  } catch {
    return null;
  }
};
const when = (shown: string | undefined): number =>
  shown ? Math.floor(Date.parse(shown.replace(/^\w+ /, '').replace(' UTC', 'Z').replace(' ', 'T')) / 1000) : 0;

/** What the daemon that ran told about itself; null for one that did not. */
const startedOf = (ask: Ask, fs: Fs, version: string, snapshot: Snapshot): Started | null => {
  const info = json(ask('docker info --format {{json .}}') ?? ask('docker info -f {{json .}}'));
  if (!info?.ServerVersion) return null;
  const shown = Object.fromEntries(
    (
      ask(
        'systemctl show docker --property=ActiveEnterTimestamp,ExecMainStartTimestamp,MainPID,ExecStart,FragmentPath,DropInPaths,Environment,LoadState,ActiveState,SubState,Result',
      ) ?? ''
    )
      .split('\n')
      .map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]),
  );
  const at = when(shown.ActiveEnterTimestamp) || fs.now;
  const found = (name: string): string | null => {
    const path = `/usr/bin/${name}`;
    return exists(fs, path) && (snapshot.stats[path]?.mtime ?? 0) <= at ? path : null;
  };
  const dirs = (info.CDISpecDirs as string[] | null) ?? [];
  return {
    offer: [],
    at,
    pid: Number(shown.MainPID) || 1,
    runtimes: (info.Runtimes ?? {}) as Started['runtimes'],
    defaultRuntime: String(info.DefaultRuntime || 'runc'),
    liveRestore: info.LiveRestoreEnabled === true,
    cdi: dirs.length > 0 || (atLeast(version, '28.2') && info.DiscoveredDevices != null),
    cdiDirs: dirs,
    hook: found('nvidia-container-runtime-hook'),
    cdiHook: atLeast(version, '29.2') ? found('nvidia-cdi-hook') : null,
    dataRoot: String(info.DockerRootDir ?? '/var/lib/docker'),
  };
};

const imagesOf = (ask: Ask, insides: ImageInsides): Image[] =>
  (ask('docker images --format {{json .}}') ?? '').split('\n').flatMap(line => {
    const i = json(line);
    if (!i) return [];
    const name = `${i.Repository}:${i.Tag}`;
    return [
      {
        repository: String(i.Repository),
        tag: String(i.Tag),
        id: String(i.ID),
        env: [],
        glibc: true,
        programs: ['sh', 'ls', 'true', 'cat', 'env', 'echo', 'sleep'],
        command: ['sh'],
        ...insides[name],
      },
    ];
  });

const unitOf = (name: string, active: string | null): Unit => ({
  name,
  description: name,
  active: active?.trim() === 'active' ? 'active' : active?.trim() === 'failed' ? 'failed' : 'inactive',
  sub: active?.trim() === 'active' ? 'running' : 'dead',
  enabled: 'enabled',
  result: 'success',
  since: 0,
  enteredAt: 0,
  pid: 0,
  exitStatus: 0,
  failures: 0,
});

/** Throws nothing: what the recording lacks is simply not in the world. */
export const worldFromSnapshot = (snapshot: Snapshot, name: string, insides: ImageInsides = {}): World => {
  const ask = asker(snapshot);
  const now = Math.max(0, ...Object.values(snapshot.stats).map(s => s.mtime)) + 5;
  const fs = emptyFs(now);
  fill(fs, snapshot);
  believeSpecs(fs, snapshot, ask('nvidia-container-cli list') ?? '');
  const cached: Cached[] = (ask('ldconfig -p') ?? '').split('\n').flatMap(line => {
    const m = /^\s*(\S+) \([^)]*\) => (\S+)$/.exec(line);
    return m ? [{ name: m[1]!, path: m[2]! }] : [];
  });
  if (cached.length > 0) writeCache({ fs } as World, cached);
  else if (ask('ldconfig -p') === null) rebuild({ fs } as World);
  const first = (argv: string, re: RegExp): string | undefined => re.exec(ask(argv) ?? '')?.[1];
  const version = first('docker --version', /Docker version ([^,\s]+)/);
  const docker: Docker | null =
    version === undefined
      ? null
      : {
          version,
          ...(ask('docker compose version --short') ? { compose: ask('docker compose version --short')!.trim() } : {}),
          path: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
          rootless: /name=rootless/.test(ask('docker info --format {{json .}}') ?? ''),
          started: startedOf(ask, fs, version, snapshot),
          images: imagesOf(ask, insides),
          containers: [],
        };
  const podman = json(ask('podman version --format json'))?.Client as { Version?: string } | undefined;
  // The packages put the refresh units below /usr/lib from 1.20 on.
  const shipped = exists(fs, '/usr/lib/systemd/system/nvidia-cdi-refresh.service') ? '1.20.0' : undefined;
  const toolkit = first('nvidia-ctk --version', /version (\S+)/) ?? shipped;
  const cli = first('nvidia-container-cli -V', /cli-version: (\S+)/);
  const runc = first('runc --version', /runc version (\S+)/);
  const up = docker?.started ? 'active' : 'inactive';
  return {
    name,
    fs,
    bootedAt: now,
    user: { uid: 0, gid: 0, name: 'root', groups: [] },
    hostname: ask('hostname')?.trim() ?? 'box',
    virt: {
      vm: ask('systemd-detect-virt -v')?.trim() ?? 'none',
      container: ask('systemd-detect-virt -c')?.trim() ?? 'none',
    },
    os: {
      pretty: /PRETTY_NAME="?([^"\n]*)/.exec(snapshot.files['/etc/os-release'] ?? '')?.[1] ?? '',
      id: 'debian',
      version: '13',
      codename: 'trixie',
    },
    gpus: gpusOf(ask, snapshot),
    pci: pciOf(ask),
    kernel: {
      release: ask('uname -r')?.trim() ?? (snapshot.files['/proc/sys/kernel/osrelease'] ?? '').trim(),
      available: {},
      loaded: (ask('lsmod') ?? '')
        .split('\n')
        .slice(1)
        .map(l => l.split(' ')[0]!)
        .filter(Boolean)
        .reverse(),
      udev: false,
      uvmMajor: Number(/(\d+) nvidia-uvm$/m.exec(snapshot.files['/proc/devices'] ?? '')?.[1] ?? 508),
    },
    versions: {
      ...(toolkit ? { toolkit } : {}),
      ...(cli ? { cli } : {}),
      ...(runc ? { runc } : {}),
      ...(podman?.Version ? { podman: podman.Version } : {}),
      crun: '1.21',
    },
    packages: (ask('dpkg-query -W') ?? '')
      .split('\n')
      .filter(Boolean)
      .map(l => [l.split('\t')[0]!, l.split('\t')[1] ?? ''] as const),
    docker,
    podmanImages:
      (docker?.images ?? []).length > 0
        ? docker!.images
        : [{ repository: 'debian', tag: 'trixie', id: 'dd9fab447dfe', env: [], glibc: true, programs: ['true'] }],
    units: new Map(
      [
        unitOf('docker.service', ask('systemctl is-active docker') ?? up),
        unitOf('docker.socket', up),
        unitOf('containerd.service', ask('systemctl is-active containerd')),
      ].map(u => [u.name, u]),
    ),
    journal: new Map([
      ['docker.service', (ask('journalctl -u docker -b -n 50 --no-pager -o cat') ?? '').split('\n').filter(Boolean)],
    ]),
  };
};
