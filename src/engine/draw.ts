/** Drawings of the tree, from the flows themselves: a picture cannot say anything that the program does not do. */
import { type Check, type Flow, isFinding, type Target } from './flow.ts';

const place = (target: Exclude<Target, { finding: unknown }>): string =>
  typeof target === 'string' ? target : 'to' in target ? `flow ${target.to}` : 'works';

/** Where a verdict leads, in words: "stop cdi-spec-stale, then hooks". */
export const leadsTo = (target: Target): string =>
  isFinding(target)
    ? `${target.finding} ${target.id}${target.then === undefined ? '' : `, then ${place(target.then)}`}`
    : place(target);

/** A flow as indented text, at most 100 columns wide; screen readers get the same tree as eyes do. */
export const drawText = (flow: Flow): string =>
  [
    `${flow.id}: ${flow.about}`,
    ...Object.entries(flow.nodes).flatMap(([id, node]) => [
      `  ${id}${id === flow.start ? ' (first)' : ''}: ${node.question}`,
      ...Object.entries(node.on).map(([verdict, target]) => `    ${verdict.padEnd(16)} -> ${leadsTo(target)}`),
    ]),
  ].join('\n');

const quote = (text: string) => `"${text.replaceAll('"', '&quot;')}"`;
const safe = (id: string) => id.replace(/[^A-Za-z0-9]/g, '_');

/** The same flow as a Mermaid flowchart: checks as boxes, findings as hexagons, other flows as rounded boxes. */
export const drawMermaid = (flow: Flow): string => {
  const shapes = new Map<string, string>();
  const edges: string[] = [];
  const node = (target: Exclude<Target, { finding: unknown }>): string => {
    if (typeof target === 'string') return safe(target);
    const id = 'to' in target ? `flow_${safe(target.to)}` : 'works_';
    shapes.set(id, 'to' in target ? `${id}([${quote(`flow: ${target.to}`)}])` : `${id}([${quote('works')}])`);
    return id;
  };
  for (const [id, check] of Object.entries<Check>(flow.nodes)) {
    shapes.set(safe(id), `${safe(id)}[${quote(check.question)}]`);
    for (const [verdict, target] of Object.entries(check.on)) {
      if (!isFinding(target)) {
        edges.push(`${safe(id)} -->|${verdict}| ${node(target)}`);
        continue;
      }
      const found = `${safe(id)}_${safe(verdict)}`;
      shapes.set(found, `${found}{{${quote(`${target.finding}: ${target.id}`)}}}`);
      edges.push(`${safe(id)} -->|${verdict}| ${found}`);
      if (target.then !== undefined) edges.push(`${found} -.-> ${node(target.then)}`);
    }
  }
  return ['flowchart TD', ...[...shapes.values()].map(s => `  ${s}`), ...edges.map(e => `  ${e}`)].join('\n');
};
