import { check, flow, stop, to } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import type { Facts } from './probes/index.ts';
import { named } from './rules/kernel-log.ts';

const quote = (fs: readonly { readonly from: string; readonly shows: string; readonly driver: string | null }[]) =>
  fs.map(g => ({ from: g.from, shows: `${g.shows}${g.driver ? ` [driver: ${g.driver}]` : ' [no driver]'}` }));

/** nvidia-smi lists a GPU, or the module says that it drives one. */
const provenGpu = (f: Pick<Facts, 'smi' | 'driver'>) => f.smi.gpus.length > 0 || or(f.driver.bound, []).length > 0;

export const hardware = flow({
  id: 'hardware',
  title: 'Hardware',
  about: 'Is there an NVIDIA GPU on this machine, and which kernel driver holds it?',
  start: 'present',
  nodes: {
    present: check({
      title: 'Hardware',
      question: 'Is there an NVIDIA GPU on the PCI bus?',
      why: {
        line: 'Without the PCI function no driver and no container setting can help.',
        paragraph:
          'The GPU must be visible to this kernel first. In a virtual machine the hypervisor decides that; on bare metal the slot, the power and the firmware do.',
        mechanism:
          'Every PCI function carries its vendor (0x10de) and class (03xx for display and 3D) in configuration space; the kernel lists them below /sys/bus/pci/devices. An audio function alone means that the GPU function is missing.',
      },
      source: 'field reference 3.1 T1; no-nvidia-pci-device; gpu-fallen-off-bus; vm-gpu-not-passed-through',
      probes: ['pci', 'where', 'driver', 'smi', 'kernelLog'],
      decide: f => {
        // A sandbox may hide the bus and still hand over a working GPU.
        if (provenGpu(f) && (isUnknown(f.pci.gpus) || f.pci.gpus.length === 0))
          return { is: 'found', found: f.smi.gpus.map(g => g.name).join(', ') || 'a GPU the driver holds' };
        const gpus = need(f.pci.gpus);
        if (gpus.some(g => g.gone))
          return { is: 'gone', found: 'a GPU that no longer answers', seen: quote(gpus.filter(g => g.gone)) };
        if (gpus.length > 0)
          return { is: 'found', found: gpus.map(g => `${g.address} ${g.name.replace(/\s*\[10de:.*/, '')}`).join(', ') };
        const others = need(f.pci.functions);
        const seen =
          others.length > 0 ? quote(others) : [{ from: 'lspci -Dnnk -d 10de:', shows: 'no NVIDIA function' }];
        // The GPU of a Jetson is on no bus that is listed.
        need(f.where.tegra);
        const fell = named(f.kernelLog, ['fallen'], f.pci.gpus);
        if (fell) return { is: 'gone', found: 'the GPU fell off the bus in this boot', seen: [...fell.seen, ...seen] };
        const hypervisor = or(f.where.hypervisor, 'none');
        return hypervisor === 'none' || hypervisor === ''
          ? { is: 'none', found: 'no NVIDIA GPU', seen }
          : {
              is: 'noneInVm',
              found: `no NVIDIA GPU in this virtual machine (${hypervisor})`,
              seen: [...seen, { from: 'systemd-detect-virt -v', shows: hypervisor }],
            };
      },
      on: {
        found: 'bound',
        gone: stop('gpu-fallen-off-bus'),
        none: stop('no-nvidia-pci-device'),
        noneInVm: stop('vm-gpu-not-passed-through'),
        cannotTell: 'bound',
      },
    }),
    bound: check({
      title: 'Bound driver',
      question: 'Which kernel driver holds the GPU?',
      why: {
        line: 'Only one driver can hold the card; another one keeps nvidia out.',
        paragraph:
          'nouveau is loaded early by many distributions, and vfio-pci reserves a card for virtual machines. While either holds the function, the NVIDIA module loads and finds no device.',
        mechanism:
          'The kernel binds one driver per PCI function (the driver link in sysfs). NVRM prints that the GPU is already bound and gives up; nvidia-smi then exits with 9.',
      },
      source: 'nouveau-bound; gpu-bound-to-vfio-in-guest; field reference 2.4; seed 2',
      probes: ['pci', 'driver', 'smi'],
      decide: f => {
        if (provenGpu(f)) return { is: 'nvidia', found: 'the NVIDIA driver drives it' };
        const gpus = need(f.pci.gpus);
        const by = (pattern: RegExp) => gpus.filter(g => g.driver !== null && pattern.test(g.driver));
        const [nvidia, vfio, nouveau] = [
          by(/^nvidia/),
          by(/vfio[-_]pci$|^pci-?stub$|^(xen-)?pciback$/),
          by(/^(nouveau|nova)/),
        ];
        if (nvidia.length > 0)
          return {
            is: 'nvidia',
            found: `bound to nvidia${vfio.length > 0 ? ` (${vfio.length} more reserved by vfio-pci)` : ''}`,
          };
        if (nouveau.length > 0) return { is: 'nouveau', found: `held by ${nouveau[0]!.driver}`, seen: quote(nouveau) };
        if (vfio.length > 0) return { is: 'vfio', found: `held by ${vfio[0]!.driver}`, seen: quote(vfio) };
        return { is: 'unbound', found: 'no driver holds it yet', seen: quote(gpus) };
      },
      on: {
        nvidia: to('driver'),
        unbound: to('driver'),
        nouveau: stop('nouveau-bound', to('request')),
        vfio: stop('gpu-bound-to-vfio-in-guest', to('request')),
        cannotTell: to('driver'),
      },
    }),
  },
});
