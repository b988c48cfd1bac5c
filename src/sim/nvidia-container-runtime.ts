/** nvidia-container-runtime: resolves the mode and changes the container before the low-level runtime sees it. */
import { inject, loadCdi } from './cdi.ts';
import { generate } from './cdi-generate.ts';
import { applyEdits, type Oci, visibleDevices } from './oci.ts';
import { inPath, shellPath } from './path.ts';
import { type Created, runc } from './runc.ts';
import { ldconfigRefused, readConfig, resolveMode, type ToolkitConfig } from './toolkit-config.ts';
import { toolkitReader } from './toolkit-version.ts';
import { atLeast, fail, out, type Program, type World } from './world.ts';

const qualified = /^[\w.-]+\/[\w.-]+=.+$/;
const modifying = 'could not apply required modification to OCI specification: error modifying OCI spec: ';

/** Devices by CDI name, with the default kind for plain ids. */
const cdiMode = (
  world: World,
  oci: Oci,
  config: ToolkitConfig,
  version: string,
  devices: readonly string[],
): string | null => {
  const names = devices.map(d =>
    qualified.test(d) ? d : `${config.defaultKind}=${d === 'none' && !atLeast(version, '1.18.0') ? '' : d}`,
  );
  const cache = loadCdi(world, config.specDirs, toolkitReader(version));
  const done = inject(world, cache, names);
  if (!done.ok) return `${modifying}failed to inject CDI devices: ${done.error}`;
  applyEdits(oci, done.edits);
  return null;
};

/** A one-letter vendor or class takes the runtime down as soon as it reads the directories. */
const cdiPanics = (
  world: World,
  config: ToolkitConfig,
  version: string,
  mode: string,
  devices: readonly string[],
): boolean =>
  devices.length > 0 &&
  (mode === 'cdi' || (mode === 'jit-cdi' && devices.every(d => qualified.test(d)))) &&
  loadCdi(world, config.specDirs, toolkitReader(version)).panic;

const jitMode = (
  world: World,
  oci: Oci,
  config: ToolkitConfig,
  version: string,
  devices: readonly string[],
): string | null => {
  if (devices.some(d => qualified.test(d)) && !devices.every(d => qualified.test(d)))
    return `${modifying}requesting a CDI device with vendor 'runtime.nvidia.com' is not supported when requesting other CDI devices`;
  if (devices.every(d => qualified.test(d))) return cdiMode(world, oci, config, version, devices);
  const made = generate(world, { version, root: config.root, devices });
  if ('error' in made)
    return atLeast(version, '1.18.2')
      ? `${modifying}failed to create the automatic CDI modifier: failed to generate CDI spec for mode "auto": ${made.error}`
      : `${modifying}failed to inject CDI devices: unresolvable CDI devices ${devices.map(d => `runtime.nvidia.com/gpu=${d}`).join(', ')}`;
  for (const edits of made.edits) applyEdits(oci, edits);
  return null;
};

/** As the low-level runtime's `create`; `silent` deaths leave the engine without a log to read. */
export const nvidiaContainerRuntime = (
  world: World,
  oci: Oci,
  path: readonly string[],
): Created | { readonly silent: number } => {
  const version = world.versions.toolkit ?? '1.17.8';
  const read = readConfig(world);
  if ('error' in read || ldconfigRefused(version, read.config)) return { silent: 1 };
  const { config } = read;
  const wrong = (error: string): Created => ({ ok: false, error });
  const low = 'failed to create NVIDIA Container Runtime: error constructing low-level runtime: ';
  if (config.runtimes.length === 0) return wrong(`${low}at least one runtime candidate must be specified`);
  if (!config.runtimes.some(r => inPath(world, r, path) !== null))
    return wrong(
      `${low}error locating runtime: no runtime binary found from candidate list: [${config.runtimes.join(' ')}]`,
    );
  // Up to 1.18 only the hook looked at the variables of Swarm.
  const preferred = atLeast(version, '1.19.0') ? config.swarmResource : [];
  const devices = oci.privileged || config.acceptEnvUnprivileged ? visibleDevices(oci.env, preferred) : [];
  const jit = atLeast(version, '1.18.0');
  const known = ['auto', 'legacy', 'cdi', 'csv', ...(jit ? ['jit-cdi'] : [])];
  if (!known.includes(config.mode)) {
    const words = jit
      ? config.mode === ''
        ? 'a mode must be specified'
        : `invalid mode "${config.mode}"`
      : `invalid runtime mode: ${config.mode}`;
    return wrong(`failed to create NVIDIA Container Runtime: failed to construct OCI spec modifier: ${words}`);
  }
  const mode = resolveMode(world, config.mode, jit ? 'jit-cdi' : 'legacy', devices);
  const hookAt =
    inPath(world, config.hookPath, path) ??
    (config.hookPath.includes('/') ? config.hookPath : `/usr/bin/${config.hookPath}`);
  if (mode === 'legacy') {
    const hooked = oci.hooks.some(h => h.path.endsWith('nvidia-container-runtime-hook'));
    if (!hooked)
      oci.hooks = [
        ...oci.hooks,
        { stage: 'prestart', path: hookAt, args: ['nvidia-container-runtime-hook', 'prestart'] },
      ];
  } else {
    if (atLeast(version, '1.16.0'))
      oci.hooks = oci.hooks.filter(h => !h.path.endsWith('nvidia-container-runtime-hook'));
    if (mode === 'csv' && devices.some(d => qualified.test(d)))
      return wrong(
        `${modifying}failed to generate CDI spec for mode "csv": failed to construct device spec generators: unsupported device id: ${devices.find(d => qualified.test(d))}`,
      );
    if (cdiPanics(world, config, version, mode, devices)) return { silent: 2 };
    const error =
      devices.length === 0 || mode === 'csv'
        ? null
        : (mode === 'cdi' ? cdiMode : jitMode)(world, oci, config, version, devices);
    if (error) return wrong(error);
  }
  return runc(world, oci, path);
};

export const nvidiaContainerRuntimeProgram: Program = ({ world, args }) =>
  args[0] === '--version' && inPath(world, 'runc', shellPath) !== null
    ? out(
        `NVIDIA Container Runtime version ${world.versions.toolkit}\nspec: 1.2.1\n\nrunc version ${world.versions.runc}\n`,
      )
    : fail(1, 'runc: "run" requires exactly 1 argument(s)\n');
