/** A probe says what it needs and reads the answers with a pure parser; running is the box's business. */
import type { Command, DirRead, FileRead, Ran, StatRead } from '../box/box.ts';

export type Ask =
  | { readonly ask: 'run'; readonly command: Command }
  | { readonly ask: 'read'; readonly path: string }
  | { readonly ask: 'list'; readonly path: string }
  | { readonly ask: 'stat'; readonly path: string };

export type AnswerOf<A extends Ask> = A extends { ask: 'run' }
  ? Ran
  : A extends { ask: 'read' }
    ? FileRead
    : A extends { ask: 'list' }
      ? DirRead
      : StatRead;

export type Asks = Readonly<Record<string, Ask>>;

export interface Probe<F, N extends Asks = Asks, After extends string = string> {
  readonly id: string;
  /** What is being looked at, for the line with the spinner: "the NVIDIA functions on the PCI bus". */
  readonly looks: string;
  /** Probes whose facts `needs` reads; they are collected first. */
  readonly after?: readonly After[];
  /** What to ask the box. May depend on the facts of the probes named in `after`. */
  // biome-ignore lint/suspicious/noExplicitAny: the registry fixes the type of earlier facts; a probe reads only its own
  readonly needs: (known: any) => N;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly read: (answers: { readonly [K in keyof N]: AnswerOf<N[K]> }, known: any) => F;
}

export const probe = <F, const N extends Asks, const After extends string = never>(
  p: Probe<F, N, After>,
): Probe<F, N, After> => p;

export const run = (...argv: readonly [string, ...string[]]): { readonly ask: 'run'; readonly command: Command } => ({
  ask: 'run',
  command: { argv },
});
/** A command that may load kernel modules or create device nodes. */
export const mayLoad = (
  ...argv: readonly [string, ...string[]]
): { readonly ask: 'run'; readonly command: Command } => ({
  ask: 'run',
  command: { argv, mayLoad: true },
});
export const read = (path: string): { readonly ask: 'read'; readonly path: string } => ({ ask: 'read', path });
export const list = (path: string): { readonly ask: 'list'; readonly path: string } => ({ ask: 'list', path });
export const stat = (path: string): { readonly ask: 'stat'; readonly path: string } => ({ ask: 'stat', path });
