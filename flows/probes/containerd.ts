/** The containerd below Docker: whether its file can be read at the next start, and whether it runs. */
import { isUnknown, type Maybe } from '../../src/engine/known.ts';
import { probe, read, run } from '../../src/engine/probe.ts';
import { parseToml } from '../../src/text/toml-parse.ts';
import { text, word } from './answers.ts';
import { CONTAINERD_CONFIG } from './cri.ts';

export interface ContainerdFacts {
  /** "path:line:column: why" where its file does not parse; null where it does, or there is none. */
  readonly fault: Maybe<string | null>;
  /** systemctl's own word. */
  readonly active: Maybe<string>;
}

export const containerd = probe({
  id: 'containerd',
  looks: 'the containerd below Docker',
  needs: () => ({ file: read(CONTAINERD_CONFIG), active: run('systemctl', 'is-active', 'containerd') }),
  read: (a): ContainerdFacts => {
    const found = text(a.file, CONTAINERD_CONFIG);
    const parsed = typeof found === 'string' ? parseToml(found) : null;
    return {
      fault: isUnknown(found)
        ? found
        : parsed !== null && 'fault' in parsed
          ? `${CONTAINERD_CONFIG}:${parsed.fault.line}:${parsed.fault.column}: ${parsed.fault.message}`
          : null,
      active: word(a.active, 'systemctl is-active containerd'),
    };
  },
});
