/** Whatever a box does not say, nothing is made up: a form of request is never turned round, and a sound box is never called broken. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordedBox } from '../src/box/recorded.ts';
import { checkBox, type Report } from '../src/engine/report.ts';
import { parseSnapshot, type Snapshot, type SnapshotCommand } from '../src/snapshot/snapshot.ts';
import { recording } from './edited.ts';

const names = readdirSync(join(import.meta.dirname, 'fixtures/recordings'))
  .filter(f => /\.json(\.br|\.gz)?$/.test(f) && f !== 'expected.json')
  .map(f => f.replace(/\.json(\.br|\.gz)?$/, ''));
const ROUNDS = 12;

/** The same numbers in every run, so that a failure can be looked at. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};

type Loss = 'not recorded' | 'denied' | 'timed out';
type Maps = Record<'files' | 'dirs' | 'stats' | 'errors', Record<string, unknown>>;

/** The box with a share of its answers gone. A driver that hangs is a fault of its own, so its programs go on answering. */
const losing = (whole: Snapshot, loss: Loss, share: number, next: () => number): Snapshot => {
  const maps = structuredClone({
    files: whole.files,
    dirs: whole.dirs,
    stats: whole.stats,
    errors: whole.errors,
  }) as Maps;
  const lost = (): boolean => next() < share;
  const without = (c: SnapshotCommand): readonly SnapshotCommand[] => {
    if (!lost()) return [c];
    if (loss === 'not recorded') return [];
    if (loss === 'denied') return [{ ...c, denied: true }];
    return c.argv[0].startsWith('nvidia-') ? [c] : [{ ...c, timedOut: true }];
  };
  for (const kind of loss === 'timed out' ? [] : (['files', 'dirs', 'stats'] as const))
    for (const path of Object.keys(maps[kind])) {
      if (kind === 'stats' && loss === 'denied') continue;
      if (!lost()) continue;
      delete maps[kind][path];
      if (loss === 'denied') maps.errors[path] = 'EACCES';
    }
  return { ...whole, ...(maps as unknown as Snapshot), commands: whole.commands.flatMap(without) };
};

const faults = (r: Report): readonly string[] => r.findings.filter(f => f.severity === 'fault').map(f => f.id);

for (const name of names)
  test(`${name}: what is not known decides nothing`, async () => {
    const whole = parseSnapshot(recording(name), name);
    const before = await checkBox(recordedBox(whole, name));
    const next = numbers(names.indexOf(name) + 1);
    for (let round = 0; round < ROUNDS; round++) {
      const loss = (['not recorded', 'denied', 'timed out'] as const)[round % 3]!;
      const now = await checkBox(recordedBox(losing(whole, loss, next() * 0.5, next), name));
      for (const way of now.ways) {
        const was = before.ways.find(w => w.way === way.way)?.works ?? null;
        if (was === null || way.works === null) continue;
        assert.equal(way.works, was, `round ${round}, ${loss}: ${way.way} (${way.cause ?? 'works'})`);
      }
      if (before.verdict === 'ok') assert.deepEqual(faults(now), [], `round ${round}, ${loss}`);
    }
  });
