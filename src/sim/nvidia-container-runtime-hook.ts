/** The prestart hook: its own checks first, then the CLI. */
import type { Ran } from '../box/box.ts';
import { configure, hasLibrary, libraryGone } from './nvidia-container-cli.ts';
import { envOf, type Oci, visibleDevices } from './oci.ts';
import { inPath } from './path.ts';
import { ldconfigRefused, ldconfigRun, readConfig, resolveMode } from './toolkit-config.ts';
import { atLeast, fail, out, type Program, type World } from './world.ts';

const refusal =
  'invoking the NVIDIA Container Runtime Hook directly (e.g. specifying the docker --gpus flag) is not supported. Please use the NVIDIA Container Runtime (e.g. specify the --runtime=nvidia flag) instead';

const capabilitiesKnown = ['compat32', 'compute', 'display', 'graphics', 'ngx', 'utility', 'video'];

/** Runs inside the engine's path; the result is what it prints to stderr and its exit status. */
export const runHook = (world: World, oci: Oci, path: readonly string[]): Ran => {
  const version = world.versions.toolkit ?? '1.17.8';
  const read = readConfig(world);
  if ('error' in read)
    return fail(
      1,
      `error getting hook config: failed to load config: couldn't open required configuration file: ${read.error}`,
    );
  const { config } = read;
  const refused = ldconfigRefused(version, config);
  if (refused) return fail(1, `error getting hook config: failed to load config: ${refused}`);
  const strange = config.capabilities.filter(c => c !== '' && !capabilitiesKnown.includes(c));
  if (strange.length > 0)
    return fail(
      1,
      `error getting hook config: Invalid value for config option 'supported-driver-capabilities'; ${config.capabilities.join(',')} (supported: ${capabilitiesKnown.join(',')})\n`,
    );
  const privileged = oci.privileged;
  const devices = privileged || config.acceptEnvUnprivileged ? visibleDevices(oci.env, config.swarmResource) : [];
  const asked = envOf(oci.env, 'NVIDIA_DRIVER_CAPABILITIES');
  const capabilities = (asked === undefined || asked === '' ? 'utility,compute' : asked).split(',');
  const odd = capabilities.filter(c => c !== 'all' && !config.capabilities.includes(c));
  if (devices.length > 0 && odd.length > 0)
    return fail(
      1,
      `unsupported capabilities found in '${asked}' (allowed '${capabilities.filter(c => !odd.includes(c)).join(',')}')`,
    );
  if (devices.length === 0) return out('');
  const mode = resolveMode(world, config.mode, 'legacy', devices);
  const line = config.mode === 'auto' ? `Auto-detected mode as '${mode}'` : `Using requested mode '${config.mode}'`;
  if (!config.skipModeDetection && mode !== 'legacy')
    return fail(1, `${line}\n${refusal}${atLeast(version, '1.18.0') ? '' : '.'}`);
  const cli = config.cliPath || 'nvidia-container-cli';
  if (inPath(world, cli, path) === null) {
    if (cli.startsWith('/')) return fail(1, `${line}\nexec failed: no such file or directory`);
    return fail(
      1,
      `${line}\ncouldn't find binary nvidia-container-cli in ${atLeast(version, '1.18.0') ? 'PATH: exec: "nvidia-container-cli": executable file not found in $PATH' : path.join(':')}`,
    );
  }
  if (!hasLibrary(world)) return fail(127, `${line}\n${libraryGone}`);
  if (atLeast(version, '1.17.7') && world.versions.cli && !atLeast(world.versions.cli, '1.17.0'))
    return fail(
      1,
      `${line}\nnvidia-container-cli configure: unrecognized option '--cuda-compat-mode=${config.cudaCompat}'\nTry \`nvidia-container-cli configure --help' or \`nvidia-container-cli configure --usage' for more\ninformation.`,
    );
  const skip =
    config.disableRequire ||
    envOf(oci.env, 'NVIDIA_DISABLE_REQUIRE') === '1' ||
    envOf(oci.env, 'NVIDIA_DISABLE_REQUIRE') === 'true';
  const done = configure(world, {
    root: config.root,
    ldcache: config.ldcache,
    ldconfig: ldconfigRun(world, version, config.ldconfig),
    loadKmods: config.loadKmods,
    noCgroups: config.noCgroups,
    devices,
    capabilities,
    requirements: skip
      ? []
      : oci.env.filter(e => e.startsWith('NVIDIA_REQUIRE_')).map(e => e.slice(e.indexOf('=') + 1)),
  });
  if ('error' in done) return fail(1, `${line}\nnvidia-container-cli: ${done.error}`);
  for (const n of done.nodes) oci.nodes.add(n);
  // In a user namespace nodes are opened by their file mode alone.
  oci.blocked = config.noCgroups && !world.docker?.rootless;
  oci.mounts = [...oci.mounts, ...done.files.map(f => ({ hostPath: f, containerPath: f }))];
  oci.cached = oci.cached || done.cached;
  return out('');
};

export const nvidiaContainerRuntimeHook: Program = ({ world, args }) =>
  args[0] === '-version' || args[0] === '--version'
    ? out(`NVIDIA Container Runtime Hook version ${world.versions.toolkit}\n`)
    : fail(
        2,
        'Usage of nvidia-container-runtime-hook:\n  -config string\n    \tconfiguration file\n  -debug\n    \tenable debug output\n  -version\n    \tenable version output\n\nCommands:\n  prestart\n        run the prestart hook\n',
      );
