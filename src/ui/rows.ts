/** Lines of a View to rows of the terminal: wrapped, hung under their labels, measured in cells. Pure. */
import { cells } from '../report/cells.ts';
import { cut, pad, truncate, wrap } from '../report/wrap.ts';
import type { Choice, Line, View } from '../wizard/view.ts';
import type { Row } from '../wizard/walk.ts';
import { type Style, signTone, type Theme, toneOf } from './theme.ts';

export interface Span extends Style {
  readonly text: string;
}
export type Drawn = readonly Span[];

const LABEL = 16;
const STATE = 15;
const isNarrow = (width: number): boolean => width < 60;

const wrapHard = (text: string, width: number): readonly string[] => {
  const rows: string[] = [];
  let rest = text.replaceAll('\t', '    ');
  do {
    const head = cells(rest) <= width ? rest : cut(rest, width);
    rows.push(head);
    rest = rest.slice(head.length);
  } while (rest !== '');
  return rows;
};

const hung = (label: Drawn, labelWidth: number, text: string, width: number, style: Style): readonly Drawn[] =>
  (text === '' ? [''] : wrap(text, width - labelWidth)).map((t, i) => [
    ...(i === 0 ? label : [{ text: ' '.repeat(labelWidth) }]),
    { text: t, ...style },
  ]);

const stateWord = (works: boolean | null): readonly [Row['sign'], string] =>
  works === null ? ['unsure', 'cannot tell'] : works ? ['ok', 'works'] : ['broken', 'fails'];

export const drawLine = (line: Line, width: number, theme: Theme): readonly Drawn[] => {
  switch (line.kind) {
    case 'code':
      return wrapHard(theme.text(line.text), width - 2).map(text => [
        { text: '  ' },
        { text, ...toneOf[line.tone ?? 'plain'] },
      ]);
    case 'command':
      return wrap(theme.text(line.text), width - 6).map((text, i) => [{ text: i === 0 ? '    ' : '      ' }, { text }]);
    case 'text': {
      const style = toneOf[line.tone ?? 'plain'];
      if (!line.sign) return hung([{ text: '  ' }], 2, theme.text(line.text), width, style);
      const sign = `  ${theme.sign(line.sign)} `;
      return hung([{ text: sign, ...signTone[line.sign] }], cells(sign), theme.text(line.text), width, style);
    }
    case 'fact': {
      const style = toneOf[line.tone ?? 'plain'];
      const bar = `  ${theme.bar} `;
      const text = theme.text(line.text);
      if (isNarrow(width)) {
        const said = theme.text(line.label);
        const label = said === '' ? '' : `${said}${said.endsWith('?') ? '' : ':'} `;
        return wrap(`${label}${text}`, width - cells(bar)).map(
          (t, i): Drawn =>
            i === 0 && label !== '' && t.startsWith(label.trimEnd())
              ? [
                  { text: bar, dim: true },
                  { text: label, bold: true },
                  { text: t.slice(label.length), ...style },
                ]
              : [
                  { text: bar, dim: true },
                  { text: t, ...style },
                ],
        );
      }
      const lead: Drawn = [
        { text: bar, dim: true },
        { text: pad(theme.text(line.label), LABEL), bold: true },
      ];
      const rest: Drawn = [{ text: bar, dim: true }, { text: ' '.repeat(LABEL) }];
      return wrap(text, width - cells(bar) - LABEL).map((t, i) => [...(i === 0 ? lead : rest), { text: t, ...style }]);
    }
    case 'way': {
      const [sign, word] = stateWord(line.works);
      const state = pad(`${theme.sign(sign)} ${theme.text(word)}`, STATE);
      const how = hung(
        [{ text: '  ' }, { text: state, ...signTone[sign] }],
        2 + STATE,
        theme.text(line.how),
        width,
        {},
      );
      const because = wrap(theme.text(line.because), width - 2 - STATE);
      return [...how, ...because.map((text): Drawn => [{ text: ' '.repeat(2 + STATE) }, { text, dim: true }])];
    }
  }
};

/** A finished node: sign, label, what was found. */
export const drawRow = (row: Row, width: number, theme: Theme): readonly Drawn[] => {
  const sign = `  ${theme.sign(row.sign)} `;
  const text = theme.text(row.text);
  if (row.label === '') return hung([{ text: sign, ...signTone[row.sign] }], cells(sign), text, width, {});
  if (isNarrow(width)) {
    return wrap(`${theme.text(row.label)}: ${text}`, width - cells(sign)).map((t, i) => [
      { text: i === 0 ? sign : ' '.repeat(cells(sign)), ...signTone[row.sign] },
      { text: t },
    ]);
  }
  const room = width < 76 ? LABEL : 22;
  const label = pad(truncate(theme.text(row.label), room - 1), room);
  return hung(
    [
      { text: sign, ...signTone[row.sign] },
      { text: label, bold: row.sign === 'done' },
    ],
    cells(sign) + room,
    text,
    width,
    {},
  );
};

/** What stands before the label: the box of a row that can be ticked. */
const boxOf = ({ ticked }: Choice, theme: Theme): string => (ticked === undefined ? '' : `${theme.tick(ticked)} `);
/** Where a label begins. */
const labelAt = (choice: Choice, theme: Theme): number => 4 + cells(boxOf(choice, theme));

/** The column at which the hints of a list stand side by side; 0 where the labels are too long for that. */
export const hintColumn = (choices: readonly Choice[], width: number, theme: Theme): number => {
  const hinted = choices.filter(c => c.hint !== undefined);
  if (hinted.length < 2) return 0;
  const at = 2 + Math.max(...hinted.map(c => labelAt(c, theme) + cells(theme.text(c.label))));
  return at <= width / 2 ? at : 0;
};

export const drawChoice = (
  choice: Choice,
  isAt: boolean,
  width: number,
  theme: Theme,
  {
    mark = ' ',
    column = 0,
    isBrief = false,
  }: { readonly mark?: ' ' | '↑' | '↓'; readonly column?: number; readonly isBrief?: boolean } = {},
): readonly Drawn[] => {
  const label = theme.text(choice.label);
  const lead: Drawn = [
    { text: `${theme.mark(mark)} `, dim: true },
    isAt ? { text: `${theme.pointer} `, color: 'cyan', bold: true } : { text: '  ' },
    ...(choice.ticked === undefined ? [] : [{ text: boxOf(choice, theme), bold: choice.ticked }]),
  ];
  const from = labelAt(choice, theme);
  const style: Style = isAt ? { color: 'cyan', bold: true } : {};
  if (choice.hint === undefined) return hung(lead, from, label, width, style);
  const said = theme.text(choice.hint);
  const hint = isBrief && column > 0 ? truncate(said, width - column, theme.dots) : said;
  if (column > 0)
    return hung([...lead, { text: pad(label, column - from), ...style }], column, hint, width, { dim: true });
  const rows = hung(lead, from, label, width, style);
  const last = rows.at(-1)!;
  const used = last.reduce((n, s) => n + cells(s.text), 0);
  if (used + 4 + cells(hint) <= width) return [...rows.slice(0, -1), [...last, { text: `  (${hint})`, dim: true }]];
  return isNarrow(width) ? rows : [...rows, ...hung([{ text: '      ' }], 6, `(${hint})`, width, { dim: true })];
};

const titleRow = (view: View, width: number, isRoomy: boolean, theme: Theme): Drawn => {
  const right = theme.text(view.status);
  if (!view.isTop && isRoomy) {
    const left = truncate(theme.text(view.title), Math.max(8, width - cells(right) - 9), theme.dots);
    const line = theme.rule.repeat(Math.max(1, width - cells(left) - cells(right) - 8));
    return [
      { text: `${theme.rule}${theme.rule} `, dim: true },
      { text: left, bold: true },
      { text: ` ${line} `, dim: true },
      { text: right },
      { text: ` ${theme.rule}`, dim: true },
    ];
  }
  const left = truncate(theme.text(view.title), Math.max(8, width - cells(right) - 1), theme.dots);
  return [
    { text: left, bold: true },
    { text: ' '.repeat(Math.max(1, width - cells(left) - cells(right))) },
    { text: right },
  ];
};

/** As many keys as fit; help stays, since it names the rest. */
const footerRow = (view: View, width: number, theme: Theme): Drawn => {
  const words = view.keys.map(([key, does]) => theme.text(`${key} ${does}`));
  const help = words.find(w => w.startsWith('?'));
  const dot = theme.text(' · ');
  const shown: string[] = [];
  const fits = (more: readonly string[]) => 2 + cells(more.join(dot)) <= width - 1;
  for (const word of words) {
    const rest = help !== undefined && word !== help && !shown.includes(help) ? [help] : [];
    if (fits([...shown, word, ...rest])) shown.push(word);
  }
  return [{ text: `  ${shown.join(dot)}`, dim: true }];
};

export interface Frame {
  readonly top: readonly Drawn[];
  readonly body: readonly Drawn[];
  readonly choices: readonly Choice[];
  /** Where the hints of the choices stand. */
  readonly column: number;
  /** There is no room for hints of several rows. */
  readonly isBrief: boolean;
  /** Choices that did not fit, above and below. */
  readonly above: number;
  readonly below: number;
  /** Index of `at` within the choices shown. */
  readonly at: number;
  readonly confirm: readonly Drawn[];
  readonly footer: readonly Drawn[];
  /** The furthest the body can be scrolled, and how far one page is. */
  readonly most: number;
  readonly page: number;
}

const BLANK: Drawn = [{ text: ' ' }];

/** Lays a view out so that it is never taller than the window less one row: lead, choices and footer stay, the body scrolls. */
export const frameOf = (
  view: View,
  {
    width,
    rows,
    at,
    scroll,
    theme,
    waited,
  }: {
    readonly width: number;
    readonly rows: number;
    readonly at: number;
    readonly scroll: number;
    readonly theme: Theme;
    readonly waited: string;
  },
): Frame => {
  const room = Math.max(4, rows - 1);
  const isRoomy = rows >= 16;
  const draw = (lines: readonly Line[]) => lines.flatMap(l => drawLine(l, width, theme));
  const header = view.isTop
    ? view.header
        .filter(h => h !== '')
        .flatMap(h => wrap(theme.text(h), width).slice(0, isRoomy ? 2 : 1))
        .map((text): Drawn => [{ text }])
    : [];
  const hasBody = view.body.length > 0;
  const lead = draw(view.lead);
  const confirm: readonly Drawn[] =
    view.confirm === null
      ? []
      : [
          [
            { text: `  ${theme.text(view.confirm)}  `, bold: true },
            { text: 'y', bold: true, color: 'cyan' },
            { text: ` ${theme.text('yes')}   ` },
            { text: 'n', bold: true, color: 'cyan' },
            { text: ` ${theme.text('no')}` },
          ],
        ];
  const waiting: readonly Drawn[] = view.since === null ? [] : [[{ text: `  ${waited}`, color: 'cyan' }]];

  const footer = footerRow(view, width, theme);
  const column = hintColumn(view.choices, width, theme);
  const tall = (choices: readonly Choice[], isBrief: boolean) =>
    choices.reduce((n, c) => n + drawChoice(c, false, width, theme, { column, isBrief }).length, 0);
  const fixed = 1 + header.length + confirm.length + waiting.length + 1;
  const gap = isRoomy ? 1 : 0;
  const spare = room - fixed - Math.min(lead.length, 3) - (hasBody ? 3 : 0) - 3 * gap;
  const isBrief = isNarrow(width) && tall(view.choices, false) > Math.max(1, spare);
  const heightOf = (choices: readonly Choice[]) => tall(choices, isBrief);
  let first = 0;
  let last = view.choices.length;
  while (last - first > 1 && heightOf(view.choices.slice(first, last)) > Math.max(1, spare)) {
    if (at - first > last - 1 - at) first++;
    else last--;
  }
  const choices = view.choices.slice(first, last);
  const gaps = gap * ((choices.length > 0 || confirm.length > 0 ? 1 : 0) + 2);
  const left = room - fixed - heightOf(choices) - gaps;
  const shownLead = lead.slice(0, Math.max(1, left - (hasBody ? 2 : 0)));
  const height = Math.max(0, left - shownLead.length);
  const body = draw(view.body);
  const isCut = body.length > height;
  const page = Math.max(1, height - 1);
  const most = isCut ? body.length - page : 0;
  const from = Math.min(scroll, most);
  const more = body.length - from - page;
  const rest = theme.text(`${more > 0 ? `${more} more, Space` : 'the end'}${from > 0 ? `, ${from} above` : ''}`);
  const shown = !isCut
    ? body
    : height < 2
      ? body.slice(from, from + height)
      : [...body.slice(from, from + page), [{ text: `  ${theme.dots} ${rest}`, dim: true }] as Drawn];
  return {
    top: [titleRow(view, width, isRoomy, theme), ...header, ...(gap > 0 ? [BLANK] : []), ...shownLead, ...waiting],
    body: height === 0 ? [] : shown,
    choices,
    column,
    isBrief,
    above: first,
    below: view.choices.length - last,
    at: at - first,
    confirm:
      gap > 0 && (shownLead.length > 0 || body.length > 0) && (confirm.length > 0 || choices.length > 0)
        ? [BLANK, ...confirm]
        : confirm,
    footer: [...(gap > 0 ? [BLANK] : []), footer],
    most,
    page,
  };
};
