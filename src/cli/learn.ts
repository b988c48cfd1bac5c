/** `gpumedic learn`: the walkthrough. Reads this machine, changes nothing on it. */
import { createInterface } from 'node:readline';
import type { Key } from '../../flows/lang/en/index.ts';
import { chapters } from '../../flows/lessons/chapters.ts';
import { languageOf, textsOf } from '../learn/lang.ts';
import { sayingIn } from '../learn/say.ts';
import { pad } from '../report/wrap.ts';
import { openBox } from './box.ts';
import { type Context, given, has, jsonText } from './context.ts';
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';
import { doneOf, keepDone } from './progress.ts';

const chapterOf = (id: string | undefined) => {
  if (id === undefined) return undefined;
  const ids = chapters.map(chapter => chapter.id);
  const found = chapters.find((chapter, i) => chapter.id === id || String(i + 1) === id);
  if (found !== undefined) return found;
  const near = nearest(id, ids);
  throw new UsageError(
    `no chapter is called “${id}”`,
    near === null ? `there are ${ids.join(', ')}` : `did you mean “gpumedic learn ${near}”?`,
  );
};

export const run = async (context: Context): Promise<number> => {
  const start = chapterOf(context.words.rest[0]);
  const texts = await textsOf(languageOf(context.env, given(context, 'lang')));
  const { t } = texts;
  const title = (id: string) => t(`${id}.title` as Key);
  if (has(context, 'reset')) {
    keepDone(context, []);
    context.out(`${t('list.reset')}\n`);
    return 0;
  }
  const done = doneOf(context);
  if (has(context, 'json')) {
    const list = chapters.map(({ id, source }) => ({
      id,
      title: title(id),
      about: t(`${id}.about` as Key),
      done: done.includes(id),
      source,
    }));
    context.out(jsonText({ schema: 'gpumedic.learn/1', language: texts.language, chapters: list }));
    return 0;
  }
  if (has(context, 'list')) {
    const { cells } = await import('../report/cells.ts');
    const width = Math.max(...chapters.map(({ id }) => cells(id))) + 2;
    const sign = (id: string) => (done.includes(id) ? (context.terminal.ascii ? 'ok' : '✔ ') : '  ');
    context.out(`${t('list.head')}\n\n`);
    for (const { id } of chapters)
      context.out(`${sign(id)} ${pad(id, width)}${title(id)}\n   ${pad('', width)}${t(`${id}.about` as Key)}\n`);
    const next = chapters.find(({ id }) => !done.includes(id));
    context.out(`\n${next === undefined ? t('list.all-done') : t('list.next', { id: next.id })}\n`);
    return 0;
  }
  const { createLearner } = await import('../learn/learner.ts');
  const { benchOf } = await import('../learn/bench.ts');
  const { valuesOf } = await import('../learn/values.ts');
  const box = await openBox(context);
  const instead = async () => {
    const { demos } = await import('../sim/worlds/index.ts');
    const { simBox } = await import('../sim/index.ts');
    return simBox(await demos['healthy-new']!.load());
  };
  const { terminal } = context;
  const say = await sayingIn(texts.language);
  const isReader = context.env.INK_SCREEN_READER === 'true';
  const values = valuesOf(box, instead);
  const learner = createLearner({
    texts,
    done,
    keep: async now => void keepDone(context, now),
    values,
    bench: ({ exercise }) => benchOf(exercise, context.now),
    pictures: isReader || !terminal.ink ? 'text' : terminal.ascii ? 'ascii' : 'drawn',
    columns: Math.min(terminal.columns, 100),
    version: context.version,
    ...(start !== undefined && { start }),
  });
  context.signal.addEventListener('abort', () => void learner.send({ do: 'interrupt' }), { once: true });
  if (terminal.ink) {
    const { mountLearn } = await import('../ui/learn.tsx');
    return mountLearn(learner, { ascii: terminal.ascii, say });
  }
  // Lines cannot be corrected once they are printed, so the values come first.
  await values;
  const { learnPlain } = await import('../learn/plain.ts');
  const input = createInterface({ input: process.stdin, terminal: false });
  try {
    return await learnPlain({
      learner,
      lines: input[Symbol.asyncIterator](),
      out: context.out,
      ascii: terminal.ascii,
      say,
      colour: terminal.colour,
      columns: Math.min(terminal.columns, 100),
    });
  } finally {
    input.close();
  }
};
