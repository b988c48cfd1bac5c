/** A Kubernetes node: does its containerd know the nvidia runtime, and may pods ask for it (K, first half). */
import { check, flow, harm, to } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { defaultIsNvidia, isByCdi, podsOf, running, servesGpus, signsOfUse, strategyOf } from './rules/kubernetes.ts';

const CRICTL = 'crictl info';
const names = (o: Readonly<Record<string, unknown>>) => Object.keys(o).join(', ') || 'none';
const usesClass = (f: Pick<Facts, 'kubeApi'>) => podsOf(f).some(p => p.runtimeClass === 'nvidia');

export const kubernetes = flow({
  id: 'kubernetes',
  title: 'Kubernetes node',
  about: 'Pods get their GPU from the containerd of this node, not from Docker.',
  start: 'meant',
  nodes: {
    meant: check({
      title: 'GPU node',
      question: 'Are pods of this node meant to get its GPU?',
      why: {
        line: 'A node whose pods want no GPU needs none of this.',
        paragraph:
          'A label, a resource, a device plugin or one pod that asks is enough to count. Without any of them what is missing for Kubernetes is no fault of this machine.',
        mechanism:
          'Capacity and labels come from the device plugin and from feature discovery. k3s makes the runtime class nvidia on every node, so the class alone proves nothing.',
      },
      source: 'field reference 3.1 K; 1.8',
      bears: 'cuda',
      probes: ['kube', 'kubeApi', 'cri', 'operator', 'smi', 'pci', 'where', 'toolkit', 'dockerCli', 'podman'],
      decide: f =>
        servesGpus(f)
          ? { is: 'meant', found: `${f.kube.flavour} node; ${signsOfUse(f)[0]}` }
          : { is: 'notMeant', found: 'nothing here asks Kubernetes for a GPU' },
      on: { meant: 'containerd', notMeant: to('engine'), cannotTell: to('engine') },
    }),
    containerd: check({
      title: 'containerd',
      question: 'Can containerd read its configuration, and does it serve Kubernetes?',
      why: {
        line: 'A broken file shows only at the next restart of containerd.',
        paragraph:
          'containerd reads config.toml and its drop-ins at start. The package of Docker switches the part for Kubernetes off. k3s and rke2 write the file anew at each start, so it is never edited there.',
        mechanism:
          'containerd config dump prints what a start would use. Version 2 names the plugin io.containerd.grpc.v1.cri, version 3 io.containerd.cri.v1.runtime; a section of the wrong name is ignored.',
      },
      source: 'containerd-config-not-effective; field reference 1.8',
      probes: ['kube', 'cri', 'kubeApi'],
      bears: 'cuda',
      decide: f => {
        const engine = or(f.kubeApi.node, null)?.runtime ?? '';
        if (engine !== '' && !engine.startsWith('containerd://'))
          return { is: 'other', found: `the kubelet uses ${engine}, which is not looked into` };
        if (f.cri.fault !== null)
          return {
            is: 'malformed',
            found: 'its configuration does not parse',
            seen: [{ from: f.cri.path, shows: f.cri.fault }],
          };
        if (f.kube.flavour === 'kubelet' && f.cri.written.criDisabled) {
          // Switched off is right where the kubelet talks to another engine, which only the cluster can tell.
          need(f.kubeApi.node);
          return {
            is: 'criOff',
            found: 'the plugin for Kubernetes is switched off',
            seen: [{ from: f.cri.path, shows: 'disabled_plugins = ["cri"]' }],
          };
        }
        const config = need(f.cri.effective);
        const by = f.cri.template === null ? '' : `, from ${f.cri.template.path.split('/').pop()}`;
        return {
          is: 'sound',
          found: `${f.cri.path}${config.version === null ? '' : ` (version ${config.version})`}${by}`,
        };
      },
      on: {
        sound: 'toolkit',
        other: to('operator'),
        malformed: harm('containerd-config-not-effective', 'toolkit'),
        criOff: harm('containerd-config-not-effective', 'toolkit'),
        cannotTell: 'toolkit',
      },
    }),
    toolkit: check({
      title: 'Toolkit of the node',
      question: 'Is the nvidia runtime installed on this node, by package or by the Operator?',
      why: {
        line: 'Every node needs the runtime; agents are easily forgotten.',
        paragraph:
          'The toolkit comes as a package of the host or from the toolkit pod of the GPU Operator. Both write the same handler name; one of them is enough.',
        mechanism:
          'The Operator installs below /usr/local/nvidia/toolkit, with its own config.toml; /etc/nvidia-container-runtime is nothing to that copy.',
      },
      source: 'toolkit-not-installed; gpu-operator-toolkit-config-path; field reference 1.8',
      probes: ['toolkit', 'operator'],
      bears: 'cuda',
      decide: f => {
        if (or(f.operator.toolkit, false))
          return { is: 'operator', found: `the Operator's ${or(f.operator.toolkitVersion, null) ?? 'copy'}` };
        const programs = need(f.toolkit.programs);
        if (programs['nvidia-container-runtime'])
          return { is: 'host', found: or(f.toolkit.version, null) ?? 'installed' };
        need(f.operator.toolkit);
        return {
          is: 'missing',
          found: 'no nvidia-container-runtime',
          seen: [
            { from: 'which', shows: 'no nvidia-container-runtime' },
            { from: '/usr/local/nvidia/toolkit', shows: 'not there' },
          ],
        };
      },
      on: {
        host: to('handler'),
        operator: to('handler'),
        missing: harm('toolkit-not-installed', to('handler')),
        cannotTell: to('handler'),
      },
    }),
  },
});

export const handler = flow({
  id: 'handler',
  title: 'nvidia handler',
  about: 'The running containerd must know the handler that a runtime class or a CDI request leads to.',
  start: 'handler',
  nodes: {
    handler: check({
      title: 'Runtime handler',
      question: 'Does the containerd that runs know a handler called nvidia?',
      why: {
        line: 'A runtime class is only a name; containerd must know its handler.',
        paragraph:
          'k3s and rke2 look for the runtime when they start: a toolkit that came later is seen after a restart. A plain containerd needs the entry in a file that it reads, in the schema of its version, and a restart.',
        mechanism:
          'crictl info shows the handlers of the running one. k3s logs "Found nvidia container runtime at"; older ones search only /usr/local/nvidia/toolkit and /usr/bin. Up to 2.0 an imported file replaces plugin tables instead of merging.',
      },
      source:
        'k8s-runtime-handler-missing; k3s-runtime-not-detected; k3s-template-override; containerd-config-not-effective; gpu-operator-toolkit-config-path; seed 3',
      probes: ['kube', 'cri', 'kubeApi', 'operator'],
      bears: 'cuda',
      decide: f => {
        const { live, effective, written, template, said } = f.cri;
        const now = need(running(f));
        if ('nvidia' in now.handlers)
          return { is: 'known', found: `nvidia: ${now.handlers.nvidia || 'found by name'}` };
        if (isByCdi(f) && !usesClass(f))
          return { is: 'notNeeded', found: `not needed: the plugin asks by ${strategyOf(f)}` };
        const seen = [{ from: isUnknown(live) ? f.cri.path : CRICTL, shows: `handlers: ${names(now.handlers)}` }];
        const isRancher = f.kube.flavour !== 'kubelet';
        const after = or(effective, null);
        if (after !== null && 'nvidia' in after.handlers)
          return { is: 'notLoaded', found: 'in the file, and containerd was not restarted since', seen };
        if (isRancher) {
          const text = template === null ? null : or(template.text, null);
          if (text !== null && !/template\s+"base"/.test(text))
            return {
              is: 'template',
              found: `${template!.path.split('/').pop()} has no nvidia part and does not build on the base`,
              seen: [...seen, { from: template!.path, shows: 'no {{ template "base" . }} in it' }],
            };
          return {
            is: 'notDetected',
            found: 'k3s did not find the runtime when it started',
            seen: [
              ...seen,
              {
                from: 'journalctl -u k3s',
                shows: or(said, []).at(-1) ?? 'no line "Found nvidia container runtime at"',
              },
            ],
          };
        }
        if ('nvidia' in written.handlers)
          return {
            is: 'notEffective',
            found: 'in a file, but containerd does not make anything of it',
            seen: [
              ...seen,
              {
                from: f.cri.path,
                shows: `${or(f.cri.dropIn, null) ? 'the drop-in is not imported' : 'a section of another schema'}`,
              },
            ],
          };
        return or(f.operator.toolkit, false)
          ? { is: 'operatorElsewhere', found: 'the Operator wrote its entry somewhere else', seen }
          : { is: 'missing', found: 'no handler nvidia anywhere', seen };
      },
      on: {
        known: 'cdi',
        notNeeded: 'cdi',
        notLoaded: harm('k8s-runtime-handler-missing', 'cdi'),
        missing: harm('k8s-runtime-handler-missing', 'cdi'),
        notEffective: harm('containerd-config-not-effective', 'cdi'),
        template: harm('k3s-template-override', 'cdi'),
        notDetected: harm('k3s-runtime-not-detected', 'cdi'),
        operatorElsewhere: harm('gpu-operator-toolkit-config-path', 'cdi'),
        cannotTell: 'cdi',
      },
    }),
    cdi: check({
      title: 'CDI in containerd',
      question: 'Where the device plugin asks by CDI: does containerd apply it?',
      why: {
        line: 'Up to containerd 1.7 CDI is off until somebody switches it on.',
        paragraph:
          'The device plugin and newer GPU Operators hand GPUs out as CDI names. A containerd without CDI ignores them, and the pod starts without a GPU.',
        mechanism:
          'enable_cdi is false by default in 1.7, true from 2.0, and 1.6 knows none. From 2.3 on a request that meets a disabled CDI is refused by name.',
      },
      source: 'cdi-disabled-in-containerd; field reference 1.8',
      probes: ['cri', 'kubeApi'],
      bears: 'advice',
      decide: f => {
        if (!isByCdi(f)) return { is: 'notAsked', found: `not asked for (${strategyOf(f)})` };
        const now = need(running(f));
        const on = now.cdi ?? or(f.cri.effective, null)?.cdi ?? f.cri.major === 2;
        return on
          ? { is: 'on', found: 'on' }
          : {
              is: 'off',
              found: 'off, and the device plugin asks by CDI',
              seen: [
                {
                  from: isUnknown(f.cri.live) ? f.cri.path : CRICTL,
                  shows: `enable_cdi = ${String(now.cdi ?? 'unset (false)')}`,
                },
              ],
            };
      },
      on: {
        on: 'class',
        notAsked: 'class',
        off: harm('cdi-disabled-in-containerd', 'class'),
        cannotTell: 'class',
      },
    }),
    class: check({
      title: 'Runtime class',
      question: 'Is there a runtime class nvidia that pods can name?',
      why: {
        line: 'A pod that names a runtime class which is not there is rejected.',
        paragraph:
          'k3s, rke2 and the GPU Operator make the class. Anywhere else it is one small object that somebody has to apply. It is not needed where nvidia is the default runtime or the plugin asks by CDI.',
        mechanism:
          'RuntimeClass maps a name to a handler of containerd; the admission plugin rejects a pod whose class is unknown before it is scheduled.',
      },
      source: 'k8s-runtimeclass-missing',
      probes: ['kubeApi', 'cri'],
      bears: 'advice',
      decide: f => {
        const classes = need(f.kubeApi.classes);
        if (classes.some(c => c.handler === 'nvidia')) return { is: 'there', found: 'nvidia' };
        if (defaultIsNvidia(f) || isByCdi(f)) return { is: 'notNeeded', found: 'not needed here' };
        return {
          is: 'missing',
          found: 'no runtime class leads to the handler nvidia',
          seen: [{ from: 'kubectl get runtimeclasses', shows: classes.map(c => c.name).join(', ') || 'none' }],
        };
      },
      on: {
        there: to('operator'),
        notNeeded: to('operator'),
        missing: harm('k8s-runtimeclass-missing', to('operator')),
        cannotTell: to('operator'),
      },
    }),
  },
});
