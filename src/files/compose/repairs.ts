/** Which small edits would mend a complaint about a service. Whether one of them holds is proven in repair.ts. */
import type { FormId } from '../../../flows/requests/forms.ts';
import type { Here } from '../here.ts';
import { workingForms } from '../here.ts';
import type { Value } from '../yaml-print.ts';
import type { Service } from './load.ts';
import { dropItem, dropKey, dropParts, putKeys, type Repair, setItems, setVariable } from './repair.ts';
import { type Asked, idsWanted, rawDevices, variablesOf, type WorkAround } from './requests.ts';
import { at, itemsOf, type Tree, textOf } from './tree.ts';

/** Cards that a menu offers by number; on a machine with more of them one takes all or decides by hand. */
const MOST_CARDS = 4;

/** The places where a request names its GPUs, and how a number is written there. */
const namesOf = (
  service: Service,
  a: Asked,
): { readonly key: string; readonly items: readonly Tree[]; readonly as: (id: string) => string } | null => {
  if (a.form === 'cdi') {
    const items = itemsOf(at(service.tree, 'devices')).filter(i => /nvidia\.com\/gpu=/.test(textOf(i) ?? ''));
    return items.length > 0 ? { key: 'devices', items, as: id => `nvidia.com/gpu=${id}` } : null;
  }
  if (a.form !== 'reservation' && a.form !== 'reservation-cdi') return null;
  const devices = itemsOf(at(service.tree, 'deploy', 'resources', 'reservations', 'devices'));
  const items = itemsOf(
    at(
      devices.find(d => d.spot.node === a.spot.node),
      'device_ids',
    ),
  );
  const isCdi = a.form === 'reservation-cdi';
  return items.length > 0
    ? { key: 'deploy', items, as: id => (isCdi && id.includes('/') === false ? `nvidia.com/gpu=${id}` : id) }
    : null;
};

/** The request with GPUs that are there: those of it that are, else each card, or all. */
export const renamed = (service: Service, a: Asked, wrong: readonly string[], here: Here): readonly Repair[] => {
  const right = idsWanted(a).filter(id => !wrong.includes(id));
  const cards = here.gpus.slice(0, MOST_CARDS).map((_, i) => String(i));
  const choices =
    right.length > 0 ? [right] : here.gpus.length > MOST_CARDS ? [['all']] : [...cards.map(c => [c]), ['all']];
  const written = namesOf(service, a);
  if (written !== null)
    return (
      choices
        // A list of ids holds the word all in CDI names only.
        .filter(c => written.as('0') !== '0' || c[0] !== 'all')
        .map(c => setItems(service, written.key, written.items, c.map(written.as)))
    );
  const variable = a.form === 'runtime' ? variablesOf(service, {}).get('NVIDIA_VISIBLE_DEVICES') : undefined;
  return variable === undefined ? [] : choices.flatMap(c => setVariable(service, variable, c.join(',')));
};

/** One work-around less; a GPU is still asked for. */
export const takenOut = (service: Service, w: WorkAround): readonly Repair[] => {
  if (w.what === 'privileged') return dropKey(service, 'privileged');
  if (w.what === 'mount') return droppedMount(service, w);
  if (w.what === 'devices') return [dropParts(service, 'devices', rawDevices(service, {})?.parts ?? [], w.text)];
  const key =
    w.what === 'cgroup-rule' ? 'device_cgroup_rules' : w.text.startsWith('cap_add') ? 'cap_add' : 'security_opt';
  return w.what === 'cgroup-rule' || w.what === 'security' ? [dropItem(service, key, w.spot, w.text)] : [];
};
export const droppedMount = (service: Service, w: WorkAround): readonly Repair[] => {
  const item = itemsOf(at(service.tree, 'volumes')).find(i => i.spot.node === w.spot.node);
  return item === undefined
    ? []
    : [dropItem(service, 'volumes', { ...item.spot, ...(item.slot && { slot: item.slot }) }, `the mount ${w.text}`)];
};

/** A request for these GPUs, in the forms that work here; the variable is put beside the runtime where it is not there. */
export const asking = (service: Service, value: string, here: Here): readonly Repair[] => {
  const names = value.split(',').map(v => v.trim());
  if (!names.every(n => /^(?:all|\d+)$/.test(n))) return [];
  const cdi = names.map(n => `nvidia.com/gpu=${n}`);
  const reserved = (device: Value): Readonly<Record<string, Value>> => ({
    deploy: { resources: { reservations: { devices: [device] } } },
  });
  const written: Readonly<Record<FormId, Readonly<Record<string, Value>>>> = {
    cdi: { devices: cdi },
    runtime: {
      runtime: 'nvidia',
      ...(variablesOf(service, {}).has('NVIDIA_VISIBLE_DEVICES')
        ? {}
        : { 'environment.NVIDIA_VISIBLE_DEVICES': value }),
    },
    'reservation-cdi': reserved({ driver: 'cdi', device_ids: cdi, capabilities: ['gpu'] }),
    reservation: reserved({
      driver: 'nvidia',
      ...(names.includes('all') ? { count: 'all' } : { device_ids: names }),
      capabilities: ['gpu'],
    }),
    gpus: { gpus: [names.includes('all') ? { count: 'all' } : { device_ids: names }] },
  };
  return workingForms(here).map(form => putKeys(service, `ask by ${form}`, written[form]));
};
