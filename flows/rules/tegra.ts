/** What kind of Jetson this is, from the line of nv_tegra_release or the name of the board. */
import { isUnknown, type Maybe, or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import { atLeast, since } from './version.ts';

export interface Board {
  /** "36.4" for "R36 (release), REVISION: 4.0"; null where only the name of the board is known. */
  readonly release: string | null;
  readonly jetpack: number | null;
  readonly thor: boolean;
}

/** JetPack by the major number of L4T. */
const JETPACK: Readonly<Record<string, number>> = { '32': 4, '34': 5, '35': 5, '36': 6, '38': 7, '39': 7 };

export const boardOf = (f: Pick<Facts, 'where' | 'smi'>): Board | null => {
  const tegra = or(f.where.tegra, null);
  if (tegra === null) return null;
  const [, major, minor] = /R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)/.exec(tegra) ?? [];
  const name = `${tegra} ${f.where.board} ${f.smi.gpus.map(g => g.name).join(' ')}`;
  return {
    release: major === undefined ? null : `${major}.${minor!.replace(/\.0$/, '')}`,
    jetpack: JETPACK[major ?? ''] ?? null,
    // Thor came with R38; no release before it runs on one, and none after it on an Orin until R39.
    thor: /thor/i.test(name) || major === '38',
  };
};

export const sayBoard = (b: Board): string =>
  [
    b.jetpack === null ? 'Jetson' : `JetPack ${b.jetpack}`,
    b.release === null ? '' : `(R${b.release})`,
    b.thor ? 'Thor' : '',
  ]
    .filter(Boolean)
    .join(' ');

/** A toolkit that takes Thor for an ordinary GPU machine: the one of the host or the Operator's own copy. */
export const readsThor = (version: Maybe<string | null>): boolean | null =>
  isUnknown(version) || version === null ? null : atLeast(version, since.toolkitReadsThor);

/**
 * Whether an image was built for the user space of another kind of Jetson; null where its name does not say.
 * Orin needs L4T images of its release, Thor takes ordinary CUDA images for arm64 servers.
 */
export const imageFits = (image: string, b: Board): boolean | null => {
  const built = /(?:l4t|jetson|tegra)[\w./-]*:.*?r(\d{2})(?:\.\d+)*/i.exec(image)?.[1];
  const igpu = /igpu/i.test(image);
  // With JetPack 7 the user space is that of an arm64 server; whether an Orin's is, nobody has confirmed.
  if (!b.thor && b.jetpack === 7) return null;
  if (b.thor) return built !== undefined ? Number(built) >= 38 : igpu ? false : null;
  if (/sbsa/i.test(image)) return false;
  if (built === undefined || b.release === null) return null;
  return built === b.release.split('.')[0];
};
