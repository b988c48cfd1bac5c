/** Podman: version, whether it runs without root, and where it looks for CDI specs. */
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { list, probe, read, run } from '../../src/engine/probe.ts';
import { json, names, record, string, text } from './answers.ts';

export interface PodmanFacts {
  /** null where it is not installed. */
  readonly version: Maybe<string | null>;
  readonly rootless: Maybe<boolean>;
  /** "netavark" or "cni"; null where podman info names none, as before 4.0. */
  readonly networkBackend: Maybe<string | null>;
  readonly specDirs: readonly string[];
  /** OCI hook files of the era before CDI that are still active. */
  readonly legacyHooks: readonly string[];
}

export const podman = probe({
  id: 'podman',
  looks: 'Podman',
  needs: () => ({
    which: run('which', 'podman'),
    version: run('podman', 'version', '--format', 'json'),
    info: run('podman', 'info', '--format', 'json'),
    conf: read('/etc/containers/containers.conf'),
    hooks: list('/usr/share/containers/oci/hooks.d'),
    etcHooks: list('/etc/containers/oci/hooks.d'),
  }),
  read: (a): PodmanFacts => {
    const client = json(
      a.version.kind === 'exited' ? a.version.stdout : unknown(a.version.kind, 'podman version'),
      'podman version',
    );
    const info = json(a.info.kind === 'exited' ? a.info.stdout : unknown(a.info.kind, 'podman info'), 'podman info');
    const version = isUnknown(client) ? undefined : string(record(record(client).Client).Version);
    const absent = (a.which.kind === 'exited' && a.which.code !== 0) || a.version.kind === 'absent';
    const conf = text(a.conf, '/etc/containers/containers.conf');
    // Only the one key is wanted; the file is TOML with comments, and a broken one is Podman's own business.
    const dirs = typeof conf === 'string' ? /^\s*cdi_spec_dirs\s*=\s*\[([^\]]*)\]/m.exec(conf)?.[1] : undefined;
    const host = isUnknown(info) ? info : record(record(info).host);
    const rootless = isUnknown(host) ? host : record(host.security).rootless;
    const hooks = [names(a.hooks, 'hooks.d'), names(a.etcHooks, 'hooks.d')].flatMap((n, i) =>
      isUnknown(n) || n === null
        ? []
        : n.filter(f => /nvidia/.test(f)).map(f => `${i === 0 ? '/usr/share' : '/etc'}/containers/oci/hooks.d/${f}`),
    );
    return {
      version:
        version ??
        (absent ? null : unknown(a.version.kind === 'exited' ? 'unreadable' : a.version.kind, 'podman version')),
      rootless: typeof rootless === 'boolean' ? rootless : unknown('unrecorded', 'podman info'),
      networkBackend: isUnknown(host) ? host : (string(host.networkBackend) ?? null),
      specDirs: dirs === undefined ? ['/etc/cdi', '/var/run/cdi'] : [...dirs.matchAll(/"([^"]+)"/g)].map(m => m[1]!),
      legacyHooks: hooks,
    };
  },
});
