/** The NVIDIA Container Toolkit: which of its programs are there, their versions, and its configuration file. */
import type { FileRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { list, probe, read, run, stat } from '../../src/engine/probe.ts';
import { parseToml, type TomlFault } from '../../src/text/toml-parse.ts';
import { mistyped } from '../rules/config-types.ts';
import { atLeast } from '../rules/version.ts';
import { exists, names, record, string, strings, text } from './answers.ts';

export const PROGRAMS = [
  'nvidia-ctk',
  'nvidia-container-runtime',
  'nvidia-container-runtime-hook',
  'nvidia-container-cli',
  'nvidia-cdi-hook',
] as const;
export type Program = (typeof PROGRAMS)[number];
export const CONFIG = '/etc/nvidia-container-runtime/config.toml';

export interface ToolkitFacts {
  /** Paths by program; null where it is not installed. */
  readonly programs: Maybe<Readonly<Record<Program, string | null>>>;
  readonly version: Maybe<string | null>;
  /** Version of nvidia-container-cli; the text of its failure where it could not start. */
  readonly cliVersion: Maybe<string | null>;
  readonly cliBroken: string | null;
  /** Modification time of the hook, seconds. */
  readonly hookTime: Maybe<number | null>;
  readonly cdiHookTime: Maybe<number | null>;
  /**
   * When dpkg installed them where they were not before, "2026-11-22 04:49:07" in the machine's own time; null where its
   * log says nothing. A packaged file bears the time of its build, so its own time cannot say this.
   */
  readonly hookInstalled: string | null;
  readonly cdiHookInstalled: string | null;
  /** The refresh units are shipped (1.18 and later). */
  readonly shipsRefresh: Maybe<boolean>;
}

const versionIn = (ran: { kind: string; stdout?: string }): string | undefined =>
  /version:?\s+v?(\d+\.\d+\S*)/i.exec(ran.stdout ?? '')?.[1];

/**
 * "2026-11-22 04:49:07 install NAME:amd64 <none> 1.17.8-1". Null where it was there before: removed and installed again,
 * it may well have been there when Docker started.
 */
const installedIn = (log: string, name: string): string | null => {
  const lines = log.split('\n').flatMap(line => {
    const [, at, what, of, from] = /^(\S+ \S+) (install|remove|purge) ([\w-]+):\S+ (\S+) /.exec(line) ?? [];
    return at !== undefined && of === name ? [{ at, isNew: what === 'install' && from === '<none>' }] : [];
  });
  return lines.length === 1 && lines[0]!.isNew ? lines[0]!.at : null;
};

export const toolkit = probe({
  id: 'toolkit',
  looks: 'the container toolkit',
  needs: () => ({
    which: run('which', ...PROGRAMS),
    ctk: run('nvidia-ctk', '--version'),
    runtime: run('nvidia-container-runtime', '--version'),
    cdiHook: run('nvidia-cdi-hook', '--version'),
    cli: run('nvidia-container-cli', '-V'),
    hookStat: stat('/usr/bin/nvidia-container-runtime-hook'),
    cdiHookStat: stat('/usr/bin/nvidia-cdi-hook'),
    usrBin: list('/usr/bin'),
    units: list('/lib/systemd/system'),
    etcUnits: list('/etc/systemd/system'),
    log: run('grep', '-E', ' (install|remove|purge) nvidia-container-toolkit(-base)?:', '/var/log/dpkg.log'),
  }),
  read: (a): ToolkitFacts => {
    const bin = names(a.usrBin, '/usr/bin');
    // `which` exits with 1 as soon as one of the names is missing; what it printed still counts.
    const found = a.which.kind === 'exited' ? a.which.stdout.split('\n') : undefined;
    const programs: ToolkitFacts['programs'] = found
      ? (Object.fromEntries(PROGRAMS.map(p => [p, found.find(line => line.endsWith(`/${p}`)) ?? null])) as Record<
          Program,
          string | null
        >)
      : !isUnknown(bin) && bin
        ? (Object.fromEntries(PROGRAMS.map(p => [p, bin.includes(p) ? `/usr/bin/${p}` : null])) as Record<
            Program,
            string | null
          >)
        : unknown(a.which.kind === 'timedOut' ? 'timedOut' : 'unrecorded', 'which nvidia-ctk');
    const answered = [a.ctk, a.runtime, a.cdiHook]
      .map(r => (r.kind === 'exited' ? versionIn(r) : undefined))
      .find(Boolean);
    const none = !isUnknown(programs) && PROGRAMS.every(p => programs[p] === null);
    const cliOut = a.cli.kind === 'exited' ? `${a.cli.stdout}${a.cli.stderr}` : '';
    const units = names(a.units, '/lib/systemd/system');
    const etcUnits = names(a.etcUnits, '/etc/systemd/system');
    const log = a.log.kind === 'exited' ? a.log.stdout : '';
    const unit = 'nvidia-cdi-refresh.service';
    const shipped =
      (!isUnknown(units) && units?.includes(unit)) || (!isUnknown(etcUnits) && etcUnits?.includes(unit)) || false;
    const time = (s: StatRead) =>
      s.kind === 'stat' ? s.stat.mtime : s.kind === 'absent' ? null : unknown('unrecorded', 'hook time');
    return {
      programs,
      version:
        answered ??
        (none || a.ctk.kind === 'absent'
          ? null
          : unknown(a.ctk.kind === 'exited' ? 'unreadable' : a.ctk.kind, 'nvidia-ctk --version')),
      cliVersion:
        a.cli.kind === 'exited'
          ? (versionIn({ kind: '', stdout: cliOut }) ?? unknown('unreadable', 'nvidia-container-cli -V'))
          : a.cli.kind === 'absent'
            ? null
            : unknown(a.cli.kind, 'nvidia-container-cli -V'),
      cliBroken: a.cli.kind === 'exited' && a.cli.code !== 0 ? a.cli.stderr.trim().split('\n')[0]! : null,
      hookTime: time(a.hookStat),
      cdiHookTime: time(a.cdiHookStat),
      hookInstalled: installedIn(log, 'nvidia-container-toolkit'),
      // The base package exists since 1.11; before it one package held everything.
      cdiHookInstalled: installedIn(log, 'nvidia-container-toolkit-base'),
      shipsRefresh: shipped
        ? true
        : answered
          ? atLeast(answered, '1.18.0') && shipped
          : isUnknown(units)
            ? units
            : false,
    };
  },
});

const CAPABILITIES = ['all', 'compat32', 'compute', 'display', 'graphics', 'ngx', 'utility', 'video'];

export interface ConfigFacts {
  /** The file's text; null where there is none (defaults apply then). */
  readonly text: Maybe<string | null>;
  /** Why the toolkit cannot read it: its syntax, or a value of a wrong type. */
  readonly fault: TomlFault | null;
  readonly mode: string;
  readonly root: string | null;
  readonly ldconfig: string | null;
  readonly ldcache: string | null;
  readonly cliPath: string | null;
  readonly noCgroups: boolean;
  readonly acceptEnv: boolean;
  /** Variables that count before NVIDIA_VISIBLE_DEVICES: what Swarm gave to a task. */
  readonly swarmResource: readonly string[];
  /** Words of supported-driver-capabilities that the hook does not know. */
  readonly oddCapabilities: readonly string[];
  readonly runtimes: readonly string[] | null;
  readonly specDirs: readonly string[];
  readonly defaultKind: string;
  readonly skipModeDetection: boolean;
  readonly allowLdconfigFromContainer: boolean;
  /** A `mode` line stands in a table where nothing reads it. */
  readonly strayMode: string | null;
}

export const config = probe({
  id: 'config',
  looks: `${CONFIG}`,
  needs: () => ({ file: read(CONFIG) }),
  read: (a): ConfigFacts => {
    const raw = text(a.file, CONFIG);
    const parsed = typeof raw === 'string' ? parseToml(raw) : { value: {} };
    const fault =
      'fault' in parsed
        ? parsed.fault
        : ((typeof raw === 'string' ? mistyped(raw, parsed.value)?.fault : undefined) ?? null);
    const top = 'fault' in parsed ? {} : record(parsed.value);
    const cli = record(top['nvidia-container-cli']);
    const runtime = record(top['nvidia-container-runtime']);
    const modes = record(runtime.modes);
    const cdi = record(modes.cdi);
    return {
      text: raw,
      fault,
      mode: string(runtime.mode) ?? 'auto',
      root: string(cli.root) || null,
      ldconfig: string(cli.ldconfig) ?? null,
      ldcache: string(cli.ldcache) || null,
      cliPath: string(cli.path) || null,
      noCgroups: cli['no-cgroups'] === true,
      acceptEnv: top['accept-nvidia-visible-devices-envvar-when-unprivileged'] !== false,
      swarmResource: (string(top['swarm-resource']) ?? '')
        .split(',')
        .map(name => name.trim())
        .filter(Boolean),
      oddCapabilities: (string(top['supported-driver-capabilities']) ?? '')
        .split(',')
        .map(word => word.trim())
        .filter(word => word !== '' && !CAPABILITIES.includes(word)),
      runtimes: Array.isArray(runtime.runtimes) ? strings(runtime.runtimes) : null,
      specDirs: Array.isArray(cdi['spec-dirs']) ? strings(cdi['spec-dirs']) : ['/etc/cdi', '/var/run/cdi'],
      defaultKind: string(cdi['default-kind']) ?? 'nvidia.com/gpu',
      skipModeDetection: record(top['nvidia-container-runtime-hook'])['skip-mode-detection'] === true,
      allowLdconfigFromContainer: record(top.features)['allow-ldconfig-from-container'] === true,
      strayMode:
        string(top.mode) ?? string(cli.mode) ?? string(record(top['nvidia-container-runtime-hook']).mode) ?? null,
    };
  },
});

export interface ConfigPathFacts {
  /** The ldconfig the CLI would run after normalisation of `.real`, without the @. */
  readonly ldconfigExists: Maybe<boolean>;
  readonly ldconfigRealExists: Maybe<boolean>;
  readonly plainExists: Maybe<boolean>;
  /** It is a regular file with an execute bit. */
  readonly ldconfigRuns: Maybe<boolean>;
  /** The configured (or default) ldconfig begins with #!. */
  readonly ldconfigIsScript: Maybe<boolean>;
  readonly rootExists: Maybe<boolean>;
  /** The driver root holds an NVML or nvidia-smi. */
  readonly rootHasDriver: Maybe<boolean>;
  readonly ldcacheExists: Maybe<boolean>;
  readonly cliPathExists: Maybe<boolean>;
  readonly lowLevel: Maybe<boolean>;
}

const DEFAULT_LDCONFIG = '/sbin/ldconfig';
export const bare = (ldconfig: string | null) =>
  (ldconfig ?? `@${DEFAULT_LDCONFIG}`).replace(/^@/, '') || DEFAULT_LDCONFIG;

type Known = { readonly config: ConfigFacts };

/** No real ldconfig is that small, and no wrapper script that large; between them the first bytes must be read. */
const SCRIPT_BELOW = 16 * 1024;
const BINARY_ABOVE = 128 * 1024;

export const configPaths = probe({
  id: 'configPaths',
  looks: 'the paths the toolkit configuration names',
  after: ['config'],
  needs: ({ config: c }: Known) => {
    const ldconfig = bare(c.ldconfig);
    return {
      ldconfig: stat(ldconfig),
      real: stat(`${ldconfig.replace(/\.real$/, '')}.real`),
      plain: stat(ldconfig.replace(/\.real$/, '')),
      head: read(ldconfig),
      root: list(c.root ?? '/'),
      rootBin: list(c.root ? `${c.root}/usr/bin` : '/usr/bin'),
      ldcache: stat(c.ldcache ?? '/etc/ld.so.cache'),
      cli: stat(c.cliPath ?? '/usr/bin/nvidia-container-cli'),
      lowLevel: stat(c.runtimes?.find(r => r.includes('/')) ?? '/usr/bin/runc'),
      bin: list('/usr/bin'),
      sbin: list('/usr/sbin'),
      localBin: list('/usr/local/bin'),
      localSbin: list('/usr/local/sbin'),
    };
  },
  read: (a, { config: c }: Known): ConfigPathFacts => {
    const ldconfig = bare(c.ldconfig);
    const rootDir = c.root ?? '/';
    const rootBin = names(a.rootBin, `${rootDir}/usr/bin`);
    const rootNames = names(a.root, rootDir);
    const wanted = c.runtimes ?? ['runc', 'crun'];
    const folders = [names(a.bin, '/usr/bin'), names(a.sbin, '/usr/sbin'), names(a.localBin, '/usr/local/bin')];
    // The release of runc is put there by hand; where that folder was not recorded, the other three decide.
    const searched = [...folders, names(a.localSbin, '/usr/local/sbin')];
    const inFolders = wanted.some(r => searched.some(n => !isUnknown(n) && n?.includes(r)));
    const byPath = wanted.some(r => r.includes('/')) && a.lowLevel.kind === 'stat';
    return {
      ldconfigExists: exists(a.ldconfig, ldconfig),
      ldconfigRealExists: exists(a.real, `${ldconfig}.real`),
      plainExists: exists(a.plain, ldconfig.replace(/\.real$/, '')),
      ldconfigRuns:
        a.ldconfig.kind === 'stat'
          ? a.ldconfig.stat.type === 'link' || (a.ldconfig.stat.type === 'file' && (a.ldconfig.stat.mode & 0o111) !== 0)
          : exists(a.ldconfig, ldconfig),
      ldconfigIsScript: isScript(a.head, a.ldconfig, ldconfig),
      rootExists: c.root === null ? true : isUnknown(rootNames) ? rootNames : rootNames !== null,
      rootHasDriver:
        c.root === null
          ? true
          : isUnknown(rootNames)
            ? rootNames
            : rootNames === null || rootNames.length === 0
              ? false
              : isUnknown(rootBin)
                ? rootBin
                : (rootBin ?? []).includes('nvidia-smi'),
      ldcacheExists: exists(a.ldcache, c.ldcache ?? '/etc/ld.so.cache'),
      cliPathExists: c.cliPath === null ? true : exists(a.cli, c.cliPath),
      lowLevel: wanted.length === 0 ? false : inFolders || byPath ? true : (folders.find(isUnknown) ?? false),
    };
  },
});

const isScript = (head: FileRead, s: StatRead, path: string): Maybe<boolean> => {
  if (head.kind === 'file') return head.text.startsWith('#!');
  if (head.kind === 'unreadable') return false;
  if (s.kind === 'absent') return false;
  if (s.kind === 'stat' && s.stat.type === 'file') {
    if (s.stat.size >= BINARY_ABOVE) return false;
    if (s.stat.size < SCRIPT_BELOW) return true;
  }
  return unknown('unrecorded', path);
};
