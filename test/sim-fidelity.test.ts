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
    const world = worldFromSnapshot(snapshot, name, insides);
    for (const c of snapshot.commands.filter(c => isStart(c.argv))) {
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
  assert.ok(share >= 0.98, `${(share * 100).toFixed(1)} %`);
});

/** Commands that only look, whose whole answer is decided by what the world holds. */
const looks = [
  'uname -r',
  'uname -srm',
  'hostname',
  'id',
  'lspci -Dnnk -d 10de:',
  'lspci -Dnn -d 10de:',
  'ldconfig -p',
  'nvidia-smi -L',
  'nvidia-smi --query-gpu=index,uuid,name,driver_version --format=csv,noheader',
  'nvidia-smi --query-gpu=name,driver_version --format=csv,noheader',
  'nvidia-ctk --version',
  'nvidia-ctk config',
  'nvidia-ctk cdi list',
  'nvidia-ctk cdi generate',
  'nvidia-ctk runtime configure --runtime=docker --dry-run',
  'nvidia-ctk runtime configure --runtime=docker --cdi.enabled --dry-run',
  'nvidia-ctk runtime configure --runtime=docker --set-as-default --dry-run',
  'nvidia-container-cli info',
  'modinfo -F version nvidia',
  'which nvidia-ctk nvidia-container-runtime nvidia-container-runtime-hook nvidia-container-cli nvidia-cdi-hook',
  'docker context show',
  'docker compose version --short',
  'dockerd --validate',
  'dockerd --validate --config-file=/etc/docker/daemon.json',
  'podman --version',
  'systemctl is-active docker',
  'systemctl is-active nvidia-persistenced',
  'systemctl is-enabled nvidia-cdi-refresh.path',
  'systemd-detect-virt',
  'systemd-detect-virt -v',
  'dpkg-query -W',
  'cat /etc/docker/daemon.json',
];

test('commands that only look answer as recorded, to the letter', t => {
  let asked = 0;
  const differences: Difference[] = [];
  for (const name of recordingNames().filter(n => !n.startsWith('tegra'))) {
    const snapshot = readRecording(name);
    const world = worldFromSnapshot(snapshot, name, insides);
    for (const c of snapshot.commands.filter(c => looks.includes(c.argv.join(' ')))) {
      const ran = runIn(world, { argv: c.argv });
      asked++;
      const here = ran.kind === 'exited' ? `${ran.code} ${ran.stdout}` : ran.kind;
      const real = c.absent ? 'absent' : `${c.code} ${c.stdout}`;
      if (here !== real)
        differences.push({
          where: name,
          argv: c.argv.join(' '),
          real: real.slice(0, 300),
          simulated: here.slice(0, 300),
        });
    }
  }
  const share = 1 - differences.length / asked;
  t.diagnostic(`${asked} answers, ${asked - differences.length} to the letter (${(share * 100).toFixed(1)} %)`);
  const kinds = Map.groupBy(differences, d => d.argv);
  for (const [argv, all] of kinds)
    t.diagnostic(
      `${argv}: ${all.length}, e.g. ${all[0]!.where}\n    real: ${all[0]!.real}\n    here: ${all[0]!.simulated}`,
    );
  assert.ok(asked > 1000, `only ${asked} answers`);
  assert.ok(share >= 0.99, `${(share * 100).toFixed(1)} %`);
});
