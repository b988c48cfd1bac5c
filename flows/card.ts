import { check, flow, harm, note, risk, to } from '../src/engine/flow.ts';
import { isUnknown, or } from '../src/engine/known.ts';
import { hasMig } from './probes/mig.ts';
import { HARDWARE, OFF_THE_BUS, quote, sleptAt, xids } from './rules/kernel-log.ts';

/** Where nvidia-smi -q says that something waits for a reset, and what it says where nothing does. */
const PENDING: Readonly<Record<string, RegExp>> = {
  'GPU Recovery Action': /^(None|N\/A)$/,
  'Remapped Rows/Pending': /^(No|N\/A)$/,
  'Remapped Rows/Remapping Failure Occurred': /^(No|N\/A)$/,
  'Retired Pages/Pending Page Blacklist': /^(No|N\/A)$/,
  // Newer drivers only say here that they do not say it any more.
  'GPU Reset Status/Reset Required': /^(?!Yes)/,
};

/** The driver answers: what its log says, and which kinds of card need something more. */
export const card = flow({
  id: 'card',
  title: 'Card',
  about: 'The driver answers. Did the card report trouble, and is it of a kind that needs more than a driver?',
  start: 'log',
  nodes: {
    log: check({
      title: 'Trouble of the card',
      question: 'Did the driver report errors of the card since it was loaded?',
      why: {
        line: 'A card can answer nvidia-smi and still have lost memory or a link.',
        paragraph:
          'The driver writes an Xid line for every error. Some of them are faults of a program and pass with it. Memory, NVLink and firmware errors stay until the card is reset. After a suspend CUDA may be broken while nvidia-smi looks well.',
        mechanism:
          'Xid 13, 31, 43 and 45 belong to the application; 79 means that the card left the bus; 48, 63, 64, 94 and 95 to memory, 74 to NVLink, 119 and 120 to the firmware processor. nvidia_uvm can lose its state in a suspend; cuInit then returns 999.',
      },
      source: 'gpu-fatal-xid; gpu-fallen-off-bus; uvm-broken-after-suspend',
      probes: ['kernelLog', 'smi', 'driver', 'module', 'cards'],
      bears: 'advice',
      decide: f => {
        const pending = or(f.cards, []).flatMap(c =>
          Object.entries(PENDING).flatMap(([path, isFine]) => {
            const value = c.get(path);
            return value === undefined || isFine.test(value)
              ? []
              : [{ from: 'nvidia-smi -q', shows: `GPU ${c.bus}: ${path.replaceAll('/', ', ')}: ${value}` }];
          }),
        );
        if (pending.length > 0) return { is: 'wantsReset', found: 'the card waits for a reset', seen: pending };
        if (isUnknown(f.kernelLog.lines)) return { is: 'notRead', found: 'the kernel log was not read' };
        const all = xids(f.kernelLog);
        const grave = all.filter(x => HARDWARE.has(x.code));
        const codes = (of: typeof all) => [...new Set(of.map(x => x.code))].join(', ');
        if (grave.length > 0)
          return {
            is: 'grave',
            found: `Xid ${codes(grave)}`,
            seen: quote(
              f.kernelLog,
              grave.slice(-3).map(x => x.line),
            ),
          };
        const fell = all.filter(x => x.code === OFF_THE_BUS);
        if (fell.length > 0)
          return {
            is: 'wasLost',
            found: 'a card fell off the bus since the module was loaded',
            seen: quote(
              f.kernelLog,
              fell.slice(-2).map(x => x.line),
            ),
          };
        if (all.length > 0)
          return {
            is: 'program',
            found: `Xid ${codes(all)}: usually the fault of a program`,
            seen: quote(
              f.kernelLog,
              all.slice(-2).map(x => x.line),
            ),
          };
        const slept = sleptAt(f.kernelLog);
        return slept && or(f.driver.uvmLoaded, false) && !f.module.keepsMemory
          ? { is: 'slept', found: 'the machine slept since the module was loaded', seen: quote(f.kernelLog, [slept]) }
          : { is: 'quiet', found: 'none' };
      },
      on: {
        quiet: 'kind',
        notRead: 'kind',
        wantsReset: risk('gpu-fatal-xid', 'kind'),
        grave: risk('gpu-fatal-xid', 'kind'),
        wasLost: risk('gpu-fallen-off-bus', 'kind'),
        program: note('gpu-fatal-xid', 'kind'),
        slept: note('uvm-broken-after-suspend', 'kind'),
        cannotTell: 'kind',
      },
    }),
    kind: check({
      title: 'Kind of card',
      question: 'Is it a plain card, one of a fabric, a divided one, or a share of one?',
      why: {
        line: 'Cards on an NVSwitch, with MIG or shared by a hypervisor need more than a driver.',
        paragraph:
          'Cards that are joined by NVSwitches wait for the fabric manager. A card in MIG mode offers nothing until it is divided. A share of a card (vGPU) needs a licence. A plain card needs none of this.',
        mechanism:
          'NVSwitches stand on the PCI bus as bridges of class 0680; newer fabrics show only in the Fabric section of nvidia-smi -q. The MIG and virtualisation modes stand there too.',
      },
      source: 'fabric-manager-not-running; mig-enabled-without-instances; vgpu-guest-driver-or-license',
      probes: ['fabric', 'smi', 'cards'],
      bears: 'advice',
      decide: f => {
        if (f.fabric.signs.length > 0) return { is: 'fabric', found: 'joined by a fabric' };
        if (hasMig(f.smi)) return { is: 'mig', found: 'in MIG mode' };
        const turning = or(f.cards, []).filter(
          c => c.get('MIG Mode/Pending') === 'Enabled' && c.get('MIG Mode/Current') === 'Disabled',
        );
        if (turning.length > 0)
          return {
            is: 'migPending',
            found: 'in MIG mode after its next reset',
            seen: turning.map(c => ({
              from: 'nvidia-smi -q',
              shows: `GPU ${c.bus}: MIG Mode Disabled now, Enabled after a reset`,
            })),
          };
        const vgpu = or(f.cards, []).some(c => c.get('GPU Virtualization Mode/Virtualization Mode') === 'VGPU');
        return vgpu ? { is: 'vgpu', found: 'a share of a card (vGPU)' } : { is: 'plain', found: 'plain' };
      },
      on: {
        plain: to('sharing'),
        fabric: to('fabric'),
        mig: to('mig'),
        migPending: risk('mig-enabled-without-instances', to('sharing')),
        vgpu: 'licence',
        cannotTell: to('sharing'),
      },
    }),
    licence: check({
      title: 'vGPU licence',
      question: 'Is the vGPU licensed?',
      why: {
        line: 'A vGPU without a licence slows down after some minutes, and CUDA may be refused.',
        paragraph:
          'The guest asks a licence server with a token from its administrator. Without it the share works for a short time and is then throttled.',
        mechanism:
          'nvidia-gridd reads /etc/nvidia/ClientConfigToken and fetches the licence; nvidia-smi -q shows the state. CUDA error 102 means that the device is not licensed.',
      },
      source: 'vgpu-guest-driver-or-license',
      probes: ['cards'],
      bears: 'advice',
      decide: f => {
        const state = or(f.cards, []).flatMap(c => c.get('vGPU Software Licensed Product/License Status') ?? []);
        const without = state.find(s => /^Unlicensed/i.test(s));
        return without === undefined
          ? { is: 'licensed', found: state[0] ?? 'not shown' }
          : {
              is: 'unlicensed',
              found: without,
              seen: [{ from: 'nvidia-smi -q', shows: `License Status: ${without}` }],
            };
      },
      on: {
        licensed: to('sharing'),
        unlicensed: risk('vgpu-guest-driver-or-license', to('sharing')),
        cannotTell: to('sharing'),
      },
    }),
  },
});

/** Who may use the card, and whether it stays awake. */
export const sharing = flow({
  id: 'sharing',
  title: 'Sharing',
  about: 'May several programs use the card, and does the driver stay awake between them?',
  start: 'mode',
  nodes: {
    mode: check({
      title: 'Compute mode',
      question: 'Does the card take a program of a container?',
      why: {
        line: 'A card can be set to take one program only, or none.',
        paragraph:
          'The compute mode is a setting of the driver, not of containers. In exclusive mode the second program is turned away; in prohibited mode every CUDA program is. A card whose memory is used up turns programs away too: then it is found, and only full.',
        mechanism:
          'CUDA error 46 (devices unavailable) comes from EXCLUSIVE_PROCESS or PROHIBITED. "CUDA out of memory" means that injection works. Process ids in nvidia-smi are those of the host.',
      },
      source: 'gpu-busy-or-exclusive; seed 2, section 8 (out of memory is not "not detected")',
      probes: ['cards'],
      bears: 'advice',
      decide: f => {
        const all = or(f.cards, []);
        const modes = all.map(c => ({ bus: c.bus, mode: c.get('Compute Mode') ?? 'Default' }));
        const quoted = (of: typeof modes) =>
          of.map(m => ({ from: 'nvidia-smi -q', shows: `GPU ${m.bus}: Compute Mode ${m.mode}` }));
        const closed = modes.filter(m => m.mode === 'Prohibited');
        if (closed.length > 0 && closed.length === modes.length)
          return { is: 'prohibited', found: 'no CUDA program may use it', seen: quoted(closed) };
        const single = modes.filter(m => /^(Exclusive|Prohibited)/.test(m.mode));
        if (single.length > 0) return { is: 'exclusive', found: single[0]!.mode, seen: quoted(single) };
        const mib = (text: string | undefined) => Number(/^(\d+) MiB/.exec(text ?? '')?.[1] ?? Number.NaN);
        const full = all.filter(c => mib(c.get('FB Memory Usage/Free')) < 0.02 * mib(c.get('FB Memory Usage/Total')));
        if (full.length > 0 && full.length === all.length)
          return {
            is: 'full',
            found: 'its memory is used up',
            seen: full.map(c => ({
              from: 'nvidia-smi -q',
              shows: `GPU ${c.bus}: ${c.get('FB Memory Usage/Free')} free of ${c.get('FB Memory Usage/Total')}`,
            })),
          };
        return { is: 'open', found: isUnknown(f.cards) ? 'not asked' : 'open to all' };
      },
      on: {
        open: 'awake',
        prohibited: harm('gpu-busy-or-exclusive', 'awake'),
        exclusive: risk('gpu-busy-or-exclusive', 'awake'),
        full: note('gpu-busy-or-exclusive', 'awake'),
        cannotTell: 'awake',
      },
    }),
    awake: check({
      title: 'Persistence',
      question: 'Does the driver stay awake between programs?',
      why: {
        line: 'Without it the first start takes long, and may run into a time limit.',
        paragraph:
          'On a server without a screen nobody holds the driver open. It is torn down after the last program and set up again for the next, which takes seconds with many cards. The persistence daemon holds it open and interrupts nothing.',
        mechanism:
          'nvidia-persistenced opens the device files and keeps them; nvidia-smi -pm 1 does the same until the next boot. A screen holds the driver as well.',
      },
      source: 'persistence-daemon-off',
      probes: ['cards', 'units'],
      bears: 'advice',
      decide: f => {
        const asleep = or(f.cards, []).filter(
          c => c.get('Persistence Mode') === 'Disabled' && c.get('Display Active') !== 'Enabled',
        );
        const daemon = or(f.units.persistenced, '');
        return asleep.length > 0 && daemon === 'inactive'
          ? {
              is: 'off',
              found: 'off, and no screen holds the driver',
              seen: [
                { from: 'systemctl is-active nvidia-persistenced', shows: daemon },
                { from: 'nvidia-smi -q', shows: `GPU ${asleep[0]!.bus}: Persistence Mode Disabled` },
              ],
            }
          : { is: 'on', found: isUnknown(f.cards) ? 'not asked' : daemon === 'active' ? 'the daemon runs' : 'held' };
      },
      on: { on: to('request'), off: note('persistence-daemon-off', to('request')), cannotTell: to('request') },
    }),
  },
});
