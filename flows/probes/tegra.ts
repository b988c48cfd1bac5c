/** Jetson: the CSV lists the runtime reads, and whether what they name exists. */
import type { FileRead, StatRead } from '../../src/box/box.ts';
import { isUnknown, type Maybe, type Unknown } from '../../src/engine/known.ts';
import { list, probe, read, stat } from '../../src/engine/probe.ts';
import { exists, names, text } from './answers.ts';

export const CSV_DIR = '/etc/nvidia-container-runtime/host-files-for-container.d';
/** Others are read only when an image asks for csv-mounts=all. */
const READ_BY_DEFAULT = /^(devices|drivers|l4t)\.csv$/;

export interface CsvListFacts {
  readonly lists: Maybe<readonly string[]>;
}
export const csvLists = probe({
  id: 'csvLists',
  looks: 'the CSV lists of this Jetson',
  needs: () => ({ dir: list(CSV_DIR) }),
  read: (a): CsvListFacts => {
    const found = names(a.dir, CSV_DIR);
    return { lists: isUnknown(found) ? found : (found ?? []).filter(n => READ_BY_DEFAULT.test(n)) };
  },
});

type Lists = { readonly csvLists: CsvListFacts };
export interface CsvLineFacts {
  /** Paths by list, in order. */
  readonly paths: readonly { readonly list: string; readonly kind: string; readonly path: string }[];
  /** Lists whose text could not be had. */
  readonly unread: readonly Unknown[];
}
export const csvLines = probe({
  id: 'csvLines',
  looks: 'what the CSV lists name',
  after: ['csvLists'],
  needs: (k: Lists): Record<string, ReturnType<typeof read>> =>
    isUnknown(k.csvLists.lists) ? {} : Object.fromEntries(k.csvLists.lists.map(n => [n, read(`${CSV_DIR}/${n}`)])),
  read: (a): CsvLineFacts => ({
    paths: Object.entries(a).flatMap(([name, found]) => {
      const t = text(found as FileRead, `${CSV_DIR}/${name}`);
      return typeof t === 'string'
        ? t.split('\n').flatMap(line => {
            const m = /^\s*(dev|dir|lib|sym)\s*,\s*(\S+)\s*$/.exec(line);
            return m ? [{ list: name, kind: m[1]!, path: m[2]! }] : [];
          })
        : [];
    }),
    unread: Object.entries(a).flatMap(([name, found]) => {
      const t = text(found as FileRead, `${CSV_DIR}/${name}`);
      return isUnknown(t) ? [t] : [];
    }),
  }),
});

type Lines = Lists & { readonly csvLines: CsvLineFacts };
export interface CsvFacts {
  readonly there: ReadonlyMap<string, Maybe<boolean>>;
}
export const csvPaths = probe({
  id: 'csvPaths',
  looks: 'the files the CSV lists name',
  after: ['csvLines'],
  needs: (k: Lines): Record<string, ReturnType<typeof stat>> =>
    Object.fromEntries(k.csvLines.paths.filter(p => !p.path.includes('*')).map(p => [p.path, stat(p.path)])),
  read: (a): CsvFacts => ({ there: new Map(Object.entries(a).map(([p, s]) => [p, exists(s as StatRead, p)])) }),
});

export interface NvmapFacts {
  readonly exists: Maybe<boolean>;
  readonly mode: number;
  readonly gid: number;
}
/** The memory of the integrated GPU before Thor. */
export const nvmap = probe({
  id: 'nvmap',
  looks: 'the memory node of a Jetson',
  needs: () => ({ node: stat('/dev/nvmap') }),
  read: (a): NvmapFacts => ({
    exists: exists(a.node, '/dev/nvmap'),
    mode: a.node.kind === 'stat' ? a.node.stat.mode & 0o777 : 0,
    gid: a.node.kind === 'stat' ? a.node.stat.gid : 0,
  }),
});
