/** What the probes ask before they know anything: of a box on which nothing is there. */
import type { Box } from '../box/box.ts';
import { collector, type Registry } from './collect.ts';

export interface FirstAsks {
  readonly commands: readonly (readonly string[])[];
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly places: readonly string[];
}

/** Commands that may load modules are left out. */
export const firstAsks = async (probes: Registry): Promise<FirstAsks> => {
  const commands = new Map<string, readonly string[]>();
  const [folders, files, places] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const absent = { kind: 'absent' } as const;
  const nothing: Box = {
    name: 'nothing',
    kind: 'recorded',
    run: async ({ argv, mayLoad, changes }) => {
      if (mayLoad !== true && changes !== true) commands.set(JSON.stringify(argv), argv);
      return absent;
    },
    read: async path => {
      files.add(path);
      return absent;
    },
    list: async path => {
      folders.add(path);
      return absent;
    },
    stat: async path => {
      places.add(path);
      return absent;
    },
    write: async () => {},
  };
  await collector(nothing, probes).facts();
  return { commands: [...commands.values()], folders: [...folders], files: [...files], places: [...places] };
};
