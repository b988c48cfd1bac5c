/** What a session changed and left so, in order, as scripts need it: each file's chain of states, each plan's commands. */
import type { Command } from '../box/box.ts';
import type { Plan } from '../plan/plan.ts';
import type { Event } from './event.ts';
import { type ExactEdit, exactOf } from './exact.ts';
import { chosenWords, type Story, storyOf } from './story.ts';

export interface ScriptEdit extends ExactEdit {
  readonly do: 'edit';
  readonly path: string;
  readonly mode: number | null;
  readonly why: string;
  /** States that the same file takes later in the session; each of them means that this edit was made. */
  readonly later: readonly (string | null)[];
}
export interface ScriptRun {
  readonly do: 'run';
  readonly command: Command;
  readonly why: string;
}
export interface ScriptPlan {
  readonly plan: Plan;
  /** What was chosen for it, in words; empty where nothing was to be. */
  readonly chosen: string;
  readonly steps: readonly (ScriptEdit | ScriptRun)[];
}

/** Edits between two equal states of a file did nothing in the end. */
const withoutCircles = (edits: readonly ScriptEdit[]): readonly ScriptEdit[] => {
  const kept: ScriptEdit[] = [];
  for (const edit of edits) {
    const same = kept.findIndex(k => k.before === edit.after);
    if (same >= 0) kept.splice(same);
    else kept.push(edit);
  }
  return kept;
};

/** The accepted changes that stand at the end of the session. */
export const scriptPlans = (
  events: readonly Event[],
): { readonly story: Story; readonly plans: readonly ScriptPlan[] } => {
  const story = storyOf(events);
  const drafts = story.changes
    .filter(change => change.status === 'applied')
    .map(({ plan, exact, chosen }) => {
      const known = exact.length === plan.steps.length ? exact : exactOf(plan, text => text);
      return {
        plan,
        chosen: chosenWords({ chosen }),
        steps: plan.steps.map((step, i): ScriptEdit | ScriptRun => {
          if (step.do === 'run') return { do: 'run', command: step.command, why: step.why };
          return { do: 'edit', path: step.path, mode: step.mode ?? null, why: step.why, later: [], ...known[i]! };
        }),
      };
    });
  const edits = drafts.flatMap(draft => draft.steps).filter(step => step.do === 'edit');
  const kept = new Map<ScriptEdit, ScriptEdit>();
  for (const path of new Set(edits.map(edit => edit.path))) {
    const chain = withoutCircles(edits.filter(edit => edit.path === path));
    for (const [i, edit] of chain.entries()) kept.set(edit, { ...edit, later: chain.slice(i + 1).map(e => e.after) });
  }
  const plans = drafts.map(({ plan, chosen, steps }) => ({
    plan,
    chosen,
    steps: steps.flatMap((step): readonly (ScriptEdit | ScriptRun)[] => {
      if (step.do === 'run') return [step];
      const edit = kept.get(step);
      return edit === undefined ? [] : [edit];
    }),
  }));
  return { story, plans };
};

/** Every state a file may be in, by path, in order. */
export const statesOf = (plans: readonly ScriptPlan[]): ReadonlyMap<string, readonly (string | null)[]> => {
  const states = new Map<string, (string | null)[]>();
  for (const step of plans.flatMap(plan => plan.steps)) {
    if (step.do !== 'edit') continue;
    const known = states.get(step.path) ?? [step.before];
    states.set(step.path, [...known, step.after]);
  }
  return states;
};

/** Stand-ins for the UUIDs of GPUs, with the GPU's number. */
export const uuidsOf = (story: Story): readonly { readonly alias: string; readonly index: number }[] =>
  (story.machine?.gpus ?? []).flatMap(({ uuid }, index) =>
    /^GPU-uuid-\d+$/.test(uuid) ? [{ alias: uuid, index }] : [],
  );

/** What a machine without us would have to know to make the edit, and does not. */
export const isHidden = (text: string): boolean => /\[removed: /.test(text);
