import { entry } from './entry.ts';

const layer = 'kubernetes';

/** Section 2.13, first half: the node's containerd, k3s, runtime classes and pods. */
export const kubernetes = [
  entry('k8s-runtime-handler-missing', {
    layer,
    line: 'The runtime class leads to a handler that the engine does not have.',
    paragraph: `Pods that name the class are stuck while their sandbox is created. The toolkit was never configured for this engine, the entry stands in a file that it does
      not read, or it was not restarted since. Running pods survive the restart.`,
    mechanism: `The kubelet passes the handler of the RuntimeClass to the CRI; containerd or CRI-O looks it up in its table of runtimes, which it fills at start. crictl info and
      crio status config print that table, containerd config dump and crio config what a start would use. CRI-O leaves a handler out whose runtime_path is not there.`,
    evidence: '[S]; seed 3 never shows this check',
    not: {
      'k8s-runtimeclass-missing': 'the pod is rejected at once, with RuntimeClass not found.',
      'k3s-runtime-not-detected': 'k3s or rke2 writes the configuration and did not find the program.',
      'containerd-config-not-effective': 'the entry is in a file, and a start would not use it, or would fail on it.',
    },
    guide: [
      'sudo nvidia-ctk runtime configure --runtime=containerd (or crio), then restart that engine; microk8s: sudo microk8s enable nvidia.',
      'CRI-O: the new table needs the monitor_path of the default handler, else CRI-O does not start.',
      'Re-probe: crictl info lists nvidia among its runtimes; then delete the stuck pod.',
    ],
  }),
  entry('k8s-runtimeclass-missing', {
    layer,
    line: 'Pods that name a runtime class which is not there are rejected.',
    paragraph: `Only k3s, rke2 and the GPU Operator make the object RuntimeClass nvidia. On any other cluster somebody has to apply it once. Nothing is restarted for it.`,
    mechanism: `RuntimeClass is an object of the cluster that maps a name to a handler of containerd or CRI-O. k3s makes it since late 2023.`,
    evidence: '[S]',
    not: { 'k8s-runtime-handler-missing': 'the pod is accepted and its sandbox cannot be created.' },
    guide: ['Apply a RuntimeClass with name nvidia and handler nvidia. Re-probe: kubectl get runtimeclass nvidia.'],
  }),
  entry('k8s-pod-not-using-nvidia-runtime', {
    layer,
    line: 'The plugin only sets a variable; the nvidia runtime has to act on it.',
    paragraph: `The pod runs and has NVIDIA_VISIBLE_DEVICES, yet no device and no nvidia-smi. Its spec names no runtime class and nvidia is not the default runtime. Name the class in
      the pod, or let the device plugin ask by CDI.`,
    mechanism: `With the strategy envvar the kubelet adds the UUID as a variable and nothing else. With cdi-cri containerd injects by itself and no class is needed. k3s never makes
      nvidia the default; --default-runtime nvidia does, for all pods.`,
    evidence: '[D]; seed 4 holds the default runtime for given, true for GPU Operator before 25.10 only',
    not: {
      'k8s-runtime-handler-missing': 'the pod does not start at all.',
      'tegra-no-request': 'the pod has the runtime class and asked for no GPU.',
    },
    guide: [
      'Set runtimeClassName: nvidia in the pod template; the pods are made anew.',
      'Or deviceListStrategy: cdi-cri in the device plugin. Re-probe: nvidia-smi -L in the pod.',
    ],
    seeds: 'Seed 4 says that the toolkit becomes the default runtime: only the GPU Operator before 25.10 did that.',
  }),
  entry('k8s-insufficient-gpu', {
    layer,
    line: 'Pending may be right: all GPUs taken, or memory sold out.',
    paragraph: `The scheduler found no node with what the pod asks for. That is correct where the GPUs are given away. It is a fault where GPUs are free and a taint or another
      resource name keeps the pod out, or where the node offers none.`,
    mechanism: `Limits are compared with allocatable of each node. Mixed MIG has resources of its own, nvidia.com/mig-1g.10gb. Time-slicing multiplies nvidia.com/gpu while the label
      gpu.count stays the number of cards. R570 before 570.172.08 mixes MIG and full GPUs up.`,
    evidence: '[D]; seed 3 shows a pending pod that is right',
    not: {
      'device-plugin-no-devices': 'the node offers fewer GPUs than it has.',
      'gpu-operator-daemonset-zero': 'no device plugin runs on the node.',
    },
    guide: [
      'kubectl describe node: Allocatable against Allocated resources, and Taints.',
      'Rightly waiting: free a GPU or leave it. Else a toleration, or the resource name that the node offers.',
    ],
    seeds: 'Seed 3: its fifth pod is pending because 150 of 128 GB were asked for. Correct behaviour, nothing to mend.',
  }),
  entry('k8s-unexpected-admission-error', {
    layer,
    line: 'The failed pod stays behind; delete it and a new one starts.',
    paragraph: `After a restart of node, kubelet or plugin the kubelet handed out a device that was not there any more. The pod is marked failed and never tried again by itself.
      Delete it; if that repeats, restart the plugin pod.`,
    mechanism: `The kubelet keeps allocations in a checkpoint and asks the plugin through nvidia-gpu.sock. Requested and available differ for a moment, or a device turned unhealthy.`,
    evidence: '[I]',
    not: { 'device-plugin-no-devices': 'it happens to every new pod, and the node stays below its number of GPUs.' },
    guide: ['kubectl delete pod; its controller makes a new one. Re-probe: kubectl get pods.'],
  }),
  entry('k3s-runtime-not-detected', {
    layer,
    line: 'k3s looks for the runtime once, when it starts on that node.',
    paragraph: `The toolkit was installed after k3s was started, on another node only, or outside the folders that this k3s searches. Install it on this node and restart k3s here;
      pods keep running meanwhile.`,
    mechanism: `k3s writes the handlers nvidia and nvidia-cdi into its generated config.toml and logs "Found nvidia container runtime at". Before the patches of October 2024 it
      searched only /usr/local/nvidia/toolkit and /usr/bin, since then the whole PATH of the service.`,
    evidence: '[S][I]; seed 3 assumes that the integration is broken and does not look for this line',
    not: {
      'k3s-template-override': 'a template replaces the generated part.',
      'tegra-no-request': 'the handler is there, and the pod asked for nothing.',
    },
    guide: [
      'Install the toolkit on this node, agents included; sudo systemctl restart k3s (or k3s-agent).',
      'Re-probe: sudo k3s crictl info lists nvidia among its runtimes.',
    ],
  }),
  entry('k3s-template-override', {
    layer,
    line: 'A copied template replaces the nvidia part and freezes an old schema.',
    paragraph: `k3s makes its containerd configuration from a template. A full copy made for an older release lacks the part with the nvidia handlers, and its sections have other
      names in containerd 2. Build on the base instead, with the additions below it.`,
    mechanism: `config-v3.toml.tmpl serves containerd 2 and is preferred, config.toml.tmpl is for 1.x. {{ template "base" . }} renders what k3s knows, the nvidia handlers included.
      The generated config.toml is overwritten at each start.`,
    evidence: '[D][I]',
    not: { 'k3s-runtime-not-detected': 'there is no template, or it begins with the base.' },
    guide: [
      'Reduce the template to {{ template "base" . }} and your additions, in the schema of this containerd; restart k3s.',
      'Re-probe: k3s crictl info.',
    ],
  }),
  entry('containerd-config-not-effective', {
    layer: 'engine(containerd)',
    line: 'The entry is written down, and the engine makes nothing of it.',
    paragraph: `The file does not parse, is not imported, is written anew at each start, uses section names of another version, or the part for Kubernetes is switched off. An engine
      that already runs keeps working until its next restart, which makes a broken file a trap. CRI-O does not come up with a handler whose monitor is missing.`,
    mechanism: `Version 2 names the plugin io.containerd.grpc.v1.cri, version 3 io.containerd.cri.v1.runtime; sections of the wrong name are ignored. Up to 2.0 an import replaces plugin
      tables, which can lose SystemdCgroup. Toolkit 1.18.0 overwrote imports. Docker's containerd.io package disables cri. microk8s fills containerd.toml in from containerd-template.toml. CRI-O
      searches conmon in the PATH where a handler names no monitor_path, and its packages keep it in /usr/libexec/crio.`,
    evidence: '[S], malformed files [R], the missing monitor of CRI-O [S][I]',
    not: { 'k8s-runtime-handler-missing': 'no file holds the entry, or the engine was not restarted.' },
    guide: [
      'containerd config dump (CRI-O: crio config) shows what a start would use; compare SystemdCgroup before and after.',
      'Import the drop-in, or let nvidia-ctk runtime configure write it in the schema of this version. Re-probe with the dump, then restart.',
    ],
  }),
  entry('k8s-all-gpus-leak', {
    layer: 'security',
    line: 'all in a variable gives every GPU, past the scheduler.',
    paragraph: `The pod has no GPU resource, but NVIDIA_VISIBLE_DEVICES=all or privileged rights, and so takes GPUs that others were given. Ask by the resource. A node can refuse such
      variables, or hand GPUs out by CDI only.`,
    mechanism: `The runtime believes the variable; CUDA images set it to all. accept-nvidia-visible-devices-envvar-when-unprivileged = false ignores it, and with volume mounts the
      plugin goes on to work. Privileged pods are exempt from that.`,
    evidence: '[S]; the pods of seed 3 (privileged, whole /dev) have it',
    not: {
      'k8s-pod-not-using-nvidia-runtime': 'the pod sees no GPU at all.',
      'over-privileged-workaround': 'driver files or /dev are mounted to make up for a missing request.',
    },
    guide: ['Replace the variable by limits: nvidia.com/gpu: 1. Re-probe: nvidia-smi -L in the pod.'],
    seeds:
      'Seed 3 makes its reservation pods privileged with the whole of /dev, which shows them every device of the node.',
  }),
];
