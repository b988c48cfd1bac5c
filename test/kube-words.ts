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
    if (flavour === 'kubelet') {
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
    b.says(crictl(flavour, 'info').join(' '), JSON.stringify(runtimes(...handlers)));
    const get = (what: string, template: string, ...more: string[]) =>
      kubectl(flavour, 'get', what, ...more, '--request-timeout=5s', '-o', template);
    answer(
      get('nodes', NODES),
      `${['node', HOST, spec.runtime ?? 'containerd://2.1.4-k3s1', json(spec.capacity ?? gpu), json(spec.allocatable ?? spec.capacity ?? gpu), json(spec.labels ?? LABELS), spec.taints ?? ''].join('\t')}\n`,
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
