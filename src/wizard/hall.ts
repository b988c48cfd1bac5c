/** What pages with a module of their own may do with the wizard that they are part of. */
import type { WayId } from '../engine/flow.ts';
import type { Outside } from './outside.ts';
import type { At, State } from './state.ts';
import type { Row } from './walk.ts';

export interface Hall {
  /** The box of now; another one after a person entered a simulation. */
  readonly outside: () => Outside;
  readonly state: () => State;
  /** Aborted when the wizard ends. */
  readonly signal: AbortSignal;
  readonly set: (part: Partial<State>) => void;
  readonly go: (at: At) => void;
  readonly row: (row: Row) => void;
  /** `holds`: an interruption waits until it is over. */
  readonly busy: (what: string, holds?: boolean) => void;
  /** Goes on with the answer, unless it comes too late for the box it is about. */
  readonly then: <T>(promise: Promise<T>, next: (value: T) => void) => void;
  /** Begins a walk; `left` are findings that are passed by. */
  readonly start: (only: readonly WayId[] | undefined, left?: readonly string[]) => void;
}

/** Pages with a module of their own: each says whether a choice or a step back was theirs. */
export interface Side {
  readonly choose: (id: string) => boolean;
  readonly back: () => boolean;
}
