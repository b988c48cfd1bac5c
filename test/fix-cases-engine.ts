/** Machines whose engine is too old for CDI, or got the GPU by the hook because CDI failed. */
import type { Box } from '../src/box/box.ts';
import { simBox } from '../src/sim/index.ts';
import { earlierPodman } from '../src/sim/worlds/podman.ts';
import { type Case, daemonJson, does, fresh, restart, root, spec } from './fix-boxes.ts';

/** A container that asked by --gpus; dockerd says in its journal what it made of that. */
export const asksForGpus = (box: Box) =>
  does(box, 'docker', 'run', '--rm', '--gpus', 'all', 'debian:trixie', 'nvidia-smi', '-L');

/** Nobody set CDI up: no spec, and the units that would write one are off. */
export const noCdi = async (box: Box): Promise<void> => {
  await does(box, 'systemctl', 'disable', '--now', 'nvidia-cdi-refresh.path', 'nvidia-cdi-refresh.service');
  await box.write('/var/run/cdi/nvidia.yaml', null, root);
};

/** A spec in a folder of its own, which nobody but this Docker reads. */
const elsewhere = (change: (text: string) => string) =>
  fresh(async box => {
    await noCdi(box);
    await does(box, 'mkdir', '-p', '/opt/cdi');
    await spec(box, '/opt/cdi/nvidia.yaml', change);
    await daemonJson(v => ({ ...v, 'cdi-spec-dirs': ['/opt/cdi'] }))(box);
    await restart(box);
    await asksForGpus(box);
  });

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
  '--gpus took the hook, for want of a spec': {
    box: fresh(async box => {
      await noCdi(box);
      await asksForGpus(box);
    }),
    finding: 'docker-29.2-gpus-behaviour-change',
    isByName: true,
    offers: ['generate-cdi-spec', 'choose-the-injector-of-gpus'],
    comesBack: true,
  },
  '--gpus took the hook, for the spec is cut off': {
    box: elsewhere(t => t.slice(0, t.indexOf('containerEdits') + 6)),
    finding: 'docker-29.2-gpus-behaviour-change',
    isByName: true,
    offers: ['regenerate-cdi-spec', 'generate-cdi-spec', 'choose-the-injector-of-gpus'],
    comesBack: true,
  },
  '--gpus took the hook, for the spec names a node that is gone': {
    box: elsewhere(t => t.replaceAll('/dev/nvidia-uvm-tools', '/dev/nvidia-modeset-old')),
    finding: 'docker-29.2-gpus-behaviour-change',
    isByName: true,
    offers: ['regenerate-cdi-spec', 'choose-the-injector-of-gpus'],
    comesBack: true,
  },
};
