/** The containerd of a node: what it makes of its files when it starts, and what crictl and k3s say of it. */
import { parseToml } from '../text/toml-parse.ts';
import { clusterOf, findRuntime, type Json } from './cluster.ts';
import { asToml, effective, pluginOf } from './containerd.ts';
import { crioInfo, startCrio } from './crio.ts';
import { file, text } from './fs.ts';
import { kubectl } from './kubectl.ts';
import { validateNode } from './validator.ts';
import { atLeast, fail, journal, out, type Program, type World } from './world.ts';

const K3S = '/var/lib/rancher/k3s/agent/etc/containerd';

/** k3s writes the file anew from its template, and containerd reads it. */
const startK3s = (world: World): void => {
  const cluster = clusterOf(world)!;
  const schema = atLeast(cluster.containerd, '2.0') ? 2 : 1;
  const found = findRuntime(world);
  if (found !== null) journal(world, 'k3s.service', `Found nvidia container runtime at ${found}`);
  const base = asToml(schema, {
    handlers: { runc: '', ...(found === null ? {} : { nvidia: found }) },
    defaultRuntime: 'runc',
    cdi: schema === 2,
  });
  const template =
    (schema === 2 ? text(world.fs, `${K3S}/config-v3.toml.tmpl`) : undefined) ??
    text(world.fs, `${K3S}/config.toml.tmpl`);
  const made = template === undefined ? base : template.replace(/\{\{\s*template "base" \.\s*\}\}/, base);
  file(world.fs, `${K3S}/config.toml`, made);
  const value = parseToml(made);
  const p = 'fault' in value ? undefined : pluginOf(value.value as Json, schema);
  cluster.handlers = { runc: '' };
  for (const [name, r] of Object.entries<Json>(p?.containerd?.runtimes ?? {}))
    cluster.handlers[name] = r.options?.BinaryName ?? '';
  cluster.defaultRuntime = p?.containerd?.default_runtime_name ?? 'runc';
  cluster.cdi = p?.enable_cdi ?? schema === 2;
};

/** The part of containerd for Kubernetes reads its files; a word where it does not start. */
export const startCri = (world: World, unit: string): string | null => {
  const cluster = clusterOf(world);
  if (!cluster) return null;
  if (unit === 'k3s.service') {
    startK3s(world);
    validateNode(world);
    return null;
  }
  if (unit === 'crio.service') return cluster.crio === undefined ? null : startCrio(world);
  if (cluster.flavour !== 'kubelet' || cluster.crio !== undefined || unit !== 'containerd.service') return null;
  const e = effective(world, cluster.containerd);
  if ('fault' in e) return e.fault;
  cluster.handlers = e.disabled ? {} : e.handlers;
  cluster.defaultRuntime = e.defaultRuntime;
  cluster.cdi = e.cdi;
  validateNode(world);
  return null;
};

export const containerdDump = (world: World, from?: string): ReturnType<Program> => {
  const version = clusterOf(world)?.containerd ?? (world.versions.containerd ?? '1.7.24').replace(/^v/, '');
  const e = effective(world, version, from);
  return 'fault' in e ? fail(1, `containerd: ${e.fault}\n`) : out(asToml(atLeast(version, '2.0') ? 2 : 1, e));
};

export const crictl: Program = ({ world, args, root }) => {
  const cluster = clusterOf(world);
  if (!cluster || !root) return fail(1, 'level=fatal msg="validate service connection: permission denied"\n');
  if (args.at(-1) !== 'info') return fail(1, `No help topic for '${args.at(-1)}'\n`);
  if (cluster.crioRuns) return out(crioInfo(cluster.crioRuns));
  if (Object.keys(cluster.handlers).length === 0)
    return fail(1, 'level=fatal msg="validate CRI v1 runtime API: unknown service runtime.v1.RuntimeService"\n');
  const runtimes = Object.fromEntries(
    Object.entries(cluster.handlers).map(([n, b]) => [
      n,
      { runtimeType: 'io.containerd.runc.v2', options: b === '' ? {} : { BinaryName: b } },
    ]),
  );
  return out(
    `${JSON.stringify({ config: { containerd: { defaultRuntimeName: cluster.defaultRuntime, runtimes }, enableCDI: cluster.cdi } }, null, 2)}\n`,
  );
};

export const k3s: Program = call => {
  const [which, ...args] = call.args;
  if (which === 'kubectl') return kubectl({ ...call, args });
  if (which === 'crictl') return crictl({ ...call, args });
  return out('k3s version v1.34.1+k3s1\n');
};
