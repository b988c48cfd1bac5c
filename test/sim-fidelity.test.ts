/** The simulation against reality: a world filled from a recording must start containers as the real engine did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIn } from '../src/sim/box.ts';
import { worldFromSnapshot } from '../src/sim/from-snapshot.ts';
import { insides, readRecording, recordingNames } from './sim-recordings.ts';

const isStart = (argv: readonly string[]): boolean =>
  (argv[0] === 'docker' || argv[0] === 'podman') && argv[1] === 'run';
/** The text without what differs by chance: container ids and white space. */
const plain = (text: string): string =>
  text
    .replace(/[0-9a-f]{64}/g, 'ID')
    .replace(/\s+/g, ' ')
    .trim();

interface Difference {
  readonly where: string;
  readonly argv: string;
  readonly real: string;
  readonly simulated: string;
}

test('recorded container starts come out as they did on the real engine', t => {
  let starts = 0;
  let exact = 0;
  const differences: Difference[] = [];
  for (const name of recordingNames().filter(n => !n.startsWith('tegra'))) {
    const snapshot = readRecording(name);
    for (const c of snapshot.commands.filter(c => isStart(c.argv))) {
      const world = worldFromSnapshot(snapshot, name, insides);
      const ran = runIn(world, { argv: c.argv });
      starts++;
      const code = ran.kind === 'exited' ? ran.code : -1;
      const error = ran.kind === 'exited' ? plain(ran.stderr) : ran.kind;
      const printed = ran.kind === 'exited' ? plain(ran.stdout) : '';
      const told =
        c.code !== 0 ? error === plain(c.stderr) : c.argv.at(-1) === 'nvidia-smi' || printed === plain(c.stdout);
      const same = (code === 0) === (c.code === 0) && told;
      if (same && code === c.code) exact++;
      if (!same)
        differences.push({
          where: name,
          argv: c.argv.join(' '),
          real: `${c.code} ${plain(c.stderr).slice(-160)}`,
          simulated: `${code} ${error.slice(-160)}`,
        });
    }
  }
  const share = 1 - differences.length / starts;
  t.diagnostic(
    `${starts} starts, ${starts - differences.length} as on the real engine (${(share * 100).toFixed(1)} %), ${exact} with the same exit status too`,
  );
  for (const d of differences) t.diagnostic(`${d.where}: ${d.argv}\n    real: ${d.real}\n    here: ${d.simulated}`);
  assert.ok(starts > 250, `only ${starts} starts`);
  assert.ok(share >= 0.95, `${(share * 100).toFixed(1)} %`);
});
