/**
 * `npm run build -- --standalone [linux-x64] [linux-arm64]`: one executable each, by Node's single-executable support.
 * The runtimes are npm packages; they are kept in `.cache/`, and npm checks what it downloads against the registry's hash.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { inject } from 'postject';
import { common, dist, root } from './bundle.ts';

const targets = ['linux-x64', 'linux-arm64'] as const;
type Target = (typeof targets)[number];

/** What this machine runs, or null where no executable is made for it. */
export const hostTarget: Target | null =
  targets.find(target => target === `${process.platform}-${process.arch}`) ?? null;

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Node 24 takes a CommonJS main only, and Ink awaits at the top level. So the ESM bundle becomes the body of one async
 * function, which may hold no import: built-in modules are required instead.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup(b) {
    const names = new Set(builtinModules);
    b.onResolve({ filter: /.*/ }, args => {
      const name = args.path.replace(/^node:/, '');
      if (args.namespace === 'builtin') return { path: args.path, external: true };
      return args.path.startsWith('node:') || names.has(name) ? { path: `node:${name}`, namespace: 'builtin' } : null;
    });
    b.onLoad({ filter: /.*/, namespace: 'builtin' }, args => ({
      contents: `module.exports = require(${JSON.stringify(args.path)});`,
    }));
  },
};

const bundle = async (): Promise<string> => {
  const result = await build({
    ...common,
    target: 'node24',
    entryPoints: ['src/cli.ts'],
    outfile: 'app.mjs',
    metafile: true,
    plugins: [requireBuiltins, ...(common.plugins ?? [])],
    // There is no import.meta in CommonJS; `resolve` stands in a branch for Ink's own developers.
    define: { ...common.define, 'import.meta.url': '__here', 'import.meta.resolve': 'undefined' },
  });
  const [file] = result.outputFiles ?? [];
  const body = file!.text.replace(/^#!.*\n/, '');
  const [output] = Object.values(result.metafile!.outputs);
  const left = [
    ...output!.imports.filter(i => i.external && i.kind !== 'require-call').map(i => i.path),
    ...output!.exports,
  ];
  if (left.length > 0) throw new Error(`an async function cannot import or export: ${left.join(', ')}`);
  return `const __here = require('node:url').pathToFileURL(process.execPath).href;\n(async () => {\n${body}\n})();\n`;
};

/** Without the warnings about section names, which Node's own executables always cause. */
const injectQuietly = async (path: string, blob: Buffer): Promise<void> => {
  const { warn } = console;
  console.warn = () => {};
  try {
    await inject(path, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
  } finally {
    console.warn = warn;
  }
};

/** The Node executable of that target, of the version that the project itself runs on. */
const runtime = (target: Target): string => {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/node/package.json'), 'utf8')) as {
    version: string;
  };
  const name = `node-${target}-${version}`;
  // The project's own Node serves where it fits; only the other architecture's has to be fetched.
  if (target === hostTarget) return realpathSync(join(root, 'node_modules/node/bin/node'));
  const kept = join(root, '.cache', name);
  if (existsSync(kept)) return kept;
  mkdirSync(join(root, '.cache'), { recursive: true });
  const work = mkdtempSync(join(root, '.cache/fetch-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', work, `node-${target}@${version}`], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    execFileSync('tar', ['-xzf', join(work, `${name}.tgz`), '-C', work, 'package/bin/node']);
    renameSync(join(work, 'package/bin/node'), kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
};

/** Writes gpumedic-<target> into `folder` and answers its path. */
export const standalone = async (target: Target, folder: string): Promise<string> => {
  mkdirSync(folder, { recursive: true });
  const source = await bundle();
  const work = mkdtempSync(join(folder, 'standalone-'));
  const out = join(folder, `gpumedic-${target}`);
  try {
    writeFileSync(join(work, 'app.cjs'), source);
    // V8 refuses code compiled on another architecture.
    const useCodeCache = target === hostTarget;
    const config = {
      main: join(work, 'app.cjs'),
      output: join(work, 'app.blob'),
      disableExperimentalSEAWarning: true,
      useCodeCache,
    };
    writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
    const host = runtime(target);
    const maker = useCodeCache ? host : process.execPath;
    execFileSync(maker, ['--experimental-sea-config', join(work, 'sea.json')], {
      stdio: 'pipe',
    });
    copyFileSync(host, join(work, 'app'));
    chmodSync(join(work, 'app'), 0o755);
    await injectQuietly(join(work, 'app'), readFileSync(config.output));
    renameSync(join(work, 'app'), out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return out;
};

/** Writes dist/gpumedic-linux-x64 and dist/gpumedic-linux-arm64, or those named in `words`. */
export const buildStandalone = async (words: readonly string[]): Promise<void> => {
  const chosen = targets.filter(target => words.includes(target));
  for (const target of chosen.length > 0 ? chosen : targets) {
    const path = await standalone(target, dist);
    process.stdout.write(
      `${path.slice(root.length + 1)}, ${Math.round(readFileSync(path).length / 1024 / 1024)} MiB\n`,
    );
  }
};
