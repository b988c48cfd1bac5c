/** CRI-O on a node: what it makes of its files when it starts, and what `crio` and crictl say of it. */
import { parseToml } from '../text/toml-parse.ts';
import { clusterOf, type Json } from './cluster.ts';
import { exists, get, names, put, remove, text } from './fs.ts';
import { inPath } from './path.ts';
import { fail, journal, out, type Program, type World } from './world.ts';

const MAIN = '/etc/crio/crio.conf';
const DROP_INS = '/etc/crio/crio.conf.d';
const SOCKET = '/run/crio/crio.sock';

/** What a running CRI-O holds in memory. */
export interface CrioState {
  readonly defaultRuntime: string;
  readonly runtimes: Readonly<Record<string, { readonly runtime_path: string; readonly monitor_path: string }>>;
  readonly cdi_spec_dirs: readonly string[];
  readonly hooks_dir: readonly string[];
}
type Merged = Omit<CrioState, 'runtimes'> & { readonly runtimes: Json; readonly conmon: string };

/** All files in the order of their names, each laid over those before; whatever its name ends in, it is read. */
const merge = (world: World): Merged | { readonly fault: string } => {
  let all: Merged = {
    defaultRuntime: 'crun',
    runtimes: { crun: {} },
    conmon: '',
    cdi_spec_dirs: ['/etc/cdi', '/var/run/cdi'],
    hooks_dir: ['/usr/share/containers/oci/hooks.d'],
  };
  const files = [MAIN, ...(names(world.fs, DROP_INS) ?? []).toSorted().map(n => `${DROP_INS}/${n}`)];
  for (const path of files.filter(p => get(world.fs, p)?.type === 'file')) {
    const r = parseToml(text(world.fs, path) ?? '');
    if ('fault' in r)
      return {
        fault: `get and merge config from context: update config from path: walk path: unable to decode configuration ${path}: toml: line ${r.fault.line}: ${r.fault.message}`,
      };
    const own: Json = (r.value as Json).crio?.runtime ?? {};
    all = {
      defaultRuntime: own.default_runtime ?? all.defaultRuntime,
      runtimes: { ...all.runtimes, ...own.runtimes },
      conmon: own.conmon ?? all.conmon,
      cdi_spec_dirs: own.cdi_spec_dirs ?? all.cdi_spec_dirs,
      hooks_dir: own.hooks_dir ?? all.hooks_dir,
    };
  }
  return all.defaultRuntime in all.runtimes
    ? all
    : {
        fault: `default_runtime set to "${all.defaultRuntime}", but no runtime entry table [crio.runtime.runtimes.${all.defaultRuntime}] was found`,
      };
};

/** Starts on the files as they are; a word where it does not come up. */
export const startCrio = (world: World): string | null => {
  const cluster = clusterOf(world)!;
  const dies = (why: string): string => {
    cluster.crioRuns = null;
    cluster.handlers = {};
    remove(world.fs, SOCKET);
    return `level=fatal msg=${JSON.stringify(why)}`;
  };
  const all = merge(world);
  if ('fault' in all) return dies(all.fault);
  const runtimes: Record<string, { runtime_path: string; monitor_path: string }> = {};
  for (const [name, table] of Object.entries<Json>(all.runtimes)) {
    const path: string | null = table.runtime_path || inPath(world, name);
    if (path === null || !exists(world.fs, path)) {
      const why = `invalid runtime_path for runtime '${name}': stat ${path}: no such file or directory`;
      if (name === all.defaultRuntime) return dies(`runtime validation: ${why}`);
      journal(
        world,
        'crio.service',
        `level=warning msg="Runtime handler \\"${name}\\" is being ignored due to: ${why}"`,
      );
      continue;
    }
    const monitor: string | null = all.conmon || table.monitor_path || inPath(world, 'conmon');
    if (monitor === null || !exists(world.fs, monitor))
      return dies(
        `monitor fields translation: failed to translate monitor fields for runtime ${name}: exec: "conmon": executable file not found in $PATH`,
      );
    runtimes[name] = { runtime_path: path, monitor_path: monitor };
  }
  cluster.crioRuns = { ...all, runtimes };
  cluster.handlers = Object.fromEntries(Object.entries(runtimes).map(([name, r]) => [name, r.runtime_path]));
  cluster.defaultRuntime = all.defaultRuntime;
  cluster.cdi = true;
  put(world.fs, SOCKET, { type: 'socket' });
  return null;
};

const list = (values: readonly string[]): string => `[${values.map(v => JSON.stringify(v)).join(', ')}]`;
const printed = (c: Omit<CrioState, 'runtimes'>, runtimes: Json): string =>
  [
    '[crio]',
    '  root = "/var/lib/containers/storage"',
    '  [crio.runtime]',
    `    cdi_spec_dirs = ${list(c.cdi_spec_dirs)}`,
    `    hooks_dir = ${list(c.hooks_dir)}`,
    `    default_runtime = ${JSON.stringify(c.defaultRuntime)}`,
    '    [crio.runtime.runtimes]',
    ...Object.entries<Json>(runtimes).flatMap(([name, r]) => [
      `      [crio.runtime.runtimes.${name}]`,
      `        runtime_path = ${JSON.stringify(r.runtime_path ?? '')}`,
      '        runtime_type = "oci"',
      `        monitor_path = ${JSON.stringify(r.monitor_path ?? '')}`,
    ]),
    '',
  ].join('\n');

export const crio: Program = ({ world, args, root }) => {
  const cluster = clusterOf(world);
  if (args[0] === '--version')
    return out(`crio version ${cluster?.crio}\n   GitCommitDate:  2026-06-02T09:11:20Z\n   GoVersion:      go1.24.3\n`);
  const all = merge(world);
  // Every command reads the files first.
  if ('fault' in all) return fail(1, `level=fatal msg=${JSON.stringify(all.fault)}\n`);
  if (args[0] === 'config') return out(printed(all, all.runtimes));
  if (args[0] !== 'status' || args[1] !== 'config') return fail(1, `command "${args[0]}" not supported\n`);
  const runs = cluster?.crioRuns;
  if (!root || !runs)
    return fail(
      1,
      `level=fatal msg="do get request: Get \\"http://%2Fvar%2Frun%2Fcrio%2Fcrio.sock/config\\": dial unix /var/run/crio/crio.sock: connect: ${root ? 'no such file or directory' : 'permission denied'}"\n`,
    );
  return out(printed(runs, runs.runtimes));
};

/** What crictl prints of it: the table of handlers, from 1.33 on in full. */
export const crioInfo = (runs: CrioState): string =>
  `${JSON.stringify(
    {
      status: { conditions: [{ type: 'RuntimeReady', status: true }] },
      runtimeHandlers: [...Object.keys(runs.runtimes), ''].map(name => ({ features: {}, name })),
      config: {
        crio: {
          DefaultRuntime: runs.defaultRuntime,
          Runtimes: Object.fromEntries(
            Object.entries(runs.runtimes).map(([n, r]) => [
              n,
              { RuntimePath: r.runtime_path, MonitorPath: r.monitor_path },
            ]),
          ),
          CDISpecDirs: runs.cdi_spec_dirs,
          HooksDir: runs.hooks_dir,
        },
      },
    },
    null,
    2,
  )}\n`;
