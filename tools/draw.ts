/** `npm run draw`: writes the decision tree into docs/flows.md. With --check it only says whether that page is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allFlows as flows } from '../flows/index.ts';
import { drawMermaid } from '../src/engine/draw.ts';
import type { Flow } from '../src/engine/flow.ts';
import { root } from './bundle.ts';

const path = join(root, 'docs/flows.md');

const page = (): string => `# The decision tree

Written by \`npm run draw\` from \`flows/\`; \`npm run check\` fails while it is stale. \`gpumedic flows\` prints the same.

${Object.values<Flow>(flows)
  .map(flow => `## ${flow.title}\n\n${flow.about}\n\n\`\`\`mermaid\n${drawMermaid(flow).trimEnd()}\n\`\`\`\n`)
  .join('\n')}`;

const readOr = (otherwise: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
};

if (!process.argv.includes('--check')) {
  writeFileSync(path, page());
  process.stdout.write('docs/flows.md written\n');
} else if (readOr('') !== page()) {
  process.stderr.write('docs/flows.md is not what flows/ says now: npm run draw\n');
  process.exitCode = 1;
}
