/** Which GPUs several requests mean together, and the same written in another form. */
import { composeSince, defaultCapabilities, type FormId } from '../../../flows/requests/forms.ts';
import { atLeast } from '../../../flows/rules/version.ts';
import { Refused } from '../spans.ts';
import type { Value } from '../yaml-print.ts';
import { isVariable } from './interpolate.ts';
import type { Asked, Wanted } from './requests.ts';

/** For comparing: sorted ids, or the word. */
export const keyOf = (wanted: Wanted): string =>
  wanted.which === 'all' ? 'all' : wanted.which === 'open' ? wanted.text : [...new Set(wanted.ids)].sort().join(',');

export const inWords = (wanted: Wanted): string =>
  wanted.which === 'all'
    ? 'all GPUs'
    : wanted.which === 'open'
      ? wanted.text === ''
        ? 'what the shell says'
        : wanted.text
      : wanted.ids.length === 0
        ? 'no GPU'
        : `GPU ${wanted.ids.join(', ')}`;

/** The runtime without its variable asks for nothing by itself; beside another request it only carries it out. */
const speaks = (a: Asked): boolean => a.form !== 'runtime' || a.wanted.which !== 'ids' || a.wanted.ids.length > 0;

/** What all of them mean. Throws Refused where they contradict each other. */
export const together = (asked: readonly Asked[]): Wanted => {
  const speaking = asked.filter(speaks);
  const first = speaking[0];
  if (!first) return { which: 'all' };
  const forms = Map.groupBy(speaking, a => a.form);
  const each = [...forms.values()].map((same): Wanted => {
    const [one, ...more] = same.map(a => a.wanted);
    if (!one || more.length === 0) return one ?? { which: 'all' };
    if (same.some(a => a.wanted.which === 'open'))
      throw new Refused('two requests stand side by side and one is a variable');
    if (same.some(a => a.wanted.which === 'all')) return { which: 'all' };
    return { which: 'ids', ids: [...new Set(same.flatMap(a => (a.wanted.which === 'ids' ? a.wanted.ids : [])))] };
  });
  const [one, ...more] = each;
  for (const other of more)
    if (one && keyOf(other) !== keyOf(one))
      throw new Refused(`the requests contradict each other: ${inWords(one)} and ${inWords(other)}`);
  return one ?? { which: 'all' };
};

/** Capabilities beyond what everything brings by itself, in the order written. */
export const extraCapabilities = (asked: readonly Asked[]): readonly string[] => [
  ...new Set(asked.flatMap(a => a.capabilities).filter(c => c !== 'gpu' && c !== 'nvidia')),
];

const isDefault = (words: readonly string[]): boolean =>
  words.length === 0 || [...words].sort().join() === [...defaultCapabilities].sort().join();

/** A reservation's capabilities: those that were asked for, or gpu alone. */
const capabilitiesOf = (asked: readonly Asked[]): readonly string[] => {
  const extra = extraCapabilities(asked);
  return ['gpu', ...(isDefault(extra) && asked.every(a => a.form === 'runtime') ? [] : extra)];
};

const names = (wanted: Wanted): readonly string[] => {
  if (wanted.which === 'all') return ['nvidia.com/gpu=all'];
  if (wanted.which === 'ids') return wanted.ids.map(id => `nvidia.com/gpu=${id}`);
  throw new Refused(
    `which GPUs are meant is decided by a variable (${wanted.text || 'taken from the shell'}) that may hold something else than one CDI name`,
  );
};

const isFirst = (ids: readonly string[]): boolean => ids.every((id, i) => id === String(i));

const countOrIds = (wanted: Wanted, asked: readonly Asked[]): { [key: string]: Value } => {
  if (wanted.which === 'all') return { count: 'all' };
  if (wanted.which === 'open') {
    if (asked.every(a => a.form === 'reservation' || a.form === 'gpus')) return { count: wanted.text };
    throw new Refused(`which GPUs are meant is decided by a variable (${wanted.text})`);
  }
  const counted = asked.length > 0 && asked.every(a => /count/.test(a.text)) && isFirst(wanted.ids);
  return counted ? { count: wanted.ids.length } : { device_ids: wanted.ids };
};

/** A value of NVIDIA_VISIBLE_DEVICES. */
export const visibleDevices = (wanted: Wanted): string => {
  if (wanted.which === 'all') return 'all';
  if (wanted.which === 'ids') return wanted.ids.join(',');
  throw new Refused(`which GPUs are meant is decided by a variable (${wanted.text})`);
};

export interface Wish {
  /** Items for `devices:`. */
  readonly devices?: readonly string[];
  /** An item for deploy.resources.reservations.devices. */
  readonly reservation?: { readonly [key: string]: Value };
  readonly gpus?: Value;
  readonly runtime?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What has to stand in the service for this form. Throws Refused. */
export const wishOf = (to: FormId, wanted: Wanted, asked: readonly Asked[], compose: string | null): Wish => {
  if (asked.some(a => a.options) && to !== 'reservation' && to !== 'gpus')
    throw new Refused('the reservation has options, which no other form can hold');
  if (wanted.which === 'ids' && wanted.ids.length === 0) throw new Refused('no GPU is asked for');
  const bad = wanted.which === 'ids' ? wanted.ids.find(id => !isVariable(id) && !/^[\w.:-]+$/.test(id)) : undefined;
  if (bad !== undefined) throw new Refused(`${bad} is no name of a GPU`);
  switch (to) {
    case 'cdi':
      return {
        devices:
          wanted.which === 'open' && asked.every(a => a.form === 'reservation-cdi') ? [wanted.text] : names(wanted),
      };
    case 'reservation-cdi':
      return {
        reservation: {
          driver: 'cdi',
          device_ids: wanted.which === 'open' && asked.every(a => a.form === 'cdi') ? [wanted.text] : names(wanted),
          capabilities: capabilitiesOf(asked),
        },
      };
    case 'reservation':
      return { reservation: { driver: 'nvidia', ...countOrIds(wanted, asked), capabilities: capabilitiesOf(asked) } };
    case 'gpus': {
      const extra = extraCapabilities(asked);
      const isPlain = wanted.which === 'all' && isDefault(extra);
      if (isPlain && (compose === null || atLeast(compose, composeSince.gpusAll))) return { gpus: 'all' };
      return {
        gpus: [
          {
            driver: 'nvidia',
            ...countOrIds(wanted, asked),
            ...(isDefault(extra) ? {} : { capabilities: ['gpu', ...extra] }),
          },
        ],
      };
    }
    case 'runtime': {
      const extra = extraCapabilities(asked);
      return {
        runtime: 'nvidia',
        environment: {
          NVIDIA_VISIBLE_DEVICES: visibleDevices(wanted),
          ...(isDefault(extra) ? {} : { NVIDIA_DRIVER_CAPABILITIES: extra.join(',') }),
        },
      };
    }
  }
};
