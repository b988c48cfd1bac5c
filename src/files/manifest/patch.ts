/** Strategic-merge patches of a pod's spec: made, applied for the check, printed for kubectl. */
import { stringify } from 'yaml';
import { isTable } from '../../text/edit.ts';

export type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json };
type Table = { readonly [key: string]: Json };

/** Which key makes two items of a list the same, as the API says. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};

const tableOf = (value: unknown): Table => (isTable(value) ? (value as Table) : {});

/** What the API server makes of it. */
export const patched = (target: Json, patch: Json): Json => {
  if (!isTable(patch)) return patch;
  const out: Record<string, Json> = { ...tableOf(target) };
  for (const [key, value] of Object.entries(patch as Table)) {
    const by = MERGE_KEYS[key];
    if (value === null) delete out[key];
    else if (Array.isArray(value) && by !== undefined)
      out[key] = patchedList((out[key] ?? []) as readonly Json[], value, by);
    else out[key] = patched(out[key] ?? {}, value);
  }
  return out;
};

const patchedList = (target: readonly Json[], patch: readonly Json[], by: string): readonly Json[] => {
  let out = [...target];
  for (const item of patch) {
    const id = tableOf(item)[by];
    const at = out.findIndex(i => tableOf(i)[by] === id);
    if (tableOf(item).$patch === 'delete') out = out.filter((_, i) => i !== at);
    else if (at >= 0) out[at] = patched(out[at] ?? {}, item);
    else out.push(item);
  }
  return out;
};

/** Without keys that hold nothing: an edit takes the key away where a patch leaves an empty list. */
export const solid = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(solid);
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value as Table)
      .map(([k, v]) => [k, solid(v)] as const)
      .filter(([, v]) => !(Array.isArray(v) && v.length === 0) && !(isTable(v) && Object.keys(v).length === 0)),
  );
};

/** The patch of the whole object, for `kubectl patch --type strategic --patch-file`. */
export const patchText = (path: readonly (string | number)[], spec: Json): string => {
  let whole: Json = spec;
  for (const key of path.toReversed()) whole = { [key]: whole };
  return stringify(whole, { lineWidth: 0 });
};
