/** The event log: append-only, redacted on the way in, and the only thing a transcript is rendered from. */
import type { Because, Command, Ran } from '../box/box.ts';
import type { Option } from '../engine/fix.ts';
import type { Evidence } from '../engine/flow.ts';
import type { Plan } from '../plan/plan.ts';
import type { ExactEdit } from './exact.ts';

export type Outcome = 'healthy' | 'fixed' | 'declined' | 'failed' | 'undone' | 'cannotTell' | 'stopped' | 'faulty';

/** `at` is milliseconds since the epoch; time comes in with the event, renderers have no clock. */
export type Event = { readonly at: number } & (
  | {
      readonly type: 'began';
      readonly session: string;
      readonly version: string;
      readonly box: string;
      readonly command: string;
    }
  | { readonly type: 'machine'; readonly machine: Machine }
  | { readonly type: 'ran'; readonly argv: readonly string[]; readonly result: Ran; readonly tookMs: number }
  | { readonly type: 'looked'; readonly path: string; readonly what: 'read' | 'list' | 'stat'; readonly kind: string }
  | {
      readonly type: 'judged';
      readonly flow: string;
      readonly node: string;
      readonly title: string;
      readonly verdict: string;
      readonly found: string;
      readonly seen: readonly Evidence[];
      readonly finding?: { readonly id: string; readonly severity: 'fault' | 'risk' | 'note'; readonly title: string };
      readonly missing?: readonly { readonly probe: string; readonly because: Because }[];
    }
  /** `exact`: the edits byte for byte, one entry a step; the log adds it. */
  | { readonly type: 'proposed'; readonly plan: Plan; readonly exact?: readonly (ExactEdit | null)[] }
  /** A question before a plan. `asked`: on the screen; `given`: on the command line; `initial`: nobody was asked. */
  | {
      readonly type: 'chose';
      readonly fix: string;
      readonly finding: string;
      readonly choice: string;
      readonly question: string;
      readonly many: boolean;
      readonly options: readonly Option[];
      readonly taken: readonly string[];
      readonly by: 'asked' | 'given' | 'initial';
    }
  | { readonly type: 'refused'; readonly fix: string; readonly because: string }
  | { readonly type: 'answered'; readonly question: string; readonly answer: string }
  | {
      readonly type: 'stepped';
      readonly direction: 'apply' | 'undo';
      readonly what: string;
      readonly ok: boolean;
      readonly detail?: string;
      readonly command?: Command;
    }
  | { readonly type: 'verified'; readonly finding: string; readonly ok: boolean; readonly by: string }
  | { readonly type: 'proved'; readonly argv: readonly string[]; readonly ok: boolean | null; readonly shows: string }
  | {
      readonly type: 'ways';
      readonly ways: readonly {
        readonly way: string;
        readonly works: boolean | null;
        readonly cause: string | null;
        readonly why: string;
      }[];
    }
  | { readonly type: 'ended'; readonly outcome: Outcome; readonly exitCode: number; readonly undo?: string }
);

export interface Machine {
  readonly platform: 'bare-metal' | 'vm' | 'wsl' | 'tegra' | 'container';
  readonly os: string;
  readonly kernel?: string;
  readonly host?: string;
  readonly hypervisor?: string;
  readonly driver: string | null;
  readonly toolkit: string | null;
  readonly gpus: readonly { readonly name: string; readonly uuid: string; readonly pci: string }[];
  readonly engines: {
    readonly docker?: {
      readonly version: string;
      readonly running: boolean;
      readonly rootless: boolean;
      readonly where: 'local' | 'desktop' | 'snap' | 'remote';
    };
    readonly podman?: { readonly version: string };
  };
}
