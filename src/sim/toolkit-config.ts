/** /etc/nvidia-container-runtime/config.toml as the toolkit's programs read it. */
import toml from '@iarna/toml';
import { exists, text } from './fs.ts';
import { atLeast, type World } from './world.ts';

export const configPath = '/etc/nvidia-container-runtime/config.toml';

export interface ToolkitConfig {
  readonly mode: string;
  readonly root: string;
  /** As written; the default where the line is missing. */
  readonly ldconfig: string;
  readonly ldcache: string;
  readonly loadKmods: boolean;
  readonly noCgroups: boolean;
  readonly cliPath: string;
  readonly capabilities: readonly string[];
  readonly acceptEnvUnprivileged: boolean;
  readonly disableRequire: boolean;
  /** Variables that count before NVIDIA_VISIBLE_DEVICES. */
  readonly swarmResource: readonly string[];
  readonly specDirs: readonly string[];
  readonly defaultKind: string;
  readonly runtimes: readonly string[];
  readonly hookPath: string;
  readonly skipModeDetection: boolean;
  readonly cudaCompat: string;
  readonly allowContainerLdconfig: boolean;
}
type Table = { readonly [key: string]: unknown };
const table = (t: Table, key: string): Table =>
  typeof t[key] === 'object' && t[key] !== null ? (t[key] as Table) : {};

/** Where and what, as go-toml words it: "(21, 9): unescaped control character U+000A". */
const tomlError = (content: string, e: { readonly line?: number; readonly message: string }): string => {
  const lines = content.split('\n');
  const headers = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    const header = /^\s*\[([^[\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) {
      if (headers.has(header)) return `(${i + 1}, 2): duplicated tables`;
      headers.set(header, i);
    }
    const open = /^\s*[\w.-]+\s*=\s*"[^"]*$/.exec(line);
    if (open) return `(${i + 1}, ${line.indexOf('"') + 2}): unescaped control character U+000A`;
  }
  const at = Math.min((e.line ?? 0) + 1, lines.length);
  return `(${at}, 1): ${/redefine/i.test(e.message) ? 'The following key was defined twice' : 'unexpected token'}`;
};

/** The parsed file, or the error text of the toolkit. A missing file is an empty one. */
export const parseConfig = (
  world: World,
  path = configPath,
): { readonly table: Table } | { readonly error: string } => {
  const content = text(world.fs, path) ?? '';
  let parsed: Table;
  try {
    parsed = toml.parse(content) as Table;
  } catch (e) {
    return { error: tomlError(content, e as { line?: number; message: string }) };
  }
  const wrong = (section: Table, key: string, kind: 'bool' | 'string' | '[]string'): string | null => {
    const value = section[key];
    const right =
      kind === '[]string' ? Array.isArray(value) : typeof value === (kind === 'bool' ? 'boolean' : 'string');
    if (value === undefined || right) return null;
    const line = content.split('\n').findIndex(l => new RegExp(`^\\s*${key}\\s*=`).test(l)) + 1;
    return `(${line}, 1): Can't convert ${String(value)}(${typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'bool' : 'int64'}) to ${kind}${kind === '[]string' ? '(slice)' : ''}`;
  };
  const cli = table(parsed, 'nvidia-container-cli');
  const runtime = table(parsed, 'nvidia-container-runtime');
  const error =
    wrong(parsed, 'disable-require', 'bool') ??
    wrong(cli, 'load-kmods', 'bool') ??
    wrong(cli, 'no-cgroups', 'bool') ??
    wrong(cli, 'ldconfig', 'string') ??
    wrong(cli, 'root', 'string') ??
    wrong(runtime, 'mode', 'string') ??
    wrong(runtime, 'runtimes', '[]string');
  return error ? { error: `failed to unmarshal config: ${error}` } : { table: parsed };
};

export const readConfig = (world: World): { readonly config: ToolkitConfig } | { readonly error: string } => {
  const parsed = parseConfig(world);
  if ('error' in parsed) return parsed;
  const t = parsed.table;
  const cli = table(t, 'nvidia-container-cli');
  const runtime = table(t, 'nvidia-container-runtime');
  const cdi = table(table(runtime, 'modes'), 'cdi');
  const hook = table(t, 'nvidia-container-runtime-hook');
  const string = (s: Table, key: string, otherwise: string): string =>
    typeof s[key] === 'string' ? (s[key] as string) : otherwise;
  const list = (s: Table, key: string, otherwise: readonly string[]): readonly string[] =>
    Array.isArray(s[key]) ? (s[key] as string[]) : otherwise;
  return {
    config: {
      mode: string(runtime, 'mode', 'auto'),
      root: string(cli, 'root', ''),
      ldconfig: string(cli, 'ldconfig', '@/sbin/ldconfig'),
      ldcache: string(cli, 'ldcache', ''),
      loadKmods: cli['load-kmods'] !== false,
      noCgroups: cli['no-cgroups'] === true,
      cliPath: string(cli, 'path', ''),
      capabilities: string(
        t,
        'supported-driver-capabilities',
        'compat32,compute,display,graphics,ngx,utility,video',
      ).split(','),
      acceptEnvUnprivileged: t['accept-nvidia-visible-devices-envvar-when-unprivileged'] !== false,
      disableRequire: t['disable-require'] === true,
      swarmResource: string(t, 'swarm-resource', '')
        .split(',')
        .map(name => name.trim())
        .filter(Boolean),
      specDirs: list(cdi, 'spec-dirs', ['/etc/cdi', '/var/run/cdi']),
      defaultKind: string(cdi, 'default-kind', 'nvidia.com/gpu'),
      runtimes: list(runtime, 'runtimes', ['runc', 'crun']),
      hookPath: string(hook, 'path', 'nvidia-container-runtime-hook'),
      skipModeDetection: hook['skip-mode-detection'] === true,
      cudaCompat: string(table(table(runtime, 'modes'), 'legacy'), 'cuda-compat-mode', 'ldconfig'),
      allowContainerLdconfig: table(t, 'features')['allow-ldconfig-from-container'] === true,
    },
  };
};

/** From 1.17.3 a path inside the container is refused. */
export const ldconfigRefused = (version: string, config: ToolkitConfig): string | null =>
  atLeast(version, '1.17.3') && !config.ldconfig.startsWith('@') && !config.allowContainerLdconfig
    ? `nvidia-container-cli.ldconfig value "${config.ldconfig}" is not host-relative (does not start with a '@')`
    : null;

/** The path that is run in the end: from 1.15 `.real` is taken off and put back only where that file exists. */
export const ldconfigRun = (world: World, version: string, value: string): string => {
  if (!value.startsWith('@') || !atLeast(version, '1.15.0')) return value;
  const plain = value.slice(1).replace(/\.real$/, '');
  return exists(world.fs, `${plain}.real`) ? `@${plain}.real` : `@${plain}`;
};

/** What `auto` stands for; names of CDI devices and the platform decide. */
export const resolveMode = (
  world: World,
  mode: string,
  otherwise: 'legacy' | 'jit-cdi',
  devices: readonly string[],
): string => {
  if (mode !== 'auto') return mode;
  if (devices.length > 0 && devices.every(d => /^[\w.-]+\/[\w.-]+=.+$/.test(d))) return 'cdi';
  const tegra =
    exists(world.fs, '/etc/nv_tegra_release') || (text(world.fs, '/sys/devices/soc0/family') ?? '').startsWith('tegra');
  const nvml = [...world.fs.entries.keys()].some(p => p.endsWith('/libnvidia-ml.so.1'));
  return tegra && !nvml ? 'csv' : otherwise;
};
