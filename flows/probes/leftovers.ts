/** Copies of configuration files that package managers and people leave beside them; what stood there and is gone now. */
import type { FileRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe } from '../../src/engine/known.ts';
import { type Asks, list, probe, read } from '../../src/engine/probe.ts';
import { parseToml } from '../../src/text/toml-parse.ts';
import { names, record, text } from './answers.ts';
import { DAEMON_JSON, type DaemonJsonFacts } from './docker.ts';
import { CONFIG, type ConfigFacts } from './toolkit.ts';

export interface Left {
  /** The copy. */
  readonly from: string;
  /** What it says and the file in use does not. */
  readonly lost: readonly string[];
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const isCopyOf = (path: string) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (other: string): boolean =>
    other !== name &&
    other.startsWith(name) &&
    /^[.~](bak|backup|orig|old|save|dpkg-old|rpmsave|rpmorig|\d{8})?~?$/.test(other.slice(name.length));
};

const beside = <I extends string>(id: I, path: string) =>
  probe({
    id,
    looks: `copies beside ${path}`,
    needs: () => ({ folder: list(folderOf(path)) }),
    read: (a): Maybe<readonly string[]> => {
      const found = names(a.folder, folderOf(path));
      return isUnknown(found)
        ? found
        : (found ?? [])
            .filter(isCopyOf(path))
            .slice(0, 3)
            .map(n => `${folderOf(path)}/${n}`);
    },
  });

export const storeCopies = beside('storeCopies', DAEMON_JSON);
export const configCopies = beside('configCopies', CONFIG);

const readAll = (paths: Maybe<readonly string[]>): Asks =>
  isUnknown(paths) ? {} : Object.fromEntries(paths.map(p => [p, read(p)]));
const texts = (answers: object): readonly (readonly [string, string])[] =>
  Object.entries(answers).flatMap(([path, a]) => {
    const t = text(a as FileRead, path);
    return typeof t === 'string' ? [[path, t] as const] : [];
  });
const most = (all: readonly Left[]): Left | null => all.toSorted((a, b) => b.lost.length - a.lost.length)[0] ?? null;

type StoreKnown = { readonly storeCopies: Maybe<readonly string[]>; readonly daemonJson: DaemonJsonFacts };

/** Features of Docker that a copy of daemon.json names and the file does not. */
export const storeLeft = probe({
  id: 'storeLeft',
  looks: 'features of Docker that stood in a copy',
  after: ['storeCopies', 'daemonJson'],
  needs: ({ storeCopies: paths }: StoreKnown) => readAll(paths),
  read: (a, { storeCopies: paths, daemonJson: now }: StoreKnown): Maybe<Left | null> => {
    if (isUnknown(paths)) return paths;
    const have = featuresIn(or(now.text));
    return most(
      texts(a).map(([from, t]) => ({
        from,
        lost: featuresIn(t).filter(k => k.toLowerCase() !== 'cdi' && !have.includes(k)),
      })),
    );
  },
});
const or = (t: DaemonJsonFacts['text']): string => (typeof t === 'string' ? t : '');
const featuresIn = (t: string): readonly string[] => {
  try {
    return Object.keys(record(record(JSON.parse(t)).features));
  } catch {
    return [];
  }
};

type ConfigKnown = { readonly configCopies: Maybe<readonly string[]>; readonly config: ConfigFacts };
/** The keys that saving turned into comments. */
const VANISHING = ['root', 'debug', 'user', 'ldcache', 'path'] as const;

export const configLeft = probe({
  id: 'configLeft',
  looks: 'settings of the toolkit that stood in a copy',
  after: ['configCopies', 'config'],
  needs: ({ configCopies: paths }: ConfigKnown) => readAll(paths),
  read: (a, { configCopies: paths, config: now }: ConfigKnown): Maybe<Left | null> => {
    if (isUnknown(paths)) return paths;
    const have = typeof now.text === 'string' ? settingsIn(now.text) : [];
    return most(texts(a).map(([from, t]) => ({ from, lost: settingsIn(t).filter(k => !have.includes(k)) })));
  },
});
const settingsIn = (t: string): readonly string[] => {
  const parsed = parseToml(t);
  if ('fault' in parsed) return [];
  const top = record(parsed.value);
  return ['nvidia-container-cli', 'nvidia-container-runtime'].flatMap(table =>
    VANISHING.filter(k => typeof record(top[table])[k] === 'string' && record(top[table])[k] !== '/dev/null').map(
      k => `${table}.${k}`,
    ),
  );
};
