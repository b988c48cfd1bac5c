/** The screen: finished rows scroll up and stay, below them one thing at a time, never taller than the window less one row. */
import { Box, Static, useAnimation, useApp, useInput, useIsScreenReaderEnabled, usePaste, useWindowSize } from 'ink';
import {
  type ReactElement,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useSyncExternalStore,
} from 'react';
import { seconds } from '../report/words.ts';
import { viewOf } from '../wizard/view.ts';
import type { Row } from '../wizard/walk.ts';
import type { Wizard } from '../wizard/wizard.ts';
import { type Cursor, cursorFor, press, pressesOf, screenOf } from './keys.ts';
import { Menu } from './menu.tsx';
import { drawRow, frameOf } from './rows.ts';
import { Spans } from './spans.tsx';
import type { Theme } from './theme.ts';

export interface AppProps {
  readonly wizard: Wizard;
  readonly version: string;
  readonly theme: Theme;
  readonly now: () => number;
}

/** A walk over known facts changes many times in a frame; each change drawn would cost more than the walk. */
const throttled =
  (subscribe: Wizard['subscribe']): Wizard['subscribe'] =>
  listener => {
    let timer: NodeJS.Timeout | null = null;
    const stop = subscribe(() => {
      timer ??= setTimeout(() => {
        timer = null;
        listener();
      }, 16);
    });
    return () => {
      if (timer !== null) clearTimeout(timer);
      stop();
    };
  };

export const App = ({ wizard, version, theme, now }: AppProps): ReactElement => {
  const subscribe = useMemo(() => throttled(wizard.subscribe), [wizard]);
  const state = useSyncExternalStore(subscribe, wizard.state);
  const { columns, rows } = useWindowSize();
  const { exit, suspendTerminal } = useApp();
  const isReader = useIsScreenReaderEnabled();
  const cursor = useRef<Cursor>({ screen: '', at: 0, scroll: 0 });
  const limits = useRef({ page: 1, most: 0 });
  /** The screen that has been painted; a `y` that arrives before its question is nobody's answer. */
  const painted = useRef('');
  const arrived = useRef<string | null>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);

  const view = viewOf(state, version);
  const isWaiting = view.since !== null && !state.over;
  const { frame: tick } = useAnimation({ interval: isReader ? 5000 : 250, isActive: isWaiting });

  useEffect(() => {
    wizard.onAskRoot(async () => {
      let ok = false;
      await suspendTerminal(() => {
        ok = wizard.sudo();
      });
      return ok;
    });
  }, [wizard, suspendTerminal]);
  useEffect(() => {
    if (state.over) exit();
  }, [state.over, exit]);
  useLayoutEffect(() => {
    painted.current = screenOf(view);
  });

  useInput((input, key) => {
    // A terminal without bracketed paste: lines that come at once.
    if (/.[\r\n]/.test(input) && viewOf(wizard.state(), version).takes !== undefined)
      return wizard.send({ do: 'type', text: input, whole: true });
    const keys = pressesOf(input, key);
    // All that arrives in one chunk is answered for by what stood there when it arrived.
    if (arrived.current === null) {
      arrived.current = painted.current;
      setImmediate(() => {
        arrived.current = null;
      });
    }
    for (const one of keys) {
      const now = viewOf(wizard.state(), version);
      const isAlone = keys.length === 1 && arrived.current === screenOf(now);
      const { cursor: next, intent } = press(now, cursor.current, one, { ...limits.current, isAlone });
      cursor.current = next;
      if (intent) wizard.send(intent);
    }
    redraw();
  });
  // Pasted text is no answer to anything.
  usePaste(text => {
    if (viewOf(wizard.state(), version).takes !== undefined) wizard.send({ do: 'type', text, whole: true });
  });

  cursor.current = cursorFor(view, cursor.current);
  const waited =
    view.since === null
      ? ''
      : `${isReader ? 'waiting' : theme.spinner[tick % theme.spinner.length]} ${seconds(Math.floor(Math.max(0, now() - view.since) / 1000) * 1000)}`;
  const frame = frameOf(view, {
    width: columns,
    rows,
    at: cursor.current.at,
    scroll: cursor.current.scroll,
    theme,
    waited,
  });
  limits.current = { page: frame.page, most: frame.most };

  return (
    <>
      <Static items={state.trail as Row[]}>
        {(row, i) => (
          <Box key={i} flexDirection="column" width={columns}>
            {drawRow(row, columns, theme).map((spans, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of one wrapped text have no other name
              <Spans key={n} spans={spans} />
            ))}
          </Box>
        )}
      </Static>
      {state.over ? null : (
        <Box flexDirection="column" width={columns}>
          {[...frame.top, ...frame.body].map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row's name is its place
            <Spans key={i} spans={spans} />
          ))}
          {frame.confirm.map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Spans key={`c${i}`} spans={spans} />
          ))}
          <Menu {...frame} width={columns} theme={theme} />
          {frame.footer.map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Spans key={`f${i}`} spans={spans} />
          ))}
        </Box>
      )}
    </>
  );
};
