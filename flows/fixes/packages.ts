/**
 * The toolkit by its packages: installed, completed, brought to one version. What would change is asked of the package
 * manager before, and is what the yes is for; where no source has the packages, NVIDIA's own is added as documented.
 */
import type { Ran } from '../../src/box/box.ts';
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { type Asks, read } from '../../src/engine/probe.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import { setJson } from '../../src/text/json.ts';
import type { Facts } from '../probes/index.ts';
import { holesOf } from '../rules/holes.ts';
import { type Change, clashes, type Manager, managerOf, said, TOOLKIT_PACKAGES } from '../rules/packages.ts';
import { atLeast } from '../rules/version.ts';
import { inDaemonJson, parses } from './daemon-json.ts';
import { MENDED_BY_NEWER, toolkitByHand } from './guides-host.ts';
import { applies, type Draft, does, isRefused, printed, refuse, replaces } from './make.ts';
import { comesUp, isHostEngine, policies, running } from './restart.ts';

type Answers = Readonly<Record<string, Ran | undefined>>;
const ran = (answers: unknown): Answers => answers as Answers;

/** Downloads and the scripts of packages take their time. */
export const INSTALL_MS = 900_000;
const FETCH_MS = 30_000;

const fetched = (url: string) =>
  ({
    ask: 'run',
    // Never by another protocol, wherever it is sent on to.
    command: { argv: ['curl', '--proto', '=https', '-fsSL', '--max-time', '25', url], timeoutMs: FETCH_MS },
  }) as const;

/** First round: what an installation would do, and which containers a restart of Docker would stop. */
const firstRound = (f: Facts): Asks => ({ ...managerOf(f)?.asks, ...(isHostEngine(f) ? running() : {}) });

/** Second round: NVIDIA's source, where no configured one has the packages. */
const secondRound = (f: Facts, answers: unknown): Asks => {
  const m = managerOf(f);
  const a = ran(answers);
  const source = m !== null && m.preview(a as Readonly<Record<string, Ran>>).kind === 'noSource' ? m.source : null;
  return {
    ...(a.running ? policies(f, { running: a.running }) : {}),
    ...(source?.key ? { key: fetched(source.key.url) } : {}),
    ...(source?.url ? { list: fetched(source.url) } : {}),
  };
};

/** The files of NVIDIA's source, each as a step; its key is fetched before the yes, so that it stands in the diff. */
const addsSource = (m: Manager, a: Answers): readonly Step[] | Refusal => {
  const { source } = m;
  const steps: Step[] = [];
  if (source.key) {
    const key = printed(a.key ?? { kind: 'unrecorded' }, `curl ${source.key.url}`);
    if (isRefused(key)) return key;
    if (!key.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----'))
      return refuse(`${source.key.url} did not answer with a key; is there a login page in between?`);
    steps.push(replaces(source.key.path, null, key, 'the key with which NVIDIA signs these packages', 0o644));
  }
  const list = source.text ?? printed(a.list ?? { kind: 'unrecorded' }, `curl ${source.url}`);
  if (isRefused(list)) return list;
  if (!list.includes('nvidia.github.io')) return refuse(`${source.url} did not answer with a package source`);
  steps.push(replaces(source.list, null, list, "NVIDIA's package source, as documented", 0o644));
  if (m.refresh)
    steps.push(does('reads the lists of the new source', m.refresh, { nothing: 'it only reads lists' }, INSTALL_MS));
  return steps;
};

interface Installed {
  readonly steps: readonly Step[];
  /** In words, for the summary. */
  readonly what: string;
  /** Version of the toolkit afterwards, as far as it is known before. */
  readonly version: string | null;
}

/** The packages are there and files of them are not: somebody removed those, or an unpacking broke off. */
const reinstalls = (m: Manager): Installed => ({
  steps: [
    does(
      'unpacks the same four packages once more',
      m.again,
      { nothing: 'the packages are the same; their programs were missing' },
      INSTALL_MS,
    ),
  ],
  what: `${TOOLKIT_PACKAGES.join(', ')} once more, at the version that is there`,
  version: null,
});

/** The steps that bring all four packages to one version. `isLacking`: a program of them is not there. */
const installs = (m: Manager, a: Answers, isLacking: boolean): Installed | Refusal => {
  const preview = m.preview(a as Readonly<Record<string, Ran>>);
  if (preview.kind === 'unknown')
    return refuse(
      `what would be installed could not be found out: ${preview.because}`,
      ...(/Signed-By/.test(preview.because) ? ['gpumedic fix toolkit-repo-conflict'] : []),
    );
  const added = preview.kind === 'noSource' ? addsSource(m, a) : [];
  if (isRefused(added)) return added;
  const changes: readonly Change[] =
    preview.kind === 'changes'
      ? preview.changes
      : TOOLKIT_PACKAGES.map(name => ({ name, from: preview.installed.get(name) ?? null, to: null }));
  if (changes.length === 0 && isLacking) return reinstalls(m);
  if (changes.length === 0)
    return refuse(
      'the package sources of this machine have nothing newer; all four packages are there at one version',
      'what remains is not a matter of packages, or the source is an old one: its .list file names it',
    );
  if (preview.kind === 'changes') {
    const foreign = changes.filter(c => !/nvidia/.test(c.name));
    const lost = changes.filter(c => c.to === null && !/^nvidia-(docker2|container-runtime)$/.test(c.name));
    if (lost.length > 0)
      return refuse(`the package manager would do more than that: ${said(lost)}; that is for a person to decide`);
    if (foreign.some(c => c.from !== null))
      return refuse(`it would change packages beside the toolkit: ${said(foreign)}; that is for a person to decide`);
  }
  const what = preview.kind === 'changes' ? said(changes) : `${TOOLKIT_PACKAGES.join(', ')} from NVIDIA's source`;
  const step = does(`installs ${what}`, m.install(changes), m.back(changes), INSTALL_MS);
  return {
    steps: [...added, step],
    what,
    version: changes.find(c => c.name === 'nvidia-container-toolkit')?.to?.replace(/-.*/, '') ?? null,
  };
};

/** The package scripts do this; it is theirs, and said before. */
export const RELOADS =
  'The package scripts call systemctl daemon-reload: running containers that got the GPU through the hook may lose it until they are started again.';

/** Docker looks for the programs of the toolkit only when it starts, and knows the runtime only from daemon.json. */
const forDocker = (f: Facts, a: Answers, done: Installed, summary: string): Draft | Refusal => {
  const draft: Draft = { summary, steps: done.steps, afterwards: [] };
  if (!isHostEngine(f) || f.dockerCli.path === null)
    return { ...draft, effect: ['E1'], afterwards: ['The next check says what the engine still needs.'] };
  const registers =
    parses(f) && f.daemonJson.runtimes.nvidia === undefined
      ? inDaemonJson(
          f,
          text => setJson(text, ['runtimes', 'nvidia'], { args: [], path: 'nvidia-container-runtime' }),
          'the entry that --runtime=nvidia asks for',
          '',
        )
      : null;
  const steps = registers === null || isRefused(registers) ? [] : registers.steps;
  return comesUp(f, a, { ...draft, steps: [...done.steps, ...steps] });
};

const missing = (f: Facts, program: 'nvidia-ctk' | 'nvidia-container-runtime-hook' | 'nvidia-container-cli'): boolean =>
  or(f.toolkit.programs, null)?.[program] === null;

/** What installs and completes: the same packages, for another lack. */
const installing = (
  about: { readonly id: string; readonly title: string; readonly mends: readonly string[]; readonly source: string },
  fits: (f: Facts) => boolean,
  summary: (done: Installed) => string,
): Fix =>
  applies({
    ...about,
    privilege: 3,
    effect: ['E1', 'RD'],
    installs: true,
    fits: f => managerOf(f) !== null && fits(f),
    touches: f => [
      ...(or(f.toolkit.version, '') === null ? [managerOf(f)?.source.list ?? ''] : []),
      ...(parses(f) ? [f.daemonJson.path] : []),
    ],
    needs: firstRound,
    more: secondRound,
    plan: (f, a) => {
      const m = managerOf(f);
      if (m === null) return refuse('the package manager of this system is not known here');
      const done = installs(m, ran(a), true);
      return isRefused(done) ? done : forDocker(f, ran(a), done, summary(done));
    },
    guide: toolkitByHand,
  });

export const installToolkit = installing(
  {
    id: 'install-toolkit',
    title: 'Install the NVIDIA Container Toolkit',
    mends: ['toolkit-not-installed', 'docker-no-device-driver'],
    source: '2.6 toolkit-not-installed; all seeds assume it',
  },
  // microk8s has an addon that brings its own.
  f => or(f.toolkit.version, '') === null && f.kube.flavour !== 'microk8s',
  done => `Installs ${done.what}; Docker looks for them only when it starts.`,
);

export const installFull = installing(
  {
    id: 'install-full-toolkit',
    title: 'Install the package that holds the hook as well',
    mends: ['toolkit-base-only', 'docker-no-device-driver'],
    source: '2.6 toolkit-base-only',
  },
  f => !missing(f, 'nvidia-ctk') && missing(f, 'nvidia-container-runtime-hook'),
  done => `Adds the hook to what is there (${done.what}), all at one version.`,
);

export const alignToolkit = applies({
  id: 'align-toolkit-versions',
  title: 'Bring the four toolkit packages to one version, the newest here',
  mends: MENDED_BY_NEWER,
  privilege: 3,
  effect: ['E1'],
  source: '2.6 toolkit-version-skew; seed 0 calls nvidia-docker2 deprecated: right',
  installs: true,
  fits: f => managerOf(f) !== null && or(f.toolkit.version, null) !== null,
  touches: () => [],
  needs: firstRound,
  more: secondRound,
  plan: (f, a, finding) => {
    const m = managerOf(f);
    if (m === null) return refuse('the package manager of this system is not known here');
    const done = installs(m, ran(a), missing(f, 'nvidia-container-cli') || f.toolkit.cliBroken !== null);
    if (isRefused(done)) return done;
    const left = finding === 'toolkit-known-vulnerable' && done.version !== null ? holesOf(done.version) : [];
    if (left.length > 0)
      return refuse(
        `the newest version here is ${done.version}, and ${left.map(h => h.cve).join(', ')} are open in it`,
      );
    const old = or(f.toolkit.version, null) ?? '0';
    return {
      summary: `${done.what}. Programs of the toolkit are run anew for each container, so nothing is restarted.`,
      steps: done.steps,
      afterwards: [
        RELOADS,
        ...(atLeast(old, '1.20.0')
          ? []
          : ['Look at config.toml afterwards: before 1.20 an upgrade comments settings out.']),
      ],
    };
  },
  guide: toolkitByHand,
});

/** Older files of a source that is there under its present name. Their text stays in the journal, as that of every edit. */
export const dropOldLists = applies({
  id: 'remove-old-package-source',
  title: 'Take the older file of the package source away',
  mends: ['toolkit-repo-conflict'],
  privilege: 2,
  effect: ['E1'],
  source: '2.6 toolkit-repo-conflict',
  fits: f => clashes(or(f.aptSources, [])).length > 0,
  touches: f => [...new Set(clashes(or(f.aptSources, [])).flatMap(c => c.others.map(s => s.path)))],
  needs: f =>
    Object.fromEntries(
      [...new Set(clashes(or(f.aptSources, [])).flatMap(c => c.others.map(s => s.path)))].map(p => [p, read(p)]),
    ),
  plan: (f, a) => {
    const all = clashes(or(f.aptSources, []));
    const paths = [...new Set(all.flatMap(c => c.others.map(s => s.path)))];
    const own = paths.find(p => all.some(c => c.kept.path === p));
    if (own !== undefined) return refuse(`${own} contradicts itself: two lines of it name different keys`);
    const others = or(f.aptSources, []).filter(s => paths.includes(s.path) && !all.some(c => c.of === s.of));
    if (others.length > 0)
      return refuse(
        `${others[0]!.path} names other sources too (${others[0]!.of})`,
        `take the line of ${all[0]!.of} out of it by hand: sudoedit ${others[0]!.path}`,
      );
    const steps: Step[] = [];
    for (const path of paths) {
      const found = a[path];
      if (found?.kind !== 'file') return refuse(`${path} could not be read`);
      steps.push(replaces(path, found.text, null, `${all[0]!.kept.path} names the same source`));
    }
    return {
      summary: `${all[0]!.kept.path} stays as the one entry of this source; apt works again.`,
      steps,
      afterwards: ['sudo apt-get update'],
    };
  },
});

export const packageFixes: readonly Fix[] = [installToolkit, installFull, alignToolkit, dropOldLists];
