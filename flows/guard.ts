/**
 * Lines of recipes that destroy data, overwrite configuration or take protection away without helping a GPU
 * (2.15 destructive-advice-guard). Plain data; matched by src/guard against one command at a time, without sudo.
 */

export interface Danger {
  readonly id: string;
  /** What is at stake. */
  readonly loses: 'data' | 'configuration' | 'protection' | 'running work';
  /** The command, and what must stand in it besides, in any order. */
  readonly says: RegExp;
  readonly with?: readonly RegExp[];
  readonly unless?: RegExp;
  /** Why it is stopped, in one sentence. */
  readonly because: string;
  /** What does the job instead. */
  readonly instead: string;
}

const VOLUMES = /(^|\s)(--volumes|-v)(\s|=|$)/;
const DATA_DIRS = /\/var\/(lib\/(docker|containerd|rancher|kubelet|containers)|snap\/docker)\b/;
const CONFIGS = /\/etc\/(docker\/daemon\.json|nvidia-container-runtime\/config\.toml|containerd\/config\.toml)\b/;

export const dangers: readonly Danger[] = [
  {
    id: 'prune-volumes',
    loses: 'data',
    says: /^docker system prune\b/,
    with: [/(^|\s)--volumes(\s|=|$)/],
    because:
      'it deletes every volume that no running container uses: databases and models, and nothing of it has to do with the GPU.',
    instead: 'Rebuild or recreate the one service; docker system df shows what takes room.',
  },
  {
    id: 'prune-everything',
    loses: 'data',
    says: /^docker system prune\b/,
    with: [/(^|\s)(-\w*a\w*|--all)(\s|$)/],
    unless: /--volumes/,
    because:
      'it deletes every image and stopped container that is not in use, which must be pulled and built again; no GPU is helped by it.',
    instead: 'docker build --no-cache rebuilds the one image that is meant.',
  },
  {
    id: 'prune-volumes',
    loses: 'data',
    says: /^docker volume (prune|rm)\b/,
    because: 'it deletes volumes, which hold data; the GPU is not in them.',
    instead: 'Leave volumes alone; recreate the service.',
  },
  {
    id: 'down-with-volumes',
    loses: 'data',
    says: /^docker[ -]compose\b.*\sdown\b/,
    with: [VOLUMES],
    because: 'down -v deletes the volumes of the project with its containers.',
    instead: 'docker compose up -d --force-recreate SERVICE.',
  },
  {
    id: 'remove-data-folder',
    loses: 'data',
    says: /^rm\b/,
    with: [/(^|\s)-\w*[rR]/, DATA_DIRS],
    because: 'all images, containers and volumes of the engine lie there.',
    instead: 'Nothing of a GPU fault lies there; leave it.',
  },
  {
    id: 'remove-config-folder',
    loses: 'configuration',
    says: /^rm\b/,
    with: [/(^|\s)-\w*[rR]|daemon\.json|config\.toml/, /\/etc\/(docker|nvidia-container-runtime|containerd|cdi)\b/],
    because: 'it takes every setting made there away, those of other people too.',
    instead: 'Change the one setting; gpumedic shows the diff and keeps a backup.',
  },
  {
    id: 'purge-snap',
    loses: 'data',
    says: /^snap remove\b/,
    with: [/--purge/, /\bdocker\b/],
    because: 'images, containers and volumes of the Docker snap go with it, without a snapshot.',
    instead: 'Export the data first, then remove the snap without --purge.',
  },
  {
    id: 'overwrite-configuration',
    loses: 'configuration',
    says: /^(tee|cp|mv|install)\b/,
    with: [CONFIGS],
    unless:
      /^tee\b.*\s(-a|--append)\b|^(cp|mv|install)\b.*(daemon\.json|config\.toml)\s+\S+$(?<!\/etc\/(docker|nvidia-container-runtime|containerd)\/\S+)/,
    because: 'it replaces the whole file; log settings, registries, data-root and everything else in it are lost.',
    instead: 'Merge the one key: nvidia-ctk runtime configure, or gpumedic fix, which shows the diff.',
  },
  {
    id: 'overwrite-configuration',
    loses: 'configuration',
    says: /(^|[^>])>\s*["']?\/etc\/(docker\/daemon\.json|nvidia-container-runtime\/config\.toml|containerd\/config\.toml)/,
    because: 'it replaces the whole file; everything else in it is lost.',
    instead: 'Merge the one key: nvidia-ctk runtime configure, or gpumedic fix, which shows the diff.',
  },
  {
    id: 'append-json',
    loses: 'configuration',
    says: />>\s*["']?\/etc\/docker\/daemon\.json|^tee\b.*\s(-a|--append)\b.*\/etc\/docker\/daemon\.json/,
    because: 'a second object behind the first makes the file invalid, and Docker does not start any more.',
    instead: 'Merge the one key, and check with dockerd --validate.',
  },
  {
    id: 'purge-driver',
    loses: 'running work',
    says: /^(apt|apt-get|aptitude|dnf|yum|zypper|pacman)\b.*\s(purge|remove|autoremove|erase|-R\w*)\b/,
    with: [/nvidia[\w.-]*\.?\*|\bnvidia-(driver|dkms|kernel|open)|\blibnvidia-(?!container)/],
    because:
      'on a running desktop or server it takes the driver from every program at once, and often the wrong packages with it.',
    instead:
      'Find the layer that is at fault first; a driver is replaced by its own packages, before a planned reboot.',
  },
  {
    id: 'open-nodes',
    loses: 'protection',
    says: /^chmod\b/,
    with: [/(^|\s)(-R\s+)?(0?777|a\+rwx|ugo\+rwx)\b/, /\/dev\/(nvidia|dri|nvhost|nvmap)/],
    because: 'device nodes need no execute right, the change is gone at the next boot, and the cause stays.',
    instead: 'The module option NVreg_DeviceFileMode, or membership in the right group.',
  },
  {
    id: 'selinux-off',
    loses: 'protection',
    says: /^setenforce\s+(0|permissive)\b|^sed\b.*SELINUX=(disabled|permissive)|^SELINUX=(disabled|permissive)\b/i,
    because: 'it switches SELinux off for the whole machine.',
    instead: 'One switch does it: setsebool -P container_use_xserver_devices on.',
  },
  {
    id: 'apparmor-off',
    loses: 'protection',
    says: /^(aa-teardown\b|systemctl\b.*\s(stop|disable|mask)\b.*\bapparmor\b)/,
    because: 'it takes every profile of the machine away; the default profile of Docker allows the GPU.',
    instead: 'Correct the one profile that the kernel log names.',
  },
  {
    id: 'secure-boot-off',
    loses: 'protection',
    says: /^mokutil\b.*--disable-validation|\b(disable|turn off|switch off)\b[^.]{0,20}\bsecure boot\b/i,
    because: 'it takes the protection of the boot away before anybody looked whether the module is refused at all.',
    instead: 'Enrol the key that signed the module (mokutil --import).',
  },
  {
    id: 'kill-engine',
    loses: 'running work',
    says: /^(pkill|killall)\b.*\b(containerd|dockerd|docker|kubelet|k3s)\b|^kill\b.*\b(containerd|dockerd)\b/,
    because: 'it kills the engine under running containers; what they wrote last may be lost.',
    instead: 'systemctl restart of the one service, after looking which containers it stops.',
  },
  {
    id: 'reset-gpu',
    loses: 'running work',
    says: /^nvidia-smi\b.*\s(-r|--gpu-reset)\b/,
    because:
      'programs that use the GPU lose it in the middle of their work; without clients it is a last step, not a first.',
    instead: 'nvidia-smi lists the clients; stop them first, and only for a GPU that no longer answers.',
  },
  {
    id: 'remove-all-containers',
    loses: 'running work',
    says: /^docker (rm|kill|stop)\b.*\$\(docker ps/,
    because: 'it stops or removes every container of the machine, also those that have nothing to do with the GPU.',
    instead: 'Name the one container.',
  },
];
