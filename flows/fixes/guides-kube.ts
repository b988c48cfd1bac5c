/** Steps for a person on a Kubernetes node, each as commands. */
import { or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import { operatorNamespace, setsOf } from '../rules/kubernetes.ts';
import { placesOf } from '../rules/operator.ts';
import { again, install, sudo } from './guides-host.ts';
import { clusterGuide, hostOf, unitOf } from './kube-make.ts';
import { byHand } from './make.ts';

/** The chart of the Operator with some of its values changed. */
const upgrade = (f: Facts, ...values: readonly string[]): readonly string[] => [
  ...(f.kube.flavour === 'microk8s' ? ['sudo', 'microk8s', 'helm3'] : ['helm']),
  ...['upgrade', 'gpu-operator', 'nvidia/gpu-operator', '-n', operatorNamespace(f), '--reuse-values'],
  ...values.flatMap(v => ['--set', v]),
];

export const installOnNode = byHand({
  id: 'restart-node-after-toolkit',
  title: 'Let the node find the toolkit once it is installed',
  mends: ['k3s-runtime-not-detected'],
  privilege: 3,
  effect: ['RK'],
  source: '2.13 k3s-runtime-not-detected',
  fits: f => f.kube.flavour === 'k3s' || f.kube.flavour === 'rke2',
  steps: f => [
    { say: 'The toolkit belongs on this node; agents need it too.' },
    install(f, 'nvidia-container-toolkit'),
    sudo('The search happens at the start.', 'systemctl', 'restart', unitOf(f)),
    sudo('Look for the line of its search.', 'journalctl', '-u', unitOf(f), '-b', '--no-pager', '--grep=nvidia'),
    again,
  ],
});

export const mendContainerd = byHand({
  id: 'mend-containerd-config',
  title: 'Mend the containerd configuration and look at the dump first',
  mends: ['containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 containerd-config-not-effective',
  fits: f => (f.kube.flavour === 'kubelet' && f.cri.engine === 'containerd') || or(f.containerd.fault, null) !== null,
  steps: f => [
    ...[f.cri.fault ?? or(f.containerd.fault, null)].flatMap(at =>
      at === null ? [] : [{ say: `This place does not parse: ${at}` }],
    ),
    sudo('What would a start use? SystemdCgroup must stay as it is.', 'containerd', 'config', 'dump'),
    sudo('A file of an older schema, in the new one, for comparing.', 'containerd', 'config', 'migrate'),
    sudo('Only when the dump is right.', 'systemctl', 'restart', 'containerd'),
    again,
  ],
});

export const operatorStage = byHand({
  id: 'follow-operator-stage',
  title: 'Look at the stage that is not ready',
  mends: [
    'gpu-operator-validator-init',
    'gpu-operator-daemonset-zero',
    'gpu-operator-driver-conflict',
    'device-plugin-no-devices',
  ],
  privilege: 0,
  effect: ['E0'],
  source: '2.13 gpu-operator-validator-init; gpu-operator-daemonset-zero; gpu-operator-driver-conflict',
  fits: f => f.kube.flavour !== null,
  steps: f => [
    {
      say: 'The first missing file names the stage. Never make one by hand.',
      argv: ['ls', '-la', '/run/nvidia/validations'],
    },
    clusterGuide(f, 'Which of its pods wait?', '-n', operatorNamespace(f), 'get', 'pods', '-o', 'wide'),
    clusterGuide(f, 'Labels and taints of this node.', 'describe', 'node', hostOf(f)),
    // Without a driver of the host the one of the Operator is the only one.
    ...(f.smi.status === 0 && setsOf(f).some(s => /driver-daemonset/.test(s.name))
      ? [
          {
            say: 'The host has a driver: leave it to the host (privilege 3, drain the node first where pods use the GPU).',
            argv: upgrade(f, 'driver.enabled=false'),
          },
        ]
      : []),
    again,
  ],
});

export const operatorSocket = byHand({
  id: 'tell-operator-the-socket',
  title: 'Tell the Operator where containerd is',
  mends: ['gpu-operator-toolkit-config-path'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 gpu-operator-toolkit-config-path; k3s-template-override (set the socket only)',
  fits: f => f.kube.flavour !== null && f.cri.engine === 'containerd',
  steps: f => [
    {
      say:
        f.kube.flavour === 'microk8s'
          ? 'Set the places of microk8s, as its addon nvidia does by itself.'
          : 'Set the socket, and nothing else of containerd (toolkit 1.17.1 or later).',
      argv: upgrade(
        f,
        ...Object.entries(placesOf(f)).flatMap(([name, value], i) => [
          `toolkit.env[${i}].name=${name}`,
          `toolkit.env[${i}].value=${value}`,
        ]),
      ),
    },
    { say: 'Or install the toolkit on the host and set toolkit.enabled=false; never both.' },
    again,
  ],
});

export const freeGpu = byHand({
  id: 'look-at-waiting-pod',
  title: 'See what the waiting pod misses',
  mends: ['k8s-insufficient-gpu'],
  privilege: 0,
  effect: ['E0'],
  source: '2.13 k8s-insufficient-gpu; seed 3 (a pod that waits rightly)',
  fits: f => f.kube.flavour !== null,
  steps: f => [
    clusterGuide(f, 'Allocatable against Allocated resources, and Taints.', 'describe', 'node', hostOf(f)),
    { say: 'All taken: it waits rightly, and starts when a GPU is given back.' },
    {
      say: 'Tainted: a toleration for nvidia.com/gpu in the pod. Another name: the resource that the node offers, e.g. nvidia.com/mig-1g.10gb.',
    },
    {
      say: 'Nothing offered: install the device plugin (helm chart nvidia-device-plugin with runtimeClassName=nvidia).',
    },
    again,
  ],
});

export const askByResource = byHand({
  id: 'ask-by-resource',
  title: 'Ask by the resource, and stop giving GPUs away',
  mends: ['k8s-all-gpus-leak', 'over-privileged-workaround'],
  privilege: 1,
  effect: ['RX'],
  source: '2.13 k8s-all-gpus-leak; 2.15 over-privileged-workaround; seed 3, The Workaround',
  fits: f => f.kube.flavour !== null,
  steps: () => [
    {
      say: 'In the pod: limits with nvidia.com/gpu: 1 instead of NVIDIA_VISIBLE_DEVICES=all; then take privileged, /dev and the library mounts away one by one.',
    },
    {
      say: 'For the whole node: let the plugin ask by CDI (deviceListStrategy: cdi-cri), so that the variable counts for nothing.',
    },
    sudo(
      'Or refuse the variable to unprivileged pods (privilege 2).',
      'nvidia-ctk',
      'config',
      '--in-place',
      '--set',
      'accept-nvidia-visible-devices-envvar-when-unprivileged=false',
    ),
    sudo(
      'The plugin then asks by volume mounts instead.',
      'nvidia-ctk',
      'config',
      '--in-place',
      '--set',
      'accept-nvidia-visible-devices-as-volume-mounts=true',
    ),
    again,
  ],
});

export const kubeGuides = [installOnNode, mendContainerd, operatorStage, operatorSocket, freeGpu, askByResource];
