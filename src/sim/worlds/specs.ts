/** Specs as the generator of a toolkit version writes them on the machine. */
import { generate, specText } from '../cdi-generate.ts';
import { file } from '../fs.ts';
import type { World } from '../world.ts';

/** The text for the machine's driver, or for the files of another version. */
export const specFor = (world: World, toolkit: string, driver?: string): string => {
  const made = generate(world, { version: toolkit, root: '' });
  if ('error' in made) throw new Error(made.error);
  const content = specText(made.spec, toolkit);
  return driver === undefined ? content : content.replaceAll(made.driver, driver);
};

export const writeSpec = (world: World, toolkit: string, path = '/etc/cdi/nvidia.yaml'): void =>
  file(world.fs, path, specFor(world, toolkit));
