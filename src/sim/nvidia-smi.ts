/** nvidia-smi, on the host and in a container. */
import type { Ran } from '../box/box.ts';
import { wakeDriver } from './kernel.ts';
import { hostView, type NvmlError, nvmlInit, type View } from './nvml.ts';
import { type Gpu, out, type Program, type World } from './world.ts';

const failures: Readonly<Record<NvmlError, readonly [number, string]>> = {
  'library not found': [
    12,
    "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\nPlease also try adding directory that contains libnvidia-ml.so to your system PATH.\n",
  ],
  'driver not loaded': [
    9,
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
  ],
  'version mismatch': [18, 'Failed to initialize NVML: Driver/library version mismatch\n'],
  unknown: [255, 'Failed to initialize NVML: Unknown Error\n'],
  'insufficient permissions': [4, 'Failed to initialize NVML: Insufficient Permissions\n'],
};

const column = (gpu: Gpu, index: number, driver: string, field: string): string =>
  ({
    index: String(index),
    uuid: gpu.uuid,
    gpu_uuid: gpu.uuid,
    name: gpu.name,
    gpu_name: gpu.name,
    driver_version: driver,
    'pci.bus_id': `0000${gpu.bus.toUpperCase()}`,
    gpu_bus_id: `0000${gpu.bus.toUpperCase()}`,
    'mig.mode.current': gpu.mig ? 'Enabled' : '[N/A]',
    'mig.mode.pending': '[N/A]',
    persistence_mode: 'Disabled',
    'memory.total': `${gpu.memoryMiB} MiB`,
    'memory.used': '1 MiB',
    compute_mode: 'Default',
    compute_cap: gpu.architecture,
    serial: '[N/A]',
    count: '1',
  })[field] ?? '[N/A]';

const table = (gpus: readonly Gpu[], version: string, driver: string, cuda: string, now: number): string => {
  const bar = `+${'-'.repeat(89)}+\n`;
  const split = (mark: string, l: string, m: string, r: string): string =>
    `${l}${mark.repeat(41)}${m}${mark.repeat(24)}${m}${mark.repeat(22)}${r}\n`;
  const date = new Date(now * 1000);
  const head = `${date.toUTCString().slice(0, 3)} ${date.toUTCString().slice(8, 11)} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)} ${date.getUTCFullYear()}       \n`;
  const rows = gpus.map((g, i) => {
    const name = g.name.length > 25 ? `${g.name.slice(0, 22)}...` : g.name;
    return (
      `| ${String(i).padStart(3)}  ${name.padEnd(27)}   Off |   0000${g.bus.toUpperCase()} Off |                  N/A |\n` +
      `| N/A   30C    P8             12W /  285W |       1MiB / ${String(g.memoryMiB).padStart(6)}MiB |      0%      Default |\n` +
      `|                                         |                        |                  N/A |\n${split('-', '+', '+', '+')}`
    );
  });
  return (
    `${head}${bar}| NVIDIA-SMI ${version.padEnd(22)} Driver Version: ${driver.padEnd(14)} CUDA Version: ${cuda.padEnd(8)} |\n${split('-', '|', '+', '+')}` +
    '| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n' +
    '| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |\n' +
    '|                                         |                        |               MIG M. |\n' +
    `${split('=', '|', '+', '|')}${rows.join('')}${' '.repeat(89)}\n${bar}| Processes:${' '.repeat(78)}|\n` +
    '|  GPU   GI   CI        PID   Type   Process name                              GPU Memory |\n' +
    `|        ID   ID                                                               Usage      |\n|${'='.repeat(89)}|\n` +
    `|  No running processes found${' '.repeat(61)}|\n${bar}`
  );
};

/** Runs nvidia-smi for a process that sees the driver in this way. */
export const smi = (world: World, view: View, args: readonly string[]): Ran => {
  const nvml = nvmlInit(world, view);
  if (!nvml.ok) {
    const [code, words] = failures[nvml.error];
    return out(
      nvml.version ? `${words}NVML library version: ${nvml.version.split('.').slice(0, 2).join('.')}\n` : words,
      '',
      code,
    );
  }
  const { gpus, driver, library } = nvml;
  const cuda = world.gpus[0]?.cuda ?? 'N/A';
  if (args.includes('--version'))
    return out(
      `NVIDIA-SMI version  : ${library}\nNVML version        : ${library.split('.').slice(0, 2).join('.')}\nDRIVER version      : ${driver}\nCUDA Version        : ${cuda}\n`,
    );
  if (gpus.length === 0) return out('No devices were found\n', '', args.length === 0 ? 6 : 6);
  if (args.includes('-L') || args.includes('--list-gpus'))
    return out(
      gpus
        .map((g, i) => {
          const parts = (g.mig ?? []).map(
            (m, n) => `  MIG ${m.profile.padEnd(12)} Device ${String(n).padStart(2)}: (UUID: ${m.uuid})\n`,
          );
          return `GPU ${i}: ${g.name} (UUID: ${g.uuid})\n${parts.join('')}`;
        })
        .join(''),
    );
  const query = args.find(a => a.startsWith('--query-gpu='));
  if (query) {
    const wanted = query.slice(12).split(',');
    const format = (args.find(a => a.startsWith('--format=')) ?? '').split(',');
    const header = format.includes('noheader') ? '' : `${wanted.join(', ')}\n`;
    return out(header + gpus.map((g, i) => `${wanted.map(f => column(g, i, driver, f)).join(', ')}\n`).join(''));
  }
  if (args[0] === '-q')
    return out(
      `\n==============NVSMI LOG==============\n\nDriver Version                            : ${driver}\nCUDA Version                              : ${cuda}\n\nAttached GPUs                             : ${gpus.length}\n` +
        gpus
          .map(
            g =>
              `GPU 0000${g.bus.toUpperCase()}\n    Product Name                          : ${g.name}\n    Product Brand                         : ${g.brand}\n    GPU UUID                              : ${g.uuid}\n    MIG Mode\n        Current                           : ${g.mig ? 'Enabled' : 'N/A'}\n        Pending                           : ${g.mig ? 'Enabled' : 'N/A'}\n${g.settings ?? ''}`,
          )
          .join(''),
    );
  if (args.length > 0)
    return out(`Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n`, '', 1);
  return out(table(gpus, library, driver, cuda, world.fs.now));
};

export const nvidiaSmi: Program = ({ world, args, root }) => {
  wakeDriver(world, root);
  return smi(world, hostView(world), args);
};
