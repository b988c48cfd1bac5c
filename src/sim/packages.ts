/** apt-get, apt-cache and the sources they read, as far as the toolkit's four packages and those of `archive` go. */
import type { Ran } from '../box/box.ts';
import { file, get, names, text } from './fs.ts';
import { startUnit } from './units.ts';
import { atLeast, fail, isoTime, out, type Program, tick, type World } from './world.ts';
import { removeToolkit, TOOLKIT_PARTS, type ToolkitPart, unpackToolkit } from './worlds/software.ts';

const SOURCES = '/etc/apt/sources.list.d';
const REPO = 'https://nvidia.github.io/libnvidia-container';
/** What the source holds in this world, newest first. */
const VERSIONS = ['1.20.0', '1.19.1', '1.18.2', '1.17.8', '1.16.2', '1.14.6'] as const;

const KEY = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mQINBFnO/PcBEADPQ0simulatedsimulatedsimulatedsimulatedsimulatedsim
-----END PGP PUBLIC KEY BLOCK-----
`;

/** Lines of the toolkit's source: where it is, and the key that is named for it. */
const sources = (world: World): { readonly file: string; readonly uri: string; readonly key: string }[] =>
  (names(world.fs, SOURCES) ?? [])
    .filter(n => n.endsWith('.list'))
    .flatMap(n =>
      (text(world.fs, `${SOURCES}/${n}`) ?? '').split('\n').flatMap(line => {
        const [, options = '', uri = ''] = /^deb (?:\[([^\]]*)\] )?(\S+)/.exec(line) ?? [];
        if (!uri.startsWith(REPO)) return [];
        return [
          {
            file: `${SOURCES}/${n}`,
            uri: uri.replace('$(ARCH)', 'amd64'),
            key: /signed-by=(\S+)/.exec(options)?.[1] ?? '',
          },
        ];
      }),
    );

const conflict = (world: World): string | null => {
  const all = sources(world);
  for (const a of all) {
    const other = all.find(b => b.uri === a.uri && b.key !== a.key);
    if (other)
      return `E: Conflicting values set for option Signed-By regarding source ${a.uri}/ /: ${a.key} != ${other.key}\nE: The list of sources could not be read.\n`;
  }
  return null;
};

/** A source counts from the first time its lists were read, and only with its key in place. */
const isRead = (world: World): boolean =>
  world.listsRead === true && sources(world).some(s => s.key === '' || get(world.fs, s.key) !== undefined);

const installed = (world: World, name: string): string | null =>
  world.packages.find(([n]) => n === name || n.startsWith(`${name}:`))?.[1] ?? null;

const isPart = (name: string): name is ToolkitPart => (TOOLKIT_PARTS as readonly string[]).includes(name);

/** Versions that the sources hold, newest first. */
const heldOf = (world: World, name: string): readonly string[] =>
  isPart(name) ? (isRead(world) ? VERSIONS.map(v => `${v}-1`) : []) : (world.archive?.[name] ?? []).map(o => o.version);

interface Wish {
  readonly name: string;
  readonly to: string | null;
}

/** "name", "name=version" or "name-", as apt takes them. */
const wishes = (world: World, words: readonly string[]): readonly Wish[] =>
  words
    .filter(w => !w.startsWith('-') && !w.includes('::'))
    .map(w => {
      if (w.endsWith('-')) return { name: w.slice(0, -1), to: null };
      const [name = '', version] = w.split('=');
      return { name, to: version ?? heldOf(world, name)[0] ?? installed(world, name) };
    });

/** What a wish pulls along: packages that are older than it needs, at the newest version there is. */
const needed = (world: World, wish: Wish): readonly Wish[] => {
  const needs = world.archive?.[wish.name]?.find(o => o.version === wish.to)?.needs ?? {};
  return Object.entries(needs).flatMap(([name, least]) =>
    atLeast(installed(world, name) ?? '0', least) ? [] : [{ name, to: heldOf(world, name)[0] ?? null }],
  );
};

/** dpkg's own words for it. */
const log = (world: World, name: string, from: string | null, to: string | null): void => {
  const path = '/var/log/dpkg.log';
  const at = isoTime(world.fs.now).slice(0, 19).replace('T', ' ');
  const did = to === null ? 'remove' : from === null ? 'install' : 'upgrade';
  file(
    world.fs,
    path,
    `${text(world.fs, path) ?? ''}${at} ${did} ${name}:amd64 ${from ?? '<none>'} ${to ?? '<none>'}\n`,
  );
};

const put = (world: World, name: string, version: string | null): void => {
  const before = installed(world, name);
  world.packages = [
    ...world.packages.filter(([n]) => n.split(':')[0] !== name),
    ...(version === null ? [] : [[name === 'libnvidia-container1' ? `${name}:amd64` : name, version] as const]),
  ].toSorted(([a], [b]) => (a < b ? -1 : 1));
  log(world, name, before, version);
  if (isPart(name)) {
    if (version === null) removeToolkit(world, name);
    else unpackToolkit(world, name, version.replace(/-.*/, ''));
  }
  if (name === 'podman' && version !== null)
    world.versions = { ...world.versions, podman: version.replace(/[+-].*/, '') };
};

const from = (name: string): string =>
  isPart(name) ? 'NVIDIA CORPORATION <cudatools@nvidia.com>:1.0/' : 'Debian:13.1/stable';

const change = (world: World, words: readonly string[], onlyLook: boolean): Ran => {
  const asked = wishes(world, words);
  const isKnown = ({ name, to }: Wish): boolean =>
    to === null ? words.includes(`${name}-`) : to === installed(world, name) || heldOf(world, name).includes(to);
  const unknown = asked.filter(w => !(isPart(w.name) || world.archive?.[w.name]) || !isKnown(w));
  if (unknown.length > 0)
    return fail(
      100,
      unknown
        .map(({ name, to }) =>
          to !== null && heldOf(world, name).length > 0
            ? `E: Version '${to}' for '${name}' was not found\n`
            : `E: Unable to locate package ${name}\n`,
        )
        .join(''),
      'Reading package lists...\n',
    );
  const isAgain = words.includes('--reinstall');
  const pulled = asked.flatMap(w => needed(world, w)).filter(p => !asked.some(w => w.name === p.name));
  const todo = [...pulled, ...asked].filter(({ name, to }) => isAgain || to !== installed(world, name));
  const lines = todo.map(({ name, to }) => {
    const now = installed(world, name);
    return to === null
      ? `Remv ${name} [${now}]`
      : `Inst ${name}${now === null ? '' : ` [${now}]`} (${to} ${from(name)} [amd64])`;
  });
  if (!onlyLook) {
    tick(world);
    for (const { name, to } of todo) put(world, name, to);
    if (todo.some(w => isPart(w.name)) && world.units.has('nvidia-cdi-refresh.service'))
      startUnit(world, 'nvidia-cdi-refresh.service');
  }
  return out(`Reading package lists...\nBuilding dependency tree...\n${lines.map(l => `${l}\n`).join('')}`);
};

export const aptGet: Program = ({ world, args, root }) => {
  const words = args.filter((a, i) => a !== '-o' && args[i - 1] !== '-o');
  const onlyLook = words.some(a => a === '-s' || a === '--simulate');
  const [command, ...rest] = words.filter(a => a !== '-s' && a !== '--simulate' && a !== '-y');
  const bad = conflict(world);
  if (bad !== null) return fail(100, bad);
  if (!root && !onlyLook)
    return fail(100, 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n');
  if (command === 'update') {
    world.listsRead = true;
    return out('Reading package lists...\n');
  }
  if (command === 'install') return change(world, rest, onlyLook);
  if (command === 'remove')
    return change(
      world,
      rest.filter(n => installed(world, n) !== null).map(n => `${n}-`),
      onlyLook,
    );
  return fail(100, `E: Invalid operation ${command ?? ''}\n`);
};

/** `apt-cache madison`: what the sources hold, which what is merely installed is no part of. */
export const aptCache: Program = ({ world, args }) => {
  const [command, ...names] = args;
  if (command !== 'madison') return fail(100, `E: Invalid operation ${command ?? ''}\n`);
  const uri = (name: string): string =>
    isPart(name) ? `${REPO}/stable/deb/amd64  Packages` : 'http://deb.debian.org/debian trixie/main amd64 Packages';
  const rows = names.flatMap(name => heldOf(world, name).map(v => [name, v] as const));
  const [wide, long] = [0, 1].map(i => Math.max(10, ...rows.map(r => r[i]!.length)));
  return out(rows.map(([n, v]) => `${n.padStart(wide!)} | ${v.padStart(long!)} | ${uri(n)}\n`).join(''));
};

/** The key of the source is the only page of this world's network. */
export const curl: Program = ({ args }) =>
  args.at(-1) === `${REPO}/gpgkey` ? out(KEY) : fail(6, `curl: (6) Could not resolve host: ${args.at(-1) ?? ''}\n`);

export const env: Program = ({ args, exec }) => {
  const [program, ...rest] = args.slice(args.findIndex(a => !a.includes('=')));
  if (program === undefined || !exec) return out('');
  return exec([program, ...rest]);
};
