import { check, flow, stop, works } from '../src/engine/flow.ts';
import { need } from '../src/engine/known.ts';

/** jit-cdi: the runtime makes a spec in memory for each start. */
export const jit = flow({
  id: 'jit',
  title: 'In-memory CDI',
  about: 'What the runtime needs to write a CDI spec in memory and apply it.',
  start: 'hook',
  nodes: {
    hook: check({
      title: 'CDI hook',
      question: 'Is nvidia-cdi-hook there, which the generated spec calls?',
      why: {
        line: 'The spec calls nvidia-cdi-hook to make links and refresh the cache.',
        paragraph:
          'Mounting the libraries is not enough: the container needs the .so.1 links and a refreshed loader cache, and a small program does that.',
        mechanism:
          'The hooks run as createContainer hooks in the mount namespace of the container, before its program starts.',
      },
      source: 'cdi-hook-binary-missing; jit-cdi-generation-failed',
      probes: ['toolkit'],
      decide: f =>
        need(f.toolkit.programs)['nvidia-cdi-hook'] === null
          ? { is: 'missing', found: 'not installed', seen: [{ from: 'which nvidia-cdi-hook', shows: 'not there' }] }
          : { is: 'there', found: 'installed' },
      on: { there: works, missing: stop('cdi-hook-binary-missing'), cannotTell: works },
    }),
  },
});
