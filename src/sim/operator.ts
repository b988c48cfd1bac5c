/** The GPU Operator: it carries its ClusterPolicy into the daemon set of the toolkit, whose pod sets the engine of the node up. */
import { clusterOf, driverWorks, type Json, variable, volume, type Workload, writeManagementSpec } from './cluster.ts';
import { asToml, effective } from './containerd.ts';
import { basename, binary, dirname, exists, file, remove, text } from './fs.ts';
import { VALIDATIONS, validateNode } from './validator.ts';
import { atLeast, type Call, tick, type World } from './world.ts';

const INSTALLED = '/usr/local/nvidia/toolkit';
const CONFIG = '/etc/containerd/config.toml';
const DROP_IN = '/etc/containerd/conf.d/99-nvidia.toml';
const SOCKET = '/run/containerd/containerd.sock';
/** As the pod sees them. */
const IN_POD = { config: '/runtime/config-dir/', socket: '/runtime/sock-dir/' } as const;
const HOST_DRIVER = 'IS_HOST_DRIVER=true\nNVIDIA_DRIVER_ROOT=/\nDRIVER_ROOT_CTR_PATH=/host\n';

type Env = { readonly name: string; readonly value: string };
const set = (env: readonly Env[], name: string, value: string): readonly Env[] =>
  env.some(e => e.name === name) ? env.map(e => (e.name === name ? { name, value } : e)) : [...env, { name, value }];

/** Spec of the toolkit's pods: folders of the host become volumes, and the variables name what the container sees. */
export const toolkitSpec = (told: readonly Env[]): Json => {
  const asked = told.reduce<readonly Env[]>(
    (env, e) => set(env, e.name, e.value),
    [
      { name: 'ROOT', value: '/usr/local/nvidia' },
      { name: 'NVIDIA_VISIBLE_DEVICES', value: 'void' },
    ],
  );
  const of = (name: string, otherwise: string) => asked.find(e => e.name === name)?.value || otherwise;
  const config = of('CONTAINERD_CONFIG', of('RUNTIME_CONFIG', CONFIG));
  const dropIn = of('RUNTIME_DROP_IN_CONFIG', DROP_IN);
  const socket = of('CONTAINERD_SOCKET', SOCKET);
  const sources = of('RUNTIME_CONFIG_SOURCE', '');
  const env = (
    [
      ['RUNTIME', 'containerd'],
      ['CONTAINERD_RUNTIME_CLASS', 'nvidia'],
      ['RUNTIME_CONFIG', `${IN_POD.config}${basename(config)}`],
      ['CONTAINERD_CONFIG', `${IN_POD.config}${basename(config)}`],
      ['RUNTIME_DROP_IN_CONFIG', `/runtime/config-dir.d/${basename(dropIn)}`],
      ['RUNTIME_DROP_IN_CONFIG_HOST_PATH', dropIn],
      // The whole host is mounted at /host.
      ...(sources === '' ? [] : [['RUNTIME_CONFIG_SOURCE', sources.replaceAll('file=/', 'file=/host/')] as const]),
      ['RUNTIME_SOCKET', `${IN_POD.socket}${basename(socket)}`],
      ['CONTAINERD_SOCKET', `${IN_POD.socket}${basename(socket)}`],
    ] as const
  ).reduce<readonly Env[]>((all, [name, value]) => set(all, name, value), asked);
  return {
    containers: [
      { name: 'nvidia-container-toolkit-ctr', image: 'nvcr.io/nvidia/k8s/container-toolkit:v1.18.1', env: [...env] },
    ],
    volumes: [
      { name: 'toolkit-install-dir', hostPath: { path: '/usr/local/nvidia' } },
      { name: 'containerd-config', hostPath: { path: dirname(config), type: 'DirectoryOrCreate' } },
      { name: 'containerd-drop-in-config', hostPath: { path: dirname(dropIn), type: 'DirectoryOrCreate' } },
      { name: 'containerd-socket', hostPath: { path: dirname(socket) } },
    ],
  };
};

/** Where on the host the pod looks; null for one that was told of no engine. */
const placesOf = (spec: Json): { readonly config: string; readonly dropIn: string; readonly socket: string } | null => {
  const [c = {}] = spec.containers ?? [];
  const at = (name: string, folder: string) => `${volume(spec, folder)}/${basename(variable(c, name) ?? '')}`;
  if (volume(spec, 'containerd-socket') === undefined) return null;
  return {
    config: at('CONTAINERD_CONFIG', 'containerd-config'),
    dropIn: variable(c, 'RUNTIME_DROP_IN_CONFIG_HOST_PATH') ?? DROP_IN,
    socket: at('CONTAINERD_SOCKET', 'containerd-socket'),
  };
};

/** containerd dies of the signal, and the service that runs it starts it anew. */
const SERVED_BY: Readonly<Record<string, readonly [string, ...string[]]>> = {
  [SOCKET]: ['systemctl', 'restart', 'containerd'],
  '/run/k3s/containerd/containerd.sock': ['systemctl', 'restart', 'k3s'],
  '/var/snap/microk8s/common/run/containerd.sock': ['snap', 'restart', 'microk8s.daemon-containerd'],
};
const signal = (world: World, socket: string, exec: Call['exec']): void => {
  const service = SERVED_BY[socket];
  if (service !== undefined && exists(world.fs, socket)) exec?.(service);
};

/** The handlers go into a file of their own, which the main one is made to import. */
const configure = (world: World, spec: Json, at: { readonly config: string; readonly dropIn: string }): void => {
  const { containerd } = clusterOf(world)!;
  const named = /file=\/host(\/[^,]+)/.exec(variable(spec.containers[0], 'RUNTIME_CONFIG_SOURCE') ?? '')?.[1];
  const source = named ?? at.config;
  const had = effective(world, containerd, source);
  const base = 'fault' in had ? { handlers: {}, defaultRuntime: 'runc', cdi: false } : had;
  const schema = /^version\s*=\s*3/m.test(text(world.fs, source) ?? '') && atLeast(containerd, '2.0') ? 2 : 1;
  const handlers = { ...base.handlers, nvidia: `${INSTALLED}/nvidia-container-runtime` };
  file(world.fs, at.dropIn, asToml(schema, { ...base, handlers }));
  const main = text(world.fs, at.config) ?? `version = ${schema === 2 ? 3 : 2}\n`;
  if (!/^imports\s*=/m.test(main)) file(world.fs, at.config, `imports = ["${dirname(at.dropIn)}/*.toml"]\n${main}`);
};
const unconfigure = (world: World, at: { readonly config: string; readonly dropIn: string }): void => {
  remove(world.fs, at.dropIn);
  // A main file that says nothing else goes as well; any other keeps its line.
  if (/^imports = .*\nversion = \d\n$/.test(text(world.fs, at.config) ?? '')) remove(world.fs, at.config);
};

/** What the pod of the toolkit does on the node when it starts. */
export const startToolkit = (world: World, w: Workload, exec: Call['exec']): void => {
  // An init container waits for the driver.
  if (!driverWorks(world)) return;
  writeManagementSpec(world);
  const at = placesOf(w.spec);
  if (at === null) return;
  file(world.fs, `${VALIDATIONS}/driver-ready`, HOST_DRIVER);
  for (const p of ['nvidia-container-runtime', 'nvidia-ctk', 'nvidia-cdi-hook']) binary(world.fs, `${INSTALLED}/${p}`);
  tick(world);
  configure(world, w.spec, at);
  signal(world, at.socket, exec);
  validateNode(world);
};
/** It takes its handlers back when it is ended; a pod that failed before has nothing left to do so. */
const stopToolkit = (world: World, w: Workload, exec: Call['exec']): void => {
  const at = placesOf(w.spec);
  if (at === null || !exists(world.fs, at.socket)) return;
  unconfigure(world, at);
  signal(world, at.socket, exec);
};
export const restartToolkit = (world: World, w: Workload, exec: Call['exec']): void => {
  stopToolkit(world, w, exec);
  startToolkit(world, w, exec);
};

/** The Operator compares what it would write with what is there; a daemon set that changed makes its pods anew. */
export const reconcile = (world: World, exec: Call['exec']): void => {
  const cluster = clusterOf(world);
  if (!cluster?.policies) return;
  const own = cluster.workloads.find(w => w.role === 'toolkit');
  const policy = cluster.policies[0];
  if (!own || !policy) return;
  const spec = toolkitSpec(policy.spec.toolkit?.env ?? []);
  if (JSON.stringify(spec) === JSON.stringify(own.spec)) return;
  stopToolkit(world, own, exec);
  own.spec = spec;
  startToolkit(world, own, exec);
};
