/** Boxes on which nothing is wrong. */
import type { World } from '../world.ts';
import { populated } from './containers.ts';
import { machine } from './machine.ts';

export const healthyOld = (): World => populated(machine({ name: 'healthy-old', docker: '26.1.5', toolkit: '1.17.8' }));
export const healthyNew = (): World =>
  populated(machine({ name: 'healthy-new', docker: '29.7.2', toolkit: '1.20.0', podman: '5.4.2' }));
