/** Rewrites of random Compose files, checked with a reader that shares nothing with the one that made them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { type FormId, formIds } from '../flows/requests/forms.ts';
import type { Box } from '../src/box/box.ts';
import { spansOf } from '../src/files/change.ts';
import { rewriteProject } from '../src/files/compose/rewrite.ts';
import { planOf } from '../src/files/index.ts';
import { applied } from '../src/files/spans.ts';
import { applyPlan } from '../src/plan/apply.ts';
import { journalIn } from '../src/plan/journal.ts';
import { memoryStore } from '../src/plan/memory.ts';
import { undoSession } from '../src/plan/undo.ts';
import { composeFile } from './files-generated.ts';

const PATH = '/p/compose.yml';
const rewrite = (text: string, to: FormId) =>
  rewriteProject(async path => (path === PATH ? { kind: 'file', text } : { kind: 'absent' }), [PATH], {
    to,
    compose: null,
  });
const after = async (text: string, to: FormId): Promise<string> => (await rewrite(text, to)).edits[0]?.after ?? text;

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds
type Any = any;

/** The services as another reader sees them, the request taken out and told apart. */
const seen = (text: string): Record<string, { asks: [form: string, ids: string] | null; rest: string }> => {
  const file: Any = parse(text.replace(/^\uFEFF/, ''), { merge: true });
  const out: Record<string, { asks: [string, string] | null; rest: string }> = {};
  for (const [name, raw] of Object.entries<Any>(file.services)) {
    const s = structuredClone(raw ?? {});
    const env: Any = Array.isArray(s.environment)
      ? Object.fromEntries(s.environment.map((e: string) => e.split('=')))
      : (s.environment ?? {});
    const all: [string, string][] = [];
    const put = (form: string, ids: readonly string[]) =>
      void all.push([form, ids.includes('all') ? 'all' : [...ids].sort().join(',')]);
    const ofItem = (i: Any): string[] =>
      i.device_ids?.map((d: string) => String(d).replace('nvidia.com/gpu=', '')) ??
      (i.count === undefined || i.count === 'all' ? ['all'] : Array.from({ length: i.count }, (_, n) => String(n)));
    if (s.runtime === 'nvidia') {
      put('runtime', String(env.NVIDIA_VISIBLE_DEVICES).split(','));
      delete s.runtime;
      delete env.NVIDIA_VISIBLE_DEVICES;
    }
    const names = (s.devices ?? []).filter((d: string) => d.startsWith('nvidia.com/'));
    if (names.length > 0)
      put(
        'cdi',
        names.map((n: string) => n.replace('nvidia.com/gpu=', '')),
      );
    if (s.devices) s.devices = s.devices.filter((d: string) => !d.startsWith('nvidia.com/'));
    if (s.gpus !== undefined) put('gpus', s.gpus === 'all' ? ['all'] : s.gpus.flatMap(ofItem));
    delete s.gpus;
    const reserved = s.deploy?.resources?.reservations?.devices ?? [];
    for (const i of reserved) put(i.driver === 'cdi' ? 'reservation-cdi' : 'reservation', ofItem(i));
    if (s.deploy?.resources) delete s.deploy.resources.reservations;
    if (s.deploy?.resources && Object.keys(s.deploy.resources).length === 0) delete s.deploy.resources;
    if (s.deploy && Object.keys(s.deploy).length === 0) delete s.deploy;
    if (s.devices?.length === 0) delete s.devices;
    delete s.environment;
    assert.ok(all.length <= 1, `${name} asks in several forms: ${all.join(' ')}`);
    const rest = { ...s, environment: env };
    out[name] = { asks: all[0] ?? null, rest: JSON.stringify(Object.entries(rest).sort()) };
  }
  return out;
};

const form = fc.constantFrom(...formIds);
const RUNS = { numRuns: 100 };

test('a rewrite changes the form of the request and nothing else, for every service', async () => {
  await fc.assert(
    fc.asyncProperty(composeFile, form, async ({ text, asks }, to) => {
      const result = await rewrite(text, to);
      for (const [name, outcome] of result.services)
        assert.ok(outcome.is === 'changed' || outcome.is === 'same', `${name}: ${JSON.stringify(outcome)}`);
      const [was, is] = [seen(text), seen(result.edits[0]?.after ?? text)];
      assert.deepEqual(Object.keys(is), Object.keys(was));
      for (const [name, ids] of Object.entries(asks)) {
        assert.deepEqual(is[name]?.asks, ids === null ? null : [to, ids], name);
        assert.equal(is[name]?.rest, was[name]?.rest, name);
      }
    }),
    RUNS,
  );
});

test('every byte outside the reported spans is what it was, and every comment is still there', async () => {
  await fc.assert(
    fc.asyncProperty(composeFile, form, async ({ text }, to) => {
      const now = await after(text, to);
      assert.equal(applied(text, spansOf(text, now)), now);
      const comments = (t: string) => (t.match(/(?:^|\s)#[^\r\n]*/gm) ?? []).map(c => c.trim()).sort();
      assert.deepEqual(comments(now), comments(text));
      assert.equal(now.startsWith('\uFEFF'), text.startsWith('\uFEFF'));
      assert.equal(now.endsWith('\n'), text.endsWith('\n'));
      assert.equal(/(?<!\r)\n/.test(now) && /\r\n/.test(now), false, 'line ends are not mixed');
    }),
    RUNS,
  );
});

test('a second time changes nothing; there and back asks for the same', async () => {
  await fc.assert(
    fc.asyncProperty(composeFile, form, form, async ({ text, asks }, to, back) => {
      const there = await after(text, to);
      assert.equal(await after(there, to), there);
      const home = await after(there, back);
      const [was, is] = [seen(text), seen(home)];
      for (const [name, ids] of Object.entries(asks)) {
        assert.deepEqual(is[name]?.asks, ids === null ? null : [back, ids]);
        assert.equal(is[name]?.rest, was[name]?.rest);
      }
    }),
    { numRuns: 80 },
  );
});

test('applied as a plan and undone, the file is byte for byte what it was', async () => {
  await fc.assert(
    fc.asyncProperty(composeFile, form, async ({ text }, to) => {
      const files = new Map([[PATH, text]]);
      const box: Box = {
        name: 'a map',
        kind: 'simulated',
        run: async () => ({ kind: 'absent' }),
        read: async path => (files.has(path) ? { kind: 'file', text: files.get(path)! } : { kind: 'absent' }),
        list: async () => ({ kind: 'absent' }),
        stat: async () => ({ kind: 'absent' }),
        write: async (path, put) => void (put === null ? files.delete(path) : files.set(path, put)),
      };
      const result = await rewrite(text, to);
      fc.pre(result.edits.length > 0);
      const store = memoryStore();
      const about = { finding: 'files', fix: 'x', title: 'x' };
      const done = await applyPlan(box, planOf(result.edits, about), journalIn(store, { now: () => 0 }));
      assert.equal(done.kind, 'applied');
      assert.equal(files.get(PATH), result.edits[0]?.after);
      assert.ok(done.kind === 'applied');
      const undone = await undoSession(box, store, done.session, { now: () => 1 });
      assert.equal(undone.kind, 'undone');
      assert.equal(files.get(PATH), text);
    }),
    { numRuns: 25 },
  );
});
