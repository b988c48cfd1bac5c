/** What the toolkit of a GPU Operator has to be told about the containerd of a node. */
import { MICROK8S_TEMPLATE } from '../probes/cri.ts';
import type { Facts } from '../probes/index.ts';
import { CONTAINERD_SOCKETS } from '../probes/kube.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
}

type Places = Readonly<Record<string, string>>;
/** Places that the Operator takes where it is told of none. */
const DEFAULTS: Places = {
  CONTAINERD_CONFIG: '/etc/containerd/config.toml',
  RUNTIME_CONFIG: '/etc/containerd/config.toml',
  CONTAINERD_SOCKET: CONTAINERD_SOCKETS.kubelet,
};
/** Of microk8s as its addon nvidia sets them; k3s and rke2 write their files themselves, so the socket is enough. */
export const placesOf = (f: Pick<Facts, 'kube' | 'cri'>): Places => {
  const socket = { CONTAINERD_SOCKET: CONTAINERD_SOCKETS[f.kube.flavour ?? 'kubelet'] };
  return f.kube.flavour === 'microk8s'
    ? { CONTAINERD_CONFIG: MICROK8S_TEMPLATE, ...socket, RUNTIME_CONFIG_SOURCE: `file=${f.cri.path}` }
    : socket;
};

/** Variables with these places and no other of containerd; what is somebody else's stays as it is and where it is. */
export const withPlaces = (told: readonly Variable[], places: Places): readonly Variable[] => [
  ...told
    .filter(({ name, value }) => name in places || !(name in DEFAULTS) || value === DEFAULTS[name])
    .map(v => (v.name in places ? { ...v, value: places[v.name]! } : v)),
  ...Object.entries(places)
    .filter(([name, value]) => value !== DEFAULTS[name] && !told.some(v => v.name === name))
    .map(([name, value]) => ({ name, value })),
];
/** Where the Operator will have its toolkit look. */
export const placeIn = (told: readonly Variable[], name: 'CONTAINERD_CONFIG' | 'CONTAINERD_SOCKET'): string =>
  told.findLast(v => v.name === name)?.value ||
  (name === 'CONTAINERD_CONFIG' ? told.findLast(v => v.name === 'RUNTIME_CONFIG')?.value : undefined) ||
  DEFAULTS[name]!;
