/**
 * Podman by its package: a newer one, where the package sources have one that is new enough. It is the whole engine,
 * so nothing is offered that would pull at anything else, leave networks behind or could not be put back.
 */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Asks } from '../../src/engine/probe.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import type { Facts } from '../probes/index.ts';
import { type Change, type Manager, managerOf, said } from '../rules/packages.ts';
import { atLeast, compare, since, withoutEpoch } from '../rules/version.ts';
import { applies, does, isRefused, refuse } from './make.ts';
import { INSTALL_MS, RELOADS } from './packages.ts';

type Answers = Readonly<Record<string, Ran>>;

/** Packages of the same build as podman: rpm keeps them at its very version. */
const SAME_BUILD = ['podman-docker', 'podman-remote', 'podman-plugins', 'podman-catatonit'] as const;
/** What serves Podman and its kin alone, and may be upgraded with it. */
const KIN =
  /^(podman(-.+)?|conmon|crun|netavark|aardvark-dns|catatonit|passt(-.+)?|slirp4netns|fuse-overlayfs|buildah|skopeo|containers-common(-.+)?|golang-github-containers-.+)$/;

const manager = (f: Facts): Manager | null => managerOf(f, ['podman'], SAME_BUILD);
const answering = (f: Facts): string => or(f.podman.version, null) ?? '';

/** The first version that mends a finding, and what it brings. */
const wanted = (finding: string): { readonly least: string; readonly because: string } =>
  finding === 'podman-cdi-too-old'
    ? { least: since.podmanCdi, because: 'CDI names are known' }
    : { least: since.podmanGpus, because: '--gpus does something' };

/** All that would change, or why that cannot help. */
const changes = (f: Facts, m: Manager, a: Answers, finding: string): readonly Change[] | Refusal => {
  const preview = m.preview(a);
  if (preview.kind === 'unknown') return refuse(`what would be installed could not be found out: ${preview.because}`);
  const { least, because } = wanted(finding);
  const own = preview.kind === 'changes' ? preview.changes.find(c => c.name === 'podman') : undefined;
  const read = m.refresh === null ? [] : ['sudo apt-get update, if the lists are old; then look again'];
  if (preview.kind === 'noSource' || own === undefined)
    return refuse(
      `the package sources here bring no newer Podman than is installed, and ${answering(f)} answers; from ${least} on ${because}`,
      ...read,
    );
  if (own.from === null || compare(withoutEpoch(own.from), answering(f)) !== 0)
    return refuse(
      `the Podman that answers is ${answering(f)}, ${own.from === null ? 'which no package brought' : `the one of the package is ${own.from}`}; a package would not replace it`,
      'which -a podman',
    );
  if (own.to === null) return refuse('the package manager would take Podman away; that is for a person to decide');
  if (!atLeast(withoutEpoch(own.to), least))
    return refuse(`the newest Podman in the package sources here is ${own.to}; from ${least} on ${because}`, ...read);
  const foreign = preview.changes.filter(c => c.to === null || (c.from !== null && !KIN.test(c.name)));
  return foreign.length > 0
    ? refuse(`it would change packages beside Podman: ${said(foreign)}; that is for a person to decide`)
    : preview.changes;
};

/** Why containers would be left without their networks; null where they would not. */
const networks = (f: Facts, to: string): Refusal | null => {
  if (!atLeast(withoutEpoch(to), since.podmanWithoutCni)) return null;
  const named = f.podman.networkBackend;
  if (isUnknown(named))
    return refuse('which networks this Podman uses could not be found out, and 5.0 gives those of CNI up');
  const backend = named ?? (atLeast(answering(f), since.podmanNetavark) ? null : 'cni');
  if (backend === 'netavark') return null;
  return refuse(
    `Podman ${to} does not take over the networks of CNI, which this one ${backend === 'cni' ? 'uses' : 'may use'}`,
    'podman network ls shows what has to be made anew',
    'then upgrade by hand: containers of those networks have to be made again',
  );
};

/** The package scripts of Debian restart what they ship; those of rpm do not. */
const RESTARTS =
  'Running Podman containers go on, but for those with restart policy always where podman-restart.service is on: the package scripts restart that unit, which stops and starts them.';

export const upgradePodman = applies({
  id: 'upgrade-podman',
  title: 'Upgrade Podman to the one in the package sources',
  mends: ['podman-cdi-too-old', 'podman-gpus-noop'],
  // A newer engine takes containers over, and an older one is not promised to read what it wrote.
  privilege: 5,
  effect: ['E1', 'RX'],
  source: '2.11 podman-cdi-too-old, podman-gpus-noop; 1.8',
  installs: true,
  fits: (f, finding) => {
    const version = or(f.podman.version, null);
    return version !== null && manager(f) !== null && !atLeast(version, wanted(finding).least);
  },
  needs: (f): Asks => manager(f)?.asks ?? {},
  more: (f, a) => {
    const m = manager(f);
    const preview = m?.preview(a as Answers);
    const old = preview?.kind === 'changes' ? preview.changes.filter(c => c.from !== null).map(c => c.name) : [];
    return m !== null && old.length > 0 ? m.versions(old) : {};
  },
  plan: (f, answers, finding) => {
    const m = manager(f);
    if (m === null) return refuse('the package manager of this system is not known here');
    const a = answers as Answers;
    const all = changes(f, m, a, finding);
    if (isRefused(all)) return all;
    const to = all.find(c => c.name === 'podman')!.to!;
    const left = networks(f, to);
    if (left !== null) return left;
    const gone = m.forgotten(all, a);
    if (gone === null) return refuse('whether the sources still have the versions of today could not be found out');
    if (gone.length > 0)
      return refuse(
        `the package sources have ${gone.map(c => `${c.name} ${c.from}`).join(', ')} no more, so it could not be taken back`,
        `without a way back: sudo ${m.id === 'apt' ? 'apt-get' : 'dnf'} install podman`,
      );
    const more =
      m.id === 'apt'
        ? RESTARTS
        : 'Running Podman containers go on. dnf may upgrade what Podman needs besides, and an undo leaves that.';
    return {
      summary: `${said(all)}. ${more} An undo brings the packages back, not what the newer Podman has written meanwhile.`,
      steps: [does(`installs ${said(all)}`, m.install(all), m.back(all), INSTALL_MS)],
      afterwards: [
        'Containers that shall have the GPU are made anew, by CDI name or from 5.0 on by --gpus.',
        ...(m.id === 'apt' ? [RELOADS] : []),
      ],
    };
  },
});

export const podmanFixes = [upgradePodman];
