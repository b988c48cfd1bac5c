import { entry } from './entry.ts';

const layer = 'host libraries';

/** Section 2.5: what the host has to lend. */
export const libraries = [
  entry('nvml-lib-missing', {
    layer,
    line: 'The toolkit asks this library for everything; without it each start fails.',
    paragraph: `The driver library that lists GPUs cannot be loaded by the program that prepares the container. Either it is not installed on
      the machine where the engine runs, or the loader cache does not know it, or the configured driver root points to an empty
      place. The wrong ldconfig path is never the reason: that step comes much later.`,
    mechanism: `nvidia-container-cli loads modules, forks a helper, changes into its root and only then opens libnvidia-ml.so.1; ldconfig is
      run last of all. So this text proves that nothing after the first step was reached. Missing package, stale cache and
      empty root give identical words; only with a wrong root are host nvidia-smi, ldconfig -p and a bare
      nvidia-container-cli info all fine, because the bare call does not read config.toml. Toolkit 1.18 and later says
      ERROR_LIBRARY_NOT_FOUND instead.`,
    evidence: '[S][I], ten wrong ldconfig values on four versions never gave it [R]; seed 0, Problem and Root Cause 1',
    not: {
      'ldconfig-path-wrong': 'the text is "ldcache error: open failed": never this one.',
      'driver-root-wrong': 'host nvidia-smi works and [nvidia-container-cli] root is set in config.toml.',
      'host-ldcache-stale': 'the file exists on disk and ldconfig -p does not list it.',
      'docker-desktop-linux': 'docker context show says desktop-linux.',
      'docker-snap': 'DockerRootDir begins with /var/snap/docker.',
      'container-ldcache-not-updated': 'the words come from nvidia-smi inside the container while the host is fine.',
    },
    guide: [
      'Make sure which engine answers (docker context show; DockerRootDir in docker info).',
      'ldconfig -p | grep libnvidia-ml.so.1: if the file exists elsewhere, add its folder below /etc/ld.so.conf.d and run sudo ldconfig.',
      'If it exists nowhere: install libnvidia-compute-NNN (Ubuntu), libnvidia-ml1 (Debian) or nvidia-driver-libs of the same version.',
      'The cache must be readable for all: stat -c %a /etc/ld.so.cache should say 644.',
      'Re-probe: nvidia-smi -L on the host, then in a container.',
    ],
    seeds: `Seed 0 blames ldconfig = "@/sbin/ldconfig.real" for this text. Wrong stage: initialisation comes before ldconfig is touched.
      Its Fix 2 (mode cdi with the nvidia runtime) took the CLI out of the way at the same time, so Fix 1 never proved anything.`,
  }),
  entry('host-ldcache-stale', {
    layer,
    line: 'The libraries exist, but the index by which they are found is out of date.',
    paragraph: `The driver's libraries lie on disk, yet /etc/ld.so.cache does not list them or lists old ones. The toolkit reads that cache to
      find what to inject, so it finds nothing or only part. Running ldconfig once repairs it, without a restart.`,
    mechanism: `libnvidia-container and nvidia-ctk resolve library names through the cache. A cache without libnvidia-ml gives an
      initialization error and nvidia-smi exit 12; a missing cache file a detection error; a cache without libcuda gives
      no error at all, just a container without it. Systems without a glibc cache (musl, NixOS) need their own module.`,
    evidence: '[S], texts [R]',
    not: {
      'nvml-lib-missing': 'the library file is nowhere on disk.',
      'host-libcuda-missing': 'libnvidia-ml is fine and libcuda is not installed at all.',
      'container-ldcache-not-updated': 'the host cache is right and the cache inside the container is empty.',
    },
    guide: [
      'sudo ldconfig; where the folder is unusual, first add it below /etc/ld.so.conf.d.',
      'Regenerate the CDI spec if one is used, and start the containers again.',
      'Re-probe: ldconfig -p | grep -E "libcuda.so.1|libnvidia-ml.so.1".',
    ],
  }),
  entry('host-libcuda-missing', {
    layer,
    line: 'Management tools are there, the compute library is not: CUDA cannot start.',
    paragraph: `nvidia-smi works on the host and in containers, but the compute library libcuda is not installed, so every CUDA program
      fails to load it. The package with it has to be added; afterwards containers are started again.`,
    mechanism: `Distributions split the driver: libnvidia-ml and nvidia-smi in one package, libcuda in libnvidia-compute (Ubuntu), libcuda1 (Debian) or
      nvidia-driver-cuda (RHEL, Fedora; RPM Fusion: xorg-x11-drv-nvidia-cuda). libcuda is never part of an image. In the legacy way
      NVIDIA_DRIVER_CAPABILITIES=utility leaves it out on purpose.`,
    evidence: '[S]',
    not: {
      'driver-capabilities-missing':
        'ldconfig -p on the host lists libcuda.so.1 and the container asks for utility only.',
      'nvidia-uvm-missing': 'libcuda loads and cuInit returns 999.',
      'host-ldcache-stale': 'the file lies on disk and only the cache lacks it.',
    },
    guide: [
      'Install the compute package in the version of the loaded module (cat /sys/module/nvidia/version).',
      'Regenerate the CDI spec; start the containers again.',
      'Re-probe: ldconfig -p | grep libcuda.so.1.',
    ],
  }),
  entry('driver-root-wrong', {
    layer: 'runtime configuration',
    line: 'The toolkit looks for the driver in a folder where none is.',
    paragraph: `In config.toml the key root names another place for the driver, usually /run/nvidia/driver left over from a driver
      container. The driver of this machine lies in the ordinary place. Taking the key out restores the default; it is read at the next
      container start.`,
    mechanism: `The CLI changes its root to that folder before it loads NVML: an empty folder reads like a missing library, an
      absent one "change root failed". Toolkit 1.20's jit-cdi finds NVML on the host and then misses libcuda below that root.
      NVIDIA_DRIVER_ROOT in the environment does the same. Before 1.20.0 a save by nvidia-ctk config comments the value /run/nvidia/driver out.`,
    evidence: '[S], texts [R]; seed 0 does not look at it',
    not: {
      'nvml-lib-missing': 'no root is set, or the folder does hold the driver.',
      'host-ldcache-stale': 'no root is set and ldconfig -p misses the library.',
    },
    guide: [
      'Where the GPU Operator runs the driver, let the Operator decide (driver.enabled) and leave this key alone.',
    ],
  }),
  entry('cli-driver-rpc-timeout', {
    layer: 'toolkit',
    line: 'Setting up the driver took longer than the ten seconds it is given.',
    paragraph: `The helper of nvidia-container-cli did not get an answer from the driver in time, or died. On machines with many GPUs a sleeping
      driver is enough; otherwise a failing card or a memory limit. The persistence daemon is the first thing to try.`,
    mechanism: `The CLI forks a process that talks to NVML and CUDA and waits up to 10 s for it. Toolkit 1.18 and later (jit-cdi) and native CDI do
      not use that helper. Strict memory overcommit was reported as a cause on Debian 13.`,
    evidence: '[S][I]',
    not: {
      'gpu-fallen-off-bus': 'the kernel log holds Xid 79.',
      'persistence-daemon-off': 'time nvidia-smi -L is slow the first time only: then that is the cause.',
    },
    guide: [
      'time nvidia-smi -L on the host: more than 5 s explains it.',
      'sudo systemctl enable --now nvidia-persistenced.',
      'Look for Xid lines in the kernel log and at /proc/sys/vm/overcommit_memory.',
      'Or ask by CDI, which does not start the CLI. Re-probe with a container start.',
    ],
  }),
];
