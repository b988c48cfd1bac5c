import { check, flow, harm, risk, to } from '../src/engine/flow.ts';
import { or } from '../src/engine/known.ts';
import { hasMig } from './probes/mig.ts';
import { wrongName } from './rules/mig.ts';

/** Cards that are divided into instances. */
export const mig = flow({
  id: 'mig',
  title: 'MIG',
  about: 'A card in MIG mode offers instances only: do they exist, with their nodes, and are they asked for by name?',
  start: 'instances',
  nodes: {
    instances: check({
      title: 'MIG instances',
      question: 'Has a card that is in MIG mode instances?',
      why: {
        line: 'A card in MIG mode that is not divided offers nothing to CUDA.',
        paragraph:
          'With MIG on, programs get instances and no whole card. After a reboot or a reset the mode stays and the instances are gone. Make them again, or switch MIG off.',
        mechanism:
          'nvidia-smi -L lists every instance below its card. Without one cuInit finds no device (100). The mode is kept on the card, instances are not.',
      },
      source: 'mig-enabled-without-instances',
      bears: 'advice',
      probes: ['smi'],
      decide: f => {
        if (!hasMig(f.smi)) return { is: 'off', found: 'not used' };
        const divided = new Set(f.smi.instances.map(i => i.name.split(':')[0]));
        const modes = f.smi.migModes.map((mode, index) => ({ mode, index: String(index) }));
        const empty = modes.filter(m => m.mode === 'Enabled' && !divided.has(m.index));
        const seen = empty.map(m => ({
          from: 'nvidia-smi -L',
          shows: `GPU ${m.index}: MIG is enabled and no instance is listed`,
        }));
        if (empty.length === 0) return { is: 'there', found: f.smi.instances.map(i => i.profile).join(', ') };
        return empty.length === modes.length
          ? { is: 'none', found: 'MIG is on and there is no instance', seen }
          : { is: 'some', found: `no instance on GPU ${empty.map(m => m.index).join(', ')}`, seen };
      },
      on: {
        off: to('sharing'),
        there: 'caps',
        none: harm('mig-enabled-without-instances', to('sharing')),
        some: risk('mig-enabled-without-instances', 'caps'),
        cannotTell: to('sharing'),
      },
    }),
    caps: check({
      title: 'Capability nodes',
      question: 'Are the nodes of the instances there?',
      why: {
        line: 'Each instance has nodes of its own below /dev/nvidia-caps.',
        paragraph:
          'They are made on demand, like the other nodes. A container that is given an instance without them ends with a mount error or finds no device.',
        mechanism:
          '/proc/driver/nvidia-caps/mig-minors gives each access right its minor number; nvidia-modprobe -f makes the node nvidia-capN for it.',
      },
      source: 'nvidia-caps-missing',
      bears: 'advice',
      probes: ['mig', 'smi'],
      decide: f => {
        const caps = or(f.mig.caps, undefined);
        if (caps === undefined) return { is: 'notAsked', found: 'not asked' };
        // 1 and 2 stand for configuring and watching, the instances begin above them.
        const own = (caps ?? []).filter(n => Number(/^nvidia-cap(\d+)$/.exec(n)?.[1] ?? 0) > 2);
        return own.length > 0
          ? { is: 'there', found: `${own.length} nodes` }
          : {
              is: 'missing',
              found: 'no node for an instance',
              seen: [
                { from: '/dev/nvidia-caps', shows: caps === null ? 'not there' : caps.join(', ') || 'empty' },
                { from: 'nvidia-smi -L', shows: `${f.smi.instances.length} instances` },
              ],
            };
      },
      on: {
        there: 'names',
        notAsked: 'names',
        missing: harm('nvidia-caps-missing', 'names'),
        cannotTell: 'names',
      },
    }),
    names: check({
      title: 'Names of instances',
      question: 'Do the containers here name instances that exist?',
      why: {
        line: 'An instance is called 0:1 or MIG-uuid; each layer takes other forms.',
        paragraph:
          'The toolkit takes the index GPU:INSTANCE or the UUID, CUDA_VISIBLE_DEVICES the UUID only. The index changes with every new division, the UUID too. A name that is not there stops the container.',
        mechanism:
          'nvidia-container-cli answers "unknown device", a CDI reader "unresolvable CDI devices". CUDA silently sees nothing for an index with a colon.',
      },
      source: 'mig-device-string-wrong',
      bears: 'advice',
      probes: ['smi', 'wanted'],
      decide: f => {
        const wrong = f.wanted.flatMap(w =>
          w.devices.filter(d => wrongName(d, f.smi)).map(d => ({ ...d, container: w.container })),
        );
        return wrong.length === 0
          ? { is: 'right', found: 'none is wrong' }
          : {
              is: 'wrong',
              found: `${wrong[0]!.container} asks for ${wrong[0]!.name}`,
              seen: wrong
                .slice(0, 3)
                .map(w => ({ from: `docker inspect ${w.container}`, shows: `${w.from}: ${w.name}` })),
            };
      },
      on: {
        right: to('sharing'),
        wrong: risk('mig-device-string-wrong', to('sharing')),
        cannotTell: to('sharing'),
      },
    }),
  },
});
