/** Questions put to programs inside a container: which nodes and files there are, what NVML and CUDA answer. */
import type { Ran } from '../../src/box/box.ts';
import { type Maybe, unknown } from '../../src/engine/known.ts';
import type { Asks } from '../../src/engine/probe.ts';
import { record, string } from './answers.ts';
import type { ContainerRecord } from './container-record.ts';

const LIB_DIRS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'] as const;
const NAMES = ['libcuda.so.1', 'libnvidia-ml.so.1'] as const;
/** Where an image would keep driver files of its own, and the tool that is injected. */
export const DRIVER_FILES: readonly string[] = [
  ...LIB_DIRS.flatMap(d => NAMES.map(n => `${d}/${n}`)),
  '/usr/bin/nvidia-smi',
];

/**
 * The proof below nvidia-smi: cuInit and the number of devices through libcuda alone, and which build of a framework
 * is installed, without importing it. One line of JSON.
 */
export const CUDA_PROBE = `import ctypes,json
o={}
try:
 c=ctypes.CDLL("libcuda.so.1");o["init"]=c.cuInit(0);n=ctypes.c_int(-1);o["get"]=c.cuDeviceGetCount(ctypes.byref(n));o["count"]=n.value
 o["from"]=next((l.split()[-1] for l in open("/proc/self/maps") if "libcuda" in l),"")
except OSError as e: o["load"]=str(e)
try:
 from importlib.metadata import version as v
 for p in("torch","tensorflow","tensorflow-cpu","onnxruntime","onnxruntime-gpu","jax","jax-cuda12-plugin"):
  try:o[p]=v(p)
  except Exception:pass
except ImportError:pass
try:
 from importlib.util import find_spec
 import os,re
 t=open(os.path.join(os.path.dirname(find_spec("torch").origin),"version.py")).read()
 o["torch_cuda"]=re.search(r"^cuda\\b[^=]*=\\s*(.+)$",t,re.M).group(1).strip("'\\" ")
except Exception:pass
print(json.dumps(o))`;

/**
 * @param wrap puts a program into the container, by exec or by a throw-away run
 * @param mayLoad the start itself may load modules: the legacy CLI does
 */
export const INSIDE = (wrap: (program: readonly [string, ...string[]]) => readonly string[], mayLoad = false) => {
  const ask = (...program: [string, ...string[]]) => ({
    ask: 'run' as const,
    command: {
      argv: wrap(program) as [string, ...string[]],
      ...(mayLoad && { mayLoad: true, timeoutMs: 60_000 }),
    },
  });
  return {
    dev: ask('ls', '/dev'),
    files: ask('ls', '-ld', ...DRIVER_FILES),
    smi: ask('nvidia-smi', '-L'),
    cuda: ask('python3', '-c', CUDA_PROBE),
  } satisfies Asks;
};

/** The words of `docker run` with which a container asked, so that a throw-away one asks in the same way. */
export const requestWords = (c: ContainerRecord): readonly string[] => [
  ...(c.runtime === '' || c.runtime === 'runc' ? [] : [`--runtime=${c.runtime}`]),
  ...c.requests.flatMap(r => {
    if (r.driver === 'cdi') return r.ids.flatMap(id => ['--device', id]);
    const what = r.ids.length > 0 ? `"device=${r.ids.join(',')}"` : r.count < 0 ? 'all' : String(r.count);
    return ['--gpus', what];
  }),
  ...c.devices.flatMap(d => ['--device', d]),
  ...Object.entries(c.task?.devices ? { ...c.env, NVIDIA_VISIBLE_DEVICES: c.task.devices } : c.env)
    .filter(([name]) => /^(NVIDIA_|CUDA_VISIBLE)/.test(name))
    .flatMap(([name, value]) => ['-e', `${name}=${value}`]),
];

export interface Cuda {
  /** Result of cuInit; null where libcuda could not be loaded. */
  readonly init: number | null;
  readonly count: number | null;
  /** Why libcuda could not be loaded. */
  readonly load: string;
  /** The file that was loaded. */
  readonly from: string;
  /** Versions of frameworks by package name. */
  readonly packages: Readonly<Record<string, string>>;
  /** The CUDA version that an installed torch was built for, "None" for a build without; null where it does not say. */
  readonly torchCuda: string | null;
}
export interface Inside {
  /** False: it does not run, and starting one in its place was not allowed. */
  readonly asked: boolean;
  /** Names below /dev that begin with nvidia, dxg or nvmap. */
  readonly nodes: Maybe<readonly string[]>;
  /** First letter of `ls -l` by path, of the driver files that are there. */
  readonly files: Maybe<ReadonlyMap<string, string>>;
  readonly smi: Maybe<{ readonly code: number; readonly says: string }>;
  readonly cuda: Maybe<Cuda>;
  readonly by: 'exec' | 'run';
}

/** Docker's own trouble with starting a program in a container is told apart from the program's answer. */
const NOT_THERE = /executable file not found|no such file or directory/i;
const said = (ran: Ran): string => (ran.kind === 'exited' ? ran.stdout.trim() || ran.stderr.trim() : '');
/** The engine refused; nothing in the container answered. */
const isEngines = (ran: Extract<Ran, { kind: 'exited' }>): boolean =>
  ran.code !== 0 &&
  /^(docker: )?Error response from daemon|^Cannot connect to the Docker daemon/m.test(ran.stderr) &&
  !NOT_THERE.test(ran.stderr);
const started = (ran: Ran | undefined, name: string): Maybe<Extract<Ran, { kind: 'exited' }>> => {
  if (ran === undefined) return unknown('unrecorded', `${name} (no container was started for it)`);
  if (ran.kind !== 'exited') return unknown(ran.kind, name);
  if (isEngines(ran)) return unknown('unreadable', name);
  if (ran.code === 127 || (ran.code === 126 && /OCI runtime exec/.test(said(ran)))) return unknown('absent', name);
  return ran;
};

export const insideOf = (
  a: { readonly dev?: Ran; readonly files?: Ran; readonly smi?: Ran; readonly cuda?: Ran },
  by: Inside['by'],
): Inside => {
  const how = by === 'exec' ? 'docker exec' : 'docker run';
  const dev = started(a.dev, `${how} … ls /dev`);
  const files = started(a.files, `${how} … ls -ld (driver files)`);
  const cuda = started(a.cuda, `${how} … python3 -c (cuInit)`);
  const smi: Inside['smi'] =
    a.smi === undefined
      ? unknown('unrecorded', `${how} … nvidia-smi -L (no container was started for it)`)
      : a.smi.kind !== 'exited' || isEngines(a.smi)
        ? unknown(a.smi.kind === 'exited' ? 'unreadable' : a.smi.kind, `${how} … nvidia-smi -L`)
        : { code: a.smi.code, says: said(a.smi).split('\n').slice(0, 3).join('\n') };
  return {
    asked: a.files !== undefined,
    by,
    nodes: 'unknown' in dev ? dev : dev.stdout.split(/\s+/).filter(n => /^(nvidia|dxg|nvmap|nvhost)/.test(n)),
    files:
      'unknown' in files
        ? files
        : new Map(
            files.stdout.split('\n').flatMap(l => {
              const path = DRIVER_FILES.find(p => new RegExp(`\\s${p.replaceAll('.', '\\.')}(\\s|$)`).test(l));
              return path === undefined ? [] : [[path, l[0]!] as const];
            }),
          ),
    smi,
    cuda: 'unknown' in cuda ? cuda : cudaIn(cuda, `${how} … python3 -c (cuInit)`),
  };
};

const cudaIn = (ran: Extract<Ran, { kind: 'exited' }>, name: string): Maybe<Cuda> => {
  const line = ran.stdout.split('\n').find(l => l.startsWith('{'));
  if (line === undefined) return unknown('unreadable', name);
  try {
    const o = record(JSON.parse(line));
    const number = (v: unknown) => (typeof v === 'number' ? v : null);
    const { init, count, get: _, load, from, torch_cuda, ...packages } = o;
    return {
      init: number(init),
      count: number(count),
      load: string(load) ?? '',
      from: string(from) ?? '',
      torchCuda: string(torch_cuda) ?? null,
      packages: Object.fromEntries(Object.entries(packages).filter(e => typeof e[1] === 'string')) as Record<
        string,
        string
      >,
    };
  } catch {
    return unknown('unreadable', name);
  }
};

export const isNotThere = (says: string): boolean => NOT_THERE.test(says);
