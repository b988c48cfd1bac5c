import { entry } from './entry.ts';

const layer = 'engine';

/** Section 2.9: the Docker engine and its configuration. */
export const docker = [
  entry('docker-no-device-driver', {
    layer,
    line: 'Docker looks for the toolkit only at start, and it came later.',
    paragraph: `--gpus is refused because at its last start dockerd found neither the hook nor the CDI hook. If they are installed now, Docker was simply
      not restarted since. A reload does not help; a restart stops running containers unless live-restore was on.`,
    mechanism: `Device drivers are registered once at start by looking up nvidia-container-runtime-hook and, from 29.2, nvidia-cdi-hook in the PATH of dockerd.
      The nvidia entry below runtimes does not matter for --gpus. Docker 26 says "could not select device driver", 29 "no known GPU vendor found".`,
    evidence: '[S][I], both engines [R]',
    not: {
      'toolkit-not-installed': 'the programs are not installed at all.',
      'toolkit-base-only': 'only the hook is missing and Docker is older than 29.2.',
      'cdi-disabled-in-docker': 'the driver in the text is "cdi".',
      'docker-runtime-not-registered': 'the text is about a runtime name.',
      'docker-desktop-linux': 'another engine answers.',
    },
    guide: ['Re-probe after the restart: a container with --gpus all.'],
  }),
  entry('docker-runtime-not-registered', {
    layer,
    line: 'The runtime has to be listed in daemon.json, and it is not active.',
    paragraph: `--runtime=nvidia is refused because the daemon that answers has no such entry. Adding it to daemon.json and reloading is enough; running
      containers are not touched. --gpus and CDI do not need it.`,
    mechanism: `runtimes is one of the few keys re-read on SIGHUP. A reload adds entries and never removes one, so undoing this needs a restart. Docker before 23
      says "Unknown runtime specified". Snap and rootless engines read other files.`,
    evidence: '[S], reload on 26 and 29 [R]; seeds 0 and 1, daemon.json',
    not: {
      'toolkit-binary-not-in-daemon-path': 'docker info lists nvidia and the start fails on its path.',
      'docker-snap': 'DockerRootDir begins with /var/snap.',
      'docker-config-not-active': 'the entry stands in the file: then a reload alone is missing.',
    },
    guide: ['Re-probe: docker info --format "{{json .Runtimes}}" lists nvidia.'],
    seeds: `Seed 0 writes the entry with tee and loses every other setting of the file; here it is merged. Seed 1 registers again at each boot: pointless,
      the entry stays.`,
  }),
  entry('docker-default-runtime-broken', {
    layer,
    line: 'Every container depends on it: dockerd or all containers fail.',
    paragraph: `daemon.json makes nvidia the default runtime, but there is no such entry, or the entry's program is gone. dockerd then does not start, or it starts
      and no container does, GPU or not. The default is not needed for --gpus, Compose or CDI.`,
    mechanism: `dockerd checks that the default is registered, not that its program exists. dockerd --validate accepts all of these. A removed default-runtime
      key stays active until a restart.`,
    evidence: '[S], texts [R]; seed 1, --set-as-default=false',
    not: {
      'toolkit-binary-not-in-daemon-path': 'only containers with --runtime=nvidia fail.',
      'docker-daemon-json-malformed': 'the file does not parse.',
    },
    guide: ['Re-probe: systemctl is-active docker, then any container.'],
    seeds: 'Seed 1 registers with --set-as-default=false: right, though it does not take an existing default away.',
  }),
  entry('docker-daemon-json-malformed', {
    layer,
    line: 'dockerd refuses to start with a configuration it cannot read.',
    paragraph: `The file has a syntax error, an unknown key or a value of the wrong type. dockerd does not start, or, if it was running before the edit, will not at
      the next restart. The journal's last lines only speak of retries; dockerd --validate names the place.`,
    mechanism: `A reload with a broken file exits 0, keeps the old settings and only the journal tells. After several failed starts systemd refuses to try again until
      reset-failed. --validate sees syntax, unknown keys and types; it does not see a missing default runtime, hosts given twice or dead paths.`,
    evidence: '[S], texts [R]; editing by heredoc in seed 0',
    not: {
      'docker-flag-conflict': 'the journal says that a directive stands both as a flag and in the file.',
      'docker-default-runtime-broken': 'the journal names a default runtime.',
      'docker-not-running': 'the file is valid and the service was just stopped.',
    },
    guide: [
      'dockerd --validate --config-file=/etc/docker/daemon.json names the place; mend it, nothing else.',
      'sudo systemctl reset-failed docker, then sudo systemctl start docker. Re-probe: docker info.',
    ],
    seeds: 'Seed 0 overwrites the file by a heredoc, the usual origin of such faults.',
  }),
  entry('docker-flag-conflict', {
    layer,
    line: 'One setting stands in the unit and in daemon.json; dockerd refuses both.',
    paragraph: `dockerd got the same setting as a flag from its unit and from daemon.json, most often hosts. It does not start and only the journal
      says why. Keep one place.`,
    mechanism: `Flags and file are merged at start and a directive given in both is an error, even with equal values. Debian's unit passes -H fd://. dockerd
      --validate does not see it.`,
    evidence: '[S], text [R]',
    not: { 'docker-daemon-json-malformed': 'the journal names a syntax error or an unknown key.' },
    guide: [
      'systemctl cat docker and /etc/default/docker show the flags; take the key out of daemon.json, or clear ExecStart= in a drop-in.',
      'sudo systemctl reset-failed docker; sudo systemctl start docker. Re-probe: docker info.',
    ],
  }),
  entry('docker-config-not-active', {
    layer,
    line: 'The file says one thing, the running dockerd still does another.',
    paragraph: `daemon.json was changed and dockerd has not taken it over, or the key is spelt in a way that does nothing. CDI settings and device drivers are
      read only at start, so a reload is not enough for them.`,
    mechanism: `A reload re-reads runtimes, default-runtime and live-restore only, and removes nothing. Keys accepted without effect: features.CDI in capitals, any
      unknown feature name, cdi-spec-dir in the singular.`,
    evidence: '[S], both engines [R]; seed 1, systemctl reload',
    not: {
      'docker-desktop-linux': 'another daemon answers than the one the file belongs to.',
      'docker-no-device-driver': 'no file was changed; the toolkit was installed after dockerd started.',
    },
    guide: ['Re-probe: the field of docker info equals the file.'],
    seeds: 'Seed 1 reloads Docker after switching CDI on; that does not activate it.',
  }),
  entry('docker-features-overwritten', {
    layer,
    line: 'Switching CDI on with nvidia-ctk removed the other feature switches.',
    paragraph: `After nvidia-ctk runtime configure --cdi.enabled the features block holds cdi only. Images may seem to be gone, because the image store was a feature
      too; they are not. Put the other entries back and restart Docker.`,
    mechanism: `The tool replaces the whole features object on every version tried. Without containerd-snapshotter dockerd reads its old image store and shows other
      images. On 28.2 and later the option is not needed at all.`,
    evidence: '[S][X], four toolkit versions [R]',
    not: { 'docker-config-not-active': 'the keys are still in daemon.json, only the daemon has not read them.' },
    guide: [
      'Compare daemon.json with a backup and put the lost features back beside cdi.',
      'Restart Docker when its containers may stop. Re-probe: docker info, Storage Driver, and docker images.',
    ],
  }),
  entry('docker-snap', {
    layer,
    line: 'The snap reads other files, so edits in /etc/docker do nothing.',
    paragraph: `This engine is the snap package. It has its own daemon.json, toolkit and CDI specs, and does not see the ones of the host. Ask with
      --runtime=nvidia there, or move to docker-ce after exporting the data.`,
    mechanism: `The snap is confined: configuration in /var/snap/docker/current/config, toolkit in mode cdi, specs below its own data folder. From snap 29.2.0 GPU containers
      fail while NVIDIA toolkit packages are installed on the host. NVIDIA does not support this set-up.`,
    evidence: '[S][I]; seed 0 does not exclude it',
    not: {
      'docker-desktop-linux': 'docker info says Docker Desktop.',
      'docker-runtime-not-registered': 'DockerRootDir does not begin with /var/snap.',
    },
    guide: [
      'Use docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all: the supported form in the snap.',
      "Snap 29.2 or later: remove the host's toolkit packages, or --gpus 'all,driver=nvidia.runtime-hook'.",
      'Moving to docker-ce: export images and volumes first, and never purge the snap before. Run gpumedic again.',
    ],
    seeds: 'Seed 0 edits files in /etc without asking whether the engine reads them.',
  }),
  entry('docker-29.2-gpus-behaviour-change', {
    layer,
    line: '--gpus now uses the CDI spec; an old spec suddenly matters.',
    paragraph: `After the upgrade containers started with --gpus get everything the spec lists, ignore NVIDIA_DRIVER_CAPABILITIES and skip the CUDA requirement check. A
      stale spec that never mattered now breaks them. Keep the spec right, or name the hook as driver.`,
    mechanism: `dockerd 29.2 and later tries nvidia.cdi and falls back to nvidia.runtime-hook only if the device does not resolve; the journal then says "Ignoring previous
      errors updating spec". NVIDIA_VISIBLE_DEVICES=void inside is normal.`,
    evidence: '[S][R]; seed 1 calls --gpus legacy',
    not: { 'cdi-spec-stale': 'the start fails on a missing file: then the spec is the cause.' },
    guide: ["Compare --gpus 'all,driver=nvidia.runtime-hook' with --gpus all. Re-probe with your own container."],
    seeds: 'Seed 1 calls --gpus the legacy approach; from 29.2 it is CDI.',
  }),
  entry('docker-build-no-gpu', {
    layer,
    line: 'Build steps get no GPU, whatever the default runtime is.',
    paragraph: `BuildKit does not use the default runtime, so RUN steps see no GPU and no libcuda. Compile without a GPU, or ask for the device in the step with the labs
      syntax.`,
    mechanism: `RUN --device=nvidia.com/gpu=all needs BuildKit 0.20, Buildx 0.22, the labs Dockerfile syntax and CDI. The old builder with nvidia as default bakes driver stubs
      into images.`,
    evidence: '[D]',
    not: { 'image-bundles-driver-libs': 'the finished image fails, not the build.' },
    guide: ['Set TORCH_CUDA_ARCH_LIST and link against the stubs, or use RUN --device. Re-probe with the build.'],
  }),
  entry('swarm-service-no-gpu', {
    layer,
    line: 'Swarm ignores device requests; it has generic resources instead.',
    paragraph: `docker stack deploy and docker service do not know device requests, so a reservation in the file is passed over. Use Compose, or let the node offer its
      GPUs as generic resources and the service ask for one; the default runtime has to be nvidia then.`,
    mechanism: `dockerd gives a task what it asked for in a variable, DOCKER_RESOURCE_ and the kind in capitals; the toolkit takes the UUIDs from the variable that swarm-resource
      names, so both names have to agree. Toolkit 1.18 reads it in mode legacy only. A kind that no node offers leaves the task waiting.`,
    evidence:
      '[S] for swarm-resource; the rest is confirmed by the sources of moby, swarmkit and the toolkit, and by the documentation of dockerd',
    not: {
      'compose-service-without-gpu-request': 'the engine is no Swarm node and the service was started by Compose.',
      'visible-devices-unset': 'docker run or Compose made the container; it has no label com.docker.swarm.task.',
      'image-not-present': 'the name is that of no service either.',
    },
    guide: [
      'Start the service with docker compose up instead, or set up node-generic-resources. Re-probe with the service.',
    ],
  }),
  entry('docker-not-running', {
    layer,
    line: 'No container starts while the daemon is down.',
    paragraph: `The Docker service is stopped or failed. If it failed there is a reason of its own in the journal: an invalid daemon.json, a setting given twice or a missing
      default runtime come first. If it was just stopped, start it.`,
    mechanism: `docker info exits 1 without a daemon, with --format 0 on 26 and 1 on 29; docker run exits 125 on 26 and 1 on 29. systemctl show tells stopped (Result=success) from
      failed. After repeated failures systemd wants reset-failed first.`,
    evidence: '[X][R]',
    not: {
      'docker-socket-denied': 'the text says permission denied.',
      'docker-daemon-json-malformed': 'dockerd --validate names an error.',
      'docker-flag-conflict': 'the journal names a directive given twice.',
      'docker-default-runtime-broken': 'the journal names a default runtime.',
      'docker-desktop-linux': 'the context points to another engine.',
    },
    guide: ['sudo systemctl start docker; re-probe: docker info.'],
  }),
  entry('docker-socket-denied', {
    layer,
    line: 'The Docker socket belongs to root and a group you are not in.',
    paragraph: `The daemon runs; this user may not open its socket. That is how Docker is delivered. Run the command with sudo. Joining the group docker also works, and makes
      the user as powerful as root on this machine.`,
    mechanism: `Whoever can talk to the socket can mount the host's root into a container. The wording differs: 26 names the Docker daemon socket and exits 126, 29 the docker API and exits 1.`,
    evidence: '[X][R]',
    not: { 'docker-not-running': 'the text asks whether the daemon is running.' },
    guide: [
      'Use sudo for gpumedic and docker; rootless Docker or Podman are the way without root.',
      'Only if you accept that it equals root: sudo usermod -aG docker USER, log out and in again. Re-probe: docker info.',
    ],
  }),
];
