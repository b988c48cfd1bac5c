/** How nvidia-container-runtime.mode resolves on this box (field reference 1.3). */

import { CannotTell, need, or } from '../../src/engine/known.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { atLeast, since } from './version.ts';

export type RuntimeMode = 'legacy' | 'jit-cdi' | 'cdi' | 'csv';
type Needs = Pick<Facts, 'config' | 'toolkit' | 'where' | 'smi'>;

/** Values the toolkit of that version knows; anything else it calls invalid. */
export const modesOf = (version: string): readonly string[] =>
  atLeast(version, since.toolkitJitCdi)
    ? ['auto', 'legacy', 'jit-cdi', 'cdi', 'csv']
    : ['auto', 'legacy', 'cdi', 'csv'];

/** The mode that is set; one that this toolkit refuses counts as the default it has to become. */
export const modeInForce = (f: Pick<Facts, 'config' | 'toolkit'>): string =>
  modesOf(or(f.toolkit.version, null) ?? since.toolkitJitCdi).includes(f.config.mode) ? f.config.mode : 'auto';

/**
 * Where nvidia is the default runtime and its mode is one of its own, it takes the hook out of what --gpus asks for and
 * injects by itself.
 */
export const gpusByRuntime = (f: Pick<Facts, 'config' | 'toolkit' | 'docker'>): boolean =>
  daemonOf(f.docker)?.defaultRuntime === 'nvidia' &&
  !['auto', 'legacy'].includes(modeInForce(f)) &&
  atLeast(need(f.toolkit.version) ?? '0', since.toolkitStripsHook);

/** Tegra as the toolkit's platform test sees it: a Tegra machine without a loadable NVML, or a GPU called Thor or nvgpu. */
export const resolvesTegra = (f: Pick<Facts, 'where' | 'smi' | 'toolkit'>): boolean => {
  if (f.smi.gpus.some(g => g.name.includes('(nvgpu)'))) return true;
  if (f.smi.gpus.some(g => g.name.includes('NVIDIA Thor')))
    return atLeast(need(f.toolkit.version) ?? '0', since.toolkitReadsThor);
  return need(f.where.tegra) !== null && f.smi.gpus.length === 0;
};

/** `cdiNames`: the request names nothing but CDI devices. */
export const resolveMode = (f: Needs, cdiNames: boolean): { readonly mode: RuntimeMode; readonly because: string } => {
  const set = modeInForce(f);
  if (set !== 'auto') return { mode: set as RuntimeMode, because: `mode = "${set}" is set` };
  if (cdiNames) return { mode: 'cdi', because: 'auto, and the request holds only CDI names' };
  if (resolvesTegra(f)) return { mode: 'csv', because: 'auto on a Tegra machine' };
  const known = need(f.toolkit.version) ?? '0';
  return atLeast(known, since.toolkitJitCdi)
    ? { mode: 'jit-cdi', because: `auto in toolkit ${known} means jit-cdi` }
    : { mode: 'legacy', because: `auto in toolkit ${known} means legacy` };
};

/** The mode of a request by variable; null where it cannot be told. */
export const modeIfKnown = (f: Needs): RuntimeMode | null => {
  try {
    return resolveMode(f, false).mode;
  } catch (error) {
    if (error instanceof CannotTell) return null;
    throw error;
  }
};
