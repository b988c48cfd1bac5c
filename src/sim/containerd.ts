/** What a containerd makes of its files, whoever starts it. */
import { parseToml } from '../text/toml-parse.ts';
import type { Json } from './cluster.ts';
import { names, text } from './fs.ts';
import { atLeast, type World } from './world.ts';

const MAIN = '/etc/containerd/config.toml';
const PLUGIN = { 1: 'io.containerd.grpc.v1.cri', 2: 'io.containerd.cri.v1.runtime' } as const;

interface Effective {
  readonly handlers: Record<string, string>;
  readonly defaultRuntime: string;
  readonly cdi: boolean;
  readonly disabled: boolean;
}
/** The part for Kubernetes, by its name in this schema; a newer containerd reads the older name as well. */
export const pluginOf = (o: Json, schema: 1 | 2): Json | undefined =>
  o.plugins?.[PLUGIN[schema]] ?? (schema === 2 ? o.plugins?.[PLUGIN[1]] : undefined);

/** The configuration a start would use, or what is wrong with its text. */
export const effective = (world: World, version: string, from = MAIN): Effective | { readonly fault: string } => {
  const schema = atLeast(version, '2.0') ? 2 : 1;
  const read = (path: string): Json | { readonly fault: string } => {
    const r = parseToml(text(world.fs, path) ?? '');
    return 'fault' in r
      ? { fault: `failed to load TOML: ${path}: (${r.fault.line}, ${r.fault.column}): ${r.fault.message}` }
      : (r.value as Json);
  };
  const main = read(from) as Json;
  if (typeof main.fault === 'string') return { fault: main.fault };
  const imports: readonly string[] =
    main.imports ?? (atLeast(version, '2.2') && !text(world.fs, from) ? ['/etc/containerd/conf.d/*.toml'] : []);
  const files = imports.flatMap(i =>
    i.endsWith('/*.toml')
      ? (names(world.fs, i.slice(0, -7)) ?? []).filter(n => n.endsWith('.toml')).map(n => `${i.slice(0, -6)}${n}`)
      : [i],
  );
  // A file in the old schema is migrated; a section of the new one in an old containerd is ignored.
  const plugins: (Json | undefined)[] = [pluginOf(main, schema)];
  for (const path of files) {
    const o = read(path) as Json;
    if (typeof o.fault === 'string') return { fault: o.fault };
    const p = pluginOf(o, schema);
    if (p === undefined) continue;
    if (atLeast(version, '2.1')) plugins.push(p);
    else plugins.splice(0, plugins.length, p);
  }
  const handlers: Record<string, string> = { runc: '' };
  let defaultRuntime = 'runc';
  let cdi = schema === 2;
  for (const p of plugins) {
    for (const [name, r] of Object.entries<Json>(p?.containerd?.runtimes ?? {}))
      handlers[name] = r.options?.BinaryName ?? '';
    defaultRuntime = p?.containerd?.default_runtime_name ?? defaultRuntime;
    cdi = p?.enable_cdi ?? cdi;
  }
  return { handlers, defaultRuntime, cdi, disabled: (main.disabled_plugins ?? []).includes('cri') };
};

/** The file of a configuration, as `containerd config dump` prints what matters here. */
export const asToml = (schema: 1 | 2, e: Pick<Effective, 'handlers' | 'defaultRuntime' | 'cdi'>): string => {
  const plugin = `plugins.'${PLUGIN[schema]}'`;
  return [
    `version = ${schema === 2 ? 3 : 2}`,
    `[${plugin}]`,
    `  enable_cdi = ${e.cdi}`,
    `[${plugin}.containerd]`,
    `  default_runtime_name = '${e.defaultRuntime}'`,
    ...Object.entries(e.handlers).flatMap(([name, binary]) => [
      `[${plugin}.containerd.runtimes.${name}]`,
      "  runtime_type = 'io.containerd.runc.v2'",
      `[${plugin}.containerd.runtimes.${name}.options]`,
      '  SystemdCgroup = true',
      ...(binary === '' ? [] : [`  BinaryName = '${binary}'`]),
    ]),
    '',
  ].join('\n');
};
