/** The walkthrough in a real terminal, 80 by 24, in both languages: key scripts of a new user. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';
import { spawn } from 'node-pty';
import type { Key } from '../flows/lang/en/index.ts';
import { chapters } from '../flows/lessons/chapters.ts';
import { textsOf } from '../src/learn/lang.ts';
import { cells } from '../src/report/cells.ts';
import { environment, program, run } from './cli-run.ts';

const limit = { timeout: 60_000 };
const COLUMNS = 80;
const ROWS = 24;

const inPty = (args: readonly string[], more: Record<string, string> = {}) => {
  const term = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true, scrollback: 2000 });
  const pty = spawn(process.execPath, [program, ...args], {
    cols: COLUMNS,
    rows: ROWS,
    env: environment({ TERM: 'xterm-256color', NODE_ENV: 'production', ...more }),
  });
  const waiting = new Set<() => void>();
  pty.onData(data =>
    term.write(data, () => {
      for (const look of waiting) look();
    }),
  );
  const kill = setTimeout(() => pty.kill('SIGKILL'), 110_000);
  kill.unref();
  const exited = new Promise<number>(resolve => pty.onExit(({ exitCode }) => resolve(exitCode)));
  /** The last words may come after the exit is told. */
  const ended = exited.then(async code => {
    for (let turn = 0; turn < 5; turn++)
      await new Promise<void>(resolve => setImmediate(() => term.write('', resolve)));
    return code;
  });
  const screen = (): string => {
    const { active } = term.buffer;
    return Array.from({ length: ROWS }, (_, i) => active.getLine(active.baseY + i)?.translateToString(true) ?? '').join(
      '\n',
    );
  };
  const until = (what: (screen: string) => boolean, name: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!what(screen())) return;
        waiting.delete(look);
        resolve(screen());
      };
      waiting.add(look);
      void ended.then(code => reject(new Error(`it ended with ${code} before ${name} appeared on:\n${screen()}`)));
      look();
    });
  return {
    screen,
    shows: (text: string) => until(s => s.replace(/\s+/g, ' ').includes(text), text),
    until,
    key: (key: string) => pty.write(key),
    /** Enter, and what it brings. */
    enter: async (text: string) => {
      const before = screen();
      pty.write('\r');
      await until(s => s !== before && s.replace(/\s+/g, ' ').includes(text), text);
    },
    ended,
  };
};

/** A frame may arrive in pieces: it stands when nothing has come for a moment. */
const stands = async (tour: ReturnType<typeof inPty>): Promise<void> => {
  for (let seen = ''; seen.trim() === '' || seen !== tour.screen(); ) {
    seen = tour.screen();
    await sleep(40);
  }
};

/** Enter until the exercise is offered: it scrolls a long page and turns a short one. */
const readOn = async (tour: ReturnType<typeof inPty>, title: string): Promise<number> => {
  await stands(tour);
  for (let pressed = 0; pressed < 40; pressed++) {
    const before = tour.screen();
    for (const line of before.split('\n')) assert.ok(cells(line) <= COLUMNS, line);
    if (before.replace(/\s+/g, ' ').includes(title)) return pressed;
    tour.key('\r');
    await tour.until(s => s !== before && s.trim() !== '', 'the next page');
    await stands(tour);
  }
  throw new Error(`no exercise after 40 keys:\n${tour.screen()}`);
};

for (const [language, LANG] of [
  ['en', 'C.UTF-8'],
  ['ko', 'ko_KR.UTF-8'],
] as const)
  test(`${language}: a chapter from the list to its undone exercise, and out`, limit, async () => {
    const { t, mode } = await textsOf(language);
    run(['learn', '--reset'], { env: { LANG } });
    const tour = inPty(['learn', '--demo', 'healthy-old'], { LANG });
    await tour.shows(t('arrive.title'));
    for (let down = 0; down < 3; down++) tour.key('j');
    await tour.enter(t('screen.page', { page: 1, pages: 2 }));
    await readOn(tour, `${t('screen.exercise')}: ${t('mode.title')}`);
    await tour.enter(t('ex.broken'));
    await tour.shows('+mode = "csv"');
    await tour.enter(t('ex.question', { n: 1, all: 5 }).slice(0, 12));
    for (let n = 1; n <= 5; n++) {
      await tour.shows(t('ex.question', { n, all: 5 }).slice(0, language === 'en' ? 15 : 9));
      tour.key('\r');
    }
    await tour.shows(t('ex.right', { n: 3, all: 5 }));
    await tour.shows(mode('hook-in-nonlegacy-mode').title.slice(0, 20));
    await tour.enter(t('ex.fix-question'));
    tour.key('y');
    await tour.shows(t('ex.fixed', { id: 'hook-in-nonlegacy-mode' }));
    await tour.enter(t('ex.undone'));
    await tour.enter(t('cdi.title'));
    await tour.shows(t('screen.progress', { done: 1, all: chapters.length }));
    tour.key('q');
    assert.equal(await tour.ended, 0);
    const list = JSON.parse(run(['learn', '--list', '--json'], { env: { LANG } }).stdout) as {
      schema: string;
      language: string;
      chapters: { id: string; title: string; done: boolean }[];
    };
    assert.deepEqual([list.schema, list.language], ['gpumedic.learn/1', language]);
    assert.deepEqual(
      list.chapters.filter(c => c.done).map(c => c.id),
      ['mode'],
    );
    assert.equal(list.chapters[0]!.title, t('arrive.title'));
    assert.equal(run(['learn', '--reset'], { env: { LANG } }).stdout, `${t('list.reset')}\n`);
    assert.doesNotMatch(run(['learn', '--list'], { env: { LANG } }).stdout, /✔/);
  });

for (const [language, LANG] of [
  ['en', 'C.UTF-8'],
  ['ko', 'ko_KR.UTF-8'],
] as const)
  test(`${language}: all chapters to the end, with Enter and y alone`, { timeout: 120_000 }, async () => {
    const { t } = await textsOf(language);
    run(['learn', '--reset'], { env: { LANG } });
    const tour = inPty(['learn', 'arrive', '--demo', 'healthy-new'], { LANG });
    for (const [n, { id, exercise }] of chapters.entries()) {
      await readOn(tour, `${t('screen.exercise')}: ${t(`${id}.title` as Key)}`.slice(0, 60));
      await tour.enter(t('ex.broken'));
      await tour.enter(t('ex.predict'));
      const ways = exercise.demo === 'healthy-new' ? 5 : 4;
      for (let way = 1; way <= ways; way++) {
        await tour.shows(t('ex.question', { n: way, all: ways }).slice(0, language === 'en' ? 15 : 9));
        tour.key('\r');
      }
      await tour.shows(t('ex.why'));
      await tour.enter(t('ex.fix-question'));
      tour.key('y');
      await tour.shows(t('ex.fixed', { id: exercise.finding }));
      await tour.enter(t('ex.undone').slice(0, 5));
      await tour.enter(t('screen.progress', { done: n + 1, all: chapters.length }));
    }
    tour.key('q');
    assert.equal(await tour.ended, 0);
    assert.match(run(['learn', '--list'], { env: { LANG } }).stdout, new RegExp(t('list.all-done').slice(0, 8)));
    run(['learn', '--reset'], { env: { LANG } });
  });

test('an Enter pressed while the program loads shifts nothing: the header is the first row', limit, async () => {
  for (const delay of [0, 60, 120, 180, 240, 300]) {
    const tour = inPty(['learn', 'breaks', '--demo', 'healthy-new', '--lang', 'en']);
    await sleep(delay);
    tour.key('\r');
    await stands(tour);
    assert.match(tour.screen().trimStart(), /^── gpumedic/);
    tour.key('\u001b[B');
    await stands(tour);
    assert.equal(tour.screen().match(/── gpumedic/g)?.length, 1, tour.screen());
    assert.equal(tour.screen().match(/q quit/g)?.length, 1, tour.screen());
    tour.key('q');
    assert.equal(await tour.ended, 0);
  }
});

test('q leaves, also where it comes in one chunk with the key before it', limit, async () => {
  for (const keys of ['\rq', '\r\u001b[Bq', 'jq']) {
    const tour = inPty(['learn', 'breaks', '--demo', 'healthy-new', '--lang', 'en']);
    await tour.shows('page 1 of 3');
    tour.key(keys);
    assert.equal(await tour.ended, 0);
  }
});

test('several keys in one chunk and Ctrl-C: no step is confirmed by accident, 130', limit, async () => {
  const tour = inPty(['learn', 'breaks', '--demo', 'healthy-new', '--lang', 'en']);
  await tour.shows('page 1 of 3');
  tour.key('\r\r\r\r\r\r\r\r\r\ryy');
  await tour.until(s => !s.includes('page 1 of 3'), 'another page');
  tour.key('\u0003');
  assert.equal(await tour.ended, 130);
});

test('a chapter directly, by name or number, as text for a screen reader or a pipe', () => {
  for (const word of ['jetson', '7']) {
    const { code, stdout, stderr } = run(['learn', word, '--demo', 'healthy-old', '--lang', 'en']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /1\. docker run --runtime=nvidia: on a Jetson/, 'the picture in words');
    assert.match(stdout, /Break it/);
  }
  const wrong = run(['learn', 'jetsn']);
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /did you mean “gpumedic learn jetson”/);
});

test('an exercise by numbered answers', () => {
  const { code, stdout } = run(['learn', 'mode', '--demo', 'healthy-old', '--plain'], {
    // Two pages, break, predict; one wrong answer of five; fix, yes, undo, on, quit.
    input: ['1', '1', '1', '1', ...['1', '2', '1', '1', '1'], '1', 'y', '1', '1', 'q', ''].join('\n'),
  });
  assert.equal(code, 0);
  for (const said of [
    'mode = "csv"',
    '4 of 5 right',
    'Fixed: hook-in-nonlegacy-mode',
    'Undone',
    'CDI specs, read aloud',
  ])
    assert.ok(stdout.includes(said), `${said}\n${stdout.slice(-1500)}`);
});

test('--demo random: the fault is hidden until the end, keys and time are counted', limit, async () => {
  const tour = inPty(['--demo', 'random'], { LANG: 'C.UTF-8' });
  await tour.shows('Find out why');
  assert.doesNotMatch(tour.screen().split('\n').slice(0, 4).join('\n'), /ldconfig|nvml|cdi|nouveau|uvm|spec/);
  for (const key of ['j', '\u001b[A', 'q']) tour.key(key);
  await tour.ended;
  assert.match(tour.screen(), /It was [a-z0-9-]+: \S/);
  assert.match(tour.screen(), /3 keys, \d/);
});

test('the first menu leads to the lessons', limit, async () => {
  const tour = inPty([], { LANG: 'C.UTF-8' });
  await tour.shows('Learn how a GPU gets into a container');
  tour.key('\u001b[A');
  await tour.shows('> Learn how');
  tour.key('\r');
  await tour.shows('1. What has to arrive in the container');
  tour.key('q');
  await tour.ended;
});

test('the wizard speaks Korean where the locale does', limit, async () => {
  const tour = inPty(['--demo', 'ldconfig-real'], { LANG: 'ko_KR.UTF-8' });
  await tour.shows('여기서 GPU가 왜 안 되는지 알아내기');
  tour.key('\r');
  await tour.shows('config.toml이 없는 ldconfig를 가리킨다 (ldconfig-path-wrong)');
  for (const line of tour.screen().split('\n')) assert.ok(cells(line) <= COLUMNS, line);
  tour.key('q');
  await tour.ended;
});
