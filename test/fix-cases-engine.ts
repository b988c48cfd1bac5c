/** Machines whose engine is too old for CDI. */
import { simBox } from '../src/sim/index.ts';
import { earlierPodman } from '../src/sim/worlds/podman.ts';
import type { Case } from './fix-boxes.ts';

export const engineCases: Readonly<Record<string, Case>> = {
  'Podman 3.0, where the sources have 4.3': {
    box: async () => simBox(earlierPodman('3.0.1', '4.3.1')),
    finding: 'podman-cdi-too-old',
    offers: ['find-newer-podman', 'upgrade-podman'],
    comesBack: true,
  },
  'Podman 3.0, where the sources have nothing newer': {
    box: async () => simBox(earlierPodman('3.0.1', '3.0.1')),
    finding: 'podman-cdi-too-old',
    offers: ['find-newer-podman', 'upgrade-podman'],
    refused: /no newer Podman than is installed, and 3\.0\.1 answers; from 4\.1 on/,
  },
  'Podman 3.0 and its networks of CNI, where the sources have 5.4': {
    box: async () => simBox(earlierPodman('3.0.1', '5.4.2')),
    finding: 'podman-cdi-too-old',
    offers: ['find-newer-podman', 'upgrade-podman'],
    refused: /does not take over the networks of CNI/,
  },
  'Podman 3.0, which the sources have no more': {
    box: async () => simBox(earlierPodman('3.0.1', '4.3.1', { isForgotten: true })),
    finding: 'podman-cdi-too-old',
    offers: ['find-newer-podman', 'upgrade-podman'],
    refused: /conmon 2\.0\.25\+ds1-1\.1, podman 3\.0\.1\+ds1-2 no more/,
  },
  'Podman 4.3, where the sources have 5.4': {
    box: async () => simBox(earlierPodman('4.3.1', '5.4.2')),
    finding: 'podman-gpus-noop',
    isByName: true,
    offers: ['ask-podman-by-cdi-name', 'upgrade-podman'],
    comesBack: true,
  },
  'Podman 4.3 and its networks of CNI, where the sources have 5.4': {
    box: async () => simBox(earlierPodman('4.3.1', '5.4.2', { network: 'cni' })),
    finding: 'podman-gpus-noop',
    isByName: true,
    offers: ['ask-podman-by-cdi-name', 'upgrade-podman'],
    refused: /which this one uses/,
  },
};
