/** `--demo list`. */
import { pad, wrap } from '../report/wrap.ts';
import { type Context, has, jsonText } from './context.ts';

export const run = async (context: Context): Promise<number> => {
  const { demos } = await import('../sim/worlds/index.ts');
  const list = Object.entries(demos).map(([name, { title, story }]) => ({ name, title, story }));
  if (has(context, 'json')) {
    context.out(jsonText({ schema: 'gpumedic.demos/1', demos: list }));
    return 0;
  }
  const width = Math.max(...list.map(demo => demo.name.length)) + 2;
  for (const { name, title } of list) {
    const lines = wrap(title, Math.max(20, Math.min(context.terminal.columns, 100) - width));
    context.out(`${lines.map((line, i) => pad(i === 0 ? name : '', width) + line).join('\n')}\n`);
  }
  context.out(`${pad('random', width)}one of the broken ones, not told which; keys and time are counted\n`);
  context.out(`\nTry one:  gpumedic --demo ${list[0]?.name}\n`);
  return 0;
};
