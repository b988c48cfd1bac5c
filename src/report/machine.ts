/** This machine in two lines. */
import type { Report } from '../engine/report.ts';
import { printable } from '../text/sanitize.ts';
import { platformWords } from './words.ts';

const gpuWords = (gpus: Report['machine']['gpus']): string | null => {
  const byName = new Map<string, number>();
  for (const gpu of gpus) byName.set(gpu.name, (byName.get(gpu.name) ?? 0) + 1);
  return byName.size === 0 ? null : [...byName].map(([name, n]) => `${n}x ${name}`).join(', ');
};

const where = { local: null, desktop: 'Docker Desktop', snap: 'snap package', remote: 'on another host' } as const;

/** Parts of the first and the second line; the caller joins and wraps them. */
export const machineLines = (machine: Report['machine']): readonly (readonly string[])[] => {
  const { docker, podman } = machine.engines;
  const remarks =
    docker === undefined
      ? []
      : [docker.running ? null : 'not running', docker.rootless ? 'rootless' : null, where[docker.where]].filter(
          r => r !== null,
        );
  const first = [
    machine.os || null,
    platformWords[machine.platform] ?? machine.platform,
    machine.driver === null ? 'no NVIDIA driver found' : `driver ${machine.driver}`,
    gpuWords(machine.gpus) ?? 'no NVIDIA GPU found',
  ];
  const second = [
    docker === undefined
      ? 'no Docker'
      : `Docker ${docker.version}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`,
    machine.toolkit === null ? 'no NVIDIA Container Toolkit' : `toolkit ${machine.toolkit}`,
    podman === undefined ? null : `Podman ${podman.version}`,
  ];
  return [first, second].map(line =>
    line.filter(part => part !== null).map(part => printable(part).replaceAll('\n', ' ')),
  );
};
