/** Every failure mode that says anything is named from its own words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flows } from '../flows/index.ts';
import { modeIds } from '../flows/modes/ids.ts';
import { modes } from '../flows/modes/index.ts';
import { signs } from '../flows/signatures/index.ts';
import { catalogue } from '../src/explain/catalogue.ts';
import { treeEntry } from '../src/explain/entry.ts';
import { explainText } from '../src/explain/index.ts';
import { texts } from './fixtures/texts/index.ts';

test('the message of a failure mode names that mode first', () => {
  const wrong = texts
    .map(([id, text]) => ({ id, text, causes: explainText(text).causes }))
    .filter(({ id, causes }) => causes[0]?.id !== id)
    .map(
      ({ id, text, causes }) =>
        `${id}: said ${
          causes
            .slice(0, 3)
            .map(c => `${c.id} ${c.confidence}`)
            .join(', ') || 'nothing'
        } for ${text.slice(-160)}`,
    );
  assert.deepEqual(wrong, []);
});

/** Modes that show themselves in behaviour only; the reference gives no message. */
const SILENT = new Set([
  'toolkit-known-vulnerable',
  'config-toml-reverted-by-upgrade',
  'jit-cdi-regression-apps',
  'cdi-spec-stale-device-major',
  'docker-config-not-active',
  'docker-features-overwritten',
  'compose-stacked-mechanisms',
  'k3s-template-override',
  'gpu-operator-daemonset-zero',
  'k8s-all-gpus-leak',
  'tegra-no-request',
  'tegra-gfd-labels',
  'tegra-image-mismatch',
  'over-privileged-workaround',
  'destructive-advice-guard',
]);

test('every failure mode is in the texts or is known to be silent', () => {
  const covered = new Set(texts.map(([id]) => id));
  assert.deepEqual(
    Object.keys(modeIds).filter(id => !covered.has(id) && !SILENT.has(id)),
    [],
  );
});

test('signatures name known modes, are long enough to be found, and say what would settle them', () => {
  const { entries, foreign } = catalogue();
  const known = new Set(Object.keys(modeIds));
  const named = [
    ...Object.values(signs).flatMap(sign => sign?.follows ?? []),
    ...foreign.flatMap(entry => entry.foreign.instead ?? []),
  ];
  assert.deepEqual(
    named.filter(id => !known.has(id)),
    [],
  );
  for (const [id, sign] of Object.entries(signs)) {
    assert.ok(Object.hasOwn(modes, id), id);
    assert.ok(sign !== undefined && sign.tell.length > 20 && !sign.follows?.includes(id), id);
  }
  for (const { id, signature } of entries) {
    assert.ok(signature.sure > 0 && signature.sure < 1, id);
    for (const share of Object.values({ ...signature.more, ...signature.less })) assert.ok(share > 0 && share < 1, id);
  }
});

test('from an answer into the tree: the node that finds it, with its probes', () => {
  const entry = treeEntry(flows, 'driver-library-version-mismatch');
  assert.deepEqual([entry?.flow, entry?.probes.includes('smi')], ['driver', true]);
  assert.equal(treeEntry(flows, 'toolkit-repo-conflict'), null);
  const reached = Object.keys(signs).filter(id => treeEntry(flows, id) !== null);
  assert.ok(reached.length > 60, `${reached.length}`);
});
