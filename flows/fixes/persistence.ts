/** Units that keep the CDI spec current: the corrected one of seed 1 where the toolkit ships none, and its second one taken away. */
import type { Fix } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { read, run } from '../../src/engine/probe.ts';
import { text } from '../probes/answers.ts';
import type { Facts } from '../probes/index.ts';
import { allFlaws, generateUnit, isLate, OWN_GENERATE, OWN_PATH, OWN_SETUP } from '../rules/own-units.ts';
import { atLeast, since } from '../rules/version.ts';
import { shipsRefresh } from './cdi-spec.ts';
import { applies, type Draft, does, isRefused, known, refuse, replaces, root } from './make.ts';

/** The unit names the program where it is installed; systemd wants an absolute path. */
const unitFor = (f: Facts): string =>
  generateUnit(or(f.toolkit.programs, null)?.['nvidia-ctk'] ?? '/usr/bin/nvidia-ctk');

const SETUP_PATH = `/etc/systemd/system/${OWN_SETUP}`;
/** Before 1.18 nothing is shipped; a version that cannot be told is no reason to write a unit. */
const needsOwn = (f: Facts): boolean => {
  const version = or(f.toolkit.version, null);
  return version !== null && !atLeast(version, since.toolkitJitCdi) && !shipsRefresh(f);
};

const settled: Pick<Draft, 'validate' | 'settle'> = {
  validate: [{ argv: ['systemd-analyze', 'verify', OWN_PATH], root: true, timeoutMs: 30_000 }],
  settle: [root(['systemctl', 'daemon-reload'])],
};
const AFTERWARDS = [
  'A spec that an older unit left in /etc/cdi stays there; the one in /var/run/cdi counts before it.',
  'It runs at boot: after a driver update without a reboot, start it again (systemctl start nvidia-cdi-generate.service). Toolkit 1.18 ships units that notice by themselves.',
  'systemd has read its units again; a container that got its GPU through the hook and loses it now needs docker restart.',
];

export const installUnit = applies({
  id: 'install-generate-unit',
  title: 'Install a unit that generates the CDI spec at boot',
  mends: ['cdi-refresh-unit-inactive', 'cdi-spec-missing', 'cdi-spec-stale'],
  privilege: 2,
  effect: ['E1'],
  source:
    'seed 1, section 3, with its order (before Docker) and its folder (/var/run/cdi) corrected as section 1.5 says; needless from toolkit 1.18',
  // A spec in /etc/cdi that is stale stays there; beside a new one in /var/run/cdi it no longer counts.
  fits: f => needsOwn(f) && f.units.ownGenerate === null && or(f.driver.loaded, null) !== null,
  touches: () => [OWN_PATH],
  needs: () => ({ file: read(OWN_PATH) }),
  plan: (f, a) => {
    const before = known(text(a.file, OWN_PATH), OWN_PATH);
    if (isRefused(before)) return before;
    if (before !== null) return refuse(`${OWN_PATH} exists already and systemd does not know it`, `less ${OWN_PATH}`);
    return {
      summary:
        'Writes a unit that generates the spec before Docker starts, checks it, switches it on and runs it once.',
      steps: [
        replaces(
          OWN_PATH,
          null,
          unitFor(f),
          'runs before the containers of a boot, into the folder that a boot empties',
          0o644,
        ),
        does(
          'at each boot, and now',
          ['systemctl', 'enable', '--now', OWN_GENERATE],
          ['systemctl', 'disable', '--now', OWN_GENERATE],
        ),
      ],
      ...settled,
      afterwards: AFTERWARDS,
    };
  },
});

export const correctUnit = applies({
  id: 'rewrite-own-generate-unit',
  title: 'Write the hand-written unit anew, corrected',
  mends: ['own-generate-unit-broken'],
  privilege: 2,
  effect: ['E1'],
  source: '2.8 own-generate-unit-broken; seed 1, section 3: its order and its folder corrected',
  fits: f => needsOwn(f) && f.units.ownGenerate !== null && (allFlaws(f).length > 0 || isLate(f.units.ownGenerate)),
  touches: () => [OWN_PATH],
  needs: () => ({ file: read(OWN_PATH), enabled: run('systemctl', 'is-enabled', OWN_GENERATE) }),
  plan: (f, a) => {
    const before = known(text(a.file, OWN_PATH), OWN_PATH);
    if (isRefused(before)) return before;
    if (before === null) return refuse(`the unit does not lie in ${OWN_PATH}`, `systemctl edit --full ${OWN_GENERATE}`);
    if (before === unitFor(f)) return refuse(`${OWN_PATH} already says so; this would change nothing`);
    const isOn = a.enabled.kind === 'exited' && a.enabled.stdout.trim() === 'enabled';
    return {
      summary: 'Puts the corrected unit in its place: no ignored line, before Docker, into /var/run/cdi.',
      steps: [
        replaces(
          OWN_PATH,
          before,
          unitFor(f),
          'the lines that systemd ignored, the order and the folder are corrected',
        ),
        ...(isOn
          ? []
          : [does('at each boot', ['systemctl', 'enable', OWN_GENERATE], ['systemctl', 'disable', OWN_GENERATE])]),
      ],
      ...settled,
      afterwards: AFTERWARDS,
    };
  },
});

export const removeSetup = applies({
  id: 'remove-boot-setup-unit',
  title: 'Remove the unit that configures Docker at every boot',
  mends: ['own-generate-unit-broken'],
  privilege: 2,
  effect: ['E1'],
  source:
    'seed 1, section 3, second unit; section 5: pointless, daemon.json is permanent and a reload does not register CDI',
  fits: f => f.units.ownSetup !== null,
  touches: () => [SETUP_PATH],
  needs: () => ({ file: read(SETUP_PATH), enabled: run('systemctl', 'is-enabled', OWN_SETUP) }),
  plan: (_, a) => {
    const before = known(text(a.file, SETUP_PATH), SETUP_PATH);
    if (isRefused(before)) return before;
    if (before === null) return refuse(`the unit does not lie in ${SETUP_PATH}`, `sudo systemctl disable ${OWN_SETUP}`);
    const isOn = a.enabled.kind === 'exited' && a.enabled.stdout.trim() === 'enabled';
    return {
      summary: 'What it does at each boot is permanent without it; the file is kept in the backup of this session.',
      steps: [
        ...(isOn
          ? [
              does(
                'it is not started any more',
                ['systemctl', 'disable', OWN_SETUP],
                ['systemctl', 'enable', OWN_SETUP],
              ),
            ]
          : []),
        replaces(SETUP_PATH, before, null, 'daemon.json says the same and survives a boot'),
      ],
      settle: [root(['systemctl', 'daemon-reload'])],
    };
  },
});

export const persistenceFixes: readonly Fix[] = [installUnit, correctUnit, removeSetup];
