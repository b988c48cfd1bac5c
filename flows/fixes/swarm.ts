/** GPUs for a service of Swarm: this node offers them by UUID, the toolkit reads what a task was given, the service asks. */
import type { Fix } from '../../src/engine/fix.ts';
import { isUnknown, or } from '../../src/engine/known.ts';
import type { Refusal, Step } from '../../src/plan/plan.ts';
import { setJson } from '../../src/text/json.ts';
import { setToml } from '../../src/text/toml.ts';
import { DAEMON_JSON, daemonOf } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { hasMig } from '../probes/mig.ts';
import { containerOf } from '../probes/subject.ts';
import { readsSwarm, type SubjectService } from '../probes/swarm.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { modeIfKnown } from '../rules/mode.ts';
import { gpuKinds, KIND, valuesOf, variableOf } from '../rules/swarm.ts';
import { allOf, inDaemonJson, parses, touches } from './daemon-json.ts';
import { hasRuntime, program, runtimeEntry } from './docker.ts';
import { applies, byHand, type Draft, does, edits, isRefused, known, refuse, root } from './make.ts';
import { policies, restarts, running } from './restart.ts';

const nameOf = (f: Facts): string | null =>
  containerOf(f.subjectRecord)?.task?.service ?? or(f.subjectService, null)?.name ?? null;

/** The kind that the service asks for already, else the one by which the node offers its cards, else that of the documentation. */
const kindOf = (f: Facts, service: SubjectService): string =>
  gpuKinds(service)[0] ?? f.daemonJson.offers.find(o => /=GPU-/.test(o))?.split('=')[0] ?? KIND;

const isOffered = (uuid: string, values: readonly string[]): boolean =>
  values.some(v => v.startsWith('GPU-') && uuid.startsWith(v));

const asking = (kind: string, name: string): readonly [string, ...string[]] => [
  'docker',
  'service',
  'update',
  '--generic-resource-add',
  `${kind}=1`,
  name,
];

/** Why settings of this node would not bring the service a GPU. */
const hopeless = (f: Facts): Refusal | null => {
  const mode = modeIfKnown(f);
  if (mode === null || (mode !== 'legacy' && mode !== 'jit-cdi'))
    return refuse(
      mode === null
        ? 'which mode the nvidia runtime takes could not be found out'
        : `in mode ${mode} the nvidia runtime takes its devices from another place than these resources`,
    );
  if (readsSwarm(f) !== true)
    return refuse(
      'the runtime of this toolkit passes over what Swarm gives to a task: 1.18 lost that in its new mode, 1.19 has it again',
      'upgrade nvidia-container-toolkit to 1.19 or later, then run gpumedic again',
      'or set mode = "legacy" below [nvidia-container-runtime] in config.toml',
    );
  if (!f.config.acceptEnv)
    return refuse(
      'config.toml forbids containers without privileges to ask by a variable, and Swarm gives devices by one',
    );
  if (hasMig(f.smi))
    return refuse('a card is in MIG mode: which of its instances are to be given out is a choice of their owner');
  const flag = or(f.docker.unit, null)?.execStart.match(/--(default-runtime|node-generic-resource)s?\b/)?.[0];
  if (flag !== undefined) return refuse(`the unit of Docker passes ${flag}, which may not stand in the file as well`);
  const runtime = f.daemonJson.defaultRuntime;
  if (runtime !== null && !['runc', 'nvidia'].includes(runtime))
    return refuse(`default-runtime is ${runtime}, which somebody chose; Swarm knows no runtime for one service`);
  return null;
};

/** Why this service cannot be made to ask from here. */
const unaskable = (f: Facts, name: string, kind: string): Refusal | null => {
  const service = f.subjectService;
  const node = daemonOf(f.docker)?.swarm;
  if (node?.manager !== true)
    return refuse(
      'this node is a worker: services are changed on a manager',
      `on a manager: ${asking(kind, name).join(' ')}`,
    );
  if (isUnknown(service) || service === null) return refuse(`what the service ${name} asks for could not be read`);
  if (gpuKinds(service).length > 0) return null;
  const cards = f.smi.gpus.length;
  if (service.replicas === null && node.nodes !== 1)
    return refuse(`${name} runs on every node, and where no GPU is offered it would stop`);
  if (service.replicas !== null && service.replicas > cards)
    return refuse(
      `${name} wants ${service.replicas} tasks with a GPU each, and this node has ${cards}: the others would stop`,
      `docker service scale ${name}=${cards}`,
    );
  return null;
};

/** What daemon.json has to say; null where it says it already. */
const offering = (f: Facts, kind: string): Step | Refusal | null => {
  const { offers, defaultRuntime, runtimes } = f.daemonJson;
  const values = valuesOf(kind, offers);
  if (values.some(v => /^\d+$/.test(v)))
    return refuse(
      `${DAEMON_JSON} offers a number of ${kind}, and the toolkit would take that number for the index of a card`,
      `offer the UUIDs instead: ${f.smi.gpus.map(g => `${kind}=${g.uuid}`).join(', ')}`,
    );
  const missing = f.smi.gpus.filter(g => !isOffered(g.uuid, values)).map(g => `${kind}=${g.uuid}`);
  const changes = [
    ...(runtimes.nvidia === undefined
      ? [(t: string | null) => setJson(t, ['runtimes', 'nvidia'], runtimeEntry(program(f)))]
      : []),
    ...(defaultRuntime === 'nvidia' ? [] : [(t: string | null) => setJson(t, ['default-runtime'], 'nvidia')]),
    ...(missing.length === 0
      ? []
      : [(t: string | null) => setJson(t, ['node-generic-resources'], [...offers, ...missing])]),
  ];
  if (changes.length === 0) return null;
  const why = 'Swarm gives out only what a node offers, and starts every task with the default runtime';
  const draft = inDaemonJson(f, allOf(...changes), why, '');
  return isRefused(draft) ? draft : draft.steps[0]!;
};

/** The toolkit takes a task's devices from the variable that is named here; null where it does already. */
const reading = (f: Facts, kind: string): Step | Refusal | null => {
  const variable = variableOf(kind);
  if (f.config.swarmResource.includes(variable)) return null;
  const text = known(f.config.text, CONFIG);
  if (isRefused(text)) return text;
  const all = [...f.config.swarmResource, variable].join(',');
  const why = `Docker puts the UUIDs that a task was given into ${variable}, and the toolkit looks there`;
  return edits(CONFIG, text, setToml(text, '', 'swarm-resource', JSON.stringify(all)), why, 0o644);
};

/** The running engine offers all cards and starts tasks with the nvidia runtime. */
const isActive = (f: Facts, kind: string): boolean => {
  const daemon = daemonOf(f.docker);
  const values = valuesOf(kind, daemon?.offers ?? []);
  return daemon?.defaultRuntime === 'nvidia' && f.smi.gpus.every(g => isOffered(g.uuid, values));
};

const WAIT_MS = 300_000;
/** A service that asked in vain before may go on doing so after an undo. */
const ASKED_MS = 60_000;

/** The service asks; where it did already, its tasks are made anew, which a restart of Docker does by itself. */
const request = (service: SubjectService, kind: string, restart: boolean): readonly Step[] => {
  const { name } = service;
  if (gpuKinds(service).length > 0)
    return restart
      ? []
      : [
          does(
            'a task keeps what it was started with; this makes new ones',
            ['docker', 'service', 'update', '--force', name],
            { nothing: 'tasks that were made anew are as good as those before' },
            WAIT_MS,
          ),
        ];
  const [docker, verb, update, ...words] = asking(kind, name);
  const detach = restart ? ['--detach'] : [];
  return [
    does(
      restart
        ? 'the new task waits until the restarted engine offers the GPU'
        : 'the task is made anew, with a GPU that is given to it alone',
      [docker, verb!, update!, ...detach, ...words],
      ['docker', 'service', 'update', ...detach, '--generic-resource-rm', kind, name],
      WAIT_MS,
    ),
  ];
};

export const teachSwarm = applies({
  id: 'teach-swarm-the-gpus',
  title: 'Offer the GPUs to Swarm and let the service ask for one',
  mends: ['swarm-service-no-gpu'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 swarm-service-no-gpu; the variable as dockerd writes it, DOCKER_RESOURCE_ and the kind in capitals',
  fits: f =>
    parses(f) &&
    f.config.fault === null &&
    hasRuntime(f) &&
    daemonOf(f.docker)?.swarm != null &&
    nameOf(f) !== null &&
    f.smi.gpus.length > 0,
  touches: () => [...touches(), CONFIG],
  needs: running,
  more: policies,
  plan: (f, a) => {
    const name = nameOf(f) ?? '';
    const service = or(f.subjectService, null) ?? { name, asks: {}, replicas: 1, waits: null };
    const kind = kindOf(f, service);
    const no = hopeless(f) ?? unaskable(f, name, kind);
    if (no !== null) return no;
    const files: Step[] = [];
    for (const step of [offering(f, kind), reading(f, kind)]) {
      if (isRefused(step)) return step;
      if (step !== null) files.push(step);
    }
    const restart = files.some(s => s.do === 'edit' && s.path === DAEMON_JSON) || !isActive(f, kind);
    const cards = f.smi.gpus.length === 1 ? 'the GPU' : `the ${f.smi.gpus.length} GPUs`;
    const asked = gpuKinds(service).length > 0;
    const draft: Draft = {
      summary: `This node offers ${cards} to Swarm as ${kind}, with nvidia as the default runtime, since Swarm can ask in no other way; ${name} ${asked ? 'asks for one already' : 'is made to ask for one'}.`,
      steps: [...files, ...request(service, kind, restart)],
      afterwards: [
        'Price: from now on every container starts with the nvidia runtime unless it names another, and images that set NVIDIA_VISIBLE_DEVICES=all see all GPUs.',
        ...(asked
          ? []
          : [
              `If ${name} comes from a stack file, write it there too, or the next deploy takes it away: generic_resources with discrete_resource_spec, kind ${kind}, value 1, below deploy.resources.reservations.`,
            ]),
        `A GPU is given to one task alone; docker service ps ${name} tells of tasks that wait.`,
      ],
    };
    if (!restart) return { ...draft, effect: files.length > 0 ? ['E1', 'RX'] : ['RX'] };
    const again = restarts(f, a, draft);
    if (isRefused(again)) return again;
    // A change of nothing returns when the tasks run, which a restart does not wait for.
    const settled = root(['docker', 'service', 'update', '--quiet', name], asked ? ASKED_MS : WAIT_MS);
    return { ...again, settle: [...(again.settle ?? []), settled] };
  },
});

export const serveSwarm = byHand({
  id: 'serve-swarm-with-generic-resources',
  title: 'Run it with Compose, or teach Swarm the GPUs',
  mends: ['swarm-service-no-gpu'],
  privilege: 3,
  effect: ['E1', 'RD'],
  source: '2.9 swarm-service-no-gpu: Swarm knows no device requests',
  steps: f => {
    const uuid = f.smi.gpus[0]?.uuid || 'GPU-…';
    return [
      { say: 'On one machine Compose does it: docker compose up instead of docker stack deploy.' },
      {
        say: `Else, on each node with a GPU, in ${DAEMON_JSON}: "node-generic-resources": ["${KIND}=${uuid}"], one for each card, and "default-runtime": "nvidia".`,
        argv: ['nvidia-smi', '-L'],
      },
      {
        say: `In ${CONFIG}: swarm-resource = "${variableOf(KIND)}". The name is that of the kind, in capitals; the commented example there names another. Toolkit 1.18 reads it in mode legacy only.`,
      },
      {
        say: 'Restart Docker; Swarm makes the tasks of this node anew.',
        argv: ['sudo', 'systemctl', 'restart', 'docker'],
      },
      { say: 'On a manager, let the service ask.', argv: asking(KIND, nameOf(f) ?? 'SERVICE') },
      {
        say: 'In a stack file the same is written as generic_resources with discrete_resource_spec, below deploy.resources.reservations.',
      },
      {
        say: 'A task that finds no free GPU says so here.',
        argv: ['docker', 'service', 'ps', '--no-trunc', nameOf(f) ?? 'SERVICE'],
      },
    ];
  },
});

export const swarmFixes: readonly Fix[] = [teachSwarm, serveSwarm];
