/** What is shown of an error text: while it is pasted, and what it tells. */
import { code, fact, type Line, plural, text } from './lines.ts';
import type { State } from './state.ts';
import type { Pasted, Told } from './texts.ts';
import { type Choice, MOVE, TAIL, type View } from './view-types.ts';

/** Answers shown, and those that can be looked for. */
const MOST = 4;
/** An answer below this is one possibility among several. */
const LIKELY = 0.6;

export const pasteView = ({ lines, shown, typed, isCut }: Pasted): Partial<View> => ({
  lead: [text('Paste the error text here; several lines are fine.', 'strong')],
  body: [
    ...(lines > 0 ? [text(`${plural(lines, 'line')} so far`, 'dim')] : []),
    ...(isCut ? [text('It is very long: only its beginning is read.', 'unsure', 'unsure')] : []),
    ...(shown.length < lines ? [code('…', 'dim')] : []),
    ...[...shown, ...(typed === '' ? [] : [typed])].map(l => code(l.slice(0, 400))),
  ],
  takes: typed,
  choices: [
    ...(lines > 0 || typed !== '' ? [{ id: 'explain', label: 'That is all: what is it?' }] : []),
    { id: 'menu', label: 'Back' },
  ],
  keys: [
    ['Enter', typed === '' ? 'choose' : 'ends the line'],
    ['Ctrl-D', 'that is all'],
    ['Esc', 'back'],
    ['Ctrl-C', 'stop'],
  ],
});

const LOSES = {
  data: 'data is lost',
  configuration: 'settings are lost',
  protection: 'protection is lost',
  'running work': 'running work is lost',
} as const;

const dangerLines = (told: Told): readonly Line[] =>
  told.dangers.flatMap(w => [
    text(`Do not run line ${w.line}: ${LOSES[w.loses]}`, 'broken', 'broken'),
    code(w.text.slice(0, 400)),
    fact('Why', w.because),
    fact('Instead', w.instead),
    text(''),
  ]);

const causeLines = (told: Told, state: State): readonly Line[] =>
  told.explanation.causes.slice(0, MOST).flatMap((cause, i) => {
    const { confidence, id, matched, toTell } = cause;
    const mode = state.modes[id];
    const percent = `${Math.round(confidence * 100)} %`;
    return [
      ...(i > 0 ? [text('')] : []),
      text(`${id}  ${percent}`, 'strong', i === 0 && confidence >= LIKELY ? 'broken' : 'unsure'),
      ...(mode ? [fact('', mode.title)] : []),
      ...matched.slice(0, i === 0 ? 3 : 1).map(m => fact(`line ${m.line}`, m.text)),
      ...(i === 0 && mode && confidence >= LIKELY ? [fact('Why it matters', mode.why.line)] : []),
      fact('What would tell', toTell),
    ];
  });

const leadOf = ({ explanation, looked, lines }: Told): readonly Line[] => {
  if (looked !== null)
    return [text(looked.says, 'strong', looked.found === true ? 'broken' : looked.found === false ? 'ok' : 'unsure')];
  const { causes, foreign, notMine } = explanation;
  if (notMine) return [text(`Not the NVIDIA container stack (${foreign?.kind ?? 'unrelated'})`, 'strong', 'note')];
  if (causes.length === 0) return [text('No known error in this text', 'strong', 'unsure')];
  return [text(`What the text of ${plural(lines, 'line')} tells; it may come from another machine`, 'strong')];
};

const choicesOf = (told: Told): readonly Choice[] => {
  const { explanation, looked, inContainer } = told;
  const causes = explanation.causes.slice(0, MOST).map(c => c.id);
  return [
    ...(looked?.faults ?? []).map(id => ({ id: `found ${id}`, label: `Go to what was found here: ${id}` })),
    ...causes
      .filter(id => looked === null || (id !== looked.cause && !looked.faults.includes(id)))
      .map(id => ({ id: `look ${id}`, label: `Look here for ${id}` })),
    ...(causes.some(id => inContainer.includes(id)) ? [{ id: 'containers', label: 'Look at one container' }] : []),
    ...(causes.length === 0 && looked === null
      ? [{ id: 'why', label: 'Find out why the GPU does not work here' }]
      : []),
    { id: 'text', label: 'Another text' },
    { id: 'menu', label: 'Back' },
  ];
};

export const toldView = (told: Told, state: State): Partial<View> => ({
  lead: leadOf(told),
  body: [
    ...dangerLines(told),
    ...(told.explanation.notMine ? [text(told.explanation.foreign?.about ?? '')] : []),
    ...(!told.explanation.notMine && told.explanation.causes.length === 0
      ? [text('It names no cause. Give more of the log, above all the first error.')]
      : []),
    ...causeLines(told, state),
  ],
  choices: choicesOf(told),
  keys: [...MOVE, ['Space', 'scroll'], ...TAIL],
});
