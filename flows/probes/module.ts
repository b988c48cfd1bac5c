/** Why a module that should be in is not: its file, its signature, Secure Boot, blacklists and failed builds. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { type Answers, exists, names, text } from './answers.ts';
import type { DriverFacts } from './driver.ts';
import type { WhereFacts } from './where.ts';

const EFIVARS = '/sys/firmware/efi/efivars';
const LOCKDOWN = '/sys/kernel/security/lockdown';
const PARAMS = '/proc/driver/nvidia/params';
/** What the distributions and NVIDIA's own packages call the driver in DKMS. */
const DKMS = ['nvidia', 'nvidia-srv', 'nvidia-open', 'nvidia-current', 'nvidia-current-open'].map(
  name => `/var/lib/dkms/${name}`,
);
/** In the order in which modprobe reads them; a file of the first shadows one of the same name in the later ones. */
const CONF = ['/etc/modprobe.d', '/run/modprobe.d', '/usr/lib/modprobe.d'] as const;

type Driver = { readonly driver: DriverFacts; readonly where: WhereFacts };
type Reads = Record<string, ReturnType<typeof read> | ReturnType<typeof list> | ReturnType<typeof run>>;

const missing = (f: Driver) => f.driver.loaded === null;
const kernelOf = (f: Driver) => or(f.where.kernel, '');

/** Which folders hold something; the files in them are read in a second round, and only where no module is loaded. */
export const modulePlaces = probe({
  id: 'modulePlaces',
  looks: 'where modules are configured and built',
  after: ['driver', 'where'],
  needs: (known: Driver) =>
    missing(known)
      ? {
          etc: list(CONF[0]),
          run: list(CONF[1]),
          usr: list(CONF[2]),
          ...Object.fromEntries(DKMS.map(path => [path, list(path)])),
          efivars: list(EFIVARS),
          // A link to nowhere may stand there without them.
          headers: stat(`/lib/modules/${kernelOf(known)}/build/Makefile`),
          modinfo: run('modinfo', 'nvidia'),
          current: run('modinfo', 'nvidia-current'),
        }
      : {},
  read: (a: Answers) => {
    const found = (key: 'etc' | 'run' | 'usr', path: string) => {
      const inside = a[key] ? names(a[key], path) : null;
      return isUnknown(inside) ? [] : (inside ?? []).filter(n => n.endsWith('.conf')).map(n => `${path}/${n}`);
    };
    const all = [...found('etc', CONF[0]), ...found('run', CONF[1]), ...found('usr', CONF[2])];
    const taken = new Set<string>();
    const versions = DKMS.flatMap(path => {
      const inside = a[path] ? names(a[path], path) : null;
      return isUnknown(inside) ? [] : (inside ?? []).filter(v => /^\d/.test(v)).map(v => `${path}/${v}`);
    });
    const says = (key: string) => (a[key]?.kind === 'exited' && a[key].code === 0 ? (a[key].stdout as string) : null);
    const vars = a.efivars ? names(a.efivars, EFIVARS) : unknown('unrecorded', EFIVARS);
    return {
      conf: all.filter(p => {
        const name = p.slice(p.lastIndexOf('/') + 1);
        const isFirst = !taken.has(name);
        taken.add(name);
        return isFirst;
      }),
      builds: versions,
      secureBootVar: isUnknown(vars) ? vars : ((vars ?? []).find(n => n.startsWith('SecureBoot-')) ?? null),
      headers: a.headers ? exists(a.headers, '/lib/modules/…/build') : unknown('unrecorded', '/lib/modules/…/build'),
      modinfo: says('modinfo') ?? says('current'),
    };
  },
});

export interface Block {
  readonly path: string;
  /** The line as it stands there. */
  readonly line: string;
  /** `install` stops modprobe itself, the others only the automatic loading. */
  readonly how: 'blacklist' | 'install' | 'commandLine';
}
export interface ModuleFacts {
  /** Flavour of the loaded module, or of the file on disk; null where neither says. */
  readonly flavour: 'open' | 'proprietary' | null;
  /** Signer of the module file; '' where it is unsigned, null where no file was looked at. */
  readonly signer: string | null;
  readonly secureBoot: Maybe<boolean>;
  /** "none", "integrity" or "confidentiality". */
  readonly lockdown: Maybe<string>;
  /** Common names of the enrolled machine owner keys. */
  readonly enrolled: Maybe<readonly string[]>;
  readonly blocks: readonly Block[];
  /** Driver versions that DKMS knows, with the log of a build that failed. */
  readonly builds: readonly { readonly version: string; readonly log: string | null; readonly path: string }[];
  readonly headers: Maybe<boolean>;
  /** The module saves the memory of the card over a suspend. */
  readonly keepsMemory: boolean;
  readonly commandLine: Maybe<string | null>;
}

type Places = Driver & { readonly modulePlaces: ReturnType<typeof modulePlaces.read> };
const makeLog = (folder: string) => `${folder}/build/make.log`;
const field = (modinfo: string | null, key: string) =>
  modinfo === null ? null : (new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(modinfo)?.[1]?.trim() ?? '');

const NAMES = 'nvidia(?:[-_](?:current|uvm))?';
const blocksIn = (path: string, conf: string): readonly Block[] =>
  conf.split('\n').flatMap((line): Block[] => {
    if (new RegExp(`^\\s*blacklist\\s+${NAMES}\\s*$`).test(line)) return [{ path, line, how: 'blacklist' }];
    if (new RegExp(`^\\s*alias\\s+${NAMES}\\s+off\\s*$`).test(line)) return [{ path, line, how: 'install' }];
    // "install nvidia modprobe -i nvidia-current" is how Debian names its module, and no obstacle.
    return new RegExp(`^\\s*install\\s+${NAMES}\\s+(?:/usr)?(?:/bin/)?(?:false|true)\\b`).test(line)
      ? [{ path, line, how: 'install' }]
      : [];
  });
const onCommandLine = (line: string): readonly Block[] =>
  line.split(/\s+/).flatMap((word): Block[] => {
    const m = /^(modprobe\.blacklist|module_blacklist|rd\.driver\.blacklist)=(.*)$/.exec(word);
    if (!m || !m[2]!.split(',').some(n => new RegExp(`^${NAMES}$`).test(n))) return [];
    return [{ path: '/proc/cmdline', line: word, how: m[1] === 'module_blacklist' ? 'install' : 'commandLine' }];
  });

export const module = probe({
  id: 'module',
  looks: 'why the module is as it is',
  after: ['modulePlaces', 'driver'],
  needs: (known: Places): Reads => {
    const { conf, builds, secureBootVar, modinfo } = known.modulePlaces;
    const always = { version: read('/proc/driver/nvidia/version'), params: read(PARAMS) };
    if (!missing(known)) return always;
    return {
      ...always,
      commandLine: read('/proc/cmdline'),
      lockdown: read(LOCKDOWN),
      ...(typeof secureBootVar === 'string' ? { secureBoot: read(`${EFIVARS}/${secureBootVar}`) } : {}),
      ...(field(modinfo, 'signer') ? { enrolled: run('mokutil', '--list-enrolled') } : {}),
      ...Object.fromEntries(conf.slice(0, 80).map(p => [p, read(p)])),
      ...Object.fromEntries(builds.slice(0, 8).map(b => [makeLog(b), read(makeLog(b))])),
    };
  },
  read: (answers, known: Places): ModuleFacts => {
    const a: Answers = answers;
    const { conf, builds, secureBootVar, modinfo, headers } = known.modulePlaces;
    const of = (path: string): Maybe<string | null> => (a[path] ? text(a[path], path) : unknown('unrecorded', path));
    const commandLine = a.commandLine ? text(a.commandLine, '/proc/cmdline') : unknown('unrecorded', '/proc/cmdline');
    const efi = a.secureBoot ? text(a.secureBoot, `${EFIVARS}/SecureBoot`) : null;
    const lockdown = a.lockdown ? text(a.lockdown, LOCKDOWN) : unknown('unrecorded', LOCKDOWN);
    const version = a.version ? text(a.version, '/proc/driver/nvidia/version') : null;
    const params = a.params ? (or(text(a.params, PARAMS), '') ?? '') : '';
    const license = field(modinfo, 'license');
    const keys: Ran | undefined = a.enrolled;
    return {
      flavour:
        typeof version === 'string'
          ? /Open Kernel Module/.test(version)
            ? 'open'
            : 'proprietary'
          : license === null
            ? null
            : /MIT/.test(license)
              ? 'open'
              : 'proprietary',
      signer: field(modinfo, 'signer'),
      // The variable is four bytes of attributes and one of value; a zero at the end is cut off with the rest.
      secureBoot:
        secureBootVar === null
          ? false
          : isUnknown(efi)
            ? efi
            : efi === null
              ? unknown('absent', EFIVARS)
              : efi.endsWith('\x01'),
      lockdown: isUnknown(lockdown) ? lockdown : (/\[(\w+)\]/.exec(lockdown ?? '')?.[1] ?? 'none'),
      enrolled:
        keys?.kind === 'exited' && keys.code === 0
          ? [...keys.stdout.matchAll(/Subject:.*?\bCN\s*=\s*([^,/\n]+)/gm)].map(m => m[1]!.trim())
          : unknown('unrecorded', 'mokutil --list-enrolled'),
      blocks: [...conf.flatMap(p => blocksIn(p, or(of(p), '') ?? '')), ...onCommandLine(or(commandLine, '') ?? '')],
      builds: builds.map(b => ({
        version: b.slice(b.lastIndexOf('/') + 1),
        log: or(of(makeLog(b)), null),
        path: makeLog(b),
      })),
      headers,
      keepsMemory: /^PreserveVideoMemoryAllocations: 1$/m.test(params),
      commandLine,
    };
  },
});
