/** The few programs that are run inside containers here. */
import type { Ran } from '../box/box.ts';
import { smi } from './nvidia-smi.ts';
import { nvmlInit } from './nvml.ts';
import { envOf, insideView, type Oci } from './oci.ts';
import { atLeast, fail, out, type World } from './world.ts';

const brought = (oci: Oci, name: string): boolean => oci.mounts.some(m => m.containerPath === `/usr/bin/${name}`);
const hasNodes = (oci: Oci, world: World): string[] =>
  oci.privileged
    ? [...world.fs.entries.keys()].filter(
        p => /^\/dev\/nvidia[^/]*$/.test(p) && world.fs.entries.get(p)?.type === 'char',
      )
    : [...oci.nodes].filter(n => n.startsWith('/dev/'));

/** What cuInit(0) would answer. */
const cuInit = (world: World, oci: Oci): number => {
  const nvml = nvmlInit(world, insideView(world, oci));
  if (!nvml.ok) return nvml.error === 'version mismatch' ? 803 : 100;
  if (nvml.gpus.length === 0) return 100;
  return oci.nodes.has('/dev/nvidia-uvm') || oci.privileged ? 0 : 999;
};

/** `ls -ld` of driver files: the image's own are plain, injected ones are links that ldconfig or a hook made. */
const details = (oci: Oci, paths: readonly string[]): Ran => {
  const lines = paths.map(path => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (oci.image.driverFiles?.includes(path)) return `-rw-r--r-- 1 root root 29453824 Nov  1  2025 ${path}`;
    const mounted = oci.mounts.find(
      m => m.containerPath === path || m.containerPath.startsWith(`${path.replace(/\.1$/, '.')}`),
    );
    if (mounted === undefined) return null;
    return mounted.containerPath === path
      ? `-rwxr-xr-x 1 root root 1081640 Nov 22 04:49 ${path}`
      : oci.cached
        ? `lrwxrwxrwx 1 root root 27 Nov 22 04:49 ${path} -> ${mounted.containerPath.slice(path.length - name.length)}`
        : null;
  });
  const missing = paths.filter((_, i) => lines[i] === null);
  return out(
    lines
      .filter(l => l !== null)
      .map(l => `${l}\n`)
      .join(''),
    missing.map(p => `ls: cannot access '${p}': No such file or directory\n`).join(''),
    missing.length > 0 ? 2 : 0,
  );
};

const list = (world: World, oci: Oci, args: readonly string[]): Ran => {
  if (args[0] === '-ld') return details(oci, args.slice(1));
  const paths = args.filter(a => !a.startsWith('-'));
  const nodes = hasNodes(oci, world);
  const usual = [
    'fd',
    'full',
    'mqueue',
    'null',
    'ptmx',
    'pts',
    'random',
    'shm',
    'stderr',
    'stdin',
    'stdout',
    'tty',
    'urandom',
    'zero',
  ];
  if (paths.length === 1 && paths[0] === '/dev')
    return out(
      [...usual, ...nodes.map(n => n.slice(5))]
        .sort()
        .map(n => `${n}\n`)
        .join(''),
    );
  const inside = paths.length === 1 ? oci.image.files?.[paths[0]!] : undefined;
  if (inside) return out(inside.map(n => `${n}\n`).join(''));
  const there = (p: string): boolean =>
    nodes.includes(p) || oci.mounts.some(m => m.containerPath === p) || ['/dev', '/', '/usr', '/etc'].includes(p);
  const missing = paths.filter(p => !there(p));
  const err = missing.map(p => `ls: cannot access '${p}': No such file or directory\n`).join('');
  return out(
    paths
      .filter(there)
      .map(p => `${p}\n`)
      .join(''),
    err,
    missing.length ? 2 : 0,
  );
};

/** What libcuda answers: cuInit and the number of devices that CUDA_VISIBLE_DEVICES leaves. */
const cudaAnswer = (world: World, oci: Oci): object => {
  const driver = oci.mounts.find(m => /\/libcuda\.so\.\d+\.\d/.test(m.containerPath));
  if (oci.image.driverFiles?.some(f => f.endsWith('/libcuda.so.1'))) return { load: 'libcuda.so.1: file too short' };
  if (!driver || !oci.cached)
    return { load: 'libcuda.so.1: cannot open shared object file: No such file or directory' };
  const from = driver.containerPath;
  if (/\/stubs(:|$)/.test(envOf(oci.env, 'LD_LIBRARY_PATH') ?? '')) return { init: 34, get: 34, count: -1, from };
  const init = cuInit(world, oci);
  const count = world.gpus.length;
  const first = (envOf(oci.env, 'CUDA_VISIBLE_DEVICES') ?? '0').split(',')[0]!;
  const isHidden = first === '' || first.startsWith('-') || (/^\d+$/.test(first) && Number(first) >= count);
  if (init === 0 && isHidden) return { init: 100, get: 100, count: -1, from };
  return { init, get: init, count: init === 0 ? count : -1, from };
};

const run = (world: World, oci: Oci, name: string, args: readonly string[]): Ran => {
  if (name === 'nvidia-smi') return smi(world, insideView(world, oci), args);
  if (name === 'ls') return list(world, oci, args);
  if (name === 'env' || name === 'printenv') return out(oci.env.map(e => `${e}\n`).join(''));
  if (name === 'echo') return out(`${args.join(' ')}\n`);
  if (name === 'false') return out('', '', 1);
  if (name === 'cat' && args[0] === '/proc/driver/nvidia/version')
    return out(
      String(
        world.fs.entries.get('/proc/driver/nvidia/version')
          ? `NVRM version: NVIDIA UNIX ${world.arch ?? 'x86_64'} Kernel Module\n`
          : '',
      ),
    );
  if (name === 'python3' && args.join(' ').includes('cuDeviceGetCount')) {
    const init = cudaAnswer(world, oci);
    return out(`${JSON.stringify({ ...init, ...oci.image.packages })}\n`);
  }
  if (name === 'python3' && args.join(' ').includes('cuInit')) {
    const loads = oci.cached && oci.mounts.some(m => /\/libcuda\.so\.\d+\.\d/.test(m.containerPath));
    if (!loads) return fail(1, 'OSError: libcuda.so.1: cannot open shared object file: No such file or directory\n');
    return out(`${cuInit(world, oci)}\n`);
  }
  if (name === 'python3' && args[0] === '-m')
    return fail(
      1,
      `/usr/bin/python3: Error while finding module specification for '${args[1]}' (ModuleNotFoundError: No module named '${(args[1] ?? '').split('.')[0]}')\n`,
    );
  return out('');
};

/** Starts the container's command; `missing` names a program that is not in the image. */
export const startProcess = (world: World, oci: Oci): { readonly ran: Ran } | { readonly missing: string } => {
  const [program = 'sh', ...args] = oci.args;
  const name = program.slice(program.lastIndexOf('/') + 1);
  const injected = brought(oci, name);
  if (!injected && !oci.image.programs.includes(name)) return { missing: program };
  if (injected && !oci.image.glibc) {
    const old = !atLeast(world.versions.runc ?? '1.1.15', '1.2.0');
    return { ran: fail(old ? 1 : 255, `exec /usr/bin/${name}: no such file or directory\n`) };
  }
  return { ran: run(world, oci, name, args) };
};
