/** The same machines looked at by somebody who is not root: nothing is made up for what that user may not see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBox, type Report } from '../src/engine/report.ts';
import { simBox } from '../src/sim/index.ts';
import type { World } from '../src/sim/world.ts';
import { demos } from '../src/sim/worlds/index.ts';

type Groups = World['user']['groups'];
const lookAs = async (load: () => Promise<World>, groups: Groups): Promise<Report> =>
  checkBox(simBox({ ...(await load()), user: { uid: 1000, gid: 1000, name: 'ada', groups } }));
const faults = (r: Report): readonly string[] => r.findings.filter(f => f.severity === 'fault').map(f => f.id);

for (const [name, { load }] of Object.entries(demos))
  test(`${name}: a member of the group docker sees what root sees; a stranger is told about the socket alone`, async () => {
    const asRoot = await checkBox(simBox(await load()));
    const asMember = await lookAs(load, [[999, 'docker']]);
    assert.deepEqual(
      faults(asMember).filter(id => !faults(asRoot).includes(id)),
      [],
    );
    for (const way of asMember.ways) {
      const was = asRoot.ways.find(w => w.way === way.way);
      if (was && way.works !== null && was.works !== null) assert.equal(way.works, was.works, way.way);
    }
    for (const groups of [[], [[27, 'sudo']]] as const) {
      const asStranger = await lookAs(load, groups);
      assert.deepEqual(
        faults(asStranger).filter(id => !faults(asRoot).includes(id)),
        faults(asStranger).includes('docker-socket-denied') ? ['docker-socket-denied'] : [],
      );
      // What that user cannot start fails for one reason only; another way is as it was.
      for (const way of asStranger.ways) {
        const was = asRoot.ways.find(w => w.way === way.way);
        if (was?.works === true && way.works === false) assert.equal(way.cause, 'docker-socket-denied', way.way);
        if (was?.works === false) assert.notEqual(way.works, true, way.way);
      }
    }
  });
