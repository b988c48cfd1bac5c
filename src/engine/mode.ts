/** One failure mode of the field reference: everything a person is told about it, in one place. */
import type { Why } from './flow.ts';

export interface Mode {
  readonly id: string;
  /** A short sentence without a full stop: what is wrong. */
  readonly title: string;
  readonly layer: string;
  readonly priority: 1 | 2 | 3;
  readonly why: Why;
  /** Section and evidence of the field reference, and where a seed speaks of it. */
  readonly source: string;
  /** Look-alikes, and what would have to be true for this to be one of them. */
  readonly notToConfuse: readonly { readonly id: string; readonly tell: string }[];
  /** What is honest to do where no fix applies by itself. */
  readonly guide: readonly string[];
  /** Where a seed's advice differs: what it says, and the verdict. */
  readonly seeds?: string;
}

export const mode = (m: Mode): Mode => m;
