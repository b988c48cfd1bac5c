/** Where am I: platform, distribution, who is asking. */
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { probe, read, run, stat } from '../../src/engine/probe.ts';
import { exists, text, word } from './answers.ts';

export interface WhereFacts {
  /** PRETTY_NAME of os-release. */
  readonly os: Maybe<string>;
  /** ID and ID_LIKE, lower case: "ubuntu", "debian". */
  readonly family: readonly string[];
  readonly kernel: Maybe<string>;
  readonly arch: Maybe<string>;
  /** systemd-detect-virt -v: "kvm", "vmware", "none"… */
  readonly hypervisor: Maybe<string>;
  /** systemd-detect-virt -c: "lxc", "docker", "none"… */
  readonly container: Maybe<string>;
  readonly wsl: boolean;
  /** First line of nv_tegra_release or the model of the device tree; null on other machines. */
  readonly tegra: Maybe<string | null>;
  /** The model of the device tree on a Jetson; empty elsewhere. */
  readonly board: string;
  readonly dxg: Maybe<boolean>;
  readonly uid: Maybe<number>;
  readonly host: Maybe<string>;
}

const field = (osRelease: string, key: string) =>
  new RegExp(`^${key}=(.*)$`, 'm')
    .exec(osRelease)?.[1]
    ?.trim()
    .replace(/^"(.*)"$/, '$1');

export const where = probe({
  id: 'where',
  looks: 'what kind of machine this is',
  needs: () => ({
    osRelease: read('/etc/os-release'),
    uname: run('uname', '-srm'),
    virt: run('systemd-detect-virt', '-v'),
    container: run('systemd-detect-virt', '-c'),
    tegra: read('/etc/nv_tegra_release'),
    model: read('/proc/device-tree/model'),
    soc: read('/sys/devices/soc0/family'),
    dxg: stat('/dev/dxg'),
    id: run('id', '-u'),
    host: run('hostname'),
  }),
  read: (a): WhereFacts => {
    const release = text(a.osRelease, '/etc/os-release');
    const os =
      typeof release === 'string' ? (field(release, 'PRETTY_NAME') ?? 'Linux') : release === null ? 'Linux' : release;
    const uname = word(a.uname, 'uname -srm');
    const [, kernel, arch] = typeof uname === 'string' ? uname.split(/\s+/) : [];
    const uid = word(a.id, 'id -u');
    const l4t = text(a.tegra, '/etc/nv_tegra_release');
    const model = text(a.model, '/proc/device-tree/model');
    const soc = text(a.soc, '/sys/devices/soc0/family');
    const board = typeof model === 'string' && /jetson|orin|thor|xavier/i.test(model) ? model : null;
    const family = typeof soc === 'string' && /^tegra/i.test(soc) ? soc : null;
    return {
      os,
      family:
        typeof release === 'string'
          ? `${field(release, 'ID') ?? ''} ${field(release, 'ID_LIKE') ?? ''}`
              .toLowerCase()
              .split(/\s+/)
              .filter(Boolean)
          : [],
      kernel: isUnknown(uname) ? uname : (kernel ?? ''),
      arch: isUnknown(uname) ? uname : (arch ?? ''),
      hypervisor: word(a.virt, 'systemd-detect-virt -v'),
      container: word(a.container, 'systemd-detect-virt -c'),
      // "…-microsoft-standard-WSL2"; the first WSL, which has no GPU, ends in "-Microsoft".
      wsl: /-microsoft(-standard|$)/i.test(kernel ?? ''),
      tegra:
        typeof l4t === 'string'
          ? l4t.split('\n')[0]!.replace(/^#\s*/, '')
          : (board ?? family ?? (isUnknown(l4t) ? l4t : null)),
      board: board?.replaceAll('\0', '') ?? '',
      dxg: exists(a.dxg, '/dev/dxg'),
      uid: isUnknown(uid) ? uid : Number(uid),
      host: word(a.host, 'hostname'),
    };
  },
});

/** Windows brings it along; in WSL there is no module that it could load. */
export const WINDOWS_SMI = '/usr/lib/wsl/lib/nvidia-smi';

/** What Windows answers for the GPU, where this is WSL. */
export const windowsSmi = probe({
  id: 'windowsSmi',
  looks: 'what Windows says of the GPU',
  after: ['where'],
  needs: ({ where }: { readonly where: WhereFacts }): Record<string, ReturnType<typeof run>> =>
    where.wsl ? { smi: run(WINDOWS_SMI, '-L') } : {},
  read: (a): Maybe<string> =>
    a.smi?.kind === 'exited' ? `${a.smi.stdout}${a.smi.stderr}` : unknown(a.smi?.kind ?? 'unrecorded', WINDOWS_SMI),
});
