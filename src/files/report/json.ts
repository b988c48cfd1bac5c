/** The shape of `files --json` (gpumedic.files/1). */

import { unifiedDiff } from '../../text/diff.ts';
import { placeOf } from '../../text/edit.ts';
import { spansOf } from '../change.ts';
import type { FileFinding } from '../finding.ts';
import type { FilesResult } from '../index.ts';
import type { Rewritten } from './rewritten.ts';

export interface SpanJson {
  /** Offsets of the text before, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
  readonly put: string;
}

const spansJson = (before: string, after: string): readonly SpanJson[] =>
  spansOf(before, after).map(s => ({ from: s.from, to: s.to, ...placeOf(before, s.from), put: s.put }));

const findingJson = (f: FileFinding) => {
  const [best] = f.mends;
  return {
    path: f.path,
    line: f.line,
    column: f.column,
    endLine: f.endLine,
    endColumn: f.endColumn,
    kind: f.kind,
    id: f.id,
    severity: f.severity,
    title: f.title,
    message: f.message,
    subject: f.subject,
    works: f.works,
    spans: best ? spansJson(best.before, best.after) : [],
    diff: best ? unifiedDiff(best.path, best.before, best.after) : '',
    fixes: f.mends.map(m => ({
      title: m.title,
      to: m.to,
      path: m.path,
      spans: spansJson(m.before, m.after),
      diff: unifiedDiff(m.path, m.before, m.after),
      ...(m.patch !== undefined && { patch: m.patch }),
    })),
    snippet: f.snippet,
  };
};

export interface FilesJsonExtra {
  readonly to: string | null;
  readonly mutated: boolean;
  /** The session that undoes it. */
  readonly session: string | null;
}

export const filesJson = (result: FilesResult, rewritten: Rewritten | null, extra: FilesJsonExtra) => ({
  schema: 'gpumedic.files/1' as const,
  mutated: extra.mutated,
  files: [
    ...result.found.projects.map(layers => ({ kind: 'compose' as const, paths: layers })),
    ...result.found.dockerfiles.map(path => ({ kind: 'dockerfile' as const, paths: [path] })),
    ...result.found.manifests.map(path => ({ kind: 'manifest' as const, paths: [path] })),
  ],
  requests: result.requests,
  findings: result.findings.map(findingJson),
  to: extra.to,
  rewrites: (rewritten?.edits ?? []).map(e => ({
    path: e.path,
    spans: spansJson(e.before, e.after),
    diff: unifiedDiff(e.path, e.before, e.after),
  })),
  services: (rewritten?.services ?? []).map(s => ({
    files: s.layers,
    service: s.service,
    outcome: s.outcome.is,
    because: s.outcome.is === 'refused' ? s.outcome.because : null,
    with: 'with' in s.outcome ? s.outcome.with : [],
    snippet: 'snippet' in s.outcome ? s.outcome.snippet : null,
  })),
  session: extra.session,
});
