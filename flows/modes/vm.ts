import { entry } from './entry.ts';

const layer = 'vm';

/** Section 2.4: virtual machines, nested containers, WSL and Docker Desktop. */
export const vm = [
  entry('vm-gpu-not-passed-through', {
    layer,
    line: 'The hypervisor decides; from inside the guest nothing can be repaired.',
    paragraph: `This is a virtual machine and its PCI bus holds no NVIDIA function. The card has to be handed over on the
      hypervisor (passthrough, instance type), and the machine powered off and on. Installing drivers here
      changes nothing before that.`,
    mechanism: `Passthrough gives the guest the real PCI function; with it the guest behaves like bare metal and needs neither vfio nor
      privileged containers. A bus with only a virtual VGA (1234:1111, 1af4:1050, 15ad:0405, 1414:5353) shows that
      nothing was assigned. On the host IOMMU must be on and the whole IOMMU group, audio function included, assigned.`,
    evidence: '[F]; seed 2, verification step 1',
    not: {
      'no-nvidia-pci-device': 'systemd-detect-virt says none: this is bare metal.',
      'gpu-bound-to-vfio-in-guest': 'lspci lists the card, bound to vfio-pci.',
      'docker-desktop-linux': 'the card is missing only in the machine in which Docker Desktop runs its engine.',
    },
    guide: [
      'On the hypervisor: IOMMU enabled, every function of the card assigned to this machine, or an instance type with a GPU.',
      'Power the virtual machine off and on (a reboot inside may not be enough).',
      'Re-probe in the guest: lspci -nn -d 10de:.',
    ],
    seeds:
      'Seed 2 checks lspci in the guest first: right. Its privileged: true is not needed for passthrough; nothing in the toolkit looks at virtualisation.',
  }),
  entry('gpu-bound-to-vfio-in-guest', {
    layer,
    line: 'The card is reserved for virtual machines, so the driver cannot use it here.',
    paragraph: `The machine that should run containers has the card bound to vfio-pci, the driver that lends cards to virtual
      machines. Either settings of the hypervisor were copied into the guest, or this is the hypervisor and the GPU belongs to
      a guest. Decide where the GPU belongs before changing anything: a running machine would lose it.`,
    mechanism: `vfio-pci takes a function when its id stands in vfio-pci.ids= or options vfio-pci ids=, or when driver_override names it. It
      belongs on the hypervisor only; inside a guest the card is an ordinary PCI device for the nvidia driver.`,
    evidence: '[S]; seed 2 confuses guest and host',
    not: {
      'nouveau-bound': 'the driver in use is nouveau.',
      'kernel-module-not-loaded': 'no driver at all is in use.',
      'device-nodes-missing': 'nvidia is in use and only the nodes are absent.',
    },
    guide: [
      'Find the binding: lspci -nnk -d 10de:, grep -r vfio /etc/modprobe.d /etc/modules-load.d /proc/cmdline.',
      'If containers here shall have the GPU: stop the virtual machine that uses it, remove the ids, rebuild the initramfs, reboot.',
      'Kubernetes: the node label nvidia.com/gpu.workload.config must be container.',
      'Re-probe: lspci -nnk must name nvidia.',
    ],
    seeds: `Seed 2 takes vfio-pci for something the container has to reach and makes it privileged. Over-privileged and
      wrong: vfio-pci works on the hypervisor; inside the guest only nvidia may hold the card.`,
  }),
  entry('hypervisor-host-driver-grabbed-gpu', {
    layer,
    line: 'On the hypervisor the card must belong to vfio-pci before a VM can have it.',
    paragraph: `The virtual machine does not get the card, because the hypervisor bound it to its own driver at boot. It has to be repaired there; from inside
      the guest nothing can be done.`,
    mechanism: `Passthrough needs the whole IOMMU group bound to vfio-pci; a driver that loads earlier takes the function first. ids in modprobe.d and a
      softdep decide the order.`,
    evidence: '[F]',
    not: {
      'vm-gpu-not-passed-through': 'the hypervisor shows vfio-pci as the driver and the card is just not assigned.',
    },
    guide: [
      'On the hypervisor: lspci -nnk -d 10de: must name vfio-pci; options vfio-pci ids=..., softdep nvidia pre: vfio-pci, reboot. Then re-probe in the guest.',
    ],
  }),
  entry('guest-driver-blocked-by-hypervisor', {
    layer,
    line: 'Drivers before 465 refuse consumer cards inside a virtual machine.',
    paragraph: `The driver noticed that it runs in a virtual machine and stopped. Newer drivers allow it, so upgrading is the cure; hiding the hypervisor is
      the old work-around.`,
    mechanism:
      'Up to 464 the driver checked the hypervisor bit for GeForce cards; on Windows the same shows as Code 43.',
    evidence: '[I]',
    not: { 'rm-init-adapter-failed': 'the driver is 465 or newer.' },
    guide: ['Upgrade the driver in the guest, else hide KVM in the machine definition. Re-probe: nvidia-smi -L.'],
  }),
  entry('vgpu-guest-driver-or-license', {
    layer,
    line: 'A vGPU needs the guest driver of its host branch, and a licence.',
    paragraph: `This machine has a share of a card (vGPU), and the installed driver is not the guest driver that belongs to the host, or no licence was found. Without
      a licence it slows down after some minutes.`,
    mechanism: `nvidia-smi -q names the virtualisation mode and the licence status; CUDA 102 means unlicensed. Guest and host branches must be a supported pair.`,
    evidence: '[D], details unconfirmed; seed 2 hints at Azure drivers',
    not: { 'gpu-too-old-for-open-or-branch': 'the card is passed through whole (Virtualization Mode: Pass-Through).' },
    guide: [
      'Install the guest driver of the branch of the host; put the token below /etc/nvidia/ClientConfigToken and restart nvidia-gridd. Re-probe: nvidia-smi -q.',
    ],
  }),
  entry('lxc-nested-engine', {
    layer,
    line: 'The outer container forbids device rules, so the legacy way cannot set them.',
    paragraph: `Docker runs inside LXC, LXD or a Proxmox container. The legacy CLI wants to program the device cgroup and an
      unprivileged system container may not. Asking by CDI avoids that step; no-cgroups inside the system container is the second choice.`,
    mechanism: `libnvidia-container attaches a device program to the container's cgroup itself (eBPF on v2, devices.allow on v1). With CDI
      the nodes stand in the container's OCI spec and runc does it. The driver libraries inside must equal the module of the outer host,
      and modules cannot be loaded from inside. no-cgroups leaves the outer container's policy as the only barrier.`,
    evidence: '[I]',
    not: {
      'rootless-cgroup-denied': 'systemd-detect-virt -c says none and the engine itself is rootless.',
      'bpf-device-filter-error': 'the text is about generating or attaching the filter, on a full host.',
    },
    guide: [
      'Ask by CDI inside the system container: generate a spec there and use --device nvidia.com/gpu=all.',
      'Else, only inside the system container: nvidia-container-cli.no-cgroups = true.',
      'The administrator of the outer host must allow majors 195, uvm and caps for it.',
      'Re-probe: nvidia-smi -L in a container started the same way.',
    ],
  }),
  entry('wsl-no-adapter', {
    layer,
    line: 'The GPU of WSL comes from Windows, so Windows is the place to repair it.',
    paragraph: `Inside WSL the driver lives on the Windows side. It is too old, GPU support is switched off, or the
      Windows driver was just updated and WSL not restarted. No Linux driver may be installed in the distribution.`,
    mechanism: `WSL 2 exposes /dev/dxg and the libraries below /usr/lib/wsl/lib; libdxcore enumerates adapters. WSL 1, gpuSupport=false in
      .wslconfig or a nested machine show none. The toolkit recognises WSL by libdxcore and then offers a single device, all.`,
    evidence: '[S][I]',
    not: { 'wsl-linux-driver-installed': 'nvidia-smi below /usr/lib/wsl/lib works and another copy comes first.' },
    guide: [
      'On Windows: update the NVIDIA driver, then wsl --update and wsl --shutdown (stops every distribution).',
      'Check ls -l /dev/dxg and /usr/lib/wsl/lib/nvidia-smi -L in the distribution.',
      'Run gpumedic again.',
    ],
  }),
  entry('wsl-linux-driver-installed', {
    layer: 'host libraries',
    line: 'Linux driver packages shadow the libraries that Windows provides.',
    paragraph: `A driver package was installed inside WSL, often pulled in by the meta package cuda. Its libraries are found before the stubs
      of Windows and cannot work. Remove the driver packages and keep the toolkit ones.`,
    mechanism: `The first libcuda in the loader cache must lie below /usr/lib/wsl/lib. The note that libcuda.so.1 is not a symbolic link
      is normal on WSL and harmless.`,
    evidence: '[D], wording unconfirmed',
    not: { 'wsl-no-adapter': '/usr/lib/wsl/lib/nvidia-smi fails as well.' },
    guide: [
      'ldconfig -p | grep libcuda: the first hit should lie below /usr/lib/wsl/lib.',
      'Remove nvidia-driver-*, libnvidia-compute-* and cuda-drivers; keep cuda-toolkit-*.',
      'Re-probe: nvidia-smi -L in the distribution.',
    ],
  }),
  entry('wsl-cdi-device-names', {
    layer: 'cdi',
    line: 'WSL has one device for all GPUs; numbered names cannot be resolved.',
    paragraph: `A request for nvidia.com/gpu=0 fails on WSL while =all works. The spec there has a single device, because WSL has a single
      node. Change the request, not the machine.`,
    mechanism: `The wsl mode of nvidia-ctk cdi generate knows /dev/dxg only. The shipped refresh units support WSL from toolkit 1.19.1.`,
    evidence: '[S]',
    not: { 'cdi-spec-missing': 'nvidia-ctk cdi list shows no device at all.' },
    guide: [
      'Ask for nvidia.com/gpu=all.',
      'Where no spec exists: sudo nvidia-ctk cdi generate --mode=wsl --output=/etc/cdi/nvidia.yaml.',
    ],
  }),
  entry('docker-desktop-linux', {
    layer: 'engine',
    line: 'The docker command talks to a virtual machine that has no GPU.',
    paragraph: `On Linux, Docker Desktop runs its engine in a virtual machine of its own, and that machine has no GPU. Everything edited in
      /etc/docker concerns another daemon. Switching the context to the engine of the host is a matter of one command, if it is installed.`,
    mechanism: `The docker client follows its context or DOCKER_HOST. docker info of Desktop reports Docker Desktop as operating system and a
      linuxkit kernel. On Windows with WSL 2 Desktop does support GPUs. Images and volumes of Desktop live in its
      machine and are not seen after switching.`,
    evidence: '[I]; seed 0 never excludes it',
    not: {
      'docker-snap': 'the operating system reads normal and DockerRootDir begins with /var/snap.',
      'toolkit-not-installed': 'docker context show says default and the kernel of docker info is the one of uname -r.',
      'nvml-lib-missing': 'the engine of this host itself says that libnvidia-ml is missing.',
    },
    guide: [
      'docker context show and docker info tell which engine answers.',
      'With docker-ce installed: docker context use default (back: docker context use desktop-linux).',
      'If DOCKER_HOST is set, unset it; then run gpumedic again.',
    ],
    seeds:
      'Seed 0 edits /etc/docker/daemon.json without asking which engine answers; Desktop would explain its error as well.',
  }),
];
