/** What the program says of real boxes in known states: the right cause, every way as it really was, nothing surplus. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import type { SnapshotCommand } from '../src/snapshot/snapshot.ts';
import { Edit, recording } from './edited.ts';

const folder = join(import.meta.dirname, 'fixtures/recordings');
const names = readdirSync(folder)
  .filter(f => f.includes('@'))
  .map(f => f.replace(/\.json.*$/, ''))
  .sort();
const expected: Record<string, { accept: string[] }> = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

const RUNS: Record<string, string> = {
  'docker run --rm --gpus all debian:trixie nvidia-smi -L': 'docker-gpus',
  'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all debian:trixie nvidia-smi -L': 'docker-runtime',
  'docker run --rm --device nvidia.com/gpu=all debian:trixie nvidia-smi -L': 'docker-cdi',
  'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all debian:trixie nvidia-smi -L':
    'docker-runtime-cdi',
  'podman run --rm --network none --device nvidia.com/gpu=all localhost/debian:trixie nvidia-smi -L': 'podman-cdi',
};
const starts = (c: SnapshotCommand) => c.argv.includes('run') || c.argv.includes('up');

for (const name of names) {
  test(`recorded: ${name}`, async () => {
    const box = recording(name);
    // The outcome of every start is hidden from the program and used as the truth.
    const truth = Object.fromEntries(
      box.commands.flatMap(c => {
        const way = RUNS[c.argv.join(' ')];
        return way && !c.absent ? [[way, c.code === 0 && /GPU 0/.test(c.stdout)]] : [];
      }),
    );
    const report = await checkBox(new Edit({ ...box, commands: box.commands.filter(c => !starts(c)) }).box());
    if (!name.startsWith('tegra')) {
      for (const [way, worked] of Object.entries(truth)) {
        assert.equal(report.ways.find(w => w.way === way)?.works, worked, way);
      }
    }
    const wanted = expected[name]?.accept;
    if (!wanted) return;
    const faults = report.findings.filter(f => f.severity === 'fault').map(f => f.id);
    assert.ok(wanted.includes(faults[0] ?? 'healthy'), `${faults[0] ?? 'healthy'} is none of ${wanted.join(', ')}`);
    assert.deepEqual(
      faults.filter(id => !wanted.includes(id)),
      [],
      'surplus findings',
    );
    if (faults.length === 0) assert.equal(report.verdict, 'ok');
  });
}
