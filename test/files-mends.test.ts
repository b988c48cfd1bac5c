/** What `gpumedic files` offers to change in a project is applied, proven by reading the files again, and undone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mend, projects } from './file-mends.ts';

for (const [name, project] of Object.entries(projects))
  test(`${name}: ${project.finding} is mended by plan and undone`, async () => {
    const { finding, proven, trouble } = await mend(project);
    assert.ok(finding, 'it is found');
    assert.deepEqual(trouble, []);
    assert.ok(proven.length > 0, 'something is offered');
  });

test('a step of a build that can do without a GPU is left alone, and no syntax of somebody else is replaced', async () => {
  const asked = async (step: string, head = '') =>
    (
      await mend({
        finding: 'docker-build-no-gpu',
        files: { Dockerfile: `${head}FROM debian:trixie\n${step}\nCMD ["sh"]\n` },
      })
    ).finding;
  for (const step of [
    'RUN nvidia-smi || true',
    'RUN if nvidia-smi; then echo yes; fi',
    'RUN command -v nvidia-smi',
    'RUN echo "cd /x && nvidia-smi" > /start',
    'RUN --device=nvidia.com/gpu=all nvidia-smi',
  ])
    assert.equal(await asked(step), undefined, step);
  const own = await asked('RUN nvidia-smi', '# syntax=acme/dockerfile:3\n');
  assert.deepEqual(own?.mends, []);
  const labs = await asked('RUN nvidia-smi', '# syntax=docker/dockerfile:1.7-labs\n');
  assert.match(labs?.mends[0]?.after ?? '', /^# syntax=docker\/dockerfile:1\.7-labs\nFROM/);
});
