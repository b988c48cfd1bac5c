/** Pod templates of a manifest, with the nodes that an edit needs. */
import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { type Doc, isAlias, isMap, isScalar, isSeq, keyText } from '../yaml.ts';

export interface Container {
  readonly name: string;
  readonly map: YAMLMap;
  readonly image: string;
  readonly isInit: boolean;
}
export interface Pod {
  readonly doc: Doc;
  readonly kind: string;
  readonly name: string;
  readonly spec: YAMLMap;
  /** Keys from the document to the pod's spec; numbers are places in a list. */
  readonly path: readonly (string | number)[];
  readonly containers: readonly Container[];
}

const TO_SPEC: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

export const nodeAt = (from: unknown, doc: Doc, ...path: readonly string[]): Node | null => {
  let here = (isAlias(from) ? from.resolve(doc) : from) as Node | null | undefined;
  for (const key of path) {
    const value = isMap(here)
      ? (here.items.find(p => keyText(p) === key)?.value as Node | null | undefined)
      : undefined;
    here = isAlias(value) ? value.resolve(doc) : value;
  }
  return here ?? null;
};

export const mapAt = (from: unknown, doc: Doc, ...path: readonly string[]): YAMLMap | null => {
  const found = nodeAt(from, doc, ...path);
  return isMap(found) ? found : null;
};
export const seqAt = (from: unknown, doc: Doc, ...path: readonly string[]): YAMLSeq | null => {
  const found = nodeAt(from, doc, ...path);
  return isSeq(found) ? found : null;
};
export const wordAt = (from: unknown, doc: Doc, ...path: readonly string[]): string | null => {
  const found = nodeAt(from, doc, ...path);
  return isScalar(found) && found.value !== null ? String(found.value) : null;
};
export const pairAt = (map: YAMLMap | null, key: string): Pair | undefined => map?.items.find(p => keyText(p) === key);

/** Items of a list that are mappings. */
export const mapsIn = (seq: YAMLSeq | null, doc: Doc): readonly YAMLMap[] =>
  (seq?.items ?? []).flatMap(i => mapAt(i, doc) ?? []);

const containersOf = (spec: YAMLMap, doc: Doc): readonly Container[] =>
  (['initContainers', 'containers'] as const).flatMap(key =>
    mapsIn(seqAt(spec, doc, key), doc).map(map => ({
      name: wordAt(map, doc, 'name') ?? '',
      map,
      image: wordAt(map, doc, 'image') ?? '',
      isInit: key === 'initContainers',
    })),
  );

const podOf = (doc: Doc, top: unknown, before: readonly (string | number)[]): readonly Pod[] => {
  const kind = wordAt(top, doc, 'kind') ?? '';
  if (kind === 'List' || kind.endsWith('List'))
    return (seqAt(top, doc, 'items')?.items ?? []).flatMap((item, i) => podOf(doc, item, [...before, 'items', i]));
  const path = Object.hasOwn(TO_SPEC, kind) ? TO_SPEC[kind] : undefined;
  const spec = path === undefined ? null : mapAt(top, doc, ...path);
  if (!spec || path === undefined) return [];
  return [
    {
      doc,
      kind,
      name: wordAt(top, doc, 'metadata', 'name') ?? wordAt(top, doc, 'metadata', 'generateName') ?? '',
      spec,
      path: [...before, ...path],
      containers: containersOf(spec, doc),
    },
  ];
};

export const podsOf = (docs: readonly Doc[]): readonly Pod[] => docs.flatMap(doc => podOf(doc, doc.contents, []));
