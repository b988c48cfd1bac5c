/** A session as an asciicast: its events, drawn by the wizard's own screen. */
import { type CastFrame, castOf } from '../transcript/cast.ts';
import type { Event } from '../transcript/event.ts';
import { drawChoice, drawLine, drawRow, frameOf } from '../ui/rows.ts';
import { themeOf } from '../ui/theme.ts';
import { painted } from '../wizard/plain.ts';
import { playback } from '../wizard/playback.ts';
import { summaryOf } from '../wizard/summary.ts';
import { viewOf } from '../wizard/view.ts';

const COLUMNS = 80;
const ROWS = 24;

/** Events of a log, redacted there; nothing else is drawn. */
export const transcriptCast = (events: readonly Event[], version: string): string => {
  const theme = themeOf(false);
  let told = 0;
  const frames = playback(events).map(({ at, state }): CastFrame => {
    const fresh = state.trail.slice(told);
    told = state.trail.length;
    const rows = fresh.flatMap(row => drawRow(row, COLUMNS, theme)).map(drawn => painted(drawn, true));
    if (state.over) {
      const summary = (state.walk === null ? [] : summaryOf(state)).flatMap(line => drawLine(line, COLUMNS, theme));
      return { at, rows: [...rows, ...summary.map(drawn => painted(drawn, true))], live: [] };
    }
    const view = viewOf(state, version);
    const frame = frameOf(view, { width: COLUMNS, rows: ROWS, at: 0, scroll: 0, theme, waited: '' });
    const choices = frame.choices.flatMap((choice, i) => drawChoice(choice, i === frame.at, COLUMNS, theme));
    const live = [...frame.top, ...frame.body, ...frame.confirm, ...choices, ...frame.footer];
    return { at, rows, live: live.map(drawn => painted(drawn, true)) };
  });
  return castOf(frames, { columns: COLUMNS, rows: ROWS, title: 'gpumedic', began: events[0]?.at ?? 0 });
};
