/**
 * What a decision tree is made of. Flows are plain data: the same nodes are walked by `check`, compiled into the
 * wizard's state machine, drawn by `flows` and read aloud by `learn`. A missing branch or an unknown target is a
 * compile error.
 */
import type { Facts, ProbeId } from '../../flows/probes/index.ts';

export type WayId = 'docker-gpus' | 'docker-runtime' | 'docker-cdi' | 'docker-runtime-cdi' | 'podman-cdi';

/** One form of asking for the GPU; the tree is walked once per form. */
export interface Request {
  readonly way: WayId;
  readonly engine: 'docker' | 'podman';
  /** What a person types, up to the image. */
  readonly how: string;
}

/** A quoted line of the machine, and where it came from. */
export interface Evidence {
  readonly from: string;
  readonly shows: string;
}

/** A verdict, with what was found in a few words and the lines that show it. */
export interface Judged<V extends string> {
  readonly is: V;
  /** For the finished row: "580.126.09, kernel and libraries agree". */
  readonly found?: string;
  readonly seen?: readonly Evidence[];
}

/** Three depths of why: one line, a paragraph, the mechanism. */
export interface Why {
  readonly line: string;
  readonly paragraph: string;
  readonly mechanism: string;
}

/** Where a verdict leads. */
export type Target =
  /** Another node of the same flow. */
  | string
  /** The first node of another flow. */
  | { readonly to: string }
  /** The end of the tree: nothing stops this way. */
  | { readonly end: 'works' }
  | Finding;

/**
 * Something found. `stop` ends the way here (the walk goes on at `then`, as if it were repaired, to find a second,
 * independent fault; without `then` nothing further down can be judged). `harm` is a fault that stops no way: nvidia-smi
 * works while CUDA is broken in every one, or the pods of this Kubernetes node get no GPU. `risk` and `note` change no
 * verdict.
 */
export interface Finding {
  readonly finding: 'stop' | 'harm' | 'risk' | 'note';
  readonly id: string;
  readonly then?: string | { readonly to: string } | { readonly end: 'works' };
}

export const stop = <const I extends string>(id: I, then?: Finding['then']): Finding & { finding: 'stop'; id: I } =>
  then === undefined ? { finding: 'stop', id } : { finding: 'stop', id, then };
export const harm = (id: string, then: NonNullable<Finding['then']>): Finding => ({ finding: 'harm', id, then });
export const risk = (id: string, then: NonNullable<Finding['then']>): Finding => ({ finding: 'risk', id, then });
export const note = (id: string, then: NonNullable<Finding['then']>): Finding => ({ finding: 'note', id, then });
export const works: { readonly end: 'works' } = { end: 'works' };
export const to = <const F extends string>(flow: F): { readonly to: F } => ({ to: flow });

/** A question with finite answers. */
export interface Check {
  readonly kind: 'check';
  /** The word at the left of the finished row: "Driver". */
  readonly title: string;
  readonly question: string;
  readonly why: Why;
  /** The passage it encodes: ids of the field reference, "seed 0, Fix 2", a section. */
  readonly source: string;
  readonly probes: readonly ProbeId[];
  /**
   * What the answer bears on: a way (default), CUDA in every way, or advice only. Not knowing it makes a way doubtful,
   * the verdict doubtful, or nothing.
   */
  readonly bears?: 'way' | 'cuda' | 'advice';
  /** Pure; throws CannotTell (through `need`) for a fact it lacks. */
  readonly decide: (facts: Facts, request: Request) => string | Judged<string>;
  readonly on: Readonly<Record<string, Target>>;
}

export interface Flow {
  readonly id: string;
  readonly title: string;
  /** One sentence: what this part of the tree finds out. */
  readonly about: string;
  readonly start: string;
  readonly nodes: Readonly<Record<string, Check>>;
}

/** A check whose `on` must name every verdict its `decide` can give, and `cannotTell`. */
export const check = <
  const P extends ProbeId,
  V extends string,
  const T extends Record<NoInfer<V> | 'cannotTell', Target>,
>(c: {
  readonly title: string;
  readonly question: string;
  readonly why: Why;
  readonly source: string;
  readonly probes: readonly P[];
  readonly bears?: 'way' | 'cuda' | 'advice';
  readonly decide: (facts: Pick<Facts, P>, request: Request) => V | Judged<V>;
  readonly on: T & Record<Exclude<keyof T, V | 'cannotTell'>, never>;
}): Check & { readonly on: T } => ({ kind: 'check', ...(c as unknown as Omit<Check, 'kind'> & { on: T }) });

type LocalTargets<C> = C extends { on: infer O }
  ? { [K in keyof O]: O[K] extends string ? O[K] : O[K] extends { then: infer T extends string } ? T : never }[keyof O]
  : never;

/** A flow whose local targets all exist. */
export const flow = <const N extends Record<string, Check>>(f: {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly start: keyof N & string;
  readonly nodes: N & {
    [K in keyof N]: LocalTargets<N[K]> extends keyof N ? unknown : { 'unknown target': LocalTargets<N[K]> };
  };
}): Flow => f as unknown as Flow;

export const isFinding = (target: Target): target is Finding => typeof target === 'object' && 'finding' in target;
