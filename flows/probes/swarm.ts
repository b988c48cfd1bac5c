/** Swarm: which container holds the task that was named, what was given to it, and what its service asks for. */
import type { Ran } from '../../src/box/box.ts';
import { isUnknown, type Maybe, unknown } from '../../src/engine/known.ts';
import { type Asks, probe, run } from '../../src/engine/probe.ts';
import { modeInForce } from '../rules/mode.ts';
import { atLeast, since } from '../rules/version.ts';
import { record, string, strings } from './answers.ts';
import type { SwarmTask } from './container-record.ts';
import { type DockerFacts, daemonOf } from './docker.ts';
import type { Subject } from './subject.ts';
import type { ConfigFacts, ToolkitFacts } from './toolkit.ts';

export interface SubjectTask {
  readonly service: string;
  /** Id of the container that holds the newest task of it on this node; null where there is none. */
  readonly container: string | null;
}

type WithEngine = { readonly subject: Subject | null; readonly docker: DockerFacts };

const LISTED = '{{.ID}}|{{.Names}}|{{.State}}|{{.CreatedAt}}|{{.Label "com.docker.swarm.service.name"}}';

/** "train.1.r4t…": a task is named after its service, its slot or node, and itself. */
const TASK = /\.(\d+|[a-z0-9]{25})\.[a-z0-9]{25}$/;
/** Whether Swarm made this container, by its name: then it makes another where this one goes. */
export const isTaskName = (name: string): boolean => TASK.test(name);

export const subjectTask = probe({
  id: 'subjectTask',
  looks: 'whether it is a task of Swarm',
  after: ['subject', 'docker'],
  needs: ({ subject: s, docker: d }: WithEngine): Asks =>
    s === null || !daemonOf(d)?.swarm ? {} : { all: run('docker', 'ps', '-a', '--no-trunc', '--format', LISTED) },
  read: (a, { subject: s }: WithEngine): Maybe<SubjectTask | null> => {
    const all = (a as { readonly all?: Ran }).all;
    if (s === null || all === undefined) return null;
    if (all.kind !== 'exited' || all.code !== 0)
      return unknown(all.kind === 'exited' ? 'unreadable' : all.kind, 'docker ps -a');
    const rows = all.stdout.split('\n').flatMap(line => {
      const [id = '', name = '', state = '', created = '', service = ''] = line.split('|');
      return id === '' ? [] : [{ id, name, state, created, service }];
    });
    const own = rows.find(r => r.name === s.name || (s.name.length > 3 && r.id.startsWith(s.name)));
    if (own?.service === '') return null;
    const service = own?.service ?? s.name.replace(TASK, '');
    // A task that ended stays on the node beside the one that took its place.
    const newest = rows
      .filter(r => r.service === service)
      .sort(
        (x, y) => Number(y.state === 'running') - Number(x.state === 'running') || (x.created < y.created ? 1 : -1),
      );
    return { service, container: newest[0]?.id ?? null };
  },
});

const PREFIX = 'DOCKER_RESOURCE_';
const GIVEN = `[{{range .Config.Env}}{{if eq (truncate . ${PREFIX.length}) "${PREFIX}"}}{{json .}},{{end}}{{end}}null]`;
/** Asks for the variables of its resources alone: an environment holds secrets. */
export const givenTo = (container: string) => run('docker', 'container', 'inspect', '--format', GIVEN, container);

/** Whether the nvidia runtime looks at the variables that swarm-resource names: 1.18 forgot them with its new mode. */
export const readsSwarm = (f: { readonly config: ConfigFacts; readonly toolkit: ToolkitFacts }): boolean | null => {
  const version = f.toolkit.version;
  if (isUnknown(version) || version === null) return null;
  if (atLeast(version, since.toolkitReadsSwarm)) return true;
  const mode = modeInForce(f);
  return mode === 'legacy' || (mode === 'auto' && !atLeast(version, since.toolkitJitCdi));
};

/** What the answer to `givenTo` says of a task, and which of it this toolkit takes for GPUs. */
export const taskOf = (
  service: string,
  ran: Ran,
  f: { readonly config: ConfigFacts; readonly toolkit: ToolkitFacts },
): SwarmTask => {
  const name = 'docker container inspect (DOCKER_RESOURCE_…)';
  if (ran.kind !== 'exited' || ran.code !== 0)
    return { service, given: unknown(ran.kind === 'exited' ? 'unreadable' : ran.kind, name), devices: null };
  let lines: readonly string[];
  try {
    lines = strings(JSON.parse(ran.stdout));
  } catch {
    return { service, given: unknown('unreadable', name), devices: null };
  }
  const given = Object.fromEntries(lines.map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]));
  const devices = readsSwarm(f) === true ? f.config.swarmResource.flatMap(v => given[v] ?? []) : [];
  return { service, given, devices: devices.length > 0 ? devices.join(',') : null };
};

export interface SubjectService {
  readonly name: string;
  /** Kinds of generic resources that every task of it asks for. */
  readonly asks: Readonly<Record<string, number>>;
  /** null: one task on every node. */
  readonly replicas: number | null;
  /** What the scheduler says of a task that waits for a node; null where none waits. */
  readonly waits: string | null;
}

/** Nothing else of the specification, which holds variables too. */
const SERVICE = '{"resources":{{json .Spec.TaskTemplate.Resources}},"mode":{{json .Spec.Mode}}}';

type WithTask = WithEngine & { readonly subjectTask: Maybe<SubjectTask | null> };

export const subjectService = probe({
  id: 'subjectService',
  looks: 'the service that it is a task of',
  after: ['subject', 'docker', 'subjectTask'],
  needs: ({ docker: d, subjectTask: t }: WithTask): Asks =>
    t === null || isUnknown(t) || daemonOf(d)?.swarm?.manager !== true
      ? {}
      : {
          spec: run('docker', 'service', 'inspect', '--format', SERVICE, t.service),
          tasks: run('docker', 'service', 'ps', '--no-trunc', '--format', '{{json .}}', t.service),
        },
  read: (a, { subjectTask: t }: WithTask): Maybe<SubjectService | null> => {
    if (t === null || isUnknown(t)) return t;
    const { spec, tasks } = a as { readonly spec?: Ran; readonly tasks?: Ran };
    if (spec === undefined) return unknown('denied', 'docker service inspect (this node is no manager)');
    if (spec.kind !== 'exited') return unknown(spec.kind, 'docker service inspect');
    if (/no such service/i.test(spec.stderr)) return null;
    try {
      const o = record(JSON.parse(spec.stdout));
      const asked = record(record(o.resources).Reservations).GenericResources;
      const kinds = (Array.isArray(asked) ? asked : []).map(r => record(record(r).DiscreteResourceSpec));
      const mode = record(o.mode);
      if (!('Replicated' in mode) && !('Global' in mode)) return unknown('unreadable', 'the mode of the service');
      const { Replicas } = record(mode.Replicated);
      return {
        name: t.service,
        asks: Object.fromEntries(kinds.flatMap(k => (typeof k.Kind === 'string' ? [[k.Kind, Number(k.Value)]] : []))),
        replicas: 'Global' in mode ? null : typeof Replicas === 'number' ? Replicas : 1,
        waits: waitingIn(tasks),
      };
    } catch {
      return unknown('unreadable', 'docker service inspect');
    }
  },
});

const waitingIn = (tasks: Ran | undefined): string | null => {
  if (tasks?.kind !== 'exited') return null;
  for (const line of tasks.stdout.split('\n').filter(l => l.startsWith('{'))) {
    const t = record(JSON.parse(line));
    const error = string(t.Error) ?? '';
    if (t.DesiredState === 'Running' && error.includes('no suitable node')) return error.replaceAll('"', '');
  }
  return null;
};
