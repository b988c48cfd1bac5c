import { entry } from './entry.ts';

const layer = 'tegra';

/** Section 2.14: what a check of a Jetson meets. */
export const tegra = [
  entry('tegra-gpus-flag', {
    layer,
    title: 'On a Jetson --gpus does not work',
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
    title: 'The CSV lists name files that are not there',
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
    title: 'This toolkit does not recognise Jetson Thor',
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
    title: 'The container on the Jetson asked for nothing',
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
];
