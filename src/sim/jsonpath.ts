/** As much of kubectl's jsonpath as its callers here need: ranges, fields, filters by equality, literals. */

type Value = unknown;
const entriesOf = (v: Value): readonly Value[] => (Array.isArray(v) ? v : []);
const isObject = (v: Value): v is Readonly<Record<string, Value>> =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

/** Values that a path reaches from one object; a field that is not there reaches nothing. */
const reach = (from: Value, path: string): readonly Value[] => {
  let here: readonly Value[] = [from];
  for (const [, field, filterKey, filterValue, all] of path.matchAll(
    /\.((?:[\w-]|\\\.)+)|\[\?\(@\.(\w+)=="([^"]*)"\)\]|(\[\*\])/g,
  )) {
    here = here.flatMap((v): readonly Value[] => {
      if (field !== undefined) {
        const next = isObject(v) ? v[field.replaceAll('\\.', '.')] : undefined;
        return next === undefined || next === null ? [] : [next];
      }
      if (all !== undefined) return entriesOf(v);
      return entriesOf(v).filter(e => isObject(e) && e[filterKey!] === filterValue);
    });
  }
  return here;
};
const printed = (v: Value): string => (typeof v === 'object' ? JSON.stringify(v) : String(v));

interface Part {
  readonly text?: string;
  readonly path?: string;
  readonly body?: readonly Part[];
}
const parse = (template: string): readonly Part[] => {
  const parts = [...template.matchAll(/\{([^{}]*)\}/g)].map(m => m[1]!);
  let at = 0;
  const block = (): readonly Part[] => {
    const list: Part[] = [];
    while (at < parts.length) {
      const word = parts[at++]!;
      if (word === 'end') break;
      if (word.startsWith('range ')) list.push({ path: word.slice(6), body: block() });
      else if (word.startsWith('"')) list.push({ text: JSON.parse(word) as string });
      else list.push({ path: word });
    }
    return list;
  };
  return block();
};

export const jsonpath = (template: string, value: Value): string => {
  const run = (parts: readonly Part[], on: Value): string =>
    parts
      .map(p => {
        if (p.text !== undefined) return p.text;
        const hits = reach(on, p.path ?? '');
        return p.body ? hits.map(h => run(p.body!, h)).join('') : hits.map(printed).join(' ');
      })
      .join('');
  return run(parse(template), value);
};
