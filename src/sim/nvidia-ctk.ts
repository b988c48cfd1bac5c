/** nvidia-ctk and nvidia-cdi-hook. */
import type { Ran } from '../box/box.ts';
import { loadCdi, panicText } from './cdi.ts';
import { generate, hasNvml, specText } from './cdi-generate.ts';
import { setOptions } from './ctk-config.ts';
import { readDaemonConfig } from './docker-config.ts';
import { daemonJson } from './dockerd.ts';
import { overwrite, resolve, text } from './fs.ts';
import { loadModule, makeNodes } from './kernel.ts';
import { hostView } from './nvml.ts';
import { configPath, parseConfig, readConfig } from './toolkit-config.ts';
import { commits, toolkitReader } from './toolkit-version.ts';
import { atLeast, fail, isoTime, out, type Program, tick, type World } from './world.ts';

const line = (world: World, level: string, message: string): string =>
  `time="${isoTime(world.fs.now)}" level=${level} msg="${message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"\n`;

/** Flags as `--name`, `--name=value` or `--name value`. */
const values = (args: readonly string[], name: string): string[] =>
  args.flatMap((a, i) =>
    a.startsWith(`--${name}=`)
      ? [a.slice(name.length + 3)]
      : a === `--${name}` && args[i + 1] !== undefined && !args[i + 1]!.startsWith('--')
        ? [args[i + 1]!]
        : [],
  );
const on = (args: readonly string[], name: string): boolean =>
  args.some(a => a === `--${name}` || a === `--${name}=true`);

const badFlag = (world: World, version: string, command: string, flag: string): Ran => {
  const plain = flag.replace(/^-+/, '-').replace(/=.*/, '');
  return fail(
    1,
    line(world, 'error', `flag provided but not defined: ${plain}`),
    `Incorrect Usage: flag provided but not defined: ${plain}\n\nNAME:\n   NVIDIA Container Toolkit CLI ${command} (${version})\n`,
  );
};

const list = (world: World, args: readonly string[], version: string): Ran => {
  const odd = args.find(
    a => a.startsWith('-') && !a.startsWith('--spec-dir') && !(a === '--debug' && atLeast(version, '1.18.0')),
  );
  if (odd) return badFlag(world, version, 'cdi list', odd);
  const dirs = values(args, 'spec-dir');
  const cache = loadCdi(world, dirs.length ? dirs : ['/etc/cdi', '/var/run/cdi'], {
    ...toolkitReader(version),
    root: true,
  });
  if (cache.panic) return fail(2, panicText());
  const devices = [...cache.devices.keys()].sort();
  const head = atLeast(version, '1.15.0')
    ? 'The following registry errors were reported:'
    : 'Refreshing the CDI registry returned the following error(s):';
  const errors = cache.errors.size
    ? line(world, 'warning', head) +
      [...cache.errors].map(([path, why]) => line(world, 'warning', `${path}: [${why.join(' ')}]`)).join('')
    : '';
  return out(devices.map(d => `${d}\n`).join(''), errors + line(world, 'info', `Found ${devices.length} CDI devices`));
};

const generateSpec = (world: World, args: readonly string[], version: string, root: boolean): Ran => {
  const library = hostView(world).library;
  const log: string[] = [];
  const say = (level: string, message: string): void => {
    log.push(line(world, level, message));
  };
  const newer = atLeast(version, '1.18.0');
  if (newer) {
    say(
      'warning',
      'Ignoring error in locating libnvidia-sandboxutils.so.1: libnvidia-sandboxutils.so.1: not found\nlibnvidia-sandboxutils.so.1: not found',
    );
    say('warning', 'Failed to init nvsandboxutils: ERROR_LIBRARY_LOAD; ignoring');
  }
  if (hasNvml(world)) {
    if (atLeast(version, '1.15.0'))
      say('info', `Using ${(resolve(world.fs, library!) ?? '').replace(/^\/lib\//, '/usr/lib/')}`);
  } else {
    say(
      'warning',
      `Ignoring error in locating libnvidia-ml.so.1: ${newer ? '' : 'pattern '}libnvidia-ml.so.1${newer ? ':' : ''} not found\nlibnvidia-ml.so.1: not found`,
    );
    say('warning', 'Unsupported platform detected: unknown; assuming nvml');
  }
  const mode = values(args, 'mode')[0] ?? 'auto';
  if (!['auto', 'nvml'].includes(mode))
    return fail(1, line(world, 'error', `failed to generate CDI spec: mode ${mode} is not available here`));
  say('info', atLeast(version, '1.15.0') ? "Auto-detected mode as 'nvml'" : 'Auto-detected mode as "nvml"');
  // From 1.18 the generator takes the driver root of config.toml; before, it did not read that file.
  const read = readConfig(world);
  const driverRoot = values(args, 'driver-root')[0] ?? (newer && 'config' in read ? read.config.root : '');
  const made = generate(world, { version, root: driverRoot });
  if ('error' in made) {
    if (newer && made.nvml)
      say(
        'warning',
        `Could not determine driver version: libnvsandboxutils is not available\n${made.error.replace(/^.*failed to initialize NVML/, 'failed to initialize nvml')}`,
      );
    say(
      'error',
      `failed to generate CDI spec: ${made.nvml ? 'failed to create device CDI specs: ' : 'failed to create edits common for entities: '}${made.error}`,
    );
    return fail(1, log.join(''));
  }
  const { spec } = made;
  for (const path of [...spec.devices.flatMap(d => d.nodes.map(n => n.path)), ...spec.nodes.map(n => n.path)])
    say('info', `Selecting ${path} as ${path}`);
  say('info', `Using driver version ${made.driver}`);
  for (const m of spec.mounts) say('info', `Selecting ${m} as ${m}`);
  const body = specText(spec, version);
  const to = values(args, 'output')[0];
  if (to === undefined) {
    say('info', `Generated CDI spec with version ${newer || !atLeast(version, '1.16.0') ? spec.version : '0.8.0'}`);
    return out(body, log.join(''));
  }
  const path = /\.(yaml|json)$/.test(to) ? to : `${to}.yaml`;
  if (!root)
    return fail(
      1,
      `${log.join('')}${line(world, 'error', `failed to save CDI spec to ${path}: open ${path}: permission denied`)}`,
    );
  tick(world);
  overwrite(world.fs, path, body);
  say('info', `Generated CDI spec with version ${newer || !atLeast(version, '1.16.0') ? spec.version : '0.8.0'}`);
  return out('', log.join(''));
};

const sorted = (v: unknown): unknown =>
  Array.isArray(v) || typeof v !== 'object' || v === null
    ? v
    : Object.fromEntries(
        Object.entries(v)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, x]) => [k, sorted(x)]),
      );

const configureDocker = (world: World, args: readonly string[], root: boolean): Ran => {
  const at = values(args, 'config')[0] ?? daemonJson;
  const content = text(world.fs, at);
  const log = line(
    world,
    'info',
    content === undefined ? `Config file does not exist; using empty config` : `Loading config from ${at}`,
  );
  const read = readDaemonConfig(content, '26.1');
  const syntax = 'error' in read && !read.error.includes('directives') ? read.error : null;
  if (syntax)
    return fail(
      1,
      log + line(world, 'error', `unable to load config for runtime docker: unable to parse config: ${syntax}`),
    );
  const config = JSON.parse((content ?? '').trim() || '{}') as Record<string, unknown>;
  const name = values(args, 'nvidia-runtime-name')[0] ?? 'nvidia';
  const path = values(args, 'nvidia-runtime-path')[0] ?? 'nvidia-container-runtime';
  config.runtimes = { ...(config.runtimes as object | undefined), [name]: { args: [], path } };
  if (on(args, 'set-as-default') || on(args, 'nvidia-set-as-default')) config['default-runtime'] = name;
  // The tool's type assertion on decoded JSON never holds, so every other feature is dropped.
  if (on(args, 'cdi.enabled') || on(args, 'enable-cdi')) config.features = { cdi: true };
  const body = JSON.stringify(sorted(config), null, 4);
  if (on(args, 'dry-run')) return out(`${body}\n`, log);
  if (!root)
    return fail(
      1,
      `${log}${line(world, 'error', `unable to flush config: unable to open ${at} for writing: open ${at}: permission denied`)}`,
    );
  tick(world);
  overwrite(world.fs, at, body);
  return out(
    '',
    log +
      line(world, 'info', `Wrote updated config to ${at}`) +
      line(world, 'info', 'It is recommended that docker daemon be restarted.'),
  );
};

const config = (world: World, args: readonly string[], version: string, root: boolean): Ran => {
  const at = values(args, 'config-file')[0] ?? values(args, 'config')[0] ?? configPath;
  const parsed = parseConfig(world, at);
  if ('error' in parsed) return fail(1, line(world, 'error', `unable to create config: ${parsed.error}`));
  const before = text(world.fs, at) ?? '';
  const set = setOptions(before, values(args, 'set'), version);
  if ('error' in set) return fail(1, line(world, 'error', set.error));
  if (!(on(args, 'in-place') || args.includes('-i'))) return out(set.text);
  if (!root) return fail(1, line(world, 'error', `unable to save config: open ${at}: permission denied`));
  tick(world);
  overwrite(world.fs, at, set.text);
  return out('');
};

const system = (world: World, args: readonly string[], root: boolean): Ran => {
  if (args[0] === 'create-dev-char-symlinks') return out('');
  if (args[0] !== 'create-device-nodes') return fail(3, `No help topic for '${args[0] ?? ''}'\n`);
  if (!root) return fail(1, line(world, 'error', 'failed to create control device nodes: operation not permitted'));
  if (on(args, 'load-kernel-modules'))
    for (const m of ['nvidia', 'nvidia_uvm', 'nvidia_modeset']) {
      const why = loadModule(world, m);
      if (why)
        return fail(
          1,
          line(world, 'error', `failed to load NVIDIA kernel modules: failed to load module ${m}: ${why.trim()}`),
        );
    }
  if (on(args, 'control-devices')) makeNodes(world, true);
  return out('');
};

export const nvidiaCtk: Program = ({ world, args, root }) => {
  const version = world.versions.toolkit ?? '1.17.8';
  const rest = args.filter(
    (a, i) => !(['--debug', '--quiet', '-q', '-d'].includes(a) && args.slice(0, i).every(b => b.startsWith('-'))),
  );
  const [first = '', second = '', ...tail] = rest;
  if (first === '--version' || first === '-v')
    return out(`NVIDIA Container Toolkit CLI version ${version}\ncommit: ${commits[version] ?? '4a8a5a5'}\n`);
  if (first === 'cdi' && second === 'list') return list(world, tail, version);
  if (first === 'cdi' && second === 'generate') return generateSpec(world, tail, version, root);
  if (first === 'config' && second === 'default') return out(setOptions('', [], version).text ?? '');
  if (first === 'config') return config(world, rest.slice(1), version, root);
  if (first === 'system') return system(world, rest.slice(1), root);
  if (first === 'runtime' && second === 'configure') {
    const engine = values(tail, 'runtime')[0] ?? 'docker';
    if (engine === 'docker') return configureDocker(world, tail, root);
    return fail(1, line(world, 'error', `unrecognized runtime '${engine}'`));
  }
  if (first === '')
    return out('NAME:\n   NVIDIA Container Toolkit CLI - Tools to configure the NVIDIA Container Toolkit\n');
  return fail(3, '', `No help topic for '${first}'\n`);
};

export const nvidiaCdiHook: Program = ({ world, args }) => {
  const version = world.versions.toolkit ?? '1.17.8';
  return args[0] === '--version'
    ? out(`NVIDIA CDI Hook version ${version}\ncommit: ${commits[version] ?? '4a8a5a5'}\n`)
    : fail(1, line(world, 'error', `unsupported CDI hook: ${args[0] ?? ''}`));
};
