/** Chapters 1 to 5. A blank line parts paragraphs; a line that begins with "- " is a point of a list. */
export const lessonsA = {
  'arrive.title': 'What has to arrive in the container',
  'arrive.about': 'libraries, device nodes, permissions; and what must not be in the image',
  'arrive.1': `A container shares the kernel with its host. The GPU's driver is half in the kernel (nvidia.ko) and half in libraries beside it. The kernel half is there already. The library half must have exactly the version of the kernel half, so no image can bring it along: it is put into the container when the container starts. Four things have to arrive.

- Device nodes, files below /dev through which programs talk to the kernel module.
- A permission for each node: a cgroup device rule. A node without its rule can be seen and not opened.
- The driver's libraries, under the names that programs look for, and a loader cache that lists them.
- A few programs and sockets, nvidia-smi among them.`,
  'arrive.2':
    'The libraries, as they are on {box} now. The version behind .so must be the one of the loaded module: {driver}.',
  'arrive.3': `The device nodes. Their numbers matter, since the permission is given to numbers and not to names. 195 is fixed; the number of nvidia-uvm is handed out by the kernel when the module is loaded, so it must be read from /proc/devices and never assumed.`,
  'arrive.4': `Permissions. With cgroup v2 the rules are a small program in the kernel, with v1 a list in a file. Whoever starts the container writes them. systemd may write them anew on a daemon-reload, and a rule it does not know is then gone: a container that worked answers "Failed to initialize NVML: Unknown Error".

What must not be in the image: libcuda, libnvidia-ml and all else that belongs to the driver. A copy in the image is older or newer than the kernel half, and it wins where it stands first in the search path. The CUDA runtime, cuDNN and NCCL on the other hand belong to the image; nobody injects them.`,
  'arrive.ex':
    'A node goes missing: after a reboot nobody has made /dev/nvidia-uvm yet. nvidia-smi needs nvidiactl and nvidia0, CUDA also needs nvidia-uvm, and a CDI spec lists all of them.',
  'arrive.lesson':
    'nvidia-smi may work where CUDA does not. The hook mounts what is there; a CDI spec demands what it names, so every CDI way fails in the open while the others fail only when a program calls CUDA.',

  'apis.title': 'Runtime API and driver API',
  'apis.about': 'why libcudart may be in the image and libcuda never',
  'apis.1':
    'A CUDA program calls down through three layers, and the border between image and host runs through the middle of them.',
  'apis.2': `libcudart.so, the runtime API (cudaMalloc, cudaMemcpy), is part of the CUDA toolkit and of the image. libcuda.so, the driver API, comes from the host's driver and talks to the kernel module by ioctl.

A newer driver runs programs of an older CUDA. The other way round it does not, and then the container is refused at the start: an image says in NVIDIA_REQUIRE_CUDA what it needs (not in CDI, which does not look at it), or the program ends with "CUDA driver version is insufficient for CUDA runtime version".`,
  'apis.3': 'On {box} the two halves of the driver:',
  'apis.4': `Three errors that look alike:

- libcudart.so.12: cannot open shared object file. The image lacks the runtime. Nothing on the host can help; take an image that has it.
- libcuda.so.1: cannot open shared object file. The driver was not injected: the request never reached the toolkit, or the library is not on the host.
- libnvidia-ml.so.1 not found, in the words of nvidia-container-cli. The toolkit itself could not load the driver on the host, before anything was mounted.`,
  'apis.ex':
    'A leftover: somebody once ran the GPU Operator here and wrote root = "/run/nvidia/driver" into config.toml. The driver is on the host, but the toolkit is told to look below another folder.',
  'apis.lesson':
    'nvidia-smi on the host works, because it does not read config.toml. The toolkit looks for libnvidia-ml.so.1 below its root first of all, so this is an "initialization error" long before any library is mounted.',

  'mechanisms.title': 'Four mechanisms',
  'mechanisms.about': 'who does the work between docker run and the first line of the program',
  'mechanisms.1':
    'There are four ways in which a GPU gets into a container. All end at the same mounts and rules; they differ in who does the work, and so in what can break.',
  'mechanisms.2':
    'The legacy hook: docker run --gpus all, on Docker up to 29.1, and as a fallback from 29.2. The older drawings show one box for the runtime and the hook. They are two programs, and the hook does not need the runtime.',
  'mechanisms.3':
    'jit-cdi, in the toolkit from 1.18: docker run --runtime=nvidia. The runtime looks at the driver, makes a CDI spec in memory and edits the container before runc sees it. No hook runs, no file is read from /etc/cdi.',
  'mechanisms.4':
    'Native CDI: --device nvidia.com/gpu=all in Docker and Podman, Kubernetes with CDI, and --gpus from Docker 29.2. The engine reads a spec file and does everything itself. The toolkit is only needed to write the file.',
  'mechanisms.5':
    'csv, on Jetson: lists name what belongs to the GPU, and the runtime turns them into a spec in memory. Chapter "jetson" has more.',
  'mechanisms.6': `The class of an error of the legacy way tells how far it came, because its steps have an order: initialization error, container error, detection error, device error, requirement error, mount error, ldcache error. What names a later class has passed all before. A wrong ldconfig path is touched last: it can never be the cause of an initialization error.

What each form of asking does on {box}:`,
  'mechanisms.ex':
    'Somebody followed a note that cures everything with mode = "cdi" in config.toml. Docker 26, toolkit 1.17, CDI off in Docker, and no spec anywhere.',
  'mechanisms.lesson':
    'The hook serves the legacy mode only and refuses all else, so --gpus fails. The runtime now looks for a spec, and there is none. mode = "auto" is the setting that lets each way choose for itself.',

  'mode.title': 'Which mode it is on this box',
  'mode.about': 'how nvidia-container-runtime decides, step by step, with the values that decided',
  'mode.1': `Whoever asks by --runtime=nvidia, or has nvidia as the default runtime, starts nvidia-container-runtime. It reads one value, nvidia-container-runtime.mode in /etc/nvidia-container-runtime/config.toml, and most of the time it is "auto". Then it decides like this, on {box}:`,
  'mode.2': `Worth knowing:

- Values are lower case. "CDI" is invalid, and a mode line in the wrong table of the file is ignored without a word.
- "Auto-detected mode as 'legacy'" in an error proves that the hook ran, even with a new toolkit: the hook has its own default.
- mode = "cdi" set by hand breaks docker --gpus on Docker 26 always, and on 29 wherever no spec resolves.
- There is no drop-in folder in any released version. The GPU Operator has a copy of its own below /usr/local/nvidia/toolkit and does not read the one in /etc.`,
  'mode.ex':
    'A config.toml was copied from a Jetson: mode = "csv". This is an ordinary server with Docker 29 and toolkit 1.20, and a sound CDI spec.',
  'mode.lesson':
    'csv reads lists that only a Jetson has. On another machine there is no error, only a container without a GPU. Ways that do not go through the NVIDIA runtime do not care: Docker 29.2 serves --gpus by native CDI.',

  'cdi.title': 'CDI specs, read aloud',
  'cdi.about': 'which file wins, which devices it offers, what it mounts',
  'cdi.1': `A CDI spec is a file that says: whoever asks for the device nvidia.com/gpu=0 gets these device nodes, these mounts, these hooks. Engines look for it in /etc/cdi and in /var/run/cdi. Only names that end in .yaml or .json count; a backup called nvidia-old.yaml counts too.

- The same device name in two files of the same folder: both cancel each other, and the name cannot be resolved.
- In two folders: the later folder wins, usually /var/run/cdi.
- A file that cannot be read or parsed is left out, quietly.`,
  'cdi.2': 'The specs of {box}:',
  'cdi.3': `A spec names files with their version. After a driver update those files are gone and the next start fails; that is what "stale" means. Files in /var/run/cdi disappear at each reboot; the toolkit's own units (nvidia-cdi-refresh, from 1.18) write them again at boot and after an update. A file in /etc/cdi stays until somebody writes it again.

Docker: CDI has to be switched on in 25 to 28.1 (features.cdi, then a restart; a reload is not enough), and is on from 28.2. Setting cdi-spec-dirs switches nothing on; it only changes where is searched. Podman needs no switch and no restart.`,
  'cdi.ex': 'A driver update: the spec on this box names the files of the driver before.',
  'cdi.lesson':
    'The engine mounts what the spec lists; files that are gone stop the start. Docker 29 tries CDI first for --gpus, and a spec that resolves but is stale fails without any fallback. The runtime makes its own spec in memory each time, so it is spared.',
} as const;
