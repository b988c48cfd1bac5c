/** The machine that the words name: this one, a recording, or a simulated one. */
import type { Box } from '../box/box.ts';
import { readOnly } from '../box/wrap.ts';
import { type Context, given, has } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';

/** Throws UsageError for an unknown demo and InputError for a snapshot that cannot be read. */
export const openBox = async (context: Context): Promise<Box> => {
  const box = await open(context);
  if (!has(context, 'read-only')) return box;
  return readOnly(box);
};

const open = async (context: Context): Promise<Box> => {
  const file = given(context, 'box');
  if (file !== undefined) return (await import('../snapshot/open.ts')).openRecording(file);
  const demo = given(context, 'demo');
  if (demo === 'random') return (await (await import('./random.ts')).randomBox(context.now())).box;
  if (demo !== undefined) return openDemo(demo);
  return (await import('../box/live.ts')).liveBox();
};

const openDemo = async (name: string): Promise<Box> => {
  const { demos } = await import('../sim/worlds/index.ts');
  const demo = Object.hasOwn(demos, name) ? demos[name] : undefined;
  if (demo === undefined) {
    const near = nearest(name, Object.keys(demos));
    throw new UsageError(
      `no simulated box is called “${name}”`,
      near === null ? 'gpumedic --demo list names them' : `did you mean “--demo ${near}”?`,
    );
  }
  return (await import('../sim/index.ts')).simBox(await demo.load());
};
