/** A terminal that Ink takes for real; what stands on it is asked of a terminal emulator. */
import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import { mount } from '../src/ui/mount.tsx';
import type { End, Wizard } from '../src/wizard/wizard.ts';

type Emulator = InstanceType<typeof xterm.Terminal>;

class Out extends EventEmitter {
  isTTY = true;
  bytes = 0;
  pending = 0;
  columns: number;
  rows: number;
  term: Emulator;
  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.term = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true, scrollback: 5000 });
  }
  write = (text: string, done?: unknown): boolean => {
    this.bytes += Buffer.byteLength(text);
    this.pending++;
    this.term.write(text, () => {
      this.pending--;
      if (typeof done === 'function') done();
    });
    return true;
  };
}

class In extends EventEmitter {
  isTTY = true;
  isRaw = false;
  queue: string[] = [];
  setRawMode(on: boolean) {
    this.isRaw = on;
    return this;
  }
  setEncoding() {}
  ref() {}
  unref() {}
  pause() {}
  resume() {}
  read = (): string | null => this.queue.shift() ?? null;
  type(keys: string) {
    this.queue.push(keys);
    this.emit('readable');
  }
}

export interface OnScreen {
  /** One chunk of input. */
  type(keys: string): Promise<void>;
  /** Waits until the screen shows it; fails with the screen in the message. */
  until(what: RegExp): Promise<string>;
  /** What the window shows now. */
  screen(): string;
  /** Everything, what scrolled out above included. */
  all(): string;
  resize(columns: number, rows: number): Promise<void>;
  bytes(): number;
  readonly end: Promise<End>;
  readonly isRaw: () => boolean;
}

const turn = () => new Promise(resolve => setImmediate(resolve));

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly ascii?: boolean;
  /** Puts a whole text into another language. */
  readonly say?: (text: string) => string;
}

export const onScreen = (
  wizard: Wizard,
  { columns = 80, rows = 24, ascii = false, say }: ScreenOptions = {},
): OnScreen => {
  const stdout = new Out(columns, rows);
  const stdin = new In();
  const end = mount({
    wizard,
    version: '0.1.0',
    ascii,
    say,
    now: Date.now,
    stdin: stdin as never,
    stdout: stdout as never,
  });
  end.catch(() => {});
  const line = (n: number) => stdout.term.buffer.active.getLine(n)?.translateToString(true) ?? '';
  const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => line(from + i)).join('\n');
  const screen = () => range(stdout.term.buffer.active.baseY, stdout.rows);
  /** Ink paints at most 30 times a second; a settled screen is one that two frames in a row left alone. */
  const settled = async () => {
    for (let still = 0, last = -1; still < 3; ) {
      await new Promise(resolve => setTimeout(resolve, 20));
      still = stdout.bytes === last && stdout.pending === 0 ? still + 1 : 0;
      last = stdout.bytes;
    }
  };
  return {
    type: async keys => {
      stdin.type(keys);
      await settled();
    },
    until: async what => {
      for (let tries = 0; tries < 2000; tries++) {
        if (what.test(screen())) {
          await settled();
          return screen();
        }
        await new Promise(resolve => setTimeout(resolve, 10));
      }
      throw new Error(`${what} never appeared on:\n${screen()}`);
    },
    screen,
    all: () => range(0, stdout.term.buffer.active.length),
    resize: async (c, r) => {
      stdout.columns = c;
      stdout.rows = r;
      stdout.term.resize(c, r);
      stdout.emit('resize');
      await turn();
      await settled();
    },
    bytes: () => stdout.bytes,
    end,
    isRaw: () => stdin.isRaw,
  };
};
