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

/** Section 2.6, first half: which toolkit is installed, and does it fit together. */
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
          'nvidia-docker.service … failed',
          'create nvidia_driver_',
          'no such volume: nvidia_driver_',
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
          'nvidia-docker: not found',
          'No such file or directory: nvidia-docker',
          'nvidia-container-cli: command not found',
          'Command not found: nvidia-container-cli',
          'ctr: exec: nvidia-container-cli: executable file not found',
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
    follows: ['cdi-disabled-in-docker', 'docker-desktop-linux', 'docker-snap'],
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
      s(['error executing hook /usr/bin/nvidia-ctk … (exit code: 1)', 'nvidia-ctk hook … exit status 1'], 0.45),
      s('nvidia-container-runtime did not terminate successfully', 0.3),
      s(['unsupported IMEX channel value', 'error parsing IMEX info'], 0.62),
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
          'Error: libnvidia-container.so',
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
        0.42,
      ),
      s('stderr: exec failed: no such file or directory', 0.5),
      s(
        [
          'nvidia-container-runtime did not terminate successfully',
          'stderr: nvidia-container-cli:',
          'error executing hook',
          'OCI runtime create failed',
        ],
        0.62,
        { needs: ['toolkitChanged'] },
      ),
      s(
        [
          'regression',
          'downgrading to',
          'downgrade to',
          'downgraded to',
          'works again with',
          'it fails with everything newer',
          'breaks everything',
        ],
        0.56,
        { needs: ['toolkitChanged'], kind: 'cause' },
      ),
      s(
        // Releases that are known to break containers.
        'nvidia-container-toolkit<-base|> <=|>1.17.<0|7>',
        0.55,
        { kind: 'cause' },
      ),
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
      s(['/usr/local/nvidia/toolkit/nvidia-container-runtime', '/usr/local/nvidia/toolkit … no such file'], 0.35),
    ],
  },
  'low-level-runtime-not-found': {
    tell: 'command -v runc crun with the PATH of the daemon, and the runtimes list in config.toml',
    shows: [
      s(['find runc path: exec: runc', 'nvidia-container-runtime: find runc path'], 0.93),
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
