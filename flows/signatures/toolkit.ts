import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

const NO_DRIVER_SELECTED = [
  'could not select device driver with capabilities: [[gpu]]',
  'could not select device driver nvidia with capabilities: [[gpu',
  'could not select device driver with capabilities: [[gpu',
  'linux spec … could not select device driver with',
  'could not select device driver',
];
const NO_VENDOR = ['failed to discover GPU vendor from CDI', 'no known GPU vendor found'];

/** Section 2.6: the toolkit, its configuration, ldconfig. */
export const toolkitSigns = {
  'toolkit-not-installed': {
    tell: 'command -v nvidia-ctk nvidia-container-runtime-hook on the machine the engine runs on',
    shows: [
      s(
        [
          'Error looking up volume plugin nvidia-docker',
          'volume plugin nvidia-docker: plugin not found',
          'VolumeDriver.Create: internal error',
          'nvidia-docker-plugin … failed',
          'create nvidia_driver_',
        ],
        0.6,
      ),
      s(NO_DRIVER_SELECTED, 0.6, { less: { desktop: 0.6, snap: 0.5 } }),
      s(NO_VENDOR, 0.6, { less: { desktop: 0.6, snap: 0.5 } }),
      s(['unknown or invalid runtime name: nvidia', 'Unknown runtime specified nvidia'], 0.3),
      s(
        [
          'nvidia-ctk: command not found',
          'nvidia-ctk: not found',
          'Unable to locate package nvidia-container-toolkit',
          'Unable to locate package nvidia-docker2',
          'No match for argument: nvidia-container-toolkit',
          'nvidia-container-toolkit is not installed',
          'nvidia-docker: command not found',
          'nvidia-container-cli: command not found',
          'Package nvidia-docker2 is not available',
          'nvidia-container-toolkit … has no installation candidate',
        ],
        0.85,
      ),
      s(
        [
          'exec: nvidia-container-runtime-hook: executable file not found',
          'nvidia-container-runtime: no such file or directory',
          'exec: nvidia-container-runtime: executable file not found',
        ],
        0.45,
      ),
      s(['nvidia-container-runtime … not found'], 0.3),
    ],
    follows: ['docker-desktop-linux', 'docker-snap'],
  },
  'toolkit-base-only': {
    tell: 'command -v nvidia-container-runtime-hook while nvidia-ctk exists: then the package nvidia-container-toolkit is lacking',
    shows: [
      s(
        [
          'fork/exec /usr/bin/nvidia-container-runtime-hook: no such file',
          'fork/exec … nvidia-container-runtime-hook: no such file',
          'nvidia-container-runtime-hook: no such file or directory',
          'stat … nvidia-container-runtime-hook: no such file',
        ],
        0.92,
      ),
      s(NO_DRIVER_SELECTED, 0.15),
      s('nvidia-container-toolkit: no such file or directory', 0.6, { also: ['ing hook'] }),
      s('exec: nvidia-container-runtime-hook: executable file not found', 0.7),
    ],
  },
  'toolkit-version-skew': {
    tell: 'versions of nvidia-container-toolkit, -base, libnvidia-container-tools and libnvidia-container1: all four alike?',
    shows: [
      s(
        [
          'Error: nvml: Function Not Found',
          'nvml: Function Not Found',
          'Function Not Found … nvml',
          'failed to enable CUDA compat',
          'nvidia-cdi-hook … flag provided but not defined',
          'enable-cuda-compat … exit status',
          'nvidia-container-runtime-hook … panic',
          'invalid memory address or nil pointer dereference … nvidia',
        ],
        0.62,
      ),
      s(
        [
          'unrecognized option --cuda-compat-mode',
          'nvidia-container-cli configure: unrecognized option',
          'nvidia-container-cli: unrecognized option',
          'nvidia-container-cli configure --help',
          'nvidia-container-cli configure … unrecognized',
          'nvidia-container-cli … unrecognized option',
        ],
        0.96,
      ),
      s(
        [
          'error while loading shared libraries: libnvidia-container',
          'libnvidia-container.so.1: cannot open shared object file',
          'symbol lookup error: … libnvidia-container',
          'undefined symbol: … nvc',
          'libnvidia-container-go.so',
          'libnvidia-container.so.1: version',
        ],
        0.93,
      ),
      s(
        [
          "couldn't find binary nvidia-container-cli",
          'exec: nvidia-container-cli: executable file not found',
          'nvidia-container-cli: no such file or directory',
          'fork/exec … nvidia-container-cli: no such file',
        ],
        0.66,
      ),
      s(
        [
          'libnvidia-container-tools … but … is to be installed',
          'libnvidia-container1 … Depends',
          'nvidia-container-toolkit-base (= … but',
          'Depends: libnvidia-container1',
          'nvidia-container-toolkit : Depends',
          'nvidia-container-toolkit-base : Breaks',
          'trying to overwrite … nvidia-container',
          'nvidia-docker2 : Depends',
          'conflicts with file from package nvidia-container-toolkit',
          'libnvidia-container1 … conflicts',
        ],
        0.8,
      ),
      s(
        ['failed to create link: failed to check if link exists', 'unexpected link target', 'failed to create link'],
        0.66,
      ),
      s(['unsupported … nvidia-cdi-hook', 'flag provided but not defined: -', 'No help topic for'], 0.5, {
        also: ['nvidia'],
      }),
      s(
        [
          'unknown flag: … nvidia-ctk',
          'nvidia-ctk … Incorrect Usage',
          'unknown subcommand … nvidia-ctk',
          'Incorrect Usage: flag provided but not defined',
          'nvidia-ctk … No help topic',
        ],
        0.7,
      ),
      s('stderr: exec failed: no such file or directory', 0.5),
      s(
        [
          'nvml error: function not found',
          'ERROR_FUNCTION_NOT_FOUND',
          'undefined symbol: nvml',
          'symbol lookup error: … nvml',
        ],
        0.66,
      ),
      s(
        [
          'panic: runtime error: … nvidia-container',
          'nvidia-container-runtime … panic:',
          'nvidia-ctk … panic:',
          'SIGSEGV … nvidia-container-',
        ],
        0.5,
      ),
    ],
  },
  'toolkit-repo-conflict': {
    tell: 'grep -l nvidia /etc/apt/sources.list.d/*: two files for the same source?',
    shows: [
      s(
        ['Conflicting values set for option Signed-By regarding source', 'Conflicting values set for option Signed-By'],
        0.95,
        { kind: 'cause' },
      ),
      s(
        [
          'nvidia.github.io … NO_PUBKEY',
          'nvidia.github.io/libnvidia-container … does not have a Release file',
          'nvidia.github.io … is not signed',
          'nvidia.github.io/nvidia-docker',
          'nvidia.github.io/nvidia-container-runtime',
          'Unsupported distribution! # Check',
          'The repository https://nvidia.github.io',
          'Type # Unsupported distribution',
          'Malformed entry … nvidia-container-toolkit.list',
          'Malformed entry … libnvidia-container.list',
          'E: Type <!doctype is not known',
        ],
        0.72,
        { kind: 'cause' },
      ),
    ],
  },
  'toolkit-binary-not-in-daemon-path': {
    tell: 'does the path in runtimes.nvidia of daemon.json exist, and is it in the PATH of dockerd (tr "\\0" "\\n" < /proc/$(pidof dockerd)/environ)?',
    shows: [
      s(
        [
          'fork/exec … /nvidia-container-runtime: no such file or directory',
          'fork/exec /usr/bin/nvidia-container-runtime: no such file',
          'nvidia-container-runtime: no such file or directory',
          'exec: nvidia-container-runtime: executable file not found',
          'exec: /usr/bin/nvidia-container-runtime: stat',
          'fork/exec … /nvidia-container-runtime: permission denied',
          'nvidia-container-runtime: file does not exist',
          'nvidia-container-runtime … executable file not found in $PATH',
          'failed to start shim … nvidia-container-runtime',
        ],
        0.9,
      ),
      s(['error while looking up the specified runtime path', 'nvidia-container-runtime features'], 0.8),
      s(
        [
          "couldn't find binary nvidia-container-cli in",
          'exec: nvidia-container-cli: executable file not found in $PATH',
        ],
        0.5,
      ),
      s('exec failed: no such file or directory', 0.45),
      s(['/usr/local/nvidia/toolkit/nvidia-container-runtime', '/usr/local/nvidia/toolkit … no such file'], 0.55),
    ],
  },
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
      ),
      s('nvidia-container-cli.ldconfig value', 0.85),
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
        { also: ['nvidia'] },
      ),
      s(['invalid runtime mode:', 'invalid mode', 'a mode must be specified', 'failed to resolve mode'], 0.82, {
        also: ['nvidia-container-runtime'],
      }),
      s(['a mode must be specified', 'invalid runtime mode: '], 0.7),
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
      s('nvidia-container-runtime did not terminate successfully', 0.6),
      s('Invalid value for config option', 0.66),
      s('nvidia-container-runtime/config.toml', 0.35),
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
  'low-level-runtime-not-found': {
    tell: 'command -v runc crun with the PATH of the daemon, and the runtimes list in config.toml',
    shows: [
      s(
        [
          'no runtime binary found from candidate list',
          'error locating runtime: no runtime binary',
          'at least one runtime candidate must be specified',
          'error constructing low-level runtime',
          'error locating runtime',
        ],
        0.95,
      ),
    ],
  },
  'unknown-oci-spec-field': {
    tell: 'versions of the engine and of the toolkit: which is newer? features.allow-unknown-oci-spec-fields exists from 1.19',
    shows: [
      s(
        [
          'error reading OCI specification: json: unknown field',
          'failed to load OCI spec: … json: unknown field',
          'OCI spec … unknown field',
          'OCI specification … unknown field',
        ],
        0.96,
      ),
      s(['failed to construct OCI spec modifier: failed to load OCI spec', 'error reading OCI specification'], 0.7),
      s('json: unknown field', 0.35, { also: ['nvidia-container-runtime'] }),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
