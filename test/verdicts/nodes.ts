/** Nodes whose kubelet uses CRI-O, and microk8s: their verdicts, and machines on which the other engine only left its folder. */
import { type Edit, edit } from '../edited.ts';
import {
  CRIO_INFO,
  CRIO_NVIDIA,
  CRIO_UNIT,
  crioToml,
  MICROK8S,
  type NodeSpec,
  node,
  PLUGIN,
  STATUS,
} from '../kube-words.ts';
import { type Case, SPEC } from './words.ts';

type Change = (b: Edit) => Edit;
const on = (verdict: string, spec: NodeSpec, ...changes: Change[]): Case => [
  verdict,
  'docker-runtime',
  () => changes.reduce((b, c) => c(b), node(spec)(edit('healthy@new'))),
];
const crio = (verdict: string, spec: NodeSpec, ...changes: Change[]): Case =>
  on(verdict, { flavour: 'kubelet', crio: '1.33.2', ...spec }, ...changes);
const microk8s = (verdict: string, spec: NodeSpec, ...changes: Change[]): Case =>
  on(verdict, { flavour: 'microk8s', ...spec }, ...changes);
const file =
  (path: string, text: string | null): Change =>
  b =>
    b.file(path, text);
const silent: Change = b => b.says(STATUS, '', 1, 'permission denied').says(CRIO_INFO, '', 1, 'permission denied');
const noConmon: Change = b =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].reduce(
    (x, d) => x.thing(`${d}/conmon`, null),
    b.dir('/usr/local/sbin', []).dir('/sbin', []).dir('/bin', []),
  );
const HOOK = '/usr/share/containers/oci/hooks.d';
const hook: Change = b => b.dir(HOOK, ['oci-nvidia-hook.json']).file(`${HOOK}/oci-nvidia-hook.json`, '{}\n');
const without: NodeSpec = { handlers: ['crun', 'runc'] };
const CDI_PLUGIN = PLUGIN.map((v, i) => (i === 7 ? 'cdi-cri' : v));
const byCdi: NodeSpec = { sets: [CDI_PLUGIN] };
/** No pod names the class. */
const noClass: Change = b => {
  b.draft.commands = b.draft.commands.map(c => ({
    ...c,
    stdout: c.argv.includes('pods') ? c.stdout?.replaceAll('\tnvidia\tDaemonSet', '\t\tDaemonSet') : c.stdout,
  })) as never;
  return b;
};
const noSpecs: Change = b => b.file(SPEC, null).file('/run/cdi/nvidia.yaml', null);
const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const microk8sToml = (b: Edit) => b.draft.files[`${MICROK8S}/containerd.toml`] as string;
const noNvidia = (toml: string) => toml.slice(0, toml.indexOf('[plugins.', toml.indexOf('runtimes.runc.options]')));

export const cases: readonly Case[] = [
  // Two kinds of node left their folders, and both listen: nobody guesses.
  on('request.node.cannotTell', {}, b =>
    b
      .thing('/var/snap/microk8s/current', { type: 'link' })
      .thing('/var/snap/microk8s/common/run/containerd.sock', { type: 'socket' })
      .thing('/run/k3s/containerd/containerd.sock', { type: 'socket' }),
  ),
  // What is left of microk8s is no node.
  on('kubernetes.containerd.sound', {}, b =>
    b
      .thing('/var/snap/microk8s/current', { type: 'link' })
      .thing('/run/k3s/containerd/containerd.sock', { type: 'socket' })
      .thing('/var/snap/microk8s/common/run/containerd.sock', null)
      .dir('/var/snap/microk8s/common/run', []),
  ),

  crio('kubernetes.containerd.sound', {}),
  // A flag of the distribution's own file counts more than what kubeadm wrote.
  crio('kubernetes.containerd.sound', {}, b =>
    b
      .file(FLAGS, 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock"\n')
      .file(
        '/etc/sysconfig/kubelet',
        '# --container-runtime-endpoint=unix:///x.sock\nKUBELET_EXTRA_ARGS=--container-runtime-endpoint=/run/crio/crio.sock\n',
      ),
  ),
  // kubeadm 1.35 and later: the flag is gone, the configuration names the socket.
  crio('kubernetes.containerd.sound', {}, b =>
    b
      .file(FLAGS, 'KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.7"\n')
      .file('/var/lib/kubelet/config.yaml', 'containerRuntimeEndpoint: "unix:///var/run/crio/crio.sock"\n'),
  ),
  // kubespray keeps both in a place of its own.
  crio('kubernetes.containerd.sound', {}, b =>
    b
      .file(FLAGS, null)
      .file('/etc/kubernetes/kubelet.env', 'KUBELET_ARGS="--config=/etc/kubernetes/kubelet-config.yaml"\n')
      .file('/etc/kubernetes/kubelet-config.yaml', 'containerRuntimeEndpoint: unix:///var/run/crio/crio.sock\n'),
  ),
  // Only CRI-O listens.
  crio('kubernetes.containerd.sound', {}, b => b.file(FLAGS, '').thing('/run/containerd/containerd.sock', null)),
  crio('kubernetes.containerd.malformed', {}, file(CRIO_NVIDIA, '[crio.runtime\n')),
  // Every file of the folder is read, a forgotten copy as well.
  crio('kubernetes.containerd.malformed', {}, file(`${CRIO_NVIDIA}.bak`, 'x = "\n')),
  crio('kubernetes.containerd.cannotTell', {}, b => b.unread(CRIO_NVIDIA, 'EACCES')),
  // Both listen, and the kubelet's files name none.
  crio('kubernetes.containerd.cannotTell', { runtime: 'cri-o://1.33.2' }, file(FLAGS, '')),
  // The kubelet was told something else than what it runs on.
  crio('kubernetes.containerd.cannotTell', { runtime: 'containerd://2.1.4' }),
  crio(
    'kubernetes.containerd.other',
    {},
    file(FLAGS, 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/cri-dockerd.sock"\n'),
    b => b.file('/etc/sysconfig/kubelet', null),
    b => {
      b.draft.commands = b.draft.commands.map(c => ({
        ...c,
        stdout: c.stdout?.replace('cri-o://1.33.2', ''),
      })) as never;
      return b;
    },
  ),
  // A node on containerd on which CRI-O once was.
  on(
    'handler.cdi.notAsked',
    { flavour: 'kubelet' },
    file('/etc/crio/crio.conf.d/10-crio.conf', crioToml(['crun', 'runc'])),
    b => b.dir('/etc/crio/crio.conf.d', ['10-crio.conf']).thing('/run/containerd/containerd.sock', { type: 'socket' }),
  ),

  crio('handler.handler.known', {}),
  crio('handler.handler.missing', without),
  crio('handler.handler.notLoaded', {}, b => b.says(STATUS, crioToml(['crun', 'runc']))),
  // Before 1.28 there is no `crio status`; crictl names the handlers.
  crio('handler.handler.notLoaded', {}, b =>
    b.says(STATUS, '', 1, 'command "status" not supported').says(CRIO_INFO, '{"runtimeHandlers":[{"name":"crun"}]}'),
  ),
  crio('handler.handler.ignored', {}, b =>
    b
      .says(STATUS, crioToml(['crun', 'runc']))
      .file(CRIO_NVIDIA, crioToml(['nvidia']).replace('/usr/bin/nv', '/opt/nv'))
      .thing('/opt/nvidia-container-runtime', null)
      .dir('/opt', []),
  ),
  // Nobody may ask the running one: the files count, unless they are newer than it.
  crio('handler.handler.known', {}, silent),
  crio('handler.handler.cannotTell', {}, silent, b =>
    b
      .thing(CRIO_NVIDIA, { mtime: 2000 })
      .file(CRIO_NVIDIA, crioToml(['nvidia']))
      .thing(CRIO_NVIDIA, { mtime: 2000 }),
  ),
  crio('handler.handler.notNeeded', without, hook, noClass),
  crio('handler.class.notNeeded', { ...without, classes: [] }, hook, noClass),
  crio('handler.class.missing', { classes: [] }),
  crio('handler.cdi.crio', {}),

  crio('crio.monitor.starts', {}),
  crio('crio.monitor.unused', without),
  crio('crio.monitor.fails', {}, file(CRIO_NVIDIA, crioToml(['nvidia'], '', '')), noConmon),
  crio('crio.monitor.fails', {}, file(CRIO_NVIDIA, crioToml(['nvidia'], '', '/usr/bin/crio-conmon')), noConmon, b =>
    b.thing('/usr/bin/crio-conmon', null),
  ),
  // Any other handler would only be left out.
  crio('crio.monitor.fails', {}, b =>
    b
      .file(CRIO_NVIDIA, `${crioToml(['nvidia']).replace('"crun"', '"nvidia"').replace('/usr/bin/nv', '/opt/nv')}`)
      .thing('/opt/nvidia-container-runtime', null)
      .dir('/opt', []),
  ),
  // Found in the PATH, or named once for all of them.
  crio('crio.monitor.starts', {}, file(CRIO_NVIDIA, crioToml(['nvidia'], '', '')), noConmon, b =>
    b.thing('/usr/bin/conmon', {}),
  ),
  crio('crio.monitor.starts', {}, noConmon, b =>
    b
      .file(CRIO_NVIDIA, crioToml(['nvidia'], '', ''))
      .file('/etc/crio/crio.conf', '[crio.runtime]\nconmon = "/usr/libexec/crio/conmon"\n'),
  ),
  // It is down for another reason.
  crio('crio.monitor.cannotTell', {}, b => b.says(CRIO_UNIT, 'ActiveState=failed\nExecMainStartTimestamp=\n')),
  crio('crio.below.found', {}),
  // Where the release of runc is put by hand.
  crio('crio.below.found', {}, b =>
    b.config(/#?runtimes = .*/, 'runtimes = ["myrunc"]').dir('/usr/local/sbin', ['myrunc']),
  ),
  crio('crio.below.unused', without),
  crio('crio.below.missing', {}, b => b.config(/#?runtimes = .*/, 'runtimes = ["nonesuch"]')),
  crio('crio.below.cannotTell', {}, b =>
    b
      .config(/#?runtimes = .*/, 'runtimes = ["nonesuch"]')
      .forgetDir('/usr/bin')
      .forgetDir('/usr/local/bin'),
  ),
  crio('crio.hooks.none', {}),
  crio('crio.hooks.leftover', {}, hook),
  crio('crio.hooks.only', without, hook),
  crio('crio.hooks.cannotTell', {}, b => {
    b.draft.errors[HOOK] = 'EACCES';
    return b.forgetDir(HOOK);
  }),
  crio('crio.specs.notAsked', {}),
  crio('crio.specs.resolves', byCdi),
  crio('crio.specs.none', byCdi, noSpecs),
  crio('crio.specs.otherDir', byCdi, b => b.says(STATUS, crioToml(['crun', 'nvidia'], 'cdi_spec_dirs = ["/opt/cdi"]'))),
  // The folder is one of both by another name.
  crio('crio.specs.resolves', byCdi, b => b.says(STATUS, crioToml(['crun', 'nvidia'], 'cdi_spec_dirs = ["/run/cdi"]'))),
  crio('crio.specs.tooNew', { ...byCdi, crio: '1.29.4' }, b =>
    b.spec(SPEC, t => t.replace(/cdiVersion: .*/, 'cdiVersion: 0.7.0')),
  ),
  crio('crio.specs.cannotTell', { ...byCdi, runtime: 'cri-o://' }, b => b.hangs('crio --version')),

  microk8s('kubernetes.containerd.sound', {}),
  microk8s(
    'kubernetes.containerd.malformed',
    {},
    file(`${MICROK8S}/containerd-template.toml`, 'version = 2\n[plugins\n'),
  ),
  microk8s('kubernetes.containerd.cannotTell', {}, b =>
    b.unread(`${MICROK8S}/containerd-template.toml`, 'EACCES').unread(`${MICROK8S}/containerd.toml`, 'EACCES'),
  ),
  microk8s('handler.handler.known', {}),
  // The handler that the snap brings, where a class leads to it.
  microk8s('handler.handler.known', {
    handlers: ['runc', 'nvidia-container-runtime'],
    classes: [['nvidia', 'nvidia-container-runtime']],
  }),
  microk8s('handler.handler.missing', { handlers: ['runc', 'nvidia-container-runtime'] }),
  // In the template since the last start.
  microk8s('handler.handler.notLoaded', {}, b => b.file(`${MICROK8S}/containerd.toml`, noNvidia(microk8sToml(b)))),
  // Written into the file that the next start makes anew.
  microk8s('handler.handler.notEffective', {}, b =>
    b.file(`${MICROK8S}/containerd-template.toml`, noNvidia(microk8sToml(b))),
  ),
  // What the toolkit pod of the Operator writes, and the template has read.
  microk8s('handler.handler.known', { handlers: ['runc'] }, b =>
    ['containerd-template.toml', 'containerd.toml'].reduce(
      (x, name) =>
        x.file(
          `${MICROK8S}/${name}`,
          `imports = ["/etc/containerd/conf.d/*.toml"]\n${String(x.draft.files[`${MICROK8S}/${name}`])}`,
        ),
      b.file(
        '/etc/containerd/conf.d/99-nvidia.toml',
        'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]\nBinaryName = "/usr/local/nvidia/toolkit/nvidia-container-runtime"\n',
      ),
    ),
  ),
  // The schema of the template is the old one on containerd 2 as well.
  microk8s('handler.cdi.on', { ...byCdi, runtime: 'containerd://2.1.6' }),
  microk8s('handler.cdi.off', { ...byCdi, runtime: 'containerd://1.7.29' }),
  microk8s('handler.cdi.cannotTell', { ...byCdi, runtime: 'containerd://' }),
];
