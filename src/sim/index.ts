/** Simulated machines: a world and the box that speaks for it. */
export { runIn, simBox } from './box.ts';
export type { World } from './world.ts';
