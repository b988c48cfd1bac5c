/**
 * A real Debian with its own systemd, Docker and Compose in namespaces of this machine, and a driver that is only
 * pretended: libraries without code, a static nvidia-smi, nodes that nobody serves, and toolkit programs that answer
 * their version. The files of that driver and toolkit are those of the simulated machine, so that both tell one story.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Box } from '../../src/box/box.ts';
import { simBox } from '../../src/sim/index.ts';
import { healthyOld } from '../../src/sim/worlds/healthy.ts';
import { specFor } from '../../src/sim/worlds/specs.ts';
import { dist, root } from '../bundle.ts';

const here = join(root, 'tools/live');
const LIBS = 'usr/lib/x86_64-linux-gnu';
const VERSION = '580.126.09';
const LIBRARIES = ['libcuda.so.1', 'libnvidia-ml.so.1', 'libnvidia-ptxjitcompiler.so.1', 'libnvidia-nvvm.so.4'];
const PACKAGES =
  'systemd,dbus,docker.io,docker-cli,docker-compose,ca-certificates,procps,iproute2,kmod,util-linux,busybox-static,podman,crun,netavark';

export interface Said {
  readonly code: number;
  readonly text: string;
}
export interface LiveBox {
  readonly folder: string;
  /** Runs a program in it, as its root; standard output and error together. */
  readonly run: (argv: readonly string[], options?: { readonly input?: string }) => Said;
  /** Starts a program in it and does not wait. */
  readonly start: (argv: readonly string[]) => ChildProcess;
  readonly gpumedic: (...words: readonly string[]) => Said;
  readonly read: (path: string) => string;
  readonly write: (path: string, text: string) => void;
  readonly stop: () => void;
}

const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
};
const answers = (text: string, rest = 'exit 0'): string =>
  `#!/bin/sh\ncase "$1" in --version|-V)\ncat <<'END'\n${text.trimEnd()}\nEND\nexit 0;; esac\n${rest}\n`;
const prints = (text: string): string => `#!/bin/sh\ncat <<'END'\n${text.trimEnd()}\nEND\n`;

/** The system as its packages leave it, once; the driver and the toolkit are laid over it. */
const install = (folder: string): void => {
  if (existsSync(join(folder, 'usr/bin/podman'))) return;
  process.stdout.write(`installing Debian below ${folder}\n`);
  execFileSync('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, 'trixie', folder], { stdio: 'ignore' });
  const masked = ['systemd-udevd', 'systemd-networkd', 'systemd-logind', 'console-getty', 'getty.target'];
  execFileSync('chroot', [folder, 'systemctl', 'mask', ...masked], { stdio: 'ignore' });
  // Docker is started by the tests, when what they need is there.
  execFileSync('chroot', [folder, 'systemctl', 'disable', 'docker.service'], { stdio: 'ignore' });
};

const textOf = async (box: Box, path: string): Promise<string> => {
  const found = await box.read(path);
  return found.kind === 'file' ? found.text : '';
};

const layDriver = async (folder: string, shown: string): Promise<void> => {
  const sim = simBox(healthyOld());
  const says = async (...argv: [string, ...string[]]): Promise<string> => {
    const ran = await sim.run({ argv });
    return ran.kind === 'exited' ? ran.stdout : '';
  };
  const source = join(shown, 'nothing.c');
  put(source, 'int cuInit(unsigned flags) { return flags ? 1 : 0; }\n');
  for (const name of LIBRARIES)
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      `-Wl,-soname,${name}`,
      '-o',
      join(folder, LIBS, name.replace(/\d+$/, VERSION)),
      source,
    ]);
  execFileSync('gcc', ['-static', '-o', join(folder, 'usr/bin/nvidia-smi'), join(here, 'nvidia-smi.c')]);
  execFileSync('chroot', [folder, 'ldconfig']);
  for (const path of ['devices', 'driver/nvidia/version', 'driver/nvidia/params'])
    put(join(shown, path.replace('driver/nvidia', 'driver')), await textOf(sim, `/proc/${path}`));
  put(join(shown, 'module/nvidia/version'), `${VERSION}\n`);
  mkdirSync(join(shown, 'module/nvidia_uvm'), { recursive: true });
  for (const [name, text] of [
    ['lspci', await says('lspci', '-Dnnk', '-d', '10de:')],
    ['lsmod', await says('lsmod')],
    ['modinfo', `${VERSION}\n`],
  ] as const)
    put(join(folder, 'usr/local/bin', name), prints(text), 0o755);
  put(join(folder, 'usr/local/bin/systemd-detect-virt'), '#!/bin/sh\necho none\nexit 1\n', 0o755);
  const spec = parse(specFor(healthyOld(), '1.17.8')) as { containerEdits: { mounts?: { hostPath: string }[] } };
  spec.containerEdits.mounts = spec.containerEdits.mounts?.filter(m => existsSync(join(folder, m.hostPath))) ?? [];
  put(join(folder, 'usr/local/share/nvidia.yaml'), stringify(spec));
};

const CTK = `case "$*" in
*"cdi generate"*)
  out=
  for a in "$@"; do case "$a" in --output=*) out=\${a#--output=};; esac; done
  if [ -n "$out" ]; then mkdir -p "$(dirname "$out")"; cp /usr/local/share/nvidia.yaml "$out"; else cat /usr/local/share/nvidia.yaml; fi;;
*"cdi list"*)
  if ls /etc/cdi/*.yaml /var/run/cdi/*.yaml >/dev/null 2>&1; then printf 'nvidia.com/gpu=0\\nnvidia.com/gpu=all\\n'; fi;;
esac
`;
const TOOLKIT = [
  ...['nvidia-ctk', 'nvidia-container-runtime', 'nvidia-container-runtime-hook'],
  ...['nvidia-cdi-hook', 'nvidia-container-cli'],
];
/** The toolkit as it is copied onto a machine; what it injects is not pretended. */
export const layToolkit = async ({ folder }: Pick<LiveBox, 'folder'>): Promise<void> => {
  const sim = simBox(healthyOld());
  const version = async (name: string, flag: string): Promise<string> => {
    const ran = await sim.run({ argv: [name, flag] });
    return ran.kind === 'exited' ? ran.stdout : '';
  };
  for (const name of TOOLKIT) {
    const rest =
      name === 'nvidia-ctk' ? CTK : name === 'nvidia-container-runtime' ? 'exec /usr/sbin/runc "$@"' : 'exit 0';
    const flag = name === 'nvidia-container-cli' ? '-V' : '--version';
    put(join(folder, 'usr/bin', name), answers(await version(name, flag), rest), 0o755);
  }
  put(
    join(folder, 'etc/nvidia-container-runtime/config.toml'),
    await textOf(sim, '/etc/nvidia-container-runtime/config.toml'),
  );
};

const layProgram = (folder: string): void => {
  cpSync(join(root, 'node_modules/node/bin/node'), join(folder, 'usr/local/bin/node'), { dereference: true });
  rmSync(join(folder, 'opt/gpumedic'), { recursive: true, force: true });
  for (const part of ['gpumedic.mjs', 'chunks'])
    cpSync(join(dist, part), join(folder, 'opt/gpumedic', part), { recursive: true });
};

/** What an earlier run may have left. */
const LEFT = [
  ...['etc/cdi', 'etc/docker', 'etc/nvidia-container-runtime', 'etc/systemd/system/nvidia-cdi-generate.service'],
  ...['etc/machine-id', 'var/lib/containers', 'var/lib/docker', 'var/lib/gpumedic', 'root', 'srv'],
];

const wait = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Makes the system where there is none yet, boots it, and waits until its systemd says that it runs. */
export const boot = async (cache: string): Promise<LiveBox> => {
  const folder = join(cache, 'root');
  const shown = join(cache, 'shown');
  mkdirSync(cache, { recursive: true });
  install(folder);
  for (const left of LEFT) rmSync(join(folder, left), { recursive: true, force: true });
  for (const made of ['etc/docker', 'root', 'srv']) mkdirSync(join(folder, made));
  for (const name of TOOLKIT) rmSync(join(folder, 'usr/bin', name), { force: true });
  put(join(folder, 'etc/machine-id'), '');
  put(join(folder, 'etc/hostname'), 'live\n');
  // Any storage will do, and vfs needs nothing of the kernel.
  const places = 'runroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n';
  put(join(folder, 'etc/containers/storage.conf'), `[storage]\ndriver = "vfs"\n${places}`);
  await layDriver(folder, shown);
  layProgram(folder);
  const unshare = ['--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'];
  const child = spawn('unshare', [...unshare, join(here, 'boot.sh'), folder, shown], { stdio: 'ignore' });
  const first = (): string =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
  const inside = (argv: readonly string[]): readonly string[] => [
    ...['-t', first(), '-m', '-p', '-u', '-i', '-C', '-w', '/usr/bin/env', '-i', 'HOME=/root', 'TERM=dumb'],
    ...['LANG=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...argv],
  ];
  const run: LiveBox['run'] = (argv, options = {}) => {
    const ran = spawnSync('nsenter', inside(argv), { encoding: 'utf8', timeout: 120_000, ...options });
    return { code: ran.status ?? -1, text: `${ran.stdout}${ran.stderr}` };
  };
  const box: LiveBox = {
    folder,
    run,
    start: argv => spawn('nsenter', inside(argv), { stdio: 'ignore' }),
    gpumedic: (...words) => run(['node', '/opt/gpumedic/gpumedic.mjs', ...words]),
    read: path => readFileSync(join(folder, path), 'utf8'),
    write: (path, text) => put(join(folder, path), text),
    stop: () => void child.kill('SIGKILL'),
  };
  for (let left = 60; left > 0; left--) {
    if (/^(running|degraded)/.test(run(['systemctl', 'is-system-running']).text)) return box;
    wait(500);
  }
  box.stop();
  throw new Error('its systemd does not come up');
};
