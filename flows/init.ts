import { check, flow, stop, to } from '../src/engine/flow.ts';
import { isUnknown, or } from '../src/engine/known.ts';
import { type Cause, generation, HARDWARE, misfit, named, quote, sinceLoaded, xids } from './rules/kernel-log.ts';
import { atLeast, driverAllowsGuests } from './rules/version.ts';

const FAILED = /RmInitAdapter|rm_init_adapter|probe routine failed|None of the NVIDIA devices were initialized/;
const ORDER: readonly Cause[] = ['openOnly', 'tooOld', 'fallen', 'gsp', 'bar', 'nouveau', 'vfio'];
/** What can befall a card that had started. */
const LATER: readonly Cause[] = ['fallen', 'gsp'];

/** A card that old drivers refuse in a virtual machine, or one whose name says nothing. */
const isRefusedInGuests = (name: string): boolean => generation(name) === null || /GeForce|TITAN/i.test(name);

/** The module is in and the card does not answer: the kernel log tells why. */
export const init = flow({
  id: 'init',
  title: 'Start of the card',
  about: 'The module is loaded and the card does not come up: which of the known reasons is it?',
  start: 'cause',
  nodes: {
    cause: check({
      title: 'Kernel log',
      question: 'What does the kernel log say about the start of the card?',
      why: {
        line: 'nvidia-smi only says that there is no device; the kernel log names the reason.',
        paragraph:
          'A card that does not start needs another flavour of the module, another branch, its firmware, a memory window, or power. All of them look the same from above. The log may be closed to ordinary users; then the names of the chip and of the module still tell some of them apart.',
        mechanism:
          'RmInitAdapter ends with a triple of codes; the lines before it name the cause. Xid 79 means that the card left the bus. Memory windows without an address stand in the resource file of the PCI function.',
      },
      source:
        'rm-init-adapter-failed; gsp-boot-failure; pci-bar-unassigned; open-module-required; gpu-too-old-for-open-or-branch; guest-driver-blocked-by-hypervisor',
      probes: ['smi', 'kernelLog', 'windows', 'pci', 'driver', 'module', 'where'],
      decide: f => {
        const { status, says } = f.smi;
        const answer = f.smi.tookTooLong
          ? { from: 'nvidia-smi -L', shows: 'no answer within the time limit' }
          : { from: 'nvidia-smi -L', shows: says || `exit ${String(status)}` };
        const noDevice = status === 6 || /No devices were found/i.test(says);
        // A second, older card may be ignored in peace while the first one answers with an error of its own.
        const cause = named(f.kernelLog, noDevice ? ORDER : LATER, f.pci.gpus) ?? (noDevice ? misfit(f) : null);
        const because = <V extends string>(is: V, found: string) => ({ is, found, seen: [...cause!.seen, answer] });
        switch (cause?.cause) {
          case 'openOnly':
            return because('openOnly', 'this card needs the open module');
          case 'tooOld':
            return because('tooOld', 'this driver does not know the card');
          case 'fallen':
            return because('fallen', 'the card fell off the bus');
          case 'gsp':
            return because('gsp', 'the firmware of the card does not start');
          case 'bar':
            return because('bar', 'the card has no memory window');
          case 'nouveau':
            return because('nouveau', 'nouveau took the card first');
          case 'vfio':
            return because('vfio', 'vfio-pci took the card first');
        }
        const grave = xids(f.kernelLog).filter(x => HARDWARE.has(x.code));
        if (grave.length > 0)
          return {
            is: 'xid',
            found: `the driver reported Xid ${grave.at(-1)!.code}`,
            seen: [
              ...quote(
                f.kernelLog,
                grave.slice(-2).map(x => x.line),
              ),
              answer,
            ],
          };
        if (f.smi.tookTooLong) return { is: 'hangs', found: 'nvidia-smi does not come back', seen: [answer] };
        const noHandle = /Unable to determine the device handle/i.test(says);
        const hypervisor = or(f.where.hypervisor, 'none');
        const version = or(f.driver.loaded, null);
        const old = version !== null && version !== 'unknown' && !atLeast(version, driverAllowsGuests);
        const consumer = or(f.pci.gpus, []).every(g => isRefusedInGuests(g.name));
        if ((noDevice || noHandle) && consumer && hypervisor !== 'none' && hypervisor !== '' && old)
          return {
            is: 'guest',
            found: `driver ${version} refuses to work in a virtual machine`,
            seen: [
              answer,
              { from: 'systemd-detect-virt -v', shows: hypervisor },
              { from: f.driver.loadedFrom, shows: version },
            ],
          };
        if (noDevice && f.windows.length > 0)
          return {
            is: 'bar',
            found: 'the card has no memory window',
            seen: [...f.windows.map(w => ({ from: w.path, shows: w.shows })), answer],
          };
        if (!noDevice) return { is: 'code', found: `nvidia-smi exits with ${String(status)}`, seen: [answer] };
        const lines = sinceLoaded(f.kernelLog).filter(l => FAILED.test(l.text));
        return {
          is: 'unnamed',
          found: isUnknown(f.kernelLog.lines)
            ? 'the card does not start; the kernel log could not be read'
            : 'the card does not start, and the log names no reason',
          seen: [answer, ...quote(f.kernelLog, lines.slice(0, 3))],
        };
      },
      on: {
        openOnly: stop('open-module-required', to('request')),
        tooOld: stop('gpu-too-old-for-open-or-branch', to('request')),
        fallen: stop('gpu-fallen-off-bus', to('request')),
        gsp: stop('gsp-boot-failure', to('request')),
        bar: stop('pci-bar-unassigned', to('request')),
        nouveau: stop('nouveau-bound', to('request')),
        vfio: stop('gpu-bound-to-vfio-in-guest', to('request')),
        xid: stop('gpu-fatal-xid', to('request')),
        hangs: stop('cli-driver-rpc-timeout', to('request')),
        guest: stop('guest-driver-blocked-by-hypervisor', to('request')),
        code: stop('nvidia-smi-device-fault-codes', to('request')),
        unnamed: stop('rm-init-adapter-failed', to('request')),
        cannotTell: stop('rm-init-adapter-failed', to('request')),
      },
    }),
  },
});
