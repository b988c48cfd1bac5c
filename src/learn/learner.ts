/** A person going through the lessons: where they are, what they answered, what is shown. Draws nothing. */
import { type Chapter, chapters } from '../../flows/lessons/chapters.ts';
import type { Plan } from '../plan/plan.ts';
import type { Report } from '../wizard/outside.ts';
import type { Intent } from '../wizard/state.ts';
import type { View } from '../wizard/view-types.ts';
import { type Bench, isPlan } from './bench.ts';
import type { Texts } from './lang.ts';
import type { PictureStyle } from './picture.ts';
import type { Values } from './values.ts';
import { viewOf } from './view.ts';

export type Stage = 'intro' | 'broken' | 'predict' | 'look' | 'propose' | 'fixed' | 'undone';

export interface Work {
  readonly stage: Stage;
  readonly bench: Bench | null;
  readonly told: readonly string[];
  readonly report: Report | null;
  /** One for each way of the report, in its order. */
  readonly answers: readonly boolean[];
  readonly plan: Plan | null;
  readonly remark: string;
}

export type Place =
  | { readonly at: 'menu' }
  | { readonly at: 'page'; readonly chapter: Chapter; readonly page: number }
  | { readonly at: 'exercise'; readonly chapter: Chapter; readonly work: Work };

export interface Lesson {
  readonly place: Place;
  readonly done: readonly string[];
  readonly values: Values | null;
  readonly texts: Texts;
  readonly pictures: PictureStyle;
  readonly columns: number;
  readonly version: string;
  readonly help: boolean;
  readonly busy: boolean;
  readonly over: boolean;
}

export interface Learner {
  readonly lesson: () => Lesson;
  readonly view: () => View;
  /** Resolves when the intent has had its effect. */
  readonly send: (intent: Intent) => Promise<void>;
  readonly subscribe: (listener: () => void) => () => void;
  /** Resolves to the exit code. */
  readonly ended: Promise<number>;
}

export interface LearnerOptions {
  readonly texts: Texts;
  readonly done: readonly string[];
  /** Keeps what is done; a place that cannot be written stops no lesson. */
  readonly keep: (done: readonly string[]) => Promise<void>;
  readonly values: Promise<Values>;
  readonly bench: (chapter: Chapter) => Promise<Bench>;
  readonly pictures: PictureStyle;
  readonly columns: number;
  readonly version: string;
  readonly start?: Chapter;
}

const IDLE: Work = { stage: 'intro', bench: null, told: [], report: null, answers: [], plan: null, remark: '' };

/** The next chapter in order; null after the last. */
export const nextOf = (chapter: Chapter): Chapter | null => chapters[chapters.indexOf(chapter) + 1] ?? null;

export const createLearner = (options: LearnerOptions): Learner => {
  const { texts } = options;
  let lesson: Lesson = {
    place: options.start === undefined ? { at: 'menu' } : { at: 'page', chapter: options.start, page: 0 },
    done: options.done,
    values: null,
    texts,
    pictures: options.pictures,
    columns: options.columns,
    version: options.version,
    help: false,
    busy: false,
    over: false,
  };
  const listeners = new Set<() => void>();
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>(resolve => {
    end = resolve;
  });
  const set = (part: Partial<Lesson>): void => {
    lesson = { ...lesson, ...part };
    for (const listener of listeners) listener();
  };
  const go = (place: Place): void => set({ place, help: false });
  const work = (chapter: Chapter, now: Work, part: Partial<Work>): void =>
    go({ at: 'exercise', chapter, work: { ...now, ...part } });
  const quit = (code = 0): void => {
    if (lesson.over) return;
    set({ over: true });
    end(code);
  };
  void options.values.then(values => set({ values }));

  const finish = async (chapter: Chapter): Promise<void> => {
    const done = [...new Set([...lesson.done, chapter.id])];
    set({ done });
    await options.keep(done);
    const next = nextOf(chapter);
    go(next === null ? { at: 'menu' } : { at: 'page', chapter: next, page: 0 });
  };

  const exercise = async (chapter: Chapter, now: Work, id: string): Promise<void> => {
    switch (id) {
      case 'break': {
        const bench = await options.bench(chapter);
        return work(chapter, IDLE, { stage: 'broken', bench, told: await bench.breakIt() });
      }
      case 'predict':
        return work(chapter, now, { stage: 'predict', report: await now.bench!.look(), answers: [], remark: '' });
      case 'works':
      case 'fails': {
        const answers = [...now.answers, id === 'works'];
        return work(chapter, now, { answers, stage: answers.length === now.report!.ways.length ? 'look' : 'predict' });
      }
      case 'fix': {
        const plan = await now.bench!.propose();
        return isPlan(plan)
          ? work(chapter, now, { stage: 'propose', plan, remark: '' })
          : work(chapter, now, { remark: plan.refuse });
      }
      case 'undo': {
        await now.bench!.undo();
        const report = await now.bench!.look();
        const isBack = report.findings.some(f => f.id === chapter.exercise.finding);
        const remark = texts.t(isBack ? 'ex.undone' : 'ex.undone-nothing');
        return work(chapter, now, { stage: 'undone', report, remark });
      }
      case 'finish':
        return finish(chapter);
      default:
        return;
    }
  };

  const answered = async (chapter: Chapter, now: Work, isYes: boolean): Promise<void> => {
    if (now.stage !== 'propose' || now.plan === null) return;
    if (!isYes) return work(chapter, now, { stage: 'look', remark: texts.t('ex.declined') });
    const did = await now.bench!.apply(now.plan);
    const report = await now.bench!.look();
    const { finding } = chapter.exercise;
    const isGone = did.ok && !report.findings.some(f => f.id === finding);
    const remark = isGone ? texts.t('ex.fixed', { id: finding }) : texts.t('ex.not-fixed', { id: finding });
    return work(chapter, now, { stage: 'fixed', report, remark });
  };

  const choose = async (id: string): Promise<void> => {
    const { place } = lesson;
    if (id === 'menu') return go({ at: 'menu' });
    if (id === 'quit') return quit();
    if (id === 'reset') {
      set({ done: [] });
      return options.keep([]);
    }
    if (id.startsWith('chapter ')) {
      const chapter = chapters.find(c => c.id === id.slice(8));
      if (chapter !== undefined) go({ at: 'page', chapter, page: 0 });
      return;
    }
    if (place.at === 'page') {
      const { chapter, page } = place;
      if (id === 'next' && page + 1 < chapter.pages.length) return go({ at: 'page', chapter, page: page + 1 });
      if (id === 'previous') return go({ at: 'page', chapter, page: Math.max(0, page - 1) });
      return go({ at: 'exercise', chapter, work: IDLE });
    }
    if (place.at === 'exercise') return exercise(place.chapter, place.work, id);
  };

  /** Where b leads; null is out. */
  const behind = (): Place | null => {
    const { place } = lesson;
    if (place.at === 'menu') return null;
    if (place.at === 'exercise') return { at: 'page', chapter: place.chapter, page: place.chapter.pages.length - 1 };
    return place.page > 0 ? { ...place, page: place.page - 1 } : { at: 'menu' };
  };
  const back = (): void => {
    const place = lesson.help ? lesson.place : behind();
    if (place === null) quit();
    else go(place);
  };

  const send = async (intent: Intent): Promise<void> => {
    if (intent.do === 'interrupt') return quit(130);
    // Leaving waits for nothing: an exercise changes a simulation only, and over a slow line q may come with the key before it.
    if (intent.do === 'quit') return quit();
    if (lesson.over || lesson.busy) return;
    set({ busy: true });
    try {
      const { place } = lesson;
      if (intent.do === 'back') back();
      else if (intent.do === 'help') set({ help: !lesson.help });
      else if (intent.do === 'choose') {
        if (lesson.help) set({ help: false });
        else await choose(intent.id);
      } else if ((intent.do === 'yes' || intent.do === 'no') && place.at === 'exercise')
        await answered(place.chapter, place.work, intent.do === 'yes');
    } finally {
      set({ busy: false });
    }
  };

  return {
    lesson: () => lesson,
    view: () => viewOf(lesson),
    send,
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ended,
  };
};
