/** What the terminal writes by itself. */

/**
 * Runs `draw` with the terminal's echo off. Ink turns it off after its first frame only: an Enter pressed before that
 * would be echoed into the frame and shift every later one by a row. The keys themselves are kept and read later.
 */
export const withoutEcho = async <T>(
  draw: () => Promise<T>,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<T> => {
  const terminal = stdin as Partial<NodeJS.ReadStream>;
  if (!terminal.isTTY || !terminal.setRawMode) return draw();
  terminal.setRawMode(true);
  try {
    return await draw();
  } finally {
    terminal.setRawMode(false);
  }
};
