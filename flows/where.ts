import { check, flow, stop, to } from '../src/engine/flow.ts';
import { need, or } from '../src/engine/known.ts';

/** The root of the tree. */
export const where = flow({
  id: 'where',
  title: 'Where am I',
  about: 'Which kind of machine this is decides which part of the field applies at all.',
  start: 'platform',
  nodes: {
    platform: check({
      title: 'Machine',
      question: 'What kind of machine is this?',
      why: {
        line: 'WSL, Jetson, virtual machines and bare metal get their GPU in different ways.',
        paragraph:
          'A discrete GPU is a PCI function with a kernel module of its own. Under WSL the driver lives on Windows, on a Jetson the GPU is part of the chip. Advice for one of them does damage on another.',
        mechanism:
          '/dev/dxg or a Microsoft kernel means WSL2; nv_tegra_release, the device tree or soc0/family means Tegra; systemd-detect-virt tells a virtual machine and a container. The container toolkit asks the same questions when it picks its mode.',
      },
      source: 'field reference 3.1 T0; 1.9',
      probes: ['where'],
      decide: f => {
        const os = or(f.where.os, 'Linux');
        if (f.where.wsl || or(f.where.dxg, false)) return { is: 'wsl', found: `${os} in WSL2` };
        const tegra = need(f.where.tegra);
        if (tegra !== null) return { is: 'tegra', found: `Jetson (${tegra.slice(0, 40)})` };
        const hypervisor = or(f.where.hypervisor, 'none');
        const container = or(f.where.container, 'none');
        if (container !== 'none' && /lxc|docker|podman|nspawn/.test(container)) return { is: 'container', found: `${os} inside a container (${container})` };
        return hypervisor === 'none' || hypervisor === '' ? { is: 'metal', found: `${os}` } : { is: 'vm', found: `${os}, virtual machine (${hypervisor})` };
      },
      on: { metal: to('hardware'), vm: to('hardware'), container: to('hardware'), wsl: to('wsl'), tegra: to('tegra'), cannotTell: to('hardware') },
    }),
  },
});

export const wsl = flow({
  id: 'wsl',
  title: 'WSL',
  about: 'Under WSL2 the driver is on the Windows side and reaches Linux through /dev/dxg.',
  start: 'adapter',
  nodes: {
    adapter: check({
      title: 'WSL adapter',
      question: 'Does Windows hand a GPU to this distribution?',
      why: {
        line: 'Without /dev/dxg nothing of the GPU reaches Linux; the cure is on Windows.',
        paragraph:
          'The Windows driver shares the GPU with WSL2 through one paravirtual device. If it is missing, the Windows driver is too old, GPU support is off, or WSL was not restarted after a driver update.',
        mechanism: 'libdxcore talks to /dev/dxg; libcuda and libnvidia-ml are stubs below /usr/lib/wsl/lib that forward to Windows.',
      },
      source: 'wsl-no-adapter; field reference 1.9',
      probes: ['where'],
      decide: f => (need(f.where.dxg) ? { is: 'present', found: '/dev/dxg' } : { is: 'missing', found: 'no /dev/dxg' }),
      on: { present: to('request'), missing: stop('wsl-no-adapter'), cannotTell: to('request') },
    }),
  },
});

export const tegra = flow({
  id: 'tegra',
  title: 'Jetson',
  about: 'On a Jetson the runtime injects what CSV lists name.',
  start: 'lists',
  nodes: {
    lists: check({
      title: 'CSV lists',
      question: 'Do the CSV lists exist, and does what they name exist?',
      why: {
        line: 'A file that a list names and the host lacks is left out without an error.',
        paragraph:
          'The runtime turns devices.csv, drivers.csv and l4t.csv into the mounts of the container. Missing files are only warnings in its own log, so the container starts without its libraries.',
        mechanism: 'csv mode builds a CDI spec in memory from the lists; lines are "dev|dir|lib|sym, path". The folder changed from tegra to nvidia with R36.',
      },
      source: 'tegra-csv-missing-or-empty; seed 3',
      probes: ['csvLists', 'csvLines', 'csvPaths'],
      decide: f => {
        const lists = need(f.csvLists.lists);
        if (lists.length === 0) return { is: 'none', found: 'no CSV list', seen: [{ from: '/etc/nvidia-container-runtime/host-files-for-container.d', shows: 'holds no devices.csv, drivers.csv or l4t.csv' }] };
        const gone = f.csvLines.paths.filter(p => !p.path.includes('*') && need(f.csvPaths.there.get(p.path) ?? true) === false);
        return gone.length === 0
          ? { is: 'complete', found: `${lists.join(', ')}: ${f.csvLines.paths.length} entries, all there` }
          : { is: 'gaps', found: `${gone.length} of ${f.csvLines.paths.length} entries are missing`, seen: gone.slice(0, 6).map(p => ({ from: p.list, shows: `${p.kind}, ${p.path}: not there` })) };
      },
      on: {
        complete: to('request'),
        gaps: stop('tegra-csv-missing-or-empty', to('request')),
        none: stop('tegra-csv-missing-or-empty', to('request')),
        cannotTell: to('request'),
      },
    }),
  },
});
