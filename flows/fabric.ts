import { check, flow, harm, risk, to } from '../src/engine/flow.ts';
import { isUnknown, or } from '../src/engine/known.ts';
import { isFabricUp, unjoined } from './probes/card.ts';

const OTHER_VERSION = /don't match with driver version|version mismatch|does not match.*driver/i;

/** Machines whose cards are joined by NVSwitches. */
export const fabric = flow({
  id: 'fabric',
  title: 'Fabric',
  about: 'Cards that are joined by NVSwitches wait for a manager before CUDA may start.',
  start: 'manager',
  nodes: {
    manager: check({
      title: 'Fabric manager',
      question: 'Is the fabric manager running, and of the version of the driver?',
      why: {
        line: 'On an NVSwitch machine CUDA waits for it: error 802, while nvidia-smi works.',
        paragraph:
          'The fabric manager sets up the links between the cards. Its package must have exactly the version of the driver, and an update of one without the other stops it. In the GPU Operator the driver container runs it.',
        mechanism:
          'It programs the NVSwitches and registers the cards; the Fabric state of nvidia-smi -q goes from In Progress to Completed. Until then cuInit returns 802, system not yet initialised.',
      },
      source: 'fabric-manager-not-running; fabric-manager-version-mismatch',
      bears: 'advice',
      probes: ['fabric', 'cards', 'driver'],
      decide: f => {
        const up = isFabricUp(f.cards);
        const signs = f.fabric.signs.slice(0, 2).map(shows => ({ from: 'lspci, /dev, nvidia-smi -q', shows }));
        const state = or(f.fabric.manager, 'unknown');
        const loaded = or(f.driver.loaded, null);
        const line = f.fabric.journal.split('\n').findLast(l => OTHER_VERSION.test(l));
        const behind = or(f.cards, []).flatMap(unjoined);
        if (!up && behind.length > 0 && (state === 'active' || f.fabric.runs))
          return {
            is: 'incomplete',
            found: 'it runs, and the cards are not joined',
            seen: behind.map(shows => ({ from: 'nvidia-smi -q', shows })),
          };
        if (up || state === 'active' || f.fabric.runs)
          return { is: 'runs', found: up ? 'the fabric is complete' : 'running' };
        if (isUnknown(f.fabric.manager)) return { is: 'notAsked', found: 'not asked' };
        const unit = [{ from: 'systemctl is-active nvidia-fabricmanager', shows: state }];
        const other = f.fabric.version !== null && loaded !== null && f.fabric.version !== loaded;
        // A line of an earlier try says nothing once both are of one version.
        const isSame = f.fabric.version !== null && f.fabric.version === loaded;
        if ((line !== undefined && !isSame) || other)
          return {
            is: 'otherVersion',
            found: `fabric manager ${f.fabric.version ?? ''} does not fit driver ${loaded ?? ''}`,
            seen: [
              ...(line === undefined ? [] : [{ from: 'journalctl -u nvidia-fabricmanager', shows: line }]),
              ...(f.fabric.version === null ? [] : [{ from: 'nv-fabricmanager --version', shows: f.fabric.version }]),
              ...unit,
            ],
          };
        return { is: 'off', found: `not running (${state})`, seen: [...unit, ...signs] };
      },
      on: {
        runs: 'channels',
        notAsked: 'channels',
        off: harm('fabric-manager-not-running', 'channels'),
        incomplete: harm('fabric-manager-not-running', 'channels'),
        otherVersion: harm('fabric-manager-version-mismatch', 'channels'),
        cannotTell: 'channels',
      },
    }),
    channels: check({
      title: 'IMEX channels',
      question: 'If the machine exchanges memory with others, is there a channel for it?',
      why: {
        line: 'A container that asks for an IMEX channel needs its node below /dev.',
        paragraph:
          'Machines that share memory over NVLink run the IMEX service and make channels. A request for a channel that does not exist stops the container; without such a request nothing is missing.',
        mechanism:
          'NVIDIA_IMEX_CHANNELS names channels below /dev/nvidia-caps-imex-channels. The toolkit checks from 1.20 on that they exist; a parameter of the module makes channel 0 at its load.',
      },
      source: 'imex-channel-missing',
      bears: 'advice',
      probes: ['fabric'],
      decide: f => {
        if (or(f.fabric.imex, '') !== 'active') return { is: 'unused', found: 'not used' };
        const there = or(f.fabric.imexChannels, null);
        if (isUnknown(f.fabric.imexChannels)) return { is: 'unused', found: 'not asked' };
        return there?.some(n => n.startsWith('channel'))
          ? { is: 'there', found: there.join(', ') }
          : {
              is: 'missing',
              found: 'the IMEX service runs, and there is no channel',
              seen: [
                { from: 'systemctl is-active nvidia-imex', shows: 'active' },
                { from: '/dev/nvidia-caps-imex-channels', shows: there === null ? 'not there' : 'empty' },
              ],
            };
      },
      on: {
        unused: to('mig'),
        there: to('mig'),
        missing: risk('imex-channel-missing', to('mig')),
        cannotTell: to('mig'),
      },
    }),
  },
});
