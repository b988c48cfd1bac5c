/** Machines with a Podman of an earlier release of the distribution, and what their sources offer. */
import type { Offered, World } from '../world.ts';
import { machine } from './machine.ts';

const CONMON = ['2.1.12-4', '2.1.6+ds1-1', '2.0.25+ds1-1.1'] as const;
const NETAVARK = ['1.14.0-2', '1.4.0-3'] as const;
/** By release, newest first. */
const PODMAN: readonly Offered[] = [
  { version: '5.4.2+ds1-2', needs: { conmon: '2.1.12', netavark: '1.14.0' } },
  { version: '4.3.1+ds1-2', needs: { conmon: '2.1.6', netavark: '1.4.0' } },
  { version: '3.0.1+ds1-2', needs: { conmon: '2.0.25' } },
];

/**
 * Podman of `version` where the sources hold those up to `newest`. `network`: what its containers are connected by.
 * `isForgotten`: the sources hold nothing but the newest.
 */
export const earlierPodman = (
  version: '3.0.1' | '4.3.1',
  newest: '3.0.1' | '4.3.1' | '5.4.2',
  how: { readonly network?: 'cni' | 'netavark'; readonly isForgotten?: boolean } = {},
): World => {
  const world = machine({ name: 'earlier-podman', docker: '29.7.2', toolkit: '1.20.0', podman: version });
  const release = PODMAN.findIndex(p => p.version.startsWith(newest));
  const others = (versions: readonly string[]): readonly Offered[] =>
    versions.slice(release).map(v => ({ version: v }));
  const all = { podman: PODMAN.slice(release), conmon: others(CONMON), netavark: others(NETAVARK) };
  const old =
    version === '3.0.1'
      ? [['conmon', CONMON[2]] as const]
      : [['conmon', CONMON[1]] as const, ['netavark', NETAVARK[1]] as const];
  return {
    ...world,
    packages: [...world.packages, ...old].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    archive: how.isForgotten
      ? Object.fromEntries(Object.entries(all).map(([name, versions]) => [name, versions.slice(0, 1)]))
      : all,
    podmanNetwork: how.network ?? (version === '3.0.1' ? 'cni' : 'netavark'),
  };
};
