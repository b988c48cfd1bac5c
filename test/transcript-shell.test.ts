/** The exported script does what the session did: same bytes, nothing the second time, nothing after a foreign edit. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Plan } from '../src/plan/plan.ts';
import { text as textIn } from '../src/sim/fs.ts';
import type { World } from '../src/sim/world.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { transcriptLog } from '../src/transcript/log.ts';
import { redactor } from '../src/transcript/redact.ts';
import { transcriptShell } from '../src/transcript/shell.ts';
import { fixDemo } from './demo-session.ts';

const work = mkdtempSync(join(tmpdir(), 'gpumedic-sh-'));
after(() => rmSync(work, { recursive: true, force: true }));

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
/** Missing tools skip a test, except where everything is meant to be there. */
const without = (program: string): string | false =>
  has(program) || process.env.CI === 'true' ? false : `${program} is not installed`;
const shell = has('dash') ? 'dash' : 'sh';

/** Programs that note what they were called with, and say that nothing has been done yet. */
const bin = join(work, 'bin');
mkdirSync(bin);
const log = join(work, 'calls');
const fake = (name: string): void => {
  const file = join(bin, name);
  if (name.includes('/') || existsSync(file)) return;
  writeFileSync(
    file,
    `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>"$CALLS"\ncase $1 in is-active|is-enabled|is-failed|-p) exit 3 ;; esac\nif [ "$FAIL" = "${name} $1" ]; then exit 1; fi\n`,
  );
  chmodSync(file, 0o755);
};
for (const name of ['systemctl', 'docker', 'nvidia-smi', 'ldconfig']) fake(name);
const commandsOf = ({ steps, validate, settle }: Plan) => [
  ...steps.flatMap(step => (step.do === 'run' ? [step.command] : [])),
  ...validate,
  ...settle,
];

/** The text files of a world below a folder; absolute links stay inside it, as they do on a machine that is started from it. */
const lay = (world: World, root: string): void => {
  for (const [path, entry] of world.fs.entries) {
    const isFile = entry.type === 'file' && !entry.binary;
    if (!isFile && !(entry.type === 'link' && /^\/(?:var\/run|etc\/)/.test(path))) continue;
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true });
    if (isFile) writeFileSync(at, entry.text, { mode: entry.mode });
    else if (entry.type === 'link' && !existsSync(at)) symlinkSync(entry.target, at);
  }
};

/** Each demo is seen to once; the scripts are looked at from several sides. */
const sessions = new Map<string, ReturnType<typeof fixDemo>>();
const session = (name: string): ReturnType<typeof fixDemo> => {
  const known = sessions.get(name) ?? fixDemo(name);
  sessions.set(name, known);
  return known;
};

const tree = (root: string, at = ''): Record<string, string> =>
  Object.assign(
    {},
    ...readdirSync(join(root, at)).map(name => {
      const path = `${at}/${name}`;
      const stat = lstatSync(join(root, path));
      if (stat.isDirectory()) return tree(root, path);
      return {
        [path]: stat.isSymbolicLink()
          ? `-> ${readlinkSync(join(root, path))}`
          : readFileSync(join(root, path), 'latin1'),
      };
    }),
  );

const play = (script: string, root: string, args: readonly string[] = [], env: Record<string, string> = {}) => {
  const file = join(work, 'fix.sh');
  writeFileSync(file, script);
  rmSync(log, { force: true });
  const { status, stdout, stderr } = spawnSync(shell, [file, ...args], {
    env: { PATH: `${bin}:${process.env.PATH}`, ROOT: root, CALLS: log, FAIL: '', ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, calls: existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [] };
};

describe('a demo box, fixed in the wizard and then by the exported script', () => {
  for (const name of Object.keys(demos)) {
    it(name, async t => {
      const { world, broken, events } = await session(name);
      const edits = events.flatMap(e => (e.type === 'proposed' ? e.plan.steps : [])).filter(s => s.do === 'edit');
      for (const event of events)
        if (event.type === 'proposed') for (const { argv } of commandsOf(event.plan)) fake(argv[0]);
      const script = transcriptShell(events);
      const root = join(work, name);
      lay(broken, root);
      const before = tree(root);
      const dry = play(script, root, ['--check']);
      assert.equal(dry.status, 0, dry.stderr);
      assert.deepEqual(tree(root), before);
      const first = play(script, root);
      assert.equal(first.status, 0, `${first.stderr}${first.stdout}`);
      const changed = tree(root);
      const wanted = new Map(edits.map(({ path }) => [path.replace(/^\/var\/run\//, '/run/'), textIn(world.fs, path)]));
      const bytes = (text: string | undefined) =>
        text === undefined ? undefined : Buffer.from(text).toString('latin1');
      for (const { path } of edits) {
        const real = path.replace(/^\/var\/run\//, '/run/');
        assert.equal(changed[real], bytes(wanted.get(real)), path);
      }
      assert.deepEqual(
        Object.keys({ ...before, ...changed })
          .filter(path => before[path] !== changed[path])
          .sort(),
        [...new Set(edits.map(e => e.path.replace(/^\/var\/run\//, '/run/')))]
          .sort()
          .filter(p => before[p] !== bytes(wanted.get(p))),
        'touches what the plan names and nothing else',
      );
      const second = play(script, root);
      assert.equal(second.status, 0, second.stderr);
      assert.deepEqual(tree(root), changed);
      if (edits.length === 0) return t.diagnostic('no file to edit');
      assert.deepEqual(
        second.calls.filter(c => /restart|reload/.test(c)),
        [],
      );
      const at = join(root, edits[0]!.path.replace(/^\/var\/run\//, '/run/'));
      writeFileSync(at, '# somebody else was here\n');
      const foreign = tree(root);
      const third = play(script, root);
      assert.equal(third.status, 1);
      assert.match(third.stderr, /^stopped: .*nothing was changed\n$/);
      assert.deepEqual(tree(root), foreign);
      assert.deepEqual(third.calls, []);
    });
  }
});

/** The script of one applied plan. */
const scriptOf = (steps: Plan['steps'], settle: Plan['settle'] = []): string => {
  const log = transcriptLog(redactor(), () => 0);
  const plan: Plan = {
    fix: 'f',
    finding: 'x',
    title: 'T',
    summary: 'S',
    privilege: 2,
    effect: ['E1'],
    touches: [],
    steps,
    validate: [],
    settle,
    interrupts: null,
    afterwards: [],
  };
  log.append({ type: 'began', session: '2026-11-22-1', version: '0', box: 'this machine', command: 'gpumedic' });
  log.append({ type: 'proposed', plan });
  log.append({ type: 'answered', question: 'Apply?', answer: 'y' });
  log.append({ type: 'stepped', direction: 'apply', what: 'edit', ok: true });
  return transcriptShell(log.events());
};
const edit = (before: string | null, after: string | null, path = "/etc/a b/it's.conf") =>
  ({ do: 'edit', path, before, after, root: true, why: 'because\nof "this" $(id) `id`' }) as const;

describe('bytes', () => {
  const cases: Record<string, readonly [string | null, string | null]> = {
    'no newline at the end, before and after': ['a\nb', 'a\nc'],
    'a newline comes': ['a\nb', 'a\nb\n'],
    'a newline goes': ['a\nb\n', 'a\nb'],
    CRLF: ['a\r\nb\r\nc\r\n', 'a\r\nX\r\nY\r\nc\r\n'],
    'CRLF, no newline at the end': ['a\r\nb', 'a\r\nb\r\nc'],
    'mixed endings': ['a\nb\r\nc\n', 'a\r\nb\nc\r\n'],
    'shell words in the text': ['x\n', '$HOME `id` $(id) "q" \'s\' \\n %s\nEND\nEND_\n'],
    'wide characters': ['한국어\n둘\n', '한국어\n셋 é\n'],
    'empty to text': ['', 'a\n'],
    'text to empty': ['a\n', ''],
    'a new file': [null, 'new\n'],
    'a new empty file': [null, ''],
    'a file goes': ['gone\n', null],
    'tabs and blank lines': ['\ta\n\n\n', '\n\ta\n\n\t\n'],
  };
  for (const [name, [before, next]] of Object.entries(cases)) {
    it(name, () => {
      const root = mkdtempSync(join(work, 'bytes-'));
      const at = join(root, "/etc/a b/it's.conf");
      if (before !== null) {
        mkdirSync(dirname(at), { recursive: true });
        writeFileSync(at, before, { mode: 0o600 });
      }
      const script = scriptOf([edit(before, next)]);
      const { status, stderr } = play(script, root);
      assert.equal(status, 0, stderr);
      if (next === null) assert.ok(!existsSync(at));
      else assert.equal(readFileSync(at, 'utf8'), next);
      if (before !== null && next !== null) assert.equal(lstatSync(at).mode & 0o777, 0o600);
      const again = play(script, root);
      assert.deepEqual([again.status, again.stderr], [0, '']);
    });
  }

  it('private words elsewhere in the file do not hinder it and are not in it', () => {
    const secret = ['pull', 'tok', 'en', '7f3a9c'].join('-');
    const text = (mode: string) => `mirror = "https://robot:${secret}@mirror.lab.example.net"\nmode = "${mode}"\n`;
    const root = mkdtempSync(join(work, 'private-'));
    writeFileSync(join(root, 'c.toml'), text('cdi'));
    const script = scriptOf([edit(text('cdi'), text('auto'), '/c.toml')]);
    assert.ok(!script.includes(secret) && !script.includes('robot'));
    assert.equal(play(script, root).status, 0);
    assert.equal(readFileSync(join(root, 'c.toml'), 'utf8'), text('auto'));
  });

  it('private words in the change itself stop it, honestly', () => {
    const root = mkdtempSync(join(work, 'hidden-'));
    writeFileSync(join(root, 'c.toml'), 'a\n');
    const script = scriptOf([edit('a\n', `a\npassword = "${['correct', 'horse', '9'].join('')}"\n`, '/c.toml')]);
    const { status, stderr } = play(script, root);
    assert.equal(status, 1);
    assert.match(stderr, /private names in the change/);
    assert.equal(readFileSync(join(root, 'c.toml'), 'utf8'), 'a\n');
  });

  it('a command that fails puts the files of its step back', () => {
    const root = mkdtempSync(join(work, 'fails-'));
    writeFileSync(join(root, 'c'), 'a\n', { mode: 0o640 });
    const script = scriptOf(
      [edit('a\n', 'b\n', '/c'), edit(null, 'n\n', '/new')],
      [{ argv: ['systemctl', 'restart', 'docker'], changes: true }],
    );
    const { status, stderr } = play(script, root, [], { FAIL: 'systemctl restart' });
    assert.deepEqual([status, stderr], [1, 'stopped: systemctl failed; the files of this step are as before\n']);
    assert.deepEqual(tree(root), { '/c': 'a\n' });
  });

  it('a link that leads out of ROOT is not followed', () => {
    const root = mkdtempSync(join(work, 'link-'));
    symlinkSync('/etc', join(root, 'etc'));
    const { status, stderr } = play(scriptOf([edit(null, 'x\n', '/etc/gpumedic-test.conf')]), root);
    assert.equal(status, 1);
    assert.match(stderr, /leads out of/);
    assert.ok(!existsSync('/etc/gpumedic-test.conf'));
  });
});

it('every script passes shellcheck', { skip: without('shellcheck') }, async () => {
  const files: string[] = [];
  for (const name of Object.keys(demos)) files.push(transcriptShell((await session(name)).events));
  files.push(
    scriptOf([edit('a\r\nb', 'a\r\nc'), edit('x', null, '/y')], [{ argv: ['systemctl', 'restart', 'docker'] }]),
  );
  const paths = files.map((text, i) => {
    const path = join(work, `check-${i}.sh`);
    writeFileSync(path, text);
    return path;
  });
  const { status, stdout } = spawnSync('shellcheck', paths, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
