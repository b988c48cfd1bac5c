import type { Edit } from '../edited.ts';
import {
  bin,
  type Case,
  CONFIG,
  CSV,
  cdiOff,
  GPU,
  inSpec,
  LIBRARIES,
  lspci,
  noLibcuda,
  noSpec,
  on,
  QUERY,
  SMI,
  SPEC,
  smi,
  tegra,
  WHICH,
} from './words.ts';

const nvidiaDefault = (b: Edit) => b.info(i => Object.assign(i, { DefaultRuntime: 'nvidia' }));

export const cases: readonly Case[] = [
  [
    'where.platform.metal',
    'docker-gpus',
    on('healthy@new', b => b.says('systemd-detect-virt -v', 'none\n', 1).says('systemd-detect-virt -c', 'none\n', 1)),
  ],
  ['where.platform.vm', 'docker-gpus', on('healthy@new', b => b.says('systemd-detect-virt -v', 'kvm\n'))],
  ['where.platform.container', 'docker-gpus', on('healthy@new', b => b.says('systemd-detect-virt -c', 'lxc\n'))],
  [
    'where.platform.wsl',
    'docker-gpus',
    on('healthy@new', b => b.says('uname -srm', 'Linux 6.6.87.2-microsoft-standard-WSL2 x86_64\n')),
  ],
  ['where.platform.tegra', 'docker-runtime', on('tegra-csv-missing-files@new')],
  ['where.platform.cannotTell', 'docker-gpus', on('healthy@new', b => b.unread('/etc/nv_tegra_release', 'EIO'))],
  [
    'wsl.adapter.present',
    'docker-gpus',
    on('healthy@new', b =>
      b.says('uname -srm', 'Linux 6.6-microsoft-standard-WSL2 x86_64').thing('/dev/dxg', { type: 'char' }),
    ),
  ],
  [
    'wsl.adapter.missing',
    'docker-gpus',
    on('healthy@new', b => b.says('uname -srm', 'Linux 6.6-microsoft-standard-WSL2 x86_64')),
  ],
  [
    'wsl.adapter.cannotTell',
    'docker-gpus',
    on('healthy@new', b => {
      delete b.draft.dirs['/dev'];
      b.draft.errors['/dev/dxg'] = 'EIO';
      return b.says('uname -srm', 'Linux 6.6-microsoft-standard-WSL2 x86_64');
    }),
  ],
  ['hardware.present.found', 'docker-gpus', on('healthy@new')],
  ['hardware.present.gone', 'docker-gpus', on('driver-not-loaded@new', lspci(`${GPU} (rev ff)\n`))],
  ['hardware.present.none', 'docker-gpus', on('no-gpu@new', b => b.says('systemd-detect-virt -v', 'none\n', 1))],
  ['hardware.present.noneInVm', 'docker-gpus', on('no-gpu@new')],
  [
    'hardware.present.cannotTell',
    'docker-gpus',
    on('no-gpu@new', b => {
      delete b.draft.dirs['/sys/bus/pci/devices'];
      return b.absent('lspci -Dnnk -d 10de:');
    }),
  ],
  [
    'hardware.bound.cannotTell',
    'docker-gpus',
    on('no-gpu@new', b => b.absent('lspci -Dnnk -d 10de:').forgetDir('/sys/bus/pci/devices')),
  ],
  ['hardware.bound.nvidia', 'docker-gpus', on('healthy@new')],
  ['hardware.bound.unbound', 'docker-gpus', on('driver-not-loaded@new')],
  ['hardware.bound.nouveau', 'docker-gpus', on('nouveau-bound@new')],
  [
    'hardware.bound.vfio',
    'docker-gpus',
    on('nouveau-bound@new', lspci(`${GPU}\n\tKernel driver in use: nvgrace_gpu_vfio_pci\n`)),
  ],
  [
    'hardware.bound.vfio',
    'docker-gpus',
    on('driver-not-loaded@new', lspci(`${GPU}\n\tKernel driver in use: vfio-pci\n`)),
  ],
  ['driver.loaded.loaded', 'docker-gpus', on('healthy@new')],
  [
    'driver.loaded.notLoaded',
    'docker-gpus',
    on('driver-not-loaded@new', b => b.says('modinfo -F version nvidia', '580.126.09\n')),
  ],
  ['driver.loaded.notBuilt', 'docker-gpus', on('driver-not-loaded@new')],
  [
    'driver.loaded.notInstalled',
    'docker-gpus',
    on('driver-not-loaded@new', b => b.says('which nvidia-smi', '', 1).dir('/usr/lib/x86_64-linux-gnu', ['libc.so.6'])),
  ],
  [
    'driver.loaded.cannotTell',
    'docker-gpus',
    on('healthy@new', b =>
      b.unread('/proc/driver/nvidia/version', 'EACCES').unread('/sys/module/nvidia/version', 'EACCES'),
    ),
  ],
  ['driver.agree.agree', 'docker-gpus', on('healthy@new')],
  [
    'driver.agree.mismatch',
    'docker-gpus',
    on(
      'healthy@new',
      smi(18, 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126'),
    ),
  ],
  ['driver.nodes.present', 'docker-gpus', on('healthy@new')],
  ['driver.nodes.missing', 'docker-gpus', on('healthy@new', b => b.thing('/dev/nvidiactl', null))],
  ['driver.nodes.cannotTell', 'docker-gpus', on('healthy@new', b => b.forgetDir('/dev'))],
  ['driver.answers.answers', 'docker-gpus', on('healthy@new')],
  ['driver.answers.notAsked', 'docker-gpus', on('healthy@new', b => b.forget(SMI, QUERY))],
  ['driver.answers.hangs', 'docker-gpus', on('healthy@new', b => b.hangs(SMI).hangs(QUERY))],
  [
    'driver.answers.lost',
    'docker-gpus',
    on(
      'healthy@new',
      smi(
        15,
        'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
      ),
    ),
  ],
  ['driver.answers.noDevice', 'docker-gpus', on('healthy@new', smi(6, 'No devices were found'))],
  [
    'driver.answers.denied',
    'docker-gpus',
    on('healthy@new', smi(4, 'Failed to initialize NVML: Insufficient Permissions')),
  ],
  [
    'driver.answers.fault',
    'docker-gpus',
    on('healthy@new', smi(14, 'WARNING: infoROM is corrupted at gpu 0000:01:00.0')),
  ],
  ['driver.answers.cannotTell', 'docker-gpus', on('healthy@new', smi(-11, ''))],
  ['driver.uvm.present', 'docker-gpus', on('healthy@new')],
  ['driver.uvm.missing', 'docker-gpus', on('uvm-node-missing@new')],
  ['driver.uvm.cannotTell', 'docker-gpus', on('healthy@new', b => b.forgetDir('/dev'))],
  ['engine.engine.docker', 'docker-gpus', on('healthy@new')],
  ['engine.engine.podman', 'podman-cdi', on('healthy@new')],
  ['docker.endpoint.local', 'docker-gpus', on('healthy@new')],
  ['docker.endpoint.desktop', 'docker-gpus', on('healthy@new', b => b.says('docker context show', 'desktop-linux\n'))],
  [
    'docker.endpoint.snap',
    'docker-gpus',
    on('healthy@new', b => b.info(i => Object.assign(i, { DockerRootDir: '/var/snap/docker/common/var-lib-docker' }))),
  ],
  [
    'docker.endpoint.cannotTell',
    'docker-runtime',
    on('healthy@new', b => b.says('printenv DOCKER_HOST', 'ssh://gpu@far\n')),
  ],
  ['docker.answers.answers', 'docker-gpus', on('healthy@new')],
  [
    'docker.answers.denied',
    'docker-gpus',
    on('healthy@new', b =>
      b.says(
        'docker info --format {{json .}}',
        '',
        1,
        'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
      ),
    ),
  ],
  [
    'docker.answers.crashes',
    'docker-gpus',
    on('healthy@new', b => b.dockerDown('panic: runtime error: slice bounds out of range [1:0]')),
  ],
  ['docker.answers.badFile', 'docker-gpus', on('daemon-json-malformed@new')],
  [
    'docker.answers.flags',
    'docker-gpus',
    on('healthy@old', b =>
      b
        .daemon({ hosts: ['unix:///var/run/docker.sock'] })
        .dockerDown(
          'the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [fd://], from file: [unix:///var/run/docker.sock])',
        ),
    ),
  ],
  [
    'docker.answers.noDefault',
    'docker-gpus',
    on('healthy@old', b => b.daemon({ 'default-runtime': 'nvidia' }).dockerDown()),
  ],
  [
    'docker.answers.noContainerd',
    'docker-gpus',
    on('healthy@old', b =>
      b
        .file('/etc/containerd/config.toml', 'version = 2\nimports = [\n')
        .says('systemctl is-active containerd', 'failed\n', 3)
        .dockerDown(),
    ),
  ],
  // It stopped for another reason, and containerd still runs on what it read.
  [
    'docker.answers.down',
    'docker-gpus',
    on('docker-stopped@old', b => b.file('/etc/containerd/config.toml', 'version = 2\nimports = [\n')),
  ],
  ['docker.containerdSound.sound', 'docker-gpus', on('healthy@new')],
  ['docker.containerdSound.sound', 'docker-gpus', on('healthy@new', b => b.file('/etc/containerd/config.toml', null))],
  [
    'docker.containerdSound.broken',
    'docker-gpus',
    on('healthy@new', b => b.file('/etc/containerd/config.toml', 'version = 2\nimports = [\n')),
  ],
  [
    'docker.containerdSound.cannotTell',
    'docker-gpus',
    on('healthy@new', b => b.unread('/etc/containerd/config.toml', 'EACCES')),
  ],
  ['docker.answers.down', 'docker-gpus', on('docker-stopped@old')],
  ['docker.answers.cannotTell', 'docker-gpus', on('healthy@new', b => b.hangs('docker info --format {{json .}}'))],
  ['docker.defaultRuntime.fine', 'docker-gpus', on('healthy@new')],
  [
    'docker.defaultRuntime.broken',
    'docker-gpus',
    on('healthy@old', b =>
      b
        .info(i =>
          Object.assign(i, {
            DefaultRuntime: 'nvidia',
            Runtimes: { nvidia: { path: '/opt/gone/nvidia-container-runtime' } },
          }),
        )
        .dir('/opt/gone', []),
    ),
  ],
  [
    'docker.defaultRuntime.cannotTell',
    'docker-gpus',
    on('healthy@old', b =>
      b.info(i =>
        Object.assign(i, {
          DefaultRuntime: 'nvidia',
          Runtimes: { nvidia: { path: '/opt/far/nvidia-container-runtime' } },
        }),
      ),
    ),
  ],
  [
    'docker.defaultRuntime.badConfig',
    'docker-cdi',
    on('healthy@new', nvidiaDefault, b => b.config('mode = "auto"', 'mode = "CDI"')),
  ],
  [
    'docker.defaultRuntime.badConfig',
    'docker-gpus',
    on('healthy@new', nvidiaDefault, b => b.config('#no-cgroups = false', 'no-cgroups = "false"')),
  ],
  [
    'docker.defaultRuntime.badLdconfig',
    'docker-cdi',
    on('healthy@new', nvidiaDefault, b => b.config('"@/sbin/ldconfig"', '"/sbin/ldconfig"')),
  ],
  [
    'docker.defaultRuntime.noLowLevel',
    'docker-gpus',
    on('healthy@old', nvidiaDefault, b => b.config(/runtimes = \[.*\]/, 'runtimes = []')),
  ],
  [
    'docker.fileSound.broken',
    'docker-gpus',
    on('healthy@new', b =>
      b.says(
        'dockerd --validate',
        '',
        1,
        "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: cdi\n",
      ),
    ),
  ],
  [
    'docker.fileSound.sound',
    'docker-gpus',
    // Before 23.0 dockerd does not know the option.
    on('healthy@old', b => b.says('dockerd --validate', '', 125, "unknown flag: --validate\nSee 'dockerd --help'.\n")),
  ],
  [
    'docker.answers.down',
    'docker-gpus',
    on('docker-stopped@old', b =>
      b
        .daemon({ runtimes: { nvidia: { path: 'nvidia-container-runtime' } } })
        .says('dockerd --validate', '', 125, "unknown flag: --validate\nSee 'dockerd --help'.\n"),
    ),
  ],
  [
    'docker.fileSound.cannotTell',
    'docker-gpus',
    // A file that this user may not read is not judged by anybody.
    on('healthy@old', b =>
      b
        .unread('/etc/docker/daemon.json', 'EACCES')
        .says(
          'dockerd --validate',
          '',
          1,
          'unable to configure the Docker daemon with file /etc/docker/daemon.json: open /etc/docker/daemon.json: permission denied\n',
        ),
    ),
  ],
  ['docker.fileSound.noDefault', 'docker-gpus', on('healthy@old', b => b.daemon({ 'default-runtime': 'nvidia' }))],
  [
    'docker.fileSound.sound',
    'docker-gpus',
    // A shim of containerd needs no entry.
    on('healthy@new', b => b.daemon({ 'default-runtime': 'io.containerd.runc.v2' })),
  ],
  [
    'docker.fileSound.twice',
    'docker-gpus',
    on('healthy@new', b => b.daemon({ hosts: ['unix:///var/run/docker.sock'] })),
  ],
  [
    'docker.fileSound.twice',
    'docker-gpus',
    // The unit of this machine passes --data-root.
    on('healthy@new', b => b.daemon({ 'data-root': '/srv/docker' })),
  ],
  ['docker.fileSound.sound', 'docker-gpus', on('healthy@new')],
  ['docker.fileSound.broken', 'docker-gpus', on('healthy@new', b => b.daemon('{ "runtimes": {'))],
  ['docker.fileSound.cannotTell', 'docker-gpus', on('healthy@new', b => b.unread('/etc/docker/daemon.json', 'EACCES'))],
  ['podman.version.knows', 'podman-cdi', on('healthy@new')],
  [
    'podman.version.tooOld',
    'podman-cdi',
    on('healthy@new', b => b.says('podman version --format json', '{"Client":{"Version":"3.4.4"}}')),
  ],
  ['podman.version.cannotTell', 'podman-cdi', on('healthy@new', b => b.hangs('podman version --format json'))],
  ['podman.hooks.none', 'podman-cdi', on('healthy@new')],
  [
    'podman.hooks.leftover',
    'podman-cdi',
    on('healthy@new', b => b.dir('/usr/share/containers/oci/hooks.d', ['oci-nvidia-hook.json'])),
  ],
  ['form.form.gpus', 'docker-gpus', on('healthy@new')],
  ['form.form.runtime', 'docker-runtime', on('healthy@new')],
  ['form.form.cdi', 'docker-cdi', on('healthy@new')],
  ['gpus.drivers.cdiFirst', 'docker-gpus', on('healthy@new')],
  ['gpus.drivers.hook', 'docker-gpus', on('healthy@old')],
  [
    'gpus.drivers.runtime',
    'docker-gpus',
    on('healthy-cdi@old', b => b.info(i => Object.assign(i, { DefaultRuntime: 'nvidia' }))),
  ],
  [
    'gpus.drivers.later',
    'docker-gpus',
    on('docker-not-restarted@old', b => b.thing('/usr/bin/nvidia-container-runtime-hook', { mtime: 4_000_000_000 })),
  ],
  [
    'gpus.drivers.hook',
    'docker-gpus',
    // Three hours west of Greenwich; the hook was there an hour before Docker started.
    on('healthy@old', b =>
      b
        .info(i => Object.assign(i, { Runtimes: { runc: { path: 'runc' } } }))
        .unit(t => t.replace(/(ExecMainStartTimestamp|ActiveEnterTimestamp)=.*/g, '$1=Sun 2026-11-22 01:49:07 -03'))
        .thing('/usr/bin/nvidia-container-runtime-hook', { mtime: Date.UTC(2026, 10, 22, 3, 49) / 1000 }),
    ),
  ],
  [
    'gpus.drivers.hook',
    'docker-gpus',
    // The letters of a zone do not say its hours.
    on('healthy@old', b =>
      b
        .info(i => Object.assign(i, { Runtimes: { runc: { path: 'runc' } } }))
        .unit(t => t.replace(/(ExecMainStartTimestamp|ActiveEnterTimestamp)=.*/g, '$1=Sat 2026-11-21 23:49:07 EST'))
        .thing('/usr/bin/nvidia-container-runtime-hook', { mtime: Date.UTC(2026, 10, 22, 3, 49) / 1000 }),
    ),
  ],
  [
    'gpus.drivers.baseOnly',
    'docker-gpus',
    on('healthy@old', b => b.says(WHICH, bin('nvidia-ctk', 'nvidia-container-runtime', 'nvidia-cdi-hook'), 1)),
  ],
  ['gpus.drivers.notInstalled', 'docker-gpus', on('toolkit-not-installed@old')],
  ['gpus.drivers.cannotTell', 'docker-gpus', on('healthy@old', b => b.forgetDir('/usr/bin').hangs(WHICH))],
  ['gpus.resolves.yes', 'docker-gpus', on('healthy@new')],
  ['gpus.resolves.no', 'docker-gpus', on('healthy@new', noSpec)],
  [
    'gpus.resolves.cannotTell',
    'docker-gpus',
    on('healthy@new', b => b.unread(SPEC, 'EACCES').unread('/run/cdi/nvidia.yaml', 'EACCES')),
  ],
  ['gpus.fallback.serves', 'docker-gpus', on('healthy@new', noSpec)],
  ['gpus.fallback.refuses', 'docker-gpus', on('cdi-mode-hook@new')],
  [
    'gpus.fallback.noHook',
    'docker-gpus',
    on('healthy@new', noSpec, b => b.says(WHICH, bin('nvidia-ctk', 'nvidia-container-runtime', 'nvidia-cdi-hook'), 1)),
  ],
  ['runtime.installed.installed', 'docker-runtime', on('healthy@new')],
  ['runtime.installed.missing', 'docker-runtime', on('toolkit-not-installed@new')],
  ['runtime.installed.cannotTell', 'docker-runtime', on('healthy@old', b => b.forgetDir('/usr/bin').hangs(WHICH))],
  ['runtime.registered.known', 'docker-runtime', on('healthy@new')],
  ['runtime.registered.notLoaded', 'docker-runtime', on('docker-not-restarted@new')],
  ['runtime.registered.unknown', 'docker-runtime', on('runtime-not-registered@new')],
  ['runtime.program.there', 'docker-runtime', on('healthy@new')],
  [
    'runtime.program.gone',
    'docker-runtime',
    on('healthy@new', b =>
      b
        .dir('/opt/gone', [])
        .info(i => Object.assign(i, { Runtimes: { nvidia: { path: '/opt/gone/nvidia-container-runtime' } } })),
    ),
  ],
  [
    'runtime.program.cannotTell',
    'docker-runtime',
    on('healthy@new', b =>
      b.info(i => Object.assign(i, { Runtimes: { nvidia: { path: '/opt/far/nvidia-container-runtime' } } })),
    ),
  ],
  ['config.readable.parses', 'docker-runtime', on('healthy@new')],
  ['config.readable.broken', 'docker-runtime', on('config-toml-malformed@new')],
  [
    'config.readable.broken',
    'docker-runtime',
    on('healthy@old', b => b.config('load-kmods = true', 'load-kmods = "yes"')),
  ],
  ['config.readable.cannotTell', 'docker-runtime', on('healthy@new', b => b.unread(CONFIG, 'EACCES'))],
  ['config.values.fine', 'docker-runtime', on('healthy@new')],
  ['config.values.badMode', 'docker-runtime', on('healthy@old', b => b.config('mode = "auto"', 'mode = "CDI"'))],
  [
    'config.values.fine',
    'docker-runtime',
    // The release of runc is installed there by hand.
    on('healthy@new', b =>
      b.config('runtimes = ["runc", "crun"]', 'runtimes = ["runsc"]').dir('/usr/local/sbin', ['runsc']),
    ),
  ],
  [
    'config.values.noLowLevel',
    'docker-runtime',
    on('healthy@new', b => b.config('runtimes = ["runc", "crun"]', 'runtimes = ["runsc"]')),
  ],
  [
    'config.values.cannotTell',
    'docker-runtime',
    on('healthy@new', b =>
      b
        .config('mode = "auto"', 'mode = "jit-cdi"')
        .hangs('nvidia-ctk --version')
        .hangs('nvidia-container-runtime --version')
        .hangs('nvidia-cdi-hook --version'),
    ),
  ],
  ['config.ldconfigValue.host', 'docker-runtime', on('healthy@new')],
  [
    'config.ldconfigValue.rejected',
    'docker-runtime',
    on('healthy@new', b => b.config('"@/sbin/ldconfig"', '"/sbin/ldconfig"')),
  ],
  [
    'config.ldconfigValue.cannotTell',
    'docker-runtime',
    on('healthy@new', b =>
      b
        .config('"@/sbin/ldconfig"', '"/sbin/ldconfig"')
        .hangs('nvidia-ctk --version')
        .hangs('nvidia-container-runtime --version')
        .hangs('nvidia-cdi-hook --version'),
    ),
  ],
  ['config.accepts.accepted', 'docker-runtime', on('healthy@new')],
  [
    'config.accepts.ignored',
    'docker-runtime',
    on('healthy@new', b =>
      b.config(
        '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
        'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
      ),
    ),
  ],
  ['config.mode.legacy', 'docker-runtime', on('healthy@old')],
  ['config.mode.jit', 'docker-runtime', on('healthy@new')],
  ['config.mode.cdi', 'docker-runtime', on('healthy-cdi@new')],
  ['config.mode.csv', 'docker-runtime', on('tegra-csv-missing-files@new')],
  ['config.mode.hookRefuses', 'docker-gpus', on('healthy-cdi@old')],
  [
    'config.mode.csvElsewhere',
    'docker-gpus',
    on('healthy@old', nvidiaDefault, b => b.config('mode = "auto"', 'mode = "csv"')),
  ],
  // Docker needs no CDI of its own where its default runtime reads the spec.
  ['cdi.resolves.resolves', 'docker-gpus', on('healthy-cdi@old', nvidiaDefault, cdiOff)],
  ['config.mode.csvElsewhere', 'docker-runtime', on('healthy@old', b => b.config('mode = "auto"', 'mode = "csv"'))],
  ['config.mode.tegraGpus', 'docker-gpus', on('tegra-csv-missing-files@old')],
  [
    'config.mode.cdiNameInLegacy',
    'docker-runtime-cdi',
    on('healthy@new', b => b.config('mode = "auto"', 'mode = "legacy"')),
  ],
  [
    'config.mode.cannotTell',
    'docker-runtime',
    on('healthy@new', b =>
      b.hangs('nvidia-ctk --version').hangs('nvidia-container-runtime --version').hangs('nvidia-cdi-hook --version'),
    ),
  ],
  ['libraries.root.fine', 'docker-runtime', on('healthy@old')],
  ['libraries.root.wrong', 'docker-runtime', on('cli-root-wrong@old')],
  [
    'libraries.root.cannotTell',
    'docker-runtime',
    on('healthy@old', b => b.config('#root = "/run/nvidia/driver"', 'root = "/opt/elsewhere"')),
  ],
  ['libraries.nvml.cached', 'docker-runtime', on('healthy@old')],
  [
    'libraries.nvml.notCached',
    'docker-runtime',
    on('healthy@old', b => b.says('ldconfig -p', '0 libs found in cache\n').forget('ldconfig -p -C /etc/ld.so.cache')),
  ],
  [
    'libraries.nvml.missing',
    'docker-runtime',
    on('healthy@old', b =>
      b.says('ldconfig -p', '0 libs found in cache\n').dir('/usr/lib/x86_64-linux-gnu', ['libc.so.6']),
    ),
  ],
  [
    'libraries.nvml.cannotTell',
    'docker-runtime',
    on('healthy@old', b => b.forget('ldconfig -p', 'ldconfig -p -C /etc/ld.so.cache')),
  ],
  ['libraries.libcuda.there', 'docker-runtime', on('healthy@old')],
  [
    'libraries.libcuda.missing',
    'docker-runtime',
    on('healthy@old', noLibcuda, b => b.dir(LIBRARIES, ['libnvidia-ml.so.1', 'libnvidia-ml.so.580.126.09'])),
  ],
  [
    'libraries.nvml.elsewhere',
    'docker-runtime',
    on('healthy@old', b =>
      b
        .says('ldconfig -p', '0 libs found in cache\n')
        .dir(LIBRARIES, ['libc.so.6'])
        .thing('/run/nvidia/driver/usr/bin/nvidia-smi', {}),
    ),
  ],
  // Beside 64-bit libraries a copy in /usr/lib is one for programs of 32 bits.
  [
    'libraries.nvml.missing',
    'docker-runtime',
    on('healthy@old', b =>
      b
        .says('ldconfig -p', '\tlibnvidia-ml.so.1 (libc6) => /usr/lib/libnvidia-ml.so.1\n')
        .dir(LIBRARIES, null)
        .dir('/usr/lib64', ['libc.so.6'])
        .dir('/usr/lib', ['libc.so.6', 'libnvidia-ml.so.1', 'libnvidia-ml.so.580.126.09']),
    ),
  ],
  // The cache is older than what was taken away.
  [
    'libraries.nvml.missing',
    'docker-runtime',
    on('healthy@old', smi(12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."), b =>
      b.dir(LIBRARIES, ['libc.so.6']),
    ),
  ],
  [
    'libraries.libcuda.missing',
    'docker-runtime',
    on('healthy@old', b => b.dir(LIBRARIES, ['libnvidia-ml.so.1', 'libnvidia-ml.so.580.126.09'])),
  ],
  // It is on disk, and the CLI looks into the cache only.
  ['libraries.libcuda.notCached', 'docker-runtime', on('healthy@old', noLibcuda)],
  // The runtime's own generator looks into the folder.
  ['libraries.libcuda.there', 'docker-runtime', on('healthy@new', noLibcuda)],
  ['libraries.nvml.cached', 'docker-runtime', on('healthy@new', b => b.says('ldconfig -p', '0 libs found in cache\n'))],
  // From 1.19 on libnvidia-ml shows it where the driver is; before, nothing starts.
  [
    'libraries.libcuda.missing',
    'docker-runtime',
    on('healthy@new', noLibcuda, b => b.dir(LIBRARIES, ['libnvidia-ml.so.1', 'libnvidia-ml.so.580.126.09'])),
  ],
  [
    'libraries.libcuda.missingForJit',
    'docker-runtime',
    on('healthy@new', noLibcuda, b =>
      b
        .dir(LIBRARIES, ['libnvidia-ml.so.1', 'libnvidia-ml.so.580.126.09'])
        .says('nvidia-ctk --version', 'NVIDIA Container Toolkit CLI version 1.18.2\n'),
    ),
  ],
  [
    'libraries.libcuda.cannotTell',
    'docker-runtime',
    on('healthy@old', b => b.forget('ldconfig -p', 'ldconfig -p -C /etc/ld.so.cache')),
  ],
  ['libraries.route.legacy', 'docker-runtime', on('healthy@old')],
  ['libraries.route.jit', 'docker-runtime', on('healthy@new')],
  [
    'libraries.route.cannotTell',
    'docker-runtime',
    on('healthy@new', b =>
      b.hangs('nvidia-ctk --version').hangs('nvidia-container-runtime --version').hangs('nvidia-cdi-hook --version'),
    ),
  ],
  ['legacy.hook.there', 'docker-gpus', on('healthy@old')],
  [
    'legacy.hook.missing',
    'docker-runtime',
    on('healthy@old', b => b.says(WHICH, bin('nvidia-ctk', 'nvidia-container-runtime', 'nvidia-cdi-hook'), 1)),
  ],
  [
    'legacy.hook.refusesCapabilities',
    'docker-gpus',
    on('healthy@old', b =>
      b.config(/^#?supported-driver-capabilities.*$/m, 'supported-driver-capabilities = "compute,utils"'),
    ),
  ],
  ['legacy.hook.cannotTell', 'docker-runtime', on('healthy@old', b => b.forgetDir('/usr/bin').hangs(WHICH))],
  ['legacy.cli.fits', 'docker-gpus', on('healthy@old')],
  [
    'legacy.cli.skew',
    'docker-gpus',
    on('healthy@old', b => b.says('nvidia-container-cli -V', 'cli-version: 1.16.2\nlib-version: 1.16.2\n')),
  ],
  [
    'legacy.cli.wrongPath',
    'docker-gpus',
    on('healthy@old', b =>
      b
        .dir('/opt/gone', [])
        .config('#path = "/usr/bin/nvidia-container-cli"', 'path = "/opt/gone/nvidia-container-cli"'),
    ),
  ],
  ['legacy.cli.cannotTell', 'docker-runtime', on('healthy@old', b => b.forgetDir('/usr/bin').hangs(WHICH))],
  ['legacy.cgroups.written', 'docker-gpus', on('healthy@old')],
  ['legacy.cgroups.off', 'docker-gpus', on('healthy@old', b => b.config('#no-cgroups = false', 'no-cgroups = true'))],
  ['legacy.ldconfig.runs', 'docker-gpus', on('healthy@old')],
  ['legacy.ldconfig.missing', 'docker-gpus', on('ldconfig-real-missing@v114')],
  [
    'legacy.ldconfig.script',
    'docker-gpus',
    on('healthy@old', b => b.file('/sbin/ldconfig', '#!/bin/sh\nexec /sbin/ldconfig.dist "$@"\n')),
  ],
  ['legacy.ldconfig.notProgram', 'docker-gpus', on('healthy@old', b => b.thing('/sbin/ldconfig', { mode: '0o644' }))],
  [
    'legacy.ldconfig.cannotTell',
    'docker-gpus',
    on('healthy@old', b => b.config('"@/sbin/ldconfig"', '"@/opt/elsewhere/ld"')),
  ],
  ['jit.hook.there', 'docker-runtime', on('healthy@new')],
  [
    'jit.hook.missing',
    'docker-runtime',
    on('healthy@new', b =>
      b.says(
        WHICH,
        bin('nvidia-ctk', 'nvidia-container-runtime', 'nvidia-container-runtime-hook', 'nvidia-container-cli'),
        1,
      ),
    ),
  ],
  ['jit.hook.cannotTell', 'docker-runtime', on('healthy@new', b => b.forgetDir('/usr/bin').hangs(WHICH))],
  [
    'csv.lists.complete',
    'docker-runtime',
    on('healthy@new', tegra, b => b.file(`${CSV}/devices.csv`, 'dev, /dev/nvidia0\n')),
  ],
  ['csv.lists.gaps', 'docker-runtime', on('tegra-csv-missing-files@new')],
  [
    'csv.lists.lesser',
    'docker-runtime',
    on('healthy@new', tegra, b => b.file(`${CSV}/devices.csv`, 'dev, /dev/nvidia0\r\ndev, /dev/fb1\r\n')),
  ],
  ['csv.lists.empty', 'docker-runtime', on('healthy@new', tegra, b => b.file(`${CSV}/l4t.csv`, '# nothing yet\n'))],
  ['csv.lists.none', 'docker-runtime', on('healthy@new', tegra)],
  ['csv.lists.cannotTell', 'docker-runtime', on('healthy@new', tegra, b => b.unread(CSV, 'EACCES').forgetDir(CSV))],
  ['cdi.enabled.on', 'docker-cdi', on('healthy@new')],
  ['cdi.enabled.off', 'docker-cdi', on('healthy@old')],
  [
    'cdi.resolves.notActive',
    'docker-cdi',
    on('healthy@new', b => b.info(i => Object.assign(i, { CDISpecDirs: ['/opt/cdi'] })).dir('/opt/cdi', [])),
  ],
  ['cdi.enabled.notActive', 'docker-cdi', on('healthy@old', b => b.daemon({ features: { cdi: true } }))],
  ['cdi.enabled.noDirs', 'docker-cdi', on('healthy@new', cdiOff, b => b.daemon({ 'cdi-spec-dirs': [''] }))],
  ['cdi.resolves.resolves', 'docker-cdi', on('healthy@new')],
  ['cdi.resolves.missing', 'podman-cdi', on('healthy@old')],
  ['cdi.resolves.notRefreshed', 'podman-cdi', on('healthy@new', noSpec)],
  [
    'cdi.resolves.deadly',
    'podman-cdi',
    on('healthy@new', b =>
      b.file(
        '/etc/cdi/foreign.yaml',
        'cdiVersion: 0.5.0\nkind: x.com/d\ndevices:\n- name: a\n  containerEdits:\n    env: [A=b]\n',
      ),
    ),
  ],
  ['cdi.resolves.conflict', 'podman-cdi', on('healthy@new', b => b.spec('/var/run/cdi/nvidia-old.yaml', t => t))],
  ['cdi.resolves.malformed', 'podman-cdi', on('healthy@new', b => b.file(SPEC, ''))],
  ['cdi.resolves.tooNew', 'podman-cdi', on('healthy@new', inSpec('cdiVersion: 0.5.0', 'cdiVersion: 1.1.0'))],
  [
    'cdi.resolves.permission',
    'podman-cdi',
    on('healthy@new', b => {
      b.draft.stats[SPEC] = { ...b.draft.stats[SPEC]!, mode: '0o600' };
      return b.says('podman info --format json', '{"host":{"security":{"rootless":true}}}');
    }),
  ],
  [
    'cdi.resolves.otherDir',
    'docker-cdi',
    on('healthy@new', b =>
      b.info(i => Object.assign(i, { CDISpecDirs: ['/etc/cdi'] })).daemon({ 'cdi-spec-dirs': ['/etc/cdi'] }),
    ),
  ],
  [
    'cdi.resolves.resolves',
    'podman-cdi',
    // The library takes the number for the text that it is written as.
    on('healthy@new', inSpec(/name: "0"/, 'name: 0')),
  ],
  ['cdi.resolves.malformed', 'podman-cdi', on('healthy@new', inSpec('hostPath: /usr', 'hostpath: /usr'))],
  ['cdi.resolves.malformed', 'podman-cdi', on('healthy@new', inSpec(/cdiVersion: \S+/, 'cdiVersion: 0.9.0'))],
  ['cdi.resolves.name', 'podman-cdi', on('healthy@new', inSpec('name: all', 'name: every'))],
  [
    'cdi.resolves.cannotTell',
    'podman-cdi',
    on('healthy@new', b => b.unread(SPEC, 'EACCES').unread('/run/cdi/nvidia.yaml', 'EACCES')),
  ],
  ['cdi.nodes.there', 'docker-cdi', on('healthy@new')],
  ['cdi.nodes.missing', 'docker-cdi', on('healthy@new', b => b.thing('/dev/nvidia-modeset', null))],
  [
    'cdi.nodes.cannotTell',
    'podman-cdi',
    on('healthy@new', b => b.unread(SPEC, 'EACCES').unread('/run/cdi/nvidia.yaml', 'EACCES')),
  ],
  ['cdi.fresh.fresh', 'docker-cdi', on('healthy@new')],
  ['cdi.fresh.stale', 'docker-cdi', on('cdi-spec-stale@new')],
  ['cdi.fresh.cannotTell', 'podman-cdi', on('healthy@new', inSpec('/usr/bin/nvidia-smi', '/opt/elsewhere/nvidia-smi'))],
  ['cdi.hooks.there', 'docker-cdi', on('healthy@new')],
  [
    'cdi.hooks.missing',
    'docker-cdi',
    on(
      'healthy@new',
      b => b.dir('/opt/gone', []),
      inSpec(/path: \/usr\/bin\/nvidia-cdi-hook/g, 'path: /opt/gone/nvidia-cdi-hook'),
    ),
  ],
  [
    'cdi.hooks.cannotTell',
    'podman-cdi',
    on('healthy@new', b => b.unread(SPEC, 'EACCES').unread('/run/cdi/nvidia.yaml', 'EACCES')),
  ],
  ['cdi.majors.same', 'docker-cdi', on('healthy@new')],
  ['cdi.majors.differ', 'docker-cdi', on('healthy@new', inSpec(/major: 508/g, 'major: 511'))],
  [
    'cdi.majors.cannotTell',
    'podman-cdi',
    on('healthy@new', b => b.unread(SPEC, 'EACCES').unread('/run/cdi/nvidia.yaml', 'EACCES')),
  ],
];

/** Checks whose facts are always known once the check is reached: their cannotTell is for the compiler. */
export const excused: readonly string[] = [
  'driver.agree.cannotTell',
  'engine.engine.cannotTell',
  'form.form.cannotTell',
  'podman.hooks.cannotTell',
  'gpus.fallback.cannotTell',
  'runtime.registered.cannotTell',
  'config.accepts.cannotTell',
  'legacy.cgroups.cannotTell',
  'cdi.enabled.cannotTell',
];
