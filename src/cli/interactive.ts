/** The commands that ask, change and teach: one module, so that what they share is one file. */
export { run as fix } from './fix.ts';
export { run as learn } from './learn.ts';
export { run as wizard } from './wizard.ts';
