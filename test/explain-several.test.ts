/** Several messages in one text: the first cause wins over what follows from it, and loud harmless lines lose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainText } from '../src/explain/index.ts';
import { cli, daemon, hook } from './fixtures/texts/wraps.ts';

const NOT_LOADED = cli('initialization error: nvml error: driver not loaded');
const NO_TALK =
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.";
const NO_DAEMON = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';

const several: readonly (readonly [id: string, name: string, lines: readonly string[]])[] = [
  [
    'secure-boot-key-rejected',
    'a refused module before everything that lacks it',
    ["modprobe: ERROR: could not insert 'nvidia': Key was rejected by service", NO_TALK, NOT_LOADED],
  ],
  [
    'secure-boot-key-rejected',
    'the reason found last',
    [NOT_LOADED, NO_TALK, "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"],
  ],
  [
    'nouveau-bound',
    'another driver holds the card',
    [
      "modprobe: ERROR: could not insert 'nvidia': No such device",
      'NVRM: GPU 0000:01:00.0 is already bound to nouveau.',
      'NVRM: No NVIDIA devices probed.',
      NO_TALK,
    ],
  ],
  [
    'driver-library-version-mismatch',
    'the kernel says why',
    [
      cli('initialization error: nvml error: driver/library version mismatch'),
      "NVRM: API mismatch: the client 'nvidia-smi' (pid 11)\nNVRM: has the version 550.127, but this kernel module has\nNVRM: the version 550.120.",
      'RuntimeError: Found no NVIDIA driver on your system.',
    ],
  ],
  [
    'docker-daemon-json-malformed',
    'a daemon that cannot read its file',
    [
      "dockerd[9]: unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}' looking for beginning of object key string",
      'systemd[1]: docker.service: Start request repeated too quickly.',
      NO_DAEMON,
    ],
  ],
  [
    'docker-flag-conflict',
    'a key given twice',
    [
      NO_DAEMON,
      'unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [fd://], from file: [tcp://0.0.0.0])',
    ],
  ],
  [
    'gpu-fallen-off-bus',
    'a lost card before the spec that lacks it',
    [
      'NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.',
      'nvidia-cdi-refresh.service: Main process exited, code=exited, status=1/FAILURE',
      daemon('CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all'),
    ],
  ],
  [
    'cdi-spec-conflict',
    'two specs and what the engine makes of them',
    [
      daemon('CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=0'),
      'conflicting device "nvidia.com/gpu=0" (specs "/etc/cdi/nvidia.yaml", "/etc/cdi/nvidia-container-toolkit.json")',
    ],
  ],
  [
    'gsp-boot-failure',
    'firmware before its adapter',
    [
      'No devices were found',
      'NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x62:0x40:2477)',
      'NVRM: _kgspBootGspRm: unexpected WPR2 already up, cannot proceed with booting GSP',
    ],
  ],
  [
    'open-module-required',
    'the other flavour of the module',
    [
      'No devices were found',
      'NVRM: installed in this system requires use of the NVIDIA open kernel modules.',
      'NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)',
    ],
  ],
  [
    'dkms-build-failed',
    'a build that failed before the module that is missing',
    [
      'Error! Bad return status for module build on kernel: 6.11.0-9-generic (x86_64)',
      'modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.11.0-9-generic',
      NO_TALK,
    ],
  ],
  [
    'selinux-denied',
    'a denial and its consequence',
    [
      'Failed to initialize NVML: Insufficient Permissions',
      'type=AVC msg=audit(1.2:3): avc:  denied  { open } for  comm="nvidia-smi" path="/dev/nvidiactl" tcontext=system_u:object_r:xserver_misc_device_t:s0',
    ],
  ],
  [
    'cuda-requirement-unsatisfied',
    'what the hook says, before what the framework makes of it',
    [
      cli(
        'requirement error: unsatisfied condition: cuda>=12.8, please update your driver to a newer version, or use an earlier cuda container',
      ),
      'torch.cuda.is_available() is False',
      'no compatible GPUs were discovered',
    ],
  ],
  [
    'image-arch-not-compiled',
    'memory notes of a Jetson are no fault',
    [
      'NvRmMemInitNvmap failed with Permission denied',
      '549: Memory Manager Not supported',
      'RuntimeError: CUDA error: no kernel image is available for execution on the device',
    ],
  ],
  [
    'ldconfig-path-wrong',
    'harmless lines of the debug log',
    [
      'W0105 nvc_info.c:399] missing ipc path /var/run/nvidia-persistenced/socket',
      'W0105 nvc_info.c:403] missing library libnvidia-fatbinaryloader.so',
      hook('nvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory'),
    ],
  ],
  [
    'docker-no-device-driver',
    'warnings of Compose',
    [
      'WARN[0000] /srv/compose.yml: the attribute `version` is obsolete, it will be ignored',
      ' ✔ Network srv_default  Created',
      'Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]',
      'ERRO[0000] error waiting for container: context canceled',
    ],
  ],
];

for (const [id, name, lines] of several)
  test(name, () => {
    const told = explainText(lines.join('\n'));
    assert.equal(told.causes[0]?.id, id, told.causes.map(c => `${c.id} ${c.confidence}`).join(', '));
  });

const foreign: readonly (readonly [kind: string, text: string])[] = [
  [
    'port',
    '$ docker run -d --gpus all -p 8080:80 app\ndocker: Error response from daemon: driver failed programming external connectivity on endpoint app: Bind for 0.0.0.0:8080 failed: port is already allocated.',
  ],
  [
    'image-pull',
    '$ docker run --gpus all corp/train:9\ndocker: Error response from daemon: pull access denied for corp/train, repository does not exist or may require docker login',
  ],
  [
    'name-resolution',
    'E: Failed to fetch http://archive.ubuntu.com/ubuntu  Temporary failure resolving archive.ubuntu.com',
  ],
  [
    'disk-full',
    'ERROR: failed to register layer: write /usr/local/cuda/lib64/libcublas.so.12: no space left on device',
  ],
  ['host-memory', 'Last State: Terminated\n  Reason: OOMKilled\n  Exit Code: 137'],
  ['compose-yaml', 'yaml: line 12: mapping values are not allowed in this context'],
  ['file-permissions', "mkdir: can't create directory '/data/models': Permission denied"],
  ['python-requirement', '  File "/usr/local/bin/app", line 2\nModuleNotFoundError: No module named \'requests\''],
  [
    'rocm',
    'docker: Error response from daemon: error gathering device information while adding custom device "/dev/kfd": no such file or directory.',
  ],
  [
    'macos',
    'Cannot connect to the Docker daemon at unix:///Users/me/.docker/run/docker.sock. Is the docker daemon running?',
  ],
  ['foreign-kernel-module', "modprobe: ERROR: could not insert 'vboxdrv': Key was rejected by service"],
  ['unrelated', 'Lorem ipsum dolor sit amet'],
];

for (const [kind, text] of foreign)
  test(`not ours: ${kind}`, () => {
    const told = explainText(text);
    assert.deepEqual([told.notMine, told.causes, told.foreign?.kind], [true, [], kind]);
  });

test('words of the stack without any message are neither a cause nor foreign', () => {
  const told = explainText('My NVIDIA GPU box has a container. How do I begin?');
  assert.deepEqual([told.notMine, told.causes], [false, []]);
});
