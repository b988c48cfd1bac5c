import { check, flow, harm, risk, stop, to } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import { INFOROM } from './probes/driver.ts';
import type { Facts } from './probes/index.ts';

const MISMATCH = /Driver\/library version mismatch/i;

const whyMissing = (f: Pick<Facts, 'nodes'>, path: string): string =>
  f.nodes.noNodes.includes(path.replace('/dev/', '')) ? `${path} is a folder` : `${path} is not there`;

export const driver = flow({
  id: 'driver',
  title: 'Driver',
  about: 'Does the driver work on the host itself? Everything below is about containers only.',
  start: 'loaded',
  nodes: {
    loaded: check({
      title: 'Kernel module',
      question: 'Is the NVIDIA kernel module loaded?',
      why: {
        line: 'Containers use the host kernel; without the module there is no GPU for anybody.',
        paragraph:
          'The module must exist for the running kernel and be loaded. After a kernel update it may not have been built, a blacklist may keep it out, or no driver was ever installed.',
        mechanism:
          '/proc/driver/nvidia/version and /sys/module/nvidia appear when the module is in; modinfo looks for the file below /lib/modules of the running kernel.',
      },
      source:
        'field reference 3.1 T2; kernel-module-not-loaded; driver-not-installed; kernel-module-missing-for-kernel',
      probes: ['driver', 'libraries', 'where', 'pci'],
      decide: f => {
        const loaded = need(f.driver.loaded);
        if (loaded !== null)
          return { is: 'loaded', found: loaded, seen: [{ from: f.driver.loadedFrom, shows: loaded }] };
        // Without a card nobody misses a driver.
        if (or(f.where.tegra, null) === null) need(f.pci.gpus);
        const seen = [
          { from: '/proc/driver/nvidia/version', shows: 'not there: no NVIDIA module is loaded' },
          ...(f.driver.modinfo ? [{ from: 'modinfo -F version nvidia', shows: f.driver.modinfo }] : []),
        ];
        if (typeof f.driver.onDisk === 'string')
          return { is: 'notLoaded', found: `built (${f.driver.onDisk}) but not loaded`, seen };
        if (isUnknown(f.driver.onDisk)) return { is: 'notLoaded', found: 'not loaded', seen };
        const userSpace = f.libraries.nvmlVersions.length > 0 || or(f.driver.smiInstalled, false);
        return userSpace
          ? {
              is: 'notBuilt',
              found: `libraries of ${f.libraries.nvmlVersions[0] ?? 'a driver'} are here, but no module for kernel ${or(f.where.kernel, '')}`,
              seen,
            }
          : {
              is: 'notInstalled',
              found: 'no NVIDIA driver is installed',
              seen:
                f.driver.elsewhere === null
                  ? seen
                  : [...seen, { from: f.driver.elsewhere, shows: 'holds a driver that is not started' }],
            };
      },
      on: {
        loaded: 'agree',
        notLoaded: to('module'),
        notBuilt: to('module'),
        notInstalled: stop('driver-not-installed', to('request')),
        // What lacks below it may lack because of it.
        cannotTell: to('request'),
      },
    }),
    agree: check({
      title: 'Driver versions',
      question: 'Do the loaded module and the libraries belong to the same driver?',
      why: {
        line: 'A library of another version than the loaded module is refused at once.',
        paragraph:
          'An update replaces the libraries on disk, while the old module stays loaded until a reload or a reboot. From then on every start fails, on the host and in containers.',
        mechanism:
          'The first ioctl of the library names its version; the kernel module compares and answers with an API mismatch, which NVML reports as "Driver/library version mismatch" (nvidia-smi exit 18).',
      },
      source: 'driver-library-version-mismatch; field reference 3.1 T3',
      probes: ['driver', 'libraries', 'smi'],
      decide: f => {
        const loaded = need(f.driver.loaded);
        const libs = f.libraries.nvmlVersions;
        const seen = [
          { from: f.driver.loadedFrom, shows: `${loaded}` },
          ...(libs.length > 0 ? [{ from: 'libnvidia-ml.so on disk', shows: libs.join(', ') }] : []),
          ...(MISMATCH.test(f.smi.says) ? [{ from: 'nvidia-smi -L', shows: f.smi.says }] : []),
        ];
        if (MISMATCH.test(f.smi.says) || f.smi.status === 18)
          return {
            is: 'mismatch',
            found: `module ${loaded}, libraries ${libs.join(', ') || 'of another version'}`,
            seen,
          };
        if (f.smi.status === 0 || libs.length === 0 || loaded === null || loaded === 'unknown')
          return { is: 'agree', found: `${loaded ?? 'driver'}` };
        return libs.includes(loaded)
          ? { is: 'agree', found: `${loaded}, kernel and libraries agree` }
          : { is: 'mismatch', found: `module ${loaded}, libraries ${libs.join(', ')}`, seen };
      },
      on: { agree: 'nodes', mismatch: stop('driver-library-version-mismatch', to('request')), cannotTell: 'nodes' },
    }),
    nodes: check({
      title: 'Device nodes',
      question: 'Are the device nodes there?',
      why: {
        line: 'Programs open /dev/nvidiactl and /dev/nvidia0; they are made on demand, not by the kernel.',
        paragraph:
          'A small setuid helper or udev makes the nodes when they are first needed. Where that does not happen, the loaded driver looks as if it were not loaded.',
        mechanism:
          'nvidia-modprobe creates 195:255, 195:N and the dynamic uvm nodes; NVML opens /dev/nvidiactl first and calls its absence "driver not loaded".',
      },
      source: 'device-nodes-missing; device-node-permissions; field reference 1.1',
      probes: ['nodes', 'driver'],
      decide: f => {
        const present = need(f.nodes.present);
        const lacking = [
          ...(present.has('nvidiactl') ? [] : ['/dev/nvidiactl']),
          ...([...present].some(n => /^nvidia\d+$/.test(n)) ? [] : ['/dev/nvidia0']),
        ];
        // Where no module is loaded, nobody makes them: then they are not what is wrong.
        if (lacking.length > 0) need(f.driver.loaded);
        const { closed } = f.nodes;
        return lacking.length === 0
          ? closed
            ? {
                is: 'closed',
                found: `closed to everybody but root and group ${closed.gid}`,
                seen: [{ from: 'stat /dev/nvidiactl', shows: `mode ${closed.mode.toString(8)}, group ${closed.gid}` }],
              }
            : { is: 'present', found: [...present].filter(n => /^nvidia(ctl|\d+)$/.test(n)).join(', ') }
          : {
              is: 'missing',
              found: `${lacking.join(' and ')} missing`,
              seen: lacking.map(n => ({ from: '/dev', shows: whyMissing(f, n) })),
            };
      },
      on: {
        present: 'answers',
        closed: risk('device-node-permissions', 'answers'),
        missing: stop('device-nodes-missing', to('request')),
        cannotTell: 'answers',
      },
    }),
    answers: check({
      title: 'nvidia-smi',
      question: 'Does the driver answer on the host?',
      why: {
        line: 'What fails on the host cannot work in a container.',
        paragraph:
          'nvidia-smi asks the driver through the same library that containers get. Its exit status tells the layer that is at fault.',
        mechanism:
          'The status encodes the result of NVML: 6 no device, 9 driver not loaded, 12 library not found, 14 infoROM corrupted (programs still run), 15 GPU off the bus, 18 version mismatch.',
      },
      source: 'nvidia-smi-device-fault-codes; cli-driver-rpc-timeout; field reference 3.1 T2',
      probes: ['smi', 'nodes', 'where', 'docker'],
      decide: (f, r) => {
        const { status, says, gpus } = f.smi;
        const seen = [{ from: 'nvidia-smi -L', shows: says || `exit ${String(status)}` }];
        if (f.smi.tookTooLong)
          return {
            is: 'hangs',
            found: 'nvidia-smi does not come back',
            seen: [{ from: 'nvidia-smi -L', shows: 'no answer within the time limit' }],
          };
        // Not asked or not recorded: the module, the nodes and the versions were judged without it.
        if (isUnknown(status)) return { is: 'notAsked', found: 'not asked' };
        if (status === null || status === 12)
          return {
            is: 'notAsked',
            found: status === null ? 'nvidia-smi is not installed' : 'nvidia-smi finds no libnvidia-ml',
            seen,
          };
        if (status === 0 && /GPU \d/.test(says))
          return { is: 'answers', found: gpus.map(g => g.name).join(', ') || says };
        if (status === INFOROM && gpus.length > 0)
          return {
            is: 'infoRom',
            found: 'it answers; the infoROM of a card is corrupted',
            seen: [{ from: 'nvidia-smi -L', shows: `${says} (exit ${INFOROM})` }],
          };
        if (status === 15 || /GPU is lost|fallen off/i.test(says))
          return { is: 'lost', found: 'the GPU does not answer any more', seen };
        if (status === 6 || /No devices were found/i.test(says))
          return { is: 'noDevice', found: 'the module is loaded, the card does not initialise', seen };
        if (status === 4 || /Insufficient Permissions/i.test(says)) {
          // The nodes are closed to this user, and a daemon of root opens them all the same.
          const isOthers = r.engine === 'docker' && daemonOf(f.docker)?.rootless === false;
          return f.nodes.closed !== null && or(f.where.uid, 0) !== 0 && isOthers
            ? { is: 'deniedHere', found: 'this user may not open the nodes, the daemon may', seen }
            : { is: 'denied', found: 'this user may not open the nodes', seen };
        }
        if (status < 0) throw new CannotTell([{ unknown: 'unreadable', probe: 'nvidia-smi -L' }]);
        return { is: 'fault', found: `nvidia-smi exits with ${status}`, seen };
      },
      on: {
        answers: 'uvm',
        infoRom: risk('nvidia-smi-device-fault-codes', 'uvm'),
        notAsked: 'uvm',
        hangs: to('init'),
        lost: stop('gpu-fallen-off-bus', to('request')),
        noDevice: to('init'),
        denied: stop('device-node-permissions', to('request')),
        deniedHere: risk('device-node-permissions', 'uvm'),
        fault: to('init'),
        cannotTell: 'uvm',
      },
    }),
    uvm: check({
      title: 'Unified memory',
      question: 'Is /dev/nvidia-uvm there, which every CUDA program needs?',
      why: {
        line: 'nvidia-smi works without it; CUDA fails in every container.',
        paragraph:
          'Headless servers often never make this node after a boot, because nothing asks for it until the first CUDA program runs as root. CUDA then answers with error 999 while nvidia-smi looks fine.',
        mechanism:
          'NVML uses nvidiactl and nvidiaN only; libcuda also opens nvidia-uvm, whose major number is dynamic. A CDI spec that was made without the node lacks it too.',
      },
      source: 'nvidia-uvm-missing',
      bears: 'cuda',
      probes: ['nodes', 'driver'],
      decide: f => {
        const there = need(f.nodes.present).has('nvidia-uvm');
        const [node, now] = [f.nodes.uvmNodeMajor, or(f.nodes.uvmMajor, null)];
        if (there && node !== null && now !== null && node !== now)
          return {
            is: 'otherNumber',
            found: `/dev/nvidia-uvm has the number ${node}, the module ${now}`,
            seen: [
              { from: 'stat /dev/nvidia-uvm', shows: `major ${node}` },
              { from: '/proc/devices', shows: `${now} nvidia-uvm` },
            ],
          };
        return there
          ? {
              is: 'present',
              found: `/dev/nvidia-uvm${or(f.nodes.uvmMajor, null) ? ` (major ${String(f.nodes.uvmMajor)})` : ''}`,
            }
          : {
              is: 'missing',
              found: '/dev/nvidia-uvm is missing',
              seen: [{ from: '/dev', shows: whyMissing(f, '/dev/nvidia-uvm') }],
            };
      },
      on: {
        present: to('card'),
        missing: harm('nvidia-uvm-missing', to('card')),
        otherNumber: harm('nvidia-uvm-missing', to('card')),
        cannotTell: to('card'),
      },
    }),
  },
});
