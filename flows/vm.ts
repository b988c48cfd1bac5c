import { check, flow, to } from '../src/engine/flow.ts';
import { need } from '../src/engine/known.ts';

/** Seed 2: a virtual machine that was handed a card. From here on it is judged like bare metal. */
export const vm = flow({
  id: 'vfio-vm',
  title: 'Virtual machine',
  about: 'Which hypervisor lends the card, and what of its advice is true on this side?',
  start: 'hypervisor',
  nodes: {
    hypervisor: check({
      title: 'Hypervisor',
      question: 'Which hypervisor runs this machine, and what does the GPU need from it?',
      why: {
        line: 'With the card handed through, a guest is like bare metal: no vfio, no privileged.',
        paragraph:
          'KVM: vfio-pci holds the card on the host, never in the guest; the whole IOMMU group goes along. VMware: DirectPath, the ordinary driver, VMware tools play no part. Hyper-V and Azure: DDA gives the whole card, sizes with a share of one need the guest driver of their branch. Amazon and Google: the ordinary configuration works. So privileged: true, which seed 2 calls required, opens the whole host and repairs nothing.',
        mechanism:
          'Inside the guest the GPU is an ordinary PCI function for the nvidia module, and containers get /dev/nvidia* and libraries; neither the toolkit nor CDI asks whether the machine is virtual. Privileged only hides an ordinary cause: it switches the device rules off and shows all of /dev. Memory windows are the one thing that is scarcer here: large cards want a UEFI guest.',
      },
      source: 'seed 2, sections 1, 4, 9 and 11; field reference 2.4 (is privileged needed? no)',
      probes: ['where'],
      bears: 'advice',
      decide: f => {
        const by = need(f.where.hypervisor);
        if (by === 'kvm' || by === 'qemu')
          return { is: 'kvm', found: 'KVM: vfio-pci belongs on the host, the card here is an ordinary device' };
        if (by === 'vmware') return { is: 'vmware', found: 'VMware: the ordinary driver, no VMware tools for the GPU' };
        if (by === 'microsoft')
          return { is: 'hyperv', found: 'Hyper-V or Azure: a whole card, or a share with its own driver' };
        if (by === 'amazon' || by === 'google')
          return { is: 'cloud', found: `${by === 'amazon' ? 'Amazon' : 'Google'}: the ordinary configuration works` };
        return { is: 'other', found: by };
      },
      on: {
        kvm: to('hardware'),
        vmware: to('hardware'),
        hyperv: to('hardware'),
        cloud: to('hardware'),
        other: to('hardware'),
        cannotTell: to('hardware'),
      },
    }),
  },
});
