/** What dockerd refuses at its start although `dockerd --validate` accepts it (field reference 1.6). */
import type { Evidence } from '../../src/engine/flow.ts';
import { or } from '../../src/engine/known.ts';
import type { Spec } from '../probes/cdi.ts';
import type { DaemonJsonFacts } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { atLeast, since } from './version.ts';

export interface Twice {
  readonly key: string;
  /** The flag as the unit of Docker passes it. */
  readonly flag: string;
}
export interface NoStart {
  readonly is: 'noDefault' | 'twice';
  readonly found: string;
  readonly seen: readonly Evidence[];
}

/** Keys of daemon.json whose flag is spelt otherwise; runtimes and --add-runtime are the one pair that may stand together. */
const FLAG: Readonly<Record<string, string>> = {
  hosts: '-H|--host',
  'exec-opts': '--exec-opt',
  labels: '--label',
  'storage-opts': '--storage-opt',
  'insecure-registries': '--insecure-registry',
  'registry-mirrors': '--registry-mirror',
  'log-opts': '--log-opt',
  'cdi-spec-dirs': '--cdi-spec-dir',
};

const flagOf = (key: string, execStart: string): string | null => {
  const spelt = FLAG[key] ?? `--${key.replace(/[^\w-]/g, '')}`;
  const [, flag, value] = new RegExp(`\\s(${spelt})(?:[= ]([^\\s-]\\S*))?(?=\\s|$)`).exec(execStart) ?? [];
  return flag === undefined ? null : [flag, value].filter(Boolean).join(' ');
};

/** The first setting that stands in the unit and in daemon.json. */
export const givenTwice = (json: Pick<DaemonJsonFacts, 'keys'>, execStart: string): Twice | null => {
  for (const key of json.keys) {
    const flag = key === 'runtimes' ? null : flagOf(key, execStart);
    if (flag !== null) return { key, flag };
  }
  return null;
};

/** A runtime needs no entry where the unit adds it, or where its name is that of a shim of containerd. */
const isKnownRuntime = (name: string, json: Pick<DaemonJsonFacts, 'runtimes'>, execStart: string): boolean =>
  name === '' ||
  name === 'runc' ||
  name in json.runtimes ||
  /^io\.containerd\.|^\//.test(name) ||
  new RegExp(`--add-runtime[= ]${name.replace(/[^\w-]/g, '.')}=`).test(execStart);

type Json = Pick<DaemonJsonFacts, 'path' | 'keys' | 'runtimes' | 'defaultRuntime'>;

/** Why dockerd would not start with this file and this unit; null where nothing is known to stop it. */
export const noStart = (json: Json, docker: Facts['docker']): NoStart | null => {
  const execStart = or(docker.unit, null)?.execStart ?? '';
  const twice = givenTwice(json, execStart);
  if (twice)
    return {
      is: 'twice',
      found: 'an option stands in the unit and in daemon.json',
      seen: [{ from: json.path, shows: `${twice.key} is set, and the unit passes ${twice.flag.split(' ')[0]!}` }],
    };
  const name = json.defaultRuntime ?? '';
  if (!('runc' in json.runtimes) && isKnownRuntime(name, json, execStart)) return null;
  return {
    is: 'noDefault',
    found: 'runc' in json.runtimes ? 'an entry takes the reserved name runc' : 'the default runtime has no entry',
    seen: [
      {
        from: json.path,
        shows: `default-runtime: ${name}, runtimes: ${Object.keys(json.runtimes).join(', ') || 'none'}`,
      },
    ],
  };
};

/** What the daemon wrote since it last came up; everything where that is not among the last lines. */
export const sinceStart = (journal: string): readonly string[] => {
  const lines = journal.split('\n');
  return lines.slice(lines.findLastIndex(l => /Daemon has completed initialization/.test(l)) + 1);
};

/** Specs that end a starting dockerd in a panic; with CDI off it loads none. */
export const deadlyAtStart = (f: Pick<Facts, 'docker' | 'daemonJson' | 'cdiSpecs'>): readonly Spec[] => {
  const version = or(f.docker.serverVersion, null);
  const isOn = f.daemonJson.cdi ?? (version === null || atLeast(version, since.dockerCdiDefault));
  return isOn ? f.cdiSpecs.specs.filter(s => s.deadly) : [];
};
