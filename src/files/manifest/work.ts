/** What a pod asks with, what stands in for asking, and the one change that mends it. */
import type { YAMLMap } from 'yaml';
import { isTable, sameValue } from '../../text/edit.ts';
import { Refused } from '../spans.ts';
import { isMap, isSeq, parseYaml, plainDoc, type Source } from '../yaml.ts';
import { yamlEditor } from '../yaml-edit.ts';
import { type Json, patched, patchText, solid } from './patch.ts';
import { type Container, mapAt, mapsIn, type Pod, pairAt, podsOf, seqAt, wordAt } from './pods.ts';

export const gpuLimit = (pod: Pod, c: Container, key: 'limits' | 'requests' = 'limits'): string | null => {
  const map = mapAt(c.map, pod.doc, 'resources', key);
  const found = map?.items.find(p => /^nvidia\.com\/(?:gpu|mig-)/.test(String((p.key as { value?: unknown }).value)));
  return found ? String((found.key as { value?: unknown }).value) : null;
};

export const envItem = (pod: Pod, c: Container, name: string): YAMLMap | null =>
  mapsIn(seqAt(c.map, pod.doc, 'env'), pod.doc).find(m => wordAt(m, pod.doc, 'name') === name) ?? null;

export const envValue = (pod: Pod, c: Container, name: string): string | null => {
  const item = envItem(pod, c, name);
  return item ? (wordAt(item, pod.doc, 'value') ?? '') : null;
};

export const hostPathOf = (pod: Pod, volume: YAMLMap): string | null => wordAt(volume, pod.doc, 'hostPath', 'path');

const BY_HAND =
  /^\/dev\/?$|^\/dev\/(?:nvidia|nvhost|nvmap|dxg)|\/(?:aarch64|x86_64)-linux-gnu\/(?:nvidia|tegra)\/?|\/lib(?:cuda|nvidia-[\w-]+)\.so|^\/usr\/lib\/wsl|^\/usr\/(?:local\/)?nvidia|^\/usr\/bin\/nvidia-smi$/;

/** Volumes of the host that stand in for a GPU request. */
export const handMade = (pod: Pod): readonly YAMLMap[] =>
  mapsIn(seqAt(pod.spec, pod.doc, 'volumes'), pod.doc).filter(v => BY_HAND.test(hostPathOf(pod, v) ?? ''));

export const isPrivileged = (pod: Pod, c: Container): boolean =>
  wordAt(c.map, pod.doc, 'securityContext', 'privileged') === 'true';

export interface Change {
  readonly runtimeClass?: true;
  /** NVIDIA_VISIBLE_DEVICES=all in this container. */
  readonly visibleIn?: Container;
  /** This many of nvidia.com/gpu in this container. */
  readonly limitIn?: Container;
  readonly many?: number;
  /** Mounts, volumes, privileged and the library path of the work-around go. */
  readonly clean?: true;
}

const usesMount = (pod: Pod, c: Container, volumes: readonly YAMLMap[]): readonly YAMLMap[] => {
  const names = volumes.map(v => wordAt(v, pod.doc, 'name'));
  return mapsIn(seqAt(c.map, pod.doc, 'volumeMounts'), pod.doc).filter(m => names.includes(wordAt(m, pod.doc, 'name')));
};

const LIBRARY_PATH = /nvidia|tegra/;

/** The change as a patch of the pod's spec. */
const patchOf = (pod: Pod, change: Change): Json => {
  const volumes = change.clean ? handMade(pod) : [];
  const lists: Record<string, Json[]> = { containers: [], initContainers: [] };
  for (const c of pod.containers) {
    const env: Json[] = [];
    const one: Record<string, Json> = {};
    if (change.clean) {
      const mounts = usesMount(pod, c, volumes);
      if (mounts.length > 0) {
        one.volumeMounts = mounts.map(m => ({ $patch: 'delete', mountPath: wordAt(m, pod.doc, 'mountPath') }));
        if (isPrivileged(pod, c)) one.securityContext = { privileged: null };
      }
      if (LIBRARY_PATH.test(envValue(pod, c, 'LD_LIBRARY_PATH') ?? ''))
        env.push({ $patch: 'delete', name: 'LD_LIBRARY_PATH' });
    }
    if (change.visibleIn === c) env.push({ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' });
    if (change.limitIn === c) one.resources = { limits: { 'nvidia.com/gpu': change.many ?? 1 } };
    if (env.length > 0) one.env = env;
    if (Object.keys(one).length > 0) lists[c.isInit ? 'initContainers' : 'containers']?.push({ name: c.name, ...one });
  }
  return {
    ...(change.runtimeClass && { runtimeClassName: 'nvidia' }),
    ...(lists.initContainers!.length > 0 && { initContainers: lists.initContainers! }),
    ...(lists.containers!.length > 0 && { containers: lists.containers! }),
    ...(volumes.length > 0 && { volumes: volumes.map(v => ({ $patch: 'delete', name: wordAt(v, pod.doc, 'name') })) }),
  };
};

const edit = (source: Source, pod: Pod, change: Change): string => {
  const e = yamlEditor(source, pod.doc);
  const { doc, spec } = pod;
  if (change.clean) {
    const volumes = handMade(pod);
    for (const v of volumes) e.dropItem(v);
    for (const c of pod.containers) {
      const mounts = usesMount(pod, c, volumes);
      for (const m of mounts) e.dropItem(m);
      const context = mapAt(c.map, doc, 'securityContext');
      const privileged = pairAt(context, 'privileged');
      if (context && privileged && mounts.length > 0 && isPrivileged(pod, c)) e.dropPair(context, privileged);
      const path = envItem(pod, c, 'LD_LIBRARY_PATH');
      if (path && LIBRARY_PATH.test(envValue(pod, c, 'LD_LIBRARY_PATH') ?? '')) e.dropItem(path);
    }
  }
  if (change.runtimeClass) {
    const at = spec.items.findIndex(p => p === pairAt(spec, 'initContainers') || p === pairAt(spec, 'containers'));
    const there = pairAt(spec, 'runtimeClassName');
    if (there) throw new Refused('there is another runtimeClassName');
    e.putPair(spec, at > 0 ? (spec.items[at - 1] ?? null) : null, 'runtimeClassName', 'nvidia');
  }
  if (change.visibleIn) {
    const c = change.visibleIn.map;
    const env = pairAt(c, 'env');
    if (env && isSeq(env.value)) e.putItem(env.value, { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' });
    else if (env) throw new Refused('env is no list here');
    else e.putPair(c, pairAt(c, 'image') ?? null, 'env', [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }]);
  }
  if (change.limitIn) {
    const c = change.limitIn.map;
    const resources = pairAt(c, 'resources');
    const map = isMap(resources?.value) ? resources.value : null;
    const limits = pairAt(map, 'limits');
    if (limits && isMap(limits.value)) e.putPair(limits.value, null, 'nvidia.com/gpu', change.many ?? 1);
    else if (map && !limits && map.items.length > 0)
      e.putPair(map, null, 'limits', { 'nvidia.com/gpu': change.many ?? 1 });
    else if (resources) throw new Refused('resources is written in a way that is not edited');
    else e.putPair(c, pairAt(c, 'image') ?? null, 'resources', { limits: { 'nvidia.com/gpu': change.many ?? 1 } });
  }
  return e.done().text;
};

const specIn = (value: unknown, path: readonly (string | number)[]): Json => {
  let here: unknown = value;
  for (const key of path)
    here = Array.isArray(here) ? here[Number(key)] : isTable(here) ? here[String(key)] : undefined;
  return (here ?? null) as Json;
};

export interface Mended {
  readonly after: string;
  readonly patch: string;
}

/** The change as an edit and as a patch that do the same; a reason where it cannot be proven. */
export const mend = (
  path: string,
  text: string,
  nth: number,
  change: Change,
): Mended | { readonly because: string; readonly patch: string } => {
  const source = parseYaml(path, text, true);
  const pod = podsOf(source.docs)[nth];
  if (!pod) return { because: 'the pod is gone', patch: '' };
  const own = (c: Container | undefined): Container | undefined =>
    c && pod.containers.find(x => x.name === c.name && x.isInit === c.isInit);
  const mine: Change = {
    ...change,
    ...(change.visibleIn && { visibleIn: own(change.visibleIn)! }),
    ...(change.limitIn && { limitIn: own(change.limitIn)! }),
  };
  const spec = patchOf(pod, mine);
  const patch = pod.path.includes('items') ? '' : patchText(pod.path, spec);
  try {
    const after = edit(source, pod, mine);
    const now = parseYaml(path, after);
    if (now.fault) return { because: now.fault.message, patch };
    const nthDoc = source.docs.indexOf(pod.doc);
    const isRight = source.docs.every((doc, i) => {
      const was: unknown = plainDoc(doc);
      const is: unknown = plainDoc(now.docs[i]);
      if (i !== nthDoc) return sameValue(was, is);
      const wanted = solid(patched(specIn(was, pod.path), spec));
      return sameValue(wanted, solid(specIn(is, pod.path))) && sameValue(without(was, pod.path), without(is, pod.path));
    });
    return isRight ? { after, patch } : { because: 'something else would change', patch };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { because: error.message, patch };
  }
};

/** The object with its pod's spec taken out, for comparing. */
const without = (value: unknown, path: readonly (string | number)[]): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return null;
  if (Array.isArray(value)) return value.map((v, i) => (i === Number(key) ? without(v, rest) : v));
  if (!isTable(value)) return value;
  return { ...value, [String(key)]: without(value[String(key)], rest) };
};
