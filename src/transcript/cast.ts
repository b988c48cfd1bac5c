/** Frames of a screen to an asciicast v2, which asciinema and web players show. Pure. */

/** What stands below the history at one moment, and what has been added to the history since the frame before. */
export interface CastFrame {
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** Finished rows; they scroll up and stay. */
  readonly rows: readonly string[];
  /** The part of the screen that is drawn anew each time; empty at the end. */
  readonly live: readonly string[];
}

export interface CastOptions {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly began: number;
  /** Longest pause that is kept, in milliseconds. */
  readonly pauseMs?: number;
}

/** Up over the live part of the frame before, and clear from there. */
const erased = (lines: number): string => (lines === 0 ? '' : `\r${lines > 1 ? `\u001b[${lines - 1}A` : ''}\u001b[J`);

export const castOf = (
  frames: readonly CastFrame[],
  { columns, rows, title, began, pauseMs = 2000 }: CastOptions,
): string => {
  const header = {
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(began / 1000),
    title,
    env: { TERM: 'xterm-256color' },
  };
  let live = 0;
  let time = 0;
  let last = 0;
  const lines = frames.map(frame => {
    time += Math.min(Math.max(0, frame.at - last), pauseMs);
    last = frame.at;
    const text = erased(live) + frame.rows.map(row => `${row}\r\n`).join('') + frame.live.join('\r\n');
    live = frame.live.length;
    return JSON.stringify([Number((time / 1000).toFixed(3)), 'o', text]);
  });
  return `${[JSON.stringify(header), ...lines].join('\n')}\n`;
};
