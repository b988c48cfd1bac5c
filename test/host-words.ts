/** Words for what is edited in a recorded machine: its kernel log, nvidia-smi -q, MIG, and the kinds of machine. */
import { KERNEL_JOURNAL } from '../flows/probes/kernel-log.ts';
import type { SnapshotCommand } from '../src/snapshot/snapshot.ts';
import type { Edit } from './edited.ts';
import { QUERY, SMI } from './verdicts/words.ts';

/** A command whose arguments hold spaces. */
export const answers =
  (argv: readonly string[], stdout: string, code = 0, stderr = '') =>
  (b: Edit): Edit => {
    b.draft.commands.push({ argv, code, stdout, stderr } as unknown as SnapshotCommand);
    return b;
  };

/** Lines of this boot, oldest first; the journal prints the newest first. */
export const kernelSays = (...lines: readonly string[]) =>
  answers(
    KERNEL_JOURNAL,
    lines
      .map((line, i) => `[${(10 + 100 * i).toFixed(6).padStart(12)}] gpu-box kernel: ${line}\n`)
      .reverse()
      .join(''),
  );

type Section = { readonly [name: string]: string | Section };
const indented = (section: Section, depth: number): string =>
  Object.entries(section)
    .map(([name, value]) => {
      const at = ' '.repeat(4 * depth);
      return typeof value === 'string'
        ? `${`${at}${name}`.padEnd(42)}: ${value}\n`
        : `${at}${name}\n${indented(value, depth + 1)}`;
    })
    .join('');
/** nvidia-smi -q with these sections for the one card. */
export const cardSays = (section: Section) => (b: Edit) =>
  b.says(
    'nvidia-smi -q',
    `\n==============NVSMI LOG==============\n\nAttached GPUs                             : 1\nGPU 00000000:01:00.0\n${indented(section, 1)}`,
  );
export const awake = (mode: string, display: string) => (b: Edit) =>
  cardSays({ 'Persistence Mode': mode, 'Display Active': display })(b).says(
    'systemctl is-active nvidia-persistenced',
    'inactive\n',
    3,
  );

export const notLoaded = (b: Edit) => b.says('modinfo -F version nvidia', '580.126.09\n');
export const modinfo =
  (signer: string, license = 'Dual MIT/GPL') =>
  (b: Edit) =>
    b.says(
      'modinfo nvidia',
      `version:        580.126.09\nlicense:        ${license}\n${signer ? `signer:         ${signer}\n` : ''}`,
    );
export const secureBoot = (b: Edit) =>
  b.file('/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c', '\x06\0\0\0\x01');
/** A driver that DKMS knows, with the log of a failed build. */
export const dkms = (version: string, log: string | null) => (b: Edit) => {
  b.dir('/var/lib/dkms/nvidia', [version, 'kernel-6.12.0-x86_64']);
  return b.file(`/var/lib/dkms/nvidia/${version}/build/make.log`, log);
};
export const libraries = (version: string) => (b: Edit) =>
  b.dir('/usr/lib/x86_64-linux-gnu', [`libcuda.so.${version}`, `libnvidia-ml.so.${version}`]);

export const virtual = (b: Edit) => b.says('systemd-detect-virt -v', 'kvm\n');
export const lxc = (b: Edit) => b.says('systemd-detect-virt -c', 'lxc\n');
export const uid = (map: string) => (b: Edit) => b.file('/proc/self/uid_map', `         ${map}\n`);
export const wsl = (b: Edit) =>
  b.says('uname -srm', 'Linux 6.6.87.2-microsoft-standard-WSL2 x86_64\n').thing('/dev/dxg', { type: 'char' });
export const libcuda = (path: string) => (b: Edit) => {
  for (const argv of ['ldconfig -p', 'ldconfig -p -C /etc/ld.so.cache'])
    b.says(argv, `\tlibcuda.so.1 (libc6,x86-64) => ${path}\n`);
  return b;
};

const CARD = 'NVIDIA A100-SXM4-40GB';
export const nvswitch = (b: Edit) =>
  b
    .says(
      'lspci -Dnnk -d 10de:',
      `0000:01:00.0 3D controller [0302]: NVIDIA Corporation GA100 [A100 SXM4 40GB] [10de:20b0] (rev a1)\n\tKernel driver in use: nvidia\n0000:c4:00.0 Bridge [0680]: NVIDIA Corporation GA100 [A100 NVSwitch] [10de:1af1] (rev a1)\n\tKernel driver in use: nvidia-nvswitch\n`,
    )
    .says('systemctl show nvidia-fabricmanager --property=LoadState', 'LoadState=loaded\n');
/** The card in MIG mode, with these instances. */
export const migOn =
  (...uuids: readonly string[]) =>
  (b: Edit) =>
    b
      .says(
        SMI,
        `GPU 0: ${CARD} (UUID: GPU-1)\n${uuids.map((u, i) => `  MIG 1g.5gb      Device  ${i}: (UUID: ${u})\n`).join('')}`,
      )
      .says(QUERY, `${CARD}, 580.126.09, GPU-1, 00000000:01:00.0, Enabled\n`);
export const secondCard = (b: Edit) => {
  const list = b.draft.commands.find(c => c.argv.join(' ') === SMI)?.stdout ?? '';
  return b
    .says(SMI, `${list}GPU 1: ${CARD} (UUID: GPU-2)\n`)
    .says(
      QUERY,
      `${CARD}, 580.126.09, GPU-1, 00000000:01:00.0, Enabled\n${CARD}, 580.126.09, GPU-2, 00000000:02:00.0, Enabled\n`,
    );
};
