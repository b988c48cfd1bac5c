import { entry } from './entry.ts';

const layer = 'image and application';

/** Section 2.12: what belongs to the image; the host cannot mend it. */
export const image = [
  entry('image-libcudart-missing', {
    layer,
    line: 'libcudart, cuBLAS or cuDNN belong to the image and are never injected.',
    paragraph: `The host gives the driver (libcuda); the CUDA runtime and its libraries must be in the image, in the major version the program was built for. Take the -runtime or -cudnn variant of the base
      image, or the matching wheels. Mounting the CUDA of the host is no cure.`,
    mechanism:
      'nvidia/cuda base images have libcudart only, -runtime adds the math libraries, -cudnn adds cuDNN. cuInit returning 0 proves that the injection is sound.',
    evidence: '[D]; seed 4 tells libcudart from libcuda rightly',
    not: {
      'host-libcuda-missing': 'the library is libcuda.so.1.',
      'nvml-lib-missing': 'the library is libnvidia-ml.so.1.',
    },
    guide: [
      'Look with ldconfig -p in the image; choose a base image of the right CUDA major version and rebuild. Re-probe: the program starts.',
    ],
    seeds: 'Seed 4 is right: libcudart in the image, libcuda from the host.',
  }),
  entry('image-cpu-only-framework', {
    layer,
    line: 'cuInit works; this build of the framework has no CUDA in it.',
    paragraph: `torch, TensorFlow or onnxruntime was installed as a CPU build, because of the index, a pin or the processor. It never finds a GPU, whatever the host does. Install the CUDA build and
      rebuild without the cache.`,
    mechanism:
      'torch versions end in +cpu and torch.version.cuda is None; onnxruntime lists only the CPU provider; on arm64 the default wheels had no CUDA for long.',
    evidence: '[F], confirmed by the installed version',
    not: {
      'compose-service-without-gpu-request': 'there is no GPU request in the record of the container.',
      'cuda-visible-devices-wrong': 'the build has CUDA and a variable hides the GPU.',
    },
    guide: [
      'Install from the CUDA index of the framework, correct the pin, rebuild with --no-cache. Re-probe: the version has no +cpu.',
    ],
  }),
  entry('image-arch-not-compiled', {
    layer,
    line: 'The GPU is found, and the first computation fails.',
    paragraph: `The framework was built for other GPU generations: a new card with an old build, or an old card with a new one that dropped it. is_available() is true all the same. Take a build that
      names this generation, or a newer driver where the text speaks of PTX.`,
    mechanism:
      '"no kernel image is available" means no machine code for this compute capability; 222 means that the intermediate code is newer than the driver can translate.',
    evidence: '[I], many reports',
    not: { 'cuda-requirement-unsatisfied': 'the driver is too old for the whole image (35).' },
    guide: [
      'Compare nvidia-smi --query-gpu=compute_cap with torch.cuda.get_arch_list(); choose a matching wheel or image. Re-probe: a small computation.',
    ],
  }),
  entry('image-app-module-missing', {
    layer,
    line: 'Not a GPU fault; it shows as soon as the GPU is repaired.',
    paragraph: `Python does not find a module. If the start command names it, it is the application's own: the Dockerfile has no COPY for it, .dockerignore leaves it out, or a mount hides it. A well-known
      package name means a missing requirement; a set PYTHONPATH or another working directory can hide what is there.`,
    mechanism:
      'COPY copies what it names and nothing else. Python searches the working directory, PYTHONPATH and the installed packages, in that order.',
    evidence: 'seed 0, Root Cause 3 and Fix 4; text [R]',
    not: { 'image-libcudart-missing': 'a shared library is named, not a Python module.' },
    guide: [
      'docker run --rm --pull=never --entrypoint ls IMAGE WORKDIR shows what was copied; compare with the COPY lines and .dockerignore.',
      'Add COPY MODULE/ ./MODULE/ and rebuild, or add the package to the requirements. Re-probe: the import in a throw-away container.',
    ],
    seeds: 'Seed 0, Fix 4 is right: add the missing COPY.',
  }),
  entry('image-platform-mismatch', {
    layer,
    line: 'Under emulation CUDA never works; without it nothing starts.',
    paragraph: `The image is for amd64 and the machine is arm64, or the other way round. The start ends in "exec format error", or runs in emulation without a GPU. Pull or build the image for this
      platform.`,
    mechanism:
      'Architecture of the image record against uname -m. On Jetson there is also the difference between L4T images and those for arm64 servers.',
    evidence: '[F], confirmed by two records',
    not: {
      'image-nvidia-smi-not-found': 'the program is missing, not of another processor.',
      'tegra-image-mismatch': 'both are arm64 and the machine is a Jetson.',
    },
    guide: ['docker pull --platform, or build with --platform for this machine. Re-probe: docker image inspect.'],
  }),
  entry('image-nvidia-smi-not-found', {
    layer,
    line: 'Mostly nothing was injected; else the image cannot run it.',
    paragraph: `Without GPU nodes in the container nothing was injected, and the missing request is the cause. With nodes, the capability utility was not asked for, PATH lacks /usr/bin, or the image has no
      glibc, so that the tool is there and cannot start. CUDA may work without it.`,
    mechanism:
      'The tool is mounted from the host and linked against glibc: Alpine and busybox say "no such file or directory" although the file is there.',
    evidence: '[I][S], texts [R]',
    not: {
      'visible-devices-unset': 'there is no /dev/nvidiactl in the container.',
      'driver-capabilities-missing': 'utility is not among the capabilities.',
    },
    guide: [
      'ls /dev/nvidiactl in the container first; then PATH and ldd. Use a glibc base for CUDA programs. Re-probe: nvidia-smi -L or cuInit.',
    ],
  }),
  entry('image-not-present', {
    layer,
    line: 'Nothing about the GPU has been tested yet.',
    paragraph: `Docker looked for the image and has none of that name, and could not or should not pull it. That says nothing about the GPU. Any glibc image that is here serves for a test; otherwise pull or
      load this one.`,
    mechanism:
      'With --pull=never the text is "No such image"; otherwise a registry or name error follows. The exit status is 125.',
    evidence: '[R]',
    not: { 'docker-not-running': 'the daemon does not answer at all.' },
    guide: ['docker images, then docker pull or docker load. Re-probe: run gpumedic again with that name.'],
  }),
  entry('image-stub-libcuda', {
    layer,
    line: 'The stubs folder of the CUDA toolkit is on the run-time path.',
    paragraph: `The stub exists so that programs can be linked without a driver. At run time it answers every call with error 34, while nvidia-smi works. Take the stubs folder off LD_LIBRARY_PATH and the
      rpath.`,
    mechanism: 'LD_LIBRARY_PATH is searched before the loader cache that holds the injected libcuda.',
    evidence: '[D]',
    not: { 'cuda-compat-conflict': 'the folder is compat and the error is 803 or 804.' },
    guide: [
      'Remove .../cuda/lib64/stubs from LD_LIBRARY_PATH, relink if it is in the rpath. Re-probe: cuInit returns 0.',
    ],
  }),
  entry('cuda-visible-devices-wrong', {
    layer: 'request',
    line: 'nvidia-smi lists the GPU, and CUDA counts none.',
    paragraph: `Inside the container GPUs are counted from 0 again. A number of the host, an empty value, -1 or the UUID of a GPU that was not injected hides everything from CUDA. Leave the variable out and
      choose the GPU in the request.`,
    mechanism: 'libcuda applies the variable after the injection; NVML and nvidia-smi never read it.',
    evidence: '[D]; seed 2 sets it beside NVIDIA_VISIBLE_DEVICES',
    not: { 'nvidia-uvm-missing': 'cuInit returns 999.', 'visible-devices-unknown': 'the container does not start.' },
    guide: ['Remove the variable and recreate the container. Re-probe: cuDeviceGetCount is not 0.'],
    seeds: 'Seed 2 sets both variables; CUDA_VISIBLE_DEVICES=0 happens to be right with one GPU.',
  }),
];
