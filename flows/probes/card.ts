/** What nvidia-smi -q says of each card, the memory windows of those that do not start, and machines with a fabric. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, or, unknown } from '../../src/engine/known.ts';
import { list, mayLoad, probe, read, run } from '../../src/engine/probe.ts';
import { type Answers, names, text, word } from './answers.ts';
import type { NodeFacts } from './driver.ts';
import type { PciFacts, PciFunction } from './pci.ts';

export interface Card {
  /** "00000000:01:00.0", as nvidia-smi prints it. */
  readonly bus: string;
  /** A value by the names of the sections it stands in: "MIG Mode/Current". */
  readonly get: (path: string) => string | undefined;
}

const Q = 'nvidia-smi -q';

/** Blocks of indented "name : value" lines, one block a GPU. */
export const cardsOf = (log: string): readonly Card[] =>
  log
    .split(/^(?=GPU [\dA-Fa-f]{8}:)/m)
    .filter(block => block.startsWith('GPU '))
    .map(block => {
      const values = new Map<string, string>();
      const above: { readonly indent: number; readonly name: string }[] = [];
      for (const line of block.split('\n').slice(1)) {
        const indent = line.search(/\S/);
        if (indent < 0) continue;
        while (above.length > 0 && above.at(-1)!.indent >= indent) above.pop();
        const m = /^\s*(.*?)\s+:\s?(.*)$/.exec(line);
        const name = m ? m[1]! : line.trim();
        const path = [...above.map(s => s.name), name].join('/');
        if (m) values.set(path, m[2]!.trim());
        else above.push({ indent, name });
      }
      return { bus: /^GPU (\S+)/.exec(block)![1]!.toLowerCase(), get: path => values.get(path) };
    });

export const cards = probe({
  id: 'cards',
  looks: 'the settings of the cards',
  needs: () => ({ q: mayLoad('nvidia-smi', '-q') }),
  read: (a): Maybe<readonly Card[]> => {
    if (a.q.kind !== 'exited') return unknown(a.q.kind, Q);
    const found = cardsOf(a.q.stdout);
    return found.length > 0 ? found : unknown('unreadable', Q);
  },
});

type Pci = { readonly pci: PciFacts };
const resource = (address: string) => `/sys/bus/pci/devices/${address}/resource`;

/** Memory windows of each GPU that the firmware or the hypervisor left without an address. */
export const windows = probe({
  id: 'windows',
  looks: 'the memory windows of the cards',
  after: ['pci'],
  needs: ({ pci }: Pci) =>
    Object.fromEntries(or(pci.gpus, []).map(g => [g.address, read(resource(g.address))] as const)),
  read: (a): readonly { readonly path: string; readonly shows: string }[] =>
    Object.entries(a).flatMap(([address, found]) => {
      const path = resource(address);
      const table = or(text(found, path), '') ?? '';
      // Start 0 with an end above it is a size that got no place; all zeros is a window the card does not have.
      return table
        .split('\n')
        .slice(0, 6)
        .flatMap((line, i) =>
          /^0x0+ 0x0*[1-9a-f]/i.test(line) ? [{ path, shows: `BAR ${i} has no address (${line.trim()})` }] : [],
        );
    }),
});

export interface FabricFacts {
  /** NVSwitches on the bus or below /dev; null where there is no sign of a fabric. */
  readonly signs: readonly string[];
  readonly manager: Maybe<string>;
  /** Another copy runs, for instance in the driver container of the GPU Operator. */
  readonly runs: boolean;
  /** Whether the unit is installed: "loaded", "not-found". */
  readonly unit: Maybe<string>;
  readonly version: string | null;
  readonly journal: string;
  readonly imex: Maybe<string>;
  readonly imexChannels: Maybe<readonly string[] | null>;
}

type Seen = Pci & { readonly nodes: NodeFacts; readonly cards: Maybe<readonly Card[]> };
const fabricOf = (c: Card) => c.get('Fabric/State') ?? 'N/A';
/** Names of the switches where lspci has them, their numbers where it has not, their driver in any case. */
const isSwitch = (f: PciFunction) =>
  f.cls === '0680' && (/nvswitch|\[10de:(?:1ac[0-2]|1af1|22a3)\]/i.test(f.name) || f.driver === 'nvidia-nvswitch');
const signsOf = ({ pci, nodes, cards }: Seen): readonly string[] => [
  ...or(pci.functions, []).flatMap(f => (isSwitch(f) ? [f.shows] : [])),
  ...[...or(nodes.present, new Set<string>())].filter(n => n.startsWith('nvidia-nvswitch')).map(n => `/dev/${n}`),
  ...or(cards, [])
    .filter(c => fabricOf(c) !== 'N/A')
    .map(c => `GPU ${c.bus}: Fabric State ${fabricOf(c)}`),
];
const UNIT = 'nvidia-fabricmanager';

/** Asked only where something shows a fabric; other machines have none of these programs. */
export const fabric = probe({
  id: 'fabric',
  looks: 'the fabric of the cards',
  after: ['pci', 'nodes', 'cards'],
  needs: (known: Seen): Record<string, ReturnType<typeof run> | ReturnType<typeof list>> =>
    signsOf(known).length === 0
      ? {}
      : {
          manager: run('systemctl', 'is-active', UNIT),
          unit: run('systemctl', 'show', UNIT, '--property=LoadState'),
          pid: run('pidof', 'nv-fabricmanager'),
          version: run('nv-fabricmanager', '--version'),
          journal: run('journalctl', '-u', UNIT, '-b', '-n', '50', '--no-pager', '-o', 'cat'),
          imex: run('systemctl', 'is-active', 'nvidia-imex'),
          channels: list('/dev/nvidia-caps-imex-channels'),
        },
  read: (answers, known: Seen): FabricFacts => {
    const a: Answers = answers;
    const says = (key: string) => (a[key]?.kind === 'exited' ? a[key].stdout.trim() : '');
    const asked = (key: string, name: string) => (a[key] ? word(a[key], name) : unknown('unrecorded', name));
    const pid: Ran | undefined = a.pid;
    return {
      signs: signsOf(known),
      manager: asked('manager', `systemctl is-active ${UNIT}`),
      unit: /^LoadState=(\S+)$/m.exec(says('unit'))?.[1] ?? unknown('unrecorded', `systemctl show ${UNIT}`),
      runs: pid?.kind === 'exited' && pid.code === 0,
      version: /(\d{3,}\.\d+(?:\.\d+)?)/.exec(says('version'))?.[1] ?? null,
      journal: says('journal'),
      imex: asked('imex', 'systemctl is-active nvidia-imex'),
      imexChannels: a.channels
        ? names(a.channels, '/dev/nvidia-caps-imex-channels')
        : unknown('unrecorded', '/dev/nvidia-caps-imex-channels'),
    };
  },
});

/** What a card says that waits for the fabric, or was refused by it. */
export const unjoined = (c: Card): readonly string[] => {
  const [state, status] = [fabricOf(c), c.get('Fabric/Status') ?? 'N/A'];
  const isJoined = state === 'N/A' || (state === 'Completed' && ['Success', 'N/A'].includes(status));
  return isJoined ? [] : [`GPU ${c.bus}: Fabric State ${state}, Status ${status}`];
};

export const isFabricUp = (cards: Maybe<readonly Card[]>): boolean =>
  !isUnknown(cards) && cards.some(c => fabricOf(c) !== 'N/A') && cards.every(c => unjoined(c).length === 0);
