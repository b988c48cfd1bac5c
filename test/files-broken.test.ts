/** Damaged files: told or left alone, never a crash and never an edit that damages more. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { formIds } from '../flows/requests/forms.ts';
import { judgeProject } from '../src/files/compose/judge.ts';
import { loadProject } from '../src/files/compose/load.ts';
import { rewriteProject } from '../src/files/compose/rewrite.ts';
import { dockerfileFindings } from '../src/files/dockerfile/findings.ts';
import { noImages } from '../src/files/local.ts';
import { manifestFindings } from '../src/files/manifest/findings.ts';
import { casesIn, corpus, folderBox, hereWith } from './files-case.ts';

const texts = (group: string, file: string): readonly string[] =>
  casesIn(group)
    .map(name => join(corpus, group, name, file))
    .filter(existsSync)
    .map(path => readFileSync(path, 'utf8'));

/** A text of the corpus with a piece cut out, doubled, or exchanged for something else. */
const damaged = (all: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...all),
      fc.nat(),
      fc.nat(40),
      fc.constantFrom('cut', 'double', 'put', 'end'),
      fc.constantFrom(
        '',
        ' ',
        '\t',
        '\n',
        ':',
        '- ',
        '{',
        ']',
        '*a',
        '&a ',
        '#',
        '"',
        '|',
        '<<: ',
        '!reset',
        '${',
        '\u0000',
        '\u001b[2J',
      ),
    )
    .map(([text, at, length, how, put]) => {
      const from = at % (text.length + 1);
      const piece = text.slice(from, from + length);
      if (how === 'end') return text.slice(0, from);
      if (how === 'cut') return text.slice(0, from) + text.slice(from + length);
      return (
        text.slice(0, from) + (how === 'double' ? piece + piece : put) + text.slice(from + (how === 'put' ? 1 : length))
      );
    });

const world = { here: hereWith(['docker-cdi']), images: noImages, capabilities: [], isFile: () => null };
const parses = (text: string): boolean =>
  [parseAllDocuments(text, { logLevel: 'silent' })].flat().every(d => 'errors' in d && d.errors.length === 0);

test('Compose files', async () => {
  await fc.assert(
    fc.asyncProperty(damaged(texts('compose', 'compose.yml')), fc.constantFrom(...formIds), async (text, to) => {
      const read = async (path: string) =>
        path === '/p/compose.yml' ? { kind: 'file' as const, text } : { kind: 'absent' as const };
      judgeProject(await loadProject(read, ['/p/compose.yml']), world);
      const { edits } = await rewriteProject(read, ['/p/compose.yml'], { to, compose: null });
      for (const e of edits) assert.ok(parses(e.after) || !parses(text), 'what parsed still parses');
    }),
    { numRuns: 150 },
  );
});

test('Dockerfiles', async () => {
  const box = folderBox(join(corpus, 'dockerfile', 'seed'));
  await fc.assert(
    fc.asyncProperty(damaged(texts('dockerfile', 'Dockerfile')), async text => {
      await dockerfileFindings(box, async () => ({ kind: 'file', text }), '/p/Dockerfile', []);
    }),
    { numRuns: 150 },
  );
});

test('manifests', () => {
  fc.assert(
    fc.property(damaged(texts('manifest', 'manifest.yaml')), text => {
      for (const f of manifestFindings('/p/m.yaml', text, hereWith([])))
        for (const m of f.mends) assert.ok(parses(m.after));
    }),
    { numRuns: 150 },
  );
});
