import { check, flow, to } from '../src/engine/flow.ts';
import { CannotTell, unknown } from '../src/engine/known.ts';

/** The end of the trunk: a Kubernetes node is looked at as one, then every form of request by itself. */
export const request = flow({
  id: 'request',
  title: 'Who starts containers',
  about: 'On a Kubernetes node pods go a way of their own; Docker and Podman are judged after it.',
  start: 'node',
  nodes: {
    node: check({
      title: 'Kubernetes',
      question: 'Is this machine a node of a Kubernetes cluster?',
      why: {
        line: 'Pods never pass through Docker, even where both are installed.',
        paragraph:
          'The kubelet talks to an engine of its own, containerd or CRI-O, with another configuration than that of Docker. A client like kubectl alone makes no node.',
        mechanism:
          'Told by files: the folders of k3s, rke2 and microk8s, or the configuration of a kubelet. Of several kinds the one counts whose containerd listens. Nothing is run for it, and nothing more is asked where they are missing.',
      },
      source: 'field reference 3.1 T0 and K; 1.8',
      probes: ['kube'],
      bears: 'cuda',
      decide: f => {
        const { flavour, by, rivals } = f.kube;
        if (rivals.length > 0)
          throw new CannotTell([unknown('unreadable', `which of these nodes this is: ${rivals.join(', ')}`)]);
        return flavour === null ? { is: 'none', found: 'no node' } : { is: 'node', found: `${flavour} (${by})` };
      },
      on: { none: to('engine'), node: to('kubernetes'), cannotTell: to('engine') },
    }),
  },
});

/** Where the tree branches by the form of the request. */
export const engine = flow({
  id: 'engine',
  title: 'Request',
  about: 'Every form of asking for the GPU takes its own way through the engine.',
  start: 'engine',
  nodes: {
    engine: check({
      title: 'Engine',
      question: 'Which engine is asked?',
      why: {
        line: 'Docker and Podman read the same specs but inject in different ways.',
        paragraph:
          'Podman knows CDI only and needs no daemon. Docker has four ways, and what its daemon found at its last start decides which of them exist.',
        mechanism:
          'Docker builds the OCI spec in dockerd; Podman in the command itself. Both hand it to a low-level runtime.',
      },
      source: 'field reference 1.2, 1.8',
      probes: [],
      decide: (_, r) => r.engine,
      on: { docker: to('docker'), podman: to('podman'), cannotTell: to('docker') },
    }),
  },
});

export const form = flow({
  id: 'form',
  title: 'Form of request',
  about: 'How the GPU is asked for decides who injects it.',
  start: 'form',
  nodes: {
    form: check({
      title: 'Form',
      question: 'How is the GPU asked for?',
      why: {
        line: '--gpus, --runtime=nvidia and a CDI name are three different machines.',
        paragraph:
          '--gpus uses a hook, or CDI first on a new Docker. --runtime=nvidia lets the NVIDIA runtime edit the container. A CDI name lets Docker itself apply a spec file. One can fail while the others work.',
        mechanism:
          'legacy: hook and nvidia-container-cli; jit-cdi: a spec made in memory by the runtime; native CDI: a spec on disk, read by dockerd.',
      },
      source: 'field reference 1.2; seed 0, Fix 3; seed 1, section 2',
      probes: [],
      decide: (_, r): 'gpus' | 'runtime' | 'cdi' =>
        r.way === 'docker-gpus' ? 'gpus' : r.way === 'docker-cdi' || r.way === 'podman-cdi' ? 'cdi' : 'runtime',
      on: { gpus: to('gpus'), runtime: to('runtime'), cdi: to('cdi'), cannotTell: to('runtime') },
    }),
  },
});
