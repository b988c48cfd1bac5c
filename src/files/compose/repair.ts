/**
 * Small edits for complaints that no other form of request mends: an item or a variable taken out, a word set. Each is
 * proven: the files are read again, the complaint is gone, no new one has come, and everything else is what it was.
 */
import type { Node } from 'yaml';
import { sameValue } from '../../text/edit.ts';
import type { Fetch } from '../finding.ts';
import { Refused } from '../spans.ts';
import { isMap } from '../yaml.ts';
import type { Value } from '../yaml-print.ts';
import { frameOf, plain, sameComments } from './check.ts';
import type { Complaint } from './judge.ts';
import { loadProject, type Project, type Read, type Service } from './load.ts';
import { type Part, partsOfVariable, type Variable } from './requests.ts';
import type { FileEdit } from './rewrite.ts';
import { pen, setScalar } from './strategies.ts';
import { entryAt, type Spot, type Tree } from './tree.ts';

type Change =
  | { readonly do: 'drop'; readonly parts: readonly Part[] }
  | { readonly do: 'set'; readonly spot: Spot; readonly to: string }
  | { readonly do: 'put'; readonly key: string; readonly value: Value };

export interface Repair {
  readonly title: string;
  readonly changes: readonly Change[];
  /** Keys of the service that may differ afterwards. */
  readonly keys: readonly string[];
  readonly fetch?: Fetch;
}

const ENVIRONMENT = ['environment'] as const;

export const dropVariable = (service: Service, v: Variable): readonly Repair[] => {
  const parts = partsOfVariable(v);
  return parts.length === 0
    ? []
    : [
        {
          title: `${service.name}: take ${v.name} out`,
          changes: [{ do: 'drop', parts }],
          keys: ENVIRONMENT,
        },
      ];
};

/** A variable of `environment`; one of an env_file is left alone, since other services may read that file. */
export const setVariable = (service: Service, v: Variable, to: string): readonly Repair[] =>
  v.tree === null || v.entry === null
    ? []
    : [
        {
          title: `${service.name}: ${v.name}=${to}`,
          changes: [{ do: 'set', spot: v.tree.spot, to: v.entry.written.length > 0 ? to : `${v.name}=${to}` }],
          keys: ENVIRONMENT,
        },
      ];

/** Another word for a key that is there. */
export const setKey = (service: Service, key: string, spot: Spot, to: string, title: string): Repair => ({
  title: `${service.name}: ${title}`,
  changes: [{ do: 'set', spot, to }],
  keys: [key],
});

/** The items of lists that say one thing, each set to another word. */
export const setItems = (service: Service, key: string, items: readonly Tree[], to: readonly string[]): Repair => ({
  title: `${service.name}: ask for ${to.join(', ')}`,
  changes: items.flatMap((item, i): Change[] => {
    const word = to[i];
    return word === undefined
      ? [{ do: 'drop', parts: [{ part: 'item', spot: { ...item.spot, node: item.slot ?? item.spot.node } }] }]
      : [{ do: 'set', spot: item.spot, to: word }];
  }),
  keys: [key],
});

export const dropItem = (
  service: Service,
  key: string,
  item: Spot & { readonly slot?: Node },
  what: string,
): Repair => ({
  title: `${service.name}: take ${what} out`,
  changes: [{ do: 'drop', parts: [{ part: 'item', spot: { ...item, node: item.slot ?? item.node } }] }],
  keys: [key],
});

export const dropParts = (service: Service, key: string, parts: readonly Part[], what: string): Repair => ({
  title: `${service.name}: take ${what} out`,
  changes: [{ do: 'drop', parts }],
  keys: [key],
});

export const dropKey = (service: Service, key: string): readonly Repair[] => {
  const written = entryAt(service.tree, key)?.written ?? [];
  return written.length === 0
    ? []
    : [
        {
          title: `${service.name}: take ${key} out`,
          changes: [{ do: 'drop', parts: written.map((w): Part => ({ part: 'pair', written: w })) }],
          keys: [key],
        },
      ];
};

/** Puts keys into a service; `environment.NAME` puts one variable. */
export const putKeys = (service: Service, title: string, values: Readonly<Record<string, Value>>): Repair => ({
  title: `${service.name}: ${title}`,
  changes: Object.entries(values).map(([key, value]) => ({ do: 'put', key, value })),
  keys: Object.keys(values).map(key => key.replace(/\..*/, '')),
});

export const putVariable = (service: Service, name: string, value: string): Repair =>
  putKeys(service, `${name}=${value}`, { [`environment.${name}`]: value });

const carryOut = (service: Service, repair: Repair): ReadonlyMap<string, string> => {
  const p = pen();
  for (const change of repair.changes) {
    if (change.do === 'set') setScalar(p.on(change.spot), change.spot.node as Node, change.to);
    else if (change.do === 'drop')
      for (const part of change.parts) {
        if (part.part === 'item') p.on(part.spot).dropItem(part.spot.node as Node);
        else p.on(part.written).dropPair(part.written.map, part.written.pair);
      }
    else put(p, service, change.key, change.value);
  }
  return p.texts();
};

const put = (p: ReturnType<typeof pen>, service: Service, path: string, value: Value): void => {
  const { node } = service.tree.spot;
  if (!isMap(node)) throw new Refused('the service is no mapping of its own');
  const e = p.on(service.tree.spot);
  const [key = '', name] = path.split('.');
  const entry = entryAt(service.tree, key);
  e.keep(node);
  if (entry === undefined) e.putPair(node, null, key, name === undefined ? value : { [name]: String(value) });
  else if (name === undefined) throw new Refused(`${key} is there already`);
  else {
    const home = entry.value.spot.node;
    if (isMap(home)) e.putPair(home, null, name, String(value));
    else if (entry.value.is === 'table' || entry.value.is === 'list') e.putItem(home as never, `${name}=${value}`);
    else throw new Refused(`${key} is written in a way that is not edited`);
  }
};

const without = (service: Service, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(plain(service) as object).filter(([key]) => !keys.includes(key)));

/** Why the repair is not right; null where it is proven. */
const wrong = (before: Project, after: Project, service: string, keys: readonly string[]): string | null => {
  const [fault] = after.faults;
  if (fault) return `the file would not parse any more: ${fault.fault.message}`;
  for (const [path, source] of before.sources) {
    const now = after.sources.get(path);
    if (!now) return `${path} would not be read any more`;
    if (!sameComments(source.text, now.text)) return 'a comment would be lost';
    if (!sameValue(frameOf(before, path), frameOf(after, path))) return 'something outside the services would change';
  }
  if (before.services.size !== after.services.size) return 'a service would come or go';
  for (const [name, old] of before.services) {
    const now = after.services.get(name);
    if (!now) return `the service ${name} would be gone`;
    const spared = name === service ? keys : [];
    if (!sameValue(without(old, spared), without(now, spared))) return `something else of ${name} would change`;
  }
  return null;
};

/** The edit that a repair comes to; null where it cannot be proven, or would touch more than one file. `project` holds its tokens. */
export const editFor = async (
  read: Read,
  project: Project,
  complaint: Complaint,
  repair: Repair,
  judge: (project: Project) => readonly Complaint[],
): Promise<FileEdit | null> => {
  const service = project.services.get(complaint.service);
  if (!service) return null;
  let texts: ReadonlyMap<string, string>;
  try {
    texts = carryOut(service, repair);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
  const [[path, after] = ['', '']] = texts;
  const before = project.sources.get(path)?.text;
  if (texts.size !== 1 || before === undefined || before === after) return null;
  const then = await loadProject(async at => (at === path ? { kind: 'file', text: after } : read(at)), project.layers);
  if (wrong(project, then, complaint.service, repair.keys) !== null) return null;
  const [was, is] = [judge(project), judge(then)];
  // Of several things that are piled up one goes at a time: what is left says so in other words.
  if (is.some(c => c.service === complaint.service && c.id === complaint.id && c.message === complaint.message))
    return null;
  const count = (all: readonly Complaint[], c: Complaint): number =>
    all.filter(x => x.service === c.service && x.id === c.id).length;
  if (is.some(c => c.severity === 'fault' && count(is, c) > count(was, c))) return null;
  return { path, before, after };
};
