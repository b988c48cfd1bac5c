import { check, flow, risk, stop, to } from '../src/engine/flow.ts';
import { need, or } from '../src/engine/known.ts';
import { WINDOWS_SMI } from './probes/where.ts';

const BLOCKED = /GPU access blocked by the operating system/i;

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
        if (container !== 'none' && /lxc|docker|podman|nspawn/.test(container))
          return { is: 'container', found: `${os} inside a container (${container})` };
        return hypervisor === 'none' || hypervisor === ''
          ? { is: 'metal', found: `${os}` }
          : { is: 'vm', found: `${os}, virtual machine (${hypervisor})` };
      },
      on: {
        metal: to('hardware'),
        vm: to('vfio-vm'),
        container: to('hardware'),
        wsl: to('wsl'),
        tegra: to('jetson'),
        cannotTell: to('hardware'),
      },
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
        mechanism:
          'libdxcore talks to /dev/dxg; libcuda and libnvidia-ml are stubs below /usr/lib/wsl/lib that forward to Windows.',
      },
      source: 'wsl-no-adapter; field reference 1.9',
      probes: ['where', 'windowsSmi'],
      decide: f => {
        if (!need(f.where.dxg))
          return { is: 'missing', found: 'no /dev/dxg', seen: [{ from: '/dev', shows: 'dxg is not there' }] };
        const blocked = or(f.windowsSmi, '')
          .split('\n')
          .find(l => BLOCKED.test(l));
        return blocked === undefined
          ? { is: 'present', found: '/dev/dxg' }
          : {
              is: 'blocked',
              found: 'Windows hands no GPU through /dev/dxg',
              seen: [{ from: WINDOWS_SMI, shows: blocked.trim() }],
            };
      },
      on: {
        present: 'shadowed',
        missing: stop('wsl-no-adapter'),
        blocked: stop('wsl-no-adapter'),
        cannotTell: 'shadowed',
      },
    }),
    shadowed: check({
      title: 'WSL libraries',
      question: 'Does the loader find the libraries of Windows first?',
      why: {
        line: 'A Linux driver inside WSL hides the libraries that Windows provides.',
        paragraph:
          'The meta package cuda, or a driver package, brings a libcuda of its own. It is found before the one of Windows and has no device to talk to. The toolkit packages may stay, the driver packages must go.',
        mechanism:
          'Windows mounts its stubs at /usr/lib/wsl/lib and names the folder in /etc/ld.so.conf.d. The first libcuda.so.1 of the loader cache is the one that programs and the toolkit take.',
      },
      source: 'wsl-linux-driver-installed',
      probes: ['libraries'],
      bears: 'advice',
      decide: f => {
        const path = need(f.libraries.cached).get('libcuda.so.1');
        return path === undefined || path.startsWith('/usr/lib/wsl/')
          ? { is: 'ofWindows', found: path ?? 'not in the loader cache' }
          : {
              is: 'ofLinux',
              found: `${path} comes first`,
              seen: [{ from: 'ldconfig -p', shows: `libcuda.so.1 => ${path}` }],
            };
      },
      on: { ofWindows: 'names', ofLinux: stop('wsl-linux-driver-installed', 'names'), cannotTell: 'names' },
    }),
    names: check({
      title: 'WSL device names',
      question: 'Do the containers here ask for the one device that WSL has?',
      why: {
        line: 'WSL has a single device, called all; numbers do not resolve.',
        paragraph:
          'All cards of Windows reach Linux through one node, so a spec made here knows one device. A request for nvidia.com/gpu=0 that works elsewhere cannot be resolved here.',
        mechanism:
          'The wsl mode of nvidia-ctk cdi generate writes a single device for /dev/dxg. The shipped refresh units know WSL from 1.19.1 on.',
      },
      source: 'wsl-cdi-device-names',
      probes: ['wanted'],
      bears: 'advice',
      decide: f => {
        const numbered = f.wanted.flatMap(w =>
          w.devices.filter(d => /^nvidia\.com\/gpu=(?!all$)/.test(d.name)).map(d => ({ ...d, container: w.container })),
        );
        return numbered.length === 0
          ? { is: 'all', found: 'none asks for another' }
          : {
              is: 'numbered',
              found: `${numbered[0]!.container} asks for ${numbered[0]!.name}`,
              seen: numbered
                .slice(0, 3)
                .map(n => ({ from: `docker inspect ${n.container}`, shows: `${n.from}: ${n.name}` })),
            };
      },
      on: {
        all: to('request'),
        numbered: risk('wsl-cdi-device-names', to('request')),
        cannotTell: to('request'),
      },
    }),
  },
});
