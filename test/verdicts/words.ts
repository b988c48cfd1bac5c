/** Words for the cases: what was done to a recorded machine. */
import type { WayId } from '../../src/engine/flow.ts';
import { type Edit, edit } from '../edited.ts';

/** The verdict that must be met ("flow.node.verdict"), the form of request that is walked, and the box. */
export type Case = readonly [verdict: string, way: WayId, box: () => Edit];

export const GPU =
  '0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD103 [GeForce RTX 4070 Ti SUPER] [10de:2705]';
export const SMI = 'nvidia-smi -L';
export const QUERY =
  'nvidia-smi --query-gpu=name,driver_version,uuid,pci.bus_id,mig.mode.current --format=csv,noheader';
export const WHICH =
  'which nvidia-ctk nvidia-container-runtime nvidia-container-runtime-hook nvidia-container-cli nvidia-cdi-hook';
export const CONFIG = '/etc/nvidia-container-runtime/config.toml';
export const CSV = '/etc/nvidia-container-runtime/host-files-for-container.d';
export const SPEC = '/var/run/cdi/nvidia.yaml';
export const bin = (...names: string[]) => names.map(n => `/usr/bin/${n}\n`).join('');
export const smi = (code: number, says: string) => (b: Edit) => b.says(SMI, says, code).says(QUERY, says, code);
export const on =
  (name: string, ...changes: ((b: Edit) => Edit)[]) =>
  () =>
    changes.reduce((b, c) => c(b), edit(name));
export const lspci = (text: string) => (b: Edit) => b.says('lspci -Dnnk -d 10de:', text);
export const tegra = (b: Edit) =>
  b.file('/etc/nv_tegra_release', '# R36 (release), REVISION: 4.0').says(SMI, '', 9).says(QUERY, '', 9);
export const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
/** The loader cache holds the management half of the driver only. */
export const noLibcuda = (b: Edit) =>
  b.says('ldconfig -p', `\tlibnvidia-ml.so.1 (libc6,x86-64) => ${LIBRARIES}/libnvidia-ml.so.1\n`);
export const noSpec = (b: Edit) => b.file(SPEC, null).file('/run/cdi/nvidia.yaml', null);
export const cdiOff = (b: Edit) => b.info(i => Object.assign(i, { CDISpecDirs: [] }));
export const inSpec = (from: string | RegExp, to: string) => (b: Edit) => b.spec(SPEC, t => t.replace(from, to));
