/** Every Compose file of the corpus: what it asks for, and what a rewrite makes of it, byte for byte. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { isModeId } from '../flows/modes/ids.ts';
import type { FormId } from '../flows/requests/forms.ts';
import { spansOf } from '../src/files/change.ts';
import { judgeProject } from '../src/files/compose/judge.ts';
import { loadProject } from '../src/files/compose/load.ts';
import { rewriteProject } from '../src/files/compose/rewrite.ts';
import { noImages } from '../src/files/local.ts';
import { applied } from '../src/files/spans.ts';
import { caseOf, casesIn, corpus, folderBox, hereWith } from './files-case.ts';

interface Rewriting {
  readonly to: FormId;
  readonly services?: readonly string[];
  readonly shared?: 'all' | 'own';
  readonly compose?: string;
  /** By service: changed, same, ask, or the reason of a refusal. */
  readonly outcome: Readonly<Record<string, string>>;
}
interface Case {
  /** What is odd about these files. */
  readonly quirk: string;
  readonly files?: readonly string[];
  readonly rewrites?: readonly Rewriting[];
  /** Findings on a box where only the forms of `works` work, as "service: id". */
  readonly works?: readonly ('docker-gpus' | 'docker-runtime' | 'docker-cdi' | 'docker-runtime-cdi')[];
  readonly compose?: string;
  readonly findings?: readonly string[];
  /** A file that does not parse, as "path:line:column". */
  readonly fault?: string;
}

const isUpdate = process.env.UPDATE_CORPUS === '1';

describe('the corpus of Compose files', () => {
  const names = casesIn('compose');
  assert.ok(names.length >= 60, `${names.length} cases`);
  for (const name of names) {
    const folder = join(corpus, 'compose', name);
    const c = caseOf<Case>('compose', name);
    const layers = (c.files ?? ['compose.yml']).map(f => `/p/${f}`);
    const box = folderBox(folder);
    test(`${name}: ${c.quirk}`, async () => {
      const updated: Rewriting[] = [];
      for (const r of c.rewrites ?? []) {
        const result = await rewriteProject(box.read, layers, { compose: null, ...r });
        const outcome = Object.fromEntries(
          [...result.services].map(([service, o]) => [service, o.is === 'refused' ? `refused: ${o.because}` : o.is]),
        );
        updated.push({ ...r, outcome });
        if (!isUpdate) assert.deepEqual(outcome, r.outcome, `to ${r.to}`);
        const suffix = [r.to, ...(r.shared ? [r.shared] : []), ...(r.services ?? [])].join('-');
        for (const layer of new Set([...layers, ...result.edits.map(e => e.path)])) {
          const edit = result.edits.find(e => e.path === layer);
          const expected = join(folder, 'after', suffix, layer.slice(3));
          if (isUpdate && edit) {
            mkdirSync(dirname(expected), { recursive: true });
            writeFileSync(expected, edit.after);
          }
          assert.equal(
            edit?.after ?? null,
            existsSync(expected) ? readFileSync(expected, 'utf8') : null,
            `${layer} to ${r.to}`,
          );
        }
        for (const e of result.edits) {
          const spans = spansOf(e.before, e.after);
          assert.equal(applied(e.before, spans), e.after, 'the spans make the text');
        }
        const texts = new Map(result.edits.map(e => [e.path, e.after]));
        const read = async (path: string) => {
          const text = texts.get(path);
          return text === undefined ? box.read(path) : { kind: 'file' as const, text };
        };
        const again = await rewriteProject(read, layers, { compose: null, ...r });
        assert.deepEqual(again.edits, [], 'a second time changes nothing');
      }
      const project = await loadProject(box.read, layers);
      const [fault] = project.faults;
      const place = fault ? `${fault.path.slice(3)}:${fault.fault.line}:${fault.fault.column}` : undefined;
      const world = {
        here: hereWith(c.works ?? [], { compose: c.compose ?? '2.40.3' }),
        images: noImages,
        capabilities: [],
        isFile: () => false,
      };
      const complaints = judgeProject(project, world);
      for (const { id } of complaints) assert.ok(isModeId(id), `${id} is an id of the field reference`);
      const findings = complaints.map(f => `${f.service}: ${f.severity} ${f.id}`);
      if (isUpdate) {
        const now = {
          ...c,
          ...(c.rewrites && { rewrites: updated }),
          ...(c.findings && { findings }),
          ...(place && { fault: place }),
        };
        writeFileSync(join(folder, 'case.json'), `${JSON.stringify(now, null, 2)}\n`);
        return;
      }
      assert.equal(place, c.fault);
      if (c.findings) assert.deepEqual(findings, c.findings);
    });
  }
});
