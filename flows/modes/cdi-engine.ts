import { entry } from './entry.ts';

const layer = 'cdi';

/** Section 2.8, second half: what the engine and the refresh units make of specs. */
export const cdiEngine = [
  entry('cdi-spec-dir-mismatch', {
    layer: 'engine',
    line: 'The spec is there, but not where this engine searches.',
    paragraph: `daemon.json lists folders of its own for CDI, and the spec lies in another. nvidia-ctk lists the devices, Docker finds none. Taking the
      key out restores the two default folders; it takes effect only after a restart of Docker. cdi_spec_dirs of CRI-O and of Podman does the same to pods and to Podman.`,
    mechanism: `cdi-spec-dirs replaces the default /etc/cdi and /var/run/cdi and is not reloadable. A list of one empty string leaves CDI on with nothing to
      search. A linked /etc/cdi is followed by Docker 29.2 and later, not by 26, Podman 5.4.2 or nvidia-ctk. Docker 29 prints /run/cdi for
      /var/run/cdi: the same place.`,
    evidence: '[S], behaviour [R]; seed 0, daemon.json',
    not: {
      'cdi-disabled-in-docker': 'docker info lists no folder at all.',
      'cdi-spec-missing': 'nvidia-ctk cdi list is empty too.',
    },
    guide: ['Re-probe: CDISpecDirs of docker info holds the folder of the spec.'],
    seeds: `Seed 0 writes "cdi-spec-dirs": ["/etc/cdi"] to enable CDI. It enables nothing (25 to 28.1 need features.cdi) and later hides the
      refreshed /var/run/cdi.`,
  }),
  entry('cdi-spec-crashes-engine', {
    layer,
    line: 'One file with a one-letter name takes Docker and Podman down.',
    paragraph: `A spec whose vendor or class is one character long makes the CDI library fail so badly that dockerd ends, and ends again at each start. Move the
      file out of the folder, clear the failed state and start Docker.`,
    mechanism: `The name check reads behind the end of a one-letter word (slice bounds out of range in validateVendorOrClassName). Seen with Docker 26.1.5 and
      29.7.2, Podman 5.4.2 and nvidia-ctk 1.17.8 and 1.20.0. A dockerd with CDI off does not load the folder and lives on.`,
    evidence: '[S][R]',
    not: {
      'cdi-spec-malformed': 'dockerd keeps running.',
      'docker-not-running': 'the journal shows no panic.',
      'docker-daemon-json-malformed': 'the journal names daemon.json.',
    },
    guide: ['Re-probe: systemctl is-active docker and nvidia-ctk cdi list.'],
  }),
  entry('cdi-disabled-in-docker', {
    layer: 'engine',
    line: 'Docker before 28.2 needs a switch in daemon.json before it knows CDI.',
    paragraph: `Requests by CDI name are refused because this dockerd has no CDI driver. Docker 25 to 28.1 needs features.cdi = true, later versions have it on
      unless somebody wrote false. It takes a restart of Docker, which stops running containers; a reload is not enough. If --gpus suffices,
      leave it.`,
    mechanism: `The CDI driver is registered once at dockerd start, so neither features.cdi nor cdi-spec-dirs reacts to a reload. Docker before 25 has no CDI. The
      key is case sensitive: "CDI" does nothing. nvidia-ctk runtime configure --cdi.enabled drops every other entry of features, so the entry is
      merged by position here.`,
    evidence: '[S], both engines [R]; seed 1, daemon.json and reload',
    not: {
      'docker-no-device-driver': 'the driver named in the text is "" or "nvidia".',
      'cdi-spec-dir-mismatch': 'docker info lists folders, only not the right one.',
      'docker-config-not-active': 'features.cdi is true in the file and dockerd is older than the file.',
    },
    guide: ['Re-probe: CDISpecDirs of docker info is not empty.'],
    seeds:
      'Seed 1 sets features.cdi = true: right for 25 to 28.1, redundant later; its systemctl reload does not switch it on.',
  }),
  entry('cdi-disabled-in-containerd', {
    layer: 'engine',
    line: 'Pods run without a GPU because containerd ignores CDI requests.',
    paragraph: `containerd 1.7 knows CDI and leaves it off, 1.6 does not know it. Docker is not concerned; pods are. Switching it on takes a restart of
      containerd, which running containers survive.`,
    mechanism: `enable_cdi is false by default in 1.7 (plugin io.containerd.grpc.v1.cri) and true from 2.0 (io.containerd.cri.v1.runtime). 2.3 says that CDI is
      explicitly disabled; earlier versions are silent.`,
    evidence: '[S][I]',
    not: { 'cdi-disabled-in-docker': 'the container was started by Docker.' },
    guide: [
      'sudo nvidia-ctk runtime configure --runtime=containerd --cdi.enabled, restart containerd, delete the pod. Re-probe: containerd config dump.',
    ],
  }),
  entry('cdi-refresh-unit-inactive', {
    layer,
    line: 'The unit that writes the spec at boot is off, keeps failing, or is not there.',
    paragraph: `From 1.18 on the toolkit ships units that write the spec at boot and after driver updates, and here they are not active; an older one ships
      none. The spec is then absent after a boot or grows old. Enabling them interrupts nothing.`,
    mechanism: `nvidia-cdi-refresh.path watches modules.dep and nvidia-ctk. They may stay off when the package was installed while systemd was not
      up, by a preset, or by faults of a version: 1.18.0 misses Debian's module name, 1.18.1 compressed modules, 1.19.0 waits without
      retry; 1.19.1 repairs these. Driver removal and MIG changes are not covered.`,
    evidence: '[S]; seed 1, systemd services',
    not: {
      'own-generate-unit-broken': 'the unit was written by hand.',
      'cdi-spec-missing': 'there is no spec now, and the toolkit is older than 1.18.',
    },
    guide: [
      'Re-probe: systemctl is-enabled nvidia-cdi-refresh.path nvidia-cdi-refresh.service, then nvidia-ctk cdi list.',
    ],
    seeds: `Seed 1 writes units of its own. From 1.18 they are redundant, and After=multi-user.target lets Docker start first, so the first
      containers of a boot may miss the spec.`,
  }),
  entry('own-generate-unit-broken', {
    layer,
    line: 'systemd ignores misspelt lines; a unit may look fine and do nothing.',
    paragraph: `Somebody wrote a unit that generates the spec, and a word in it is misspelt, its program does not exist, or it runs after the containers. systemd ignores
      misspelt lines and reports success. With toolkit 1.18 or later take it out and use the shipped units; before, correct the named lines.`,
    mechanism: `systemd-analyze verify names unknown keys and sections and programs that cannot be executed, with exit code 1. An ignored Type= makes a unit
      count as started at once; a misspelt [Install] makes enable do nothing.`,
    evidence: '[R]; seed 1, systemd services',
    not: { 'cdi-refresh-unit-inactive': 'the unit is the one the toolkit ships.' },
    guide: ['Re-probe: systemd-analyze verify FILE and systemctl is-enabled.'],
    seeds: 'The units as seed 1 prints them verify and run without error; they are only redundant and late.',
  }),
  entry('cdi-hook-binary-missing', {
    layer,
    line: 'The spec names a helper program which is not at that path.',
    paragraph: `The spec was written by another installation of the toolkit, and the helper it names (nvidia-cdi-hook or nvidia-ctk) is not there. Each start by
      CDI fails. Regenerate the spec with the installed toolkit.`,
    mechanism: `createContainer hooks are given by absolute path. The GPU Operator, a snap or a Nix store use their own, and a downgraded toolkit lacks
      nvidia-cdi-hook. Docker 29 looks for nvidia-cdi-hook when it starts; without it --gpus goes to the legacy hook.`,
    evidence: '[S], texts [R]',
    not: {
      'cdi-spec-stale': 'the missing file is a library.',
      'toolkit-not-installed': 'no program of the toolkit is installed.',
    },
    guide: ['Re-probe: every hook path in the spec exists and answers --version.'],
  }),
  entry('cdi-host-device-missing', {
    layer,
    line: 'The engine stops at a device node of the spec which does not exist.',
    paragraph: `The spec lists a node below /dev that is not there: nvidia-uvm was not created in this boot, a card was removed, or a render node has another
      number. Create the nodes, then regenerate the spec so that both agree.`,
    mechanism: `The CDI library takes major and minor of each listed node from the host at container start and fails with "failed to stat CDI host device" if it cannot.
      nvidia-uvm appears with the first CUDA program of root or with nvidia-modprobe.`,
    evidence: '[S], texts [R]',
    not: {
      'cdi-spec-stale': 'the missing path is a library.',
      'kernel-module-not-loaded': 'all nvidia nodes are missing and the module is not loaded.',
      'nvidia-uvm-missing': 'only nvidia-uvm is missing: then that is the cause and this its consequence.',
    },
    guide: ['Re-probe: every path below deviceNodes exists.'],
  }),
];
