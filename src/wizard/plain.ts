/** The same wizard as lines: numbered answers on stdin, a change only by the line `y` or `yes`, the end of input declines. */

import { isOffered, LETTERS } from '../ui/keys.ts';
import { type Drawn, drawLine, drawRow } from '../ui/rows.ts';
import { type Theme, themeOf } from '../ui/theme.ts';
import type { Intent } from './state.ts';
import { type View, viewOf } from './view.ts';
import type { End, Wizard } from './wizard.ts';

export interface PlainOptions {
  readonly wizard: Wizard;
  readonly version: string;
  /** Lines of the input, without their newline. */
  readonly lines: AsyncIterator<string>;
  readonly out: (text: string) => void;
  readonly ascii: boolean;
  /** Puts a whole text into the person's language. */
  readonly say?: ((text: string) => string) | undefined;
  readonly colour: boolean;
  readonly columns: number;
}

const SGR: Readonly<Record<string, number>> = { green: 32, red: 31, yellow: 33, cyan: 36 };

/** A drawn row as text; escape sequences only where colour is wanted. */
export const painted = (drawn: Drawn, colour: boolean): string =>
  drawn
    .map(s => {
      const codes = [s.bold ? 1 : 0, s.dim ? 2 : 0, s.color ? (SGR[s.color] ?? 0) : 0].filter(c => c !== 0);
      return colour && codes.length > 0 ? `\u001b[${codes.join(';')}m${s.text}\u001b[0m` : s.text;
    })
    .join('')
    .trimEnd();

/** What a line of input means on this screen; null where it means nothing. */
export const answerOf = (view: View, line: string): Intent | null => {
  const said = line.trim().toLowerCase();
  const letter = said.length === 1 && isOffered(view, said) ? LETTERS[said] : undefined;
  if (view.confirm !== null) {
    if (said === 'y' || said === 'yes') return { do: 'yes' };
    if (said === '' || said === 'n' || said === 'no' || /^\d+$/.test(said)) return { do: 'no' };
    return letter ?? { do: 'no' };
  }
  const numbers = numbersIn(said, view.choices.length);
  const ids = numbers?.map(n => view.choices[n - 1]!.id) ?? [];
  if (view.enters !== undefined) {
    if (said === '' && view.choices.some(c => c.ticked)) return { do: 'choose', id: view.enters };
    return ids.length > 0 ? { do: 'take', ids } : (letter ?? null);
  }
  const id = said === '' && view.start !== undefined ? view.choices[view.start]?.id : ids.length === 1 ? ids[0] : null;
  return id ? { do: 'choose', id } : (letter ?? null);
};

/** "1,3" or "1 3" as numbers of rows; null where something else is said, or there is no such row. */
const numbersIn = (said: string, rows: number): readonly number[] | null => {
  const numbers = said.split(/[\s,]+/).map(word => (/^\d{1,3}$/.test(word) ? Number(word) : 0));
  return numbers.every(n => n >= 1 && n <= rows) ? numbers : null;
};

/** The numbered rows of a view, and what may be typed. */
export const rowsOf = (view: View, theme: Theme): readonly string[] =>
  view.choices.map(
    ({ label, hint, ticked }, i) =>
      `${String(i + 1).padStart(3)}  ${ticked === undefined ? '' : `${theme.tick(ticked)} `}${theme.text(label)}${hint ? `  (${theme.text(hint)})` : ''}`,
  );
/** What a row or rows are chosen by. */
export const promptOf = (view: View): string => {
  if (view.enters !== undefined)
    return view.choices.some(c => c.ticked) ? 'numbers such as 1,3, Enter for what is ticked' : 'numbers such as 1,3';
  return view.start === undefined ? 'number' : `number, Enter for ${view.start + 1}`;
};
/** What is said to a line that means nothing. */
export const noAnswer = (view: View, letters: string): string =>
  `That is no answer here: ${view.enters === undefined ? 'a number' : 'numbers'} from 1 to ${view.choices.length}${letters}.`;

const CONFIRM = 'y or yes does it, anything else does not';

const isQuestion = (view: View): boolean => view.choices.length > 0 || view.confirm !== null;

export const runPlain = async ({
  wizard,
  version,
  lines,
  out,
  ascii,
  say: spoken,
  colour,
  columns,
}: PlainOptions): Promise<End> => {
  const theme = themeOf(ascii, spoken);
  const say = (drawn: Drawn) => out(`${painted(drawn, colour)}\n`);
  let told = 0;
  let waited = '';
  const tell = () => {
    const { trail } = wizard.state();
    for (; told < trail.length; told++) for (const drawn of drawRow(trail[told]!, columns, theme)) say(drawn);
  };
  /** Waits until something is asked, telling what happens meanwhile. */
  const question = async (): Promise<View | null> => {
    for (;;) {
      tell();
      const state = wizard.state();
      if (state.over) return null;
      const view = viewOf(state, version);
      if (isQuestion(view) && state.machine !== null) return view;
      if (state.at.at === 'busy' && state.at.what !== waited) {
        waited = state.at.what;
        out(`${theme.text(waited)}\n`);
      }
      await new Promise<void>(resolve => {
        const stop = wizard.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
  };
  const draw = (view: View) => {
    out('\n');
    if (view.isTop)
      for (const line of [`${view.title} (${view.status})`, ...view.header.filter(Boolean)])
        out(`${theme.text(line)}\n`);
    for (const line of [...view.lead, ...view.body]) for (const drawn of drawLine(line, columns, theme)) say(drawn);
    for (const row of rowsOf(view, theme)) out(`${row}\n`);
    const letters = view.keys.map(([key, does]) => (/^[a-z?]$/.test(key) ? `${key} ${does}` : '')).filter(Boolean);
    const means = view.confirm === null ? [promptOf(view), ...letters] : [CONFIRM];
    const question = view.confirm === null ? '' : `${theme.text(view.confirm)} `;
    out(`${question}${means.map(theme.text).join(', ')} > `);
  };

  /** Lines up to a line with a single dot, an empty one after text, or the end of the input; null when it was interrupted. */
  const pasted = async (): Promise<string | null> => {
    let taken = '';
    for (;;) {
      const line = await Promise.race([lines.next(), wizard.done.then(() => null)]);
      if (line === null) return null;
      if (line.done || line.value.trim() === '.') return taken;
      if (line.value.trim() === '' && taken.trim() !== '') return taken;
      taken += `${line.value}\n`;
    }
  };

  for (let asked = await question(); asked !== null; asked = await question()) {
    if (asked.takes !== undefined) {
      for (const line of asked.lead) for (const drawn of drawLine(line, columns, theme)) say(drawn);
      out(`${theme.text('lines, then an empty line or a line with a single dot')} >\n`);
      const text = await pasted();
      if (text === null) break;
      wizard.send({ do: 'type', text, whole: true });
      wizard.send({ do: 'choose', id: text.trim() === '' ? 'menu' : 'explain' });
      continue;
    }
    draw(asked);
    // An interruption ends the wait for a line.
    const line = await Promise.race([lines.next(), wizard.done.then(() => null)]);
    if (line === null || wizard.state().over) break;
    if (line.done) {
      out('\n(end of input)\n');
      if (asked.confirm !== null) wizard.send({ do: 'no' });
      wizard.send({ do: 'quit' });
      continue;
    }
    const intent = answerOf(asked, line.value);
    if (intent === null) out(`${theme.text(noAnswer(asked, ', or a letter'))}\n`);
    else wizard.send(intent);
  }
  tell();
  return wizard.done;
};
