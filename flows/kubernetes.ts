/** A Kubernetes node: does its engine know the nvidia runtime, and may pods ask for it (K, first half). */
import { check, flow, harm, to } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or, unknown } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { isByHook, writtenHandler } from './rules/crio.ts';
import {
  containerdMajor,
  crioVersion,
  defaultIsNvidia,
  handlerOf,
  isByCdi,
  isUnread,
  NVIDIA_HANDLERS,
  podsOf,
  running,
  servesGpus,
  signsOfUse,
  strategyOf,
} from './rules/kubernetes.ts';

const CALLED = { containerd: 'containerd', crio: 'CRI-O', other: 'another engine' } as const;
const names = (o: Readonly<Record<string, unknown>>) => Object.keys(o).join(', ') || 'none';
const usesClass = (f: Pick<Facts, 'kubeApi'>) => podsOf(f).some(p => p.runtimeClass === 'nvidia');

export const kubernetes = flow({
  id: 'kubernetes',
  title: 'Kubernetes node',
  about: 'Pods get their GPU from the engine that the kubelet uses, not from Docker.',
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
      title: 'Engine of pods',
      question: 'Can the engine that the kubelet uses read its configuration, and does it serve Kubernetes?',
      why: {
        line: 'A broken file shows only at the next restart of the engine.',
        paragraph:
          'The kubelet uses containerd or CRI-O, and what lies about of the other one counts for nothing. Both read their files at start. The package of Docker switches the part of containerd for Kubernetes off. k3s, rke2 and microk8s write the file anew at each start, so it is never edited there.',
        mechanism:
          'The socket that the kubelet was given names the engine. containerd config dump prints what a start would use; version 2 names the plugin io.containerd.grpc.v1.cri, version 3 io.containerd.cri.v1.runtime, and a section of the wrong name is ignored. CRI-O reads crio.conf and then every file of crio.conf.d by the alphabet, whatever its name ends in.',
      },
      source: 'containerd-config-not-effective; field reference 1.8',
      probes: ['kube', 'kubelet', 'cri', 'kubeApi'],
      bears: 'cuda',
      decide: f => {
        const said = or(f.kubeApi.node, null)?.runtime ?? '';
        const told = said.startsWith('containerd://') ? 'containerd' : said.startsWith('cri-o://') ? 'crio' : 'other';
        if (said !== '' && told === 'other')
          return { is: 'other', found: `the kubelet uses ${said}, which is not looked into` };
        const engine = need(f.cri.engine);
        if (said !== '' && engine !== told)
          throw new CannotTell([
            unknown('unreadable', `${f.kubelet.by || 'the kubelet'}: ${CALLED[engine]}, and the cluster says ${said}`),
          ]);
        if (engine === 'other')
          return { is: 'other', found: `the socket in ${f.kubelet.by} is of an engine that is not looked into` };
        if (f.cri.fault !== null)
          return {
            is: 'malformed',
            found: 'its configuration does not parse',
            seen: [{ from: f.cri.fault.split(':')[0] ?? f.cri.path, shows: f.cri.fault }],
          };
        if (engine === 'crio') {
          need(f.cri.effective);
          const version = crioVersion(f);
          const files = f.cri.dropIns.length === 1 ? '1 drop-in' : `${f.cri.dropIns.length} drop-ins`;
          return { is: 'sound', found: `CRI-O${version === null ? '' : ` ${version}`}, ${files}` };
        }
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
  about: 'The running engine must know the handler that a runtime class or a CDI request leads to.',
  start: 'handler',
  nodes: {
    handler: check({
      title: 'Runtime handler',
      question: 'Does the engine that runs know the handler of the class nvidia?',
      why: {
        line: 'A runtime class is only a name; the engine must know its handler.',
        paragraph:
          'k3s and rke2 look for the runtime when they start: a toolkit that came later is seen after a restart. A plain containerd needs the entry in a file that it reads, in the schema of its version, CRI-O a table in its drop-ins, microk8s a part of its template; each of them needs a restart.',
        mechanism:
          'crictl info and crio status config show the handlers of the running one. k3s logs "Found nvidia container runtime at"; older ones search only /usr/local/nvidia/toolkit and /usr/bin. Up to 2.0 an imported file replaces plugin tables of containerd instead of merging. CRI-O leaves a handler out whose runtime_path is not there.',
      },
      source:
        'k8s-runtime-handler-missing; k3s-runtime-not-detected; k3s-template-override; containerd-config-not-effective; gpu-operator-toolkit-config-path; seed 3',
      probes: ['kube', 'cri', 'kubeApi', 'operator'],
      bears: 'cuda',
      decide: f => {
        const { live, effective, written, template, said } = f.cri;
        const now = need(running(f));
        const wanted = handlerOf(f);
        const isEdited = f.kube.flavour === 'microk8s' && !(wanted in or(effective, now).handlers);
        // Read before the change or after it: only the running CRI-O knows.
        if (wanted in now.handlers && isUnread(f)) need(live);
        if (wanted in now.handlers && !isEdited)
          return { is: 'known', found: `${wanted}: ${now.handlers[wanted] || 'found by name'}` };
        if (isByCdi(f) && !usesClass(f))
          return { is: 'notNeeded', found: `not needed: the plugin asks by ${strategyOf(f)}` };
        if (isByHook(f) && !usesClass(f)) return { is: 'notNeeded', found: 'not needed: an OCI hook injects' };
        const seen = [
          { from: isUnknown(live) ? f.cri.path : f.cri.liveFrom, shows: `handlers: ${names(now.handlers)}` },
        ];
        const isRancher = f.kube.flavour === 'k3s' || f.kube.flavour === 'rke2';
        const after = or(effective, null);
        if (after !== null && wanted in after.handlers)
          return { is: 'notLoaded', found: 'in the file, and the engine was not restarted since', seen };
        if (isEdited && wanted in now.handlers)
          return {
            is: 'notEffective',
            found: 'only in the file that every start writes anew',
            seen: [...seen, { from: f.cri.template?.path ?? f.cri.path, shows: `no handler ${wanted} in it` }],
          };
        const table = writtenHandler(f);
        if (table !== undefined)
          return {
            is: 'ignored',
            found: 'its program is not there, so a start leaves it out',
            seen: [...seen, { from: f.cri.path, shows: `runtime_path = "${table.path}"` }],
          };
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
        if (wanted in written.handlers)
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
        // To CRI-O an Operator writes in one place only, which is looked into.
        return or(f.operator.toolkit, false) && f.cri.crio === null
          ? { is: 'operatorElsewhere', found: 'the Operator wrote its entry somewhere else', seen }
          : { is: 'missing', found: 'no handler nvidia anywhere', seen };
      },
      on: {
        known: 'class',
        notNeeded: 'class',
        notLoaded: harm('k8s-runtime-handler-missing', 'class'),
        missing: harm('k8s-runtime-handler-missing', 'class'),
        ignored: harm('k8s-runtime-handler-missing', 'class'),
        notEffective: harm('containerd-config-not-effective', 'class'),
        template: harm('k3s-template-override', 'class'),
        notDetected: harm('k3s-runtime-not-detected', 'class'),
        operatorElsewhere: harm('gpu-operator-toolkit-config-path', 'class'),
        cannotTell: 'class',
      },
    }),
    class: check({
      title: 'Runtime class',
      question: 'Is there a runtime class nvidia that pods can name?',
      why: {
        line: 'A pod that names a runtime class which is not there is rejected.',
        paragraph:
          'k3s, rke2 and the GPU Operator (with microk8s its addon) make the class. Anywhere else it is one small object that somebody has to apply. It is not needed where nvidia is the default runtime or the plugin asks by CDI.',
        mechanism:
          'RuntimeClass maps a name to a handler of the engine; the admission plugin rejects a pod whose class is unknown before it is scheduled.',
      },
      source: 'k8s-runtimeclass-missing',
      probes: ['kubeApi', 'cri'],
      bears: 'advice',
      decide: f => {
        const classes = need(f.kubeApi.classes);
        const own = classes.find(c => NVIDIA_HANDLERS.includes(c.handler));
        if (own !== undefined) return { is: 'there', found: own.name };
        if (defaultIsNvidia(f) || isByCdi(f) || isByHook(f)) return { is: 'notNeeded', found: 'not needed here' };
        return {
          is: 'missing',
          found: 'no runtime class leads to the handler nvidia',
          seen: [{ from: 'kubectl get runtimeclasses', shows: classes.map(c => c.name).join(', ') || 'none' }],
        };
      },
      on: {
        there: 'cdi',
        notNeeded: 'cdi',
        missing: harm('k8s-runtimeclass-missing', 'cdi'),
        cannotTell: 'cdi',
      },
    }),
    cdi: check({
      title: 'CDI for pods',
      question: 'Where the device plugin asks by CDI: does the engine apply it?',
      why: {
        line: 'Up to containerd 1.7 CDI is off until it is switched on; in CRI-O it is on.',
        paragraph:
          'The device plugin and newer GPU Operators hand GPUs out as CDI names. A containerd without CDI ignores them, and the pod starts without a GPU.',
        mechanism:
          'enable_cdi is false by default in 1.7, true from 2.0, and 1.6 knows none. From 2.3 on a request that meets a disabled CDI is refused by name.',
      },
      source: 'cdi-disabled-in-containerd; field reference 1.8',
      probes: ['cri', 'kubeApi'],
      bears: 'advice',
      decide: f => {
        if (f.cri.crio !== null) return { is: 'crio', found: 'always on in CRI-O' };
        if (!isByCdi(f)) return { is: 'notAsked', found: `not asked for (${strategyOf(f)})` };
        const now = need(running(f));
        const said = now.cdi ?? or(f.cri.effective, null)?.cdi ?? null;
        const major = containerdMajor(f);
        if (said === null && major === null) throw new CannotTell([unknown('unreadable', 'the version of containerd')]);
        const on = said ?? major === 2;
        return on
          ? { is: 'on', found: 'on' }
          : {
              is: 'off',
              found: 'off, and the device plugin asks by CDI',
              seen: [
                {
                  from: isUnknown(f.cri.live) ? f.cri.path : f.cri.liveFrom,
                  shows: `enable_cdi = ${String(now.cdi ?? 'unset (false)')}`,
                },
              ],
            };
      },
      on: {
        on: to('operator'),
        crio: to('crio'),
        notAsked: to('operator'),
        off: harm('cdi-disabled-in-containerd', to('operator')),
        cannotTell: to('operator'),
      },
    }),
  },
});
