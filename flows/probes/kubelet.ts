/** Which engine the kubelet of a plain node was told to use: containerd, CRI-O, or one that is not looked into. */
import type { DirRead, FileRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, type Unknown, unknown } from '../../src/engine/known.ts';
import { type Asks, list, probe, read, stat } from '../../src/engine/probe.ts';
import { type Answers, exists, names, text } from './answers.ts';
import { CONTAINERD_SOCKETS, type KnowsKube } from './kube.ts';

export type KubeEngine = 'containerd' | 'crio' | 'other';
export interface KubeletFacts {
  /** Unknown where two engines are there and no file of the kubelet names one. */
  readonly engine: Maybe<KubeEngine>;
  /** The path that told it. */
  readonly by: string;
  /** What lies in CRI-O's folder of drop-ins. A folder alone says nothing: it outlives the engine. */
  readonly dropIns: Maybe<readonly string[] | null>;
  /** The Machine Config Operator of OpenShift keeps the files of this node; a change by hand does not last. */
  readonly managed: boolean;
}

export const CRIO_SOCKET = '/var/run/crio/crio.sock';
export const CRIO_DROP_INS = '/etc/crio/crio.conf.d';
const CONTAINERD_SOCKET = CONTAINERD_SOCKETS.kubelet;
const MANAGED = '/etc/machine-config-daemon';
/** The later on the command line wins, and the command line wins over the file: so the strongest comes first. */
const FLAGS = [
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/kubernetes/kubelet.env',
] as const;
/** Of kubeadm, and of kubespray. */
const CONFIGS = ['/var/lib/kubelet/config.yaml', '/etc/kubernetes/kubelet-config.yaml'] as const;
const FILES: readonly string[] = [...FLAGS, ...CONFIGS];

const endpointIn = (path: string, content: string): string | undefined =>
  path.endsWith('.yaml')
    ? /^containerRuntimeEndpoint:\s*["']?([^\s"'#]+)/m.exec(content)?.[1]
    : [...content.replace(/^\s*#.*$/gm, '').matchAll(/--container-runtime-endpoint[= ]["']?([^\s"']+)/g)].at(-1)?.[1];

const engineAt = (endpoint: string): KubeEngine => {
  const path = endpoint.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/');
  return path === '/run/crio/crio.sock' ? 'crio' : path === CONTAINERD_SOCKET ? 'containerd' : 'other';
};

export const kubelet = probe({
  id: 'kubelet',
  looks: 'which engine the kubelet uses',
  after: ['kube'],
  needs: ({ kube }: KnowsKube): Asks =>
    kube.flavour !== 'kubelet'
      ? {}
      : {
          ...Object.fromEntries(FILES.map(p => [p, read(p)] as const)),
          crio: stat(CRIO_SOCKET),
          containerd: stat(CONTAINERD_SOCKET),
          dropIns: list(CRIO_DROP_INS),
          managed: stat(MANAGED),
        },
  read: (a: Answers, { kube }: KnowsKube): KubeletFacts => {
    const none = { by: '', dropIns: null, managed: false };
    // The others run a containerd of their own.
    if (kube.flavour !== 'kubelet') return { engine: 'containerd', ...none };
    const texts = FILES.map(p => [p, text(a[p] as FileRead, p)] as const);
    const dropIns = names(a.dropIns as DirRead, CRIO_DROP_INS);
    const rest = { dropIns, managed: or(exists(a.managed as StatRead, MANAGED), false) };
    for (const [path, content] of texts) {
      const endpoint = typeof content === 'string' ? endpointIn(path, content) : undefined;
      if (endpoint !== undefined) return { engine: engineAt(endpoint), by: path, ...rest };
    }
    const crio = exists(a.crio as StatRead, CRIO_SOCKET);
    const containerd = exists(a.containerd as StatRead, CONTAINERD_SOCKET);
    if (crio === true && containerd !== true) return { engine: 'crio', by: CRIO_SOCKET, ...rest };
    const isDown = crio === false && containerd === false && or(dropIns, null) !== null;
    if (crio !== true && !isDown) return { engine: 'containerd', by: '', ...rest };
    const closed = texts
      .map(([, content]) => content)
      .find((t): t is Unknown => isUnknown(t) && t.unknown === 'denied');
    return { engine: closed ?? unknown('unreadable', 'which engine the kubelet uses'), by: '', ...rest };
  },
});

export interface KnowsKubelet extends KnowsKube {
  readonly kubelet: KubeletFacts;
}
export const isOnCrio = (k: KnowsKubelet): boolean => k.kubelet.engine === 'crio';
