/** What a text shows besides its error line: platform, engine, the command that was run, versions. */
import type { Feature } from '../engine/signature.ts';

/** Each runs over the cleaned lines in lower case; every repetition is bounded. */
const tests: Readonly<Record<Feature, RegExp>> = {
  amd: /\brocm|\bamdgpu\b|\/dev\/kfd\b|\bhip(?:error|blas)|\bmiopen\b|\brocr\b/,
  appLog: /traceback \(most recent call last\)|\btorch\b|tensorflow|\bollama\b|ggml_|llama|onnxruntime|ffmpeg|\bjax\b/,
  asksCdi: /--device[= ]?["']?nvidia\.com\/gpu|-\s["']?nvidia\.com\/gpu=|visible_devices=nvidia\.com\/gpu|driver: cdi/,
  asksGpus: /--gpus?[= ]|\bgpus: ?(?:all|\[|\n)|driver: ["']?nvidia\b|capabilities: ?\[{1,2}["']?gpu|devicerequest/,
  asksRuntime:
    /--runtime[= ]["']?nvidia|\bruntime: ["']?nvidia|nvidia-docker run|runtimeclass(?:name)?["']?[:=] ?["']?nvidia/,
  build:
    /^\s{0,8}(?:step \d{1,3}\/\d{1,3} :|=> (?:error |cached )?\[[^\]\n]{0,60}\d{1,3}\/\d{1,3}\]|#\d{1,3} \[[^\]\n]{0,60}\d{1,3}\/\d{1,3}\])|\bdocker (?:buildx )?build\b|the command '[^\n]{0,300}' returned a non-zero code|\bdockerfile:\d|during (?:the )?(?:docker )?build/m,
  cliRun: /nvidia-container-cli[^\n]{0,40}\s(?:info|list|-k|--load-kmods)\b/,
  compose: /docker[- ]compose|compose\.ya?ml|\bservices\.\w/,
  containerd: /\bcontainerd\b|\bcrictl\b|\bctr\b|\bnerdctl\b/,
  daemonReload: /daemon-(?:reload|reexec)|systemd\[1\]: reloading|set-property/,
  desktop:
    /desktop-linux|docker[ -]desktop|\/\.docker\/(?:desktop|run)\/|docker\.desktop|rancher[ -]desktop|\blinuxkit\b|com\.docker\.\w/,
  docker: /\bdocker\b|\bmoby\b/,
  exitsLater:
    /after (?:a while|running for|(?:an |some )?(?:idle|extended)|some (?:time|hours|days)|a few (?:hours|days|minutes)|\d{1,3} ?(?:h|hours?|days?|minutes?))|suddenly|randomly|works? (?:fine )?(?:at first|initially|until|for (?:a|some|several|hours|days))|it worked (?:until|before|fine)|loses? (?:access|the gpu)|(?:for|after) (?:a long|long|an extended) (?:time|period)|idle (?:time|period)|re-?start(?:ing|s)?(?: of)? (?:the |my )?(?:\w{1,20} )?(?:container|pod)s? (?:fixes|helps|solves|resolves|cures|brings|works)|(?:unless|until|have to|had to|need to) (?:i |we |you )?restart the (?:\w{1,20} )?(?:container|pod)|(?:solution|solve[sd]?|resolve[sd]?|fixe[sd]|helps|works? again)[^\n.]{0,60}\brestart|restart[^\n.]{0,30}(?:container|pod)[^\n.]{0,40}(?:fix|help|solv|resolv|works)|(?:same|running|already running) container|hours? later|days? later|next morning|overnight/,
  fabric:
    /\bhgx\b|\bdgx\b|nvswitch|\bh[12]00\b|\ba100[ -]?(?:sxm|8x)|\ba100-sxm|\bb[23]00\b|\bgb[23]00\b|fabric ?manager|sxm[2-6]/,
  gpuWords:
    /nvidia|\bcuda|\bnvml|\bgpus?\b|nvcc|\bcdi\b|libcu|cudnn|tensorrt|\bxid\b|\bnvrm\b|cublas|nouveau|nvrmmem|nvmap|\bmig\b|vfio|jetson|for services\.[\w.-]{1,60}: ['"]?(?:runtime|devices?|deploy)/,
  hookRan: /auto-detected mode as|using requested mode|prestart hook|nvidia-container-cli/,
  hostFine: /\|\s{0,3}nvidia-smi \d{3}\.\d|driver version: ?\d{3}\.\d|^gpu \d{1,2}: [^\n]{3,60}\(uuid: gpu-/m,
  inContainer:
    /(?:docker|podman|nerdctl) (?:exec|run)|kubectl exec|crictl exec|root@[0-9a-f]{12}\b|\[root@[0-9a-f]{5,12} |in(?:side)? (?:the |my |a )?(?:same )?(?:running )?(?:container|pod)|^root@[\w-]{1,60}:\/(?:app|workspace)?#/m,
  jit: /automatic cdi modifier|runtime\.nvidia\.com\/gpu/,
  k3s: /\bk3s\b|\brke2\b|rancher\/(?:k3s|rke2)/,
  k8s: /\bkubectl\b|\bkubelet\b|\bk8s\b|kubernetes|daemonset|pod sandbox|\bpods?\b|runtimeclass|\bnamespace:|device-plugin|^\s{0,8}container id:\s{1,20}(?:containerd|docker|cri-o):|^\s{0,8}limits:\s{1,20}nvidia\.com\/|default-scheduler|^\s{0,8}controlled by:/m,
  kernelNew:
    /(?:new|upgraded?|updated?|after (?:a |the )?) ?kernel|kernel (?:update|upgrade)|\bos (?:image |version )?(?:is |was |has been )?(?:update|upgrade)|reboot-required|linux-(?:image|headers)-\d|after (?:apt|dnf|yum) (?:upgrade|update)|\/usr\/src\b|dkms (?:status|install|build)|\/lib\/modules\/\d/,
  lxc: /\blx[cd]\b|\blxcfs\b|proxmox|\bpct (?:exec|enter|start|config)|incus|unprivileged container|nesting[=:]/,
  mac: /\bmacos\b|\bdarwin\b|apple silicon|\/users\/[\w.-]{1,40}\/|\bmps backend\b|\bm[1-4] (?:mac|pro|max|ultra)\b/,
  mig: /\bmig\b|mig-[0-9a-f]{8}|\bmig-gpu-|[1-7]g\.\d{1,3}gb/,
  moduleLoaded: /^nvidia(?:_uvm|_drm|_modeset)? {1,40}\d{4,12} {1,8}\d/m,
  noCard:
    /lspci[^\n]{0,60}(?:nvidia|10de)[^\n]{0,20}\n\s{0,4}(?:[$#>\u203a\u276f%]|\S{1,60}[:~][^\s$#]{0,60}[$#]|\[\S{1,40} \S{1,60}\][$#])|lspci\W{1,6}(?:shows|finds|lists|got|gave|prints) (?:nothing|no nvidia)|lspci (?:does not|doesn't) (?:show|list|find)|not (?:shown|listed|visible) (?:in|by) lspci/,
  noGpuAsked: /\u0000/,
  nonRoot: /\buid=(?!0\b)\d{1,6}|runasuser: ?[1-9]|--user[= ]\d{3,5}|non-?root|\buser: ["']?\d{3,5}/,
  nouveau: /\bnouveau\b|\bnova(?:_|-)?core\b|\bnova_drm\b/,
  oldPodman: /podman(?: version)?[ :]{1,3}(?:4\.\d|5\.0)/,
  oldSpec:
    /(?:in use|loaded|installed|running)[^\n]{0,30}driver|drivers? (?:update|upgrade)|(?:update|upgrade)s? (?:of |to )?(?:the |my )?(?:nvidia |gpu |graphics |video )(?:card )?(?:drivers?|card)|upgraded? (?:the |my )?(?:nvidia )?driver|after (?:the |a )?(?:driver |nvidia )?(?:update|upgrade)|cdi generate/,
  operator:
    /gpu-operator|nvidia-operator|nvidia-driver-daemonset|container-toolkit-daemonset|operator-validator|driver container|clusterpolicy/,
  plugin: /device[- ]plugin|gpu-feature-discovery|\bgfd\b|nvidia-device-plugin|nvdp/,
  podman: /\bpodman\b|\bcrun\b|\bbuildah\b|distrobox|toolbox\b|quadlet|\blibpod\b/,
  redHat:
    /\bfedora\b|\brhel\b|red ?hat|centos|\.el\d{1,2}(?:[._-]|\b)|\.fc\d{2}\b|\brocky\b|almalinux|silverblue|openshift/,
  rootless:
    /rootless|\/run\/user\/\d{3,6}|\/home\/[\w.-]{1,40}\/\.local\/share\/(?:docker|containers)|rootlesskit|slirp4netns|user\.slice\/user-/,
  secureBoot: /secure ?boot|\bmokutil\b|\bmok\b|lockdown/,
  selinux: /selinux|\bavc:|getenforce|setenforce|\benforcing\b|container_t\b|udica/,
  snap: /\bsnap (?:list|install|info|remove|connect|set|run|services)\b|\/snap\/|\/var\/snap|docker \(snap\)|snap\.docker|canonical\u2713|snapd/,
  suspend:
    /\bsuspend(?:ed|ing)?\b|\bresum(?:e|ed|ing) from|hibernat|pm: suspend|woke? up|wak(?:e|ing) up|sleep mode|went to sleep/,
  swarm: /docker (?:stack|service|swarm|node)\b|no suitable node|node-generic-resources|docker_resource_/,
  tegra:
    /jetson|\btegra\b|\bl4t\b|jetpack|\borin\b|\bxavier\b|nvgpu\b|aarch64-linux-gnu\/tegra|nvhost|nv_tegra|nvmap|nvpmodel|mode as '?csv|libnvrm|dustynv/,
  thor: /\bthor\b|jetpack ?7|\bl4t ?r?38|r38\./,
  toolkitChanged:
    /(?:upgrad|updat|downgrad)\w{0,4}[^\n]{0,80}(?:nvidia-container-(?:toolkit|runtime)|libnvidia-container|nvidia-docker2?\b|container toolkit)|(?:nvidia-container-toolkit|libnvidia-container|container toolkit)[^\n]{0,80}(?:upgrad|updated?\b|downgrad|regression|broke)/,
  trouble:
    /error|fail|fatal|crash|cannot|can ?not|can['\u2019]?t|couldn|unable|does ?n['\u2019]?o?t|\bnot? (?:\w{1,12} )?(?:work|found|find|detect|available|recogni[sz]|visible|show|support|us(?:e|ing)|trace|see)|(?:got|gets?|shows?|prints|returns) (?:me )?nothing|instead of|missing|denied|no such|refus|stuck|hangs?\b|broken|unavailable|false\b|lost\b|\uc2e4\ud328|\uc624\ub958|\uc5d0\ub7ec|\uc548 ?\ub3fc|\ud558\uc9c0 \uc54a|\u62a5\u9519|\u9519\u8bef|\u5931\u8d25|\u5931\u6557|\u65e0\u6cd5|\u7121\u6cd5|\u30a8\u30e9\u30fc|\u3067\u304d\u306a\u3044|fehler|erreur|\u043e\u0448\u0438\u0431/,
  unattended:
    /unattended[- ]upgrade|apt(?:-get)? (?:full-|dist-)?upgrade|dnf (?:update|upgrade)|apt\/history|upgrade: nvidia/,
  vm: /\bqemu\b|\bkvm\b|\besxi\b|vmware|hyper-?v\b|proxmox|libvirt|\bvfio\b|virtual machine|\bvms?\b(?!\.)|\bguest\b|passthrough|\bxen\b|\bvirtio\b|\bvgpu\b|harvester|unraid/,
  windows:
    /^ps [a-z]:\\|\b[a-z]:\\{1,2}(?:users|windows|program|[\w-]{1,30}\\)|\bwindows (?:10|11|server)|\.exe\b|powershell|docker desktop for windows/m,
  wsl: /\bwsl ?[12]?\b|microsoft-standard|\/usr\/lib\/wsl|\/mnt\/wslg?|\/dev\/dxg|dxgkrnl|libdxcore/,
};

/** The hook or the runtime was at work, or its library answers: whatever the commands shown, a GPU was asked for. */
const HOOKED =
  /nvidia-container-(?:cli|runtime)|auto-detected mode as|prestart hook|cdi device|nvml: (?:insufficient|unknown)/;
/** The legacy CLI looks for WSL everywhere and says so. */
const LOOKS_FOR_WSL = /\bdxcore\b[^\n]{0,120}(?:to see if|assuming a non-wsl)[^\n]{0,120}/g;
const RUN =
  /(?<!nvidia-)(?:docker|podman|nerdctl|\bctr[^\n]{0,60})(?:\.exe)? (?:container )?run (?!--help)[^\n]{1,600}/g;
/** The variable alone asks for nothing: without the runtime or the hook nobody reads it. */
const ASKS =
  /--gpus|--runtime[= ]\S{0,20}nvidia|nvidia\.com\/gpu|--device[= ]\S{0,20}(?:nvidia|\/dev\/dri|\/dev\/kfd)|--privileged/;

/** A command that starts a container is shown, and none of them asks for a GPU. */
const asksForNone = (text: string): boolean => {
  if (HOOKED.test(text)) return false;
  const runs = text.replace(/\\\n\s{0,40}/g, ' ').match(RUN);
  return runs?.every(run => !ASKS.test(run)) === true;
};

/** Adds to `seen` what the text shows. */
export const addFeatures = (seen: Set<Feature>, whole: string): void => {
  const text = whole.includes('dxcore') ? whole.replace(LOOKS_FOR_WSL, '') : whole;
  for (const [name, test] of Object.entries(tests) as [Feature, RegExp][])
    if (!seen.has(name) && (name === 'noGpuAsked' ? asksForNone(text) : test.test(text))) seen.add(name);
};

/** Versions printed in the text, for the answer's reasons: `driver 550.54.14`, `docker 26.1.5`. */
export const versionsIn = (text: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  const put = (name: string, at: RegExpExecArray | null): void => {
    if (at !== null && found[name] === undefined) found[name] = at[1]!;
  };
  put(
    'driver',
    /(?:driver version:?|kernel module(?: for x86_64)?|nvidia-smi) {1,4}(\d{3}\.\d{2,3}(?:\.\d{1,3})?)/.exec(text),
  );
  put('cuda', /cuda version:? {1,3}(\d{1,2}\.\d)/.exec(text));
  put(
    'docker',
    /(?:docker version|server version:?|docker-ce|docker engine[^\n]{0,20}) {0,3}(\d{2}\.\d{1,2}\.\d{1,2})/.exec(text),
  );
  put('podman', /podman version {1,3}(\d\.\d{1,2}\.\d{1,2})/.exec(text));
  put('compose', /compose version:? {0,3}v?(\d\.\d{1,2}\.\d{1,2})/.exec(text));
  put(
    'toolkit',
    /(?:container toolkit[^\n]{0,20}version|nvidia-container-toolkit(?:-base)?)[ :=]{1,4}v?(\d\.\d{1,2}\.\d)/.exec(
      text,
    ),
  );
  return found;
};
