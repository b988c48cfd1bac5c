/**
 * A fix is a value before it is a deed. The same plan is previewed as a diff, confirmed, applied, written to the
 * journal, printed as commands and turned round for undo.
 */
import type { Command } from '../box/box.ts';

/** 0 nothing · 1 user's own file · 2 root edits one file · 3 restarts a service · 4 widens what containers may do · 5 reboot or data at risk. */
export type Privilege = 0 | 1 | 2 | 3 | 4 | 5;
/** Effect codes of the field reference. */
export type Effect = 'E0' | 'E1' | 'RL' | 'RD' | 'RC' | 'RK' | 'RX' | 'RM' | 'RB';

export type Step =
  | {
      readonly do: 'edit';
      readonly path: string;
      /** The file as it was previewed; null where it did not exist. */
      readonly before: string | null;
      /** The file as it will be; null removes it. */
      readonly after: string | null;
      /** Permission bits for a new file; an existing one keeps its own. */
      readonly mode?: number;
      readonly root: boolean;
      readonly why: string;
    }
  | {
      readonly do: 'run';
      readonly command: Command;
      /** What takes it back, or why nothing has to be. */
      readonly undo: Command | { readonly nothing: string };
      /** A failure may leave it half done: what takes it back is run then as well, and has to work. */
      readonly halfway?: true;
      readonly why: string;
    };

export interface Interruption {
  /** Containers that a restart stops, by name, with their restart policy. */
  readonly containers: readonly { readonly name: string; readonly image: string; readonly restart: string }[];
  /** live-restore is on: containers keep running through the restart. */
  readonly liveRestore: boolean;
  readonly services: readonly string[];
  /** In words, where the list could not be had. */
  readonly unknown?: string;
}

export interface Plan {
  readonly fix: string;
  /** The finding it is for. */
  readonly finding: string;
  readonly title: string;
  /** One sentence: what it does and why this is the least that helps. */
  readonly summary: string;
  readonly privilege: Privilege;
  readonly effect: readonly Effect[];
  readonly touches: readonly string[];
  readonly steps: readonly Step[];
  /** Run after the edits and before `settle`; a failure undoes the edits. E.g. `dockerd --validate`. */
  readonly validate: readonly Command[];
  /** Run after the steps, and again after an undo: restarts and reloads. Not steps, so that an undo restarts on the old files. */
  readonly settle: readonly Command[];
  readonly interrupts: Interruption | null;
  /** What the person still has to do, e.g. recreate containers. */
  readonly afterwards: readonly string[];
}

/** Whether an undo has anything to put back; a restart alone is over when it is done. */
export const hasWayBack = (plan: {
  readonly steps: readonly (
    | { readonly do: 'edit' }
    | { readonly do: 'run'; readonly undo: Command | { readonly nothing: string } }
  )[];
}): boolean => plan.steps.some(s => s.do === 'edit' || !('nothing' in s.undo));

export interface Refusal {
  readonly refuse: string;
  /** What to paste or type instead, where there is something. */
  readonly instead?: readonly string[];
}

export const isRefusal = (p: Plan | Refusal): p is Refusal => 'refuse' in p;
