/** A container on its way: what was asked for, and what the process inside will see. */
import type { Edits } from './cdi.ts';
import { exists } from './fs.ts';
import type { View } from './nvml.ts';
import type { Image, World } from './world.ts';

export interface Hook {
  readonly stage: 'prestart' | 'createContainer';
  readonly path: string;
  readonly args: readonly string[];
}

export interface Oci {
  readonly image: Image;
  readonly args: readonly string[];
  env: string[];
  readonly privileged: boolean;
  readonly nodes: Set<string>;
  /** Nodes made behind the engine's back, without a rule in the device cgroup. */
  blocked: boolean;
  mounts: { readonly hostPath: string; readonly containerPath: string }[];
  hooks: Hook[];
  /** The container's library cache knows what was mounted. */
  cached: boolean;
}

export const newOci = (image: Image, args: readonly string[], env: readonly string[], privileged: boolean): Oci => ({
  image,
  args,
  env: [...image.env, ...env],
  privileged,
  nodes: new Set(),
  blocked: false,
  mounts: [],
  hooks: [],
  cached: false,
});

/** Last setting of a variable, undefined where it is not set. */
export const envOf = (env: readonly string[], name: string): string | undefined =>
  env.findLast(e => e === name || e.startsWith(`${name}=`))?.slice(name.length + 1);

export const applyEdits = (oci: Oci, edits: Edits): void => {
  oci.env = [...oci.env, ...(edits.env ?? [])];
  for (const n of edits.deviceNodes ?? []) oci.nodes.add(n.path);
  oci.mounts = [...oci.mounts, ...(edits.mounts ?? [])];
  oci.hooks = [
    ...oci.hooks,
    ...(edits.hooks ?? []).map(h => ({ stage: 'createContainer' as const, path: h.path, args: h.args ?? [] })),
  ];
};

/** How the driver looks from inside. */
export const insideView = (world: World, oci: Oci): View => {
  const lib = oci.mounts.find(m => /\/libnvidia-ml\.so\.\d+\.\d/.test(m.containerPath));
  // ldconfig does not put a link where a plain file is.
  const own = oci.image.driverFiles?.some(f => f.endsWith('/libnvidia-ml.so.1')) === true;
  return {
    library: lib && oci.cached && !own ? lib.containerPath : null,
    version: lib ? (/\.so\.(\d+\.\d+(?:\.\d+)?)$/.exec(lib.containerPath)?.[1] ?? null) : null,
    node: path => (oci.nodes.has(path) || oci.privileged) && exists(world.fs, path),
    allowed: oci.privileged || !oci.blocked,
  };
};

/**
 * The variable's devices; empty for none asked. CUDA images without a requirement ask for all by default. Where the
 * container has one of the preferred variables, they alone count.
 */
export const visibleDevices = (env: readonly string[], preferred: readonly string[] = []): string[] => {
  const first = preferred.map(name => envOf(env, name)).filter(value => value !== undefined);
  if (first.length > 0) return first.flatMap(value => value.split(',')).filter(Boolean);
  const value = envOf(env, 'NVIDIA_VISIBLE_DEVICES');
  if (value === undefined)
    return envOf(env, 'CUDA_VERSION') !== undefined && envOf(env, 'NVIDIA_REQUIRE_CUDA') === undefined ? ['all'] : [];
  return value === '' || value === 'void' ? [] : value.split(',');
};
