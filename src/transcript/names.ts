/** Stand-ins for what identifies a person or a machine. The same name has the same stand-in all session long. */

export type Kind =
  | 'user'
  | 'host'
  | 'registry'
  | 'ip'
  | 'ip6'
  | 'mac'
  | 'uuid'
  | 'serial'
  | 'machine'
  | 'email'
  | 'home';

/** Hands out stand-ins; a stand-in is never aliased again. */
export interface Aliases {
  of(kind: Kind, value: string): string;
  /** Whether it was aliased before, under this kind. */
  has(kind: Kind, value: string): boolean;
  /** Distinct values by kind. */
  counts(): Readonly<Record<string, number>>;
  /** Users and hosts learned so far that are safe to look for as plain words. */
  words(): readonly (readonly [string, string])[];
  /** Every name hidden so far (in lower case) and its stand-in; for the owner's eyes only. */
  pairs(): readonly (readonly [string, string])[];
}

export const STAND_IN = /^(?:user|host|registry|ip|ip6|mac|uuid|serial|machine|email|home)-\d{1,6}$/;

/** Names that everybody has; aliasing them would only hide meaning. */
const COMMON = new Set(
  'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup messagebus polkitd sshd syslog ntp chrony dnsmasq avahi colord gdm lightdm rtkit uuidd tss tcpdump landscape pollinate lxd libvirt libvirt-qemu kvm qemu input render video audio disk tty dialout cdrom floppy sudo wheel adm staff users user plugdev netdev docker podman containerd crio kubelet etcd nvidia nvidia-persistenced nvidia-fabricmanager cuda gpu gpus ubuntu debian fedora centos rocky almalinux alma arch opensuse suse rhel redhat ec2-user core admin administrator guest default test tests tester runner vagrant jovyan linuxbrew ollama gdm3 vglusers tape kmem shadow utmp crontab ssl-cert lpadmin sambashare systemd localhost local local0 localdomain ip6-localhost ip6-loopback ip6-allnodes ip6-allrouters none null true false yes no linux unix host hosts hostname server node nodes worker master box machine computer container containers runtime toolkit driver drivers engine compose kernel jetson tegra orin xavier nano tegra-ubuntu desktop laptop system data dev usr lib lib64 etc var run opt tmp home proc boot mnt srv app apps web api all any mode auto legacy cdi csv hook image latest error info warning fatal debug service socket library libraries module modules device devices git http https name path version config proof spec the and for not'.split(
    ' ',
  ),
);
export const isCommon = (name: string): boolean =>
  COMMON.has(name.toLowerCase()) ||
  STAND_IN.test(name) ||
  /^[\d._-]+$/.test(name) ||
  name.startsWith('systemd-') ||
  name.startsWith('_');

export const aliases = (): Aliases => {
  const known = new Map<string, string>();
  const numbers = new Map<string, number>();
  const words = new Map<string, string>();
  const key = (kind: Kind, value: string): string => `${kind === 'registry' ? 'host' : kind} ${value.toLowerCase()}`;
  const of = (kind: Kind, value: string): string => {
    if (STAND_IN.test(value)) return value;
    const shortName =
      kind === 'host' || kind === 'registry' ? words.get(`host ${value.split('.')[0]!.toLowerCase()}`) : undefined;
    const before = known.get(key(kind, value)) ?? (shortName?.startsWith('host-') ? shortName : undefined);
    if (before !== undefined) return before;
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const alias = `${kind}-${number}`;
    known.set(key(kind, value), alias);
    if ((kind === 'user' || kind === 'host') && !value.includes('.') && value.length >= 3 && !isCommon(value))
      words.set(`${kind} ${value.toLowerCase()}`, alias);
    return alias;
  };
  return {
    of,
    has: (kind, value) => known.has(key(kind, value)),
    counts: () => Object.fromEntries(numbers),
    pairs: () => [...known].map(([name, alias]) => [name.slice(name.indexOf(' ') + 1), alias] as const),
    words: () => [...words].map(([name, alias]) => [name.slice(name.indexOf(' ') + 1), alias] as const),
  };
};

/** Last labels that make a dotted name a host; those that are also file endings or words need three labels. */
const TLD =
  'com net org edu gov mil int io ai dev app cloud tech xyz biz online site eu de fr uk nl es ch se fi dk jp kr cn tw hk sg au nz ca br mx ru ua cz pt gr ie il tr za internal intranet intra local lan corp localdomain private example invalid arpa';
const TLD_OF_THREE = 'home test info co at be is it us me no pl rs sh cc id vn th my ph in ro hu ar cl';
const HOST_TLDS = new Set(TLD.split(' '));
const LONG_TLDS = new Set(TLD_OF_THREE.split(' '));

/** Public places of this field; their names say nothing about whose machine it is. */
const PUBLIC =
  /^(?:(?:[\w-]+\.)*(?:docker\.io|docker\.com|ghcr\.io|quay\.io|gcr\.io|k8s\.io|kubernetes\.io|github\.com|githubusercontent\.com|github\.io|gitlab\.com|ubuntu\.com|debian\.org|debian\.net|fedoraproject\.org|redhat\.com|redhat\.io|centos\.org|kernel\.org|freedesktop\.org|gnu\.org|golang\.org|go\.dev|pypi\.org|python\.org|pythonhosted\.org|npmjs\.org|npmjs\.com|nodejs\.org|opencontainers\.org|containers\.dev|cncf\.io|moby\.org|launchpad\.net|launchpadcontent\.net|pytorch\.org|tensorflow\.org|huggingface\.co|stackoverflow\.com|askubuntu\.com|serverfault\.com|w3\.org|mozilla\.org|ietf\.org|json-schema\.org|letsencrypt\.org|evga\.com|microsoft\.com|archlinux\.org|opensuse\.org|suse\.com|almalinux\.org|rockylinux\.org|podman\.io|systemd\.io|snapcraft\.io|containerd\.io|nvcr\.io|k3s\.io|rancher\.io|linuxserver\.io|lscr\.io|opensource\.org|apache\.org|linuxcontainers\.org)|(?:(?:docs|developer|developer\.download|download|us\.download|forums|www|ngc|catalog\.ngc|api\.ngc|authn|cdi|cdi\.management|management|runtime|runtime\.container|container|mig|gpu|resource|k8s|device-plugin|nvlink)\.)*nvidia\.com|(?:\w+\.)?public\.ecr\.aws|mcr\.microsoft\.com|(?:www\.)?(?:amd|intel|google|example)\.com)\.?$/i;

const SERVICE_WORD =
  /^(?:registry|harbor|nexus|artifactory|gitlab|gitea|mirror|cr|docker-registry|jfrog|repo|vault|ldap|git|jenkins|proxy)\d{0,3}$/i;
const ENDS_LIKE_FILE =
  /\.(?:so|json|toml|yaml|yml|conf|cfg|service|socket|path|timer|target|mount|slice|scope|log|txt|md|c|h|cc|cpp|go|py|js|ts|list|repo|gz|xz|zip|deb|rpm|run|sock|d|cri|v\d|real)$/i;

/** Whether a dotted name is a host or registry of someone's own. `place`: it stands where only a host stands. */
export const isOwnHost = (name: string, place: boolean): boolean => {
  const labels = name.replace(/\.$/, '').split('.');
  const last = labels.at(-1)!.toLowerCase();
  if (PUBLIC.test(name) || isCommon(name) || /^rc\.local$/i.test(name) || labels.some(label => label === ''))
    return false;
  if (labels.length < 2) return place && /[a-z]/i.test(name);
  if (labels.every(label => /^\d+$/.test(label))) return false;
  if (!place && labels.length >= 3 && /^(?:io|com|org|net)$/.test(labels[0]!)) return false;
  if (place) return /[a-z]/i.test(last) && !(ENDS_LIKE_FILE.test(name) && labels.length < 3);
  if (HOST_TLDS.has(last)) return true;
  if (LONG_TLDS.has(last)) return labels.length >= 3;
  return (
    labels.length >= 3 && SERVICE_WORD.test(labels[0]!) && !ENDS_LIKE_FILE.test(name) && /^[a-z][a-z0-9-]*$/i.test(last)
  );
};

export const isTld = (label: string): boolean =>
  HOST_TLDS.has(label.toLowerCase()) || LONG_TLDS.has(label.toLowerCase());
