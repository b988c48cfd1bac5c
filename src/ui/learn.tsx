/** The lessons on the screen: the same frame, menu and keys as the wizard's, one thing at a time. */
import { Box, render, useApp, useInput, usePaste, useWindowSize } from 'ink';
import { type ReactElement, useEffect, useReducer, useRef, useSyncExternalStore } from 'react';
import type { Learner } from '../learn/learner.ts';
import { withoutEcho } from './echo.ts';
import { type Cursor, cursorFor, press, pressesOf, screenOf } from './keys.ts';
import { Menu } from './menu.tsx';
import { type Drawn, frameOf } from './rows.ts';
import { Spans } from './spans.tsx';
import { type Theme, themeOf } from './theme.ts';

export const Learn = ({
  learner,
  theme,
}: {
  readonly learner: Learner;
  readonly theme: Theme;
}): ReactElement | null => {
  const lesson = useSyncExternalStore(learner.subscribe, learner.lesson);
  const { columns, rows } = useWindowSize();
  const { exit } = useApp();
  const cursor = useRef<Cursor>({ screen: '', at: 0, scroll: 0 });
  const limits = useRef({ page: 1, most: 0 });
  const painted = useRef('');
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const view = learner.view();

  useEffect(() => {
    if (lesson.over) exit();
  }, [lesson.over, exit]);
  useEffect(() => {
    const timer = setImmediate(() => {
      painted.current = screenOf(view);
    });
    return () => clearImmediate(timer);
  });
  useInput((input, key) => {
    const keys = pressesOf(input, key);
    for (const one of keys) {
      const now = learner.view();
      const isAlone = keys.length === 1 && painted.current === screenOf(now);
      const { page, most } = limits.current;
      const place = cursorFor(now, cursor.current);
      // Enter reads on to the end of a page before it turns it.
      const isReading = one === 'enter' && now.choices[place.at]?.id === 'next' && place.scroll < most;
      const { cursor: next, intent } = press(now, cursor.current, isReading ? 'pageDown' : one, {
        page,
        most,
        isAlone,
      });
      cursor.current = next;
      if (intent) void learner.send(intent);
    }
    redraw();
  });
  // Pasted text is no answer to anything.
  usePaste(() => {});

  cursor.current = cursorFor(view, cursor.current);
  const frame = frameOf(view, {
    width: columns,
    rows,
    at: cursor.current.at,
    scroll: cursor.current.scroll,
    theme,
    waited: '',
  });
  limits.current = { page: frame.page, most: frame.most };
  if (lesson.over) return null;
  const drawn = (part: readonly Drawn[], name: string) =>
    part.map((spans, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a row's name is its place
      <Spans key={`${name}${i}`} spans={spans} />
    ));
  return (
    <Box flexDirection="column" width={columns}>
      {drawn(frame.top, 't')}
      {drawn(frame.body, 'b')}
      {drawn(frame.confirm, 'c')}
      <Menu {...frame} width={columns} theme={theme} />
      {drawn(frame.footer, 'f')}
    </Box>
  );
};

export interface LearnOptions {
  readonly ascii: boolean;
  /** For words that the frame and a proposal bring along. */
  readonly say?: ((text: string) => string) | undefined;
  readonly stdin?: NodeJS.ReadStream;
  readonly stdout?: NodeJS.WriteStream;
}

/** Runs until the person leaves; resolves to the exit code. */
export const mountLearn = (learner: Learner, { ascii, say, stdin, stdout }: LearnOptions): Promise<number> =>
  withoutEcho(async () => {
    const app = render(<Learn learner={learner} theme={themeOf(ascii, say)} />, {
      interactive: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      ...(stdin && { stdin }),
      ...(stdout && { stdout }),
    });
    await app.waitUntilExit();
    return learner.ended;
  }, stdin);
