/** What type each key of config.toml has: the toolkit refuses the whole file for one value of another (section 1.4). */
import { faultAt } from '../../src/text/edit.ts';
import type { TomlFault } from '../../src/text/toml-parse.ts';
import { scanToml } from '../../src/text/toml-scan.ts';
import { record } from '../probes/answers.ts';

type Kind = 'bool' | 'string' | 'list';

const CLI = 'nvidia-container-cli';
const RUNTIME = 'nvidia-container-runtime';
/** By table; keys that are not named here are ignored by hook and runtime, whatever they hold. */
const TYPES: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  '': {
    'disable-require': 'bool',
    'swarm-resource': 'string',
    'accept-nvidia-visible-devices-envvar-when-unprivileged': 'bool',
    'accept-nvidia-visible-devices-as-volume-mounts': 'bool',
    'supported-driver-capabilities': 'string',
  },
  [CLI]: {
    root: 'string',
    path: 'string',
    environment: 'list',
    debug: 'string',
    ldcache: 'string',
    ldconfig: 'string',
    user: 'string',
    'load-kmods': 'bool',
    'no-cgroups': 'bool',
    'no-pivot': 'bool',
  },
  [RUNTIME]: { debug: 'string', 'log-level': 'string', runtimes: 'list', mode: 'string' },
  [`${RUNTIME}.modes.cdi`]: { 'default-kind': 'string', 'annotation-prefixes': 'list', 'spec-dirs': 'list' },
  [`${RUNTIME}.modes.csv`]: { 'mount-spec-path': 'string' },
  [`${RUNTIME}-hook`]: { path: 'string', 'skip-mode-detection': 'bool' },
  'nvidia-ctk': { path: 'string' },
};

const isA = (kind: Kind, value: unknown): boolean =>
  kind === 'list' ? Array.isArray(value) : typeof value === (kind === 'bool' ? 'boolean' : 'string');

export interface Mistyped {
  readonly table: string;
  readonly key: string;
  /** Where it stands, and what is wrong with it. */
  readonly fault: TomlFault;
  /** What was meant, as TOML, where one reading alone is possible. */
  readonly meant: string | null;
}

const meantBy = (kind: Kind, value: unknown): string | null => {
  if (typeof value !== 'string') return null;
  if (kind === 'list') return value === '' ? null : JSON.stringify([value]);
  const word = value.trim().toLowerCase();
  return kind === 'bool' && (word === 'true' || word === 'false') ? word : null;
};

const placeOf = (text: string, table: string, key: string, why: string): TomlFault => {
  let within = '';
  for (const s of scanToml(text) ?? []) {
    if (s.is === 'table') within = s.path.join('.');
    if (s.is === 'key' && [within, ...s.path].filter(Boolean).join('.') === [table, key].filter(Boolean).join('.'))
      return faultAt(text, s.start, why);
  }
  return faultAt(text, 0, why);
};

/** The first value of a wrong type in a text that parses; null where every known key has its own. */
export const mistyped = (text: string, value: unknown): Mistyped | null => {
  for (const [table, keys] of Object.entries(TYPES)) {
    const found = table.split('.').reduce((v, part) => (part === '' ? v : record(record(v)[part])), value);
    for (const [key, kind] of Object.entries(keys)) {
      const is = record(found)[key];
      if (is === undefined || isA(kind, is)) continue;
      const what = kind === 'bool' ? 'true or false, without quotes' : kind === 'list' ? 'a list' : 'a text in quotes';
      return {
        table,
        key,
        fault: placeOf(text, table, key, `${key} has to be ${what}`),
        meant: meantBy(kind, is),
      };
    }
  }
  return null;
};
