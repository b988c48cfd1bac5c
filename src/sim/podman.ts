/** podman: CDI only, no daemon. */

import type { Ran } from '../box/box.ts';
import { inject, isQualified, loadCdi, panicText } from './cdi.ts';
import { parseRun } from './docker-run.ts';
import { findImage } from './docker-start.ts';
import { exists } from './fs.ts';
import { render } from './go-template.ts';
import { applyEdits, newOci } from './oci.ts';
import { crun } from './runc.ts';
import { podmanReader } from './toolkit-version.ts';
import { atLeast, type Call, fail, out, type Program, type World } from './world.ts';

const infoJson = (world: World, root: boolean): object => ({
  host: {
    arch: 'amd64',
    cgroupManager: 'systemd',
    cgroupVersion: 'v2',
    cgroupControllers: [],
    distribution: { distribution: world.os.id, version: world.os.version, codename: world.os.codename },
    hostname: world.hostname,
    kernel: world.kernel.release,
    ...(atLeast(world.versions.podman ?? '', '4.0') ? { networkBackend: world.podmanNetwork ?? 'netavark' } : {}),
    ociRuntime: { name: 'crun', path: '/usr/bin/crun', version: `crun version ${world.versions.crun ?? ''}` },
    os: 'linux',
    remoteSocket: { path: '/run/podman/podman.sock', exists: false },
    security: {
      apparmorEnabled: true,
      capabilities: 'CAP_CHOWN',
      rootless: !root,
      seccompEnabled: true,
      selinuxEnabled: false,
    },
    serviceIsRemote: false,
  },
  store: {
    graphRoot: root ? '/var/lib/containers/storage' : '/home/user/.local/share/containers/storage',
    graphDriverName: 'overlay',
    imageStore: { number: world.podmanImages.length },
  },
  version: { APIVersion: world.versions.podman, Version: world.versions.podman, OsArch: 'linux/amd64' },
});

const run = (call: Call, args: readonly string[]): Ran => {
  const { world, root } = call;
  const version = world.versions.podman ?? '5.4.2';
  const parsed = parseRun(args);
  if ('unknown' in parsed) return fail(125, `Error: unknown flag: ${parsed.unknown}\nSee 'podman run --help'\n`);
  if ('needsImage' in parsed) return fail(125, 'Error: requires at least 1 arg(s), only received 0\n');
  const { request } = parsed;
  const image = findImage(world.podmanImages, request.image.replace(/^localhost\//, ''));
  if (!image)
    return fail(
      125,
      `Error: short-name "${request.image}" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"\n`,
    );
  const command = request.command.length > 0 ? request.command : (image.command ?? ['sh']);
  const oci = newOci(
    image,
    request.entrypoint === undefined ? command : [request.entrypoint, ...request.command],
    request.env,
    request.privileged,
  );
  const gpus =
    request.gpus !== undefined && atLeast(version, '5.0.0')
      ? request.gpus
          .replace(/^"?device=/, '')
          .replace(/"$/, '')
          .split(',')
          .map(g => `nvidia.com/gpu=${g}`)
      : [];
  // Before 4.1 every device is a path.
  const isName = (d: string): boolean => isQualified(d) && atLeast(version, '4.1');
  const names = [...request.devices.filter(isName), ...gpus];
  for (const path of request.devices.filter(d => !isName(d))) {
    if (!exists(world.fs, path)) return fail(125, `Error: stat ${path}: no such file or directory\n`);
    oci.nodes.add(path);
  }
  const cache = loadCdi(world, ['/etc/cdi', '/var/run/cdi'], podmanReader(version, root));
  if (cache.panic && names.length > 0) return fail(2, panicText());
  const done = inject(world, cache, names);
  if (!done.ok) return fail(done.unresolvable ? 126 : 127, `Error: setting up CDI devices: ${done.error}\n`);
  applyEdits(oci, done.edits);
  const made = crun(world, oci);
  if (made.ok) return made.ran;
  return fail(
    127,
    `Error: ${made.error.startsWith('executable') || made.error.startsWith('cannot') ? 'crun: ' : ''}${made.error}: OCI runtime attempted to invoke a command that was not found\n`,
  );
};

export const podman: Program = call => {
  const { world, args, root } = call;
  const version = world.versions.podman;
  if (version === undefined) return { kind: 'absent' };
  const rest = args.filter(a => !a.startsWith('--log-level'));
  const [verb = '', ...tail] = rest;
  const at = tail.findIndex(a => a === '--format' || a === '-f');
  const template = at >= 0 ? tail[at + 1]! : tail.find(a => a.startsWith('--format='))?.slice(9);
  const print = (value: object): Ran => {
    if (template === undefined || template === 'json') return out(`${JSON.stringify(value, null, 2)}\n`);
    const r = render(template, value);
    return 'text' in r
      ? out(`${r.text}\n`)
      : fail(125, `Error: template: info:1:2: can't evaluate field ${r.missing}\n`);
  };
  if (verb === '--version' || verb === '-v') return out(`podman version ${version}\n`);
  if (verb === 'version')
    return print({
      Client: {
        APIVersion: version,
        Version: version,
        GoVersion: 'go1.24.4',
        GitCommit: '',
        OsArch: 'linux/amd64',
        Os: 'linux',
      },
    });
  if (verb === 'info') return print(infoJson(world, root));
  if (verb === 'run') return run(call, tail);
  if (verb === 'ps') return out('');
  if (verb === 'images') {
    const rows = world.podmanImages.map(i => ({
      Repository: `localhost/${i.repository}`,
      Tag: i.tag,
      Id: i.id.slice(0, 12),
      ID: i.id.slice(0, 12),
    }));
    const shown = rows.map(r =>
      render(template === undefined || template === 'json' ? '{{.Repository}}:{{.Tag}}' : template, r),
    );
    return out(shown.map(r => ('text' in r ? `${r.text}\n` : '')).join(''));
  }
  return fail(125, `Error: unrecognized command \`podman ${verb}\`\nTry 'podman --help' for more information\n`);
};
