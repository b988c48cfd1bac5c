import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.6, second half: ldconfig and config.toml. */
export const configurationSigns = {
  'ldconfig-path-wrong': {
    tell: 'grep ldconfig /etc/nvidia-container-runtime/config.toml: does the path behind the @ exist on the host?',
    shows: [
      s(
        [
          'ldcache error: open failed',
          'ldcache error: open failed: /sbin/ldconfig.real',
          'open failed: /sbin/ldconfig',
          'ldconfig.real: no such file or directory',
          'nvidia-container-cli: ldcache error: stat failed',
          'open failed: … ldconfig',
        ],
        0.94,
      ),
      s(['could not start /sbin/ldconfig', 'could not start … ldconfig'], 0.45),
      s('ldconfig = @/sbin/ldconfig.real', 0.3),
    ],
  },
  'ldconfig-container-path-rejected': {
    tell: 'grep ldconfig /etc/nvidia-container-runtime/config.toml: the value has to begin with @',
    shows: [
      s(
        ['is not host-relative (does not start with a @)', 'is not host-relative', 'host-relative (does not start'],
        0.97,
        { kind: 'cause' },
      ),
      s('nvidia-container-cli.ldconfig value', 0.93, { kind: 'cause' }),
    ],
  },
  'ldcache-process-failed': {
    tell: 'does the same container start with another image (distroless or musl root, read-only or full disk)? Signal 31 is seccomp',
    shows: [
      s(
        [
          'ldcache error: process',
          'process /sbin/ldconfig failed with error code',
          'process /sbin/ldconfig.real failed with error code',
          'process /sbin/ldconfig terminated with signal',
          'ldconfig.real terminated with signal',
          'ldconfig terminated with signal',
          'ldconfig failed with error code',
        ],
        0.93,
      ),
      s(
        [
          'nvidia-cdi-hook … update-ldcache',
          'hook … update-ldcache',
          'Error updating ldcache',
          'error executing hook … update-ldcache',
          'failed to update ldcache',
          'failed to run ldconfig',
        ],
        0.66,
      ),
      s(['nvidia-container-cli: ldcache error', 'ldcache error:'], 0.6),
    ],
    follows: ['ldconfig-path-wrong'],
  },
  'container-ldcache-not-updated': {
    tell: 'file -L on the ldconfig that config.toml names: a script there ends in silence; does every image lack the libraries?',
    shows: [
      s(
        [
          'could not start /sbin/ldconfig: process execution failed',
          'could not start … ldconfig … : process execution failed',
          'process execution failed: no such file or directory',
        ],
        0.62,
      ),
      s(["couldn't find libnvidia-ml.so library in your system"], 0.42, { more: { inContainer: 0.25 } }),
      s('libcuda.so.1: cannot open shared object file', 0.12),
    ],
  },
  'ldcache-pivot-root-failed': {
    tell: 'findmnt -no FSTYPE /: is the root of the host a rootfs or ramfs (Unraid, live system) with toolkit 1.18?',
    shows: [
      s(
        [
          'Error updating ldcache: error running pivot_root',
          'error running pivot_root: pivot_root',
          'pivot_root .: invalid argument',
          'running pivot_root',
        ],
        0.95,
      ),
    ],
  },
  'config-toml-invalid': {
    tell: 'nvidia-ctk config on the host: it names line and column of what it cannot read',
    shows: [
      s(
        [
          'error getting hook config',
          "couldn't open required configuration file",
          'duplicated tables',
          "Can't convert … to <bool|string>",
          'unescaped control character',
          'failed to load config: ',
          'failed to unmarshal config: (',
          'invalid config option: undefined field',
          'invalid config value',
          "couldn't open configuration file",
          "couldn't open default configuration file",
          'error loading config: ',
        ],
        0.92,
        { also: ['nvidia'], less: { k3s: 0.6 } },
      ),
      s(['invalid runtime mode:', 'invalid mode', 'a mode must be specified', 'failed to resolve mode'], 0.82, {
        also: ['nvidia-container-runtime'],
      }),
      s('invalid mode', 0.82, { also: ['NVIDIA Container Runtime'] }),
      s(['construct OCI spec modifier: invalid mode', 'a mode must be specified', 'invalid runtime mode: '], 0.7),
      s('nvidia-container-runtime did not terminate successfully', 0.72, {
        also: ['unable to retrieve OCI runtime error'],
      }),
      s(
        [
          'duplicated tables',
          'unescaped control character',
          "couldn't open required configuration file",
          'error getting hook config',
          'failed to unmarshal config: (',
          'invalid config option: undefined field',
        ],
        0.88,
      ),
      s('nvidia-container-runtime did not terminate successfully', 0.6, { less: { toolkitChanged: 0.4 } }),
      s('Invalid value for config option', 0.66),
      s('nvidia-container-runtime/config.toml', 0.2),
    ],
  },
  'config-toml-reverted-by-upgrade': {
    tell: 'compare config.toml with a copy from before the package upgrade: are debug, root or user commented out again?',
    shows: [
      s(
        [
          'settings … vanished after … upgrade',
          'config.toml … reverted',
          'config.toml … overwritten',
          'does not stick',
          'config.toml … reset after',
          'config.toml … commented out again',
        ],
        0.6,
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
