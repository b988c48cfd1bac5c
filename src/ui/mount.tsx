/** The only call of Ink's render. */
import { render } from 'ink';
import type { End, Wizard } from '../wizard/wizard.ts';
import { App } from './app.tsx';
import { withoutEcho } from './echo.ts';
import { themeOf } from './theme.ts';

export interface MountOptions {
  readonly wizard: Wizard;
  readonly version: string;
  readonly ascii: boolean;
  /** Puts a whole text into the person's language. */
  readonly say?: ((text: string) => string) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when the first frame stands. */
  readonly painted?: () => void;
  readonly stdin?: NodeJS.ReadableStream;
  readonly stdout?: NodeJS.WritableStream;
}

/** Runs until the wizard ends; the terminal is then as it was. Rejects when drawing fails. */
export const mount = ({ wizard, version, ascii, say, now, painted, stdin, stdout }: MountOptions): Promise<End> =>
  withoutEcho(async () => {
    const app = render(<App wizard={wizard} version={version} theme={themeOf(ascii, say)} now={now} />, {
      // Ink paints nothing before the end where CI is set; whoever calls this knows that both ends are terminals.
      interactive: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      ...(stdin && { stdin }),
      ...(stdout && { stdout }),
    });
    if (painted) void app.waitUntilRenderFlush().then(painted);
    await app.waitUntilExit();
    return wizard.done;
  }, stdin);
