/** What can be done for one container from here: a restart, one switch of a policy; and how rights are taken back. */
import type { Fix } from '../../src/engine/fix.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import { read } from '../../src/engine/probe.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import { text } from '../probes/answers.ts';
import type { ContainerRecord } from '../probes/container-record.ts';
import type { Facts } from '../probes/index.ts';
import { containerOf } from '../probes/subject.ts';
import { excess, isOverPrivileged } from '../rules/container.ts';
import { containerGuides } from './guides-container.ts';
import { applies, byHand, type Draft, does, refuse, root } from './make.ts';

/** Restarts the container that was named, and only that one; `why` completes "Restarts NAME alone: ...". */
const restarts =
  (why: string, afterwards: string) =>
  (f: Facts): Draft | Refusal => {
    const c = containerOf(f.subjectRecord);
    if (c === null) return refuse('no container was named', 'gpumedic check --container NAME');
    return {
      summary: `Restarts ${c.name} alone: ${why}`,
      steps: [],
      settle: [root(['docker', 'restart', c.name], 120_000)],
      interrupts: {
        containers: [{ name: c.name, image: c.image, restart: 'restarted at once' }],
        liveRestore: false,
        services: [],
      },
      afterwards: [afterwards],
    };
  };

export const restartNamed = applies({
  id: 'restart-this-container',
  title: 'Restart this one container now',
  mends: ['cgroup-lost-after-daemon-reload'],
  privilege: 3,
  effect: ['RX'],
  source: '2.7 cgroup-lost-after-daemon-reload, first choice',
  fits: f => containerOf(f.subjectRecord)?.status === 'running',
  plan: restarts(
    'the hook makes its device rules anew. Nothing else is touched.',
    'So that it does not come back, ask by CDI name: then systemd knows the devices itself.',
  ),
});

/** A container of the boot may be up before anything made the node; the next start takes it along. */
export const restartEarly = applies({
  id: 'restart-early-container',
  title: 'Start the container again, now that the node is there',
  mends: ['nvidia-uvm-missing'],
  privilege: 3,
  effect: ['RX'],
  source: '2.2 nvidia-uvm-missing; containers keep the nodes they were started with',
  fits: f =>
    containerOf(f.subjectRecord)?.status === 'running' && or(f.nodes.present, new Set<string>()).has('nvidia-uvm'),
  plan: restarts(
    'it takes along the nodes that the host has now.',
    'If it starts too early at each boot, let its unit come after the one that makes the node.',
  ),
});

const BOOLEAN = 'container_use_xserver_devices';
const BOOLEAN_FILE = `/sys/fs/selinux/booleans/${BOOLEAN}`;

export const allowXserverDevices = applies({
  id: 'allow-gpu-nodes-in-selinux',
  title: 'Let containers use the GPU nodes in the SELinux policy',
  mends: ['selinux-denied'],
  privilege: 3,
  effect: ['E1'],
  source: '2.11 selinux-denied, first choice; setenforce 0 is never offered',
  fits: f => f.subjectHost !== null && or(f.subjectHost.selinux, null) === 'Enforcing',
  needs: () => ({ boolean: read(BOOLEAN_FILE) }),
  plan: (_, a) => {
    const now = text(a.boolean, BOOLEAN_FILE);
    if (isUnknown(now)) return refuse(`${BOOLEAN_FILE} could not be read (${now.unknown})`);
    if (now === null)
      return refuse(
        'this policy does not know the switch: container-selinux is older than 2.236',
        'for this container only: --security-opt label=disable',
      );
    if (now.startsWith('1'))
      return refuse(
        'the switch is on already; the audit log names what else is denied',
        'sudo ausearch -m AVC -ts recent',
      );
    return {
      summary: 'One switch of the policy, for all containers of this machine; SELinux stays enforcing.',
      steps: [
        does(
          'containers may use nodes of the label xserver_misc_device_t',
          ['setsebool', '-P', BOOLEAN, 'on'],
          ['setsebool', '-P', BOOLEAN, 'off'],
        ),
      ],
    };
  },
});

const over = (f: Facts): readonly ContainerRecord[] => {
  const c = containerOf(f.subjectRecord);
  if (c !== null) return isOverPrivileged(c, f) ? [c] : [];
  return or(f.workloads, []).filter(w => isOverPrivileged(w, f));
};

/** One item at a time, each proven by NVML (V3) and CUDA (V4) before the next. */
export const takeRightsBack = byHand({
  id: 'take-rights-back',
  title: 'Take the extra rights away, one at a time',
  mends: ['over-privileged-workaround'],
  privilege: 1,
  effect: ['RX'],
  source: '2.15 over-privileged-workaround; seed 2, section 3, and seed 3 call them necessary',
  fits: f => over(f).length > 0,
  steps: f =>
    over(f).flatMap(c => [
      {
        say: `${c.name}: first make sure that one official request stands there (--gpus, a CDI name or the nvidia runtime).`,
      },
      ...excess(c).flatMap(e => [
        { say: `Remove ${e.drop}, and recreate ${c.name}.` },
        { say: 'nvidia-smi must list the GPU.', argv: ['docker', 'exec', c.name, 'nvidia-smi', '-L'] },
        {
          say: 'And CUDA must start: 0 is right. If either fails, put this one item back and look for its cause.',
          argv: [
            'docker',
            'exec',
            c.name,
            'python3',
            '-c',
            'import ctypes;print(ctypes.CDLL("libcuda.so.1").cuInit(0))',
          ],
        },
      ]),
    ]),
});

export const containerFixes: readonly Fix[] = [
  restartNamed,
  restartEarly,
  allowXserverDevices,
  takeRightsBack,
  ...containerGuides,
];
