/** Where a person is in the lessons, as a View: the same plain data that the wizard's screens are made of. */
import type { Key } from '../../flows/lang/en/index.ts';
import { type Chapter, chapters, type Item } from '../../flows/lessons/chapters.ts';
import { or } from '../engine/known.ts';
import { printable } from '../text/sanitize.ts';
import { code, command, fact, type Line, text } from '../wizard/lines.ts';
import type { Choice, View } from '../wizard/view-types.ts';
import { proposalLines } from '../wizard/view-walk.ts';
import { type Lesson, nextOf, type Work } from './learner.ts';
import { pictureOf } from './picture.ts';
import { show, wayLines } from './show.ts';

type Keys = View['keys'];

const move = ({ texts: { t } }: Lesson): Keys => [
  ['↑↓', t('screen.key.move')],
  ['Enter', t('screen.key.choose')],
];
const tail = ({ texts: { t } }: Lesson): Keys => [
  ['b', t('screen.key.back')],
  ['?', t('screen.key.help')],
  ['q', t('screen.key.quit')],
];

const boxName = ({ values, texts: { t } }: Lesson): string =>
  values?.stands === 'here' ? t('screen.this-machine') : t('screen.the-box');

const valuesLine = ({ values, texts: { t } }: Lesson): string =>
  values === null
    ? '…'
    : values.stands === 'here'
      ? t('screen.values.here')
      : t(values.stands === 'given' ? 'screen.values.box' : 'screen.values.demo', { box: values.box });

/** Paragraphs and points of a text. */
const said = (lesson: Lesson, key: string): readonly Line[] => {
  const { texts, values } = lesson;
  const driver = values === null ? '…' : (or(values.facts.driver.loaded, null) ?? texts.t('show.none-loaded'));
  const whole = texts.t(key as Key, { box: boxName(lesson), driver });
  return whole
    .split('\n\n')
    .flatMap((part, i) => [
      ...(i > 0 ? [text('')] : []),
      ...part.split('\n').map(line => (line.startsWith('- ') ? text(line.slice(2), 'plain', 'note') : text(line))),
    ]);
};

const itemLines = (lesson: Lesson, item: Item): readonly Line[] => {
  const { texts, values, pictures, columns } = lesson;
  if (typeof item === 'string') return said(lesson, item);
  if ('show' in item) return values === null ? [text('…', 'dim')] : show(item.show, { ...values, texts });
  const links = item.links.map(link => ({
    who: texts.t(`pic.${item.picture}.${link}.who` as Key),
    does: texts.t(`pic.${item.picture}.${link}.does` as Key),
  }));
  return pictureOf(links, pictures, columns - 4).map(line => code(line));
};

const chapterTitle = (lesson: Lesson, { id }: Chapter): string => lesson.texts.t(`${id}.title` as Key);

const menu = (lesson: Lesson): Partial<View> => {
  const { texts, done } = lesson;
  return {
    isTop: true,
    lead: [text(texts.t('screen.minutes'), 'dim')],
    choices: [
      ...chapters.map((chapter, i) => ({
        id: `chapter ${chapter.id}`,
        label: `${i + 1}. ${chapterTitle(lesson, chapter)}`,
        ...(done.includes(chapter.id) && { hint: texts.t('screen.done') }),
      })),
      ...(done.length > 0 ? [{ id: 'reset', label: texts.t('screen.reset') }] : []),
      { id: 'quit', label: texts.t('screen.quit') },
    ],
    keys: [...move(lesson), ...tail(lesson).slice(1)],
  };
};

const page = (lesson: Lesson, chapter: Chapter, n: number): Partial<View> => {
  const { t } = lesson.texts;
  const isLast = n + 1 === chapter.pages.length;
  const number = chapters.indexOf(chapter) + 1;
  return {
    lead: [
      text(
        `${number}. ${chapterTitle(lesson, chapter)} · ${t('screen.page', { page: n + 1, pages: chapter.pages.length })}`,
        'strong',
      ),
      ...(n === 0 && lesson.values?.stands === 'instead' ? [text(valuesLine(lesson), 'dim')] : []),
    ],
    body: chapter.pages[n]!.flatMap((item, i) => [...(i > 0 ? [text('')] : []), ...itemLines(lesson, item)]),
    choices: [
      { id: 'next', label: isLast ? t('screen.to-exercise') : t('screen.next') },
      { id: 'menu', label: t('screen.chapters') },
    ],
    keys: [...move(lesson), ['Space', t('screen.key.scroll')], ...tail(lesson)],
  };
};

const answerWord = (lesson: Lesson, works: boolean | null): string =>
  lesson.texts.t(works === null ? 'ex.answer.unknown' : works ? 'ex.answer.works' : 'ex.answer.fails');

/** Each way with the answer given and, where it was wrong, why. */
const verdicts = (lesson: Lesson, work: Work): readonly Line[] => {
  const { texts } = lesson;
  return (work.report?.ways ?? []).flatMap((way, i): readonly Line[] => {
    const answer = work.answers[i];
    const isRight = answer === way.works;
    const cause = way.cause === null ? null : texts.mode(way.cause);
    return [
      text(
        `${way.how}: ${answerWord(lesson, way.works)} (${texts.t('ex.you', { answer: answerWord(lesson, answer ?? null) })})`,
        'plain',
        isRight ? 'ok' : 'broken',
      ),
      ...(isRight
        ? []
        : [
            fact(
              texts.t('ex.why'),
              cause === null
                ? `${texts.t('ex.nothing-stops')}; ${texts.t('ex.not-about')}`
                : `${cause.title}. ${cause.line} (${way.cause})`,
            ),
          ]),
    ];
  });
};

const exercise = (lesson: Lesson, chapter: Chapter, work: Work): Partial<View> => {
  const { t } = lesson.texts;
  const { id } = chapter;
  const head = text(`${t('screen.exercise')}: ${chapterTitle(lesson, chapter)}`, 'strong');
  const leave: Choice = { id: 'menu', label: t('screen.chapters') };
  const next = nextOf(chapter);
  const finish: Choice = {
    id: 'finish',
    label: next === null ? t('ex.finish') : t('screen.next-chapter', { title: chapterTitle(lesson, next) }),
  };
  const keys: Keys = [...move(lesson), ['Space', t('screen.key.scroll')], ...tail(lesson)];
  const state =
    work.report === null
      ? []
      : [text(t('ex.state')), ...wayLines({ report: work.report as never, texts: lesson.texts })];
  switch (work.stage) {
    case 'intro':
      return {
        lead: [head],
        body: [text(t('ex.box', { box: chapter.exercise.demo }), 'dim'), text(''), text(t(`${id}.ex` as Key))],
        choices: [{ id: 'break', label: t('ex.break') }, leave],
        keys,
      };
    case 'broken':
      return {
        lead: [head],
        body: [
          text(t('ex.broken')),
          ...work.told.map(line =>
            line.startsWith('$ ')
              ? command(line)
              : code(printable(line), line.startsWith('+') ? 'add' : line.startsWith('-') ? 'remove' : 'dim'),
          ),
        ],
        choices: [{ id: 'predict', label: t('ex.predict') }, leave],
        keys,
      };
    case 'predict': {
      const ways = work.report!.ways;
      const way = ways[work.answers.length]!;
      return {
        lead: [text(t('ex.predict'), 'strong')],
        body: [
          text(t('ex.question', { n: work.answers.length + 1, all: ways.length })),
          command(way.how),
          text(''),
          text(t(`${id}.ex` as Key), 'dim'),
        ],
        choices: [
          { id: 'works', label: t('ex.works') },
          { id: 'fails', label: t('ex.fails') },
        ],
        keys,
      };
    }
    case 'look': {
      const ways = work.report!.ways;
      const right = ways.filter((way, i) => way.works === work.answers[i]).length;
      const all = ways.length;
      return {
        lead: [
          text(
            right === all ? t('ex.all-right', { all }) : t('ex.right', { n: right, all }),
            'strong',
            right === all ? 'ok' : 'note',
          ),
        ],
        body: [
          ...(work.remark === '' ? [] : [text(work.remark, 'unsure', 'note')]),
          ...verdicts(lesson, work),
          text(''),
          text(t(`${id}.lesson` as Key)),
        ],
        choices: [
          { id: 'fix', label: t('ex.fix', { title: lesson.texts.mode(chapter.exercise.finding).title }) },
          { id: 'predict', label: t('ex.retry') },
          leave,
        ],
        keys,
      };
    }
    case 'propose':
      return {
        lead: [head],
        body: proposalLines(work.plan!),
        confirm: t('ex.fix-question'),
        keys: [
          ['y', t('screen.key.yes')],
          ['n', t('screen.key.no')],
          ['↑↓', t('screen.key.scroll')],
          ...tail(lesson).slice(0, 2),
        ],
      };
    case 'fixed':
      return {
        lead: [text(work.remark, 'strong', 'done')],
        body: state,
        choices: [{ id: 'undo', label: t('ex.undo') }, finish, leave],
        keys,
      };
    case 'undone':
      return {
        lead: [text(work.remark, 'strong', 'note')],
        body: state,
        choices: [finish, { id: 'break', label: t('ex.break') }, leave],
        keys,
      };
  }
};

/** The whole screen. */
export const viewOf = (lesson: Lesson): View => {
  const { texts, done, place } = lesson;
  const base: View = {
    title: `gpumedic ${lesson.version} · ${texts.t('screen.title')}`,
    status: texts.t('screen.progress', { done: done.length, all: chapters.length }),
    header: [valuesLine(lesson), ''],
    isTop: false,
    trail: [],
    lead: [],
    body: [],
    choices: [],
    confirm: null,
    since: null,
    keys: [],
  };
  if (lesson.help)
    return {
      ...base,
      lead: [text(texts.t('screen.help'))],
      choices: [{ id: 'back', label: texts.t('screen.key.back') }],
      keys: tail(lesson),
    };
  const part =
    place.at === 'menu'
      ? menu(lesson)
      : place.at === 'page'
        ? page(lesson, place.chapter, place.page)
        : exercise(lesson, place.chapter, place.work);
  return { ...base, ...part };
};
