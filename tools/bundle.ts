/** Bundling the program: `dist/gpumedic.mjs` (a head that any Node can parse) and lazily loaded chunks in `dist/chunks/`. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const dist = join(root, 'dist');
/** The built program. */
export const built = join(dist, 'gpumedic.mjs');
export const chunks = join(dist, 'chunks');

/** The oldest Node that runs the built file; `engines` in package.json says the same. */
const OLDEST_NODE = 22;

/**
 * Old syntax only: it must parse on the Node of an old distribution, to say in one line what is needed. The compile
 * cache lies beside the program and is used by the program's owner alone: in the shared temporary directory (Node's
 * default) another user could leave code for root to load.
 */
const head = `#!/usr/bin/env node
var node = process.versions.node;
if (Number(node.split('.')[0]) < ${OLDEST_NODE} || !process.getBuiltinModule) {
  process.stderr.write('gpumedic needs Node ${OLDEST_NODE}.3 or newer and this is ' + node + ': use a newer one, or the standalone executable, which needs none\\n');
  process.exit(64);
} else {
  try {
    var here = import.meta.dirname;
    var module = process.getBuiltinModule('module');
    if (process.getBuiltinModule('fs').statSync(here).uid === process.getuid()) module.enableCompileCache(here + '/.compile-cache');
  } catch (e) {}
  import('./chunks/cli.mjs');
}
`;

/**
 * Built-in modules by process.getBuiltinModule: an ESM import of one makes Node list and read every export it has, which
 * costs a start several milliseconds. Each importer has its own, since a shared one would become a file; the exports
 * nobody names are dropped.
 */
/** Take 1 to 8 ms to load and are wanted late, if at all: their functions fetch them when they are called. */
const SLOW = new Set(['crypto', 'readline', 'zlib']);

const builtins: Plugin = {
  name: 'builtins',
  setup(b) {
    const names = new Set(builtinModules);
    b.onResolve({ filter: /^[a-z_/:]+$/ }, args => {
      const name = args.path.replace(/^node:/, '');
      if (!args.path.startsWith('node:') && !names.has(name)) return null;
      const namespace = args.kind === 'require-call' ? 'builtin-required' : 'builtin';
      return { path: `${name}?${relative(root, args.importer)}`, namespace, sideEffects: false };
    });
    const get = (path: string): string => `process.getBuiltinModule(${JSON.stringify(path.split('?')[0])})`;
    b.onLoad({ filter: /.*/, namespace: 'builtin-required' }, args => ({
      contents: `module.exports = ${get(args.path)};`,
    }));
    b.onLoad({ filter: /.*/, namespace: 'builtin' }, async args => {
      const name = args.path.split('?')[0]!;
      const it = (await import(name)) as Record<string, unknown>;
      const lines = Object.keys(it)
        .filter(key => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default')
        .map(key => {
          const isLate = SLOW.has(name) && typeof it[key] === 'function' && /^[a-z]/.test(key);
          const value = isLate ? `(...args) => ${get(name)}.${key}(...args)` : `/* @__PURE__ */ (m => m.${key})(it)`;
          return `const $${key} = ${value};\nexport { $${key} as ${key} };`;
        });
      return { contents: `const it = /* @__PURE__ */ ${get(name)};\nexport default it;\n${lines.join('\n')}` };
    });
  },
};

/** The build of modules, which can be cut down to what is used. */
const yamlLibrary = join(root, 'node_modules/yaml/browser/dist/index.js');

/**
 * Libraries that most starts need little of are loaded late, through stand-ins in tools/ that answer the plain cases
 * themselves: string-width builds tables of emoji when it is loaded (30 ms), yaml is slow before it is warm (14 ms).
 */
const late: Plugin = {
  name: 'late',
  setup(b) {
    const standIn = (name: string): string => join(root, `tools/${name}.cjs`);
    b.onResolve({ filter: /^(?:string-width|yaml)$/ }, args => {
      if (args.importer !== standIn(args.path)) return { path: standIn(args.path) };
      return args.path === 'yaml' ? { path: yamlLibrary } : null;
    });
  },
};

/** What every bundle of the program is made with. */
export const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  // jsonc-parser's main is UMD, whose inner requires no bundler follows; modules are also tree-shaken.
  mainFields: ['module', 'main'],
  format: 'esm',
  target: `node${OLDEST_NODE}`,
  jsx: 'automatic',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  alias: {
    'react-devtools-core': join(root, 'tools/empty.mjs'),
  },
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    // Yoga decodes its wasm through fetch, and touching fetch makes Node load its whole HTTP client: 34 ms against 10.
    fetch: 'undefined',
    'Intl.Segmenter': 'LateSegmenter',
  },
  inject: [join(root, 'tools/late-segmenter.mjs')],
  write: false,
  plugins: [builtins, late],
};

const sources = ['src', 'flows', 'tools/bundle.ts', 'tools/empty.mjs', 'package.json'];

const newest = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map(name => newest(join(path, name))));
};

/** The built file is there and no source is newer. */
export const isFresh = (): boolean =>
  existsSync(built) && newest(built) >= Math.max(...sources.map(source => newest(join(root, source))));

/** Whole files only, by rename: two builds at once, or a start during a build, never see half a file. */
const put = (path: string, text: Uint8Array | string, mode: number): void => {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  chmodSync(part, mode);
  renameSync(part, path);
};

/** Writes dist/gpumedic.mjs and its chunks; chunks of earlier builds are removed. */
export const buildProgram = async (): Promise<void> => {
  const began = new Date();
  const result = await build({
    ...common,
    entryPoints: { cli: 'src/cli.ts' },
    outdir: chunks,
    splitting: true,
    outExtension: { '.js': '.mjs' },
    define: { ...common.define, APART: 'true' },
    inject: [...(common.inject ?? []), join(root, 'tools/load-late.mjs')],
  });
  const yaml = await build({
    ...common,
    stdin: { contents: `module.exports = require(${JSON.stringify(yamlLibrary)});`, resolveDir: root },
    outfile: join(chunks, 'yaml.cjs'),
    format: 'cjs',
  });
  const files = [...(result.outputFiles ?? []), ...(yaml.outputFiles ?? [])];
  for (const file of files.filter(f => !f.path.endsWith('/cli.mjs'))) put(file.path, file.contents, 0o644);
  for (const file of files.filter(f => f.path.endsWith('/cli.mjs'))) put(file.path, file.contents, 0o644);
  put(built, head, 0o755);
  // A source saved while the bundle was made is newer than the build.
  utimesSync(built, began, began);
  const kept = new Set(files.map(f => f.path));
  for (const name of readdirSync(chunks)) {
    const path = join(chunks, name);
    if (!kept.has(path) && !name.endsWith('.part')) rmSync(path, { force: true });
  }
};

/** Builds when the built file is missing or older than a source. */
export const ensureBuilt = async (): Promise<string> => {
  if (!isFresh()) await buildProgram();
  return built;
};
