/** What a pod's spec says about its GPU. */
import type { Pod } from '../probes/kube-api.ts';
import { asksForGpu } from './kubernetes.ts';

/**
 * Meant for a GPU and asked for none. A pod without capabilities may have both variables from its image, so only one
 * that names capabilities in its own spec counts.
 */
export const neverAsked = (p: Pod): boolean =>
  !asksForGpu(p) &&
  p.containers.some(c => c.capabilities !== '') &&
  p.containers.every(c => c.visible === '' || c.visible === 'void');

/** csv mode knows one device, by the names all and 0. */
export const wantsUnknown = (p: Pod): boolean =>
  p.containers.some(c => c.visible !== '' && !/^(all|0|void|none|nvidia\.com\/gpu=(all|0))$/.test(c.visible)) ||
  p.containers.some(c => Object.keys(c.gpus).some(g => g.startsWith('mig-')));

/** The files of the driver or the whole of /dev brought in by mounts. */
export const DRIVER_PATH =
  /^\/dev\/?$|^\/dev\/nvidia|\/(aarch64|x86_64)-linux-gnu\/(nvidia|tegra)\/?$|libcuda|libnvidia-ml/;
export const isWorkaround = (p: Pod): boolean => p.hostPaths.some(h => DRIVER_PATH.test(h));

/** What libnvrm writes when a process may not open /dev/nvmap. */
export const NOISE = /NvRmMem(InitNvmap|Mgr|Constructor|Init)?[^\n]*(fail|not supported)|Memory Manager Not supported/i;
