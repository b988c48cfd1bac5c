import { entry } from './entry.ts';

const layer = 'runtime configuration';

/** Section 2.7, second half: what the runtime makes of a request, and device rules. */
export const runtime = [
  entry('jit-cdi-generation-failed', {
    layer: 'toolkit',
    line: 'The runtime builds its description at start, and the driver did not answer.',
    paragraph: `Toolkit 1.18 and later makes a CDI description in memory for every --runtime=nvidia container. That needs a working NVML; here it did
      not work. The last words of the text are the true cause: a missing library, a module that is not loaded, a version mismatch.`,
    mechanism: `The internal kind is runtime.nvidia.com/gpu: no file in /etc/cdi can ever provide it. Up to 1.18.1 the cause is hidden behind
      "unresolvable CDI devices runtime.nvidia.com/gpu=all"; from 1.18.2 it is printed. nvidia-ctk --debug cdi generate meets the same
      fault outside a container.`,
    evidence: '[S][I], texts [R]',
    not: {
      'cdi-spec-missing': 'the unresolvable name begins with nvidia.com, not with runtime.nvidia.com.',
      'nvml-lib-missing': 'it ends in ERROR_LIBRARY_NOT_FOUND: then that is the cause.',
      'kernel-module-not-loaded': 'it ends in "Driver Not Loaded".',
    },
    guide: [
      'Run sudo nvidia-ctk --debug cdi generate and read its last lines; cure what it names.',
      'Toolkit before 1.18.2: upgrade for readable texts. Re-probe with a --runtime=nvidia container.',
    ],
  }),
  entry('mixed-runtime-and-vendor-cdi', {
    layer: 'request',
    line: 'NVIDIA_VISIBLE_DEVICES holds both kinds of names, which is refused.',
    paragraph: `The variable mixes names such as nvidia.com/gpu=0 with plain ids such as 0. Use one kind. The variable together with a
      native --device is fine.`,
    mechanism: `In mode auto a value of only CDI names selects cdi, anything else the default mode, which cannot serve vendor names (1.20.0 says
      so, 1.17.8 says unknown device). Mode cdi accepts the mixture.`,
    evidence: '[S][R]; seed 2 stacks four mechanisms',
    not: { 'visible-devices-unknown': 'all names are of one kind.' },
    guide: ['Write only CDI names or only ids; re-probe with the container.'],
    seeds: 'Seed 2 stacks runtime, reservation, devices and mounts in one service: one mechanism is enough.',
  }),
  entry('jit-cdi-regression-apps', {
    layer: 'toolkit',
    line: 'nvidia-smi works but transcoding or GL stopped after the upgrade to 1.18.',
    paragraph: `After the upgrade to 1.18 programs such as Plex or ffmpeg lose video or GL, where the host keeps libraries in a folder like
      nvidia/current. Newer versions find them again.`,
    mechanism: '1.18.0 made jit-cdi the default and its search missed such folders; repaired in 1.19.',
    evidence: '[I]',
    not: {
      'driver-capabilities-missing': 'NVIDIA_DRIVER_CAPABILITIES lacks video or graphics, on every toolkit version.',
    },
    guide: ['Upgrade the toolkit; to compare, set mode = "legacy" for one test. Re-probe with the program.'],
  }),
  entry('cgroup-lost-after-daemon-reload', {
    layer: 'engine',
    line: 'It worked for hours; then systemd rewrote its device rules.',
    paragraph: `The container had the GPU and now says "Unknown Error", while new containers work. The legacy hook had added device rules that systemd
      does not know of, and systemd put its own back. Restarting the container helps at once; a CDI request prevents it.`,
    mechanism: `With the systemd cgroup driver systemd owns the container's scope. The legacy CLI changes the device filter behind its back; whatever makes
      systemd apply its properties again (set-property for certain, daemon-reload on many versions but not on 257) drops the
      additions. With CDI or jit-cdi the nodes stand in the OCI spec and survive.`,
    evidence: '[D][I], set-property [R]; seed 1 calls systemctl at each boot',
    not: {
      'no-cgroups-true-on-rootful': 'it fails from the first second, in every legacy container.',
      'device-node-permissions': 'root in the container works and other users do not.',
    },
    guide: [
      'Now: docker restart NAME.',
      'For good: ask by CDI, or use toolkit 1.18 or later with --runtime=nvidia. Re-probe by opening /dev/nvidiactl in the container.',
    ],
    seeds: "Seed 1's recurring trouble and its systemctl calls at every boot fit this; it does not consider it.",
  }),
  entry('no-cgroups-true-on-rootful', {
    layer,
    line: 'Files arrive, but nobody allows the container to open the devices.',
    paragraph: `The key no-cgroups tells the legacy CLI not to allow device access, which only rootless engines need. In containers of the
      rootful engine the nodes are visible and every access is refused ("Unknown Error"). Set it to false; it is read at the next start.`,
    mechanism: `The device cgroup of a container denies everything that is not allowed. nvidia-container-cli writes the rules unless no-cgroups is
      true. jit-cdi, native CDI and privileged containers do not depend on it. The key is global: rootless users should move to CDI.`,
    evidence: '[I][D], texts [R]',
    not: {
      'cgroup-lost-after-daemon-reload': 'the container worked first and lost the GPU later.',
      'device-node-permissions': 'the text is "Insufficient Permissions".',
    },
    guide: [
      'Set no-cgroups = false in [nvidia-container-cli]; rootless users ask by CDI. Re-probe with a container start.',
    ],
  }),
  entry('rootless-cgroup-denied', {
    layer,
    line: 'The legacy way needs rights that a rootless engine does not have.',
    paragraph: `The engine runs without root, and the legacy CLI wants to write device rules. Asking by CDI avoids that and needs no setting. The other way,
      no-cgroups, is global and breaks a rootful engine on the same machine.`,
    mechanism: `Writing devices.allow or attaching a device program needs privileges in the cgroup's owner. In a user namespace the kernel lets
      the container open nodes by file permissions alone, so the rules are not needed; the spec must be world-readable.`,
    evidence: '[D][I]',
    not: {
      'lxc-nested-engine': 'systemd-detect-virt -c names lxc.',
      'bpf-device-filter-error': 'the engine is rootful.',
    },
    guide: [
      'Ask with --device nvidia.com/gpu=all; the spec must have mode 0644. Re-probe with nvidia-smi -L in the container.',
    ],
  }),
  entry('bpf-device-filter-error', {
    layer,
    line: 'The kernel refused the device program the CLI wanted to attach.',
    paragraph: `On unusual cgroup set-ups the legacy CLI fails to read or extend the container's device filter: old kernels, hybrid hierarchies, nested or
      sandboxed engines. CDI does not need that step.`,
    mechanism: `The CLI merges its rules into the existing eBPF program on cgroup v2; kernels without CONFIG_CGROUP_BPF or before 4.15 cannot. Hybrid layouts
      hide the mount it looks for.`,
    evidence: '[S][I]',
    not: { 'lxc-nested-engine': 'this is a system container.', 'rootless-cgroup-denied': 'the engine is rootless.' },
    guide: [
      'Ask by CDI, or upgrade the toolkit. Last: no-cgroups with explicit devices. Re-probe with a container start.',
    ],
  }),
  entry('container-namespace-error', {
    layer: 'toolkit',
    line: 'Preparing the container failed halfway; the named path says where.',
    paragraph: `The CLI found the driver, then failed inside the container: it had ended already, /proc is hidden, or a file of the driver that should be
      mounted is gone from the host. The path in the text is the thing to look at.`,
    mechanism: `Causes seen: hidepid on /proc, user namespace remapping, noexec or read-only targets, partly removed driver packages. The class of the error
      proves that driver initialisation was fine.`,
    evidence: '[S]',
    not: { 'image-bundles-driver-libs': 'the path exists in the image itself.' },
    guide: [
      'Look at the named path on the host; reinstall the driver package if it is gone; or ask by CDI. Re-probe with a start.',
    ],
  }),
];
