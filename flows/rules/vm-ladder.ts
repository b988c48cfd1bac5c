/**
 * The ladder of seed 2, from the least to the most: a CDI request, a reservation, explicit nodes, and the seed's whole
 * override with privileged: true. A pure function makes the text of each rung for one machine.
 */
import { isUnknown, or } from '../../src/engine/known.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { containerOf } from '../probes/subject.ts';
import { keyOf, NOTHING, type Ours, withEntries } from './gpu-override.ts';

export const rungs = ['cdi', 'reservation', 'nodes', 'privileged'] as const;
export type Rung = (typeof rungs)[number];

/** A card as it is asked for. */
export interface Card {
  /** As nvidia-smi counts. */
  readonly index: number;
  /** Behind nvidia.com/gpu=. */
  readonly cdi: string;
}

export interface Override {
  /** Names of services of the project. */
  readonly services: readonly string[];
  /** The project's own files, as a command in its folder names them. */
  readonly files: readonly string[];
  /** The GPUs to hand in; null for all of them. */
  readonly gpus: readonly Card[] | null;
  /** Nodes that exist on this machine, with /dev/ in front. */
  readonly nodes: readonly string[];
  /** Version of the loaded driver. */
  readonly driver: string | null;
  /** Library of the driver on this host to the name that programs look for. */
  readonly libraries: readonly (readonly [host: string, inside: string])[];
  /** Services that are privileged now and shall not be; a smaller rung has to say so. */
  readonly freed: readonly string[];
}

const COMMON = ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-modeset'] as const;

/** The nodes of these cards, by their minor numbers, that are there; never the folder /dev/nvidia-caps, which is no device. */
export const nodesFor = (present: ReadonlySet<string>, minors: readonly number[] | null): readonly string[] => {
  const cards = [...present]
    .flatMap(n => /^nvidia(\d+)$/.exec(n)?.[1] ?? [])
    .map(Number)
    .filter(n => minors === null || minors.includes(n))
    .sort((a, b) => a - b);
  return [...cards.map(n => `/dev/nvidia${n}`), ...COMMON.filter(n => present.has(n)).map(n => `/dev/${n}`)];
};

const list = (indent: number, items: readonly string[]): string =>
  items.map(i => `${' '.repeat(indent)}- ${i}\n`).join('');
const visible = (gpus: Override['gpus']): string => (gpus === null ? 'all' : gpus.map(g => g.index).join(','));
const reservation = (lines: readonly string[]): string =>
  `    deploy:\n      resources:\n        reservations:\n          devices:\n${lines.map((l, i) => `            ${i === 0 ? '- ' : '  '}${l}\n`).join('')}`;
const byRuntime = (o: Override): string =>
  `    runtime: nvidia\n    environment:\n      NVIDIA_VISIBLE_DEVICES: "${visible(o.gpus)}"\n      NVIDIA_DRIVER_CAPABILITIES: compute,utility\n`;
const byNode = (o: Override): string =>
  `    devices:\n${list(
    6,
    o.nodes.map(n => `${n}:${n}`),
  )}`;

const body: Readonly<Record<Rung, (o: Override) => string>> = {
  cdi: o =>
    reservation([
      'driver: cdi',
      `device_ids: [${(o.gpus === null ? ['all'] : o.gpus.map(g => g.cdi)).map(g => `"nvidia.com/gpu=${g}"`).join(', ')}]`,
      'capabilities: [gpu]',
    ]),
  reservation: o =>
    reservation([
      'driver: nvidia',
      o.gpus === null ? 'count: all' : `device_ids: [${o.gpus.map(g => `"${g.index}"`).join(', ')}]`,
      'capabilities: [gpu]',
    ]),
  nodes: o => byRuntime(o) + byNode(o),
  privileged: o =>
    `    privileged: true\n${byRuntime(o)}${byNode(o)}${
      o.libraries.length > 0
        ? `    volumes:\n${list(
            6,
            o.libraries.map(([host, inside]) => `${host}:${inside}:ro`),
          )}`
        : ''
    }`,
};

/** What each rung costs, in words that stand in the file as well. */
export const price: Readonly<Record<Rung, readonly string[]>> = {
  cdi: ['Docker takes nodes and libraries from the spec of this host.'],
  reservation: ['What docker run --gpus does; the toolkit brings nodes and libraries.'],
  nodes: [
    'The nvidia runtime and, on top, each node by hand: two ways for one thing.',
    'A new card is not seen; somebody has to keep the list.',
  ],
  privileged: [
    'THE PRICE: a privileged container owns this host. It may load modules,',
    'read every disk and see every device. The libraries are of one driver',
    'version: after the next update they are wrong, and Docker makes empty',
    'folders of their names. A virtual machine does not need this: inside it',
    'the card is an ordinary device. When it is no longer needed,',
    'gpumedic check --container NAME says so; then go back to the first rung.',
  ],
};

const SEES_ALL = 'It sees every card all the same; CUDA_VISIBLE_DEVICES keeps CUDA to some.';

const entryOf = (rung: Rung, o: Override, service: string): string => {
  const about = [
    `Rung ${rungs.indexOf(rung) + 1} of ${rungs.length} (${rung})${o.driver ? `, driver ${o.driver}` : ''}.`,
    ...price[rung],
    ...(rung === 'privileged' && o.gpus !== null ? [SEES_ALL] : []),
  ];
  const off = o.freed.includes(service) && rung !== 'privileged' ? '    privileged: false\n' : '';
  return `${about.map(l => `  # ${l}\n`).join('')}  ${keyOf(service)}:\n${off}${body[rung](o)}`;
};

/** docker-compose.gpu.yml with these services of this machine on the rung; every other entry of `ours` stays as it is. */
export const overrideText = (rung: Rung, o: Override, ours: Ours = NOTHING): string =>
  withEntries(
    ours,
    o.services.map(service => ({ service, text: entryOf(rung, o, service) })),
    o.files,
  );

type LadderFacts = Pick<Facts, 'docker' | 'cdiSpecs' | 'toolkit' | 'nodes' | 'libraries' | 'driver' | 'subjectRecord'>;

/** Rungs that can work on this machine at all. */
export const usable = (f: LadderFacts): readonly Rung[] => {
  const info = daemonOf(f.docker);
  const cdi =
    (info?.cdiSpecDirs.some(d => d !== '') ?? false) &&
    f.cdiSpecs.specs.some(s => s.kind === 'nvidia.com/gpu' && s.fault === null && s.devices.has('all'));
  const hook = or(f.toolkit.programs, null)?.['nvidia-container-runtime-hook'] != null;
  const runtime = info?.runtimes.nvidia !== undefined;
  const nodes = nodesFor(or(f.nodes.present, new Set<string>()), null).length > 1 && runtime;
  return rungs.filter(r => (r === 'cdi' ? cdi : r === 'reservation' ? hook : nodes));
};

/** How the named container asks now, as a rung; null where it does not ask. */
export const rungOf = (f: LadderFacts): Rung | null => {
  const c = containerOf(f.subjectRecord);
  if (c === null) return null;
  if (c.privileged) return 'privileged';
  if (c.devices.some(d => /^\/dev\/nvidia(\d+|ctl)$/.test(d))) return 'nodes';
  if (c.requests.some(r => r.driver === 'cdi') || c.devices.some(d => d.startsWith('nvidia.com/'))) return 'cdi';
  return c.requests.length > 0 ? 'reservation' : null;
};

/** The one rung to try now: the first where nothing was asked, else the next after the one that stands and fails. */
export const nextRung = (f: LadderFacts, back: boolean): Rung | null => {
  const can = usable(f);
  const now = rungOf(f);
  if (now === null || back) return can.find(r => r !== 'privileged') ?? null;
  return can.find(r => rungs.indexOf(r) > rungs.indexOf(now)) ?? null;
};

/** What is picked: services of the project, and cards with the minor numbers of their nodes; null for all cards. */
export interface Picked {
  readonly services: readonly string[];
  readonly files: readonly string[];
  readonly cards: readonly (Card & { readonly minor: number | null })[] | null;
}

/** What the text is made of, from the facts of this machine, the named container and what was picked. */
export const overrideOf = (f: LadderFacts, { services, files, cards }: Picked): Override => {
  const c = containerOf(f.subjectRecord);
  const driver = or(f.driver.loaded, null);
  const onDisk = isUnknown(f.libraries.onDisk) ? new Map<string, string>() : f.libraries.onDisk;
  const present = or(f.nodes.present, new Set<string>());
  return {
    services,
    files,
    gpus: cards,
    nodes: nodesFor(present, cards?.flatMap(g => g.minor ?? []) ?? null),
    driver,
    libraries: ['libnvidia-ml.so', 'libcuda.so'].flatMap(lib => {
      const path = onDisk.get(`${lib}.${driver}`);
      return path === undefined ? [] : [[path, `${path.slice(0, path.lastIndexOf('/'))}/${lib}.1`] as const];
    }),
    freed: c?.privileged === true ? [c.service] : [],
  };
};

/** Asks the driver and whatever framework the image has; tells a full card from a missing one. */
export const VERIFY = `import ctypes, importlib.util as u
try:
    print("cuInit", ctypes.CDLL("libcuda.so.1").cuInit(0), "(0 is good)")
except OSError as e:
    print("no driver library:", e)
def tried(name, work):
    if u.find_spec(name) is None: return
    try:
        print(name, work())
    except Exception as e:
        full = "out of memory" in str(e).lower()
        print(name, "the GPU is found and its memory is full" if full else "failed:", "" if full else e)
def torch():
    import torch as t
    if not t.cuda.is_available(): return "finds no GPU"
    x = t.ones(64, 64, device="cuda")
    return t.cuda.get_device_name(0) + " computes " + str(float((x @ x).sum()))
def tensorflow():
    import tensorflow as t
    return [g.name for g in t.config.list_physical_devices("GPU")] or "finds no GPU"
def jax():
    import jax as j
    return [str(d) for d in j.devices() if d.platform != "cpu"] or "finds no GPU"
for n, w in (("torch", torch), ("tensorflow", tensorflow), ("jax", jax)): tried(n, w)
`;
