/** The collector for boxes where nothing of ours can run: what it prints is a snapshot, and it asks what the probes ask. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { probes } from '../flows/probes/index.ts';
import { recordedBox } from '../src/box/recorded.ts';
import { recording } from '../src/box/wrap.ts';
import { collector } from '../src/engine/collect.ts';
import { firstAsks } from '../src/engine/first-asks.ts';
import { checkBox } from '../src/engine/report.ts';
import { simBox } from '../src/sim/index.ts';
import { demos } from '../src/sim/worlds/index.ts';
import { readSnapshot } from '../src/snapshot/read.ts';
import { redactSnapshot } from '../src/snapshot/redact.ts';
import { COMMANDS, collectorScript, FILES, FOLDERS, LOADING, PLACES } from '../src/snapshot/script.ts';
import { redactor } from '../src/transcript/redact.ts';

const more = await firstAsks(probes);
const text = collectorScript(more);
const work = mkdtempSync(join(tmpdir(), 'gpumedic-collector-'));
after(() => rmSync(work, { recursive: true, force: true }));
const script = join(work, 'collect.sh');
writeFileSync(script, text);
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

test('a few kilobytes of POSIX shell', {
  skip: has('shellcheck') || process.env.CI === 'true' ? false : 'shellcheck is not installed',
}, () => {
  assert.ok(text.length < 12_000, `${text.length} bytes`);
  const { status, stdout } = spawnSync('shellcheck', [script], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('what it prints is a snapshot that can be redacted, opened and diagnosed', async () => {
  // Words that break a careless writer of JSON.
  const bin = join(work, 'bin');
  spawnSync('mkdir', [bin]);
  writeFileSync(
    join(bin, 'nvidia-ctk'),
    `#!/bin/sh\nprintf 'a "quoted" \\\\ back\\tslash\\r\\nline \\303\\251 \\377 \\033[31m\\n\\nend'\nprintf 'no newline' >&2\nexit 3\n`,
    { mode: 0o755 },
  );
  const { stdout, stderr, status } = spawnSync(has('dash') ? 'dash' : 'sh', [script], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: 'unix:///a b' },
  });
  assert.deepEqual([status, stderr], [0, '']);
  const file = join(work, 'box.json');
  writeFileSync(file, stdout);
  const snapshot = await readSnapshot(file);
  const ctk = snapshot.commands.find(c => c.argv.join(' ') === 'nvidia-ctk --version');
  assert.equal(ctk?.stdout, 'a "quoted" \\ back\tslash\r\nline é  [31m\n\nend');
  assert.deepEqual([ctk.stderr, ctk.code], ['no newline', 3]);
  assert.equal(snapshot.commands.find(c => c.argv[0] === 'printenv')?.stdout, 'unix:///a b\n');
  assert.equal(snapshot.stats['/dev']?.type ?? snapshot.dirs['/dev'] !== null, true);
  const hide = redactor();
  const box = recordedBox(redactSnapshot(snapshot, hide.text), 'box.json');
  const report = await checkBox(box);
  assert.ok(report.machine.os.length > 0);
  const unrecorded = report.unknown.filter(u => u.because === 'unrecorded').map(u => u.probe);
  assert.deepEqual(unrecorded, [], 'nothing that decides was left out');
});

test('it asks what the probes ask of any box', async () => {
  const runs = new Set<string>();
  const paths = new Set<string>();
  for (const name of ['healthy-new', 'docker-stopped', 'cdi-spec-stale']) {
    const box = recording(simBox(await demos[name]!.load()), entry => {
      if (entry.ask === 'run') runs.add(entry.command.argv.join(' '));
      else if (entry.ask !== 'write') paths.add(`${entry.ask} ${entry.path}`);
    });
    await collector(box, probes).facts();
  }
  const asked = new Set([...COMMANDS, ...LOADING, ...more.commands].map(argv => argv.join(' ')));
  /** These depend on what is on the box: ids of containers, the driver's version, the card's place on the bus. */
  const own = /container inspect|\d{3}\.\d|0000:|\.so\b|firmware/;
  assert.deepEqual(
    [...runs].filter(line => !asked.has(line) && !own.test(line)),
    [],
  );
  const known = new Set([
    ...[...FOLDERS, ...more.folders].map(p => `list ${p}`),
    ...[...FILES, ...more.files].map(p => `read ${p}`),
    ...[...PLACES, ...more.places].map(p => `stat ${p}`),
  ]);
  assert.deepEqual(
    [...paths].filter(line => !known.has(line) && !own.test(line)),
    [],
  );
});
