/** The Compose project of the named container: its files, its services and their containers, and the cards of this machine. */
import type { FileRead, Ran } from '../../src/box/box.ts';
import type { Choice, Chosen } from '../../src/engine/fix.ts';
import { read, run } from '../../src/engine/probe.ts';
import { record, string } from '../probes/answers.ts';
import type { Facts } from '../probes/index.ts';
import { hasMig } from '../probes/mig.ts';
import { containerOf } from '../probes/subject.ts';
import { FILE, rungIn } from '../rules/gpu-override.ts';
import type { Card, Picked, Rung } from '../rules/vm-ladder.ts';

export interface Project {
  readonly name: string;
  readonly service: string;
  readonly container: string;
  readonly image: string;
  readonly runs: boolean;
  /** The files that the container was made from, without ours. */
  readonly files: readonly string[];
  readonly override: string;
  /** Ours was among them. */
  readonly uses: boolean;
}

const filesIn = (label: string): readonly string[] => label.split(',').filter(p => p.startsWith('/'));
const isOurs = (path: string): boolean => path.endsWith(`/${FILE}`);

export const projectOf = (f: Facts): Project | null => {
  const c = containerOf(f.subjectRecord);
  const all = filesIn(c?.composeFiles ?? '');
  const files = all.filter(p => !isOurs(p));
  const first = files[0];
  if (c === null || c.service === '' || c.project === '' || first === undefined) return null;
  return {
    name: c.project,
    service: c.service,
    container: c.name,
    image: c.image,
    runs: c.status === 'running',
    files,
    override: `${first.slice(0, first.lastIndexOf('/'))}/${FILE}`,
    uses: all.length > files.length,
  };
};

export const compose = (p: Project, withOurs: boolean, ...words: readonly string[]): readonly [string, ...string[]] => [
  'docker',
  'compose',
  '--project-name',
  p.name,
  ...[...p.files, ...(withOurs ? [p.override] : [])].flatMap(file => ['-f', file]),
  ...words,
];

const LABEL = 'com.docker.compose';
const label = (key: string, name: string) => `"${key}":{{json (.Label "${LABEL}.${name}")}}`;
const ROW = `{"name":{{json .Names}},"image":{{json .Image}},"state":{{json .State}},${label('service', 'service')},${label('files', 'project.config_files')},${label('once', 'oneoff')}}`;

const information = (pci: string): string => `/proc/driver/nvidia/gpus/${pci}/information`;

/** What is asked before anybody can choose: the override of earlier, services, containers, and which node is which card. */
export const projectAsks = (f: Facts) => {
  const p = projectOf(f);
  const old = read(p?.override ?? `/${FILE}`);
  if (p === null) return { old };
  return {
    old,
    services: run(...compose(p, false, 'config', '--services')),
    containers: run(
      'docker',
      'ps',
      '-a',
      '--no-trunc',
      '--filter',
      `label=${LABEL}.project=${p.name}`,
      '--format',
      ROW,
    ),
    ...(f.smi.gpus.length > 1
      ? Object.fromEntries(f.smi.gpus.map(({ pci }) => [`card ${pci}`, read(information(pci))] as const))
      : {}),
  };
};
export type ProjectAnswers = Readonly<Record<string, FileRead | Ran>> & { readonly old: FileRead };

/** A service with its containers. */
export interface Seat {
  readonly service: string;
  readonly containers: readonly { readonly name: string; readonly image: string; readonly runs: boolean }[];
  /** They were made with our file. */
  readonly uses: boolean;
  readonly state: string;
}

const linesOf = (ran: FileRead | Ran | undefined): readonly string[] | null =>
  ran?.kind === 'exited' && ran.code === 0 ? ran.stdout.split('\n').filter(l => l.trim() !== '') : null;

/** Every service of the project; where its containers are not known, only that of the named one. */
export const seatsOf = (p: Project, a: ProjectAnswers): readonly Seat[] => {
  const named: Seat = {
    service: p.service,
    containers: [{ name: p.container, image: p.image, runs: p.runs }],
    uses: p.uses,
    state: p.runs ? 'running' : 'stopped',
  };
  const rows = linesOf(a.containers)?.flatMap(line => {
    try {
      const o = record(JSON.parse(line));
      const text = (key: string) => string(o[key]) ?? '';
      return text('service') === '' || text('once') === 'True'
        ? []
        : [{ text, uses: filesIn(text('files')).some(isOurs) }];
    } catch {
      return [];
    }
  });
  if (rows === undefined) return [named];
  const names = new Set([...(linesOf(a.services) ?? []), ...rows.map(r => r.text('service')), p.service]);
  return [...names].sort().map(service => {
    const mine = rows.filter(r => r.text('service') === service);
    if (mine.length === 0 && service === p.service) return named;
    const containers = mine.map(r => ({
      name: r.text('name'),
      image: r.text('image'),
      runs: r.text('state') === 'running',
    }));
    return {
      service,
      containers,
      uses: mine.length > 0 && mine.every(r => r.uses),
      state: containers.some(c => c.runs) ? 'running' : containers.length > 0 ? 'stopped' : 'no container',
    };
  });
};

type Known = Card & { readonly name: string; readonly uuid: string; readonly minor: number | null };

/**
 * The cards that can be asked for one by one on this rung; none where only all of them can: a divided card is asked for
 * by its instances, a spec may name no single card, and a node is only handed in where it is known whose it is.
 */
export const cardsFor = (rung: Rung, f: Facts, a: ProjectAnswers): readonly Known[] => {
  if (f.smi.gpus.length < 2 || hasMig(f.smi)) return [];
  const named = f.cdiSpecs.specs
    .filter(s => s.kind === 'nvidia.com/gpu' && s.fault === null)
    .flatMap(s => [...s.devices.keys()]);
  const cards = f.smi.gpus.flatMap(({ name, uuid, pci }, index): readonly Known[] => {
    const cdi = [String(index), uuid].find(n => named.includes(n));
    const shown = a[`card ${pci}`];
    const minor = shown?.kind === 'file' ? /^Device Minor:\s*(\d+)/m.exec(shown.text)?.[1] : undefined;
    if (rung === 'cdi' ? cdi === undefined : rung !== 'reservation' && minor === undefined) return [];
    return [{ index, cdi: cdi ?? String(index), name, uuid, minor: minor === undefined ? null : Number(minor) }];
  });
  return cards.length === f.smi.gpus.length ? cards : [];
};

/** Which services, and which cards; nothing is asked where there is one. */
export const projectChoices = (rung: Rung, f: Facts, a: ProjectAnswers): readonly Choice[] => {
  const p = projectOf(f);
  if (p === null) return [];
  const seats = seatsOf(p, a);
  const cards = cardsFor(rung, f, a);
  const old = a.old.kind === 'file' ? a.old.text : '';
  const services: Choice = {
    id: 'services',
    question: `Which services of ${p.name} shall have the GPU?`,
    many: true,
    initial: [p.service],
    options: seats.map(({ service, state }) => {
      const stands = rungIn(old, service);
      return {
        value: service,
        label: service,
        hint: stands === null ? state : `${state}, stands in the file (${stands})`,
      };
    }),
  };
  const gpus: Choice = {
    id: 'gpus',
    question: 'Which GPUs shall they have?',
    many: true,
    initial: cards.map(c => String(c.index)),
    options: cards.map(c => ({ value: String(c.index), label: `GPU ${c.index}`, hint: `${c.name}, ${c.uuid}` })),
  };
  return [...(seats.length > 1 ? [services] : []), ...(cards.length > 1 ? [gpus] : [])];
};

/** All cards are asked for as all of them, so that one that is added later is seen as well. */
export const pickedIn = (rung: Rung, f: Facts, p: Project, a: ProjectAnswers, chosen: Chosen): Picked => {
  const cards = cardsFor(rung, f, a);
  const some = cards.filter(c => chosen.gpus?.includes(String(c.index)));
  const folder = p.override.slice(0, -FILE.length);
  return {
    services: chosen.services ?? [p.service],
    files: p.files.map(path => (path.startsWith(folder) ? path.slice(folder.length) : path)),
    cards: some.length === 0 || some.length === cards.length ? null : some,
  };
};
