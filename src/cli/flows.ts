/** `gpumedic flows`: the decision tree as text or as a Mermaid drawing. */
import { allFlows as registry } from '../../flows/index.ts';
import { drawMermaid, drawText } from '../engine/draw.ts';
import type { Flow } from '../engine/flow.ts';
import { type Context, formatOf, jsonText } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';

const flows: readonly Flow[] = Object.values(registry);

export const run = async (context: Context): Promise<number> => {
  const id = context.words.rest[0];
  const chosen = id === undefined ? flows : flows.filter(flow => flow.id === id);
  if (chosen.length === 0) {
    const ids = flows.map(flow => flow.id);
    const near = nearest(id ?? '', ids);
    throw new UsageError(
      `no flow is called “${id}”`,
      near === null ? `there are ${ids.join(', ')}` : `did you mean “${near}”?`,
    );
  }
  const format = formatOf(context, 'text');
  if (format === 'json') context.out(jsonText({ schema: 'gpumedic.flows/1', flows: chosen.map(shapeOf) }));
  else
    context.out(
      `${chosen.map(flow => (format === 'mermaid' ? drawMermaid(flow) : drawText(flow)).trimEnd()).join('\n\n')}\n`,
    );
  return 0;
};

const shapeOf = (flow: Flow) => ({
  id: flow.id,
  title: flow.title,
  about: flow.about,
  start: flow.start,
  nodes: Object.entries(flow.nodes).map(([node, { title, question, why, source, probes, on }]) => ({
    id: node,
    title,
    question,
    why: why.line,
    source,
    probes,
    on,
  })),
});
