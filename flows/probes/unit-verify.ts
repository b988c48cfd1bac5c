/** What systemd itself says about a hand-written unit; asked only where there is one. */

import type { Ran } from '../../src/box/box.ts';
import { type Maybe, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, run } from '../../src/engine/probe.ts';
import type { UnitFacts } from './units.ts';

type Known = { readonly units: UnitFacts };

/** Its complaints, one a line without the path; empty where it has none. */
export const unitVerify = probe({
  id: 'unitVerify',
  looks: 'what systemd says about the hand-written unit',
  after: ['units'],
  needs: ({ units: u }: Known): Asks =>
    u.ownGenerate === null ? {} : { verify: run('systemd-analyze', 'verify', 'nvidia-cdi-generate.service') },
  read: (a): Maybe<string> => {
    if (!('verify' in a)) return '';
    const ran = a.verify as Ran;
    if (ran.kind !== 'exited') return unknown(ran.kind, 'systemd-analyze verify');
    return `${ran.stderr}\n${ran.stdout}`
      .split('\n')
      .filter(l => /nvidia-cdi-generate/.test(l) && /ignoring|Ignoring|not executable/.test(l))
      .map(l => l.replace(/^\S*nvidia-cdi-generate\.service:(\d+:)?\s*/, '').trim())
      .join('\n');
  },
});
