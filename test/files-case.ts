/** A box whose files are those of a folder of the corpus, and the cases in it. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../src/box/box.ts';
import type { Way } from '../src/engine/report.ts';
import type { Here } from '../src/files/here.ts';
import { root } from '../tools/bundle.ts';

export const corpus = join(root, 'test/files');

/** The folder stands at `/p`; nothing can be run and nothing written. */
export const folderBox = (folder: string): Box => {
  const real = (path: string): string | null =>
    path === '/p' || path.startsWith('/p/') ? join(folder, path.slice(2)) : null;
  return {
    name: 'a folder',
    kind: 'recorded',
    run: async () => ({ kind: 'absent' }),
    read: async path => {
      const at = real(path);
      return at === null || !existsSync(at) || lstatSync(at).isDirectory()
        ? { kind: 'absent' }
        : { kind: 'file', text: readFileSync(at, 'utf8') };
    },
    list: async path => {
      const at = real(path);
      return at === null || !existsSync(at) || !lstatSync(at).isDirectory()
        ? { kind: 'absent' }
        : { kind: 'dir', names: readdirSync(at) };
    },
    stat: async path => {
      const at = real(path);
      if (at === null || !existsSync(at)) return { kind: 'absent' };
      const type = lstatSync(at).isDirectory() ? 'dir' : 'file';
      return { kind: 'stat', stat: { type, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 } };
    },
    write: async () => {
      throw new Error('nothing is written here');
    },
  };
};

/** A box in which the named ways work and the others are refused by the hook's mode. */
export const hereWith = (works: readonly Way['way'][], more: Partial<Here> = {}): Here => ({
  ways: new Map(
    (['docker-gpus', 'docker-runtime', 'docker-cdi', 'docker-runtime-cdi'] as const).map(way => [
      way,
      works.includes(way)
        ? { way, works: true, cause: null, why: 'nothing stops it', how: way }
        : { way, works: false, cause: 'hook-in-nonlegacy-mode', why: 'mode is cdi: the hook refuses --gpus', how: way },
    ]),
  ),
  compose: '2.40.3',
  docker: '26.1.5',
  gpus: [{ uuid: 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3' }],
  platform: 'bare-metal',
  defaultRuntime: 'runc',
  driver: null,
  arch: null,
  board: null,
  runtimeByHook: true,
  ...more,
});

export const casesIn = (group: string): readonly string[] =>
  readdirSync(join(corpus, group))
    .filter(name => existsSync(join(corpus, group, name, 'case.json')))
    .sort();

export const caseOf = <T>(group: string, name: string): T =>
  JSON.parse(readFileSync(join(corpus, group, name, 'case.json'), 'utf8')) as T;
