/** Fixes of a microk8s node: its addon first, else the template of its containerd and the restart that fills it in. */
import { or } from '../../src/engine/known.ts';
import { setToml } from '../../src/text/toml.ts';
import { MICROK8S_TEMPLATE } from '../probes/cri.ts';
import type { Facts } from '../probes/index.ts';
import { again, sudo } from './guides-host.ts';
import { binary, clusterGuide, inOrder, knows, restarted, wouldKnow } from './kube-make.ts';
import { applies, byHand, edits, isRefused, known, refuse, root } from './make.ts';

const CONTAINERD = '/snap/microk8s/current/bin/containerd';
const isHere = (f: Facts): boolean => f.kube.flavour === 'microk8s';
const BLINKS = 'Pods go on in their shims; the containerd of microk8s is away for some seconds.';

export const restartMicrok8s = applies({
  id: 'restart-microk8s-containerd',
  title: 'Restart the containerd of microk8s to read its template',
  mends: ['k8s-runtime-handler-missing'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 k8s-runtime-handler-missing',
  fits: f => isHere(f) && f.cri.fault === null && !knows(f) && wouldKnow(f),
  plan: f =>
    restarted(f, {
      summary: `The handler is in the template, and a start writes containerd.toml from it. ${BLINKS}`,
      steps: [],
    }),
});

export const configureMicrok8s = applies({
  id: 'add-nvidia-to-microk8s-template',
  title: 'Add the nvidia handler to the template of microk8s',
  mends: ['k8s-runtime-handler-missing', 'containerd-config-not-effective'],
  privilege: 3,
  effect: ['E1', 'RC'],
  source: '2.13 k8s-runtime-handler-missing; gpu-operator-toolkit-config-path (microk8s keeps its files elsewhere)',
  fits: f => isHere(f) && f.cri.fault === null && !wouldKnow(f),
  touches: () => [MICROK8S_TEMPLATE],
  plan: f => {
    const program = binary(f);
    if (program === null)
      return refuse(
        'nvidia-container-runtime is not on this node',
        'sudo microk8s enable nvidia brings its own',
        'or install the toolkit on this node first',
      );
    if (f.cri.template === null) return refuse(`there is no ${MICROK8S_TEMPLATE}`);
    const text = known(f.cri.template.text, MICROK8S_TEMPLATE);
    if (isRefused(text)) return text;
    const plugin =
      (or(f.cri.effective, null)?.version ?? 0) >= 3 ? 'io.containerd.cri.v1.runtime' : 'io.containerd.grpc.v1.cri';
    const table = `plugins.${JSON.stringify(plugin)}.containerd.runtimes.nvidia`;
    const step = edits(
      MICROK8S_TEMPLATE,
      text,
      inOrder(
        text,
        t => setToml(t, table, 'runtime_type', '"io.containerd.runc.v2"'),
        t => setToml(t, `${table}.options`, 'BinaryName', JSON.stringify(program)),
      ),
      'containerd.toml is written from this file at each start',
    );
    return isRefused(step)
      ? step
      : restarted(f, {
          summary: `For a toolkit of the host, where the addon nvidia is not wanted; never use both. One handler, in the schema of this template. ${BLINKS}`,
          steps: [step],
          // The placeholders stand in strings, so the template itself can be read as a configuration.
          validate: [{ ...root([CONTAINERD, '--config', MICROK8S_TEMPLATE, 'config', 'dump']), changes: false }],
        });
  },
});

export const enableAddon = byHand({
  id: 'enable-microk8s-nvidia',
  title: 'Switch the addon nvidia of microk8s on',
  mends: ['k8s-runtime-handler-missing', 'toolkit-not-installed', 'k8s-runtimeclass-missing'],
  privilege: 3,
  effect: ['RC'],
  source: '2.13 gpu-operator-toolkit-config-path (microk8s); 1.8, GPU Operator',
  fits: f => isHere(f) && !or(f.operator.toolkit, false),
  steps: f => [
    {
      say: 'It installs the GPU Operator with the places of microk8s: toolkit, device plugin, runtime class (from the internet).',
    },
    sudo(
      'A driver of the host is left to the host. In older releases it is called gpu.',
      'microk8s',
      'enable',
      'nvidia',
    ),
    clusterGuide(
      f,
      'Wait until its pods run; the validator is the last.',
      '-n',
      'gpu-operator-resources',
      'get',
      'pods',
    ),
    { say: 'Pods then name runtimeClassName: nvidia. Back: sudo microk8s disable nvidia.' },
    again,
  ],
});

export const microk8sFixes = [restartMicrok8s, configureMicrok8s];
export const microk8sGuides = [enableAddon];
