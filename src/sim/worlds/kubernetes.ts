/** Boxes that are Kubernetes nodes: k3s, microk8s, and a kubelet on a plain containerd or on CRI-O. */
import { type Cluster, type Json, joinCluster, type Workload } from '../cluster.ts';
import { startCri } from '../cri.ts';
import { binary, file, mkdir, put } from '../fs.ts';
import { ARGS, startMicrok8s } from '../microk8s.ts';
import { startUnit } from '../units.ts';
import { tick, type Unit, type World } from '../world.ts';
import { machine } from './machine.ts';
import { writeSpec } from './specs.ts';

export const NODE = 'gpu-07';
export const K3S_CONTAINERD = '/var/lib/rancher/k3s/agent/etc/containerd';
const service = (name: string, description: string): string =>
  `[Unit]\nDescription=${description}\n\n[Service]\nType=notify\nExecStart=/usr/local/bin/${name} server\nRestart=always\n\n[Install]\nWantedBy=multi-user.target\n`;

export const workload = (
  kind: Workload['kind'],
  name: string,
  spec: Json,
  more: Partial<Pick<Workload, 'namespace' | 'manager' | 'role'>> = {},
): Workload => ({
  kind,
  name,
  namespace: more.namespace ?? 'default',
  manager: more.manager ?? 'kubectl-client-side-apply',
  spec,
  ...(more.role ? { role: more.role } : {}),
});
export const container = (name: string, image: string, more: Json = {}): Json => ({ name, image, ...more });
export const env = (...pairs: (readonly [string, string])[]): readonly Json[] =>
  pairs.map(([name, value]) => ({ name, value }));
export const plugin = (runtimeClassName: string | null = 'nvidia', strategy?: string): Workload =>
  workload(
    'DaemonSet',
    'nvidia-device-plugin-daemonset',
    {
      ...(runtimeClassName === null ? {} : { runtimeClassName }),
      containers: [
        container(
          'plugin',
          'nvcr.io/nvidia/k8s-device-plugin:v0.20.0',
          strategy ? { env: env(['DEVICE_LIST_STRATEGY', strategy]) } : {},
        ),
      ],
    },
    { namespace: 'kube-system', role: 'plugin' },
  );
export const trainer = (more: Json = {}): Workload =>
  workload('Deployment', 'trainer', {
    runtimeClassName: 'nvidia',
    containers: [
      container('app', 'registry.lab.example.net/trainer:7', { resources: { limits: { 'nvidia.com/gpu': '1' } } }),
    ],
    ...more,
  });
const images = { 'registry.lab.example.net/trainer:7': 'cuda' } as const;
const GPU_LABELS = { 'nvidia.com/gpu.present': 'true', 'nvidia.com/gpu.count': '1', 'nvidia.com/gpu.memory': '16376' };

const running = (name: string, description: string): Unit => ({
  name,
  description,
  active: 'active',
  sub: 'running',
  enabled: 'enabled',
  result: 'success',
  since: 0,
  enteredAt: 0,
  pid: 880,
  exitStatus: 0,
  failures: 0,
});

export const makeK3s = (world: World, more: Partial<Cluster> = {}): Cluster => {
  const { fs } = world;
  for (const p of ['k3s', 'kubectl']) binary(fs, `/usr/local/bin/${p}`);
  mkdir(fs, '/etc/rancher/k3s');
  mkdir(fs, '/var/lib/rancher/k3s/server');
  mkdir(fs, K3S_CONTAINERD);
  put(fs, '/run/k3s/containerd/containerd.sock', { type: 'socket' });
  file(fs, '/usr/lib/systemd/system/k3s.service', service('k3s', 'Lightweight Kubernetes'));
  world.units.set('k3s.service', running('k3s.service', 'Lightweight Kubernetes'));
  const cluster: Cluster = {
    flavour: 'k3s',
    node: NODE,
    containerd: '2.1.4',
    handlers: {},
    defaultRuntime: 'runc',
    cdi: true,
    classes: { nvidia: 'nvidia' },
    workloads: [plugin(), trainer()],
    labels: { 'node-role.kubernetes.io/control-plane': 'true', ...GPU_LABELS },
    taints: [],
    images,
    ...more,
  };
  joinCluster(world, cluster);
  startCri(world, 'k3s.service');
  return cluster;
};

const host = (name: string, toolkit: string | null = '1.20.0'): World => machine({ name, docker: '29.7.2', toolkit });

/** The toolkit was installed after k3s had been started. */
export const k3sToolkitLate = (): World => {
  const world = host('k3s-toolkit-late');
  const runtime = world.fs.entries.get('/usr/bin/nvidia-container-runtime')!;
  world.fs.entries.delete('/usr/bin/nvidia-container-runtime');
  makeK3s(world);
  world.fs.entries.set('/usr/bin/nvidia-container-runtime', runtime);
  tick(world, 3600);
  return world;
};

/** A whole copy of an old generated file, kept as a template. */
const OLD_TEMPLATE = `version = 2

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/rancher/k3s/agent/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  stream_server_address = "127.0.0.1"
  enable_selinux = false
  sandbox_image = "registry.lab.example.net/mirrored-pause:3.6"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
`;
export const k3sTemplate = (containerd = '2.1.4'): World => {
  const world = host('k3s-old-template');
  mkdir(world.fs, K3S_CONTAINERD);
  file(world.fs, `${K3S_CONTAINERD}/config.toml.tmpl`, OLD_TEMPLATE);
  makeK3s(world, { containerd });
  tick(world, 3600);
  return world;
};

export const k3sHealthy = (more: Partial<Cluster> = {}): World => {
  const world = host('k3s-healthy');
  makeK3s(world, more);
  tick(world, 3600);
  return world;
};

/** What the objects of a cluster are where nothing is the matter: the class, the plugin, one pod that trains. */
export const ordinary = (): Pick<Cluster, 'classes' | 'workloads' | 'labels' | 'taints' | 'images'> => ({
  classes: { nvidia: 'nvidia' },
  workloads: [plugin(), trainer()],
  labels: { ...GPU_LABELS },
  taints: [],
  images,
});

/** Makes a machine the node of a kubelet on a containerd of its own; `files` are what somebody wrote for it. */
export const makeKubelet = (
  world: World,
  containerd: string,
  files: Readonly<Record<string, string>>,
  more: Partial<Cluster> = {},
): World => {
  const { fs } = world;
  for (const p of ['kubectl', 'crictl']) binary(fs, `/usr/bin/${p}`);
  mkdir(fs, '/var/lib/kubelet');
  file(fs, '/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\n');
  mkdir(fs, '/etc/containerd/conf.d');
  for (const [path, text] of Object.entries(files)) file(fs, path, text);
  (world.versions as { containerd?: string }).containerd = containerd;
  joinCluster(world, {
    flavour: 'kubelet',
    node: NODE,
    containerd,
    handlers: {},
    defaultRuntime: 'runc',
    cdi: false,
    ...ordinary(),
    ...more,
  });
  startCri(world, 'containerd.service');
  tick(world, 3600);
  return world;
};
export const kubeletNode = (
  containerd: string,
  files: Readonly<Record<string, string>>,
  more: Partial<Cluster> = {},
): World => {
  const world = makeKubelet(host('kubelet-node'), containerd, files, more);
  writeSpec(world, '1.20.0');
  return world;
};

/** As the packages of CRI-O have it: crun, runc and conmon lie in a folder of their own. */
const PACKAGED = `[crio.image]
signature_policy = "/etc/crio/policy.json"

[crio.runtime]
default_runtime = "crun"

[crio.runtime.runtimes.crun]
runtime_path = "/usr/libexec/crio/crun"
runtime_root = "/run/crun"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = [
    "io.containers.trace-syscall",
]

[crio.runtime.runtimes.runc]
runtime_path = "/usr/libexec/crio/runc"
runtime_root = "/run/runc"
monitor_path = "/usr/libexec/crio/conmon"
`;
export const CRIO_DROP_IN = '/etc/crio/crio.conf.d/99-nvidia.toml';
export const CRIO_HANDLER = `[crio.runtime.runtimes.nvidia]
runtime_path = "/usr/bin/nvidia-container-runtime"
runtime_type = "oci"
runtime_root = "/run/crun"
monitor_path = "/usr/libexec/crio/conmon"
`;

/** A kubelet on CRI-O, as kubeadm leaves it; `files` are what somebody wrote for CRI-O before its last start. */
export const crioNode = (
  version = '1.33.2',
  files: Readonly<Record<string, string>> = { [CRIO_DROP_IN]: CRIO_HANDLER },
  more: Partial<Cluster> = {},
  name = 'crio-node',
): World => {
  const world = host(name);
  const { fs } = world;
  for (const p of ['kubectl', 'crictl', 'crio']) binary(fs, `/usr/bin/${p}`);
  for (const p of ['crun', 'runc', 'conmon']) binary(fs, `/usr/libexec/crio/${p}`);
  file(fs, '/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\ncontainerRuntimeEndpoint: ""\n');
  file(
    fs,
    '/var/lib/kubelet/kubeadm-flags.env',
    'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/crio/crio.sock --pod-infra-container-image=registry.k8s.io/pause:3.10"\n',
  );
  // Docker is on the same machine, so its containerd listens too.
  put(fs, '/run/containerd/containerd.sock', { type: 'socket' });
  file(fs, '/etc/crio/crio.conf.d/10-crio.conf', PACKAGED);
  for (const [path, text] of Object.entries(files)) file(fs, path, text);
  file(
    fs,
    '/usr/lib/systemd/system/crio.service',
    service('crio', 'Container Runtime Interface for OCI (CRI-O)').replace(' server', ' $CRIO_CONFIG_OPTIONS'),
  );
  joinCluster(world, {
    flavour: 'kubelet',
    node: NODE,
    containerd: '',
    crio: version,
    handlers: {},
    defaultRuntime: 'crun',
    cdi: true,
    ...ordinary(),
    ...more,
  });
  startUnit(world, 'crio.service');
  tick(world, 3600);
  return world;
};
/** The class is there and the toolkit is installed; nobody told CRI-O. */
export const crioWithoutHandler = (): World => crioNode('1.33.2', {}, {}, 'crio-no-handler');

/** What the snap brings, shortened to what matters here. */
const MICROK8S_TEMPLATE = `# Use config version 2 to enable new configuration fields.
version = 2
oom_score = 0

[plugins."io.containerd.grpc.v1.cri"]
  stream_server_address = "127.0.0.1"
  sandbox_image = "registry.k8s.io/pause:3.10"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "\${SNAPSHOTTER}"
    default_runtime_name = "\${RUNTIME}"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "\${RUNTIME_TYPE}"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia-container-runtime]
      runtime_type = "\${RUNTIME_TYPE}"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia-container-runtime.options]
        BinaryName = "nvidia-container-runtime"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "\${SNAP_DATA}/opt/cni/bin"
`;
export const MICROK8S_HANDLER = `
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
  BinaryName = "/usr/bin/nvidia-container-runtime"
`;
export const MICROK8S_ARGS = ARGS;

/** microk8s from the snap; `added` is what somebody put at the end of the template before the last start. */
export const makeMicrok8s = (world: World, added: string, more: Partial<Cluster> = {}): World => {
  const { fs } = world;
  binary(fs, '/usr/bin/snap');
  binary(fs, '/snap/bin/microk8s');
  binary(fs, '/snap/microk8s/current/bin/containerd');
  put(fs, '/var/snap/microk8s/common/run/containerd.sock', { type: 'socket' });
  file(fs, `${ARGS}/containerd-template.toml`, `${MICROK8S_TEMPLATE}${added}`);
  joinCluster(world, {
    flavour: 'microk8s',
    node: NODE,
    containerd: '2.1.6',
    handlers: {},
    defaultRuntime: 'runc',
    cdi: true,
    ...ordinary(),
    ...more,
  });
  startMicrok8s(world);
  tick(world, 3600);
  return world;
};
export const microk8sNode = (added = MICROK8S_HANDLER, more: Partial<Cluster> = {}, name = 'microk8s-node'): World =>
  makeMicrok8s(host(name), added, more);
/** The handler was written into the file that each start makes anew. */
export const microk8sGenerated = (): World => {
  const world = microk8sNode('', {}, 'microk8s-generated');
  const at = `${ARGS}/containerd.toml`;
  const made = world.fs.entries.get(at);
  file(world.fs, at, `${made?.type === 'file' ? made.text : ''}${MICROK8S_HANDLER}`);
  tick(world, 60);
  return world;
};
