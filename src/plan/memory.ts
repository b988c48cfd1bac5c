/** A store that forgets: for simulated boxes and recordings, so that playing never touches the real state folder. */
import { type Store, StoreError } from './journal.ts';
import { idsInOrder, nextId } from './session-id.ts';

export const memoryStore = (): Store => {
  const sessions = new Map<string, Map<string, string>>();
  let held = false;
  const of = (id: string): Map<string, string> => {
    const files = sessions.get(id);
    if (files === undefined) throw new StoreError(`there is no session ${id}`);
    return files;
  };
  return {
    where: 'memory',
    create: async now => {
      const id = nextId([...sessions.keys()], now);
      sessions.set(id, new Map());
      return id;
    },
    ids: async () => idsInOrder([...sessions.keys()]),
    append: async (id, file, line) => {
      of(id).set(file, `${of(id).get(file) ?? ''}${line}\n`);
    },
    put: async (id, file, text) => {
      of(id).set(file, text);
    },
    get: async (id, file) => sessions.get(id)?.get(file) ?? null,
    lock: async () => {
      if (held) return { ok: false, pid: process.pid };
      held = true;
      return {
        ok: true,
        release: async () => {
          held = false;
        },
      };
    },
  };
};
