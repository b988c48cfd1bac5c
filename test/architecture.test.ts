import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from '../tools/bundle.ts';

interface Import {
  /** File that imports, from the root of the repository. */
  readonly from: string;
  /** File below src/ or flows/, or the bare name of a package. */
  readonly to: string;
  readonly isType: boolean;
  /** `import()`: loaded when it is needed. */
  readonly isLazy: boolean;
}

const importsOf = (from: string, text: string): Import[] => {
  const found: Import[] = [];
  const patterns: readonly (readonly [RegExp, boolean])[] = [
    [/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm, false],
    [/\bimport(\s)*\(\s*['"]([^'"]+)['"]\s*\)/g, true],
  ];
  for (const [pattern, isLazy] of patterns) {
    for (const [whole, type, name = ''] of text.matchAll(pattern)) {
      const onlyTypes = /^(?:import|export)\s+\{(?:\s*type\s[^,}]+,?)+\s*\}/.test(whole);
      const to = name.startsWith('.') ? relative(root, join(root, dirname(from), name)) : name;
      found.push({ from, to, isType: !isLazy && (type !== undefined || onlyTypes), isLazy });
    }
  }
  return found;
};

const files = globSync('{src,flows}/**/*.{ts,tsx}', { cwd: root }).sort();
const imports = files.flatMap(file => importsOf(file, readFileSync(join(root, file), 'utf8')));

/** Imports that break a rule, one line each. */
const offenders = (from: RegExp, forbidden: (i: Import) => boolean): string[] =>
  imports.filter(i => from.test(i.from) && forbidden(i)).map(i => `${i.from} imports ${i.to}`);

const isPackage = (i: Import, ...names: string[]): boolean =>
  names.some(name => i.to === name || i.to.startsWith(`${name}/`));
const isNode = (i: Import): boolean => i.to.startsWith('node:');
const isScreen = (i: Import): boolean => isPackage(i, 'ink', 'react', 'ink-select-input', 'react-reconciler');
/** The port, its errors and its wrappers know no machine. */
const isBoxImplementation = (i: Import): boolean => /^src\/box\/(?!(?:box|errors|wrap|cache)\.ts$)/.test(i.to);

test('the reader of import lines sees each form', () => {
  const text = `import a from 'a';
import type { B } from './b.ts';
import { type C, type D } from './c.ts';
import { type E, f } from './e.ts';
import {
  g,
} from './g.ts';
import './h.ts';
export { i } from './i.ts';
const j = await import('./j.ts');`;
  assert.deepEqual(
    importsOf('src/x.ts', text).map(({ to, isType, isLazy }) => [to, isType, isLazy]),
    [
      ['a', false, false],
      ['src/b.ts', true, false],
      ['src/c.ts', true, false],
      ['src/e.ts', false, false],
      ['src/g.ts', false, false],
      ['src/h.ts', false, false],
      ['src/i.ts', false, false],
      ['src/j.ts', false, true],
    ],
  );
  assert.ok(files.length > 50 && imports.length > 100);
});

test('flows/ is plain data: no Node, no screen, no machine, no state machine library', () => {
  assert.deepEqual(
    offenders(
      /^flows\//,
      i =>
        isNode(i) ||
        isScreen(i) ||
        isPackage(i, 'xstate', 'execa') ||
        isBoxImplementation(i) ||
        /^src\/(?:ui|cli|sim|wizard|transcript)/.test(i.to),
    ),
    [],
  );
});

test('a simulated machine knows nothing of the tree that diagnoses it', () => {
  assert.deepEqual(
    offenders(/^src\/sim\//, i => /^(?:flows|src\/engine|src\/wizard|src\/ui|src\/cli)\b/.test(i.to)),
    [],
  );
});

test('only src/ui draws with Ink and React', () => {
  assert.deepEqual(offenders(/^(?!src\/ui\/)/, isScreen), []);
  assert.deepEqual(
    offenders(
      /^src\/ui\//,
      i =>
        (isPackage(i, 'execa') || i.to === 'node:fs' || i.to === 'node:child_process' || isBoxImplementation(i)) &&
        !i.isType,
    ),
    [],
  );
});

test('commands are run in one place', () => {
  assert.deepEqual(
    offenders(/^(?!src\/box\/live)/, i => isPackage(i, 'execa')),
    [],
  );
  assert.deepEqual(
    offenders(/^(?!src\/box\/live)/, i => i.to === 'node:child_process'),
    [],
  );
});

test('the texts and the transcript are pure: no files, no machine, no clock of their own', () => {
  assert.deepEqual(
    offenders(
      /^src\/(?:text|transcript|report|view)/,
      i => /^node:(?:fs|child_process|os|net|http)/.test(i.to) || isBoxImplementation(i) || isScreen(i),
    ),
    [],
  );
  const clocks = files.filter(
    f =>
      /^src\/(?:text|transcript|report)\//.test(f) &&
      /\bDate\.now\(|\bnew Date\(\)/.test(readFileSync(join(root, f), 'utf8')),
  );
  assert.deepEqual(clocks, []);
});

test('the engine asks through the port only', () => {
  assert.deepEqual(
    offenders(
      /^src\/engine\//,
      i => isNode(i) || isScreen(i) || isPackage(i, 'execa') || (isBoxImplementation(i) && !i.isType),
    ),
    [],
  );
});

test('no folder needs another that needs it', () => {
  // src/ui/*.ts lays out lines for the screen and for plain output alike; only the .tsx beside it know Ink.
  const folder = (path: string): string =>
    /^src\/ui\/[^/]+\.ts$/.test(path)
      ? 'lines'
      : path.startsWith('flows/')
        ? 'flows'
        : (/^src\/([^/]+)\//.exec(path)?.[1] ?? 'src');
  const needs = new Map<string, Set<string>>();
  for (const i of imports.filter(x => !x.isType && !x.isLazy && /^(?:src|flows)\//.test(x.to))) {
    const [a, b] = [folder(i.from), folder(i.to)];
    if (a !== b) needs.set(a, (needs.get(a) ?? new Set()).add(b));
  }
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (name: string): void => {
      for (const next of needs.get(name) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
    };
    visit(start);
    return seen;
  };
  // flows/ names the engine's types and constructors, and the engine reads the list of flows: the one pair by design.
  const pairs = [...needs.keys()].filter(name => reach(name).has(name) && name !== 'flows' && name !== 'engine');
  assert.deepEqual(pairs, []);
});

test('no source file grows past what is read in one sitting; tables of texts may', () => {
  const long = files
    .filter(f => !/^flows\/(?:signatures\/|not-mine)/.test(f))
    .map(f => [f, readFileSync(join(root, f), 'utf8').split('\n').length] as const)
    .filter(([, lines]) => lines > 400);
  assert.deepEqual(long, []);
});

test('types are erased by Node: no enum, no parameter property, no import without its extension', () => {
  const bad = imports
    .filter(i => /^(?:src|flows)\//.test(i.to) && !/\.tsx?$/.test(i.to))
    .map(i => `${i.from} imports ${i.to}`);
  assert.deepEqual(bad, []);
});
