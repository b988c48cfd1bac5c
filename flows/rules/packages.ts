/** Packages, the toolkit's above all: how apt and dnf are asked about them, told to install them, and told to take that back. */
import type { Ran } from '../../src/box/box.ts';
import type { Asks } from '../../src/engine/probe.ts';
import { run } from '../../src/engine/probe.ts';
import type { AptSource } from '../probes/apt.ts';
import type { Facts } from '../probes/index.ts';

/** From 1.18 on they fit together only at one version, so they are never installed one by one. */
export const TOOLKIT_PACKAGES = [
  'nvidia-container-toolkit',
  'nvidia-container-toolkit-base',
  'libnvidia-container-tools',
  'libnvidia-container1',
] as const;

export interface Change {
  readonly name: string;
  /** Installed version; null where it is not installed. */
  readonly from: string | null;
  /** Null where it would be removed. */
  readonly to: string | null;
}

/** What an installation would do, or why that cannot be said. */
export type Preview =
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  /** No configured source has them; what is installed by hand or from a source that is gone, by name. */
  | { readonly kind: 'noSource'; readonly installed: ReadonlyMap<string, string> }
  | { readonly kind: 'unknown'; readonly because: string };

type Argv = readonly [string, ...string[]];

export interface Manager {
  readonly id: 'apt' | 'dnf';
  /** Read-only, and without root. */
  readonly asks: Asks;
  /** Which versions of packages the sources hold; read-only as well. */
  readonly versions: (names: readonly string[]) => Asks;
  /** What the sources hold no more at its earlier version, so that it could not be put back; null where they do not say. */
  readonly forgotten: (
    changes: readonly Change[],
    answers: Readonly<Record<string, Ran | undefined>>,
  ) => readonly Change[] | null;
  readonly preview: (answers: Readonly<Record<string, Ran>>) => Preview;
  /** Packages, each with the version that was shown where one was. */
  readonly install: (changes: readonly Change[]) => Argv;
  /** The same versions once more, where the packages are there and their files are not. */
  readonly again: Argv;
  /** What brings the earlier state back. */
  readonly back: (changes: readonly Change[]) => Argv;
  /** Reads the lists of a source that was just added; null where installing does that itself. */
  readonly refresh: Argv | null;
  readonly source: Source;
}

/** NVIDIA's own package source, as documented: files to write, each fetched or known. */
export interface Source {
  readonly list: string;
  /** The text of `list`, or where it is fetched from. */
  readonly text?: string;
  readonly url?: string;
  readonly key?: { readonly path: string; readonly url: string };
}

/** Lists of packages are long, and may have to be fetched first. */
const patient = (...argv: Argv) => ({ ask: 'run', command: { argv, timeoutMs: 60_000 } }) as const;

const REPO = 'https://nvidia.github.io/libnvidia-container';
/** apt takes an armoured key as it comes where its name ends so; then nothing has to be converted. */
const KEYRING = '/usr/share/keyrings/nvidia-container-toolkit-keyring.asc';

const failure = (ran: Ran | undefined, what: string): string => {
  if (ran?.kind !== 'exited') return `${what} gave no answer (${ran?.kind ?? 'unrecorded'})`;
  const line = ran.stderr.split('\n').find(l => /^(E:|Error)/.test(l.trim())) ?? ran.stderr.trim().split('\n').pop();
  return line || `${what} failed with ${ran.code}`;
};

/** "name version" lines; what is not installed has none. */
const versionsIn = (ran: Ran | undefined): ReadonlyMap<string, string> =>
  new Map(
    (ran?.kind === 'exited' ? ran.stdout : '').split('\n').flatMap(line => {
      const [, name, version] = /^([\w.+-]+)(?::\w+)?\s(\d\S*)$/.exec(line.trim()) ?? [];
      return name && version ? [[name, version] as const] : [];
    }),
  );

/** Nobody is there to answer a question of dpkg: settings of the user stay, and nothing is restarted behind our back. */
const QUIET = ['env', 'DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=l', 'apt-get'] as const;
const APT: Argv = [...QUIET, '-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];

/** "Inst NAME [OLD] (NEW SOURCE [ARCH])" and "Remv NAME [OLD]", as apt's own simulation prints them. */
const LINE = /^(Inst|Remv) ([\w.+-]+)(?::\w+)?(?: \[([^\]]+)\])?(?: \((\S+))?/;

const forgotten =
  (versionsOf: (stdout: string) => ReadonlySet<string>): Manager['forgotten'] =>
  (changes, { versions }) => {
    if (versions?.kind !== 'exited' || versions.code !== 0) return null;
    const held = versionsOf(versions.stdout);
    return changes.filter(c => c.from !== null && !held.has(`${c.name} ${c.from}`));
  };

/** "NAME | VERSION | SOURCE" lines of apt-cache madison. */
const inMadison = (stdout: string): ReadonlySet<string> =>
  new Set(
    stdout.split('\n').map(l =>
      l
        .split('|', 2)
        .map(w => w.trim())
        .join(' '),
    ),
  );
const inQuery = (stdout: string): ReadonlySet<string> => new Set(stdout.split('\n').map(l => l.trim()));

/** Apt names in its simulation whatever comes along, so that companions need not be asked for. */
const apt = (packages: readonly string[]): Manager => ({
  id: 'apt',
  asks: {
    preview: patient('apt-get', '--simulate', 'install', ...packages),
    installed: run('dpkg-query', '-W', ...packages),
  },
  versions: names => ({ versions: patient('apt-cache', 'madison', ...names) }),
  forgotten: forgotten(inMadison),
  preview: ({ preview: ran, installed }) => {
    if (ran?.kind !== 'exited') return { kind: 'unknown', because: failure(ran, 'apt-get --simulate') };
    if (/Unable to locate package|has no installation candidate/.test(ran.stderr))
      return { kind: 'noSource', installed: versionsIn(installed) };
    if (ran.code !== 0) return { kind: 'unknown', because: failure(ran, 'apt-get --simulate') };
    return {
      kind: 'changes',
      changes: ran.stdout.split('\n').flatMap(line => {
        const [, what, name, from, to] = LINE.exec(line) ?? [];
        return name === undefined
          ? []
          : [{ name, from: from ?? null, to: what === 'Inst' && to !== undefined ? to : null }];
      }),
    };
  },
  install: changes => [...APT, 'install', '-y', ...changes.map(c => (c.to ? `${c.name}=${c.to}` : c.name))],
  again: [...APT, 'install', '-y', '--reinstall', ...packages],
  back: changes =>
    changes.every(c => c.from === null)
      ? [...APT, 'remove', '-y', ...changes.map(c => c.name)]
      : [
          ...APT,
          'install',
          '-y',
          '--allow-downgrades',
          ...changes.map(c => (c.from === null ? `${c.name}-` : `${c.name}=${c.from}`)),
        ],
  refresh: [...QUIET, 'update'],
  source: {
    list: '/etc/apt/sources.list.d/nvidia-container-toolkit.list',
    // apt puts the architecture in place of the variable itself.
    text: `deb [signed-by=${KEYRING}] ${REPO}/stable/deb/$(ARCH) /\n`,
    key: { path: KEYRING, url: `${REPO}/gpgkey` },
  },
});

const repoquery = (how: string, names: readonly string[]) =>
  patient('dnf', '-q', 'repoquery', how, '--queryformat', '%{name} %{version}-%{release}\\n', ...names);

/** `companions` need the very version of a package, and come along where they are installed. */
const dnf = (packages: readonly string[], companions: readonly string[]): Manager => ({
  id: 'dnf',
  asks: {
    installed: run('rpm', '-q', '--queryformat', '%{NAME} %{VERSION}-%{RELEASE}\\n', ...packages, ...companions),
    offered: repoquery('--latest-limit=1', [...packages, ...companions]),
  },
  versions: names => ({ versions: repoquery('--showduplicates', names) }),
  forgotten: forgotten(inQuery),
  preview: ({ installed, offered }) => {
    if (installed?.kind !== 'exited') return { kind: 'unknown', because: failure(installed, 'rpm -q') };
    if (offered?.kind !== 'exited' || offered.code !== 0)
      return { kind: 'unknown', because: failure(offered, 'dnf repoquery') };
    const now = versionsIn(installed);
    const then = versionsIn(offered);
    const wanted = [...packages, ...companions.filter(p => now.has(p))];
    if (wanted.some(p => !then.has(p))) return { kind: 'noSource', installed: now };
    return {
      kind: 'changes',
      changes: wanted
        .filter(p => now.get(p) !== then.get(p))
        .map(name => ({
          name,
          from: now.get(name) ?? null,
          to: then.get(name) ?? null,
        })),
    };
  },
  install: changes => ['dnf', 'install', '-y', ...changes.map(c => (c.to ? `${c.name}-${c.to}` : c.name))],
  again: ['dnf', 'reinstall', '-y', ...packages],
  back: changes =>
    changes.every(c => c.from === null)
      ? ['dnf', 'remove', '-y', ...changes.map(c => c.name)]
      : // One that is new beside older ones is needed by nothing then, and stays.
        ['dnf', 'downgrade', '-y', ...changes.flatMap(c => (c.from === null ? [] : [`${c.name}-${c.from}`]))],
  refresh: null,
  source: {
    list: '/etc/yum.repos.d/nvidia-container-toolkit.repo',
    url: `${REPO}/stable/rpm/nvidia-container-toolkit.repo`,
  },
});

const FAMILIES: Readonly<Record<Manager['id'], readonly string[]>> = {
  apt: ['debian', 'ubuntu'],
  dnf: ['fedora', 'rhel', 'centos', 'amzn'],
};
/** Systems of which the root is an image: packages are layered there in ways of their own. */
const IMAGE_BASED = /coreos|silverblue|kinoite|flatcar|bottlerocket|talos|ostree|ubuntu core|microos/i;

/** The package manager of this distribution, for packages of one version; null where installing is left to a person. */
export const managerOf = (
  f: Pick<Facts, 'where'>,
  packages: readonly string[] = TOOLKIT_PACKAGES,
  companions: readonly string[] = [],
): Manager | null => {
  if (typeof f.where.os === 'string' && IMAGE_BASED.test(f.where.os)) return null;
  return (
    [apt(packages), dnf(packages, companions)].find(m => FAMILIES[m.id].some(name => f.where.family.includes(name))) ??
    null
  );
};

/** "a 1.2 -> 1.3, b 1.3, without c": for a sentence. */
export const said = (changes: readonly Change[]): string =>
  changes
    .map(c =>
      c.to === null ? `without ${c.name}` : c.from === null ? `${c.name} ${c.to}` : `${c.name} ${c.from} to ${c.to}`,
    )
    .join(', ');

/** Two entries of one source with different keys: apt then reads no list at all. */
export interface Clash {
  readonly of: string;
  readonly kept: AptSource;
  readonly others: readonly AptSource[];
}

/** Today's name of the file, which NVIDIA's own instructions write. */
const PRESENT = /\/nvidia-container-toolkit\.(list|sources)$/;

export const clashes = (sources: readonly AptSource[]): readonly Clash[] =>
  [...Map.groupBy(sources, s => s.of)].flatMap(([of, same]) => {
    const kept = same.find(s => PRESENT.test(s.path)) ?? same.find(s => s.key !== '') ?? same[0]!;
    const others = same.filter(s => s.key !== kept.key);
    return others.length > 0 ? [{ of, kept, others }] : [];
  });
