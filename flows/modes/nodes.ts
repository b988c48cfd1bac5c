import { entry } from './entry.ts';

const layer = 'driver';

/** Section 2.2, second half: device nodes, uvm, and a driver that is busy. */
export const nodes = [
  entry('nvidia-uvm-missing', {
    layer,
    line: 'nvidia-smi works in the container, yet every CUDA program fails.',
    paragraph: `CUDA needs /dev/nvidia-uvm, nvidia-smi does not. On servers without a display nothing creates that node at boot until
      root runs a first CUDA program, so a container or a CDI spec made before that goes without it. Creating the
      node is harmless and needs no restart; containers have to be started again.`,
    mechanism: `nvidia_uvm is a module of its own with a dynamic major number (see /proc/devices). cuInit returns 999 without it.
      The legacy CLI only logs that the device is missing and carries on; a CDI spec that lists the node fails at
      start with "failed to stat CDI host device". The refresh unit creates control nodes by itself only after toolkit 1.20.0.`,
    evidence: '[S][I], traces [R]; seed 2, device mappings',
    not: {
      'uvm-broken-after-suspend': 'the node exists and CUDA fails on the host as well after a suspend.',
      'cdi-spec-stale-device-major': 'the node exists and the spec names another major number.',
      'fabric-manager-not-running': 'cuInit returns 802 on a machine with NVSwitch.',
      'host-libcuda-missing': 'the CUDA program cannot load libcuda.so.1.',
    },
    guide: [
      'sudo nvidia-modprobe -u -c=0, or sudo nvidia-ctk system create-device-nodes --control-devices --load-kernel-modules.',
      'Regenerate the CDI spec if one is used; start the containers again.',
      'Make it last: a file below /etc/modules-load.d with nvidia-uvm, and nvidia-persistenced enabled.',
    ],
    seeds: `Seed 2 maps /dev/nvidia-uvm by hand in Compose: a patch of the symptom; with the node present, every
      official way injects it.`,
  }),
  entry('uvm-broken-after-suspend', {
    layer,
    line: 'After a suspend CUDA can fail everywhere while nvidia-smi looks fine.',
    paragraph: `The machine was suspended after the driver was loaded, and nvidia_uvm does not always survive that. If CUDA fails on the host
      too (cuInit 999), no container setting is to blame. Reloading that one module cures it until the next suspend.`,
    mechanism: `cuInit returns 999 although /dev/nvidia-uvm exists. Lasting cure: NVreg_PreserveVideoMemoryAllocations=1 with the
      nvidia-suspend and nvidia-resume units [F].`,
    evidence: '[I]',
    not: { 'nvidia-uvm-missing': '/dev/nvidia-uvm does not exist.' },
    guide: [
      'Stop all CUDA programs, then sudo modprobe -r nvidia_uvm and sudo modprobe nvidia_uvm.',
      'Re-probe with a CUDA program on the host, then in a container.',
    ],
  }),
  entry('device-nodes-missing', {
    layer,
    line: 'The module is loaded but there is no door to it below /dev.',
    paragraph: `The kernel module runs, yet /dev/nvidiactl or /dev/nvidia0 does not exist, and tools say "driver not loaded". The nodes
      are made on demand by a setuid helper or udev; without either they stay away. They can be created at once, without a restart.`,
    mechanism: `nvidia-modprobe (setuid root) creates 195:255, 195:N and the dynamic uvm nodes the first time a program needs them.
      It does nothing when the helper is missing, lacks its s bit, or the module has NVreg_ModifyDeviceFiles=0. Without
      /dev/nvidiactl nvidia-smi exits 9 and the CLI reads "nvml error: driver not loaded".`,
    evidence: '[S], missing nvidiactl [R]; seed 3 mounts the whole /dev',
    not: {
      'kernel-module-not-loaded': 'nvidia does not stand in /proc/modules.',
      'gpu-bound-to-vfio-in-guest': 'lspci -nnk names vfio-pci.',
      'nvidia-uvm-missing': 'only the uvm nodes are absent and nvidia-smi works.',
    },
    guide: [
      'sudo nvidia-modprobe -c=0 -u, or sudo nvidia-ctk system create-device-nodes --control-devices.',
      'sudo systemctl enable --now nvidia-persistenced keeps them.',
      'Re-probe: ls -l /dev/nvidia* and nvidia-smi -L.',
    ],
    seeds: `Seed 3 mounts the whole of /dev with privileged: over-privileged. Four nodes are needed, and every
      official way brings exactly those.`,
  }),
  entry('device-node-permissions', {
    layer,
    line: 'Root may use the GPU, other users in the container may not.',
    paragraph: `The nodes below /dev belong to a group and are closed to everybody else. Programs that do not run as root in
      the container fail. Giving the container that group is enough; opening the nodes to all is the administrator's decision.`,
    mechanism: `NVreg_DeviceFileMode, NVreg_DeviceFileUID and GID set owner and mode; NVIDIA's default is 0666. Toolkit 1.19 and later
      adds the group by itself (additionalGids in a 0.7.0 spec); Docker 26.1 reads that field without applying it. nvidia-smi exits
      with 4.`,
    evidence: '[S]; seed 2, "Permission denied"',
    not: {
      'selinux-denied': 'getenforce says Enforcing and the audit log holds a denial: the error text is identical.',
      'no-cgroups-true-on-rootful': 'root in the container fails too, with "Unknown Error".',
    },
    guide: [
      'stat -c "%a %U:%G %n" /dev/nvidia* shows mode and group.',
      'Add the group to the container: --group-add GID, in Kubernetes supplementalGroups, in Podman --group-add keep-groups.',
      'Or let the administrator set options nvidia NVreg_DeviceFileMode=0666 and reload the modules.',
      'Re-probe as that user: nvidia-smi -L in the container.',
    ],
    seeds: 'Seed 2 answers "Permission denied" with privileged: true. That is over-privileged; a group is enough.',
  }),
  entry('persistence-daemon-off', {
    layer,
    line: 'The driver goes to sleep between uses; first starts are slow or time out.',
    paragraph: `Without nvidia-persistenced the driver is torn down when the last program closes it and set up again for the next. Container
      starts take seconds, can run into a time limit on machines with many GPUs, and nodes may be missing after boot.
      Switching it on interrupts nothing.`,
    mechanism: `The daemon keeps the device files open. The CLI mentions its socket in the debug log when it is absent, which is
      harmless by itself. nvidia-smi -pm 1 does the same until the next reboot.`,
    evidence: '[S]; seed 1 only wants the unit',
    guide: ['sudo systemctl enable --now nvidia-persistenced; re-probe with systemctl is-active nvidia-persistenced.'],
    seeds: 'Seed 1 lists it as Wants= of its own unit: harmless, but wanting is not enabling.',
  }),
  entry('gpu-busy-or-exclusive', {
    layer,
    line: 'Injection works; another program or the compute mode blocks the GPU.',
    paragraph: `CUDA reports the device as busy or out of memory. The container has the GPU; somebody else uses it, or the compute mode
      admits a single process. Look who holds it before changing anything.`,
    mechanism: `Compute mode EXCLUSIVE_PROCESS or PROHIBITED is kept by the driver, not by containers. Process ids in nvidia-smi are
      those of the host; /proc/PID/cgroup names the container. An MPS server of another user looks the same.`,
    evidence: '[D]; seed 2, out-of-memory advice',
    not: { 'nvidia-uvm-missing': 'cuInit fails with 999 although nobody uses the GPU.' },
    guide: [
      'nvidia-smi --query-compute-apps=pid,used_memory,name --format=csv names the users.',
      'Stop the other workload, or sudo nvidia-smi -c 0 to allow several processes.',
      'Re-probe with the program itself.',
    ],
    seeds: 'Seed 2 lists advice for CUDA out of memory; it has nothing to do with injection.',
  }),
];
