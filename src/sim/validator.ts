/** The validator of a GPU Operator: its init containers write one status file after the other, and stop at the first fault. */
import { clusterOf, offered, podsIn } from './cluster.ts';
import { exists, file } from './fs.ts';
import type { World } from './world.ts';

export const VALIDATIONS = '/run/nvidia/validations';

/** Kubelet tries again and again to start its pod, so a stage follows as soon as the one before it is mended. */
export const validateNode = (world: World): void => {
  const own = clusterOf(world)?.workloads.find(w => w.role === 'validator');
  if (!own || !exists(world.fs, `${VALIDATIONS}/driver-ready`)) return;
  const pod = podsIn(world).find(p => p.workload === own);
  if (pod?.ready !== true) return;
  for (const stage of ['toolkit', 'cuda']) file(world.fs, `${VALIDATIONS}/${stage}-ready`, '');
  if ((offered(world) ?? 0) > 0) file(world.fs, `${VALIDATIONS}/plugin-ready`, '');
};
