/** A node on CRI-O: does it start with the handler, does the handler find what it calls, and who injects beside it. */
import { check, flow, harm, risk, to } from '../src/engine/flow.ts';
import { CannotTell, need, or, unknown } from '../src/engine/known.ts';
import { OPERATOR_DIR } from './probes/operator.ts';
import { isByHook, resolvesFor, whyNoStart, writtenHandler } from './rules/crio.ts';
import { isByCdi, running, strategyOf } from './rules/kubernetes.ts';

const CONFIG = '/etc/nvidia-container-runtime/config.toml';

export const crio = flow({
  id: 'crio',
  title: 'CRI-O',
  about:
    'What only CRI-O asks of an nvidia handler: a monitor, a runtime below it, and nobody who injects a second time.',
  start: 'monitor',
  nodes: {
    monitor: check({
      title: 'Start of CRI-O',
      question: 'Does CRI-O come up with this handler?',
      why: {
        line: 'A handler without its conmon keeps CRI-O from starting at all.',
        paragraph:
          'CRI-O runs on, so nothing shows until its next start, which then fails and takes the whole node with it. The packages keep conmon in a folder of their own and name it in each handler; a handler that was added without that line is enough.',
        mechanism:
          'monitor_path stands in each table below crio.runtime.runtimes; without it conmon is searched in the PATH. A missing runtime_path only leaves the handler out, unless it is the default one; a missing monitor ends the start. nvidia-ctk copies the line only where it finds the default handler in the file that it reads.',
      },
      source: 'containerd-config-not-effective; k8s-runtime-handler-missing; field reference 1.8',
      probes: ['cri'],
      bears: 'cuda',
      decide: f => {
        const { crio } = f.cri;
        const handler = writtenHandler(f);
        if (crio === null || handler === undefined) return { is: 'unused', found: 'no handler in its files' };
        need(f.cri.effective);
        const missing = whyNoStart(crio);
        if (missing !== null)
          return {
            is: 'fails',
            found: 'its next start fails',
            seen: [{ from: f.cri.path, shows: `[crio.runtime.runtimes.nvidia]: ${missing}` }],
          };
        // Down for a reason that is not looked into; a node without its engine is not in order.
        const state = or(crio.state, 'active');
        if (!/^(active|activating|reloading)$/.test(state))
          throw new CannotTell([unknown('unreadable', `crio.service (${state})`)]);
        return { is: 'starts', found: handler.monitor || 'conmon is found' };
      },
      on: {
        starts: 'below',
        unused: 'below',
        fails: harm('containerd-config-not-effective', 'below'),
        cannotTell: 'below',
      },
    }),
    below: check({
      title: 'Runtime below',
      question: 'Does the nvidia runtime find the runtime that it calls?',
      why: {
        line: 'The packages of CRI-O keep crun and runc where nobody searches.',
        paragraph:
          'The nvidia runtime edits the container and hands it on to runc or crun, which it looks for by name. The packages of CRI-O bring both in /usr/libexec/crio, outside of every PATH. Then the list of the toolkit has to name the full path.',
        mechanism:
          'nvidia-container-runtime.runtimes is a list of names or full paths, looked for when a container starts. The Operator fills in what CRI-O says of itself; a toolkit of the host has runc and crun.',
      },
      source: 'low-level-runtime-not-found; field reference 1.8',
      probes: ['cri', 'config', 'configPaths'],
      bears: 'advice',
      decide: f => {
        const path = or(running(f), null)?.handlers.nvidia ?? writtenHandler(f)?.path;
        if (path === undefined) return { is: 'unused', found: 'no handler' };
        if (path.startsWith(`${OPERATOR_DIR}/`)) return { is: 'found', found: 'the Operator names it' };
        const list = f.config.runtimes ?? ['runc', 'crun'];
        return need(f.configPaths.lowLevel)
          ? { is: 'found', found: list.join(' or ') }
          : {
              is: 'missing',
              found: `neither ${list.join(' nor ')} is in the PATH`,
              seen: [{ from: CONFIG, shows: `runtimes = ${JSON.stringify(list)}` }],
            };
      },
      on: {
        found: 'hooks',
        unused: 'hooks',
        missing: harm('low-level-runtime-not-found', 'hooks'),
        cannotTell: 'hooks',
      },
    }),
    hooks: check({
      title: 'Hooks of CRI-O',
      question: 'Is an OCI hook of the time before handlers still active?',
      why: {
        line: 'CRI-O runs a hook for every container, beside handler and CDI.',
        paragraph:
          'Older toolkits and Operators injected by a hook file. Left over, it acts on every container that has the variable: a second time where the handler acts, and past the runtime class where none is named.',
        mechanism:
          'hooks_dir is /usr/share/containers/oci/hooks.d unless it is set. The folder is watched, so a file that is taken away counts at once. Without a handler such a hook is what gives pods their GPU.',
      },
      source: 'podman-legacy-hook-leftover; field reference 1.8',
      probes: ['cri'],
      bears: 'advice',
      decide: f => {
        const hooks = need(f.cri.crio?.hooks ?? []);
        if (hooks.length === 0) return { is: 'none', found: 'none' };
        if (isByHook(f)) return { is: 'only', found: `${hooks.join(', ')} injects; there is no handler` };
        return {
          is: 'leftover',
          found: hooks.join(', '),
          seen: hooks.map(h => ({ from: h, shows: 'an NVIDIA hook beside the handler' })),
        };
      },
      on: {
        none: 'specs',
        only: 'specs',
        leftover: risk('podman-legacy-hook-leftover', 'specs'),
        cannotTell: 'specs',
      },
    }),
    specs: check({
      title: 'CDI in CRI-O',
      question: 'Where the device plugin asks by CDI: does CRI-O load its spec?',
      why: {
        line: 'CDI is always on in CRI-O; the folder and the version still count.',
        paragraph:
          'CRI-O looks for specs in the folders of cdi_spec_dirs and leaves out a file of a version that its library does not know. Whoever asks then sees only that the device cannot be resolved.',
        mechanism:
          'Without the key these are /etc/cdi and /var/run/cdi; the device plugin writes to the latter. CRI-O reads 0.7.0 from 1.30 on, 0.8.0 from 1.31, 1.0.0 from 1.33.',
      },
      source: 'cdi-spec-dir-mismatch; cdi-version-too-new; field reference 1.5, 1.8',
      probes: ['cri', 'kubeApi', 'cdiSpecs'],
      bears: 'advice',
      decide: f => {
        const { crio } = f.cri;
        if (crio === null || !isByCdi(f)) return { is: 'notAsked', found: `not asked for (${strategyOf(f)})` };
        need(f.cri.effective);
        const found = resolvesFor(f, crio);
        switch (found.is) {
          case 'none':
            return { is: 'none', found: 'no spec yet; the device plugin writes its own' };
          case 'resolves':
            return { is: 'resolves', found: found.spec.path };
          case 'otherDir':
            return { is: 'otherDir', found: 'the spec is in a folder that CRI-O does not search', seen: found.seen };
          case 'tooNew':
            return { is: 'tooNew', found: 'the spec is of a newer CDI version than CRI-O knows', seen: found.seen };
        }
      },
      on: {
        notAsked: to('operator'),
        none: to('operator'),
        resolves: to('operator'),
        otherDir: harm('cdi-spec-dir-mismatch', to('operator')),
        tooNew: harm('cdi-version-too-new', to('operator')),
        cannotTell: to('operator'),
      },
    }),
  },
});
