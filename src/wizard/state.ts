/** Everything the wizard's screen depends on, as plain data. */
import type { WayId } from '../engine/flow.ts';
import type { Plan } from '../plan/plan.ts';
import type { Machine } from '../transcript/event.ts';
import type { Listed, Outside, PastSession, Report } from './outside.ts';
import type { Picks } from './picks.ts';
import type { Projects, Trouble } from './projects.ts';
import type { Proof, Proven } from './proof.ts';
import type { Pasted, Told } from './texts.ts';
import type { Row, Walk } from './walk.ts';

export interface Page {
  readonly title: string;
  readonly lines: readonly string[];
}

export type At =
  | { readonly at: 'unfinished'; readonly session: PastSession }
  | { readonly at: 'menu' }
  | { readonly at: 'ways'; readonly report: Report | null }
  | { readonly at: 'paths' }
  | { readonly at: 'demos'; readonly list: readonly Demo[] | null }
  | { readonly at: 'containers'; readonly list: readonly Listed[] | null }
  | { readonly at: 'past'; readonly sessions: readonly PastSession[] | null }
  | { readonly at: 'paste'; readonly pasted: Pasted }
  | { readonly at: 'told'; readonly told: Told }
  | { readonly at: 'projects'; readonly all: Projects }
  | { readonly at: 'trouble'; readonly all: Projects; readonly trouble: Trouble }
  | { readonly at: 'mend'; readonly all: Projects; readonly trouble: Trouble; readonly plan: Plan }
  | { readonly at: 'undo'; readonly session: PastSession }
  | { readonly at: 'page'; readonly page: Page; readonly back: At }
  | { readonly at: 'busy'; readonly what: string; readonly since: number; readonly holds: boolean }
  /** `more`: the whole ladder is shown; `guide`: the steps of that fix; `picks`: its questions, once one was touched. */
  | { readonly at: 'walk'; readonly more: boolean; readonly guide: string | null; readonly picks?: Picks }
  | { readonly at: 'proof'; readonly proof: Extract<Proof, { argv: unknown }> }
  | { readonly at: 'end' };

export interface State {
  readonly at: At;
  readonly machine: Machine | null;
  /** "this machine", the recording's or the demo's name. */
  readonly box: string;
  readonly kind: Outside['box']['kind'];
  readonly trail: readonly Row[];
  readonly walk: Walk | null;
  /** A change was taken back and nothing was looked at since. */
  readonly undone: boolean;
  /** A proposal was declined. */
  readonly declined: boolean;
  /** Changes that stand, of all walks of this program run. */
  readonly changes: number;
  /** Project files that were to be changed, each: the finding was gone when they were read again. */
  readonly mended: readonly boolean[];
  readonly depth: 0 | 1 | 2 | 3;
  readonly evidence: boolean;
  readonly help: boolean;
  /** The proposal shows the diff cut to what fits, whole, or the commands instead. */
  readonly show: 'diff' | 'commands';
  readonly proof: Proof | null;
  readonly proven: Proven | null;
  readonly only: readonly WayId[] | undefined;
  /** When this walk began and ended, ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly session: string | null;
  readonly hasDemos: boolean;
  /** On a simulated box that was entered from another one. */
  readonly isAway: boolean;
  readonly modes: Outside['modes'];
  /** The wizard has ended; only what has scrolled up stays. */
  readonly over: boolean;
}

export interface Demo {
  readonly name: string;
  readonly title: string;
}

export type Intent =
  | { readonly do: 'choose'; readonly id: string }
  /** A row of a list in which several can be taken: the other way round. */
  | { readonly do: 'tick'; readonly id: string }
  /** Exactly these rows, and on. */
  | { readonly do: 'take'; readonly ids: readonly string[] }
  /** Text for a screen that takes it; `whole`: it was pasted and ends its line. */
  | { readonly do: 'type'; readonly text: string; readonly whole?: true }
  | { readonly do: 'erase' }
  | { readonly do: 'yes' | 'no' | 'why' | 'evidence' | 'diff' | 'commands' | 'back' | 'help' | 'quit' | 'interrupt' };

/** A path a person can choose: forms of request to walk, or the flow where the walk begins. */
export interface Path {
  readonly id: string;
  readonly title: string;
  readonly ways?: readonly WayId[];
  readonly trunk?: string;
}
export const PATHS: readonly Path[] = [
  {
    id: 'legacy',
    title: 'Legacy hook: docker run --gpus all, --runtime=nvidia',
    ways: ['docker-gpus', 'docker-runtime'],
  },
  {
    id: 'cdi',
    title: 'CDI: --device nvidia.com/gpu=all, through Docker, the runtime or Podman',
    ways: ['docker-cdi', 'docker-runtime-cdi', 'podman-cdi'],
  },
  { id: 'vfio-vm', title: 'Virtual machine with a passed-through GPU', trunk: 'vfio-vm' },
  { id: 'tegra-k3s', title: 'Jetson, k3s and Kubernetes', trunk: 'jetson' },
  { id: 'missing-module', title: 'Missing module: nvidia or nvidia_uvm in the kernel', trunk: 'driver' },
  // Handed to the screen of that name: whose image it is must be said first.
  { id: 'containers', title: 'Missing module: a package that an image lacks' },
];

/** What a new screen starts with. */
export const fresh = { depth: 0, evidence: false, help: false, show: 'diff' } as const;

export const firstState = (outside: Pick<Outside, 'box' | 'now' | 'modes'>, hasDemos: boolean): State => ({
  ...fresh,
  at: { at: 'menu' },
  machine: null,
  box: outside.box.name,
  kind: outside.box.kind,
  trail: [],
  walk: null,
  changes: 0,
  mended: [],
  declined: false,
  undone: false,
  proof: null,
  proven: null,
  only: undefined,
  startedAt: outside.now(),
  endedAt: null,
  session: null,
  hasDemos,
  isAway: false,
  modes: outside.modes,
  over: false,
});

export interface WizardOptions {
  readonly outside: Outside;
  /** The first look at the machine waits for it: starting thirty programs would hold up the first frame. */
  readonly ready?: Promise<unknown>;
  /** Simulated boxes to try; loaded when somebody wants to see them. */
  readonly demos?: { readonly list: () => Promise<readonly Demo[]>; readonly open: (name: string) => Promise<Outside> };
  /** Hands the terminal over to sudo's question; true when it was answered. The default asks nobody. */
  readonly askRoot?: () => Promise<boolean>;
}

export interface End {
  readonly exitCode: number;
  readonly state: State;
  /** The person went on to the lessons. */
  readonly next?: 'learn';
}

export interface Wizard {
  readonly subscribe: (listener: () => void) => () => void;
  readonly state: () => State;
  readonly send: (intent: Intent) => void;
  /** The screen provides it: leaves raw mode, asks, comes back. */
  readonly onAskRoot: (ask: () => Promise<boolean>) => void;
  /** Asks for sudo's password where the terminal is ours to give; false where it was not given. */
  readonly sudo: () => boolean;
  readonly done: Promise<End>;
}
