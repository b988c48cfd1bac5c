/** Words for a recorded machine that is a Kubernetes node as well: what its files and clients answer. */
import { JOURNAL } from '../flows/probes/cri.ts';
import { crictl, type Flavour, kubectl } from '../flows/probes/kube.ts';
import { CLASSES, NODES, PODS, SETS } from '../flows/probes/kube-api.ts';
import type { Edit } from './edited.ts';

export interface PodSpec {
  readonly ns?: string;
  readonly name: string;
  readonly node?: string;
  readonly phase?: string;
  readonly reason?: string;
  readonly ready?: string;
  readonly waiting?: string;
  readonly class?: string;
  readonly owner?: readonly [string, string];
  readonly managers?: string;
  readonly paths?: string;
  readonly unscheduled?: string;
  readonly message?: string;
  readonly waitsFor?: string;
  readonly image?: string;
  readonly gpus?: Readonly<Record<string, string>>;
  readonly privileged?: boolean;
  readonly visible?: string;
  readonly capabilities?: string;
}
export const HOST = 'gpu-07';
const json = (o: object | undefined) => (o === undefined ? '' : JSON.stringify(o));
const podLines = (p: PodSpec): string => {
  const pod = [
    'pod',
    p.ns ?? 'default',
    p.name,
    p.node ?? HOST,
    p.phase ?? 'Running',
    p.reason ?? '',
    p.ready ?? 'true',
    p.waiting ?? '',
    p.class ?? '',
    p.owner?.[0] ?? '',
    p.owner?.[1] ?? '',
    p.managers ?? 'kubectl-client-side-apply kubelet',
    'default-scheduler',
    p.paths ?? '',
    p.unscheduled ?? '',
    p.message ?? '',
    p.waitsFor ?? '',
  ];
  const container = [
    'container',
    'app',
    p.image ?? 'registry.example/app:1',
    json(p.gpus),
    p.privileged ? 'true' : '',
    p.visible ?? '',
    p.capabilities ?? '',
  ];
  return `${pod.join('\t')}\n${container.join('\t')}\n`;
};
const runtimes = (...names: string[]) => ({
  config: {
    containerd: {
      defaultRuntimeName: 'runc',
      runtimes: Object.fromEntries(
        names.map(n => [n, { options: { BinaryName: n === 'runc' ? '' : `/usr/bin/nvidia-container-runtime` } }]),
      ),
    },
    enableCDI: true,
  },
});
export const PLUGIN: readonly string[] = [
  'kube-system',
  'nvidia-device-plugin-daemonset',
  '1',
  '1',
  'nvidia',
  'plugin',
  'nvcr.io/nvidia/k8s-device-plugin:v0.20.0',
  '',
  '',
  '',
];
export const GFD: readonly string[] = [
  'kube-system',
  'gpu-feature-discovery',
  '1',
  '1',
  '',
  'gfd',
  'nvcr.io/nvidia/k8s-device-plugin:v0.20.0',
  '',
  '',
  '',
];
export const VALIDATOR: readonly string[] = [
  'gpu-operator',
  'nvidia-operator-validator',
  '1',
  '0',
  'nvidia',
  'v',
  'nvcr.io/nvidia/gpu-operator:v26.7.0',
  '',
  '',
  '',
];
export const pluginPod: PodSpec = {
  ns: 'kube-system',
  name: 'nvidia-device-plugin-daemonset-x2x4z',
  class: 'nvidia',
  owner: ['DaemonSet', 'nvidia-device-plugin-daemonset'],
};
export const LABELS = {
  'kubernetes.io/hostname': HOST,
  'nvidia.com/gpu.present': 'true',
  'nvidia.com/gpu.count': '1',
  'nvidia.com/gpu.memory': '16376',
};

export interface NodeSpec {
  readonly flavour?: Flavour;
  /** Version of CRI-O, on a kubelet that was told to use it. */
  readonly crio?: string;
  readonly runtime?: string;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: string;
  readonly classes?: readonly (readonly [string, string])[];
  readonly sets?: readonly (readonly string[])[];
  readonly pods?: readonly PodSpec[];
  readonly handlers?: readonly string[];
  readonly logs?: Readonly<Record<string, string>>;
}

export const K3S = '/var/lib/rancher/k3s/agent/etc/containerd';
/** config.toml of a containerd 2 with these handlers. */
export const containerdToml = (handlers: readonly string[], extra = ''): string =>
  `version = 3\n${extra}\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = "runc"\n${handlers
    .map(
      h =>
        `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${h}]\n  runtime_type = "io.containerd.runc.v2"\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${h}.options]\n  SystemdCgroup = true\n${h === 'runc' ? '' : '  BinaryName = "/usr/bin/nvidia-container-runtime"\n'}`,
    )
    .join('')}`;

export const CRIO_NVIDIA = '/etc/crio/crio.conf.d/99-nvidia.toml';
export const MICROK8S = '/var/snap/microk8s/current/args';
const LIBEXEC = '/usr/libexec/crio';
/** crio.conf with these handlers, in the form of its packages. */
export const crioToml = (handlers: readonly string[], extra = '', monitor = `${LIBEXEC}/conmon`): string =>
  `[crio.runtime]\ndefault_runtime = "crun"\n${extra}\n${handlers
    .map(
      h =>
        `[crio.runtime.runtimes.${h}]\nruntime_path = "${h === 'nvidia' ? '/usr/bin/nvidia-container-runtime' : `${LIBEXEC}/${h}`}"\n${monitor === '' ? '' : `monitor_path = "${monitor}"\n`}`,
    )
    .join('')}`;
export const STATUS = 'crio status config';
export const CRIO_INFO = 'crictl --runtime-endpoint unix:///var/run/crio/crio.sock info';
export const CRIO_UNIT = 'systemctl show crio --timestamp=unix --property=ActiveState,ExecMainStartTimestamp';
/** A kubelet that kubeadm told to use CRI-O, beside the containerd of Docker. */
const crioFiles = (b: Edit, handlers: readonly string[], version: string): void => {
  b.file('/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\ncontainerRuntimeEndpoint: ""\n')
    .file(
      '/var/lib/kubelet/kubeadm-flags.env',
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/crio/crio.sock"\n',
    )
    .thing('/run/containerd/containerd.sock', { type: 'socket' })
    .thing('/var/run/crio/crio.sock', { type: 'socket' })
    .file('/etc/crio/crio.conf', null)
    .file('/etc/crio/crio.conf.d/10-crio.conf', crioToml(['crun', 'runc']))
    .says(STATUS, crioToml(handlers))
    .says(CRIO_INFO, JSON.stringify({ runtimeHandlers: handlers.map(name => ({ name })) }))
    .says('crio --version', `crio version ${version}\n   GitCommitDate:  2026-06-02T09:11:20Z\n`)
    .says(CRIO_UNIT, 'ActiveState=active\nExecMainStartTimestamp=@1000\n')
    .dir('/usr/share/containers/oci/hooks.d', []);
  if (handlers.includes('nvidia')) b.file(CRIO_NVIDIA, crioToml(['nvidia']).replace('default_runtime = "crun"\n', ''));
  for (const p of ['conmon', 'crun', 'runc']) b.thing(`${LIBEXEC}/${p}`, {});
};
/** The file that microk8s makes at each start, and the template that it makes it from. */
const microk8sFiles = (b: Edit, handlers: readonly string[]): void => {
  const toml = containerdToml(handlers)
    .replace('version = 3', 'version = 2')
    .replaceAll('io.containerd.cri.v1.runtime', 'io.containerd.grpc.v1.cri');
  b.thing('/var/snap/microk8s/current', { type: 'link', target: '8511' })
    .file(`${MICROK8S}/containerd-template.toml`, toml)
    .file(`${MICROK8S}/containerd.toml`, toml);
};

/** A node that serves its GPU to pods in full order, and then what differs. */
export const node =
  (spec: NodeSpec = {}) =>
  (b: Edit): Edit => {
    const flavour = spec.flavour ?? 'k3s';
    const gpu = { cpu: '16', 'nvidia.com/gpu': '1' };
    const handlers = spec.handlers ?? ['runc', 'nvidia'];
    const pods = [pluginPod, ...(spec.pods ?? [])];
    // Arguments hold spaces; the recording keeps them apart.
    const answer = (argv: readonly string[], stdout: string) =>
      b.draft.commands.push({ argv, code: 0, stdout, stderr: '' } as never);
    b.says('hostname', `${HOST}\n`);
    if (spec.crio !== undefined) crioFiles(b, handlers, spec.crio);
    else if (flavour === 'microk8s') microk8sFiles(b, handlers);
    else if (flavour === 'kubelet') {
      b.thing('/var/lib/kubelet/config.yaml', {})
        .file('/etc/containerd/config.toml', 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n')
        .file('/etc/containerd/conf.d/99-nvidia.toml', containerdToml(['nvidia']))
        .says('containerd config dump', containerdToml(handlers));
    } else {
      b.thing(`/etc/rancher/${flavour}`, { type: 'dir' })
        .file(`${K3S}/config.toml`, containerdToml(handlers))
        .file(`${K3S}/config.toml.tmpl`, null)
        .file(`${K3S}/config-v3.toml.tmpl`, null);
      answer(
        JOURNAL,
        handlers.includes('nvidia') ? 'Found nvidia container runtime at /usr/bin/nvidia-container-runtime\n' : '',
      );
    }
    // microk8s brings no crictl, and CRI-O was asked at its own socket.
    if (flavour !== 'microk8s' && spec.crio === undefined)
      b.says(crictl(flavour, 'info').join(' '), JSON.stringify(runtimes(...handlers)));
    const get = (what: string, template: string, ...more: string[]) =>
      kubectl(flavour, 'get', what, ...more, '--request-timeout=5s', '-o', template);
    answer(
      get('nodes', NODES),
      `${['node', HOST, spec.runtime ?? (spec.crio === undefined ? 'containerd://2.1.4-k3s1' : `cri-o://${spec.crio}`), json(spec.capacity ?? gpu), json(spec.allocatable ?? spec.capacity ?? gpu), json(spec.labels ?? LABELS), spec.taints ?? ''].join('\t')}\n`,
    );
    answer(
      get('runtimeclasses', CLASSES),
      (spec.classes ?? [['nvidia', 'nvidia']]).map(c => `class\t${c.join('\t')}\n`).join(''),
    );
    answer(get('daemonsets', SETS, '-A'), (spec.sets ?? [PLUGIN]).map(s => `set\t${s.join('\t')}\n`).join(''));
    answer(get('pods', PODS, '-A'), pods.map(podLines).join(''));
    for (const p of pods) {
      const log =
        spec.logs?.[p.name] ??
        (p === pluginPod ? 'Registered device plugin for nvidia.com/gpu with Kubelet\n' : undefined);
      if (log !== undefined)
        answer(kubectl(flavour, 'logs', '-n', p.ns ?? 'default', p.name, '--tail=40', '--request-timeout=5s'), log);
    }
    return b.dir('/run/nvidia/validations', null).thing('/usr/local/nvidia/toolkit/nvidia-container-runtime', null);
  };
/** The cluster's answer to one question is taken away. */
export const mute =
  (what: 'nodes' | 'runtimeclasses' | 'daemonsets' | 'pods', flavour: Flavour = 'k3s') =>
  (b: Edit): Edit => {
    b.draft.commands = b.draft.commands.filter(
      c => !(c.argv.includes('get') && c.argv.includes(what) && c.argv.includes(kubectl(flavour)[0])),
    );
    return b;
  };
