/** Warnings of the guard as lines for people. */
import { pad, truncate, wrap } from '../report/wrap.ts';
import { printable } from '../text/sanitize.ts';
import type { Warning } from './guard.ts';

export interface GuardLook {
  readonly columns: number;
  readonly colour: boolean;
  readonly ascii: boolean;
}

const LOSES: Readonly<Record<Warning['loses'], string>> = {
  data: 'data is lost',
  configuration: 'settings are lost',
  protection: 'protection is lost',
  'running work': 'running work is lost',
};

/** Ends with an empty line; nothing for no warning. */
export const guardText = (warnings: readonly Warning[], look: GuardLook): string => {
  const width = Math.max(30, Math.min(look.columns, 100));
  const paint = (text: string) => (look.colour ? `\u001b[31m${text}\u001b[0m` : text);
  const hang = (label: string, text: string) =>
    wrap(text, width - 12).map((l, i) => `  ${pad(i === 0 ? label : '', 10)}${l}`);
  const lines = warnings.flatMap(w => [
    paint(`${look.ascii ? '!!' : '✖'} Do not run line ${w.line}: ${LOSES[w.loses]}`),
    `    ${truncate(printable(w.text).replaceAll('\n', ' '), width - 4)}`,
    ...hang('Why', w.because),
    ...hang('Instead', w.instead),
    '',
  ]);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
};
