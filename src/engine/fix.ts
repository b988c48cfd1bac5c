/** A fix: from facts to a plan or a refusal with its reason. It never runs anything itself. */

import type { Facts } from '../../flows/probes/index.ts';
import type { Box } from '../box/box.ts';
import type { Effect, Plan, Privilege, Refusal } from '../plan/plan.ts';
import type { AnswerOf, Asks } from './probe.ts';

export interface Option {
  /** The word that stands for it on the command line and in the log. */
  readonly value: string;
  readonly label: string;
  /** What tells it from the others: a model and its UUID, the state of a service. */
  readonly hint?: string;
}

/** Something only a person can decide before there is a plan: which services, which GPUs, which of several names. */
export interface Choice {
  /** Stable, e.g. "services"; the name on the command line. */
  readonly id: string;
  readonly question: string;
  readonly options: readonly Option[];
  /** Several options may be taken together; at least one always is. */
  readonly many: boolean;
  /** What is taken where nobody is asked; empty where there is no safe answer, and then there is no plan. */
  readonly initial: readonly string[];
}
/** Values taken, by the id of their choice. */
export type Chosen = Readonly<Record<string, readonly string[]>>;

export interface Fix<N extends Asks = Asks> {
  readonly id: string;
  readonly title: string;
  /** Failure modes it mends, best first. */
  readonly mends: readonly string[];
  readonly privilege: Privilege;
  readonly effect: readonly Effect[];
  /** apply: we may run it after a yes · patch: an edit of the user's own file · guide: steps for a person, no plan. */
  readonly by: 'apply' | 'patch' | 'guide';
  /** Seed passage or section it comes from; where the reference corrects the seed, the correction. */
  readonly source: string;
  /** The package manager brings programs; no list of files says that. */
  readonly installs?: boolean;
  /**
   * Whether it applies to this box at all (pure, cheap); a fix that cannot help is not offered. Where it is asked for
   * one finding, that finding is named.
   */
  readonly fits: (facts: Facts, finding?: string) => boolean;
  /** Paths it will touch, for the list of fixes before a plan is made. */
  readonly touches: (facts: Facts) => readonly string[];
  /** Further read-only asks needed to make the plan (a preview, the running containers). */
  readonly needs?: (facts: Facts) => N;
  /** A second round that builds on the first: containers are listed before each can be looked at. Answers are merged. */
  readonly more?: (facts: Facts, answers: { readonly [K in keyof N]: AnswerOf<N[K]> }) => Asks;
  /** For what rounds of asks do not reach, e.g. files that name other files: reads, and what it finds joins the answers. */
  readonly gather?: (box: Box, facts: Facts, finding: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly propose?: (
    facts: Facts,
    answers: { readonly [K in keyof N]: AnswerOf<N[K]> },
    finding: string,
    chosen: Chosen,
  ) => Plan | Refusal;
  /** What a person is asked before the plan is made; none where the facts leave nothing to choose. */
  readonly choices?: (
    facts: Facts,
    answers: { readonly [K in keyof N]: AnswerOf<N[K]> },
    finding: string,
  ) => readonly Choice[];
  /** The steps for a person, in order, where `by` is guide (and beside a plan where it helps). Commands as argv. */
  readonly guide?: (facts: Facts) => readonly GuideStep[];
}

export interface GuideStep {
  readonly say: string;
  readonly argv?: readonly string[];
}

export const fix = <const N extends Asks>(f: Fix<N>): Fix => f as unknown as Fix;
