/** Every form in which a service asks for a GPU, and every work-around that stands in for asking. */
import type { FormId } from '../../../flows/requests/forms.ts';
import { type Env, filled, isVariable } from './interpolate.ts';
import type { Service } from './load.ts';
import { at, type Entry, entryAt, itemsOf, type Spot, type Tree, textOf, type Via, type Written } from './tree.ts';

/** Which GPUs: `open` is decided only when the service starts, by a variable. */
export type Wanted =
  | { readonly which: 'all' }
  | { readonly which: 'ids'; readonly ids: readonly string[] }
  | { readonly which: 'open'; readonly text: string; readonly usually: string | null };

/** What would have to go: an item of a list, or a key with its value. */
export type Part =
  | { readonly part: 'item'; readonly spot: Spot }
  | { readonly part: 'pair'; readonly written: Written };

export interface Asked {
  readonly form: FormId | 'raw';
  readonly wanted: Wanted;
  /** `capabilities` of a reservation, or the words of NVIDIA_DRIVER_CAPABILITIES. */
  readonly capabilities: readonly string[];
  readonly driver: string | null;
  /** The runtime is asked for CDI names. */
  readonly cdiNames: boolean;
  /** `options:` of a reservation, which only another reservation can hold. */
  readonly options: boolean;
  /** The driver is a variable, so that it may be another vendor's. */
  readonly open?: boolean;
  readonly spot: Spot;
  readonly via: readonly Via[];
  readonly parts: readonly Part[];
  /** The key of the service that holds it: deploy, devices, runtime, gpus. */
  readonly top: Entry;
  readonly key: string;
  /** Why Compose or Docker refuses it wherever it runs. */
  readonly wrong: string | null;
  /** As it stands there, short. */
  readonly text: string;
}

/** The ids that are asked for by name. */
export const idsWanted = (a: Asked): readonly string[] => (a.wanted.which === 'ids' ? a.wanted.ids : []);

export interface WorkAround {
  readonly what: 'privileged' | 'devices' | 'mount' | 'cgroup-rule' | 'variable' | 'security';
  readonly text: string;
  /** The file of the host that is mounted. */
  readonly source?: string;
  readonly spot: Spot;
  readonly via: readonly Via[];
}

export interface Variable {
  readonly name: string;
  /** As written, with its variables. */
  readonly raw: string;
  readonly value: string | null;
  readonly from: 'environment' | 'env_file';
  readonly path: string;
  readonly tree: Tree | null;
  readonly entry: Entry | null;
}

/** Variables of the service: `environment` wins over `env_file`, the later file over the earlier. */
export const variablesOf = (service: Service, env: Env): ReadonlyMap<string, Variable> => {
  const found = new Map<string, Variable>();
  for (const file of service.envFiles)
    for (const [name, value] of Object.entries(file.env))
      found.set(name, { name, raw: value, value, from: 'env_file', path: file.path, tree: null, entry: null });
  const listed = at(service.tree, 'environment');
  if (listed?.is === 'table')
    for (const [name, entry] of listed.entries) {
      const raw = textOf(entry.value);
      found.set(name, {
        name,
        raw: raw ?? '',
        // A name alone takes its value from the shell that starts Compose.
        value: raw === undefined ? null : filled(raw, env),
        from: 'environment',
        path: entry.value.spot.source.path,
        tree: entry.value,
        entry,
      });
    }
  return found;
};

const CDI_NAME = /^(?:[\w-]+\.)?nvidia\.com\/[\w-]+=.+$/;
const OURS = /^nvidia\.com\/gpu=(.+)$/;

const idsOf = (texts: readonly string[], env: Env): Wanted => {
  const ids: string[] = [];
  for (const text of texts) {
    const id = OURS.exec(text)?.[1];
    if (id === undefined) return { which: 'open', text, usually: filled(text, env) };
    ids.push(id);
  }
  return ids.includes('all') ? { which: 'all' } : { which: 'ids', ids };
};

/** The item as it stands in its list: an alias there goes, not what it means. */
const itemOf = (item: Tree): Part => ({ part: 'item', spot: { ...item.spot, node: item.slot ?? item.spot.node } });

const range = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i));

/** `driver` and `capabilities` decide whether an entry of a reservation is about an NVIDIA GPU. */
const isNvidia = (driver: string | null, capabilities: readonly string[], ids: readonly string[]): boolean =>
  driver === null || driver === ''
    ? capabilities.some(c => c === 'gpu' || c === 'nvidia')
    : /^nvidia(?:\.|$)/.test(driver) || (driver === 'cdi' && ids.every(id => CDI_NAME.test(id) || !id.includes('/')));

interface Read {
  readonly wanted: Wanted;
  readonly wrong: string | null;
}

/** @param given Compose fills capabilities in by itself, as for entries of `gpus:` */
const countAndIds = (item: Tree, driver: string | null, given: boolean, env: Env): Read => {
  const count = textOf(at(item, 'count'));
  const listed = at(item, 'device_ids');
  const ids = itemsOf(listed).map(i => textOf(i) ?? '');
  const capabilities = itemsOf(at(item, 'capabilities'));
  const cdi = driver === 'cdi';
  const wrong =
    count !== undefined && ids.length > 0
      ? 'count and device_ids exclude each other'
      : capabilities.length === 0 && !given
        ? 'capabilities: [gpu] is missing'
        : cdi && count !== undefined
          ? 'driver: cdi takes device_ids with full names and no count'
          : cdi && ids.some(id => !isVariable(id) && !/^[^/=]+\/[^/=]+=/.test(id))
            ? 'driver: cdi takes full names such as nvidia.com/gpu=0'
            : cdi && ids.length === 0
              ? 'driver: cdi needs device_ids: ["nvidia.com/gpu=all"]'
              : cdi && at(item, 'options') !== undefined
                ? 'driver: cdi takes no options'
                : itemsOf(listed).some(i => i.is === 'leaf' && typeof i.value === 'number')
                  ? `device_ids are text, so they stand in quotes: ${ids.map(id => `"${id}"`).join(', ')}`
                  : null;
  if (cdi) {
    // Bare ids are refused by Docker, and yet say what is meant.
    const full = ids.map(id => (/[/$]/.test(id) ? id : `nvidia.com/gpu=${id}`));
    return { wanted: ids.length === 0 ? { which: 'all' } : idsOf(full, env), wrong };
  }
  if (ids.length > 0) {
    // `--gpus` takes a CDI name too and hands it to the hook.
    if (ids.every(id => OURS.test(id))) return { wanted: idsOf(ids, env), wrong };
    return { wanted: ids.includes('all') ? { which: 'all' } : { which: 'ids', ids }, wrong };
  }
  if (count === undefined || count === 'all' || count === '-1') return { wanted: { which: 'all' }, wrong };
  if (isVariable(count)) return { wanted: { which: 'open', text: count, usually: filled(count, env) }, wrong };
  const n = Number(count);
  if (!Number.isInteger(n) || n < 1)
    return { wanted: { which: 'all' }, wrong: `count: ${count} is neither a number nor all` };
  return { wanted: { which: 'ids', ids: range(n) }, wrong };
};

const requestItem = (item: Tree, form: FormId, key: string, top: Entry, env: Env): Asked | null => {
  if (item.is !== 'table') return null;
  const written = textOf(at(item, 'driver')) ?? null;
  const driver = written === null ? null : (filled(written, env) ?? written);
  const capabilities = itemsOf(at(item, 'capabilities')).flatMap(c => textOf(c) ?? []);
  const ids = itemsOf(at(item, 'device_ids')).map(i => filled(textOf(i) ?? '', env) ?? '');
  if (!isNvidia(driver, key === 'gpus' && capabilities.length === 0 ? ['gpu'] : capabilities, ids)) return null;
  const read = countAndIds(item, driver, key === 'gpus', env);
  return {
    form: form === 'reservation' && driver === 'cdi' ? 'reservation-cdi' : form,
    wanted: read.wanted,
    capabilities,
    driver,
    cdiNames: false,
    options: at(item, 'options') !== undefined,
    open: written !== null && isVariable(written),
    spot: item.spot,
    via: item.via,
    parts: [itemOf(item)],
    top,
    key,
    wrong: read.wrong,
    text: `${driver === null ? 'no driver' : `driver: ${driver}`}${ids.length > 0 ? `, device_ids: ${ids.join(', ')}` : `, count: ${textOf(at(item, 'count')) ?? 'all'}`}`,
  };
};

const reservations = (service: Service, env: Env): readonly Asked[] => {
  const top = entryAt(service.tree, 'deploy');
  if (!top) return [];
  return itemsOf(at(top.value, 'resources', 'reservations', 'devices')).flatMap(
    item => requestItem(item, 'reservation', 'deploy', top, env) ?? [],
  );
};

const gpusKey = (service: Service, env: Env): readonly Asked[] => {
  const top = entryAt(service.tree, 'gpus');
  if (!top) return [];
  const pairs = top.written.map((written): Part => ({ part: 'pair', written }));
  const text = textOf(top.value);
  if (top.value.is === 'list') return top.value.items.flatMap(i => requestItem(i, 'gpus', 'gpus', top, env) ?? []);
  if (text === undefined) return [];
  return [
    {
      form: 'gpus',
      wanted: { which: 'all' },
      capabilities: [],
      driver: null,
      cdiNames: false,
      options: false,
      spot: top.value.spot,
      via: top.value.via,
      parts: pairs,
      top,
      key: 'gpus',
      wrong: filled(text, env) === 'all' || isVariable(text) ? null : `gpus takes a list or the word all, not ${text}`,
      text: `gpus: ${text}`,
    },
  ];
};

/** `/dev/nvidia0:/dev/nvidia0:rwm`, or the long form with source and target. */
export const deviceSource = (item: Tree): string | undefined => {
  const text = textOf(item);
  return text === undefined ? textOf(at(item, 'source')) : text;
};

const cdiDevices = (service: Service, env: Env): readonly Asked[] => {
  const top = entryAt(service.tree, 'devices');
  const items = itemsOf(top?.value).filter(item => CDI_NAME.test(filled(deviceSource(item) ?? '', env) ?? ''));
  const raw = itemsOf(top?.value).filter(item => OURS.test(deviceSource(item) ?? '') && !items.includes(item));
  const all = [...items, ...raw];
  const first = all[0];
  if (!top || !first) return [];
  const names = all.map(i => deviceSource(i) ?? '');
  return [
    {
      form: 'cdi',
      wanted: idsOf(names, env),
      capabilities: [],
      driver: null,
      cdiNames: false,
      options: false,
      spot: first.spot,
      via: first.via,
      parts: all.map(itemOf),
      top,
      key: 'devices',
      wrong: null,
      text: names.join(', '),
    },
  ];
};

const RUNTIME = /^nvidia(?:-(?:cdi|legacy|experimental))?$/;

const runtimeKey = (service: Service, env: Env): readonly Asked[] => {
  const top = entryAt(service.tree, 'runtime');
  const named = filled(textOf(top?.value) ?? '', env);
  if (!top || named === null || !RUNTIME.test(named)) return [];
  const variables = variablesOf(service, env);
  const devices = variables.get('NVIDIA_VISIBLE_DEVICES');
  const words =
    variables
      .get('NVIDIA_DRIVER_CAPABILITIES')
      ?.value?.split(/[\s,]+/)
      .filter(Boolean) ?? [];
  const names = (devices?.value ?? '').split(',').map(v => v.trim());
  const cdiNames = names.length > 0 && names.every(n => CDI_NAME.test(n));
  const wanted: Wanted =
    devices === undefined
      ? { which: 'ids', ids: [] }
      : devices.value === null || isVariable(devices.raw)
        ? { which: 'open', text: devices.raw, usually: devices.value }
        : names.includes('all') || names.some(n => n === 'nvidia.com/gpu=all')
          ? { which: 'all' }
          : ['', 'void', 'none'].includes(devices.value)
            ? { which: 'ids', ids: [] }
            : { which: 'ids', ids: names.map(n => OURS.exec(n)?.[1] ?? n) };
  const pairs = top.written.map((written): Part => ({ part: 'pair', written }));
  return [
    {
      form: 'runtime',
      wanted,
      capabilities: words,
      driver: null,
      cdiNames,
      options: false,
      spot: top.value.spot,
      via: top.value.via,
      parts: [...pairs, ...(devices ? partsOfVariable(devices) : [])],
      top,
      key: 'runtime',
      wrong: null,
      text: `runtime: ${named}${devices === undefined ? '' : `, NVIDIA_VISIBLE_DEVICES=${devices.raw}`}`,
    },
  ];
};

/** A variable of an env_file stays where it is: other services may read that file. */
export const partsOfVariable = (v: Variable): readonly Part[] =>
  v.entry === null || v.tree === null
    ? []
    : v.entry.written.length > 0
      ? v.entry.written.map(written => ({ part: 'pair', written }))
      : [itemOf(v.tree)];

const RAW_NODE = /^\/dev\/nvidia(?:\d+|ctl|-uvm|-uvm-tools|-modeset|-caps\S*)?(?::|$)|^\/dev\/dxg(?::|$)/;

/** Nodes of the GPU handed over by hand. */
export const rawDevices = (service: Service, env: Env): Asked | null => {
  const top = entryAt(service.tree, 'devices');
  const items = itemsOf(top?.value).filter(i => RAW_NODE.test(filled(deviceSource(i) ?? '', env) ?? ''));
  const first = items[0];
  if (!top || !first) return null;
  const minors = items.flatMap(i => /^\/dev\/nvidia(\d+)/.exec(deviceSource(i) ?? '')?.[1] ?? []);
  return {
    form: 'raw',
    wanted: minors.length > 0 ? { which: 'ids', ids: minors } : { which: 'all' },
    capabilities: [],
    driver: null,
    cdiNames: false,
    options: false,
    spot: first.spot,
    via: first.via,
    parts: items.map(itemOf),
    top,
    key: 'devices',
    wrong: null,
    text: items.map(i => deviceSource(i)).join(', '),
  };
};

/** The mechanisms that a service uses, each once. */
export const requestsOf = (service: Service, env: Env): readonly Asked[] => [
  ...runtimeKey(service, env),
  ...reservations(service, env),
  ...cdiDevices(service, env),
  ...gpusKey(service, env),
];
