/** Where the tree asks about what a text betrayed: the node whose probe confirms or clears it. */
import type { Check, Flow } from '../engine/flow.ts';

export interface TreeEntry {
  readonly flow: string;
  readonly node: string;
  /** The word at the left of that node's row. */
  readonly title: string;
  readonly question: string;
  readonly probes: Check['probes'];
}

/** The first node, in the order of the tree, that can find this failure mode; null where only a text tells it. */
export const treeEntry = (flows: Readonly<Record<string, Flow>>, id: string): TreeEntry | null => {
  for (const flow of Object.values(flows))
    for (const [node, { on, title, question, probes }] of Object.entries(flow.nodes))
      if (Object.values(on).some(target => typeof target === 'object' && 'finding' in target && target.id === id))
        return { flow: flow.id, node, title, question, probes };
  return null;
};
