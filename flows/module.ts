import { check, flow, stop, to } from '../src/engine/flow.ts';
import { isUnknown, or } from '../src/engine/known.ts';
import { misfit, named, quote } from './rules/kernel-log.ts';

const REJECTED =
  /Loading of (?:unsigned module|module with [a-z ]+) is rejected|unsigned module loading is restricted|Lockdown: (?:modprobe|insmod|systemd-modules).*module/i;
const OWN_KEY = /dkms|mok|secure boot module signature|module signing key/i;

/** Why the module is not in: its file is there, or there is none for this kernel. */
export const module = flow({
  id: 'module',
  title: 'Kernel module',
  about: 'What keeps the NVIDIA module out of the running kernel, although a driver is installed?',
  start: 'file',
  nodes: {
    file: check({
      title: 'Module file',
      question: 'Is there a module for this kernel?',
      why: {
        line: 'A module is built for one kernel; after an update there may be none.',
        paragraph:
          'With a file the question is why it was not loaded. Without one it is whether it was never built for this kernel, or whether a build was tried and failed.',
        mechanism:
          'modinfo looks below /lib/modules of the running kernel. DKMS leaves make.log in its build folder only when a build failed; after a good one it is moved away.',
      },
      source: 'kernel-module-missing-for-kernel; dkms-build-failed; field reference 2.2',
      probes: ['driver', 'module', 'where'],
      decide: f => {
        if (f.driver.onDisk !== null)
          return { is: 'there', found: isUnknown(f.driver.onDisk) ? 'modinfo could not be asked' : f.driver.onDisk };
        const kernel = or(f.where.kernel, '');
        const absent = [
          { from: '/proc/driver/nvidia/version', shows: 'not there: no NVIDIA module is loaded' },
          { from: 'modinfo -F version nvidia', shows: f.driver.modinfo || 'no module' },
        ];
        const failed = f.module.builds.find(b => b.log !== null && (kernel === '' || b.log.includes(kernel)));
        if (failed) {
          const lines = failed.log!.split('\n').map(l => l.trim());
          const error = lines.find(l => /\berror\b:|Error!|\*\*\*/i.test(l)) ?? lines.find(l => l !== '') ?? 'failed';
          return {
            is: 'failed',
            found: `the build of ${failed.version} for ${kernel} failed`,
            seen: [{ from: failed.path, shows: error.slice(0, 200) }, ...absent],
          };
        }
        const noHeaders = or(f.module.headers, true) === false;
        return {
          is: 'notBuilt',
          found: noHeaders
            ? `no module for kernel ${kernel}, and no headers to build one`
            : `no module for kernel ${kernel}`,
          seen: [
            ...absent,
            ...f.module.builds.map(b => ({ from: b.path.replace('/build/make.log', ''), shows: 'DKMS knows it' })),
            ...(noHeaders
              ? [{ from: `/lib/modules/${kernel}/build`, shows: 'not there: the kernel headers are missing' }]
              : []),
          ],
        };
      },
      on: {
        there: 'kept',
        failed: stop('dkms-build-failed', to('request')),
        notBuilt: stop('kernel-module-missing-for-kernel', to('request')),
        cannotTell: 'kept',
      },
    }),
    kept: check({
      title: 'Why not loaded',
      question: 'What keeps the module out?',
      why: {
        line: 'Secure Boot, a blacklist or the module itself can refuse; each leaves a trace.',
        paragraph:
          'With Secure Boot the kernel takes only modules that are signed with a key it knows. A blacklist keeps the module from being loaded by itself. A module that does not know the card goes out again at once.',
        mechanism:
          'Lockdown refuses an unsigned module (Key was rejected by service). blacklist stops the automatic load only, install and module_blacklist stop modprobe too. The log keeps the reason of a refused load.',
      },
      source: 'secure-boot-key-rejected; kernel-module-not-loaded; gpu-too-old-for-open-or-branch; field reference 2.2',
      probes: ['driver', 'module', 'kernelLog', 'pci', 'windows'],
      decide: f => {
        const out = { from: '/proc/driver/nvidia/version', shows: 'not there: no NVIDIA module is loaded' };
        const built = f.driver.modinfo ? [{ from: 'modinfo -F version nvidia', shows: f.driver.modinfo }] : [];
        const refused = or(f.kernelLog.lines, []).filter(
          l => REJECTED.test(l.text) && !/nouveau|vbox|zfs/i.test(l.text),
        );
        const boot = or(f.module.secureBoot, null);
        const lockdown = or(f.module.lockdown, 'none');
        const guarded = boot === true || lockdown !== 'none';
        const guard = [
          ...(boot === true ? [{ from: '/sys/firmware/efi/efivars', shows: 'Secure Boot is on' }] : []),
          ...(lockdown !== 'none' ? [{ from: '/sys/kernel/security/lockdown', shows: `[${lockdown}]` }] : []),
        ];
        const signer = f.module.signer ?? '';
        const { enrolled } = f.module;
        const isKnown = signer !== '' && !isUnknown(enrolled) && enrolled.includes(signer);
        // The line names no module; one that is signed with an enrolled key was not meant.
        if (refused.length > 0 && !isKnown)
          return {
            is: 'rejected',
            found: 'the kernel refuses the module: it is not signed with a known key',
            seen: [...quote(f.kernelLog, refused.slice(0, 2)), ...guard, ...built],
          };
        if (guarded && f.module.signer === '' && lockdown !== 'none')
          return {
            is: 'rejected',
            found: 'the module is not signed, and this kernel takes only signed ones',
            seen: [{ from: 'modinfo nvidia', shows: 'no signer' }, ...guard, ...built],
          };
        if (guarded && OWN_KEY.test(signer) && !isUnknown(enrolled) && !enrolled.includes(signer))
          return {
            is: 'rejected',
            found: `the key of the module (${signer}) is not enrolled`,
            seen: [
              { from: 'modinfo nvidia', shows: `signer: ${signer}` },
              { from: 'mokutil --list-enrolled', shows: enrolled.join(', ') || 'no key' },
              ...guard,
            ],
          };
        const cause = named(f.kernelLog, ['openOnly', 'tooOld', 'bar'], f.pci.gpus) ?? misfit(f);
        if (cause?.cause === 'openOnly')
          return { is: 'openOnly', found: 'this card needs the open module', seen: cause.seen };
        if (cause?.cause === 'tooOld')
          return { is: 'tooOld', found: 'this driver does not know the card', seen: cause.seen };
        if (cause?.cause === 'bar') return { is: 'bar', found: 'the card has no memory window', seen: cause.seen };
        const [block] = f.module.blocks;
        if (block)
          return {
            is: 'blocked',
            found: `kept out by ${block.path}`,
            seen: [...f.module.blocks.map(b => ({ from: b.path, shows: b.line.trim() })), out, ...built],
          };
        return { is: 'notLoaded', found: 'nothing seems to keep it out', seen: [out, ...built] };
      },
      on: {
        rejected: stop('secure-boot-key-rejected', to('request')),
        openOnly: stop('open-module-required', to('request')),
        tooOld: stop('gpu-too-old-for-open-or-branch', to('request')),
        bar: stop('pci-bar-unassigned', to('request')),
        blocked: stop('kernel-module-not-loaded', to('request')),
        notLoaded: stop('kernel-module-not-loaded', to('request')),
        cannotTell: to('request'),
      },
    }),
  },
});
