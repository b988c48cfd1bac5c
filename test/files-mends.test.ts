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
