/** What `--to` came to, over all projects. */
import type { FileEdit, Outcome, Rewrite } from '../compose/rewrite.ts';

export interface Rewritten {
  /** One for each file, from its first text to its last. */
  readonly edits: readonly FileEdit[];
  readonly services: readonly {
    readonly layers: readonly string[];
    readonly service: string;
    readonly outcome: Outcome;
  }[];
}

export const rewrittenOf = (
  all: readonly { readonly layers: readonly string[]; readonly rewrite: Rewrite }[],
): Rewritten => {
  const edits = new Map<string, FileEdit>();
  for (const { rewrite } of all)
    for (const edit of rewrite.edits)
      edits.set(edit.path, { ...edit, before: edits.get(edit.path)?.before ?? edit.before });
  const seen = new Map<string, { layers: readonly string[]; service: string; outcome: Outcome }>();
  for (const { layers, rewrite } of all)
    for (const [service, outcome] of rewrite.services) {
      const key = `${layers[0]} ${service}`;
      // A base file may be part of several projects; what was done there counts.
      if (seen.get(key)?.outcome.is !== 'changed') seen.set(key, { layers, service, outcome });
    }
  return { edits: [...edits.values()], services: [...seen.values()] };
};
