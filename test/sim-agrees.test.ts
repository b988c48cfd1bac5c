/** Two independent works on one question: what the tree predicts of a machine, and what its simulated engines do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBox } from '../src/engine/report.ts';
import { runIn, simBox } from '../src/sim/box.ts';
import type { World } from '../src/sim/world.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { breakages, stacks } from './sim-states.ts';

const starts: Readonly<Record<string, string>> = {
  'docker-gpus': 'docker run --rm --gpus all debian:trixie nvidia-smi -L',
  'docker-runtime': 'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all debian:trixie nvidia-smi -L',
  'docker-cdi': 'docker run --rm --device nvidia.com/gpu=all debian:trixie nvidia-smi -L',
  'docker-runtime-cdi':
    'docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=all debian:trixie nvidia-smi -L',
  'podman-cdi': 'podman run --rm --device nvidia.com/gpu=all localhost/debian:trixie nvidia-smi -L',
};

interface Tally {
  asked: number;
  readonly against: string[];
  silent: number;
}
/** Each way is started on a machine of its own, so that no start changes the next one's ground. */
const compare = async (name: string, make: () => World | Promise<World>, tally: Tally): Promise<void> => {
  const report = await checkBox(simBox(await make()));
  for (const w of report.ways) {
    const ran = runIn(await make(), { argv: starts[w.way]!.split(' ') as [string, ...string[]] });
    const ok = ran.kind === 'exited' && ran.code === 0 && ran.stdout.startsWith('GPU 0: ');
    tally.asked++;
    if (w.works === null) tally.silent++;
    else if (w.works !== ok) {
      const end = ran.kind === 'exited' ? ran.stderr.trim().slice(-150).replaceAll('\n', ' ') : ran.kind;
      tally.against.push(`${name}, ${w.way}: predicted ${w.works} (${w.cause}), the engine ${ok} ${end}`);
    }
  }
};

test('what is predicted of a simulated machine is what its engines do', async t => {
  const tally: Tally = { asked: 0, against: [], silent: 0 };
  for (const [name, demo] of Object.entries(demos)) await compare(name, demo.load, tally);
  for (const [stack, make] of Object.entries(stacks).filter(([s]) => !s.includes('28')))
    for (const [broken, damage] of Object.entries(breakages))
      await compare(
        `${stack}, ${broken}`,
        () => {
          const world = make();
          damage(world);
          return world;
        },
        tally,
      );
  const right = 1 - (tally.against.length + tally.silent) / tally.asked;
  t.diagnostic(`${tally.asked} predictions, ${(right * 100).toFixed(1)} % as the engine did, ${tally.silent} not told`);
  for (const line of tally.against) t.diagnostic(line);
  assert.ok(tally.asked > 900, String(tally.asked));
  assert.ok(tally.against.length / tally.asked <= 0.02, `${tally.against.length} wrong`);
  assert.ok(right >= 0.97, `${(right * 100).toFixed(1)} %`);
});
