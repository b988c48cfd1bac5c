import { entry } from './entry.ts';

const layer = 'tegra';

/** Section 2.14: what a check of a Jetson meets. */
export const tegra = [
  entry('tegra-gpus-flag', {
    layer,
    line: 'Jetson needs the NVIDIA runtime; --gpus goes through the hook.',
    paragraph: `On Tegra the driver files are listed in CSV files that only the runtime reads. --gpus and Compose reservations
      use the prestart hook, which refuses. Ask with --runtime=nvidia, or generate a CDI spec from the lists.`,
    mechanism: `On Tegra auto means csv; the hook serves auto and legacy only where they mean legacy. The text says Auto-detected
      mode as 'csv'. Setting mode = "legacy" does not help: there is no ordinary driver to inject.`,
    evidence: '[S][I]',
    not: { 'hook-in-nonlegacy-mode': 'the text says Using requested mode: somebody set it in config.toml.' },
    guide: [
      'docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all; in Compose runtime: nvidia.',
      'Or sudo nvidia-ctk cdi generate --mode=csv --output=/etc/cdi/nvidia.yaml and --device nvidia.com/gpu=all.',
    ],
  }),
  entry('tegra-csv-missing-or-empty', {
    layer,
    line: 'What the lists name and the board lacks is left out without an error.',
    paragraph: `On Tegra the runtime mounts what the CSV lists name. Missing files are only warnings in its log, so the container starts without
      libraries. The packages of this L4T release have to be installed; lists of another release do not fit.`,
    mechanism: `devices.csv, drivers.csv and l4t.csv in host-files-for-container.d are read by the runtime in mode csv. From R36 on the libraries lie
      below aarch64-linux-gnu/nvidia, before below /tegra; bad lines are skipped at debug level.`,
    evidence: '[S]; seed 3 quotes a line that is right for R36 and later',
    not: { 'tegra-no-request': 'every listed file exists and nothing was requested.' },
    guide: [
      'Compare the lists with the disk; install the matching nvidia-l4t packages, never lists of another release.',
      'Re-probe with a container started with --runtime=nvidia.',
    ],
    seeds:
      'Seed 3 says that the hook reads these lists, on x86 as well: wrong, only the runtime does, and only on Tegra.',
  }),
  entry('tegra-thor-misdetected', {
    layer,
    line: 'Before 1.17.7 the toolkit takes Thor for an ordinary GPU machine.',
    paragraph: `Thor has a loadable NVML, so an older toolkit injects the set of a discrete GPU and leaves the Tegra nodes out. Toolkit 1.17.7
      recognises it, 1.19.0 or later is better. Setting mode = "csv" bridges the time.`,
    mechanism: `The platform test looks for NVML first; from 1.17.7 a device name with "NVIDIA Thor" or "(nvgpu)" means Tegra all the same.`,
    evidence: '[S][I]; very likely half of the trouble of seed 3',
    not: { 'tegra-no-request': 'the toolkit is 1.17.7 or newer.' },
    guide: [
      'Upgrade the toolkit to 1.19.0 or later (with the GPU Operator: its own copy). Re-probe with nvidia-ctk --version and a container.',
    ],
    seeds:
      'Seed 3 finds that modes auto, csv and legacy all fail and does not record the toolkit version, which would decide it.',
  }),
  entry('tegra-no-request', {
    layer,
    line: 'Runtime class and capabilities alone request no GPU.',
    paragraph: `The pod uses the nvidia runtime and sets capabilities, but neither NVIDIA_VISIBLE_DEVICES nor the GPU resource. Nothing is injected then, in any
      mode. Ask for the device; privileges are not needed.`,
    mechanism: `The runtime changes nothing without a request. Where the handler is the GPU Operator's own copy, editing /etc/nvidia-container-runtime has no
      effect on it either.`,
    evidence: '[S], not executed on a Thor: unconfirmed on hardware; seed 3, Tests 1 to 4',
    not: { 'tegra-csv-missing-or-empty': 'a device was requested and listed files are missing.' },
    guide: ['Set NVIDIA_VISIBLE_DEVICES=all in that trusted pod, or ask by CDI. Re-probe NVML in the pod.'],
    seeds: `Seed 3 mounts libraries and all of /dev and makes the pod privileged. Over-privileged: in its Test 2 only capabilities were set, so nothing had
      been requested.`,
  }),
  entry('tegra-nvmap-noise', {
    layer,
    line: 'Harmless for NVML, fatal for CUDA on Orin: one test tells which.',
    paragraph: `The lines say that the process may not open /dev/nvmap. Programs that only read the state of the GPU work all the same, so the lines are noise there. CUDA on the
      integrated GPU of an Orin needs that memory. Call cuInit in the container: 0 means noise.`,
    mechanism: `/dev/nvmap belongs to group video. It must stand in devices.csv, and the process needs the group: toolkit 1.19 and later adds it, before --group-add video or
      supplementalGroups. Thor takes its memory through nvidia.ko.`,
    evidence: '[I]; seed 3, Issue 3',
    not: { 'tegra-csv-missing-or-empty': 'libraries are missing as well.' },
    guide: [
      'In the container: python3 -c "import ctypes;print(ctypes.CDLL(\'libcuda.so.1\').cuInit(0))". 0: ignore the lines.',
      'Anything else on an Orin: add group video, and "dev, /dev/nvmap" to devices.csv if it is missing.',
    ],
    seeds: 'Seed 3 calls the lines harmless: right for NVML, wrong for CUDA on an integrated GPU.',
  }),
  entry('tegra-gfd-labels', {
    layer: 'tegra / kubernetes',
    line: 'Feature discovery needs libcuda in its own pod to write them.',
    paragraph: `Schedulers that share a GPU divide its memory by the number of cards, and both come from labels. Feature discovery cannot write them on Tegra while its pod runs without
      the nvidia runtime. Give it the runtime class first; a label by hand is the last resort, because nobody updates it.`,
    mechanism: `GFD has a CUDA path for Tegra beside NVML. Time-slicing multiplies nvidia.com/gpu and leaves gpu.count the number of physical GPUs, so a missing count makes sums of memory
      wrong. UUIDs are not supported there.`,
    evidence: '[S]; seed 3, Issues 1 and 2',
    not: { 'device-plugin-cannot-load-nvml': 'the node offers no GPU at all.' },
    guide: [
      'Run GFD with runtimeClassName nvidia and a recent version.',
      'Only then: kubectl label node NODE nvidia.com/gpu.count=1 nvidia.com/gpu.memory=131072. Re-probe: kubectl get node --show-labels.',
    ],
    seeds: 'Seed 3 labels by hand and says NVML cannot tell on Tegra: right for NVML, but GFD also asks CUDA.',
  }),
  entry('tegra-image-mismatch', {
    layer: 'tegra / image',
    line: 'Orin needs L4T images of its release, Thor ordinary arm64 ones.',
    paragraph: `Libraries are missing or no kernel image fits, because the user space of the image belongs to another release or chip. Take an image of the family that fits the release
      of this board.`,
    mechanism: `R35 is JetPack 5, R36 JetPack 6, both with L4T images for the integrated GPU. R38 and R39, JetPack 7, use images for arm64 servers (sbsa) on Thor.`,
    evidence: '[D]; partly unconfirmed',
    not: { 'image-platform-mismatch': 'the image is for another processor: exec format error.' },
    guide: ['head -1 /etc/nv_tegra_release; choose the tag of that release. Re-probe: cuInit in the new image.'],
  }),
  entry('tegra-unsupported-request', {
    layer,
    line: 'A Jetson has one GPU, called all or 0; there is no MIG.',
    paragraph: `Lists of files describe one device, so another index, a UUID or a MIG name is refused. The device plugin cannot ask by CDI there either. Ask for all or 0.`,
    mechanism: `csv mode answers "unsupported device id". nvidia-ctk cdi generate --mode=csv prints the names that exist. The plugin says that CDI strategies are only supported on
      NVML-based systems; the strategy is envvar.`,
    evidence: '[S]',
    not: { 'visible-devices-unknown': 'the machine is no Jetson.' },
    guide: ['NVIDIA_VISIBLE_DEVICES=all (or 0); deviceListStrategy: envvar. Re-probe with the container.'],
  }),
];
