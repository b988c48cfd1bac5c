/** What the wizard asks of the rest of the program; a test fills it in with plain functions. */
import type { Because, Box } from '../box/box.ts';
import type { Choice, Chosen, Fix } from '../engine/fix.ts';
import type { Flow, Request, WayId } from '../engine/flow.ts';
import type { Mode } from '../engine/mode.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import type { Event, Machine } from '../transcript/event.ts';
import type { Projects } from './projects.ts';

export interface Way {
  readonly way: WayId;
  readonly works: boolean | null;
  readonly cause: string | null;
  readonly why: string;
  readonly how: string;
}

export interface Finding {
  readonly id: string;
  readonly severity: 'fault' | 'risk' | 'note';
  readonly title: string;
  readonly explains: readonly string[];
}

/** What the pure walks say about the box as it is now. */
export interface Report {
  readonly verdict: 'ok' | 'fault' | 'unknown';
  readonly ways: readonly Way[];
  readonly findings: readonly Finding[];
  readonly unknown: readonly { readonly probe: string; readonly because: Because }[];
  /** Containers that the engine could not start. */
  readonly refused: readonly { readonly name: string; readonly says: string }[];
}

// biome-ignore lint/suspicious/noExplicitAny: the registry of probes fixes the type of each fact
export type AnyFacts = any;

export interface Facts {
  /** Collects the named probes, each once; side by side with whatever else is being collected. */
  get(probes: readonly string[]): Promise<AnyFacts>;
  /** Every probe there is. */
  all(): Promise<AnyFacts>;
  /** What a probe looks at, for the line with the elapsed time. */
  looks(probe: string): string;
  /** After a change nothing that was seen before holds. */
  forget(): void;
}

export interface ApplyHooks {
  /** A step begun or done, in words. */
  readonly note: (what: string, ok: boolean | null, detail?: string) => void;
  /** Aborted: finish the step, then undo. */
  readonly signal: AbortSignal;
}

/** `stopped`: interrupted and undone; `undone`: a step failed and everything was put back; `stuck`: not all could be put back. */
export interface ApplyResult {
  readonly did: 'applied' | 'undone' | 'stopped' | 'stuck' | 'refused';
  readonly because: string;
}

export interface PastSession {
  readonly id: string;
  readonly when: number;
  readonly title: string;
  readonly touches: readonly string[];
}

export interface UndoResult {
  readonly did: 'undone' | 'refused' | 'failed' | 'nothing';
  /** What was put back, or why not, line by line; a refusal carries the three-way view. */
  readonly lines: readonly string[];
}

export interface Outside {
  readonly box: Box;
  readonly flows: Readonly<Record<string, Flow>>;
  /** The flow a walk starts at, and the one at which it starts again for each further form of request. */
  readonly trunk: string;
  readonly branch: string;
  readonly modes: Readonly<Record<string, Mode>>;
  readonly facts: Facts;
  /** Forms of asking for the GPU whose engine is installed. */
  readonly requests: () => Promise<readonly Request[]>;
  readonly machineOf: (facts: AnyFacts) => Machine;
  readonly reportOf: (facts: AnyFacts) => Report;
  /** Fixes that fit, lowest privilege and most official first. */
  readonly ladder: (finding: string, facts: AnyFacts) => readonly Fix[];
  /** What a person decides before the plan of the fix is made; mostly nothing. */
  readonly choices: (fix: Fix, facts: AnyFacts, finding: string) => Promise<readonly Choice[]>;
  /** What was not chosen is taken as its choice begins. */
  readonly propose: (fix: Fix, facts: AnyFacts, finding: string, chosen?: Chosen) => Promise<Plan | Refusal>;
  readonly apply: (plan: Plan, hooks: ApplyHooks) => Promise<ApplyResult>;
  /** Id of this session's journal; null while nothing was applied. */
  readonly session: () => string | null;
  /** Sessions whose changes stand, the newest first. */
  readonly past: () => Promise<readonly PastSession[]>;
  readonly undo: (session: string) => Promise<UndoResult>;
  /** Applies that were interrupted. */
  readonly unfinished: () => Promise<readonly PastSession[]>;
  readonly finish: (session: string) => Promise<UndoResult>;
  /** Adds the time and writes it to the log, redacted. */
  readonly append: (event: WithoutTime<Event>) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A plan that needs root can run: already root, not a live box, or sudo answers without a password. */
  readonly canRoot: () => Promise<boolean>;
  /** Asks for the password on the terminal it is given; false where there is no sudo or it refused. */
  readonly sudo: () => boolean;
  /** Containers that could be looked at, running or not. */
  readonly containers?: () => Promise<readonly Listed[]>;
  /** The same box, seen from one container; its flows replace the tree. */
  readonly about?: (container: string) => Outside;
  /** Flows about pods: what they find is proven by no container of Docker or Podman. */
  readonly cluster?: readonly string[];
  /** The same box and tree, walked from a flow further down; a Jetson's flow only on a Jetson, else the cluster's. */
  readonly from?: (flow: string) => Promise<Outside>;
  /** The same box, and only one of the flows that stand beside the tree. */
  readonly beside?: (flow: string) => Outside;
  /** Project files of the person, read anew, judged by how the box is now. */
  readonly files?: () => Promise<Projects>;
  /** Everything that is found is put to the person, also what is no fault: they asked for it. */
  readonly asksAll?: true;
}

export interface Listed {
  readonly name: string;
  readonly image: string;
  /** "running", "exited"… */
  readonly state: string;
}

type WithoutTime<E> = E extends unknown ? Omit<E, 'at'> : never;
export type Said = WithoutTime<Event>;
