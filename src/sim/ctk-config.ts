/** `nvidia-ctk config`: the default file, and what a save with `--set` makes of an existing one. */
import { atLeast } from './world.ts';

const template = (version: string): string => {
  const old = !atLeast(version, '1.15.0');
  const runtimes = atLeast(version, '1.18.0') ? '["runc", "crun"]' : '["docker-runc", "runc", "crun"]';
  return `#accept-nvidia-visible-devices-as-volume-mounts = false
#accept-nvidia-visible-devices-envvar-when-unprivileged = true
disable-require = false
supported-driver-capabilities = "compat32,compute,display,graphics,ngx,utility,video"
#swarm-resource = "DOCKER_RESOURCE_GPU"

[nvidia-container-cli]
#debug = "/var/log/nvidia-container-toolkit.log"
environment = []
#ldcache = "/etc/ld.so.cache"
ldconfig = "@/sbin/ldconfig"
load-kmods = true
#no-cgroups = false
#path = "/usr/bin/nvidia-container-cli"
#root = "/run/nvidia/driver"
#user = "root:video"

[nvidia-container-runtime]
#debug = "/var/log/nvidia-container-runtime.log"
log-level = "info"
mode = "auto"
runtimes = ${runtimes}

[nvidia-container-runtime.modes]

[nvidia-container-runtime.modes.cdi]
annotation-prefixes = ["cdi.k8s.io/"]
default-kind = "nvidia.com/gpu"
spec-dirs = ["/etc/cdi", "/var/run/cdi"]

[nvidia-container-runtime.modes.csv]
mount-spec-path = "/etc/nvidia-container-runtime/host-files-for-container.d"
${atLeast(version, '1.17.7') ? '\n[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "ldconfig"\n' : ''}
[nvidia-container-runtime-hook]
path = "nvidia-container-runtime-hook"
skip-mode-detection = false
${old ? '\n[nvidia-ctk]\npath = "nvidia-ctk"\n' : '\n[nvidia-ctk]\npath = "nvidia-ctk"\n'}`;
};
export const defaultConfig = template;

const kinds: Readonly<Record<string, 'bool' | 'list' | 'string'>> = {
  'accept-nvidia-visible-devices-as-volume-mounts': 'bool',
  'accept-nvidia-visible-devices-envvar-when-unprivileged': 'bool',
  'disable-require': 'bool',
  'supported-driver-capabilities': 'string',
  'swarm-resource': 'string',
  'nvidia-container-cli.debug': 'string',
  'nvidia-container-cli.environment': 'list',
  'nvidia-container-cli.ldcache': 'string',
  'nvidia-container-cli.ldconfig': 'string',
  'nvidia-container-cli.load-kmods': 'bool',
  'nvidia-container-cli.no-cgroups': 'bool',
  'nvidia-container-cli.path': 'string',
  'nvidia-container-cli.root': 'string',
  'nvidia-container-cli.user': 'string',
  'nvidia-container-runtime.debug': 'string',
  'nvidia-container-runtime.log-level': 'string',
  'nvidia-container-runtime.mode': 'string',
  'nvidia-container-runtime.runtimes': 'list',
  'nvidia-container-runtime.modes.cdi.annotation-prefixes': 'list',
  'nvidia-container-runtime.modes.cdi.default-kind': 'string',
  'nvidia-container-runtime.modes.cdi.spec-dirs': 'list',
  'nvidia-container-runtime.modes.csv.mount-spec-path': 'string',
  'nvidia-container-runtime.modes.legacy.cuda-compat-mode': 'string',
  'nvidia-container-runtime-hook.path': 'string',
  'nvidia-container-runtime-hook.skip-mode-detection': 'bool',
  'nvidia-ctk.path': 'string',
  'features.allow-ldconfig-from-container': 'bool',
};

/** Values that a save before 1.20 takes for the commented example and comments out. */
const examples: Readonly<Record<string, string>> = {
  'nvidia-container-cli.debug': '"/var/log/nvidia-container-toolkit.log"',
  'nvidia-container-cli.ldcache': '"/etc/ld.so.cache"',
  'nvidia-container-cli.root': '"/run/nvidia/driver"',
  'nvidia-container-cli.user': '"root:video"',
  'nvidia-container-runtime.debug': '"/var/log/nvidia-container-runtime.log"',
};

/** Each line with the key it sets, commented or not. */
const keyed = (text: string): { line: string; key: string | undefined; commented: boolean }[] => {
  let table = '';
  return text.split('\n').map(line => {
    const header = /^\s*\[([^\]]+)\]/.exec(line);
    if (header) table = `${header[1]}.`;
    const m = /^\s*(#?)\s*([\w-]+)\s*=/.exec(line);
    return { line, key: m ? table + m[2] : undefined, commented: m?.[1] === '#' };
  });
};

/** Sets options in the text of a configuration file; with none, what a plain save prints. */
export const setOptions = (
  before: string,
  sets: readonly string[],
  version: string,
): { readonly text: string } | { readonly error: string; readonly text?: undefined } => {
  const rows = keyed(before.trim() === '' ? template(version) : before).filter(
    r => r.key !== undefined || !r.line.trimStart().startsWith('#'),
  );
  for (const set of sets) {
    for (const part of set.split(',')) {
      const name = part.split('=')[0]!;
      const kind = kinds[name];
      if (kind === undefined) {
        const why = `invalid config option: undefined field: "${name.split('.').at(-1)}"`;
        return {
          error: set.includes(',')
            ? `invalid --set option ${part}: undefined field: "${name}"`
            : `failed to parse --set option ${part}: ${why}`,
        };
      }
      const given = part.includes('=') ? part.slice(part.indexOf('=') + 1) : 'true';
      const list = atLeast(version, '1.16.0') ? given.split(':') : [given];
      const value =
        kind === 'bool'
          ? String(given === 'true')
          : kind === 'list'
            ? `[${given === '' ? '' : list.map(v => JSON.stringify(v)).join(', ')}]`
            : JSON.stringify(given);
      const key = name.split('.').at(-1)!;
      const at = rows.findIndex(r => r.key === name && !r.commented);
      const hidden = rows.findIndex(r => r.key === name);
      const row = { line: `${key} = ${value}`, key: name, commented: false };
      if (at >= 0) rows[at] = row;
      else if (hidden >= 0) rows[hidden] = row;
      else {
        const table = name.split('.').slice(0, -1).join('.');
        const header = rows.findIndex(r => r.line.trim() === `[${table}]`);
        if (header >= 0) rows.splice(header + 1, 0, row);
        else
          rows.push({ line: `\n[${table}]`, key: undefined, commented: false }, row, {
            line: '',
            key: undefined,
            commented: false,
          });
      }
    }
  }
  const recomment = !atLeast(version, '1.20.0');
  const lines = rows.map(r => {
    const example = r.key === undefined ? undefined : examples[r.key];
    return recomment && example && !r.commented && r.line.split('=')[1]?.trim() === example
      ? `#${r.line.trim()}`
      : r.line;
  });
  return { text: lines.join('\n') };
};
