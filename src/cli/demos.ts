/** `--demo list`. */
import { pad, wrap } from '../report/wrap.ts';
import { demos } from '../sim/worlds/index.ts';
import { type Context, has, jsonText } from './context.ts';

export const run = async (context: Context): Promise<number> => {
  if (has(context, 'json')) {
    context.out(jsonText({ schema: 'gpumedic.demos/1', demos: demos.map(({ name, title }) => ({ name, title })) }));
    return 0;
  }
  const width = Math.max(...demos.map(demo => demo.name.length)) + 2;
  for (const demo of demos) {
    const lines = wrap(demo.title, Math.max(20, Math.min(context.terminal.columns, 100) - width));
    context.out(`${lines.map((line, i) => pad(i === 0 ? demo.name : '', width) + line).join('\n')}\n`);
  }
  context.out(`\nTry one:  gpumedic --demo ${demos[0]?.name}\n`);
  return 0;
};
