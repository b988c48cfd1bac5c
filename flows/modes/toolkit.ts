import { entry } from './entry.ts';

const layer = 'toolkit';

/** Section 2.6, first half: which toolkit is installed, and does it fit together. */
export const toolkit = [
  entry('toolkit-not-installed', {
    layer,
    line: 'Docker has nobody to ask for a GPU; the toolkit is that somebody.',
    paragraph: `None of the toolkit's programs is on this machine. Docker then says that it cannot select a device driver, or on 29
      that no GPU vendor was found. It comes from NVIDIA's package repository; after installing it dockerd has to be
      restarted once, because it looks for these programs only when it starts.`,
    mechanism: `dockerd looks in its PATH for nvidia-container-runtime-hook and, from 29.2, for nvidia-cdi-hook, once at start. A reload does not
      repeat that. Docker 26 says 'could not select device driver "" with capabilities: [[gpu]]', Docker 29 'failed to discover GPU
      vendor from CDI', and Compose with driver: nvidia the first text on both.`,
    evidence: '[S], texts and restart [R]; every seed assumes it is installed',
    not: {
      'toolkit-base-only': 'nvidia-ctk exists and only nvidia-container-runtime-hook is absent.',
      'docker-no-device-driver': 'the hook exists and is younger than the running dockerd.',
      'docker-desktop-linux': 'another engine answers.',
    },
    guide: [
      'Add the package repository of the toolkit as its documentation describes for this distribution.',
      'Install nvidia-container-toolkit, then sudo nvidia-ctk runtime configure --runtime=docker.',
      'Restart Docker when its containers may stop: sudo systemctl restart docker.',
      'Run gpumedic again.',
    ],
  }),
  entry('toolkit-base-only', {
    layer,
    line: 'The hook that Docker before 29.2 calls for --gpus is in the other package.',
    paragraph: `nvidia-container-toolkit-base brings the runtime, nvidia-ctk and the CDI hook, but not the prestart hook. Docker before
      29.2 needs that for --gpus. Either install the full package or stay with CDI, which needs the base package only.`,
    mechanism: `The legacy mode of the runtime starts /usr/bin/nvidia-container-runtime-hook and fails with fork/exec. Docker 29.2 and later serves --gpus
      by CDI from the base package and says unresolvable when no spec exists.`,
    evidence: '[S], texts [R]',
    not: {
      'toolkit-not-installed': 'nvidia-ctk is absent as well.',
      'cdi-spec-missing': 'Docker is 29.2 or newer and only a spec is lacking.',
    },
    guide: [
      'Install nvidia-container-toolkit and restart Docker, or ask by CDI: --device nvidia.com/gpu=all.',
      'Re-probe: command -v nvidia-container-runtime-hook.',
    ],
  }),
  entry('toolkit-version-skew', {
    layer,
    line: 'The four packages must have one version; a partial upgrade breaks starts.',
    paragraph: `Toolkit, base package and the two libnvidia-container packages belong together. After a partial upgrade the newer half calls
      the older with options it does not know, or a library is gone. Bring all four to one version; nvidia-docker2 is a
      leftover and can go (keep a copy of daemon.json, that package owns one).`,
    mechanism: `The hook calls nvidia-container-cli with options of its own version, for example --cuda-compat-mode from 1.17.7. Exact
      versions are required by the packages from 1.18. nvidia-docker2 and nvidia-container-runtime were last shipped with 1.14.0. A second copy
      in /usr/local or a snap has the same effect.`,
    evidence: '[S][D], texts [R]; seed 0 calls nvidia-docker2 deprecated, which is right',
    not: {
      'toolkit-base-only': 'the hook is not installed at all.',
      'toolkit-binary-not-in-daemon-path': 'the versions agree and the daemon does not find the program.',
    },
    guide: [
      'Compare: nvidia-ctk --version, nvidia-container-cli -V, and the four package versions.',
      'Install all four at one version; re-probe the same way.',
    ],
  }),
  entry('toolkit-repo-conflict', {
    layer,
    line: 'apt refuses to work until one of the two source files is gone.',
    paragraph: `An older source list of the same repository lies beside the present one, with another key. apt reads neither. Move
      the older file away and update.`,
    mechanism: `apt demands one Signed-By value per source. Old names are libnvidia-container.list, nvidia-docker.list and
      nvidia-container-runtime.list; the present one is nvidia-container-toolkit.list.`,
    evidence: '[D]',
    not: { 'toolkit-version-skew': 'apt works, but the packages are of different versions.' },
    guide: [
      'grep -l libnvidia-container /etc/apt/sources.list.d/* lists them; move the older away, then sudo apt-get update.',
    ],
  }),
  entry('toolkit-binary-not-in-daemon-path', {
    layer,
    line: 'The registered runtime names a program that is not where Docker looks.',
    paragraph: `The runtime is registered, but its path does not exist or is not in the PATH of the daemon. dockerd starts and lists it all the
      same; only containers with --runtime=nvidia fail, while --gpus and CDI work. An absolute path to the installed program, or
      taking out a dead entry, repairs it with a reload.`,
    mechanism: `dockerd runs "nvidia-container-runtime features" once and only logs a warning if that fails. At container start the shim
      executes the path. An absolute path gives fork/exec ... no such file, a bare name "executable file not found in $PATH". The PATH
      of a unit, snap or NixOS service is narrower than the one of a shell.`,
    evidence: '[S], texts [R]',
    not: {
      'docker-runtime-not-registered': 'docker info lists no nvidia runtime.',
      'docker-default-runtime-broken': 'every container fails, also those without a GPU.',
      'toolkit-not-installed': 'the program exists nowhere on the machine.',
    },
    guide: [
      'Compare the configured path with ls -l and with the PATH of dockerd (/proc/PID/environ, as root).',
      'After the edit: sudo systemctl reload docker; re-probe with docker info.',
    ],
  }),
  entry('low-level-runtime-not-found', {
    layer,
    line: 'The NVIDIA runtime only wraps runc or crun, and finds neither.',
    paragraph: `nvidia-container-runtime hands the container over to runc or crun and found neither in the PATH of the daemon, or its list
      of candidates is wrong. Naming the full path of runc in config.toml is enough; it is read at the next start.`,
    mechanism: `The key runtimes of [nvidia-container-runtime] defaults to runc and crun (1.16.2 and 1.17.8 also docker-runc). k3s, rke2,
      NixOS and the packages of CRI-O keep runc or crun in a place of their own. An empty list is an error of its own.`,
    evidence: '[S], texts [R]',
    not: { 'toolkit-binary-not-in-daemon-path': 'the NVIDIA runtime itself is not found.' },
    guide: ['command -v runc crun; set runtimes to the full path or install runc; re-probe with a container start.'],
  }),
  entry('unknown-oci-spec-field', {
    layer,
    line: 'The engine is newer than the toolkit and writes a field it refuses.',
    paragraph: `Toolkit 1.19 and later refuses a container specification with a field it does not know. The engine is newer than the toolkit's
      idea of the format. Upgrading the toolkit is the cure, a feature switch the way to bridge the time.`,
    mechanism: `From 1.19 the runtime decodes the OCI spec strictly; 1.17.8 let unknown fields pass. features.allow-unknown-oci-spec-fields
      turns the check off.`,
    evidence: '[S], made-up field on 1.20.0 [R]',
    not: { 'config-toml-invalid': 'the message names config.toml or a line and column of it.' },
    guide: [
      'Upgrade the toolkit, or set features.allow-unknown-oci-spec-fields = true; re-probe with a container start.',
    ],
  }),
  entry('toolkit-known-vulnerable', {
    layer: 'security',
    line: 'A container could leave its cage through an old toolkit; upgrade soon.',
    paragraph: `The GPU may work, but this toolkit version has published vulnerabilities that let an image reach the host. Upgrade at the next
      occasion. The package scripts run systemctl daemon-reload, which can take the GPU from running legacy containers: plan a restart of them.`,
    mechanism: `Below 1.17.4: CVE-2024-0132 and 0133 (fixed in 1.16.2), 0134 (1.17.0), 0135 to 0137 (1.17.3), CVE-2025-23359 (1.17.4). Below
      1.17.8: CVE-2025-23266 and 23267 (version from public advisories). The configuration file to edit in mitigations is
      /etc/nvidia-container-runtime/config.toml.`,
    evidence: '[S], 1.17.8 as fixing version unconfirmed',
    not: { 'toolkit-version-skew': 'something fails now; a known weakness alone stops nothing.' },
    guide: ['Upgrade nvidia-container-toolkit and its three companions; re-probe: nvidia-ctk --version.'],
  }),
];
