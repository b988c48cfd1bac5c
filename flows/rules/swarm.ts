/** Generic resources of Swarm: which of them stand for GPUs, and what a node lacks for a service. */
import type { SubjectService } from '../probes/swarm.ts';

/** The name that Docker's documentation gives them. */
export const KIND = 'NVIDIA-GPU';

/** dockerd gives a task "DOCKER_RESOURCE_" and the kind in capitals, with the values of what is its own. */
export const variableOf = (kind: string): string => `DOCKER_RESOURCE_${kind.toUpperCase()}`;

/** Kinds of which the service asks for at least one and which may be GPUs: anybody names them as he likes. */
export const gpuKinds = (service: Pick<SubjectService, 'asks'>): readonly string[] =>
  Object.entries(service.asks).flatMap(([kind, count]) => (count > 0 && /gpu/i.test(kind) ? [kind] : []));

/** Values of one kind among "kind=value". */
export const valuesOf = (kind: string, offers: readonly string[]): readonly string[] =>
  offers.filter(o => o.slice(0, o.indexOf('=')) === kind).map(o => o.slice(o.indexOf('=') + 1));

/** "2 NVIDIA-GPU": what the service asks for and the node does not offer at all; null where it offers some. */
export const lacking = (service: SubjectService, offers: readonly string[]): string | null => {
  const kind = gpuKinds(service).find(k => valuesOf(k, offers).length === 0);
  return kind === undefined ? null : `${service.asks[kind]} ${kind}`;
};
