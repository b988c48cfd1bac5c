/** Chapters 6 to 9. */
export const lessonsB = {
  'kubernetes.title': 'Kubernetes, device plugin, GPU Operator, k3s',
  'kubernetes.about': 'who allots the GPU, who injects it, and what the Operator does on a node',
  'kubernetes.1':
    'In Kubernetes two questions are kept apart: which GPU a pod gets, and how it gets into the container. The device plugin answers the first, the container runtime of the node the second.',
  'kubernetes.2': `The plugin tells the kubelet how many GPUs there are (nvidia.com/gpu). When a pod asks in its limits, the plugin picks one and says how to ask for it: by the environment variable NVIDIA_VISIBLE_DEVICES, which only the NVIDIA runtime understands, or by a CDI name, which containerd and CRI-O understand themselves.

So with the variable the pod must run in the NVIDIA runtime: runtimeClassName: nvidia, or nvidia as the default runtime. A pod that runs, has the variable and no /dev/nvidia0 was started by plain runc. The plugin's own pod needs the runtime class as well.`,
  'kubernetes.3': `What the toolkit DaemonSet of the GPU Operator does on a node, in order:

- It waits for the driver: status files below /run/nvidia/validations say how far the node is.
- It copies the toolkit to /usr/local/nvidia/toolkit, with a config.toml of its own below it. The file in /etc is not read by these programs.
- It adds a handler "nvidia" to the configuration of containerd or CRI-O. To the main file, not only to a drop-in, if that is where the node reads it.
- It writes CDI specs to /var/run/cdi.
- It restarts containerd or sends it a signal. Running pods survive; the node does not reboot.
- It writes toolkit-ready, and the pods that wait for it go on.

Up to 25.3 the Operator made nvidia the default runtime. From 25.10 workloads get their GPU by native CDI and nvidia is not the default; older drawings, and seed texts made from them, show the old way.`,
  'kubernetes.4': `k3s and rke2 bring their own containerd. At the start of the service they look for nvidia-container-runtime and add the handler and the runtime class themselves; nvidia is not the default there. So: install the toolkit on the node, restart k3s, set runtimeClassName. The generated config.toml must never be edited; a template that was copied whole years ago hides what a newer k3s would add.

Where to look, in this order:

- kubectl describe node: is nvidia.com/gpu in Allocatable?
- kubectl get runtimeclass: is nvidia there? (absent: "RuntimeClass not found")
- crictl info on the node: is there a handler nvidia? (absent: "no runtime for nvidia is configured")
- the pod itself: runtimeClassName, NVIDIA_VISIBLE_DEVICES, limits.

This box:`,
  'kubernetes.ex':
    'The same fault as "no runtime for nvidia is configured", on one machine: the entry of the nvidia runtime is gone from the engine\'s configuration, and the engine was restarted. Docker 29, toolkit 1.20.',
  'kubernetes.lesson':
    'Ways that name the runtime fail; ways that the engine serves itself, by CDI, do not. In Kubernetes the same: a pod with runtimeClassName: nvidia fails, a pod with a CDI device starts.',

  'jetson.title': 'Jetson',
  'jetson.about': 'lists instead of NVML, and why --gpus never works there',
  'jetson.1': `On a Jetson the GPU is part of the chip, not a card. Up to Orin there is no NVML, there are more device nodes (/dev/nvmap, /dev/nvhost-*), and the libraries lie in a folder of their own. What belongs to the GPU is written in lists: devices.csv, drivers.csv and l4t.csv in /etc/nvidia-container-runtime/host-files-for-container.d. nvidia-container-runtime reads them, and only in mode csv. The hook never reads them, and no other machine has them.`,
  'jetson.2': `- Ask by --runtime=nvidia or runtimeClassName: nvidia. --gpus calls the hook and always fails there.
- Something has to ask for a GPU: NVIDIA_VISIBLE_DEVICES=all, or nvidia.com/gpu in Kubernetes. NVIDIA_DRIVER_CAPABILITIES alone asks for nothing.
- A list that names a file which is not installed gives a warning in the runtime's log and nothing else.
- Only "all" and "0" are valid devices.
- Thor (JetPack 7) has an NVML and is still meant to be csv; the toolkit knows that from 1.17.7.
- "NvRmMemInitNvmap failed" is noise for nvidia-smi and fatal for CUDA on an Orin: the process may not open /dev/nvmap.

No Jetson needs privileged: true or the whole of /dev for this.

This box:`,
  'jetson.ex':
    'An x86 server with Docker 26 and toolkit 1.17, where somebody tried mode = "csv" because a forum post for Jetson said so.',
  'jetson.lesson':
    'The hook serves only the legacy mode, and the runtime now reads lists that are not there. On a Jetson the same setting, there by auto, is the right one.',

  'vm.title': 'Virtual machines',
  'vm.about': 'what the hypervisor has to do, and what changes in the guest: almost nothing',
  'vm.1': `A card reaches a virtual machine by passthrough: the host lets go of it (vfio-pci), the hypervisor hands the PCI function to the guest, and there it is an ordinary PCI device with an ordinary driver. Inside the guest everything in the earlier chapters holds without a change.

- No card in lspci of the guest: the work is on the host. No package in the guest helps.
- The card is there and bound to vfio-pci in the guest: settings for a host were applied in the guest.
- The card is there, the driver is loaded, nvidia-smi works: the GPU is fine, look at the container side.`,
  'vm.2': `What a guest does not need, though notes say so: privileged: true, whole /dev, a list of single library mounts, NVIDIA_DISABLE_REQUIRE=1. Library mounts with a version in their name break at the next driver update; the last one hides a real mismatch. There is nothing about virtual machines in the toolkit.

WSL is different: the driver belongs to Windows, libraries lie in /usr/lib/wsl/lib, the only node is /dev/dxg, the only device is "all", and a Linux driver must never be installed. A container inside LXC needs its nodes and rules from the outer container first. Docker Desktop on Linux runs its engine in a machine without a GPU.

This box:`,
  'vm.ex':
    'A slim guest after an update: the card is there, the driver is installed, its modules were unloaded and never loaded again. nvidia-modprobe is not part of the image, and the toolkit is told not to load modules (load-kmods = false).',
  'vm.lesson':
    'Everything below the container is the same for all ways, so all fail at once. That is the sign to look for first: one way fails, look at the way; all fail, look at the driver.',

  'breaks.title': 'What breaks when',
  'breaks.about': 'driver update, reboot, daemon-reload, engine update',
  'breaks.1': `A box that works stops working on one of four occasions. Each has its own signature.

Driver update, without a reboot. The module in the kernel stays the old one, the libraries are new: "Driver/library version mismatch". A reboot, or unloading and loading the modules when nothing uses the GPU, cures it. A static CDI spec names files that are gone. Containers that run keep their old libraries until they are started again.

Reboot. /var/run is empty: specs written there by hand are gone. Modules may not be loaded when Docker starts; nvidia-uvm is made only when somebody asks for it. A new kernel may have no module built for it, or refuse one that is not signed.`,
  'breaks.2': `systemctl daemon-reload. systemd writes the device rules of running containers anew, where it manages their cgroup. Rules that were added behind its back are lost: "Failed to initialize NVML: Unknown Error" in containers that worked a minute ago. Restarting the container helps until the next time; CDI or device nodes that the engine knows about help for good.

Engine update. Docker 28.2 switches CDI on; Docker 29.2 tries CDI first for --gpus, so an old, stale spec that never mattered suddenly stops what worked. A toolkit from 1.18 changes auto from legacy to jit-cdi. dockerd looks for the toolkit's programs and for features.cdi only when it starts: a reload changes neither.

Package update. config.toml may be replaced by the package's own; daemon.json is rewritten by nvidia-ctk runtime configure, which with --cdi.enabled drops other features.`,
  'breaks.3': 'How lasting is {box}?',
  'breaks.ex':
    'A reboot: the spec lay in /var/run/cdi, written by hand, and is gone. Docker 29, toolkit 1.20; the units that would write it again have not run.',
  'breaks.lesson':
    'Ways that need a spec fail. --gpus on Docker 29 falls back to the hook where no spec resolves, and the runtime makes its own. That is the difference between a missing and a stale spec.',
} as const;
