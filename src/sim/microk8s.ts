/** microk8s: its containerd is started from a template, and its own kubectl and snap are what a person has. */
import { clusterOf } from './cluster.ts';
import { effective } from './containerd.ts';
import { file, text } from './fs.ts';
import { kubectl } from './kubectl.ts';
import { validateNode } from './validator.ts';
import { fail, out, type Program, tick, type World } from './world.ts';

export const ARGS = '/var/snap/microk8s/current/args';

const FILLED: Readonly<Record<string, string>> = {
  SNAPSHOTTER: 'overlayfs',
  RUNTIME: 'runc',
  RUNTIME_TYPE: 'io.containerd.runc.v2',
  SNAP_DATA: '/var/snap/microk8s/8511',
};

/** The wrapper of the service fills the template in and starts containerd on what it made. */
export const startMicrok8s = (world: World): string | null => {
  const cluster = clusterOf(world)!;
  const template = text(world.fs, `${ARGS}/containerd-template.toml`) ?? '';
  const made = template.replace(/\$\{(\w+)\}/g, (whole, name: string) => FILLED[name] ?? whole);
  file(world.fs, `${ARGS}/containerd.toml`, made);
  const e = effective(world, cluster.containerd, `${ARGS}/containerd.toml`);
  if ('fault' in e) {
    cluster.handlers = {};
    return e.fault;
  }
  cluster.handlers = e.handlers;
  cluster.defaultRuntime = e.defaultRuntime;
  cluster.cdi = e.cdi;
  validateNode(world);
  return null;
};

export const microk8s: Program = call => {
  const [which, ...args] = call.args;
  if (!call.root) return fail(1, 'Insufficient permissions to access MicroK8s.\n');
  return which === 'kubectl' ? kubectl({ ...call, args }) : out('microk8s is running\n');
};

export const snap: Program = ({ world, args, root }) => {
  if (args[0] !== 'restart') return fail(1, `error: unknown command "${args[0]}"\n`);
  if (!root) return fail(1, 'error: access denied (try with sudo)\n');
  if (args[1] !== 'microk8s.daemon-containerd') return fail(1, `error: snap "${args[1]}" not found\n`);
  tick(world);
  const refused = startMicrok8s(world);
  return refused === null ? out('Restarted.\n') : fail(1, `error: cannot perform the following tasks:\n- ${refused}\n`);
};
