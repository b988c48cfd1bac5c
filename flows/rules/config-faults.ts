/** Values of config.toml at which the NVIDIA runtime ends, whatever the container asks for. */
import type { Evidence } from '../../src/engine/flow.ts';
import { need, or } from '../../src/engine/known.ts';
import type { Facts } from '../probes/index.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { modesOf } from './mode.ts';
import { atLeast, since } from './version.ts';

type Needs = Pick<Facts, 'config' | 'configPaths' | 'toolkit'>;
interface Fault {
  readonly found: string;
  readonly seen: readonly Evidence[];
}
const at = (shows: string): readonly Evidence[] => [{ from: CONFIG, shows }];

/** The file cannot be read. */
export const unreadable = ({ config: { fault, text } }: Needs): Fault | null =>
  fault === null
    ? null
    : {
        found: `does not parse (line ${fault.line}, column ${fault.column})`,
        seen: [
          {
            from: `${CONFIG}:${fault.line}`,
            shows: (typeof text === 'string' ? text.split('\n')[fault.line - 1]?.trim() : undefined) ?? '',
          },
          ...at(fault.message),
        ],
      };

/** What the oldest toolkit knows, every one does: its version need not be known for that. */
export const unknownMode = (f: Needs): Fault | null =>
  modesOf('0').includes(f.config.mode) || modesOf(need(f.toolkit.version) ?? '0').includes(f.config.mode)
    ? null
    : { found: `mode "${f.config.mode}" does not exist`, seen: at(`mode = "${f.config.mode}"`) };

export const noLowLevel = (f: Needs): Fault | null =>
  f.config.runtimes?.length === 0 || or(f.configPaths.lowLevel, true) === false
    ? {
        found: 'none of the low-level runtimes exists',
        seen: at(`runtimes = ${JSON.stringify(f.config.runtimes ?? ['runc', 'crun'])}`),
      }
    : null;

export const ldconfigRefused = (f: Needs): Fault | null => {
  const value = f.config.ldconfig;
  if (value === null || value.startsWith('@') || f.config.allowLdconfigFromContainer) return null;
  return atLeast(need(f.toolkit.version) ?? '0', since.toolkitRefusesContainerLdconfig)
    ? { found: `"${value}" is refused`, seen: at(`ldconfig = "${value}"`) }
    : null;
};
