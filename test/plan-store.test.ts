/** What the state folder promises: private, durable, one session a folder, one lock, and no trust in what lies there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { applyPlan } from '../src/plan/apply.ts';
import { historyOf } from '../src/plan/history.ts';
import { journalIn, plansOf, type Store, StoreError } from '../src/plan/journal.ts';
import { diskStore, stateDir, stateDirs } from '../src/plan/store.ts';
import { undoSession } from '../src/plan/undo.ts';
import { edit, fakeBox, memoryStore, NOON, planOf, worldOf } from './plan-fake.ts';

const base = mkdtempSync(join(tmpdir(), 'gpumedic-store-'));
after(() => rmSync(base, { recursive: true, force: true }));
let made = 0;
const fresh = (): string => join(base, String(made++), 'state/gpumedic');
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test("the folder is root's in /var/lib, else the XDG one, and the user behind sudo is read too", () => {
  assert.equal(stateDir({ uid: 0, env: { HOME: '/root', XDG_STATE_HOME: '/x' } }), '/var/lib/gpumedic');
  assert.equal(stateDir({ uid: 1000, env: { HOME: '/home/u' } }), '/home/u/.local/state/gpumedic');
  assert.equal(stateDir({ uid: 1000, env: { HOME: '/home/u', XDG_STATE_HOME: '/s' } }), '/s/gpumedic');
  assert.equal(
    stateDir({ uid: 1000, env: { HOME: '/home/u', XDG_STATE_HOME: 'relative' } }),
    '/home/u/.local/state/gpumedic',
  );
  const homeOf = (user: string) => (user === 'ann' ? '/home/ann' : null);
  assert.deepEqual(stateDirs({ uid: 0, env: { SUDO_USER: 'ann' }, homeOf }), [
    '/var/lib/gpumedic',
    '/home/ann/.local/state/gpumedic',
  ]);
  assert.deepEqual(stateDirs({ uid: 0, env: { SUDO_USER: 'root' }, homeOf }), ['/var/lib/gpumedic']);
  assert.deepEqual(stateDirs({ uid: 0, env: { SUDO_USER: 'nobody-there' }, homeOf }), ['/var/lib/gpumedic']);
  assert.deepEqual(stateDirs({ uid: 1000, env: { SUDO_USER: 'ann', HOME: '/h' }, homeOf }), [
    '/h/.local/state/gpumedic',
  ]);
});

test('nothing is made by looking; folders are 0700 and files 0600 whatever the umask', async () => {
  const dir = fresh();
  const store = diskStore(dir);
  assert.deepEqual(await store.ids(), []);
  assert.equal(await store.get('2026-11-22-1', 'journal.ndjson'), null);
  assert.throws(() => statSync(dir));
  const umask = process.umask(0);
  try {
    const world = worldOf({ '/a': 'old' });
    await applyPlan(fakeBox(world), planOf([edit('/a', 'old', 'new')]), journalIn(store, { now: () => NOON }));
  } finally {
    process.umask(umask);
  }
  const found = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  assert.deepEqual(found, [
    'sessions',
    'sessions/2026-11-22-1',
    'sessions/2026-11-22-1/backup',
    'sessions/2026-11-22-1/backup/0-0-a.after',
    'sessions/2026-11-22-1/backup/0-0-a.before',
    'sessions/2026-11-22-1/journal.ndjson',
  ]);
  for (const name of ['.', ...found]) {
    const path = join(dir, name);
    assert.equal(modeOf(path), statSync(path).isDirectory() ? '700' : '600', name);
  }
  const lines = readFileSync(join(dir, found[5] ?? ''), 'utf8')
    .trim()
    .split('\n');
  for (const line of lines) assert.equal(JSON.parse(line).at, NOON);
});

test('a folder others could look into is closed before anything is kept in it', async () => {
  const dir = fresh();
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  await diskStore(dir).create(NOON);
  assert.equal(modeOf(dir), '700');
});

test('ids are the day and a number, also past ten and past midnight', async () => {
  for (const store of [diskStore(fresh()), memoryStore()]) {
    const ids: string[] = [];
    for (let i = 0; i < 11; i++) ids.push(await store.create(NOON));
    ids.push(await store.create(NOON + 24 * 3600 * 1000));
    assert.deepEqual([ids[0], ids[10], ids[11]], ['2026-11-22-1', '2026-11-22-11', '2026-11-23-1']);
    assert.deepEqual(await store.ids(), ids);
  }
});

test('a line cut short by a crash is left out and swallows nothing', async () => {
  const dir = fresh();
  const store = diskStore(dir);
  const world = worldOf({ '/a': 'old' });
  const box = fakeBox(world);
  await applyPlan(box, planOf([edit('/a', 'old', 'new')]), journalIn(store, { now: () => NOON }));
  const path = join(dir, 'sessions/2026-11-22-1/journal.ndjson');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/\n[^\n]*\n$/, '\n{"at":17957'));
  assert.equal(plansOf(readFileSync(path, 'utf8'))[0]?.outcome, null);
  assert.equal((await undoSession(box, store, '2026-11-22-1')).kind, 'undone');
  assert.equal(plansOf(readFileSync(path, 'utf8'))[0]?.outcome, 'undone');
  const broken = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .filter(line => !line.endsWith('}'));
  assert.deepEqual(broken, ['{"at":17957']);
  assert.equal(world.files.get('/a'), 'old');
});

test('the lock keeps a living process out and outlives no dead one, no reboot and no reused process id', async () => {
  const dir = fresh();
  const store = diskStore(dir);
  const path = join(dir, 'lock');
  const first = await store.lock();
  assert.ok(first.ok);
  assert.deepEqual(await store.lock(), { ok: false, pid: process.pid });
  const mine = JSON.parse(readFileSync(path, 'utf8'));
  await first.release();
  assert.throws(() => statSync(path));

  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  const stale = [
    JSON.stringify({ ...mine, pid: dead }),
    JSON.stringify({ ...mine, boot: 'another boot' }),
    JSON.stringify({ ...mine, started: '1' }),
    '',
    'not json',
  ];
  for (const text of stale) {
    writeFileSync(path, text);
    const taken = await store.lock();
    assert.ok(taken.ok, text);
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), mine);
    await taken.release();
  }
  assert.deepEqual(
    readdirSync(dir).filter(name => name.startsWith('lock')),
    [],
  );
});

test('a state folder that cannot be used is one clear line, and nothing is applied', async () => {
  const file = join(base, 'a-file');
  writeFileSync(file, '');
  const elsewhere = join(base, 'elsewhere');
  writeFileSync(elsewhere, '');
  const linked = fresh();
  mkdirSync(join(linked, 'sessions/2026-11-22-1'), { recursive: true });
  symlinkSync(elsewhere, join(linked, 'sessions/2026-11-22-1/journal.ndjson'));
  const world = worldOf({ '/a': 'old' });
  const plan = planOf([edit('/a', 'old', 'new')]);
  const result = await applyPlan(fakeBox(world), plan, journalIn(diskStore(join(file, 'gpumedic'))));
  assert.ok(result.kind === 'refused');
  assert.match(result.because, /could not be written: a folder of the path is a file/);
  const link = await applyPlan(fakeBox(world), plan, journalIn(diskStore(linked), { session: '2026-11-22-1' }));
  assert.ok(link.kind === 'refused');
  assert.match(link.because, /it is a symbolic link/);
  assert.equal(readFileSync(elsewhere, 'utf8'), '');
  assert.equal(world.files.get('/a'), 'old');
});

test('names that would leave the folder are refused', async () => {
  const store: Store = diskStore(fresh());
  const id = await store.create(NOON);
  await assert.rejects(store.put(id, '../x', ''), StoreError);
  await assert.rejects(store.append('..', 'journal.ndjson', ''), StoreError);
  assert.equal(await store.get('../..', 'journal.ndjson'), null);
});

test('history names what was changed, when, and whether it stands, over both folders, the newest first', async () => {
  const [own, theirs] = [diskStore(fresh()), diskStore(fresh())];
  const world = worldOf({ '/a': 'old', '/b': 'x' });
  const box = fakeBox(world);
  await applyPlan(
    box,
    planOf([edit('/a', 'old', 'new'), edit('/n', null, 'n')], { settle: [{ argv: ['restart'] }], title: 'First' }),
    journalIn(own, { now: () => NOON }),
  );
  await applyPlan(
    box,
    planOf([edit('/b', 'x', null)], { validate: [{ argv: ['false'] }] }),
    journalIn(theirs, { now: () => NOON + 5 }),
  );
  await undoSession(box, own, '2026-11-22-1', { now: () => NOON + 9 });
  const history = await historyOf(own, theirs);
  assert.deepEqual(
    history.map(s => [s.id, s.at, s.outcome, s.stands, s.store.where === own.where]),
    [
      ['2026-11-22-1', NOON + 5, 'rolledBack', false, false],
      ['2026-11-22-1', NOON, 'undone', false, true],
    ],
  );
  assert.deepEqual(history[1]?.plans, [
    {
      fix: 'some-fix',
      finding: 'some-finding',
      title: 'First',
      at: NOON,
      outcome: 'undone',
      because: null,
      files: [
        { path: '/a', did: 'edit' },
        { path: '/n', did: 'create' },
      ],
      ran: [['restart']],
    },
  ]);
});
