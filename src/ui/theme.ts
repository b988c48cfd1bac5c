/** Sign and colour always travel together, so that without colour nothing is lost; a new look is this one file. */

import type { Tone } from '../wizard/view.ts';
import type { Sign } from '../wizard/walk.ts';

export interface Style {
  readonly color?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
}

export interface Theme {
  readonly sign: (sign: Sign) => string;
  readonly pointer: string;
  /** Before a row of which several can be taken; the same in every font, and read out as what it is. */
  readonly tick: (ticked: boolean) => string;
  readonly mark: (mark: ' ' | '↑' | '↓') => string;
  readonly bar: string;
  readonly rule: string;
  readonly dots: string;
  readonly spinner: readonly string[];
  /** Typography and arrows that a terminal without UTF-8 cannot show. */
  readonly text: (text: string) => string;
}

export const toneOf: Readonly<Record<Tone, Style>> = {
  plain: {},
  strong: { bold: true },
  dim: { dim: true },
  add: { color: 'green' },
  remove: { color: 'red' },
  ok: { color: 'green' },
  broken: { color: 'red' },
  unsure: { color: 'yellow' },
};

export const signTone: Readonly<Record<Sign, Style>> = {
  ok: { color: 'green' },
  done: { color: 'green', bold: true },
  broken: { color: 'red' },
  unsure: { color: 'yellow' },
  note: { color: 'cyan' },
  plain: {},
};

const SIGNS: Readonly<Record<Sign, readonly [string, string]>> = {
  ok: ['✔', 'ok'],
  done: ['✔', 'ok'],
  broken: ['✖', '!!'],
  unsure: ['?', '??'],
  note: ['–', '--'],
  plain: [' ', '  '],
};

const ASCII: readonly (readonly [RegExp, string])[] = [
  [/[–—]/g, '-'],
  [/ · /g, ' | '],
  [/·/g, '|'],
  [/…/g, '...'],
  [/[“”]/g, '"'],
  [/[‘’]/g, "'"],
  [/→/g, '->'],
  [/↑↓/g, 'up/down'],
  [/←/g, 'left'],
  [/↑/g, 'up'],
  [/↓/g, 'down'],
];

/** @param say puts a whole text into the person's language */
export const themeOf = (ascii: boolean, say: (text: string) => string = text => text): Theme => ({
  sign: sign => SIGNS[sign][ascii ? 1 : 0],
  pointer: '>',
  tick: ticked => (ticked ? '[x]' : '[ ]'),
  mark: mark => (ascii ? { ' ': ' ', '↑': '^', '↓': 'v' }[mark] : mark),
  bar: ascii ? '|' : '┃',
  rule: ascii ? '-' : '─',
  dots: ascii ? '...' : '…',
  spinner: ascii ? ['-', '\\', '|', '/'] : ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  text: ascii ? text => ASCII.reduce((t, [from, into]) => t.replace(from, into), say(text)) : say,
});
