import { entry } from './entry.ts';

const layer = 'podman';

/** Section 2.11: Podman, and what SELinux and AppArmor add. */
export const podman = [
  entry('podman-gpus-noop', {
    layer,
    line: 'Podman 3.3 to 4.9 accepts --gpus and does nothing with it.',
    paragraph: `The option is accepted for compatibility and has no effect, so the container starts without a GPU. Ask by CDI instead; it works in rootless containers as well.`,
    mechanism: `--gpus is a no-op from 3.3 to 4.9, serves NVIDIA from 5.0 and is vendor-neutral in 6.0. In 5.4.2 --gpus N asks for the device named N. NVIDIA_VISIBLE_DEVICES
      alone does nothing in Podman.`,
    evidence: '[S][I], 5.4.2 [R]',
    not: { 'cdi-spec-missing': 'the text is "unresolvable CDI devices".' },
    guide: [
      'Use podman run --device nvidia.com/gpu=all with a spec, or Podman 5.0 or later. Re-probe with nvidia-smi -L.',
    ],
  }),
  entry('podman-cdi-too-old', {
    layer,
    line: 'This Podman takes a CDI name for a path, or ignores it in Compose.',
    paragraph: `Podman before 4.1 does not know CDI names for GPUs, and before 5.4 ignores them in kube play and through its Docker-compatible socket. Upgrade Podman; before 4.1
      only the old OCI hook remains.`,
    mechanism:
      'CDI came with 3.2, documented GPU use with 4.1, the compatible API and kube play with 5.4.0, --cdi-spec-dir with 5.5.0.',
    evidence: '[I][S]',
    not: { 'cdi-version-too-new': 'Podman knows CDI and refuses the version of this spec.' },
    guide: ['Upgrade Podman; re-probe: podman run --device nvidia.com/gpu=all.'],
  }),
  entry('podman-legacy-hook-leftover', {
    layer,
    line: 'The old OCI hook runs in addition to CDI and may break the start.',
    paragraph: `A hook file of an old toolkit is still in the hooks folder of Podman or CRI-O, so the legacy CLI runs beside CDI: errors of nvidia-container-cli, or double injection. Move
      the file away; no restart needed.`,
    mechanism: `Up to 1.14 packages installed oci-nvidia-hook.json below /usr/share/containers/oci/hooks.d; the GPU Operator did so on CRI-O before 25.10. Podman reads that folder at every
      start, CRI-O watches it and runs the hook for every container.`,
    evidence: '[D], CRI-O [S]',
    not: { 'cdi-spec-stale': 'the error names a file of the spec, not nvidia-container-cli.' },
    guide: [
      'Re-probe: podman run --device nvidia.com/gpu=all, or the pod, works without a word of nvidia-container-cli.',
    ],
  }),
  entry('selinux-denied', {
    layer: 'security',
    line: 'The nodes are there; the policy forbids containers to use them.',
    paragraph: `SELinux is enforcing and its policy does not let containers use the GPU nodes. The text is the same as with closed node permissions; the audit log tells them apart.
      One boolean opens exactly that. Never switch SELinux off for it.`,
    mechanism: `The nodes carry xserver_misc_device_t. container_use_xserver_devices (container-selinux 2.236 and later) allows it; container_use_devices does not cover that label.`,
    evidence: '[I][D]; seed 2 names SELinux without saying how',
    not: { 'device-node-permissions': 'getenforce is not Enforcing, or the audit log holds no denial.' },
    guide: [
      'sudo ausearch -m AVC -ts recent shows the denial.',
      'sudo setsebool -P container_use_xserver_devices on (back: off).',
      'For one container only: --security-opt label=disable. Re-probe with that container.',
    ],
    seeds: 'Seed 2 says to check SELinux and then uses privileged, which is over-privileged.',
  }),
  entry('apparmor-or-seccomp-denied', {
    layer: 'security',
    line: 'A custom AppArmor or seccomp profile forbids what the driver needs.',
    paragraph: `The kernel log holds a denial for the GPU nodes, or the hook was killed by signal 31. The default profiles allow the GPU; a custom one or a snap's does not. Correct that
      profile instead of switching it off.`,
    mechanism:
      'docker-default allows the NVIDIA nodes. The old CLI needed a system call some seccomp profiles lack, repaired in 1.18.',
    evidence: '[F][S]; seed 2 names it in general terms',
    not: { 'selinux-denied': 'the denial is an AVC of SELinux.' },
    guide: ['journalctl -k, lines with apparmor="DENIED"; correct the profile. Re-probe with the container.'],
  }),
];

/** Section 2.15: work-arounds that should be taken back once the cause is found. */
export const hygiene = [
  entry('over-privileged-workaround', {
    layer: 'security',
    line: 'A privileged container owns the host; a GPU does not need it.',
    paragraph: `The container works because it was made privileged, or got the whole of /dev or mounted driver files. Find the true cause, then take these away one by one and test in between.`,
    mechanism: `privileged switches the device cgroup off and exposes all of /dev, which hides most injection faults. Injection needs four nodes and the driver's files, and every official
      way brings exactly those. In a virtual machine with passthrough nothing more is needed either.`,
    evidence: '[S]; seeds 2 and 3 both do it',
    not: {
      'compose-stacked-mechanisms':
        'several GPU requests stand side by side, none of them with more rights than needed.',
    },
    guide: ['Remove one item, test nvidia-smi and a CUDA program, then the next.'],
    seeds:
      'Seed 2 calls privileged required for passthrough: false. Seed 3 mounts all of /dev with privileged: over-privileged; nothing had been requested.',
  }),
  entry('destructive-advice-guard', {
    layer: 'security',
    line: 'A step of this recipe deletes data or opens the host, without helping.',
    paragraph: `Some recipes contain steps that delete volumes, overwrite configuration or switch protection off. None of them helps a GPU. gpumedic never proposes them.`,
    mechanism: `docker system prune with --volumes deletes data; tee over daemon.json loses its other settings; chmod 777 on device nodes and setenforce 0 open the machine; removing all nvidia
      packages takes the desktop down.`,
    evidence: 'from the seeds: seed 2, step 6.2; seed 0, Fix 2',
    not: { 'over-privileged-workaround': 'nothing is destroyed, a container only gets more rights than it needs.' },
    guide: ['Leave that step out; look for the cause with gpumedic.'],
    seeds:
      'Seed 2 recommends docker system prune -af --volumes (data loss, no effect on the GPU); seed 0 writes daemon.json with tee.',
  }),
];
