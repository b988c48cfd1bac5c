/** daemon.json as dockerd reads it, with Go's words for what is wrong. */
import { parseResources } from './swarm.ts';
import { atLeast } from './world.ts';

export interface DaemonConfig {
  readonly runtimes: Readonly<Record<string, { readonly path: string; readonly args?: readonly string[] }>>;
  readonly defaultRuntime: string;
  readonly features: Readonly<Record<string, boolean>>;
  /** Undefined where the file does not say. */
  readonly cdiSpecDirs: readonly string[] | undefined;
  readonly liveRestore: boolean;
  readonly dataRoot: string | undefined;
  readonly offer: readonly (readonly [kind: string, value: string])[];
  readonly raw: Readonly<Record<string, unknown>>;
}

const keys = new Set(
  `allow-nondistributable-artifacts api-cors-header authorization-plugins bip bip6 bridge bridge-accept-fwmark builder cdi-spec-dir cdi-spec-dirs cgroup-parent
containerd containerd-namespace containerd-plugin-namespace containers containerd-snapshotter cpu-rt-period cpu-rt-runtime data-root debug default-address-pools
default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opts default-runtime default-shm-size default-ulimits dns dns-opts
dns-search exec-opts exec-root experimental features firewall-backend fixed-cidr fixed-cidr-v6 graph group host-gateway-ip host-gateway-ips hosts http-proxy
https-proxy icc init init-path insecure-registries ip ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 labels live-restore log-driver log-format
log-level log-opts max-concurrent-downloads max-concurrent-uploads max-download-attempts metrics-addr mtu network-control-plane-mtu no-new-privileges no-proxy
node-generic-resources oom-score-adjust pidfile platform proxies raw-logs registry-mirrors rootless runtimes seccomp-profile selinux-enabled shutdown-timeout
storage-driver storage-opts swarm-default-advertise-addr tls tlscacert tlscert tlskey tlsverify userland-proxy userland-proxy-path userns-remap validate`.split(
    /\s+/,
  ),
);
/** Objects whose inside is not looked at for unknown keys. */
const opaque = new Set([
  'features',
  'runtimes',
  'builder',
  'log-opts',
  'default-ulimits',
  'default-network-opts',
  'proxies',
  'default-address-pools',
]);

/** Go's syntax error for a JSON text, or null. */
export const goJsonError = (content: string): string | null => {
  let i = 0;
  class Bad extends Error {}
  const bad = (where: string): never => {
    if (i >= content.length) throw new Bad('unexpected end of JSON input');
    const c = content[i]!;
    const shown =
      c === "'" ? "'\\''" : c === '\n' ? "'\\n'" : c === '\t' ? "'\\t'" : c === '\u{feff}' ? "'ï'" : `'${c}'`;
    throw new Bad(`invalid character ${shown} ${where}`);
  };
  const space = (): void => {
    while (i < content.length && ' \t\r\n'.includes(content[i]!)) i++;
  };
  const string = (): void => {
    for (i++; content[i] !== '"'; i++) {
      if (i >= content.length) bad('');
      if (content[i]! < ' ') bad('in string literal');
      if (content[i] === '\\') i++;
    }
    i++;
  };
  const word = (w: string): void => {
    for (const c of w) {
      if (content[i] !== c) bad(`in literal ${w} (expecting '${c}')`);
      i++;
    }
  };
  const value = (): void => {
    space();
    const c = content[i];
    if (c === '{') object();
    else if (c === '[') array();
    else if (c === '"') string();
    else if (c === 't') word('true');
    else if (c === 'f') word('false');
    else if (c === 'n') word('null');
    else if (c !== undefined && /[-\d]/.test(c))
      i += /^-?\d+(\.\d+)?([eE][-+]?\d+)?/.exec(content.slice(i))?.[0].length ?? 1;
    else bad('looking for beginning of value');
  };
  const object = (): void => {
    i++;
    space();
    if (content[i] === '}') {
      i++;
      return;
    }
    for (;;) {
      space();
      if (content[i] !== '"') bad('looking for beginning of object key string');
      string();
      space();
      if (content[i] !== ':') bad('after object key');
      i++;
      value();
      space();
      if (content[i] === '}') break;
      if (content[i] !== ',') bad('after object key:value pair');
      i++;
    }
    i++;
  };
  const array = (): void => {
    i++;
    space();
    if (content[i] === ']') {
      i++;
      return;
    }
    for (;;) {
      value();
      space();
      if (content[i] === ']') break;
      if (content[i] !== ',') bad('after array element');
      i++;
    }
    i++;
  };
  try {
    value();
    space();
    if (i < content.length) bad('after top-level value');
    return null;
  } catch (e) {
    return (e as Error).message;
  }
};

const kindOf = (v: unknown): string =>
  Array.isArray(v) ? 'array' : typeof v === 'object' ? 'object' : typeof v === 'boolean' ? 'bool' : typeof v;
const typeError = (c: Record<string, unknown>): string | null => {
  const cannot = (have: unknown, field: string, type: string): string =>
    `json: cannot unmarshal ${kindOf(have)} into Go struct field ${field} of type ${type}`;
  const check = (key: string, ok: (v: unknown) => boolean, type: string): string | null =>
    c[key] === undefined || c[key] === null || ok(c[key]) ? null : cannot(c[key], `Config.${key}`, type);
  const object = (v: unknown): boolean => kindOf(v) === 'object';
  const list = (v: unknown): boolean => Array.isArray(v);
  for (const v of object(c.features) ? Object.values(c.features as object) : [])
    if (typeof v !== 'boolean') return cannot(v, 'Config.features', 'bool');
  for (const v of object(c.runtimes) ? Object.values(c.runtimes as object) : [])
    if (!object(v)) return cannot(v, 'Config.runtimes', 'system.Runtime');
  return (
    check('features', object, 'map[string]bool') ??
    check('runtimes', object, 'map[string]system.Runtime') ??
    check('live-restore', v => typeof v === 'boolean', 'bool') ??
    check('debug', v => typeof v === 'boolean', 'bool') ??
    check('default-runtime', v => typeof v === 'string', 'string') ??
    check('data-root', v => typeof v === 'string', 'string') ??
    check('hosts', list, '[]string') ??
    check('exec-opts', list, '[]string') ??
    check('cdi-spec-dirs', list, '[]string') ??
    check('node-generic-resources', list, '[]string')
  );
};

const unknownKeys = (c: Record<string, unknown>): string[] =>
  Object.entries(c).flatMap(([k, v]) => {
    if (keys.has(k)) return [];
    return kindOf(v) === 'object' && !opaque.has(k) ? Object.keys(v as object).filter(inner => !keys.has(inner)) : [k];
  });

/** Reads daemon.json, or says what `dockerd --validate` says about it. */
export const readDaemonConfig = (
  content: string | undefined,
  version: string,
): { readonly config: DaemonConfig } | { readonly error: string } => {
  const body = (content ?? '').replace(/^\u{feff}/u, '');
  const empty = body.trim() === '';
  const broken = empty ? null : goJsonError(body);
  if (broken) return { error: `${atLeast(version, '29.0') ? 'invalid JSON: ' : ''}${broken}` };
  const raw = (empty ? {} : JSON.parse(body)) as Record<string, unknown>;
  if (kindOf(raw) !== 'object')
    return { error: `json: cannot unmarshal ${kindOf(raw)} into Go value of type map[string]interface {}` };
  const odd = unknownKeys(raw);
  if (odd.length > 0)
    return { error: `the following directives don't match any configuration option: ${odd.join(', ')}` };
  const wrong = typeError(raw);
  if (wrong) return { error: wrong };
  const offer = parseResources((raw['node-generic-resources'] ?? []) as string[]);
  if ('error' in offer) return offer;
  return {
    config: {
      runtimes: (raw.runtimes ?? {}) as DaemonConfig['runtimes'],
      defaultRuntime: (raw['default-runtime'] as string) || 'runc',
      features: (raw.features ?? {}) as Record<string, boolean>,
      cdiSpecDirs: raw['cdi-spec-dirs'] as string[] | undefined,
      liveRestore: raw['live-restore'] === true,
      dataRoot: raw['data-root'] as string | undefined,
      offer,
      raw,
    },
  };
};
