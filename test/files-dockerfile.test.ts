/** Dockerfiles of the corpus: is the started package in the image, and where does the missing COPY go? */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadProject } from '../src/files/compose/load.ts';
import { dockerfileFindings, usesOf } from '../src/files/dockerfile/findings.ts';
import { startedBy, startedByShell } from '../src/files/dockerfile/start.ts';
import { caseOf, casesIn, corpus, folderBox } from './files-case.ts';

interface Case {
  readonly quirk: string;
  /** "path:line severity, added line behind line N" or "…, to paste: text"; empty where nothing is missing. */
  readonly findings: readonly string[];
}
const isUpdate = process.env.UPDATE_CORPUS === '1';

/** The one line that came in, and the line behind which it stands. */
const added = (before: string, after: string): string => {
  if (!before.endsWith('\n') && after.startsWith(before))
    return `at the end: ${JSON.stringify(after.slice(before.length))}`;
  const [a, b] = [before.split('\n'), after.split('\n')];
  const at = b.findIndex((line, i) => line !== a[i]);
  assert.equal(
    [...b.slice(0, at), ...b.slice(at + 1)].join('\n'),
    before,
    'one line comes in and nothing else changes',
  );
  return `behind line ${at}: ${JSON.stringify(b[at])}`;
};

describe('the corpus of Dockerfiles', () => {
  const names = casesIn('dockerfile');
  assert.ok(names.length >= 30, `${names.length} cases`);
  for (const name of names) {
    const folder = join(corpus, 'dockerfile', name);
    const c = caseOf<Case>('dockerfile', name);
    test(`${name}: ${c.quirk}`, async () => {
      const box = folderBox(folder);
      const uses = existsSync(join(folder, 'compose.yml'))
        ? usesOf(await loadProject(box.read, ['/p/compose.yml']))
        : [];
      const paths = uses.length > 0 ? [...new Set(uses.map(u => u.dockerfile))] : ['/p/Dockerfile'];
      const findings: string[] = [];
      for (const path of paths)
        for (const f of await dockerfileFindings(
          box,
          box.read,
          path,
          uses.filter(u => u.dockerfile === path),
        )) {
          const [mend] = f.mends;
          if (mend && f.path.endsWith('.dockerignore')) {
            const after = {
              ...box,
              read: async (p: string) => (p === f.path ? { kind: 'file' as const, text: mend.after } : box.read(p)),
            };
            assert.deepEqual(await dockerfileFindings(after, after.read, path, uses), [], 'the line gives it back');
          }
          const what = mend
            ? added(mend.before, mend.after)
            : f.snippet
              ? `to paste: ${JSON.stringify(f.snippet)}`
              : f.message;
          findings.push(`${f.path.slice(3)}:${f.line} ${f.severity} ${f.id}, ${what}`);
        }
      if (isUpdate) writeFileSync(join(folder, 'case.json'), `${JSON.stringify({ ...c, findings }, null, 2)}\n`);
      else assert.deepEqual(findings, c.findings);
    });
  }
});

test('the package that a command line starts', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['uvicorn expert_worker.main:app --host 0.0.0.0 --port 9000', 'expert_worker'],
    ['python -m uvicorn --factory pkg.web:create', 'pkg'],
    ['python3 -u -m worker.run --x', 'worker'],
    ['gunicorn -k uvicorn.workers.UvicornWorker -c gunicorn.conf.py api.asgi:application', 'api'],
    ['hypercorn file:server.main:app', 'server'],
    ['celery -A tasks.app worker -l info', 'tasks'],
    ['celery --app=jobs:celery beat', 'jobs'],
    ['python scripts/run.py --fast', 'scripts/run.py'],
    ['exec gosu app uvicorn a.b:c', 'a'],
    ['/usr/bin/tini -- python main.py', 'main.py'],
    ['env A=b FOO=1 uvicorn m:app', 'm'],
    ['poetry run uvicorn m.x:app', 'm'],
    ['conda run --no-capture-output -n env python serve.py', 'serve.py'],
    ['sh -c "alembic upgrade head && uvicorn web.main:app"', 'web'],
    ['torchrun --nproc_per_node 2 train.py', 'train.py'],
    ['accelerate launch -m trainer.main', 'trainer'],
    ['flask --app site run', 'site'],
    ['nginx -g "daemon off;"', null],
    ['python', null],
    ['python -c "print(1)"', null],
    ['node server.js', null],
  ];
  for (const [line, name] of cases) assert.equal(startedByShell(line)?.name ?? null, name, line);
  assert.equal(startedBy(['uvicorn', '--app-dir', 'src', 'pkg.main:app'])?.root, 'src');
  assert.equal(startedByShell('cd /srv/app && python -m pkg')?.root, '/srv/app');
});
