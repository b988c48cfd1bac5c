/**
 * Seed 2: a GPU for a Compose service by an override file, one rung after the other. A rung is offered only when the
 * container stands on the one below, so that the privileged one comes after all others were tried.
 */

import type { Command } from '../../src/box/box.ts';
import type { Fix, GuideStep } from '../../src/engine/fix.ts';
import { or } from '../../src/engine/known.ts';
import { read } from '../../src/engine/probe.ts';
import type { Interruption, Privilege, Step } from '../../src/plan/plan.ts';
import type { Facts } from '../probes/index.ts';
import { FILE, MARK, NOTHING, oursIn, rungIn } from '../rules/gpu-override.ts';
import { nextRung, overrideOf, overrideText, price, type Rung, rungOf, VERIFY } from '../rules/vm-ladder.ts';
import { applies, refuse } from './make.ts';
import {
  compose,
  type Project,
  type ProjectAnswers,
  pickedIn,
  projectAsks,
  projectChoices,
  projectOf,
  type Seat,
  seatsOf,
} from './vm-project.ts';

/** A container that is made anew stops for a moment, and loses what was written in it outside of volumes. */
const stops = (containers: readonly { readonly name: string; readonly image: string }[]): Interruption => ({
  containers: containers.map(({ name, image }) => ({ name, image, restart: 'made anew at once' })),
  liveRestore: false,
  services: [],
});

const asUser = (argv: readonly [string, ...string[]]): Command => ({ argv, changes: true, timeoutMs: 300_000 });
const anew = (p: Project, withOurs: boolean, seats: readonly Seat[]): Command =>
  asUser(compose(p, withOurs, 'up', '-d', '--no-deps', '--force-recreate', ...seats.map(s => s.service)));
const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The seed's order, with the one step left out that destroys data. */
const redeploy = (f: Facts): readonly GuideStep[] => {
  const p = projectOf(f);
  if (p === null) return [];
  const about = hypervisorNote(f);
  return [
    ...(about === null ? [] : [{ say: about }]),
    { say: 'Usually making the service anew is enough; this is the whole order of seed 2.' },
    { say: 'Take the project down; its volumes stay.', argv: compose(p, true, 'down', '--remove-orphans') },
    {
      say: 'Not done: docker system prune -af --volumes. It deletes the volumes of every stopped project, and with them data; it has nothing to do with the GPU.',
    },
    { say: 'Build the images.', argv: compose(p, true, 'build') },
    { say: 'Start.', argv: compose(p, true, 'up', '-d') },
    {
      say: 'Ask the driver and the framework of the image. "Memory is full" means that the GPU was found.',
      argv: ['docker', 'exec', p.container, 'python3', '-c', VERIFY],
    },
    { say: 'Judge the container again.', argv: ['gpumedic', 'check', '--container', p.container] },
  ];
};

/** Where a mechanism is refused or lost, the next one may go round it. */
const GOES_ROUND = [
  'device-node-permissions',
  'apparmor-or-seccomp-denied',
  'visible-devices-ignored-unprivileged',
  'bpf-device-filter-error',
  'container-namespace-error',
] as const;

const rung = (is: Rung, id: string, title: string, privilege: Privilege, source: string): Fix => {
  const goesBack = is === 'cdi' || is === 'reservation';
  return applies({
    id,
    title,
    mends: ['compose-service-without-gpu-request', ...(goesBack ? ['over-privileged-workaround'] : []), ...GOES_ROUND],
    privilege,
    effect: ['RX'],
    source,
    fits: f => {
      if (projectOf(f) === null) return false;
      const now = rungOf(f);
      // Down from privileged or from mapped nodes it goes to the least that works, up it goes step by step.
      return nextRung(f, false) === is || ((now === 'privileged' || now === 'nodes') && nextRung(f, true) === is);
    },
    touches: f => [projectOf(f)?.override ?? FILE],
    needs: projectAsks,
    choices: (f, a) => projectChoices(is, f, a as ProjectAnswers),
    plan: (f, answers, finding, chosen) => {
      const a = answers as ProjectAnswers;
      const p = projectOf(f);
      if (p === null) return refuse('the container belongs to no Compose service of a known file');
      if (finding !== 'over-privileged-workaround' && nextRung(f, false) !== is)
        return refuse('the container stands above this rung; going back is for one that works');
      const wish = overrideOf(f, pickedIn(is, f, p, a, chosen));
      if (a.old.kind !== 'file' && a.old.kind !== 'absent') return refuse(`${p.override} could not be read`);
      const before = a.old.kind === 'file' ? a.old.text : null;
      const ours = before === null ? NOTHING : oursIn(before);
      if (ours === null)
        return refuse(
          before?.startsWith(MARK)
            ? `${p.override} was changed into a form that is not read here; it is left as it is`
            : `${p.override} is there and was written by somebody else; it is left as it is`,
          'what this rung would say, for your own file:',
          overrideText(is, wish),
        );
      const text = overrideText(is, wish, ours);
      const seats = seatsOf(p, a).filter(s => wish.services.includes(s.service));
      const running = seats.filter(s => s.service === p.service || s.state === 'running');
      // What was made with this file is made anew with it after an undo as well, when it is the old one again.
      const isAgain = (s: Seat) => s.uses && before !== null;
      const [again, first] = [running.filter(isAgain), running.filter(s => !isAgain(s))];
      const idle = seats.filter(s => !running.includes(s));
      if (text === before && running.length === 0)
        return refuse(`${p.override} already says so, and nothing that it is about runs`);
      const kept = ours.entries.map(e => e.service).filter(s => !wish.services.includes(s));
      const up: Step = {
        do: 'run',
        command: anew(p, true, first),
        undo: anew(p, false, first),
        halfway: true,
        why: `only ${list(first.map(s => s.service))} ${first.length === 1 ? 'is' : 'are'} made anew; a restart alone would keep the old request`,
      };
      // What their own file asks for cannot be taken away by one that is laid on top of it.
      const asksItself = !p.uses && rungOf(f) !== null && wish.services.includes(p.service) && wish.gpus !== null;
      const stopped = running.flatMap(s => s.containers.filter(c => c.runs));
      return {
        summary: [
          price[is].join(' '),
          ...(kept.length > 0 ? [`What ${list(kept)} asked for stays as it is.`] : []),
          ...(asksItself
            ? [`${p.service} asks for a GPU in the project's own file as well, and gets those of that request besides.`]
            : []),
        ].join(' '),
        steps: [
          ...(text === before
            ? []
            : [
                {
                  do: 'edit',
                  path: p.override,
                  before,
                  after: text,
                  root: false,
                  why: `asks for the GPU for ${list(wish.services)}`,
                } as const,
              ]),
          ...(first.length > 0 ? [up] : []),
        ],
        settle: again.length > 0 ? [anew(p, true, again)] : [],
        interrupts: stopped.length > 0 ? stops(stopped) : null,
        afterwards: [
          ...(idle.length > 0
            ? [
                `${list(idle.map(s => s.service))} ${idle.length === 1 ? 'does' : 'do'} not run and ${idle.length === 1 ? 'is' : 'are'} not started: ${anew(p, true, idle).argv.join(' ')}`,
              ]
            : []),
          `From now on start the project with all of its files: ${compose(p, true, 'up', '-d').join(' ')}`,
          ...running.flatMap(s => s.containers).map(c => `Prove it: gpumedic check --container ${c.name}`),
        ],
      };
    },
    guide: redeploy,
  });
};

/** Where the override is there and the container was made before it. */
const redeployFix: Fix = applies({
  id: 'compose-override-redeploy',
  title: "Redeploy the project in seed 2's order: down, build, up",
  mends: ['compose-service-without-gpu-request'],
  privilege: 1,
  effect: ['RX'],
  source: 'seed 2, section 6, without step 2: docker system prune -af --volumes deletes data (2.15)',
  fits: f => projectOf(f) !== null && rungOf(f) === null,
  needs: f => ({ ours: read(projectOf(f)?.override ?? `/${FILE}`) }),
  plan: (f, a) => {
    const p = projectOf(f);
    if (p === null) return refuse('the container belongs to no Compose service of a known file');
    if (a.ours.kind !== 'file') return refuse(`there is no ${p.override} that a new deployment could use`);
    if (rungIn(a.ours.text, p.service) === null && !a.ours.text.includes(`${p.service}:`))
      return refuse(`${p.override} says nothing of ${p.service}`);
    const nothing = { nothing: 'the step before it is what is taken back' };
    const step = (why: string, words: readonly string[], undo: Command | { readonly nothing: string }): Step => ({
      do: 'run',
      command: { ...asUser(compose(p, true, ...words)), timeoutMs: 900_000 },
      undo,
      ...(!('nothing' in undo) && { halfway: true }),
      why,
    });
    return {
      summary: `Takes every service of ${p.name} down and up again with both files. Volumes stay: the seed's prune with --volumes is left out, it deletes data and has nothing to do with the GPU.`,
      steps: [
        step(
          'stops and removes the containers, not the volumes',
          ['down', '--remove-orphans'],
          asUser(compose(p, p.uses, 'up', '-d')),
        ),
        step('builds what has a build section', ['build'], nothing),
        step('starts with the request for the GPU', ['up', '-d'], nothing),
      ],
      interrupts: stops([{ name: `every container of ${p.name}`, image: '' }]),
      afterwards: [
        `Prove it: gpumedic check --container ${p.container}`,
        'CUDA out of memory in its log means that the GPU was found and is full: a smaller batch, or less beside it.',
      ],
    };
  },
  guide: redeploy,
});

export const vmLadder: readonly Fix[] = [
  rung(
    'cdi',
    'compose-override-cdi',
    'Ask for the GPU by CDI in docker-compose.gpu.yml',
    1,
    'seed 2, sections 2 and 3; 2.4: a passthrough GPU needs no more than on bare metal',
  ),
  rung(
    'reservation',
    'compose-override-reservation',
    'Ask for the GPU by a reservation in docker-compose.gpu.yml',
    1,
    'seed 2, section 3 (the deploy part of it); 1.7',
  ),
  rung(
    'nodes',
    'compose-override-nodes',
    'Hand in the nodes that exist here, in docker-compose.gpu.yml',
    1,
    'seed 2, section 3; without the folder /dev/nvidia-caps, which is no device',
  ),
  rung(
    'privileged',
    'compose-override-privileged',
    "Seed 2's whole override, with privileged: true",
    4,
    'seed 2, section 3; 2.4 says that privileged is never needed for passthrough, so it comes last and says its price',
  ),
  redeployFix,
];

/** Which hypervisor, for a note beside the ladder. */
export const hypervisorNote = (f: Facts): string | null => {
  const by = or(f.where.hypervisor, 'none');
  if (by === 'none' || by === '') return null;
  if (by === 'kvm' || by === 'qemu')
    return 'KVM with vfio-pci: inside the guest the card is an ordinary device; vfio belongs on the host only.';
  if (by === 'vmware')
    return 'VMware DirectPath: the guest needs the ordinary driver; VMware tools play no part in the GPU.';
  if (by === 'microsoft')
    return 'Hyper-V DDA or Azure: the nodes have the usual names; vGPU sizes of Azure need the guest driver of their branch.';
  if (by === 'amazon' || by === 'google') return 'Cloud instance with a whole GPU: the ordinary configuration works.';
  return null;
};
