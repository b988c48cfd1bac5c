/** Every command, by the names of `commands`; each is loaded when it is called, since a start pays for what it loads. */
import type { Context } from './context.ts';

export const run: Readonly<Record<string, (context: Context) => Promise<number>>> = {
  wizard: async context => (await import('./wizard.ts')).run(context),
  check: async context => (await import('./check.ts')).run(context),
  fix: async context => (await import('./fix.ts')).run(context),
  explain: async context => (await import('./explain.ts')).run(context),
  files: async context => (await import('./files.ts')).run(context),
  learn: async context => (await import('./learn.ts')).run(context),
  history: async context => (await import('./history.ts')).run(context),
  undo: async context => (await import('./undo.ts')).run(context),
  transcript: async context => (await import('./transcript.ts')).run(context),
  snapshot: async context => (await import('./snapshot.ts')).run(context),
  flows: async context => (await import('./flows.ts')).run(context),
};
