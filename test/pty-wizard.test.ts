/** The program itself in a real terminal: keys in, screen out, exit code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';
import { spawn as spawnPty } from 'node-pty';
import { ensureBuilt } from '../tools/bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The built file is what people run, and it starts in a tenth of the time. */
const program = [await ensureBuilt()];
const sudoScreen = ['--import', './tools/tsx.ts', 'test/fixtures/sudo-screen.tsx'];
const env = (more: Record<string, string> = {}) =>
  ({ ...process.env, LANG: 'C.UTF-8', TERM: 'xterm-256color', NODE_ENV: 'production', ...more }) as Record<
    string,
    string
  >;

const inPty = (
  args: readonly string[],
  {
    cols = 80,
    rows = 24,
    more = {},
    run = program,
  }: { cols?: number; rows?: number; more?: Record<string, string>; run?: readonly string[] } = {},
) => {
  const term = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 5000 });
  const pty = spawnPty(process.execPath, [...run, ...args], { cols, rows, cwd: root, env: env(more) });
  let raw = '';
  const waiting = new Set<() => void>();
  pty.onData(data => {
    raw += data;
    term.write(data, () => {
      for (const look of waiting) look();
    });
  });
  const kill = setTimeout(() => pty.kill('SIGKILL'), 25_000);
  kill.unref();
  const ended = new Promise<number>(resolve => pty.onExit(({ exitCode }) => resolve(exitCode)));
  const text = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, i) => term.buffer.active.getLine(from + i)?.translateToString(true) ?? '',
    ).join('\n');
  const screen = () => text(term.buffer.active.baseY, term.buffer.active.baseY + rows);
  let keys = 0;
  return {
    /** Resolves when the screen shows it; the test's own limit is the only clock. */
    until: (what: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!what.test(screen())) return;
          waiting.delete(look);
          resolve(screen());
        };
        waiting.add(look);
        void ended.then(code =>
          reject(new Error(`it ended with ${code} before ${what} appeared:\n${text(0, term.buffer.active.length)}`)),
        );
        look();
      }),
    key: (k: string) => {
      keys++;
      pty.write(k);
    },
    keys: () => keys,
    raw: () => raw,
    all: () => text(0, term.buffer.active.length),
    ended,
  };
};

const limit = { timeout: 30_000 };

test(
  '80 by 24, even where CI is set: from the start to a proven fix in five keys, and the summary stays',
  limit,
  async () => {
    const t = inPty(['--demo', 'ldconfig-real'], { more: { CI: 'true' } });
    await t.until(/Find out why/);
    await t.until(/Docker 26/);
    t.key('\r');
    await t.until(/> Fix it/);
    t.key('\r');
    await t.until(/Apply\?/);
    t.key('y');
    await t.until(/Run it\?/);
    t.key('y');
    await t.until(/> Quit/);
    t.key('q');
    assert.equal(await t.ended, 0);
    assert.ok(t.keys() <= 10);
    assert.match(t.all(), /Fixed and proven/);
    // The cursor is shown again and bracketed paste is off.
    assert.ok(t.raw().lastIndexOf('\u001b[?25h') > t.raw().lastIndexOf('\u001b[?25l'));
    assert.ok(t.raw().lastIndexOf('\u001b[?2004l') > t.raw().lastIndexOf('\u001b[?2004h'));
  },
);

test('40 by 10 and NO_COLOR: the same, without a colour; Ctrl-C ends with 130', limit, async () => {
  const t = inPty(['--demo', 'docker-stopped'], { cols: 40, rows: 10, more: { NO_COLOR: '1' } });
  await t.until(/Docker 26/);
  t.key('\r');
  await t.until(/> Fix it/);
  t.key('\r');
  await t.until(/Apply\?/);
  t.key('\u0003');
  assert.equal(await t.ended, 130);
  assert.doesNotMatch(t.raw(), /\u001b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38|48)m/);
  for (const line of t.all().split('\n')) assert.ok(line.length <= 40, line);
});

test('an error text is pasted, explained and looked for here; no letter of it is a command', limit, async () => {
  const t = inPty(['--demo', 'ldconfig-real']);
  await t.until(/Docker 26/);
  t.key('\u001b[B\r');
  await t.until(/Paste the error text here/);
  t.key(
    '\u001b[200~nvidia-container-cli: initialization error: load library failed:\rq\rlibnvidia-ml.so.1: cannot open shared object file\r\u001b[201~',
  );
  await t.until(/3 lines so far[\s\S]*> That is all/);
  t.key('\r');
  await t.until(/> Look here for/);
  t.key('\u0003');
  assert.equal(await t.ended, 130);
});

test('without a terminal it is the same session as lines', limit, async () => {
  const child = spawn(process.execPath, [...program, '--demo', 'cdi-spec-stale'], { cwd: root, env: env() });
  let out = '';
  child.stdout.on('data', data => {
    out += data;
  });
  child.stdin.end('1\n1\ny\nyes\n1\n');
  const code = await new Promise(resolve => child.on('close', resolve));
  assert.equal(code, 0, out);
  assert.match(out, /Fixed and proven/);
  assert.doesNotMatch(out, /\u001b/);
});

test('sudo gets the terminal to itself, no typed character is lost, and the screen comes back', limit, async () => {
  const t = inPty([], { run: sudoScreen });
  await t.until(/Docker 26/);
  t.key('\r');
  await t.until(/> Fix it/);
  t.key('\r');
  await t.until(/Apply\?/);
  t.key('y');
  await t.until(/Password:/);
  for (const letter of 'correct-horse') t.key(letter);
  t.key('\r');
  await t.until(/Run it\?/);
  t.key('n');
  await t.until(/> Quit/);
  t.key('q');
  assert.equal(await t.ended, 0);
});

test('where sudo refuses nothing is changed, and the commands are there to copy', limit, async () => {
  const t = inPty([], { run: sudoScreen });
  await t.until(/Docker 26/);
  t.key('\r');
  await t.until(/> Fix it/);
  t.key('\r');
  await t.until(/Apply\?/);
  t.key('y');
  await t.until(/Password:/);
  t.key('wrong\r');
  await t.until(/sudoedit \/etc\/nvidia-container-runtime\/config\.toml[\s\S]*> Back/);
  t.key('\r');
  await t.until(/Apply\?/);
  t.key('q');
  assert.equal(await t.ended, 1);
});
