/** Fixes around the card itself: what keeps its module out, its nodes, its fabric, and engines inside system containers. */
import type { DirRead } from '../../src/box/box.ts';
import { or } from '../../src/engine/known.ts';
import { list, read } from '../../src/engine/probe.ts';
import type { Step } from '../../src/plan/plan.ts';
import { setToml } from '../../src/text/toml.ts';
import { daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { hasMig } from '../probes/mig.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { applies, does, edits, isInside, isRefused, known, refuse, replaces } from './make.ts';

const ETC = '/etc/modprobe.d/';
const MARK = '# switched off by gpumedic: ';

export const unblockModules = applies({
  id: 'unblock-nvidia-modules',
  title: 'Take the block of the nvidia module out, and load it',
  mends: ['kernel-module-not-loaded'],
  privilege: 2,
  effect: ['E1'],
  source: '2.2 kernel-module-not-loaded: a blacklist, or install nvidia /bin/false',
  fits: f => f.driver.loaded === null && f.module.blocks.length > 0,
  touches: f => [...new Set(f.module.blocks.map(b => b.path))].filter(p => p.startsWith(ETC)),
  needs: f =>
    Object.fromEntries(f.module.blocks.filter(b => b.path.startsWith(ETC)).map(b => [b.path, read(b.path)] as const)),
  plan: (f, a) => {
    const elsewhere = f.module.blocks.find(b => !b.path.startsWith(ETC));
    if (elsewhere)
      return elsewhere.path === '/proc/cmdline'
        ? refuse(
            `the kernel was started with ${elsewhere.line}, which only the boot loader can change`,
            'take the word out of the kernel command line (for GRUB: /etc/default/grub, then update-grub) and reboot',
          )
        : refuse(
            `${elsewhere.path} belongs to a package; it may have been put there on purpose (prime-select, a hypervisor)`,
            `an empty file of the same name below ${ETC} switches it off`,
          );
    const steps: Step[] = [];
    for (const [path, found] of Object.entries(a)) {
      if (found.kind !== 'file') return refuse(`${path} could not be read`);
      const lines = new Set(f.module.blocks.filter(b => b.path === path).map(b => b.line));
      const after = found.text
        .split('\n')
        .map(l => (lines.has(l) ? MARK + l.trim() : l))
        .join('\n');
      if (after === found.text) return refuse(`${path} has changed since it was looked at`);
      steps.push(replaces(path, found.text, after, 'the line that keeps the module out becomes a comment'));
    }
    steps.push(
      does(
        'loads what may be loaded now',
        ['modprobe', '-a', 'nvidia', 'nvidia_uvm', 'nvidia_modeset'],
        ['modprobe', '-r', 'nvidia_modeset', 'nvidia_uvm', 'nvidia'],
      ),
    );
    return {
      summary: 'Turns the lines that block the module into comments and loads it; nothing is restarted.',
      steps,
      afterwards: ['If the initial ramdisk holds the same lines, rebuild it before the next boot.'],
    };
  },
});

export const startFabric = applies({
  id: 'start-fabric-manager',
  title: 'Start the fabric manager, now and at every boot',
  mends: ['fabric-manager-not-running'],
  privilege: 3,
  effect: ['E0'],
  source: '2.3 fabric-manager-not-running',
  fits: f => or(f.fabric.unit, '') === 'loaded' && or(f.fabric.manager, '') !== 'active',
  plan: f => {
    const loaded = or(f.driver.loaded, null);
    if (f.fabric.version !== null && loaded !== null && f.fabric.version !== loaded)
      return refuse(
        `the fabric manager is of ${f.fabric.version} and the driver of ${loaded}; it would end at once`,
        'install both in the same version',
      );
    return {
      summary: 'Sets up the links between the cards, which CUDA waits for. CUDA programs that run now are ended.',
      steps: [
        does(
          'the service programs the switches',
          ['systemctl', 'enable', '--now', 'nvidia-fabricmanager'],
          ['systemctl', 'disable', '--now', 'nvidia-fabricmanager'],
          120_000,
        ),
      ],
      afterwards: ['nvidia-smi -q, section Fabric, reads Completed when it is done; that can take a minute.'],
    };
  },
});

const CAPS = '/proc/driver/nvidia/capabilities';
const inside = (found: DirRead | undefined): readonly string[] => (found?.kind === 'dir' ? found.names : []);
const named = (names: readonly string[], prefix: string) => names.filter(n => new RegExp(`^${prefix}\\d+$`).test(n));

export const createCaps = applies({
  id: 'create-mig-nodes',
  title: 'Create the nodes of the MIG instances',
  mends: ['nvidia-caps-missing'],
  privilege: 2,
  effect: ['E0', 'RX'],
  source: '2.3 nvidia-caps-missing; seed 2 maps the whole folder instead, which is no device',
  fits: f => hasMig(f.smi) && f.smi.instances.length > 0 && !isInside(f),
  needs: f =>
    Object.fromEntries(
      f.smi.migModes.flatMap((mode, i) =>
        mode === 'Enabled' ? [[`${CAPS}/gpu${i}/mig`, list(`${CAPS}/gpu${i}/mig`)] as const] : [],
      ),
    ),
  more: (_, a) =>
    Object.fromEntries(
      Object.entries(a).flatMap(([path, found]) =>
        named(inside(found), 'gi').map(gi => [`${path}/${gi}`, list(`${path}/${gi}`)] as const),
      ),
    ),
  plan: (_, a) => {
    const rights = Object.entries(a)
      .filter(([path]) => /\/gi\d+$/.test(path))
      .flatMap(([path, found]) => [`${path}/access`, ...named(inside(found), 'ci').map(ci => `${path}/${ci}/access`)]);
    if (rights.length === 0)
      return refuse(`${CAPS} shows no instance`, 'make instances first: nvidia-smi mig -cgi PROFILE -C');
    return {
      summary: `Makes the ${rights.length} nodes that guard the instances; nothing is restarted.`,
      steps: rights.map(path =>
        does('makes the node of this right', ['nvidia-modprobe', '-f', path], {
          nothing: 'device nodes need not be taken back; they are gone at the next boot',
        }),
      ),
      afterwards: ['Generate the CDI spec again if one is used, and start the containers again.'],
    };
  },
});

export const reloadUvm = applies({
  id: 'reload-uvm',
  title: 'Load the module nvidia_uvm anew',
  mends: ['uvm-broken-after-suspend'],
  privilege: 3,
  effect: ['RM'],
  source: '2.2 uvm-broken-after-suspend',
  fits: f => or(f.driver.uvmLoaded, false) && !isInside(f),
  plan: () => ({
    summary:
      'CUDA loses its footing in a suspend; this module gets it back. It refuses while a program uses CUDA, and then nothing has changed.',
    steps: [
      does('takes the module out', ['modprobe', '-r', 'nvidia_uvm'], ['modprobe', 'nvidia_uvm']),
      does('loads it fresh, with its nodes', ['nvidia-modprobe', '-u', '-c=0'], {
        nothing: 'the module was loaded before as well',
      }),
    ],
    afterwards: [
      'Start the containers again that use CUDA.',
      'For good: NVreg_PreserveVideoMemoryAllocations=1 and the units nvidia-suspend and nvidia-resume (unconfirmed here).',
    ],
  }),
});

const MODE = '/etc/modprobe.d/nvidia-device-mode.conf';

export const openNodes = applies({
  id: 'open-device-nodes',
  title: 'Open the GPU nodes to every user (mode 0666)',
  mends: ['device-node-permissions'],
  privilege: 4,
  effect: ['E1'],
  source:
    '2.2 device-node-permissions (2): a decision of the administrator; seed 2 answers with privileged: true, which is more',
  fits: f => f.nodes.closed !== null,
  touches: () => [MODE],
  needs: () => ({ file: read(MODE) }),
  plan: (f, a) => {
    const { closed } = f.nodes;
    if (closed === null) return refuse('the nodes are open already');
    if (a.file.kind !== 'absent') return refuse(`${MODE} is there already`);
    const paths = [...or(f.nodes.present, new Set<string>())]
      .filter(n => /^nvidia(\d+|ctl|-modeset|-uvm|-uvm-tools)$/.test(n))
      .map(n => `/dev/${n}`);
    return {
      summary:
        'Every user of this host and of its containers may use the GPU then. 0666 is what NVIDIA ships; adding the group to the container (--group-add) opens less.',
      steps: [
        replaces(
          MODE,
          null,
          'options nvidia NVreg_DeviceFileMode=0666\n',
          'read when the module is loaded next',
          0o644,
        ),
        does('the same now', ['chmod', '0666', ...paths], ['chmod', `0${closed.mode.toString(8)}`, ...paths]),
      ],
    };
  },
});

/** The device rules left to somebody else; the key is global, so each fix says who else reads it. */
const leavesRules = (why: string, summary: string, afterwards: readonly string[]) => (f: Facts) => {
  const text = known(f.config.text, CONFIG);
  if (isRefused(text)) return text;
  const step = edits(CONFIG, text, setToml(text, 'nvidia-container-cli', 'no-cgroups', 'true'), why, 0o644);
  return isRefused(step) ? step : { summary, steps: [step], afterwards };
};

export const nestedCgroups = applies({
  id: 'set-no-cgroups-true',
  title: 'Leave the device rules to the outer container',
  mends: ['lxc-nested-engine'],
  privilege: 4,
  effect: ['E1', 'RX'],
  source: '2.4 lxc-nested-engine (2); asking by CDI needs no such key and comes first',
  fits: f => f.nested === true && f.config.fault === null && !f.config.noCgroups,
  touches: () => [CONFIG],
  plan: leavesRules(
    'an unprivileged system container may not write device rules',
    'Only inside this system container. From then on the rules of the outer container are the only barrier around the GPU; asking by CDI (--device nvidia.com/gpu=all) works without it.',
    ['The administrator outside must allow the majors 195, nvidia-uvm and nvidia-caps for this container.'],
  ),
});

export const rootlessCgroups = applies({
  id: 'set-no-cgroups-rootless',
  title: 'Let the rootless engine do without device rules',
  mends: ['rootless-cgroup-denied'],
  privilege: 4,
  effect: ['E1', 'RX'],
  source: '2.7 rootless-cgroup-denied (2); asking by CDI needs no such key and comes first',
  fits: f => daemonOf(f.docker)?.rootless === true && f.config.fault === null && !f.config.noCgroups,
  touches: () => [CONFIG],
  plan: leavesRules(
    'an ordinary user may not write device rules; in the user namespace the mode of the nodes decides',
    'The key holds for every engine of this machine: containers of a rootful Docker that ask by the legacy way say Unknown Error from then on. Asking by CDI (--device nvidia.com/gpu=all) works without it; take this only where all engines here are rootless.',
    [],
  ),
});

export const cardFixes = [
  unblockModules,
  startFabric,
  createCaps,
  reloadUvm,
  openNodes,
  nestedCgroups,
  rootlessCgroups,
];
