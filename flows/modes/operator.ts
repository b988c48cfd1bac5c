import { entry } from './entry.ts';

const layer = 'kubernetes';

/** Section 2.13, second half: device plugin and GPU Operator. */
export const operator = [
  entry('device-plugin-cannot-load-nvml', {
    layer,
    line: 'The plugin is a pod too and was started without the nvidia runtime.',
    paragraph: `The plugin cannot load libnvidia-ml, so the node offers no GPU. Its own pod has to run on the nvidia runtime, or needs to know where a driver container keeps the driver.
      On nodes without a GPU it should not run at all.`,
    mechanism: `Its container gets the library like any other: by runtimeClassName nvidia or a default runtime. Texts: ERROR_LIBRARY_NOT_FOUND, from 0.17 "Incompatible strategy
      detected", up to 0.15 "Incompatible platform detected".`,
    evidence: '[S][I]; the same class of error as in seed 3',
    not: {
      'nvml-lib-missing': 'nvidia-smi -L fails on the node itself.',
      'tegra-thor-misdetected': 'the pod has the class, the node is a Thor and the toolkit is older than 1.17.7.',
    },
    guide: [
      'Helm: --set runtimeClassName=nvidia; with a driver container --set nvidiaDriverRoot=/run/nvidia/driver.',
      'Re-probe: kubectl get node shows nvidia.com/gpu in allocatable.',
    ],
  }),
  entry('device-plugin-no-devices', {
    layer,
    line: 'Unhealthy after an Xid, MIG without instances, or none found.',
    paragraph: `The plugin runs and offers no device, or takes one out after a fatal error. It never puts an unhealthy GPU back by itself. Cure the GPU first, then restart the plugin pod.`,
    mechanism: `Capacity above allocatable means unhealthy devices. An Xid marks a device for good until the plugin restarts. With MIG the strategy must fit; on Tegra there is no CDI strategy.`,
    evidence: '[S]',
    not: {
      'device-plugin-cannot-load-nvml': 'the log speaks of NVML.',
      'gpu-fatal-xid': 'the kernel log of this boot holds the Xid; that comes first.',
    },
    guide: [
      'Look at the Xid in the kernel log, reset or replace the GPU, delete the plugin pod. Re-probe: nvidia-smi -L.',
    ],
  }),
  entry('gpu-operator-validator-init', {
    layer,
    line: 'The first missing status file names the stage that is at fault.',
    paragraph: `Its pods wait in Init for driver, toolkit, CUDA and device plugin, in this order. The stage whose file is missing first is the one to mend. The others follow by themselves.`,
    mechanism: `The validator writes driver-ready, toolkit-ready, cuda-ready and plugin-ready below /run/nvidia/validations. Files made by hand only hide which stage is broken.`,
    evidence: '[S][D]',
    not: {
      'gpu-operator-driver-conflict': 'driver-ready is missing and the host has a driver of its own.',
      'gpu-operator-toolkit-config-path': 'toolkit-ready is missing on k3s, rke2 or another place of containerd.',
    },
    guide: [
      'ls /run/nvidia/validations; then the log of that stage: kubectl -n gpu-operator logs POD -c driver-validation (toolkit-validation, cuda-validation, plugin-validation).',
      'Mend that stage, then run gpumedic again.',
    ],
  }),
  entry('gpu-operator-driver-conflict', {
    layer,
    line: 'One driver a node: the host has one, the Operator installs another.',
    paragraph: `The driver pod cannot unload modules that are in use, or finds no driver where it was told that the host has one. Decide for one owner. Leaving the driver to the host
      needs a setting of the Operator and no reboot.`,
    mechanism: `driver.enabled in the cluster policy decides. With true the driver container mounts its root at /run/nvidia/driver and loads its own modules.`,
    evidence: '[S]; the text of the driver pod is unconfirmed',
    not: { 'gpu-operator-validator-init': 'the host has no driver of its own.' },
    guide: [
      'Keep the host driver: helm upgrade with driver.enabled=false. Or drain the node, remove the host driver and reboot.',
      'Re-probe: cat /run/nvidia/validations/driver-ready.',
    ],
  }),
  entry('gpu-operator-toolkit-config-path', {
    layer,
    line: 'k3s, rke2, microk8s and others keep socket and configuration elsewhere.',
    paragraph: `The toolkit pod is healthy, and the containerd that serves Kubernetes has no nvidia handler. Tell the Operator where this distribution keeps it, or install the toolkit on the
      host and switch that part of the Operator off. Never two writers.`,
    mechanism: `CONTAINERD_CONFIG, CONTAINERD_SOCKET and RUNTIME_CONFIG_SOURCE in toolkit.env of the ClusterPolicy decide. In the pod all paths read /runtime/…; its volume containerd-socket names the folder of the node. On k3s set only CONTAINERD_SOCKET=/run/k3s/containerd/containerd.sock
      (toolkit 1.17.1 or later); k3s finds the runtime below /usr/local/nvidia/toolkit by itself. The addon nvidia of microk8s sets all three: template, socket, and the file made from the template.`,
    evidence: '[S][D]',
    not: { 'k8s-runtime-handler-missing': 'no GPU Operator runs here.' },
    guide: [
      'Helm: toolkit.env[0].name=CONTAINERD_SOCKET with the socket of this distribution.',
      'Re-probe: crictl info lists nvidia; toolkit-ready appears.',
    ],
    seeds: 'Seed 4 lists files of state-container-toolkit that newer Operators number differently.',
  }),
  entry('gpu-operator-management-cdi-unresolvable', {
    layer,
    line: 'management.nvidia.com/gpu comes from a spec of the toolkit pod.',
    paragraph: `DCGM or the validator ask for the management device, and no spec names it: the toolkit pod has not run since the reboot, or the driver moved. Restart the toolkit pod; it
      writes the spec anew.`,
    mechanism: `The toolkit pod writes management.nvidia.com-gpu.yaml into /var/run/cdi, which a reboot empties. From 26.3 the NRI plugin takes its place.`,
    evidence: '[I]',
    not: { 'cdi-spec-missing': 'the unresolvable name is nvidia.com/gpu.' },
    guide: ['kubectl -n gpu-operator delete pod of nvidia-container-toolkit-daemonset. Re-probe: ls /var/run/cdi.'],
  }),
  entry('gpu-operator-daemonset-zero', {
    layer,
    line: 'Labels or taints keep the daemon set away from a node with a GPU.',
    paragraph: `The daemon set wants no pod here, so Kubernetes knows no GPU on this node. Feature discovery did not label it, a label switches the operand off, or a taint is not tolerated.`,
    mechanism: `NFD writes feature.node.kubernetes.io/pci-10de.present, the Operator adds nvidia.com/gpu.present and nvidia.com/gpu.deploy.*. A workload config vm-passthrough and
      Tegra nodes get no operands.`,
    evidence: '[S][D]',
    not: { 'device-plugin-cannot-load-nvml': 'the plugin runs on the node and fails.' },
    guide: [
      'kubectl get node --show-labels: pci-10de.present and nvidia.com/gpu.*; kubectl describe node: Taints.',
      'Repair NFD, add tolerations to the values of the Operator, or remove gpu.deploy.*=false. Re-probe: kubectl get daemonsets.',
    ],
  }),
];
