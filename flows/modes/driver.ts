import { entry } from './entry.ts';

const layer = 'driver';

/** Section 2.2, first half: is there a driver, and may it load. */
export const driver = [
  entry('driver-not-installed', {
    layer,
    line: 'Containers borrow the driver of the host; there is none to borrow.',
    paragraph: `The GPU is on the bus, but neither kernel module nor user-space libraries of the driver are installed. The
      toolkit injects what the host has, so the host comes first. Take the driver from the distribution; the .run
      installer fights with packages.`,
    mechanism: `The user-space part (libcuda, libnvidia-ml, nvidia-smi) must have exactly the version of the kernel module, which
      is why it is mounted from the host and never shipped in images. Some systems keep the driver elsewhere on purpose:
      GKE COS below /home/kubernetes/bin/nvidia, the GPU Operator below /run/nvidia/driver, NixOS below /run/opengl-driver.`,
    evidence: '[S], texts [R]',
    not: {
      'kernel-module-missing-for-kernel': 'driver packages are installed and only the .ko of this kernel is absent.',
      'wsl-no-adapter': 'this is WSL: no Linux driver may be installed there.',
      'driver-root-wrong': 'a driver exists below /run/nvidia/driver and the configuration does not point to it.',
    },
    guide: [
      'Ubuntu: ubuntu-drivers list --gpgpu, then sudo ubuntu-drivers install --gpgpu.',
      'Debian: sudo apt-get install nvidia-driver (non-free), or nvidia-open-kernel-dkms with it for Turing and newer.',
      'RHEL family: nvidia-open or cuda-drivers from the configured repository. Arch: nvidia-open.',
      'Reboot if asked, then nvidia-smi -L must list the GPU; run gpumedic again.',
    ],
  }),
  entry('kernel-module-missing-for-kernel', {
    layer,
    line: 'A new kernel was booted and the driver was not built for it.',
    paragraph: `The driver packages are there, but the running kernel has no nvidia module. It happens after a kernel update
      when headers were missing or the prebuilt module package did not follow. Booting the previous kernel is the quick
      way back.`,
    mechanism: `DKMS builds the module per kernel when headers are installed; dkms status then says installed for that kernel,
      added means never built. Ubuntu's prebuilt modules come with a meta package for the kernel flavour. Debian calls
      the file nvidia-current.ko.`,
    evidence: '[S]',
    not: {
      'secure-boot-key-rejected': 'the .ko exists for this kernel and loading it is refused.',
      'dkms-build-failed': 'a build was tried: /var/lib/dkms/nvidia/*/build/make.log is recent.',
    },
    guide: [
      'Install the headers of the running kernel (linux-headers-$(uname -r) or kernel-devel-$(uname -r)).',
      'sudo dkms autoinstall -k $(uname -r), or install the prebuilt module package of this kernel flavour.',
      'sudo modprobe nvidia nvidia_uvm; or boot the previous kernel.',
      'Re-probe: nvidia-smi -L.',
    ],
  }),
  entry('dkms-build-failed', {
    layer,
    line: 'The build log names why; without a module the GPU stays dark.',
    paragraph: `DKMS tried to build the driver for this kernel and stopped. Either the kernel is newer than this driver branch
      knows, the compiler or headers do not fit, or a disk is full. The first line with "error:" in make.log decides.`,
    mechanism: `DKMS compiles the driver's interface layer against the kernel headers with the compiler of the system; a compiler older
      than the one that built the kernel, or a changed kernel interface, breaks it. dpkg is left half configured then.`,
    evidence: '[I]',
    not: { 'kernel-module-missing-for-kernel': 'no build was attempted for this kernel.' },
    guide: [
      'Read the end of /var/lib/dkms/nvidia/*/build/make.log; check free space on /boot and /var.',
      'Install headers or the matching gcc; a changed kernel interface needs a newer driver branch or the previous kernel.',
      'Prefer prebuilt signed modules where the distribution has them; finish with sudo dpkg --configure -a.',
      'Re-probe: modprobe -n -v nvidia, then nvidia-smi -L.',
    ],
  }),
  entry('kernel-module-not-loaded', {
    layer,
    line: 'The driver is installed but not running; nothing can reach the card.',
    paragraph: `The module exists for this kernel and is not loaded: a blacklist line, an earlier unload, or a load that was
      refused. Loading it needs no restart. If it refuses, the end of the kernel log says why.`,
    mechanism: `NVML answers "driver not loaded" when it cannot open /dev/nvidiactl, so missing nodes, nouveau and vfio-pci give the
      very same text in the CLI, in toolkit 1.20's "Driver Not Loaded" and in nvidia-smi (exit 9). /proc/modules, the
      nodes and the bound driver tell them apart. An old CDI spec fails earlier, on a missing device node.`,
    evidence: '[S], texts [R]; seed 3, "Driver Not Loaded"',
    not: {
      'device-nodes-missing': 'nvidia stands in /proc/modules and only the files below /dev are absent.',
      'nouveau-bound': 'lspci -nnk names nouveau as the driver in use.',
      'gpu-bound-to-vfio-in-guest': 'lspci -nnk names vfio-pci as the driver in use.',
      'secure-boot-key-rejected': 'loading says that the key was rejected.',
      'no-nvidia-pci-device': 'loading says "No such device".',
    },
    guide: [
      'sudo modprobe nvidia nvidia_uvm nvidia_modeset; if it fails, read the last 30 kernel log lines.',
      'Make it last: remove the blacklist line below /etc/modprobe.d, or add a file below /etc/modules-load.d.',
      'Re-probe: nvidia-smi -L.',
    ],
    seeds: `Seed 3 met the same words inside a container without device nodes; there the module was loaded all the time.`,
  }),
  entry('secure-boot-key-rejected', {
    layer,
    line: 'The kernel accepts only signed modules and this one has no known key.',
    paragraph: `Secure Boot or lockdown is on and the module is unsigned or signed with a key nobody enrolled. Prebuilt signed
      modules of the distribution avoid key handling. Enrolling a key needs the console at boot: it cannot be done over plain SSH.`,
    mechanism: `The kernel verifies the module signature against the platform and machine-owner keys. DKMS signs with its own key,
      which has to be imported with mokutil and confirmed in the firmware screen at the next boot. modinfo -F signer is empty for
      an unsigned module.`,
    evidence: '[F][I]',
    not: { 'kernel-module-missing-for-kernel': 'there is no .ko for this kernel at all.' },
    guide: [
      'Best: install the signed prebuilt modules of the distribution for this kernel.',
      'Else: sudo mokutil --import /var/lib/shim-signed/mok/MOK.der (or /var/lib/dkms/mok.pub), reboot, confirm on the console.',
      'Turning Secure Boot off is the last resort; it lowers trust in everything that boots.',
      'Re-probe: sudo modprobe nvidia, then nvidia-smi -L.',
    ],
  }),
  entry('nouveau-bound', {
    layer,
    line: 'nouveau owns the card, so the NVIDIA driver cannot take it.',
    paragraph: `The open source driver nouveau was bound to the card first. NVIDIA's module then finds no free device. It has
      to be kept from loading, also in the initial ramdisk, and the machine rebooted.`,
    mechanism: `A PCI function has one driver. nouveau often loads from the initramfs, so a blacklist file alone is not enough: the
      ramdisk must be rebuilt. nova and simpledrm can play the same part on new kernels.`,
    evidence: '[S][D]',
    not: { 'gpu-bound-to-vfio-in-guest': 'the driver in use is vfio-pci or pci-stub.' },
    guide: [
      'Write "blacklist nouveau" and "options nouveau modeset=0" to /etc/modprobe.d/blacklist-nouveau.conf.',
      'sudo update-initramfs -u (Debian, Ubuntu) or sudo dracut -f (Fedora, RHEL), then reboot.',
      'Re-probe: lspci -nnk -d 10de: must name nvidia.',
    ],
  }),
  entry('open-module-required', {
    layer,
    line: 'Blackwell and newer work only with the open flavour of the driver.',
    paragraph: `The proprietary flavour of the kernel module is installed, and this card is supported by the open one only. The
      version can stay; the package has to be swapped, followed by a reboot.`,
    mechanism: `NVIDIA ships two flavours of the same version; modinfo -F license says NVIDIA for the proprietary and Dual MIT/GPL
      for the open one. Blackwell and Grace Hopper have open support only. The kernel log says so, then RmInitAdapter fails
      with 0x22:0x56.`,
    evidence: '[I]',
    not: {
      'gsp-boot-failure': 'the license is Dual MIT/GPL already.',
      'gpu-too-old-for-open-or-branch': 'the log says the opposite: the open module does not support the card.',
    },
    guide: [
      'Ubuntu: nvidia-driver-NNN-open or nvidia-headless-NNN-server-open of the same NNN. RHEL: nvidia-open.',
      'Reboot, then re-probe: modinfo -F license nvidia and nvidia-smi -L.',
    ],
  }),
  entry('gpu-too-old-for-open-or-branch', {
    layer,
    line: 'This driver branch or flavour no longer knows the card.',
    paragraph: `The card is older than Turing and the open module is installed, or the branch dropped its generation. The last branch
      that supports it must be installed and held. Images built for CUDA 13 will not run on it.`,
    mechanism: `The open module needs a GSP, which came with Turing. 470 is the last branch for Kepler, 580 the last for
      Maxwell, Pascal and Volta. The kernel log names the reason.`,
    evidence: '[S], schedule [F]',
    not: { 'open-module-required': 'the card is Blackwell or newer and the log asks for the open modules.' },
    guide: [
      'Install the last branch that supports the card, proprietary flavour, and hold the package (apt-mark hold).',
      'Reboot and re-probe with nvidia-smi -L; choose images of the CUDA version that branch supports.',
    ],
  }),
  entry('driver-library-version-mismatch', {
    layer,
    line: 'The driver was updated on disk while the old module is still loaded.',
    paragraph: `The loaded kernel module and the user-space libraries speak different versions, so every tool refuses. Most often
      an unattended upgrade replaced the libraries; a reboot or a reload of the modules ends it. Two driver
      installations side by side do the same permanently.`,
    mechanism: `The module's interface is versioned exactly; NVML and CUDA check it and give "Driver/library version mismatch" (nvidia-smi
      exit 18, CUDA 803). Compare /sys/module/nvidia/version (loaded), modinfo -F version nvidia (on disk) and the suffix
      of libnvidia-ml. Containers that run keep the old libraries mapped until they are started again, and CDI specs name old files.`,
    evidence: '[S], texts [R]; seed 2, library volume mounts',
    not: {
      'cdi-spec-stale': 'host nvidia-smi works and a container start names a file with an old version.',
      'image-bundles-driver-libs': 'the host agrees with itself and one image fails.',
      'cuda-compat-conflict': 'only the container resolves libcuda below /usr/local/cuda/compat.',
    },
    guide: [
      'List the users of the GPU: lsof /dev/nvidia*; stop them and nvidia-persistenced, dcgm, nvidia-fabricmanager.',
      'sudo rmmod nvidia_drm nvidia_modeset nvidia_uvm nvidia, then sudo modprobe nvidia nvidia_uvm; or reboot.',
      'If it stays: look for a second installation (/usr/bin/nvidia-uninstall belongs to a .run installer) and remove one.',
      'Restart all GPU containers, regenerate the CDI spec, and keep NVIDIA packages out of unattended upgrades.',
      'Re-probe: nvidia-smi -L.',
    ],
    seeds: `Seed 2 mounts libraries by their full version (580.82.09) into containers. That is over-privileged and
      produces exactly this fault at the next driver update; injection by the toolkit needs no such mounts.`,
  }),
];
