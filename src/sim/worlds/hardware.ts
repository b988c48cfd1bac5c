/** Boxes without a usable GPU; nothing in software brings one. */
import { file } from '../fs.ts';
import { showKernel } from '../kernel.ts';
import type { World } from '../world.ts';
import { machine } from './machine.ts';

export const noGpu = (): World =>
  machine({ name: 'no-gpu', docker: '26.1.5', toolkit: '1.17.8', gpu: false, driver: null });

export const vmNoPassthrough = (): World => {
  const world = machine({ name: 'vm-no-passthrough', docker: '29.7.2', toolkit: '1.20.0', gpu: false, vm: 'kvm' });
  (world.pci as unknown[]).push({
    slot: '0000:00:02.0',
    class: '0300',
    className: 'VGA compatible controller',
    id: '1af4:1050',
    text: 'Red Hat, Inc. Virtio 1.0 GPU',
    revision: '01',
    driver: 'virtio-pci',
  });
  showKernel(world);
  file(world.fs, '/sys/class/dmi/id/sys_vendor', 'QEMU\n');
  file(world.fs, '/sys/class/dmi/id/product_name', 'Standard PC (Q35 + ICH9, 2009)\n');
  return world;
};

export const nouveau = (): World => {
  const world = machine({ name: 'nouveau', docker: '26.1.5', toolkit: '1.17.8' });
  world.kernel.loaded = ['e1000e', 'overlay', 'nouveau'];
  for (const f of world.pci) if (f.driver === 'nvidia') f.driver = 'nouveau';
  for (const n of ['nvidiactl', 'nvidia0', 'nvidia-modeset', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-caps'])
    world.fs.entries.delete(`/dev/${n}`);
  for (const n of ['nvidiactl', 'nvidia0', 'nvidia-modeset', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-caps'])
    world.fs.children.get('/dev')?.delete(n);
  showKernel(world);
  return world;
};
