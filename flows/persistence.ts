/** What survives a reboot and a driver update on this box; seed 1 asked for it with two units of its own. */
import { check, flow, note, risk, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { cdiMeant } from './rules/cdi.ts';
import { allFlaws, isLate, OWN_GENERATE, OWN_SETUP, outputOf } from './rules/own-units.ts';

const isOn = (f: Pick<Facts, 'units'>): boolean =>
  or(f.units.refreshPathActive, '') === 'active' && or(f.units.refreshPathEnabled, '') === 'enabled';

export const persistence = flow({
  id: 'persistence',
  title: 'After the next boot',
  about: 'Whether what works now still works after a reboot and after a driver update.',
  start: 'keeper',
  nodes: {
    keeper: check({
      title: 'CDI spec',
      question: 'Who writes the CDI spec again after a boot and after a driver update?',
      why: {
        line: '/var/run is empty after each boot; a spec in /etc goes stale at the next driver.',
        paragraph:
          'From 1.18 on the toolkit ships two units that write the spec at boot and whenever the driver changes. Where they run nothing else is needed. Before, a unit of one’s own can do it at boot.',
        mechanism:
          'nvidia-cdi-refresh.path watches modules.dep and nvidia-ctk and starts nvidia-cdi-refresh.service, which writes /var/run/cdi/nvidia.yaml. MIG changes and driver removal are not noticed.',
      },
      source: 'seed 1, section 3; field reference 1.5; cdi-refresh-unit-inactive',
      probes: [
        'units',
        'toolkit',
        'cdiSpecs',
        'cdiDirs',
        'cdiHost',
        'driver',
        'nodes',
        'docker',
        'daemonJson',
        'config',
        'podman',
        'where',
      ],
      bears: 'advice',
      decide: f => {
        if (isOn(f)) return { is: 'shipped', found: 'the units of the toolkit, at boot and after driver updates' };
        if (f.units.ownGenerate !== null) return { is: 'own', found: OWN_GENERATE };
        if (isUnknown(f.units.refreshPathActive)) throw new CannotTell([f.units.refreshPathActive]);
        if (!cdiMeant(f)) return { is: 'notUsed', found: 'CDI is not used on this machine' };
        // Without a driver no unit could write anything; that is told above.
        if (or(f.driver.loaded, null) === null)
          return { is: 'notUsed', found: 'to be asked again with the driver loaded' };
        const specs = f.cdiSpecs.specs.map(s => s.path);
        return {
          is: 'nobody',
          found: 'nobody does',
          seen: [
            { from: 'systemctl is-active nvidia-cdi-refresh.path', shows: String(or(f.units.refreshPathActive, '')) },
            { from: 'CDI folders', shows: specs.length > 0 ? `${specs.join(', ')}, written by hand` : 'no spec' },
          ],
        };
      },
      on: {
        shipped: 'own',
        own: 'own',
        nobody: note('cdi-refresh-unit-inactive', 'own'),
        notUsed: 'own',
        cannotTell: 'own',
      },
    }),
    own: check({
      title: 'Own unit',
      question: 'Does a hand-written unit do what it says, and in time?',
      why: {
        line: 'systemd skips misspelt lines and still reports success.',
        paragraph:
          'A unit after multi-user.target writes the spec when the first containers of the boot have started already. Beside the shipped units it is needless, and with /etc/cdi as its folder it leaves a second spec behind.',
        mechanism:
          'docker.service is part of multi-user.target itself, so "after it" is too late. Before=docker.service and /var/run/cdi are right; an unknown key or section is ignored with a line in the journal only.',
      },
      source: 'own-generate-unit-broken; seed 1, section 3, and section 5 of the field reference',
      probes: ['units', 'unitVerify', 'toolkit'],
      bears: 'advice',
      decide: f => {
        const text = f.units.ownGenerate;
        if (text === null) return { is: 'none' };
        const flaws = allFlaws(f);
        const from = `systemctl cat ${OWN_GENERATE}`;
        if (flaws.length > 0)
          return { is: 'broken', found: flaws[0]!, seen: flaws.slice(0, 5).map(shows => ({ from, shows })) };
        if (isOn(f))
          return {
            is: 'redundant',
            found: 'the shipped units do this already',
            seen: [
              { from, shows: `writes ${outputOf(text) ?? 'a spec'}` },
              { from: 'systemctl is-active nvidia-cdi-refresh.path', shows: 'active' },
            ],
          };
        if (isLate(text))
          return {
            is: 'late',
            found: 'it runs after the containers have started',
            seen: [{ from, shows: 'After=multi-user.target, and docker.service starts earlier in that target' }],
          };
        return { is: 'sound', found: `writes ${outputOf(text) ?? 'the spec'}` };
      },
      on: {
        none: 'setup',
        sound: 'setup',
        broken: risk('own-generate-unit-broken', 'setup'),
        redundant: note('own-generate-unit-broken', 'setup'),
        late: note('own-generate-unit-broken', 'setup'),
        cannotTell: 'setup',
      },
    }),
    setup: check({
      title: 'Set-up at boot',
      question: 'Does a unit configure and reload Docker at every boot?',
      why: {
        line: 'What is in daemon.json stays there; writing it at each boot does nothing.',
        paragraph:
          'The second unit of the note runs nvidia-ctk runtime configure and reloads Docker at every boot. The file is permanent already, and a reload does not switch CDI on. It can be taken away.',
        mechanism:
          'CDI and the GPU drivers of Docker are registered at its start only. Every daemon activity of systemd can also take the GPU from legacy containers.',
      },
      source: 'seed 1, section 3, second unit; section 5: pointless; field reference 1.6',
      probes: ['units'],
      bears: 'advice',
      decide: f =>
        f.units.ownSetup === null
          ? { is: 'none' }
          : {
              is: 'there',
              found: `${OWN_SETUP} repeats what daemon.json says`,
              seen: [
                { from: `systemctl cat ${OWN_SETUP}`, shows: 'nvidia-ctk runtime configure, systemctl reload docker' },
              ],
            },
      on: { none: 'daemon', there: note('own-generate-unit-broken', 'daemon'), cannotTell: 'daemon' },
    }),
    daemon: check({
      title: 'Persistence daemon',
      question: 'Does the driver stay awake between programs?',
      why: {
        line: 'Without it the driver is torn down whenever nobody uses the GPU.',
        paragraph:
          'Starting it again takes seconds and loses settings. Not a fault; on a server the daemon is worth enabling.',
        mechanism: 'nvidia-persistenced keeps the device files open.',
      },
      source: 'persistence-daemon-off; seed 1, Wants=nvidia-persistenced',
      probes: ['units'],
      bears: 'advice',
      decide: f => {
        const state = need(f.units.persistenced);
        return state === 'active'
          ? { is: 'on', found: 'nvidia-persistenced runs' }
          : { is: 'off', found: `nvidia-persistenced is ${state}` };
      },
      on: { on: works, off: works, cannotTell: works },
    }),
  },
});
