/**
 * "Cannot tell" as a value. A fact is either known or an Unknown that says why; a decision that needs it and does not
 * have it throws CannotTell, which the walk turns into the branch of that name. So no rule can guess by accident.
 */
import type { Because } from '../box/box.ts';

export interface Unknown {
  readonly unknown: Because;
  /** The command line or path that did not answer. */
  readonly probe: string;
}
export type Maybe<T> = T | Unknown;

export const unknown = (because: Because, probe: string): Unknown => ({ unknown: because, probe });

export const isUnknown = (value: unknown): value is Unknown =>
  typeof value === 'object' && value !== null && 'unknown' in value && 'probe' in value;

export class CannotTell extends Error {
  readonly missing: readonly Unknown[];
  constructor(missing: readonly Unknown[]) {
    // A branch of the tree and no fault of the program: its stack is never read, and collecting it is what costs.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`cannot tell: ${missing.map(m => `${m.probe} (${m.unknown})`).join(', ')}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'CannotTell';
    this.missing = missing;
  }
}

/** The value, or the branch "cannot tell". */
export const need = <T>(value: Maybe<T>): T => {
  if (isUnknown(value)) throw new CannotTell([value]);
  return value;
};

/** The value, or a stand-in where not knowing it may not matter. */
export const or = <T, D>(value: Maybe<T>, otherwise: D): T | D => (isUnknown(value) ? otherwise : value);
