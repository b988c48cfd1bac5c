/** Units that keep CDI specs fresh, shipped or hand-written. */
import type { Maybe } from '../../src/engine/known.ts';
import { probe, run } from '../../src/engine/probe.ts';
import { word } from './answers.ts';

export interface UnitFacts {
  /** systemctl's own word: enabled, disabled, not-found… */
  readonly refreshPathEnabled: Maybe<string>;
  readonly refreshServiceEnabled: Maybe<string>;
  readonly refreshPathActive: Maybe<string>;
  /** Text of a hand-written generate unit; null where there is none. */
  readonly ownGenerate: string | null;
  readonly ownSetup: string | null;
  readonly persistenced: Maybe<string>;
}

export const units = probe({
  id: 'units',
  looks: 'the units that refresh CDI specs',
  needs: () => ({
    pathEnabled: run('systemctl', 'is-enabled', 'nvidia-cdi-refresh.path'),
    serviceEnabled: run('systemctl', 'is-enabled', 'nvidia-cdi-refresh.service'),
    pathActive: run('systemctl', 'is-active', 'nvidia-cdi-refresh.path'),
    own: run('systemctl', 'cat', 'nvidia-cdi-generate.service'),
    setup: run('systemctl', 'cat', 'docker-nvidia-setup.service'),
    persistenced: run('systemctl', 'is-active', 'nvidia-persistenced'),
  }),
  read: (a): UnitFacts => ({
    refreshPathEnabled: word(a.pathEnabled, 'systemctl is-enabled nvidia-cdi-refresh.path'),
    refreshServiceEnabled: word(a.serviceEnabled, 'systemctl is-enabled nvidia-cdi-refresh.service'),
    refreshPathActive: word(a.pathActive, 'systemctl is-active nvidia-cdi-refresh.path'),
    ownGenerate: a.own.kind === 'exited' && a.own.code === 0 ? a.own.stdout : null,
    ownSetup: a.setup.kind === 'exited' && a.setup.code === 0 ? a.setup.stdout : null,
    persistenced: word(a.persistenced, 'systemctl is-active nvidia-persistenced'),
  }),
});
