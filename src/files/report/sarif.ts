/** SARIF 2.1.0, for tools that show findings beside the code. */

import { placeOf } from '../../text/edit.ts';
import { spansOf } from '../change.ts';
import type { FileFinding } from '../finding.ts';

const LEVEL = { fault: 'error', risk: 'warning', note: 'note' } as const;

/** Relative to the current folder where the file lies below it; SARIF wants URIs. */
const uriOf = (path: string, cwd: string): { uri: string; uriBaseId?: string } => {
  const inside = path.startsWith(`${cwd}/`);
  const uri = (inside ? path.slice(cwd.length + 1) : path).split('/').map(encodeURIComponent).join('/');
  return inside ? { uri, uriBaseId: '%SRCROOT%' } : { uri: uri.startsWith('/') ? `file://${uri}` : uri };
};

const fixesOf = (f: FileFinding, cwd: string) =>
  f.mends.map(m => ({
    description: { text: m.title },
    artifactChanges: [
      {
        artifactLocation: uriOf(m.path, cwd),
        replacements: spansOf(m.before, m.after).map(s => {
          const a = placeOf(m.before, s.from);
          const b = placeOf(m.before, s.to);
          return {
            deletedRegion: { startLine: a.line, startColumn: a.column, endLine: b.line, endColumn: b.column },
            insertedContent: { text: s.put },
          };
        }),
      },
    ],
  }));

export const sarif = (findings: readonly FileFinding[], version: string, cwd: string): string => {
  const rules = [...new Map(findings.map(f => [f.id, f.title]))];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'gpumedic',
            version,
            rules: rules.map(([id, title]) => ({ id, shortDescription: { text: title } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(f => ({
          ruleId: f.id,
          ruleIndex: rules.findIndex(([id]) => id === f.id),
          level: LEVEL[f.severity],
          message: { text: f.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: uriOf(f.path, cwd),
                region: { startLine: f.line, startColumn: f.column, endLine: f.endLine, endColumn: f.endColumn },
              },
            },
          ],
          ...(f.mends.length > 0 && { fixes: fixesOf(f, cwd) }),
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
