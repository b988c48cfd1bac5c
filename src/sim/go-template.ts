/** The part of Go's templates that `--format` is used for: fields and `json`. */

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>(
      (v, key) => (typeof v === 'object' && v !== null ? (v as Record<string, unknown>)[key] : undefined),
      value,
    );

const shown = (v: unknown): string => {
  if (v === undefined || v === null) return '<no value>';
  if (Array.isArray(v)) return `[${v.map(shown).join(' ')}]`;
  if (typeof v === 'object')
    return `map[${Object.entries(v)
      .map(([k, x]) => `${k}:${shown(x)}`)
      .join(' ')}]`;
  return String(v);
};

/** JSON as Go writes it: with `<`, `>` and `&` escaped. */
export const goJson = (v: unknown): string =>
  (JSON.stringify(v) ?? 'null').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');

/** The text, or the field that does not exist. */
export const render = (template: string, value: unknown): { readonly text: string } | { readonly missing: string } => {
  let missing: string | undefined;
  const text = (template === 'json' ? '{{json .}}' : template).replace(
    /\{\{\s*(json\s+)?\.([\w.]*)\s*\}\}/g,
    (_, json: string | undefined, path: string) => {
      const found = at(value, path);
      if (found === undefined && path !== '') missing ??= path;
      return json ? goJson(found ?? null) : shown(found);
    },
  );
  return missing === undefined ? { text } : { missing };
};
