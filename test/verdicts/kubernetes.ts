/** A recorded machine that is made a Kubernetes node: the verdicts of K and J, and boxes that look like each. */
import { type Edit, edit } from '../edited.ts';
import { containerdToml, GFD, K3S, mute, type NodeSpec, node, PLUGIN, type PodSpec, VALIDATOR } from '../kube-words.ts';
import { type Case, CONFIG, CSV, QUERY, SMI, WHICH } from './words.ts';

const on =
  (spec: NodeSpec, ...changes: ((b: Edit) => Edit)[]) =>
  () =>
    changes.reduce((b, c) => c(b), node(spec)(edit('healthy@new')));
const k = (verdict: string, spec: NodeSpec, ...changes: ((b: Edit) => Edit)[]): Case => [
  verdict,
  'docker-runtime',
  on(spec, ...changes),
];
const PODMAN = 'podman version --format json';
const pods = (...list: PodSpec[]): NodeSpec => ({ pods: list });
const CDI_PLUGIN = PLUGIN.map((v, i) => (i === 7 ? 'cdi-cri' : v));
const crictlSays =
  (text: string, code = 0) =>
  (b: Edit) =>
    b.says('k3s crictl info', text, code);
const noCrictl = crictlSays('permission denied', 1);
const kubelet = { flavour: 'kubelet' } as const;
const dump = (text: string) => (b: Edit) => b.says('containerd config dump', text);
const live =
  (...handlers: string[]) =>
  (b: Edit) =>
    b.says(
      'crictl info',
      JSON.stringify({ config: { containerd: { runtimes: Object.fromEntries(handlers.map(h => [h, {}])) } } }),
    );
const noToolkit = (b: Edit) => b.says(WHICH, '', 1);
const operatorCopy = (b: Edit) =>
  b
    .thing('/usr/local/nvidia/toolkit/nvidia-container-runtime', {})
    .says('/usr/local/nvidia/toolkit/nvidia-ctk --version', 'NVIDIA Container Toolkit CLI version 1.20.0\n');
const staged =
  (...files: string[]) =>
  (b: Edit) =>
    b.dir('/run/nvidia/validations', files);
const refusesVariable = (b: Edit) =>
  b.config(
    '#accept-nvidia-visible-devices-envvar-when-unprivileged = true',
    'accept-nvidia-visible-devices-envvar-when-unprivileged = false',
  );
/** @param folder of the node, in which the toolkit of the Operator looks for the socket of containerd */
const set = (name: string, folder = ''): readonly string[] => [
  'gpu-operator',
  name,
  '1',
  '1',
  '',
  'c',
  'nvcr.io/nvidia/x:1',
  '',
  folder === '' ? '' : '/runtime/sock-dir/containerd.sock',
  folder,
];
const toolkitAt = (folder: string): NodeSpec => ({
  sets: [PLUGIN, VALIDATOR, set('nvidia-container-toolkit-daemonset', folder)],
});
const nothing = { cpu: '16' };
const gpuPod = { name: 'train', class: 'nvidia', gpus: { 'nvidia.com/gpu': '1' } };
const waits = (unscheduled: string, more: Partial<PodSpec> = {}): PodSpec => ({
  name: 'wants-one',
  node: '',
  phase: 'Pending',
  ready: '',
  gpus: { 'nvidia.com/gpu': '1' },
  unscheduled,
  ...more,
});
const log = (text: string): Readonly<Record<string, string>> => ({ 'nvidia-device-plugin-daemonset-x2x4z': text });
const tegraIs = (release: string) => (b: Edit) =>
  b.file('/etc/nv_tegra_release', `# ${release} (release), REVISION: 4.0, GCID: 1, BOARD: generic, EABI: aarch64`);
const orin = (b: Edit) => tegraIs('R36')(b).says(SMI, '', 9).says(QUERY, '', 9);
const thor = (b: Edit) =>
  tegraIs('R38')(b)
    .says(SMI, 'GPU 0: NVIDIA Thor (UUID: GPU-11111111-2222-3333-4444-555555555555)\n')
    .says(QUERY, 'NVIDIA Thor, 580.00, GPU-11111111-2222-3333-4444-555555555555, 00000000:01:00.0, [N/A]\n');
const seedPod: PodSpec = {
  name: 'gpu-reservation',
  class: 'nvidia',
  capabilities: 'utility',
  ready: 'false',
  waiting: 'CrashLoopBackOff',
  managers: 'binder kubelet',
};
const PROGRAMS = ['nvidia-ctk --version', 'nvidia-container-runtime --version', 'nvidia-cdi-hook --version'];
const ctk = (version: string) => (b: Edit) =>
  PROGRAMS.reduce((x, p) => x.says(p, `NVIDIA Container Toolkit CLI version ${version}\n`), b);
const record = (o: object) => (b: Edit) => {
  b.says('docker ps --format {{json .}}', '{"ID":"0123456789ab"}\n');
  b.draft.commands = b.draft.commands.filter(c => !(c.argv[1] === 'container' && c.argv[2] === 'inspect'));
  for (const p of inspects)
    b.draft.commands.push({ argv: p, code: 0, stdout: `${JSON.stringify(o)}\n`, stderr: '' } as never);
  return b;
};

import { CONTAINER_TEMPLATE } from '../../flows/probes/container-record.ts';
import { WANTED_FORMAT } from '../../flows/probes/mig.ts';

const inspects = [['docker', 'container', 'inspect', '--format', CONTAINER_TEMPLATE, '0123456789ab']];
const container = (image: string, ...env: string[]) =>
  record({ id: '0123456789ab', name: '/vision', image, status: 'running', runtime: 'nvidia', env: [...env, null] });
const wants = (name: string) => (b: Edit) => {
  b.draft.commands.push(
    {
      argv: ['docker', 'ps', '-a', '--no-trunc', '--format', '{{json .}}'],
      code: 0,
      stdout: '{"ID":"0123456789ab"}\n',
      stderr: '',
    } as never,
    {
      argv: ['docker', 'inspect', '--format', WANTED_FORMAT, '0123456789ab'],
      code: 0,
      stdout: `/vision\tnull\t\t\t\tNVIDIA_VISIBLE_DEVICES=${name}\n`,
      stderr: '',
    } as never,
  );
  return b;
};
const jet = (verdict: string, ...changes: ((b: Edit) => Edit)[]): Case => [
  verdict,
  'docker-runtime',
  () => changes.reduce((b, c) => c(b), edit('healthy@new')),
];
const list =
  (...lines: string[]) =>
  (b: Edit) =>
    b.file(`${CSV}/devices.csv`, lines.map(l => `${l}\n`).join(''));

export const cases: readonly Case[] = [
  ['request.node.none', 'docker-runtime', () => edit('healthy@new')],
  k('request.node.node', {}),
  k('kubernetes.meant.meant', {}),
  k('kubernetes.meant.notMeant', { capacity: nothing, labels: {}, sets: [], classes: [['nvidia', 'nvidia']] }, b => {
    b.draft.commands = b.draft.commands.map(c => (c.argv.includes('pods') ? { ...c, stdout: '' } : c));
    return b;
  }),
  k('kubernetes.meant.cannotTell', {}, mute('nodes'), mute('pods'), mute('daemonsets')),
  k('kubernetes.containerd.sound', {}),
  k('kubernetes.containerd.malformed', kubelet, b =>
    b.file('/etc/containerd/config.toml', 'version = 3\nimports = [\n'),
  ),
  // The file parses, and containerd wants another type.
  k('kubernetes.containerd.malformed', kubelet, b =>
    b.says(
      'containerd config dump',
      '',
      1,
      "containerd: failed to load TOML: /etc/containerd/config.toml: (4, 3): Can't convert yes(string) to bool\n",
    ),
  ),
  k('kubernetes.containerd.criOff', kubelet, b =>
    b.file('/etc/containerd/config.toml', 'disabled_plugins = ["cri"]\n'),
  ),
  // The kubelet talks to Docker or CRI-O; a containerd that serves Docker alone is right as it is.
  k('kubernetes.containerd.other', { ...kubelet, runtime: 'docker://29.7.2' }, b =>
    b.file('/etc/containerd/config.toml', 'disabled_plugins = ["cri"]\n'),
  ),
  k('kubernetes.containerd.cannotTell', {}, b => b.unread(`${K3S}/config.toml`, 'EACCES')),
  k('kubernetes.toolkit.host', {}),
  k('kubernetes.toolkit.operator', {}, operatorCopy),
  k('kubernetes.toolkit.missing', {}, noToolkit),
  k('kubernetes.toolkit.cannotTell', {}, b => b.forgetDir('/usr/bin').hangs(WHICH)),
  k('handler.handler.known', {}),
  k('handler.handler.notNeeded', { handlers: ['runc'], sets: [CDI_PLUGIN] }, b => {
    b.draft.commands = b.draft.commands.map(c => ({
      ...c,
      stdout: c.argv.includes('pods') ? c.stdout.replaceAll('\tnvidia\tDaemonSet', '\t\tDaemonSet') : c.stdout,
    }));
    return b;
  }),
  k('handler.handler.notLoaded', kubelet, live('runc')),
  k('handler.handler.missing', { ...kubelet, handlers: ['runc'] }, b =>
    b.file('/etc/containerd/conf.d/99-nvidia.toml', null),
  ),
  k('handler.handler.notEffective', { ...kubelet, handlers: ['runc'] }),
  k('handler.handler.operatorElsewhere', { ...kubelet, handlers: ['runc'] }, operatorCopy, b =>
    b.file('/etc/containerd/conf.d/99-nvidia.toml', null),
  ),
  k('handler.handler.template', { handlers: ['runc'] }, b =>
    b.file(`${K3S}/config.toml.tmpl`, 'version = 2\n[plugins.cri]\n'),
  ),
  k('handler.handler.notDetected', { handlers: ['runc'] }),
  // A template that builds on the base is none that hides anything.
  k('handler.handler.notDetected', { handlers: ['runc'] }, b =>
    b.file(`${K3S}/config-v3.toml.tmpl`, '{{ template "base" . }}\n'),
  ),
  k('handler.handler.cannotTell', {}, noCrictl, b => b.unread(`${K3S}/config.toml`, 'EACCES')),
  k('handler.cdi.on', { sets: [CDI_PLUGIN] }),
  k('handler.cdi.notAsked', {}),
  k(
    'handler.cdi.off',
    { ...kubelet, sets: [CDI_PLUGIN] },
    dump(
      containerdToml(['runc', 'nvidia'])
        .replace('version = 3', 'version = 2')
        .replaceAll('io.containerd.cri.v1.runtime', 'io.containerd.grpc.v1.cri'),
    ),
    live('runc', 'nvidia'),
  ),
  // What containerd 2.3 prints; its schema is a newer one, and CDI is on where nothing is said.
  k(
    'handler.cdi.on',
    { ...kubelet, sets: [CDI_PLUGIN], runtime: '' },
    live('runc', 'nvidia'),
    dump(containerdToml(['runc', 'nvidia']).replace('version = 3', 'version = 4')),
  ),
  k('handler.cdi.cannotTell', { sets: [CDI_PLUGIN] }, noCrictl, b => b.unread(`${K3S}/config.toml`, 'EACCES')),
  k('handler.class.there', {}),
  k('handler.class.notNeeded', { classes: [], sets: [CDI_PLUGIN] }),
  k('handler.class.missing', { classes: [['runc', 'runc']] }),
  k('handler.class.cannotTell', {}, mute('runtimeclasses')),
  k('operator.stages.none', {}),
  k(
    'operator.stages.ready',
    { sets: [PLUGIN, VALIDATOR] },
    staged('driver-ready', 'toolkit-ready', 'cuda-ready', 'plugin-ready'),
  ),
  k('operator.stages.twoDrivers', { sets: [PLUGIN, VALIDATOR, set('nvidia-driver-daemonset')] }, staged()),
  k('operator.stages.elsewhere', toolkitAt('/run/containerd'), staged('driver-ready')),
  k('operator.stages.elsewhere', { ...kubelet, ...toolkitAt('/run/k3s/containerd') }, staged('driver-ready')),
  k('operator.stages.elsewhere', { flavour: 'microk8s', ...toolkitAt('/run/containerd') }, staged('driver-ready')),
  // Told rightly it waits for something else, whatever the variable in the pod reads.
  k('operator.stages.waiting', toolkitAt('/run/k3s/containerd'), staged('driver-ready')),
  k('operator.stages.waiting', toolkitAt('/var/run/k3s/containerd/'), staged('driver-ready')),
  k('operator.stages.waiting', { flavour: 'rke2', ...toolkitAt('/run/k3s/containerd') }, staged('driver-ready')),
  k('operator.stages.waiting', { ...kubelet, ...toolkitAt('/run/containerd') }, staged('driver-ready')),
  // With the NRI plugin it mounts no socket, and without a daemon set the toolkit is not the Operator's.
  k('operator.stages.waiting', toolkitAt(''), staged('driver-ready')),
  k('operator.stages.waiting', { sets: [PLUGIN, VALIDATOR] }, staged('driver-ready')),
  // The driver pod has loaded its module and is not done yet.
  k(
    'operator.stages.waiting',
    { sets: [PLUGIN, VALIDATOR, set('nvidia-driver-daemonset')] },
    b => b.absent(SMI).absent(QUERY),
    staged(),
  ),
  k('operator.stages.waiting', { sets: [PLUGIN, VALIDATOR] }, staged('driver-ready', 'toolkit-ready')),
  k('operator.stages.waiting', { sets: [PLUGIN, VALIDATOR] }),
  k('operator.stages.cannotTell', { sets: [PLUGIN, VALIDATOR] }, b => {
    b.draft.errors['/run/nvidia/validations'] = 'EACCES';
    return b.forgetDir('/run/nvidia/validations').forgetDir('/run/nvidia').forgetDir('/run');
  }),
  k('operator.placed.runs', {}),
  k('operator.placed.noneWanted', { sets: [GFD] }),
  k('operator.placed.none', { sets: [], pods: [waits('0/1 nodes are available: 1 Insufficient nvidia.com/gpu.')] }),
  k('operator.placed.kept', { sets: [PLUGIN], labels: {} }, b => {
    b.draft.commands = b.draft.commands.map(c =>
      c.argv.includes('pods') ? { ...c, stdout: c.stdout.replace(/\tgpu-07\tRunning/g, '\telsewhere\tRunning') } : c,
    );
    return b;
  }),
  k('operator.placed.cannotTell', {}, mute('daemonsets')),
  // Feature discovery of the same chart runs, the plugin does not.
  k('operator.placed.kept', {
    sets: [
      PLUGIN.map((v, i) => (i === 1 ? 'nvdp-nvidia-device-plugin' : v)),
      PLUGIN.map((v, i) => (i === 1 ? 'nvdp-nvidia-device-plugin-gpu-feature-discovery' : v)),
    ],
    pods: [
      {
        ns: 'kube-system',
        name: 'nvdp-nvidia-device-plugin-gpu-feature-discovery-7xk2p',
        owner: ['DaemonSet', 'nvdp-nvidia-device-plugin-gpu-feature-discovery'],
      },
    ],
  }),
  k('plugin.plugin.offers', {}),
  k('plugin.plugin.noNvml', { capacity: nothing, logs: log('Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND.\n') }),
  // The words of an earlier start of a plugin that offers its GPU now.
  k('plugin.plugin.offers', { logs: log('Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND.\n') }),
  k('plugin.plugin.noDevices', { capacity: nothing, logs: log('No devices found. Waiting indefinitely.\n') }),
  k('plugin.plugin.unhealthy', {
    allocatable: { 'nvidia.com/gpu': '0' },
    logs: log('XidCriticalError: Xid=79 on Device=GPU-1; marking device as unhealthy.\n'),
  }),
  k('plugin.plugin.noCdiOnTegra', {
    capacity: nothing,
    logs: log('CDI --device-list-strategy options are only supported on NVML-based systems\n'),
  }),
  k('plugin.plugin.cannotTell', { capacity: nothing }, b => {
    b.draft.commands = b.draft.commands.filter(c => !c.argv.includes('logs'));
    return b;
  }),
  k('plugin.labels.there', {}),
  k('plugin.labels.unused', { labels: {} }),
  k('plugin.labels.missing', { labels: {}, sets: [PLUGIN, GFD] }, orin),
  // No Jetson: feature discovery writes them with the next round.
  k('plugin.labels.unused', { labels: {}, sets: [PLUGIN, GFD] }),
  k('plugin.labels.cannotTell', {}, mute('nodes'), operatorCopy),
  k('pods.admitted.fine', {}),
  k(
    'pods.admitted.rejected',
    pods({
      ...gpuPod,
      phase: 'Failed',
      reason: 'UnexpectedAdmissionError',
      ready: '',
      message:
        'Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0',
    }),
  ),
  k(
    'pods.admitted.noManagement',
    pods({
      ns: 'gpu-operator',
      name: 'nvidia-dcgm-1',
      ready: 'false',
      waiting: 'CreateContainerError',
      waitsFor: 'unresolvable CDI devices management.nvidia.com/gpu=all',
    }),
  ),
  k('pods.admitted.cannotTell', {}, mute('pods')),
  k('pods.pending.none', {}),
  k('pods.pending.rightly', pods(gpuPod, waits('0/1 nodes are available: 1 Insufficient nvidia.com/gpu.'))),
  // The pending pod of a scheduler that shares memory.
  k('pods.pending.rightly', pods(gpuPod, waits('insufficient GPU memory', { gpus: {} }))),
  // A pod that waits for something else is no business of the GPU.
  k(
    'pods.pending.none',
    pods(waits('0/1 nodes are available: 1 node(s) had volume node affinity conflict.', { gpus: {} })),
  ),
  k(
    'pods.pending.tainted',
    pods(waits('0/1 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: present}.')),
  ),
  k(
    'pods.pending.tainted',
    pods(
      waits("0/1 nodes are available: 1 node(s) had taint {nvidia.com/gpu: present}, that the pod didn't tolerate."),
    ),
  ),
  k('pods.pending.tainted', {
    ...pods(waits('0/1 nodes are available: 1 node(s) had untolerated taint(s).')),
    taints: 'nvidia.com/gpu',
  }),
  k('pods.pending.rightly', pods(waits('0/2 nodes are available: 2 node(s) had untolerated taint(s).'))),
  k('pods.pending.otherName', {
    ...pods(waits('0/1 nodes are available: 1 Insufficient nvidia.com/gpu.')),
    capacity: { 'nvidia.com/mig-1g.10gb': '7' },
  }),
  k('pods.pending.nothingOffered', {
    ...pods(waits('0/1 nodes are available: 1 Insufficient nvidia.com/gpu.')),
    capacity: nothing,
  }),
  k('pods.pending.cannotTell', {}, mute('pods')),
  k('pods.runtime.used', pods(gpuPod)),
  k('pods.runtime.notUsed', pods({ ...gpuPod, class: '' })),
  // By CDI no class is needed.
  k('pods.runtime.used', { ...pods({ ...gpuPod, class: '' }), sets: [CDI_PLUGIN] }),
  k('pods.runtime.used', {
    ...pods({ ...gpuPod, class: '' }),
    sets: [PLUGIN.map((v, i) => (i === 7 ? 'envvar,cdi-annotations' : v))],
  }),
  // A class of another name leads to the same handler, and one that leads elsewhere does not.
  k('pods.runtime.used', {
    ...pods({ ...gpuPod, class: 'gpu' }),
    classes: [
      ['nvidia', 'nvidia'],
      ['gpu', 'nvidia'],
    ],
  }),
  k('pods.runtime.notUsed', {
    ...pods({ ...gpuPod, class: 'gvisor' }),
    classes: [
      ['nvidia', 'nvidia'],
      ['gvisor', 'runsc'],
    ],
  }),
  k('pods.runtime.cannotTell', {}, mute('pods')),
  k('asks.asked.asked', pods(gpuPod)),
  // Capabilities may come with the image, and so may the request.
  k('asks.asked.asked', pods({ name: 'cuda', class: 'nvidia' }), orin),
  k('asks.asked.unknownDevice', pods({ name: 'second', class: 'nvidia', visible: '1' }), orin),
  k('asks.asked.silentOnTegra', pods(seedPod), orin),
  k('asks.asked.quietOnTegra', pods({ ...seedPod, ready: 'true', waiting: '' }), orin),
  k('asks.asked.silent', pods(seedPod)),
  k('asks.asked.quiet', pods({ ...seedPod, ready: 'true', waiting: '' })),
  k('asks.asked.cannotTell', {}, mute('pods')),
  k('asks.noise.none', {}),
  k(
    'asks.noise.there',
    {
      ...pods({ ...seedPod, visible: 'all' }),
      logs: {
        'gpu-reservation':
          'NvRmMemInitNvmap failed: error Permission denied\nNvRmMemMgrInit failed: Memory Manager Not supported\n',
      },
    },
    orin,
  ),
  k('asks.noise.cannotTell', {}, orin, mute('pods')),
  k('asks.rights.fitting', pods(gpuPod)),
  k('asks.rights.leaks', pods({ name: 'greedy', class: 'nvidia', visible: 'all' })),
  // The node does not take the variable from such a pod, but privileged needs none.
  k('asks.rights.fitting', pods({ name: 'greedy', class: 'nvidia', visible: 'all' }), refusesVariable),
  k('asks.rights.leaks', pods({ name: 'greedy', class: 'nvidia', visible: 'all', privileged: true }), refusesVariable),
  k(
    'asks.rights.workaround',
    pods({ ...seedPod, ready: 'true', privileged: true, paths: '/usr/lib/aarch64-linux-gnu/nvidia /dev' }),
  ),
  k('asks.rights.cannotTell', {}, mute('pods')),

  // 4.9 knows CDI names and ignores --gpus.
  ['podman.version.onlyCdi', 'podman-cdi', () => edit('healthy@new').says(PODMAN, '{"Client":{"Version":"4.9.3"}}')],
  ['podman.version.knows', 'podman-cdi', () => edit('healthy@new').says(PODMAN, '{"Client":{"Version":"5.0.0"}}')],

  jet('csv.lists.gaps', orin, list('dev, /dev/nvhost-gpu'), b =>
    b
      .file(`${CSV}/drivers.csv`, 'lib, /usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1\n')
      .dir('/usr/lib/aarch64-linux-gnu', []),
  ),
  // Only the name Thor is new to the toolkit; nvgpu was known before.
  [
    'config.mode.csv',
    'docker-runtime',
    () =>
      tegraIs('R36')(edit('healthy@v114'))
        .says(SMI, 'GPU 0: Orin (nvgpu) (UUID: 1833c8b5-aa0c-5382-b784-68b7e77eb185)\n')
        .says(QUERY, 'Orin (nvgpu), 540.4.0, 1833c8b5-aa0c-5382-b784-68b7e77eb185, [N/A], [N/A]\n'),
  ],
  jet('jetson.release.known', orin),
  jet('jetson.release.board', b =>
    b.file('/etc/nv_tegra_release', null).file('/proc/device-tree/model', 'NVIDIA Jetson AGX Orin Developer Kit'),
  ),
  jet('jetson.toolkit.notThor', orin),
  jet('jetson.toolkit.none', thor, b => PROGRAMS.reduce((x, p) => x.absent(p), b.says(WHICH, '', 1))),
  jet('jetson.toolkit.recognised', thor),
  jet('jetson.toolkit.tooOld', thor, ctk('1.17.5')),
  jet('jetson.toolkit.bridged', thor, ctk('1.17.5'), b => b.file(CONFIG, '[nvidia-container-runtime]\nmode = "csv"\n')),
  k('jetson.toolkit.tooOld', {}, thor, operatorCopy, b =>
    b.says('/usr/local/nvidia/toolkit/nvidia-ctk --version', 'NVIDIA Container Toolkit CLI version 1.17.4\n'),
  ),
  jet('jetson.toolkit.cannotTell', thor, b => PROGRAMS.reduce((x, p) => x.hangs(p), b)),
  jet(
    'jetson.requests.fine',
    orin,
    container('nvcr.io/nvidia/l4t-base:r36.2.0', 'NVIDIA_VISIBLE_DEVICES=all', 'NVIDIA_DRIVER_CAPABILITIES=all'),
  ),
  jet('jetson.requests.other', orin, wants('1')),
  jet('jetson.requests.fine', orin, wants('all')),
  jet('jetson.requests.silent', orin, container('app:1', 'NVIDIA_DRIVER_CAPABILITIES=utility')),
  jet('jetson.images.fit', orin, container('nvcr.io/nvidia/l4t-base:r36.2.0', 'NVIDIA_VISIBLE_DEVICES=all')),
  jet('jetson.images.other', orin, container('nvcr.io/nvidia/l4t-jetpack:r35.4.1', 'NVIDIA_VISIBLE_DEVICES=all')),
  jet('jetson.images.other', thor, container('dustynv/pytorch:2.1-igpu', 'NVIDIA_VISIBLE_DEVICES=all')),
  // R39 serves several boards; without nvidia-smi the device tree says which.
  jet('jetson.toolkit.recognised', b =>
    tegraIs('R39')(b)
      .file('/proc/device-tree/model', 'NVIDIA Jetson AGX Thor Developer Kit\0')
      .says(SMI, '', 9)
      .says(QUERY, '', 9),
  ),
  jet('jetson.images.fit', b =>
    tegraIs('R39')(container('acme/vision:sbsa-cu13', 'NVIDIA_VISIBLE_DEVICES=all')(b))
      .says(SMI, '', 9)
      .says(QUERY, '', 9),
  ),
  jet('jetson.nvmap.notNeeded', thor, b => b.thing('/dev/nvmap', { type: 'char', mode: '0o660' })),
  jet(
    'jetson.nvmap.listed',
    orin,
    b => b.thing('/dev/nvmap', { type: 'char' }),
    list('dev, /dev/nvmap', 'dev, /dev/nvhost-gpu'),
  ),
  jet('jetson.nvmap.notListed', orin, b => b.thing('/dev/nvmap', { type: 'char' }), list('dev, /dev/nvhost-gpu')),
];

/** These only look at what is known; what is not known is no sign. */
export const excused: readonly string[] = [
  'jetson.release.cannotTell',
  'jetson.requests.cannotTell',
  'jetson.images.cannotTell',
  'jetson.nvmap.cannotTell',
];
