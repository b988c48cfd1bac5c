/** Project files on recorded boxes: what is predicted is what Compose and the build really did there. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Box } from '../src/box/box.ts';
import { checkBox } from '../src/engine/report.ts';
import { filesFindings } from '../src/files/index.ts';
import { edit } from './edited.ts';

const recordedBox = (name: string): Box => edit(name).box();

const faults = async (box: Box, path: string) => {
  const report = await checkBox(box);
  const { findings } = await filesFindings(box, report, { named: [path], engine: false, forms: 2 });
  return findings.filter(f => f.severity === 'fault');
};

describe('Compose files on boxes where they were really started', () => {
  for (const state of ['compose-deploy-cdi-mode', 'seed1-final', 'seed2-final'])
    for (const stack of ['old', 'new'])
      test(`${state}@${stack}`, async () => {
        const box = recordedBox(`${state}@${stack}`);
        for (const file of ['deploy', 'runtime', 'runtime-noenv', 'cdi', 'cdi-driver']) {
          const path = `/root/work/${file}.yml`;
          const up = await box.run({
            argv: ['docker', 'compose', '-f', path, 'up', '--no-color', '--abort-on-container-exit'],
          });
          assert.equal(up.kind, 'exited');
          const found = await faults(box, path);
          assert.equal(found.length > 0, up.kind === 'exited' && up.code !== 0, `${file}: ${found.map(f => f.id)}`);
        }
        for (const file of ['both', 'nocaps'])
          assert.deepEqual(
            (await faults(box, `/root/work/${file}.yml`)).map(f => f.id),
            ['compose-device-request-invalid'],
          );
        const [tabs] = await faults(box, '/root/work/tabs.yml');
        assert.deepEqual([tabs?.id, tabs?.line, tabs?.column], ['project-file-malformed', 2, 1]);
      });
});

test('the Dockerfile that lacks a COPY, on the boxes where its container failed', async () => {
  for (const stack of ['old', 'new']) {
    const box = recordedBox(`dockerfile-missing-copy@${stack}`);
    const [found, ...more] = await faults(box, '/root/work/p/Dockerfile');
    assert.equal(more.length, 0);
    assert.equal(found?.id, 'image-app-module-missing');
    assert.match(
      found?.mends[0]?.after ?? '',
      /COPY moe_router\/ \.\/moe_router\/\nCOPY expert_worker\/ \.\/expert_worker\/\n/,
    );
  }
});

test('a form that works in the recording is what the first rewrite asks with', async () => {
  const box = recordedBox('compose-deploy-cdi-mode@old');
  const [found] = await faults(box, '/root/work/deploy.yml');
  assert.equal(found?.id, 'hook-in-nonlegacy-mode');
  assert.deepEqual(found?.works, ['runtime']);
  assert.match(found?.mends[0]?.after ?? '', /runtime: nvidia/);
  assert.match(found?.mends[0]?.after ?? '', /NVIDIA_VISIBLE_DEVICES=0/);
});
