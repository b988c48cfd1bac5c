/** MIG: the capability nodes behind the instances, and what containers ask for by name. */
import type { Ran } from '../../src/box/box.ts';
import { type Maybe, or, unknown } from '../../src/engine/known.ts';
import { list, probe, read, run } from '../../src/engine/probe.ts';
import { type Answers, json, names, record, strings, text } from './answers.ts';
import type { SmiFacts } from './driver.ts';
import type { WhereFacts } from './where.ts';
import { EVERY_CONTAINER } from './workloads.ts';

type Known = { readonly smi: SmiFacts; readonly where: WhereFacts };

export const hasMig = (smi: Pick<SmiFacts, 'migModes'>): boolean => smi.migModes.includes('Enabled');

export interface MigFacts {
  /** Names below /dev/nvidia-caps; null where there is no such folder. */
  readonly caps: Maybe<readonly string[] | null>;
  /** "gpu0/gi1/access" to its minor number, as the driver lists them. */
  readonly minors: ReadonlyMap<string, number>;
}

const CAPS = '/dev/nvidia-caps';
const MINORS = '/proc/driver/nvidia-caps/mig-minors';

export const mig = probe({
  id: 'mig',
  looks: 'the MIG instances',
  after: ['smi'],
  needs: ({ smi }: Known): Record<string, ReturnType<typeof read> | ReturnType<typeof list>> =>
    hasMig(smi) ? { caps: list(CAPS), minors: read(MINORS) } : {},
  read: (answers): MigFacts => {
    const a: Answers = answers;
    const table = a.minors ? (or(text(a.minors, MINORS), '') ?? '') : '';
    return {
      caps: a.caps ? names(a.caps, CAPS) : unknown('unrecorded', CAPS),
      minors: new Map([...table.matchAll(/^(\S+)\s+(\d+)$/gm)].map(m => [m[1]!, Number(m[2])])),
    };
  },
});

export interface Wanted {
  readonly container: string;
  /** Of Compose; empty for a container that was made otherwise. */
  readonly project: string;
  readonly service: string;
  readonly files: readonly string[];
  /** Device names as they were asked for, and where: "NVIDIA_VISIBLE_DEVICES", "device request". */
  readonly devices: readonly { readonly name: string; readonly from: string }[];
}

/** Containers matter here only where device names are special: with MIG, under WSL and on a Jetson. */
export const namedDevices = probe({
  id: 'namedDevices',
  looks: 'the containers of this machine',
  after: ['smi', 'where'],
  needs: ({ smi, where }: Known): Record<string, ReturnType<typeof run>> =>
    hasMig(smi) || where.wsl || or(where.tegra, null) !== null ? { ps: run(...EVERY_CONTAINER) } : {},
  read: (answers): readonly string[] => {
    const ps: Ran | undefined = (answers as Answers).ps;
    if (ps?.kind !== 'exited' || ps.code !== 0) return [];
    return [...ps.stdout.matchAll(/"ID":"([0-9a-f]{12,})"/g)].map(m => m[1]!).slice(0, 40);
  },
});

const label = (name: string) => `{{"\\t"}}{{index .Config.Labels "com.docker.compose.${name}"}}`;
/** Name, device requests, Compose labels and two variables on one line; of others a container's environment is not read. */
export const WANTED_FORMAT = `{{.Name}}{{"\\t"}}{{json .HostConfig.DeviceRequests}}${['project', 'service', 'project.config_files'].map(label).join('')}{{range .Config.Env}}{{$n := index (split . "=") 0}}{{if eq $n "NVIDIA_VISIBLE_DEVICES" "CUDA_VISIBLE_DEVICES"}}{{"\\t"}}{{.}}{{end}}{{end}}`;

export const wanted = probe({
  id: 'wanted',
  looks: 'which devices containers ask for',
  after: ['namedDevices'],
  needs: ({ namedDevices }: { readonly namedDevices: readonly string[] }): Record<string, ReturnType<typeof run>> =>
    namedDevices.length > 0 ? { inspect: run('docker', 'inspect', '--format', WANTED_FORMAT, ...namedDevices) } : {},
  read: (answers): readonly Wanted[] => {
    const ran: Ran | undefined = (answers as Answers).inspect;
    if (ran?.kind !== 'exited') return [];
    return ran.stdout
      .split('\n')
      .filter(line => line.startsWith('/'))
      .map(line => {
        const [container = '', raw = 'null', project = '', service = '', files = '', ...env] = line.split('\t');
        const requests = json(raw, 'docker inspect');
        return {
          container: container.slice(1),
          project,
          service,
          files: files.split(',').filter(p => p.startsWith('/')),
          devices: [
            ...(Array.isArray(requests) ? requests : []).flatMap(r =>
              strings(record(r).DeviceIDs).map(name => ({ name, from: 'device request' })),
            ),
            ...env.flatMap(e => {
              const at = e.indexOf('=');
              const names = e.slice(at + 1).split(',');
              return names.map(name => ({ name: name.trim(), from: e.slice(0, at) }));
            }),
          ],
        };
      });
  },
});

/** Whether the engine runs in a user namespace of its own, which an unprivileged system container always does. */
export const nested = probe({
  id: 'nested',
  looks: 'whether this system container is privileged',
  after: ['where'],
  needs: ({ where }: Known): Record<string, ReturnType<typeof read>> =>
    /lxc/.test(or(where.container, '')) ? { map: read('/proc/self/uid_map') } : {},
  read: (answers): Maybe<boolean | null> => {
    const a: Answers = answers;
    if (!a.map) return null;
    const map = text(a.map, '/proc/self/uid_map');
    return typeof map === 'string'
      ? !/^\s*0\s+0\s+4294967295\s*$/.test(map)
      : unknown('unreadable', '/proc/self/uid_map');
  },
});
