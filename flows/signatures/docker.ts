import { type Signs, s } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';

/** Section 2.9: the Docker engine. */
export const dockerSigns = {
  'docker-no-device-driver': {
    tell: 'is nvidia-container-runtime-hook installed, and is it younger than the running dockerd (systemctl show docker -p ActiveEnterTimestamp)?',
    shows: [
      s(
        [
          'could not select device driver with capabilities: [[gpu]]',
          'could not select device driver nvidia with capabilities: [[gpu',
          'could not select device driver with capabilities: [[gpu',
          'could not select device driver',
        ],
        0.8,
        { less: { desktop: 0.6, snap: 0.6 } },
      ),
      s(['failed to discover GPU vendor from CDI', 'no known GPU vendor found'], 0.85, {
        less: { desktop: 0.6, snap: 0.6 },
      }),
      s(['with capabilities: [[gpu', 'could not select device driver nvidia.<cdi|runtime-hook>'], 0.6, {
        less: { desktop: 0.6, snap: 0.6 },
      }),
    ],
    follows: ['docker-desktop-linux', 'docker-snap', 'cdi-disabled-in-docker'],
  },
  'docker-runtime-not-registered': {
    tell: 'docker info -f "{{json .Runtimes}}": does the engine that answers know nvidia? daemon.json read since its last change?',
    shows: [
      s(
        [
          'unknown or invalid runtime name: nvidia',
          'unknown or invalid runtime name',
          'Unknown runtime specified nvidia',
          'Unknown runtime specified',
          'invalid runtime name: nvidia',
          'runtime nvidia is not installed',
          'Error: default OCI runtime nvidia not found',
        ],
        0.89,
        { less: { desktop: 0.4, snap: 0.4 } },
      ),
      s(
        [
          'could not find requested runtime: nvidia',
          'requested docker runtime nvidia was not found',
          'requested runtime nvidia',
          'unable to find runtime nvidia',
          'runtime nvidia not found',
          'OCI runtime nvidia not found',
          'requested OCI runtime nvidia is not available',
          'invalid runtime: nvidia',
          'runtime nvidia is not',
        ],
        0.75,
      ),
    ],
    follows: ['docker-desktop-linux'],
  },
  'docker-default-runtime-broken': {
    tell: 'default-runtime and runtimes in daemon.json; journalctl -u docker -n 30',
    shows: [
      s(
        [
          'specified default runtime … does not exist',
          'default runtime nvidia does not exist',
          'specified default runtime',
        ],
        0.96,
        { kind: 'cause' },
      ),
      s(['runtime name runc is reserved', 'runtime name … is reserved'], 0.93, { kind: 'cause' }),
      s('default-runtime: nvidia', 0.3, { also: ['fork/exec'] }),
    ],
  },
  'docker-daemon-json-malformed': {
    tell: 'dockerd --validate --config-file=/etc/docker/daemon.json (changes nothing)',
    shows: [
      s(
        [
          'unable to configure the Docker daemon with file',
          "don't match any configuration option",
          "the following directives don't match any configuration option",
          'cannot unmarshal … into Go struct field Config',
          'daemon.json: invalid character',
          'daemon.json: invalid JSON',
          'daemon.json: unexpected end of JSON',
          'daemon.json: EOF',
        ],
        0.92,
        { kind: 'cause' },
      ),
      s(
        [
          'looking for beginning of object key string',
          'invalid character … looking for beginning of',
          'after object key:value pair',
          'invalid character } after',
          'unexpected end of JSON input',
          'after top-level value',
        ],
        0.66,
        { kind: 'cause', also: ['docker'] },
      ),
      s(
        [
          'docker.service: Start request repeated too quickly',
          'Failed to start Docker Application Container Engine',
          'Job for docker.service failed',
          'docker.service: Failed with result exit-code',
          'docker.service: Main process exited',
          'docker.service failed because',
        ],
        0.55,
        { needs: ['gpuWords'] },
      ),
      s(
        ['/etc/docker/daemon.json', '<changed|edited|modified|updated|configured|change|edit|configure> … daemon.json'],
        0.5,
        {
          also: ['docker.service'],
        },
      ),
    ],
    follows: ['docker-flag-conflict', 'docker-default-runtime-broken'],
  },
  'docker-flag-conflict': {
    tell: 'systemctl cat docker | grep ExecStart against the keys of daemon.json',
    shows: [
      s(
        [
          'specified both as a flag and in the configuration file',
          'directives are specified both as a flag',
          'both as a flag and in the configuration file',
          'from flag: … from file:',
          'merged configuration validation from file and command line flags failed',
          'conflicting options … flag and … configuration file',
        ],
        0.97,
        { kind: 'cause' },
      ),
      s('--add-runtime=nvidia', 0.5, { also: ['daemon.json'] }),
    ],
  },
  'docker-config-not-active': {
    tell: 'is daemon.json younger than the running dockerd? docker info against the file',
    shows: [
      s(['unknown or invalid runtime name: nvidia', 'Unknown runtime specified nvidia'], 0.2),
      s(['Runtimes: io.containerd.runc.v2 runc', 'Runtimes: runc'], 0.35, { also: ['runtime name'] }),
      s('cat /etc/docker/daemon.json', 0.3, { also: ['runtime'] }),
      s(['could not select device driver'], 0.12),
    ],
  },
  'docker-features-overwritten': {
    tell: 'daemon.json against its copy from before nvidia-ctk runtime configure --cdi.enabled: are other features gone?',
    shows: [
      s(
        [
          'images … disappeared',
          'all my images … gone',
          'docker images … empty … cdi.enabled',
          'containerd-snapshotter',
        ],
        0.35,
        { also: ['cdi.enabled'] },
      ),
      s('--cdi.enabled', 0.3),
    ],
  },
  'docker-snap': {
    tell: 'snap list docker and readlink -f $(command -v docker): is this the snap?',
    shows: [
      s(
        [
          'load library failed: libnvidia-ml.so.1',
          'could not select device driver',
          'unknown or invalid runtime name: nvidia',
          'Unknown runtime specified nvidia',
          'nvidia-container-cli',
          'nvidia-container-runtime',
          'failed to discover GPU vendor',
          'unresolvable CDI devices',
          'exec: nvidia',
        ],
        0.88,
        { needs: ['snap'], less: { lxc: 0.5 } },
      ),
      s(['/var/snap/docker', '/snap/docker', 'snap.docker.dockerd', 'snap install docker', 'snap list … docker'], 0.5, {
        kind: 'cause',
      }),
    ],
  },
  'docker-29.2-gpus-behaviour-change': {
    tell: 'docker version: server 29.2 or newer? Then compare with --gpus "all,driver=nvidia.runtime-hook"',
    shows: [s(['Ignoring previous errors updating spec', 'driver=nvidia.runtime-hook', 'driver=nvidia.cdi'], 0.7)],
  },
  'docker-build-no-gpu': {
    tell: 'does the failing step run in docker build (a RUN line)? Builds get no GPU; does the same command work in docker run --gpus all?',
    shows: [
      s(
        ['Could not find cuda drivers on your machine', 'CUDA_cublas_LIBRARY', 'assert torch.cuda.is_available()'],
        0.6,
        { needs: ['build'], less: { tegra: 0.5 } },
      ),
      s(
        [
          'nvidia-smi: not found',
          'nvidia-smi: command not found',
          'No CUDA runtime is found',
          'libcuda.so.1',
          'cannot find -lcuda',
          'Found no NVIDIA driver on your system',
          'No CUDA GPUs are available',
          'no CUDA-capable device is detected',
          'CUDA_HOME environment variable is not set',
          'torch.cuda.is_available',
          'nvidia driver … not',
          'libnvidia-ml.so.1',
          'cuInit',
          'IndexError: list index out of range',
        ],
        0.85,
        { needs: ['build'], less: { tegra: 0.6 } },
      ),
      s(
        [
          'CUDA_HOME environment variable is not set',
          'No CUDA runtime is found, using CUDA_HOME',
          'No CUDA runtime is found',
        ],
        0.55,
      ),
      s('cannot find -lcuda', 0.5),
    ],
  },
  'swarm-service-no-gpu': {
    tell: 'docker info -f "{{.Swarm.LocalNodeState}}" and how the service was started (stack deploy, service create)',
    shows: [
      s(['no suitable node (insufficient resources', 'no suitable node', 'insufficient resources on # node'], 0.85),
      s(['docker stack deploy', 'docker service create'], 0.6, { needs: ['gpuWords'] }),
      s('Additional property', 0.6, { needs: ['swarm'] }),
      s('node-generic-resources', 0.5),
    ],
  },
  'docker-not-running': {
    tell: 'systemctl is-active docker, then journalctl -u docker -n 30 for why',
    shows: [
      s(
        [
          'Cannot connect to the Docker daemon',
          'Is the docker daemon running',
          'error during connect:',
          'docker daemon is not running',
          'dial unix /var/run/docker.sock: connect: no such file',
          'docker.sock: connect: connection refused',
          'open //./pipe/docker_engine',
          'failed to connect to the docker API',
        ],
        0.86,
        { needs: ['asksGpus', 'asksRuntime', 'asksCdi', 'hostFine'] },
      ),
      s(
        [
          'Failed to start Docker Application Container Engine',
          'docker.service: Start request repeated too quickly',
          'docker.service … failed',
        ],
        0.42,
        { needs: ['gpuWords'] },
      ),
    ],
    follows: [
      'docker-daemon-json-malformed',
      'docker-flag-conflict',
      'docker-default-runtime-broken',
      'cdi-spec-crashes-engine',
      'docker-socket-denied',
    ],
  },
  'docker-socket-denied': {
    tell: 'id against owner and group of /run/docker.sock',
    shows: [
      s(
        [
          'permission denied while trying to connect to the Docker daemon socket',
          'permission denied while trying to connect to the docker API',
          'permission denied while trying to connect to the Docker',
          'docker.sock: connect: permission denied',
          'Got permission denied while trying to connect',
        ],
        0.96,
        { needs: ['asksGpus', 'asksRuntime', 'asksCdi', 'hostFine'] },
      ),
    ],
  },
} satisfies Partial<Record<ModeId, Signs>>;
