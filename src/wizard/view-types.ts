/** What a screen draws: plain data in reading order. */
import type { Line } from './lines.ts';
import type { Row } from './walk.ts';

export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  /** Of a list in which several can be taken. */
  readonly ticked?: boolean;
}

export interface View {
  readonly title: string;
  /** "nothing changed", "2 changes". */
  readonly status: string;
  /** This machine in two lines. */
  readonly header: readonly [string, string];
  /** The header stands above the current thing; during a walk it has scrolled up with the history. */
  readonly isTop: boolean;
  readonly trail: readonly Row[];
  /** What is asked or found, never cut. */
  readonly lead: readonly Line[];
  /** May be longer than the screen; it scrolls. */
  readonly body: readonly Line[];
  readonly choices: readonly Choice[];
  /** Rows are ticked with Space; Enter chooses this instead of a row. */
  readonly enters?: string;
  /** The row at which the cursor begins, and which an empty line takes; without it the first, and no line takes it. */
  readonly start?: number;
  /** The line that is being typed, on a screen that takes text; letters are then text and no commands. */
  readonly takes?: string;
  /** A question that only a deliberate y or n answers. */
  readonly confirm: string | null;
  /** Something is being waited for since this time (ms since the epoch). */
  readonly since: number | null;
  readonly keys: readonly (readonly [key: string, does: string])[];
}

/** A view on which nothing stands yet. */
export const BLANK: View = {
  title: '',
  status: '',
  header: ['', ''],
  isTop: false,
  trail: [],
  lead: [],
  body: [],
  choices: [],
  confirm: null,
  since: null,
  keys: [],
};

/** A list is read by a person; more are cut. */
export const MOST_ROWS = 200;

/** Keys that most screens share, for the last row. */
export const MOVE = [
  ['↑↓', 'move'],
  ['Enter', 'choose'],
] as const;
export const TAIL = [
  ['b', 'back'],
  ['?', 'help'],
  ['q', 'quit'],
] as const;
