/** The demo boxes, each made only when it is asked for. */
import type { World } from '../world.ts';

export interface Demo {
  /** One line for the list. */
  readonly title: string;
  /** What happened on this machine, as its owner would tell it. */
  readonly story: string;
  readonly load: () => Promise<World>;
}

export const demos: Readonly<Record<string, Demo>> = {
  'ldconfig-real': {
    title: 'ldcache error after moving a configuration from Ubuntu to Debian (toolkit 1.14)',
    story:
      'The config.toml was copied from an Ubuntu machine, where /sbin/ldconfig.real exists. Here it does not, and toolkit 1.14 takes the path as it is.',
    load: async () => (await import('./toolkit.ts')).ldconfigReal(),
  },
  'nvml-missing-cache': {
    title: 'libnvidia-ml.so.1 is on the disk but the loader does not know it',
    story:
      'The driver was installed by hand below /opt/nvidia/lib; the line in /etc/ld.so.conf.d is there, but nobody ran ldconfig afterwards.',
    load: async () => (await import('./driver.ts')).nvmlMissingCache(),
  },
  'nvml-missing-root': {
    title: 'libnvidia-ml.so.1 not found in containers only: a driver root is left over',
    story:
      'A GPU Operator once ran here. It is gone, but config.toml still points at its driver root, which is empty now.',
    load: async () => (await import('./toolkit.ts')).nvmlMissingRoot(),
  },
  'cdi-mode-gpus': {
    title: 'mode = "cdi" on Docker 26: --gpus is refused by the hook',
    story:
      'Somebody followed a note that sets mode = "cdi" as a cure for everything. Since then docker run --gpus all fails.',
    load: async () => (await import('./toolkit.ts')).cdiModeGpus(),
  },
  'cdi-spec-missing': {
    title: 'CDI is switched on, but there is no spec',
    story:
      'Docker and the toolkit were set up for CDI; the spec lay in /var/run/cdi and went away with the last reboot.',
    load: async () => (await import('./cdi.ts')).specMissing(),
  },
  'cdi-spec-stale': {
    title: 'The CDI spec still names the files of the old driver',
    story: 'An unattended upgrade replaced driver 550.163.01. The spec in /etc/cdi was written by hand long before.',
    load: async () => (await import('./cdi.ts')).specStale(),
  },
  'cdi-off': {
    title: 'A spec lies ready, but CDI is off in Docker 26',
    story:
      'The spec was generated and Podman uses it, but a template of the operations team set features.cdi to false. docker run --device nvidia.com/gpu=all says: could not select device driver "cdi".',
    load: async () => (await import('./cdi.ts')).cdiOff(),
  },
  'daemon-json-not-active': {
    title: 'daemon.json is right, Docker still behaves as before',
    story: 'features.cdi was added an hour ago and Docker reloaded. A reload does not switch CDI on.',
    load: async () => (await import('./docker.ts')).notActive(),
  },
  'runtime-not-registered': {
    title: 'unknown or invalid runtime name: nvidia',
    story: 'The toolkit was installed, but nobody told Docker about the nvidia runtime.',
    load: async () => (await import('./docker.ts')).notRegistered(),
  },
  'daemon-json-broken': {
    title: 'Docker does not start any more after daemon.json was edited',
    story: 'A trailing comma in daemon.json, then a restart. Everything on the machine is down.',
    load: async () => (await import('./docker.ts')).broken(),
  },
  'docker-stopped': {
    title: 'Docker is simply not running',
    story: 'Somebody stopped Docker for a disk check and forgot to start it.',
    load: async () => (await import('./docker.ts')).stopped(),
  },
  'hook-refused-29': {
    title: 'Docker 29: --gpus shows the hook text, the cause is an unreadable spec',
    story: 'mode = "cdi" worked well here until the spec was cut off in the middle by a full disk.',
    load: async () => (await import('./docker.ts')).hookRefused(),
  },
  'module-not-loaded': {
    title: 'The driver is installed but its kernel module is not loaded',
    story:
      'The module was unloaded for maintenance and never came back; the toolkit is told not to load modules itself.',
    load: async () => (await import('./driver.ts')).moduleNotLoaded(),
  },
  'uvm-missing': {
    title: 'nvidia-smi works, CUDA does not: /dev/nvidia-uvm is missing',
    story: 'A headless server after a reboot. The spec lists /dev/nvidia-uvm, but nothing has made the node yet.',
    load: async () => (await import('./driver.ts')).uvmMissing(),
  },
  'driver-slow': {
    title: 'nvidia-smi does not answer in time, containers fail with a driver rpc error',
    story:
      'Many cards and no persistence daemon: the driver wakes up anew for everybody who asks, and that takes too long.',
    load: async () => (await import('./driver.ts')).driverSlow(),
  },
  'toolkit-missing': {
    title: 'Driver and Docker are fine, the NVIDIA Container Toolkit is not installed',
    story: 'A fresh machine: somebody installed the driver and Docker and went home.',
    load: async () => (await import('./toolkit.ts')).toolkitMissing(),
  },
  'spec-conflict': {
    title: 'Two CDI specs of one directory cancel each other',
    story:
      'A backup of the spec was kept beside it as nvidia-old.yaml. Both define the same devices, so neither counts.',
    load: async () => (await import('./cdi.ts')).specConflict(),
  },
  'module-blocked': {
    title: 'A line below /etc/modprobe.d keeps the NVIDIA module out',
    story: 'The GPU was taken out of service for a week with install nvidia /bin/false, and the line stayed.',
    load: async () => (await import('./card.ts')).moduleBlocked(),
  },
  'secure-boot': {
    title: 'Secure Boot refuses the module that DKMS built',
    story: 'After a firmware update Secure Boot was on again; the key with which DKMS signs was never enrolled.',
    load: async () => (await import('./card.ts')).secureBoot(),
  },
  'mig-divided': {
    title: 'The card was divided (MIG) anew after the CDI spec was made',
    story: 'It had one small instance last week and has two large ones since this morning; the spec is of last week.',
    load: async () => (await import('./card.ts')).migDivided(),
  },
  'rootless-engine': {
    title: 'A rootless Docker is asked with --gpus, and may not write device rules',
    story:
      'Docker was moved from root to the account of its user, as the security team asked. The toolkit was set up before that.',
    load: async () => (await import('./card.ts')).rootlessEngine(),
  },
  'project-distributed': {
    title: 'A Compose project whose reservation is refused, and a Dockerfile that forgot a package',
    story:
      'docker compose -f docker-compose-distributed.yml up --build -d: the worker does not start; behind the GPU error a ModuleNotFoundError is waiting. Try gpumedic files.',
    load: async () => (await import('./projects.ts')).distributedProject(),
  },
  'project-ollama': {
    title: 'A Compose reservation that fails at the loader cache, while CDI works',
    story:
      'ollama was set up with driver: nvidia and count: 1; since the configuration was moved here it ends in an ldcache error. Try gpumedic files.',
    load: async () => (await import('./projects.ts')).ollamaProject(),
  },
  'no-gpu': {
    title: 'There is no NVIDIA GPU in this machine',
    story: 'The right containers on the wrong node.',
    load: async () => (await import('./hardware.ts')).noGpu(),
  },
  'vm-no-passthrough': {
    title: 'A virtual machine to which the GPU was never handed through',
    story: 'A KVM guest with a virtual graphics card only; the GPU sits in the host.',
    load: async () => (await import('./hardware.ts')).vmNoPassthrough(),
  },
  'vm-compose': {
    title: 'A KVM guest that has its GPUs, and Compose services that never ask for them',
    story:
      'Two cards were handed through with vfio-pci and nvidia-smi works in the guest. The services ai-brain and worker find no GPU; somebody suggests privileged: true.',
    load: async () => (await import('./card.ts')).guestWithProject(),
  },
  nouveau: {
    title: 'The free nouveau driver holds the GPU',
    story: 'The NVIDIA driver was installed, but nouveau was never kept from loading.',
    load: async () => (await import('./hardware.ts')).nouveau(),
  },
  'container-lost-gpu': {
    title: 'nvidia-smi in train-42 says Unknown Error, the machine is sound',
    story:
      'It trained for hours. Then packages were updated, systemd applied its device rules again, and the GPU was gone in that one container. Look at one container: train-42.',
    load: async () => (await import('./workloads.ts')).lostDevices(),
  },
  'image-newer-cuda': {
    title: 'unsatisfied condition: cuda>=13.0: an image was bumped past the driver',
    story:
      'The Compose file of the voice project was bumped to a CUDA 13 image. The driver is 570, the machine is sound, and voice-transcriber-1 does not start any more.',
    load: async () => (await import('./projects.ts')).newerCuda(),
  },
  'app-module-missing': {
    title: 'ModuleNotFoundError: the image lacks a package of the application',
    story:
      'The GPU was repaired, and now expert-worker ends at once: its package was never copied into the image. Look at one container: expert-worker.',
    load: async () => (await import('./workloads.ts')).appModule(),
  },
  'swarm-service': {
    title: 'A service of Docker Swarm runs without the GPU that its stack file reserves',
    story:
      'The file worked with docker compose up. Deployed as a stack, lab_train runs, and no GPU is in its container: Swarm passes over reserved devices. Look at one service: lab_train.',
    load: async () => (await import('./swarm.ts')).swarmNode(),
  },
  'over-privileged': {
    title: 'It works, but one container is privileged and piled up with mounts',
    story:
      'Somebody followed a recipe for virtual machines on a machine that needs none of it. Look at one container: ollama-vm.',
    load: async () => (await import('./workloads.ts')).stacked(),
  },
  'seed1-units': {
    title: 'Two hand-written units: one too late at boot, one needless',
    story:
      'A note on permanent configuration was followed to the letter on toolkit 1.17. It works; the first containers of each boot may miss the spec.',
    load: async () => (await import('./workloads.ts')).seedUnits(),
  },
  'jetson-k3s': {
    title: 'Jetson Thor on k3s: ERROR_LIBRARY_NOT_FOUND although the runtime class is set',
    story:
      'The pod names the class nvidia and its capabilities, and nothing arrives. The notes mounted libraries and /dev by hand and made it privileged.',
    load: async () => (await import('./jetson.ts')).jetsonK3s(),
  },
  'jetson-workaround': {
    title: 'Jetson Thor: the work-around of the notes, and whether it is still needed',
    story:
      'The pod works: privileged, with the whole of /dev and the libraries of the host. Nobody knows whether it has to.',
    load: async () => (await import('./jetson.ts')).jetsonWorkaround(),
  },
  'k3s-toolkit-late': {
    title: 'k3s: no runtime for "nvidia" is configured',
    story:
      'The toolkit was installed on the node an hour after k3s had been started. Pods of the class nvidia hang in ContainerCreating.',
    load: async () => (await import('./kubernetes.ts')).k3sToolkitLate(),
  },
  'crio-no-handler': {
    title: 'A node on CRI-O: no runtime handler nvidia, and its conmon lies where nobody searches',
    story:
      'kubeadm set this node up with the packages of CRI-O. The toolkit and the runtime class came later; CRI-O was never told. A table without the line for conmon would keep it from starting.',
    load: async () => (await import('./kubernetes.ts')).crioWithoutHandler(),
  },
  'microk8s-generated': {
    title: 'microk8s: the handler was written into the file that every start makes anew',
    story:
      'Somebody added the nvidia handler to containerd.toml and restarted microk8s. The start filled the file in from its template again.',
    load: async () => (await import('./kubernetes.ts')).microk8sGenerated(),
  },
  'k3s-old-template': {
    title: 'k3s after an update: an old template hides the nvidia runtime',
    story: 'Somebody once copied the whole generated config.toml to config.toml.tmpl, to change one mirror.',
    load: async () => (await import('./kubernetes.ts')).k3sTemplate(),
  },
  'healthy-old': {
    title: 'Nothing is wrong: Docker 26, toolkit 1.17',
    story: 'A machine that works, for looking round.',
    load: async () => (await import('./healthy.ts')).healthyOld(),
  },
  'healthy-new': {
    title: 'Nothing is wrong: Docker 29, toolkit 1.20, Podman 5.4',
    story: 'A machine that works in all five ways.',
    load: async () => (await import('./healthy.ts')).healthyNew(),
  },
};
