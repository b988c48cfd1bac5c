/**
 * Every command. One module, loaded once the words are known to be right: the bundler puts what the commands share into
 * one file, and a start pays for each file. Ink, React, xstate and execa come with those that need them.
 */
import { run as check } from './check.ts';
import type { Context } from './context.ts';
import { run as flows } from './flows.ts';
import { run as history } from './history.ts';
import { run as snapshot } from './snapshot.ts';
import { run as transcript } from './transcript.ts';
import { run as undo } from './undo.ts';

export { run as demos } from './demos.ts';
export { help } from './help.ts';

/** By the names of `commands`. */
export const run: Readonly<Record<string, (context: Context) => Promise<number>>> = {
  wizard: async context => (await import('./interactive.ts')).wizard(context),
  check,
  fix: async context => (await import('./interactive.ts')).fix(context),
  explain: async context => (await import('./explain.ts')).run(context),
  files: async context => (await import('./files.ts')).run(context),
  history,
  undo,
  learn: async context => (await import('./interactive.ts')).learn(context),
  transcript,
  snapshot,
  flows,
};
