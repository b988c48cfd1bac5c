import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { common, root } from '../tools/bundle.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly resolved?: string;
        readonly integrity?: string;
        readonly optionalDependencies?: Readonly<Record<string, string>>;
      }
    >
  >;
}

test('the lockfile holds hashes and no addresses, and every platform’s packages', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  assert.ok(!/https?:\/\/registry/.test(read('package-lock.json')));
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue;
    assert.equal(entry.resolved, undefined, path);
    assert.match(entry.integrity ?? '', /^sha512-/, path);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      assert.ok(
        Object.keys(packages).some(other => other.endsWith(`node_modules/${name}`)),
        `${path} wants ${name}: npm ci would refuse the lockfile`,
      );
    }
  }
  assert.match(read('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
});

test('the licence is Apache-2.0, in full', () => {
  const { license } = JSON.parse(read('package.json')) as { license: string };
  assert.equal(license, 'Apache-2.0');
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0/);
  assert.match(read('LICENSE'), /END OF TERMS AND CONDITIONS/);
});

test('wrong words load the words alone; a check loads no screen, no state machine and no execa', async () => {
  const { metafile } = await build({
    ...common,
    entryPoints: { cli: 'src/cli.ts' },
    outdir: join(root, 'dist/chunks'),
    splitting: true,
    metafile: true,
    define: { ...common.define, APART: 'true' },
    inject: [...(common.inject ?? []), join(root, 'tools/load-late.mjs')],
  });
  const { outputs } = metafile!;
  /** Modules in the files that loading this one loads. */
  const loadedWith = (source: string): Set<string> => {
    const start = Object.keys(outputs).find(path => outputs[path]!.entryPoint === source);
    assert.ok(start !== undefined, source);
    const files = new Set<string>();
    const visit = (path: string): void => {
      if (files.has(path)) return;
      files.add(path);
      for (const next of outputs[path]!.imports) if (next.kind === 'import-statement') visit(next.path);
    };
    visit(start);
    return new Set([...files].flatMap(path => Object.keys(outputs[path]!.inputs)));
  };
  const packagesOf = (modules: ReadonlySet<string>): string[] => [
    ...new Set(
      [...modules]
        .filter(m => m.startsWith('node_modules/'))
        .map(m =>
          m
            .split('/')
            .slice(1, m.includes('/@') ? 3 : 2)
            .join('/'),
        ),
    ),
  ];
  assert.deepEqual(packagesOf(loadedWith('src/cli.ts')), []);
  assert.deepEqual(
    [...loadedWith('src/cli.ts')].filter(
      m => /^(?:flows|src\/(?!cli))/.test(m) && m !== 'src/cli.ts' && m !== 'src/box/errors.ts',
    ),
    [],
  );
  for (const name of ['ink', 'react', 'react-reconciler', 'xstate', 'execa', 'yoga-layout', 'yaml']) {
    assert.ok(!packagesOf(loadedWith('src/cli/check.ts')).includes(name), `check loads ${name}`);
  }
});
