import { entry } from './entry.ts';

const layer = 'cdi';

/** Section 2.8, first half: is there a spec, and does it match this machine. */
export const cdi = [
  entry('cdi-spec-missing', {
    layer,
    line: 'Asking by CDI needs a description of the GPU, and there is none.',
    paragraph: `No file in the searched folders describes nvidia.com/gpu, so every request by CDI name is unresolvable. Either it was never
      generated (toolkit before 1.18 does not do it by itself), or /var/run/cdi was emptied at boot and the refresh unit did not run. Generating it
      needs no restart.`,
    mechanism: `Engines read .json and .yaml in /etc/cdi and /var/run/cdi; the latter is a tmpfs. New files and even new folders are noticed at the next
      start [R]. From 1.18 the units nvidia-cdi-refresh.path and .service write /var/run/cdi/nvidia.yaml. Podman exits 126, Docker says
      "unresolvable"; on Docker 29 --gpus falls back to the hook, unless that refuses.`,
    evidence: '[S], texts and no restart [R]; seeds 0, 1 and 2 generate it',
    not: {
      'cdi-spec-malformed': 'a file of that name exists and cannot be read as a spec.',
      'cdi-spec-dir-mismatch': 'nvidia-ctk cdi list shows the device and the engine looks in other folders.',
      'cdi-spec-conflict': 'two files of one folder define the device.',
      'cdi-version-too-new': 'the file exists and its cdiVersion is above what the engine knows.',
      'cdi-device-name-unresolvable': 'another name of the same kind resolves.',
      'jit-cdi-generation-failed': 'the unresolvable name begins with runtime.nvidia.com.',
    },
    guide: ['Re-probe after generating: nvidia-ctk cdi list, then a container.'],
    seeds: `Seeds 0, 1 and 2 generate /etc/cdi/nvidia.yaml: right for toolkits before 1.18, but that file goes stale at the next driver update. From
      1.18 the shipped units do it, and the units of seed 1 are unnecessary.`,
  }),
  entry('cdi-spec-stale', {
    layer,
    line: 'The spec lists files of the old driver; mounting them fails at start.',
    paragraph: `The engine mounts exactly what the spec lists. After a driver update the files with the old version in their names are gone, and each start
      by CDI fails on the first of them. Regenerate the file that wins; running containers are not touched.`,
    mechanism: `/var/run/cdi wins over /etc/cdi, so a stale file in /etc is harmless under a fresh one and deadly alone or the other way round. The
      shipped units write /var/run only. nvidia-ctk cdi list shows a stale spec as healthy. On Docker 29.2 and later --gpus fails with it too and does
      not fall back, because the device does resolve; 26 in mode auto does not care.`,
    evidence: '[S], texts and precedence [R]; seeds 0 to 2 create the static file',
    not: {
      'driver-library-version-mismatch': 'nvidia-smi fails on the host.',
      'cdi-hook-binary-missing': 'the missing file is a hook program, not a library.',
      'cdi-host-device-missing': 'the missing file is a device node.',
    },
    guide: ['Re-probe: every hostPath of the spec exists and the suffix of libcuda equals /sys/module/nvidia/version.'],
    seeds: `Seeds 0 and 2 call the static file permanent; it is, including its version. Seed 1 regenerates at boot only, which misses updates
      without a reboot.`,
  }),
  entry('cdi-spec-stale-device-major', {
    layer,
    line: 'The number of nvidia-uvm changed since the spec was written.',
    paragraph: `The major number of nvidia-uvm is given out at load time and may differ after a boot. The spec still has the old one, so the
      container gets a node that leads nowhere and CUDA returns 999. Regenerate, best into /var/run/cdi.`,
    mechanism: `Majors of nvidia-uvm and nvidia-caps are dynamic (/proc/devices). A spec below /etc/cdi persists over boots, one below /var/run/cdi does not.
      Editing the number by hand only lasts until the next boot.`,
    evidence: '[I]; seeds 0 to 2 advise the static file',
    not: {
      'nvidia-uvm-missing': 'the node does not exist on the host.',
      'cdi-spec-stale': 'a library file is missing.',
    },
    guide: ['Re-probe: the major after /dev/nvidia-uvm in the spec equals the one of /proc/devices.'],
  }),
  entry('cdi-spec-conflict', {
    layer,
    line: 'Two files in one folder contradict each other, so neither counts.',
    paragraph: `Two specs of the same folder define the same device, and the engine drops both definitions of it. Docker 26 says nothing but
      "unresolvable". Move the redundant file out of the folder; a new ending such as .bak is enough too.`,
    mechanism: `Within one priority (folder) a device may be defined once; across folders the later one wins silently. Only the devices defined twice are lost.
      .json beside .yaml counts, .yml and .bak are not read. nvidia-ctk cdi list prints the conflict on stderr and exits 0.`,
    evidence: '[S], behaviour [R]; generating by hand beside the shipped units invites the shadowing variant',
    not: { 'cdi-spec-missing': 'no file defines the device.', 'cdi-spec-stale': 'the files lie in different folders.' },
    guide: ['Re-probe: nvidia-ctk cdi list prints no registry errors.'],
  }),
  entry('cdi-device-name-unresolvable', {
    layer: 'request',
    line: 'A spec exists, but the name asked for is not one of its devices.',
    paragraph: `The spec is fine and does not contain the requested name: a typo, names by index where the spec has UUIDs only, or WSL with its single
      device. Ask for a name that nvidia-ctk cdi list prints.`,
    mechanism: `From toolkit 1.15 devices are named by index and UUID, before by index, plus all. Other strategies give gpu0 or no all. The kind
      counts too: nvidia.com/gpu is not nvidia.com/gpus. A name without = never reaches the engine.`,
    evidence: '[S][R]; seed 1 uses nvidia.com/gpu=0, right for the default names',
    not: { 'cdi-spec-missing': 'no name of that kind resolves.', 'wsl-cdi-device-names': 'this is WSL.' },
    guide: [
      'Take a name from nvidia-ctk cdi list, or generate with --device-name-strategy=index --device-name-strategy=uuid. Re-probe.',
    ],
  }),
  entry('cdi-spec-permission', {
    layer,
    line: 'A rootless engine cannot read the spec, so its devices do not exist for it.',
    paragraph: `The spec is closed to others, and the engine that should read it does not run as root. Old toolkits wrote such files. Regenerate it or open
      it for reading; there is no secret in it.`,
    mechanism: `Toolkit before 1.14 wrote 0600; a strict umask or a wrong SELinux label does the same. A rootful engine reads a 0600 file without trouble.`,
    evidence: '[I], behaviour [R]',
    not: {
      'cdi-spec-missing': 'the file is not there.',
      'selinux-denied': 'the mode is 0644 and SELinux is enforcing.',
    },
    guide: ['Re-probe: read the file as the user of the engine; with SELinux also restorecon -Rv /etc/cdi.'],
  }),
  entry('cdi-version-too-new', {
    layer,
    line: 'The spec states a CDI version the engine does not accept.',
    paragraph: `The toolkit wrote a spec in a newer format than the engine's library reads, and the engine ignores the whole file. Upgrade the engine, or
      have the spec generated without the new field; that needs no restart.`,
    mechanism: `From 1.19 the toolkit writes 0.7.0 where a device node belongs to a group other than root (additionalGids), else 0.5.0. Highest version
      accepted: Docker 26.1.5 0.7.0, 29.7.2 1.1.0, Podman 5.4.2 0.8.0; 0.7.0 needs Docker 26.1, containerd 1.7.16, Podman 5.1, CRI-O 1.30. The feature flag
      no-additional-gids-for-device-nodes brings 0.5.0 back.`,
    evidence: '[I], versions [R]',
    not: { 'cdi-spec-malformed': 'the version is one the engine knows.', 'cdi-spec-missing': 'there is no file.' },
    guide: ['Re-probe: cdiVersion of the file, then a container by CDI.'],
  }),
  entry('cdi-spec-malformed', {
    layer,
    line: 'The file is damaged or empty; all devices in it are lost.',
    paragraph: `The engine finds the file and cannot make sense of it: broken YAML, an unknown key, no content. Often the output of a failing command was
      redirected into it. Regenerate it with --output.`,
    mechanism: `A file that does not parse is skipped with all its devices and named in the registry errors of nvidia-ctk cdi list (exit code 0). A shell
      redirection creates an empty file before the command runs; --output writes only when there is something to write.`,
    evidence: '[S][R]',
    not: {
      'cdi-version-too-new': 'only the stated version is refused.',
      'cdi-spec-crashes-engine': 'dockerd itself is gone.',
    },
    guide: ['Re-probe: nvidia-ctk cdi list prints no registry errors.'],
  }),
];
