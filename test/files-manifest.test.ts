/** Manifests of the corpus: findings, and edits that do the same as their patches. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { manifestFindings } from '../src/files/manifest/findings.ts';
import { type Json, solid } from '../src/files/manifest/patch.ts';
import { caseOf, casesIn, corpus, hereWith } from './files-case.ts';

interface Case {
  readonly quirk: string;
  readonly platform?: string;
  /** "line severity id", and the titles of the edits. */
  readonly findings: readonly string[];
}
const isUpdate = process.env.UPDATE_CORPUS === '1';

const findingsOf = (name: string, c: Case) => {
  const text = readFileSync(join(corpus, 'manifest', name, 'manifest.yaml'), 'utf8');
  return {
    text,
    findings: manifestFindings('/p/manifest.yaml', text, hereWith([], { platform: c.platform ?? 'bare-metal' })),
  };
};

describe('the corpus of manifests', () => {
  for (const name of casesIn('manifest')) {
    const c = caseOf<Case>('manifest', name);
    test(`${name}: ${c.quirk}`, () => {
      const { text, findings } = findingsOf(name, c);
      const told = findings.map(
        f =>
          `${f.line} ${f.severity} ${f.id}${f.mends.map(m => `; ${m.title}`).join('')}${f.snippet ? '; to paste' : ''}`,
      );
      for (const [i, f] of findings.entries())
        for (const [j, m] of f.mends.entries()) {
          const expected = join(corpus, 'manifest', name, `after-${i}-${j}.yaml`);
          if (isUpdate) writeFileSync(expected, m.after);
          assert.equal(m.after, readFileSync(expected, 'utf8'));
          assert.equal(m.before, text);
          const comments = (t: string) => (t.match(/#[^\r\n]*/g) ?? []).map(x => x.trim()).sort();
          assert.deepEqual(comments(m.after), comments(text));
          const left = manifestFindings(
            '/p/manifest.yaml',
            m.after,
            hereWith([], { platform: c.platform ?? 'bare-metal' }),
          );
          assert.ok(!left.some(x => x.id === f.id && x.subject === f.subject), `${m.title} mends it`);
        }
      if (isUpdate)
        writeFileSync(
          join(corpus, 'manifest', name, 'case.json'),
          `${JSON.stringify({ ...c, findings: told }, null, 2)}\n`,
        );
      else assert.deepEqual(told, c.findings);
    });
  }
});

/** Without what a server adds; the order of a list that is merged by name says nothing. */
const drop = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(drop).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([k]) => k !== 'creationTimestamp' && k !== 'status')
      .map(([k, v]) => [k, drop(v)]),
  );
};

const kubectl = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
// What CI installs has to be there in CI; elsewhere its absence is no fault of ours.
const isMissing = kubectl.status !== 0 && process.env.CI !== 'true';

test('kubectl patch --local makes of each patch what our edit makes', {
  skip: isMissing && 'kubectl is not here',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpumedic-kubectl-'));
  let count = 0;
  try {
    for (const name of ['seed-tegra', 'capabilities-only', 'cronjob', 'no-class-by-hand']) {
      const c = caseOf<Case>('manifest', name);
      const { text, findings } = findingsOf(name, c);
      for (const m of findings.flatMap(f => f.mends)) {
        const path = join(folder, `${name}.yaml`);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        const ran = spawnSync(
          'kubectl',
          [
            'patch',
            '--local',
            '-f',
            path,
            '--type',
            'strategic',
            '-p',
            JSON.stringify(parse(m.patch ?? '')),
            '-o',
            'json',
          ],
          { encoding: 'utf8' },
        );
        assert.equal(ran.status, 0, ran.stderr);
        const ours = parseAllDocuments(m.after).map(d => d.toJS() as Json)[0] ?? null;
        assert.deepEqual(drop(solid(JSON.parse(ran.stdout) as Json)), drop(solid(ours)), `${name}: ${m.title}`);
        count++;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.ok(count >= 6, `${count} patches`);
  assert.ok(existsSync(corpus));
});
