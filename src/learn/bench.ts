/** The simulated box of an exercise: break it, look, fix, undo; through the same session code that mends real machines. */
import type { Exercise } from '../../flows/lessons/chapters.ts';
import { memoryStore } from '../plan/memory.ts';
import { isRefusal, type Plan, type Refusal } from '../plan/plan.ts';
import { simBox } from '../sim/index.ts';
import { demos } from '../sim/worlds/index.ts';
import { unifiedDiff } from '../text/diff.ts';
import type { Report } from '../wizard/outside.ts';
import { realOutside } from '../wizard/real.ts';

export interface Done {
  readonly ok: boolean;
  readonly because: string;
}

export interface Bench {
  /** Name of the simulated box, for people. */
  readonly name: string;
  /** Does what the exercise says to the box; diffs and command lines of it. */
  readonly breakIt: () => Promise<readonly string[]>;
  /** What the tree says about the box as it is now. */
  readonly look: () => Promise<Report>;
  readonly propose: () => Promise<Plan | Refusal>;
  readonly apply: (plan: Plan) => Promise<Done>;
  /** Puts back what was applied; lines of what was restored. */
  readonly undo: () => Promise<readonly string[]>;
}

/** @param now milliseconds since the epoch */
export const benchOf = async (exercise: Exercise, now: () => number): Promise<Bench> => {
  const demo = demos[exercise.demo];
  if (demo === undefined) throw new Error(`no simulated box is called ${exercise.demo}`);
  const world = await demo.load();
  const box = simBox(world);
  const outside = realOutside({ box, store: memoryStore(), version: '', command: 'gpumedic learn', now });
  const facts = async () => {
    outside.facts.forget();
    return outside.facts.all();
  };
  return {
    name: exercise.demo,
    breakIt: async () => {
      const told: string[] = [];
      for (const one of exercise.breaks) {
        if (one.do === 'run') {
          const ran = await box.run({ argv: one.argv, root: true, changes: true });
          if (ran.kind !== 'exited' || ran.code !== 0) throw new Error(`${one.argv.join(' ')}: ${JSON.stringify(ran)}`);
          told.push(`$ ${one.argv.join(' ')}`);
        } else if (one.do === 'remove') {
          await box.write(one.path, null, { root: true });
          told.push(`$ rm ${one.path}`);
        } else {
          const read = await box.read(one.path);
          if (read.kind !== 'file' || !read.text.includes(one.find))
            throw new Error(`${one.path} does not say ${one.find}`);
          const after = read.text.replaceAll(one.find, one.put);
          await box.write(one.path, after, { root: true });
          told.push(...unifiedDiff(one.path, read.text, after, 0).trimEnd().split('\n').slice(0, 14));
        }
      }
      return told;
    },
    look: async () => outside.reportOf(await facts()),
    propose: async () => {
      const now = await facts();
      const fix = outside.ladder(exercise.finding, now).find(f => f.id === exercise.fix);
      return fix === undefined
        ? { refuse: `${exercise.fix} does not apply` }
        : outside.propose(fix, now, exercise.finding);
    },
    apply: async plan => {
      const result = await outside.apply(plan, { signal: new AbortController().signal, note: () => {} });
      return { ok: result.did === 'applied', because: result.because };
    },
    undo: async () => {
      const [past] = await outside.past();
      return past === undefined ? [] : (await outside.undo(past.id)).lines;
    },
  };
};

export const isPlan = (plan: Plan | Refusal): plan is Plan => !isRefusal(plan);
