/** Record a box, reopen the recording: the same questions get the same answers, and nothing else is known. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Box, DirRead, FileRead, Ran, StatRead } from '../src/box/box.ts';
import { InputError } from '../src/box/errors.ts';
import { recordedBox } from '../src/box/recorded.ts';
import { HELD_BACK } from '../src/box/wrap.ts';
import type { Ask } from '../src/engine/probe.ts';
import { openRecording } from '../src/snapshot/open.ts';
import { recordSnapshot } from '../src/snapshot/record.ts';
import { redactSnapshot } from '../src/snapshot/redact.ts';
import { parseSnapshot } from '../src/snapshot/snapshot.ts';
import { writeSnapshot } from '../src/snapshot/write.ts';

const dir = mkdtempSync(join(tmpdir(), 'gpumedic-test-'));
after(() => rmSync(dir, { recursive: true }));

/** A machine made of a tree; what is not in it is absent, and it says so as a live box does. */
type Thing =
  | { readonly is: 'file'; readonly read: FileRead }
  | { readonly is: 'dir'; readonly readable: boolean }
  | { readonly is: 'char' };
type Tree = ReadonlyMap<string, Thing>;

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const machine = (tree: Tree, commands: ReadonlyMap<string, Ran>): Box => ({
  name: 'made up',
  kind: 'simulated',
  run: async c => commands.get(c.argv.join('\0')) ?? { kind: 'absent' },
  read: async (path): Promise<FileRead> => {
    const thing = tree.get(path);
    if (thing === undefined) return { kind: 'absent' };
    if (thing.is === 'file') return thing.read;
    if (thing.is === 'dir') return thing.readable ? { kind: 'unreadable', why: 'EISDIR' } : { kind: 'denied' };
    return { kind: 'unreadable', why: 'other' };
  },
  list: async (path): Promise<DirRead> => {
    const thing = tree.get(path);
    if (thing === undefined) return { kind: 'absent' };
    if (thing.is !== 'dir') return { kind: 'unreadable', why: 'other' };
    if (!thing.readable) return { kind: 'denied' };
    return {
      kind: 'dir',
      names: [...tree.keys()].filter(p => p !== path && parent(p) === path).map(p => p.slice(p.lastIndexOf('/') + 1)),
    };
  },
  stat: async (path): Promise<StatRead> => {
    const thing = tree.get(path);
    if (thing === undefined) return { kind: 'absent' };
    const device = thing.is === 'char' ? { major: 195, minor: 1 } : {};
    return { kind: 'stat', stat: { type: thing.is, mode: 0o644, uid: 0, gid: 1, size: 2, mtime: 3, ...device } };
  },
  write: async () => assert.fail('nothing is written while recording'),
});

const name = fc.constantFrom('a', 'b', 'c d', '__proto__', 'ö');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => `/${parts.join('/')}`);
const fileRead: fc.Arbitrary<FileRead> = fc.oneof(
  fc.string().map(text => ({ kind: 'file' as const, text })),
  fc.constantFrom<FileRead>(
    { kind: 'denied' },
    { kind: 'unreadable', why: 'EIO' },
    { kind: 'unreadable', why: 'tooBig' },
    { kind: 'unreadable', why: 'binary' },
    { kind: 'timedOut', afterMs: 5000 },
  ),
);
const tree: fc.Arbitrary<Tree> = fc
  .array(
    fc.tuple(
      path,
      fc.oneof(
        fileRead.map(read => ({ is: 'file' as const, read })),
        fc.constant({ is: 'char' as const }),
      ),
    ),
    { maxLength: 8 },
  )
  .chain(leaves =>
    fc.func(fc.boolean()).map(readable => {
      const made = new Map<string, Thing>([['/', { is: 'dir', readable: true }]]);
      for (const [at, thing] of leaves) {
        const above = at
          .split('/')
          .slice(1, -1)
          .map((_, i, all) => `/${all.slice(0, i + 1).join('/')}`);
        if (made.has(at) || above.some(p => made.has(p) && made.get(p)?.is !== 'dir')) continue;
        for (const p of above) if (!made.has(p)) made.set(p, { is: 'dir', readable: readable(p) === true });
        made.set(at, thing);
      }
      return made;
    }),
  );
const ran: fc.Arbitrary<Ran> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('exited' as const),
      code: fc.integer({ min: -64, max: 255 }),
      stdout: fc.string(),
      stderr: fc.string(),
    },
    { noNullPrototype: true },
  ),
  fc.constantFrom<Ran>(
    { kind: 'denied' },
    { kind: 'timedOut', afterMs: 10_000 },
    { kind: 'exited', code: -15, stdout: 'cut', stderr: '', truncated: true },
  ),
);
// A program that is absent is so for every argument, as on a machine.
const argv = fc.tuple(fc.constantFrom('nvidia-smi', 'docker', 'lsmod'), fc.string()).map(a => a as [string, string]);
const commands = fc
  .array(fc.tuple(argv, ran), { maxLength: 8 })
  .map(list => new Map(list.map(([a, r]) => [a.join('\0'), r])));

const same = async (one: Box, two: Box, ask: Ask): Promise<void> => {
  const of = (b: Box) => (ask.ask === 'run' ? b.run(ask.command) : b[ask.ask](ask.path));
  assert.deepEqual(await of(two), await of(one), JSON.stringify(ask));
};

test('what was recorded is answered again, through the file too', async () => {
  const asks = fc.array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom('read' as const, 'list' as const, 'stat' as const), path)
        .map(([ask, p]): Ask => ({ ask, path: p })),
      argv.map((a): Ask => ({ ask: 'run', command: { argv: a } })),
    ),
    { maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(tree, commands, asks, async (things, programs, asked) => {
      const known = asked.filter(a => a.ask !== 'run' || programs.has(a.command.argv.join('\0')));
      const box = machine(things, programs);
      const snapshot = await recordSnapshot(box, known);
      const reopened = recordedBox(parseSnapshot(JSON.parse(JSON.stringify(snapshot)), 'x'), 'x');
      for (const ask of known) await same(box, reopened, ask);
    }),
    { numRuns: 300 },
  );
});

test('what was not asked is unrecorded or what the machine would have said, never something else', async () => {
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.array(path, { maxLength: 6 }),
      fc.array(path, { maxLength: 6 }),
      async (things, asked, other) => {
        const box = machine(things, new Map());
        const snapshot = await recordSnapshot(
          box,
          asked.flatMap(
            p =>
              [
                { ask: 'list', path: p },
                { ask: 'stat', path: parent(p) },
              ] as Ask[],
          ),
        );
        const reopened = recordedBox(snapshot, 'x');
        for (const p of other)
          for (const verb of ['read', 'list', 'stat'] as const) {
            const said = await reopened[verb](p);
            // A folder that may not be listed reads as a folder or as denied; both are right.
            if (said.kind === 'unreadable' && said.why === 'EISDIR' && things.get(p)?.is === 'dir') continue;
            if (said.kind !== 'unrecorded' && said.kind !== 'denied')
              assert.deepEqual(said, await box[verb](p), `${verb} ${p}`);
          }
      },
    ),
    { numRuns: 300 },
  );
});

test('commands that change, read stdin or were held back are not in the recording', async () => {
  const asked: string[] = [];
  const box: Box = {
    ...machine(new Map(), new Map()),
    run: async c => {
      asked.push(c.argv[0]);
      return c.mayLoad === true ? HELD_BACK : { kind: 'exited', code: 0, stdout: '', stderr: '' };
    },
  };
  const snapshot = await recordSnapshot(
    box,
    [
      { ask: 'run', command: { argv: ['change'], changes: true } },
      { ask: 'run', command: { argv: ['typed'], stdin: 'x' } },
      { ask: 'run', command: { argv: ['loads'], mayLoad: true } },
      { ask: 'run', command: { argv: ['plain'] } },
    ],
    async recorded => {
      await recorded.run({ argv: ['more'] });
      await assert.rejects(recorded.run({ argv: ['late-change'], changes: true }), /read only/);
      await assert.rejects(recorded.write('/a', 'x'), /read only/);
    },
  );
  assert.deepEqual(asked.sort(), ['loads', 'more', 'plain', 'typed']);
  assert.deepEqual(snapshot.commands.map(c => c.argv[0]).sort(), ['more', 'plain']);
});

test('one question that hangs does not keep the others from being asked', async () => {
  let release = (): void => {};
  const asked: string[] = [];
  const box: Box = {
    ...machine(new Map(), new Map()),
    run: async c => {
      if (c.argv[0] === 'hung') await new Promise<void>(resolve => (release = resolve));
      asked.push(c.argv[0]);
      if (asked.length === 30) release();
      return { kind: 'absent' };
    },
  };
  const asks = ['hung', ...Array.from({ length: 30 }, (_, i) => `c${i}`)].map(
    (p): Ask => ({ ask: 'run', command: { argv: [p] } }),
  );
  await recordSnapshot(box, asks);
  assert.equal(asked.at(-1), 'hung');
});

test('redaction reaches every text, and the recording still opens', () => {
  const stat = { type: 'link', mode: '0o777', uid: 0, gid: 0, size: 1, mtime: 1, target: '/home/alice/x' } as const;
  const snapshot = redactSnapshot(
    {
      format: 'gpumedic-snapshot/1',
      description: 'of alice',
      commands: [{ argv: ['id', 'alice'], code: 0, stdout: 'alice', stderr: 'alice', ms: 1 }],
      files: { '/home/alice/f': 'alice', '/home/alice/g': null },
      dirs: { '/home': ['alice'], '/home/alice/h': null },
      stats: { '/home/alice/l': stat },
      errors: { '/home/alice/e': 'EACCES' },
    },
    text => text.replaceAll('alice', 'user-1'),
  );
  const text = JSON.stringify(snapshot);
  assert.doesNotMatch(text, /alice/);
  assert.equal(text.match(/user-1/g)?.length, 12);
  assert.deepEqual(parseSnapshot(JSON.parse(text), 'x').files, { '/home/user-1/f': 'user-1', '/home/user-1/g': null });
});

test('a snapshot file is gzipped, private, whole, and opens again', async () => {
  const snapshot = await recordSnapshot(
    machine(new Map([['/a', { is: 'file', read: { kind: 'file', text: 'hello' } }]]), new Map()),
    [{ ask: 'read', path: '/a' }],
  );
  const at = join(dir, 'box.json.gz');
  const old = process.umask(0);
  try {
    assert.equal(await writeSnapshot(snapshot, at), statSync(at).size);
  } finally {
    process.umask(old);
  }
  assert.equal(statSync(at).mode & 0o777, 0o600);
  assert.deepEqual(await (await openRecording(at)).read('/a'), { kind: 'file', text: 'hello' });
  await assert.rejects(
    writeSnapshot(snapshot, join(dir, 'no/such/x.gz')),
    (e: unknown) => e instanceof InputError && /no such folder$/.test(e.message),
  );
  await assert.rejects(
    writeSnapshot(snapshot, dir),
    (e: unknown) => e instanceof InputError && /\n/.test(e.message) === false,
  );
  assert.deepEqual(readdirSync(dir), ['box.json.gz']);
});
