import { entry } from './entry.ts';

const layer = 'request';

/** Section 2.7, first half: modes, and how a container asks. */
export const requests = [
  entry('hook-in-nonlegacy-mode', {
    layer: 'runtime configuration',
    line: 'The mode is set to something in which plain --gpus is not served.',
    paragraph: `config.toml sets the runtime's mode to cdi (or csv, jit-cdi), and this container was asked for through the hook, as docker
      --gpus and Compose reservations do. The hook refuses every mode but auto and legacy. The default, auto, serves all forms of request; it
      is read at the next start, no restart needed.`,
    mechanism: `One key serves two programs: nvidia-container-runtime understands all modes, the prestart hook only auto and legacy. Docker before
      29.2 uses the hook for --gpus; later it tries CDI first and comes to the hook only when that did not resolve, so on 29 this
      text hides a CDI fault, to be found in the journal or the spec. With nvidia as runtime the other modes take the hook out of the container.`,
    evidence: '[S][I], both engines [R]; seed 0, Root Cause 2 and Fix 2',
    not: {
      'tegra-gpus-flag': "the text says Auto-detected mode as 'csv': the mode was not set by anybody.",
      'cdi-spec-missing': 'Docker is 29.2 or newer: then the first fault is that no spec resolved.',
      'config-toml-invalid': 'the mode is a word the runtime does not know either.',
    },
    guide: [
      'Set mode = "auto", or change the request to --device nvidia.com/gpu=all or --runtime=nvidia; re-probe with your own syntax.',
    ],
    seeds: `Seed 0, Fix 2 sets mode = "cdi" globally and so creates its own second problem; Fix 3 (runtime: nvidia everywhere) then works around it.
      Offered last here, with that price named. skip-mode-detection is not a cure.`,
  }),
  entry('visible-devices-unset', {
    layer,
    line: 'The NVIDIA runtime is used, but nothing says which GPU is wanted.',
    paragraph: `The container runs with the nvidia runtime, and NVIDIA_VISIBLE_DEVICES is unset, empty or void, so no GPU is injected and no
      error shown. NVIDIA_DRIVER_CAPABILITIES alone asks for nothing. Set the variable to all or to a UUID.`,
    mechanism: `CUDA base images set the variable themselves; other images do not. Images with CUDA_VERSION and without NVIDIA_REQUIRE_CUDA
      count as legacy CUDA images and get all GPUs. Inside a CDI container the value void beside existing nodes is
      healthy: the spec sets it.`,
    evidence: '[S], texts [R]; seed 3, Test 2',
    not: {
      'docker-runtime-not-registered': 'the container is not even created.',
      'visible-devices-ignored-unprivileged': 'the variable is set and the runtime log says that it was ignored.',
    },
    guide: [
      'Add NVIDIA_VISIBLE_DEVICES=all; in Kubernetes ask for the resource nvidia.com/gpu. Re-probe: ls /dev/nvidia* in the container.',
    ],
    seeds:
      'Seed 3, Test 2 sets only NVIDIA_DRIVER_CAPABILITIES=utility and concludes that automation is broken: nothing had been requested.',
  }),
  entry('visible-devices-ignored-unprivileged', {
    layer,
    line: 'This host ignores GPU requests made by variable in ordinary containers.',
    paragraph: `The administrator set accept-nvidia-visible-devices-envvar-when-unprivileged to false, so the variable is ignored in containers
      without privileges. That also stops docker --gpus where it takes the hook. Ask by CDI instead; on a shared machine the
      setting is there for a reason.`,
    mechanism: `Docker hands a --gpus request to the hook as that variable. Privileged containers and those with CAP_SYS_ADMIN are exempt. Native
      CDI, and --gpus through CDI on 29.2 and later, are not touched.`,
    evidence: '[S], texts [R]',
    not: { 'visible-devices-unset': 'the key is true or absent and the variable is not set.' },
    guide: [
      'Use --device nvidia.com/gpu=all. Turning the key back is a security decision of the administrator, not offered as a repair.',
      'Re-probe: nvidia-smi -L in a container started by CDI.',
    ],
  }),
  entry('visible-devices-unknown', {
    layer,
    line: 'Index, UUID or quoting is wrong; this machine has no such device.',
    paragraph: `The requested index or UUID is not one of this machine's. Typical: an index beyond the last GPU, a UUID of a card that was
      replaced, device=0,1 without inner quotes, or --gpus 2 on a machine with one GPU. Correct the request, best with UUIDs.`,
    mechanism: `--gpus N means the indices 0 to N-1, not any N free GPUs. The legacy CLI takes index, full UUID, PCI bus id and GPU:MIG; jit-cdi
      index and full UUID; CDI only names that stand in the spec. In mode legacy a CDI name in the variable is an unknown
      device. The same index twice gives no device with jit-cdi 1.20.0, without an error.`,
    evidence: '[S], texts [R]',
    not: {
      'cdi-device-name-unresolvable': 'the name is a CDI name and a spec exists.',
      'jit-cdi-generation-failed': 'the text is about NVML, not about a device.',
    },
    guide: [
      'Compare with nvidia-smi -L and nvidia-ctk cdi list; quote lists as --gpus \'"device=0,1"\'. Re-probe with the corrected request.',
    ],
  }),
  entry('driver-capabilities-missing', {
    layer,
    line: 'Only the asked-for parts of the driver were injected.',
    paragraph: `In the legacy way NVIDIA_DRIVER_CAPABILITIES decides which libraries arrive: without utility there is no nvidia-smi, without compute no
      libcuda, without video no encoder. Add the one that is missing, or ask by CDI, which brings everything.`,
    mechanism: `The default is utility,compute. Compose capabilities: [gpu] means that default. In the other modes of the runtime compute and
      utility always come and only graphics and display switch anything; native CDI ignores the variable.`,
    evidence: '[S], legacy filtering [R]; seed 2 sets all',
    not: { 'host-libcuda-missing': 'the library is not on the host either.' },
    guide: ['Add exactly what is missing, e.g. compute,utility,video. Re-probe: the library exists in the container.'],
    seeds: 'Seed 2 sets the variable to all "for VM compatibility": it has no relation to virtual machines.',
  }),
  entry('driver-capabilities-unsupported', {
    layer,
    line: 'A word in NVIDIA_DRIVER_CAPABILITIES is misspelt or not allowed here.',
    paragraph: `The hook knows compute, compat32, graphics, utility, video, display, ngx and all. Another word, or one left out of
      supported-driver-capabilities in config.toml, stops the start.`,
    mechanism: 'Only the hook checks; jit-cdi of 1.20.0 starts the container without a word.',
    evidence: '[S][R]',
    not: { 'driver-capabilities-missing': 'the container starts, and a library is missing in it.' },
    guide: ['Correct the word in the container definition; re-probe with a start.'],
  }),
  entry('cuda-requirement-unsatisfied', {
    layer: 'image',
    line: 'The image asks for a CUDA version this driver does not have.',
    paragraph: `The image says in NVIDIA_REQUIRE_CUDA which driver it needs, and this one is older. Choose an older image tag or a newer driver. Skipping the
      check only moves the failure into the program, unless minor-version compatibility covers it.`,
    mechanism: `The legacy CLI evaluates the expression before it mounts anything. Native CDI, mode cdi and --gpus with a spec on 29 do not
      check; there CUDA fails with 35 or 803. Data-center cards can use the cuda-compat package in the image.`,
    evidence: '[S], texts [R]; seed 2, NVIDIA_DISABLE_REQUIRE',
    not: { 'cuda-compat-conflict': 'the start succeeds and cuInit returns 803 or 804.' },
    guide: [
      'Compare nvidia-smi (CUDA Version) with the NVIDIA_REQUIRE_CUDA of the image.',
      'Take an older tag of the image, or a newer driver branch (reboot). Re-probe with that image.',
    ],
    seeds:
      'Seed 2 sets NVIDIA_DISABLE_REQUIRE=1 because "checks fail in VMs". No such check exists; it hides this fault.',
  }),
  entry('cuda-compat-conflict', {
    layer: 'image',
    line: 'The container loads a libcuda of its own instead of the one of the driver.',
    paragraph: `libcuda in the container resolves to /usr/local/cuda/compat or to a mounted file of another version. CUDA then refuses with 803
      or 804. Take away the LD_LIBRARY_PATH entry, the mount or the compat package.`,
    mechanism: `Forward compatibility is for data-center cards and for images newer than the driver. Toolkit 1.17.4 stopped mounting compat libraries,
      1.17.5 brought a hook that enables them when they help, 1.17.7 had a fault there; legacy mode: cuda-compat-mode = "disabled".`,
    evidence: '[I]; seed 2, LD_LIBRARY_PATH and pinned mounts',
    not: { 'driver-library-version-mismatch': 'nvidia-smi fails on the host as well.' },
    guide: [
      'In the container: ldconfig -p | grep libcuda and LD_LIBRARY_PATH; remove what overrides. Re-probe with cuInit.',
    ],
    seeds: 'Seed 2 sets LD_LIBRARY_PATH and pins libraries by version: both invite this fault and neither is needed.',
  }),
  entry('image-bundles-driver-libs', {
    layer: 'image',
    line: 'Files of the driver in the image win over the ones injected from the host.',
    paragraph: `The image ships libcuda, libnvidia-ml or nvidia-smi, often through the meta package cuda. Most times there is no error: the old
      file is simply kept, and nvidia-smi or CUDA in this image fails. Rebuild without driver packages.`,
    mechanism: `ldconfig does not replace a regular file by a link, so an image's libnvidia-ml.so.1 stays. The legacy CLI mounts over files but not over a
      directory of that name. CDI of toolkit 1.20.0 replaces the file by the right link, 1.17.8 does not.`,
    evidence: '[S][I], variants [R]',
    not: {
      'nvml-lib-missing': 'the host nvidia-smi fails the same way.',
      'container-ldcache-not-updated': 'every image fails, not just this one.',
    },
    guide: [
      'Look into the image without a GPU request: ls /usr/lib/*/libcuda.so*. Use cuda-runtime-XX, never cuda, and rebuild. Re-probe.',
    ],
  }),
];
