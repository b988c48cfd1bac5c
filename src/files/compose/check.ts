/** After a rewrite: is everything but the request what it was? */
import type { FormId } from '../../../flows/requests/forms.ts';
import { isTable, sameValue } from '../../text/edit.ts';
import { commentsOf, plainDoc } from '../yaml.ts';
import type { Project, Service } from './load.ts';
import { requestsOf } from './requests.ts';
import { plainOf } from './tree.ts';
import { keyOf, together } from './wanted.ts';

type Plain = { readonly [key: string]: unknown };

const isOurs = (item: unknown): boolean => {
  if (!isTable(item)) return false;
  const driver = item.driver;
  if (driver === 'cdi') {
    const ids = Array.isArray(item.device_ids) ? item.device_ids.map(String) : [];
    return ids.every(id => id.includes('nvidia.com/') || id.includes('${') || !id.includes('/'));
  }
  const capabilities = Array.isArray(item.capabilities) ? item.capabilities : [];
  return driver === undefined || driver === null || driver === ''
    ? capabilities.some(c => c === 'gpu' || c === 'nvidia')
    : /^nvidia(?:\.|$)/.test(String(driver));
};
const isGpuDevice = (item: unknown, raw: boolean): boolean => {
  const text = String(isTable(item) ? item.source : item);
  return /nvidia\.com\/gpu=/.test(text) || (raw && /^\/dev\/(?:nvidia|dxg)/.test(text));
};

const without = (table: Plain, key: string): Plain =>
  Object.fromEntries(Object.entries(table).filter(([k]) => k !== key));
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (isTable(value) && Object.keys(value).length === 0);

/** `deploy: {}` and a missing `deploy` mean the same. */
const dropEmpty = (table: Plain, key: string): Plain => (isEmpty(table[key]) ? without(table, key) : table);

const within = (table: Plain, path: readonly string[], change: (value: unknown) => unknown): Plain => {
  const [key = '', ...rest] = path;
  if (!Object.hasOwn(table, key)) return table;
  const value = table[key];
  const next = rest.length === 0 ? change(value) : isTable(value) ? within(value, rest, change) : value;
  return dropEmpty({ ...table, [key]: next }, key);
};

/** A service without its request, for comparing. */
export const restOf = (service: Plain, raw: boolean, variables: readonly string[], runtime = false): Plain => {
  const list = (keep: (item: unknown) => boolean) => (value: unknown) =>
    Array.isArray(value) ? value.filter(keep) : value;
  let rest = within(
    service,
    ['deploy', 'resources', 'reservations', 'devices'],
    list(i => !isOurs(i)),
  );
  rest = within(
    rest,
    ['devices'],
    list(i => !isGpuDevice(i, raw)),
  );
  rest = within(rest, ['gpus'], value =>
    Array.isArray(value) ? value.filter(i => !isOurs({ capabilities: ['gpu'], ...(isTable(i) ? i : {}) })) : null,
  );
  if (runtime || /^nvidia/.test(String(rest.runtime ?? ''))) rest = without(rest, 'runtime');
  return within(rest, ['environment'], value =>
    isTable(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !variables.includes(name))) : value,
  );
};

export const plain = (service: Service): Plain => plainOf(service.tree) as Plain;

/** An empty list of devices switches off what would be inherited; it asks for nothing. */
const hollow = (service: Plain): Plain => dropEmpty(dropEmpty(service, 'devices'), 'gpus');

export const sameComments = (before: string, after: string): boolean => {
  const count = (text: string): string =>
    commentsOf(text)
      .map(c => c.text)
      .sort()
      .join('\n');
  return count(before) === count(after);
};

/** Everything of a file but its services and its `x-` parts, which hold shared pieces. */
export const frameOf = (project: Project, path: string): unknown =>
  project.sources.get(path)?.docs.map(doc => {
    const all = plainDoc(doc);
    return isTable(all)
      ? Object.fromEntries(Object.entries(all).filter(([k]) => k !== 'services' && !k.startsWith('x-')))
      : all;
  });

export interface Expected {
  readonly to: FormId;
  /** keyOf what is wanted, by service. */
  readonly changed: ReadonlyMap<string, string>;
  /** Raw device nodes were the request and go with it. */
  readonly raw: boolean;
  /** The runtime, however its name is written, was part of the request. */
  readonly runtime: boolean;
  readonly variables: readonly string[];
}

/** Why the rewrite is not right; null where it is proven. */
export const wrongWith = (before: Project, after: Project, expected: Expected): string | null => {
  const [fault] = after.faults;
  if (fault) return `the file would not parse any more: ${fault.fault.message}`;
  for (const [path, source] of before.sources) {
    const now = after.sources.get(path);
    if (!now) return `${path} would not be read any more`;
    if (now.text === source.text) continue;
    if (!sameComments(source.text, now.text)) return 'a comment would be lost';
    if (!sameValue(frameOf(before, path), frameOf(after, path))) return 'something outside the services would change';
  }
  if (before.services.size !== after.services.size) return 'a service would come or go';
  for (const [name, service] of before.services) {
    const now = after.services.get(name);
    if (!now) return `the service ${name} would be gone`;
    const wanted = expected.changed.get(name);
    if (wanted === undefined) {
      if (!sameValue(hollow(plain(service)), hollow(plain(now)))) return `the service ${name} would change too`;
      continue;
    }
    const asked = requestsOf(now, after.env);
    if (asked.some(a => a.form !== expected.to) || asked.length === 0) return `${name} would still ask in another form`;
    if (asked.some(a => a.wrong !== null)) return `${name} would ask in a form that is refused`;
    if (keyOf(together(asked)) !== wanted) return `${name} would ask for other GPUs`;
    const rest = (s: Service) => restOf(plain(s), expected.raw, expected.variables, expected.runtime);
    if (!sameValue(rest(service), rest(now))) return `something else of ${name} would change`;
  }
  return null;
};
