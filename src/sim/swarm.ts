/** Swarm mode of one engine: services, the tasks that a manager makes of them, and what its node offers to them. */
import { startContainer } from './docker-start.ts';
import type { Container, Request, World } from './world.ts';

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly request: Request;
  /** null: one task on every node. */
  readonly replicas: number | null;
  /** Kinds of generic resources and how many of each. */
  asks: Readonly<Record<string, number>>;
  /** Counts the changes that make tasks anew. */
  version: number;
}

export interface Task {
  readonly id: string;
  readonly service: string;
  readonly slot: number;
  readonly version: number;
  readonly since: number;
  given: Readonly<Record<string, readonly string[]>>;
  /** Id of its container; null while it waits. */
  container: string | null;
  error: string;
  wanted: boolean;
}

export interface Swarm {
  readonly node: string;
  /** Workers run tasks and may not be asked about services. */
  readonly manager: boolean;
  readonly nodes: number;
  /** A manager that needs its key after each start. */
  readonly autolock: boolean;
  locked: boolean;
  services: Service[];
  tasks: Task[];
}

export const newSwarm = (extra: Partial<Pick<Swarm, 'manager' | 'nodes' | 'autolock'>> = {}): Swarm => ({
  node: 'q3v0m8x2k7c1r9d4t6b5w8yhz',
  manager: true,
  nodes: 1,
  autolock: false,
  ...extra,
  locked: false,
  services: [],
  tasks: [],
});

type Offer = readonly (readonly [kind: string, value: string])[];

/** "kind=value" each; of one kind either one number or names. Or the error, in swarmkit's words. */
export const parseResources = (terms: readonly string[]): Offer | { readonly error: string } => {
  const bad = (why: string) => ({ error: `could not parse GenericResource: ${why}` });
  const offer: (readonly [string, string])[] = [];
  for (const term of terms) {
    const [kind = '', value, ...more] = term.split('=');
    if (value === undefined || more.length > 0)
      return bad(`incorrect term ${term}, missing '=' or malformed expression`);
    offer.push([kind.trim(), value.trim()]);
  }
  for (const kind of new Set(offer.map(([k]) => k))) {
    const values = offer.filter(([k]) => k === kind).map(([, v]) => v);
    if (values.length > 1 && values.some(v => /^[-+]?\d+$/.test(v)))
      return bad(`mixed discrete and named resources in expression '${kind}=[${values.join(' ')}]'`);
    if (/^-\d+$/.test(values[0]!)) return bad(`cannot ask for negative resource ${kind}`);
  }
  return offer;
};

/** As `docker info` shows them. */
export const resourcesShown = (offer: Offer): object[] | null =>
  offer.length === 0
    ? null
    : offer.map(([Kind, Value]) =>
        /^\d+$/.test(Value)
          ? { DiscreteResourceSpec: { Kind, Value: Number(Value) } }
          : { NamedResourceSpec: { Kind, Value } },
      );

/** The part `Swarm` of `docker info`. */
export const swarmShown = (swarm: Swarm | undefined): Record<string, unknown> => {
  if (!swarm)
    return {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    };
  if (swarm.locked)
    return {
      NodeID: '',
      NodeAddr: '192.168.20.7',
      LocalNodeState: 'locked',
      ControlAvailable: false,
      Error:
        'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.',
      RemoteManagers: null,
    };
  const manager = swarm.manager ? swarm.node : 'z1k4n7p0s3v6y9b2e5h8m1q4t';
  return {
    NodeID: swarm.node,
    NodeAddr: '192.168.20.7',
    LocalNodeState: 'active',
    ControlAvailable: swarm.manager,
    Error: '',
    RemoteManagers: [{ NodeID: manager, Addr: `192.168.20.${swarm.manager ? 7 : 2}:2377` }],
    ...(swarm.manager
      ? {
          Nodes: swarm.nodes,
          Managers: 1,
          Cluster: {
            ID: 'w8e5j2o9t6c3x0h7m4r1v8a5f',
            Spec: {
              Name: 'default',
              Labels: {},
              Orchestration: { TaskHistoryRetentionLimit: 5 },
              TaskDefaults: {},
              EncryptionConfig: { AutoLockManagers: swarm.autolock },
            },
            RootRotationInProgress: false,
            DataPathPort: 4789,
          },
        }
      : {}),
  };
};

/** Twenty-five letters and digits, as swarmkit names things. */
const identity = (seed: string): string => {
  let h = 2_166_136_261;
  for (const c of seed) h = Math.imul(h ^ c.charCodeAt(0), 16_777_619) >>> 0;
  return Array.from({ length: 25 }, () => {
    h = (Math.imul(h, 1_103_515_245) + 12_345) >>> 0;
    return ((h >>> 8) % 36).toString(36);
  }).join('');
};

export const containerOf = (world: World, task: Task): Container | undefined =>
  world.docker!.containers.find(c => c.id === task.container);

/** What of the offer is free for a task, or null where it is too little. */
const grant = (world: World, service: Service): Task['given'] | null => {
  const swarm = world.docker!.swarm!;
  const taken = swarm.tasks.filter(t => t.wanted && t.container !== null).map(t => t.given);
  const given: Record<string, readonly string[]> = {};
  for (const [kind, count] of Object.entries(service.asks)) {
    const values = world.docker!.started!.offer.filter(([k]) => k === kind).map(([, v]) => v);
    const used = taken.flatMap(g => g[kind] ?? []);
    if (values.length === 1 && /^\d+$/.test(values[0]!)) {
      if (Number(values[0]) - used.reduce((sum, v) => sum + Number(v), 0) < count) return null;
      given[kind] = [String(count)];
      continue;
    }
    const free = values.filter(v => !used.includes(v));
    if (free.length < count) return null;
    given[kind] = free.slice(0, count);
  }
  return given;
};

const start = (world: World, service: Service, task: Task): void => {
  const docker = world.docker!;
  const given = grant(world, service);
  if (given === null) {
    task.error = 'no suitable node (insufficient resources on 1 node)';
    return;
  }
  const name = `${service.name}.${task.slot === 0 ? docker.swarm!.node : task.slot}.${task.id}`;
  const container: Container = {
    id: Array.from(identity(name) + identity(task.id) + identity(service.id), c => parseInt(c, 36) % 16)
      .map(n => n.toString(16))
      .join('')
      .slice(0, 64),
    name,
    request: {
      ...service.request,
      env: [
        ...service.request.env,
        ...Object.entries(given).map(([kind, values]) => `DOCKER_RESOURCE_${kind.toUpperCase()}=${values.join(',')}`),
      ],
    },
    createdAt: world.fs.now,
    labels: {
      'com.docker.swarm.node.id': docker.swarm!.node,
      'com.docker.swarm.service.id': service.id,
      'com.docker.swarm.service.name': service.name,
      'com.docker.swarm.task': '',
      'com.docker.swarm.task.id': task.id,
      'com.docker.swarm.task.name': name,
    },
    state: 'created',
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    error: '',
  };
  // The runtime is written into the record when a container is made.
  const made: Container = { ...container, request: { ...container.request, runtime: docker.started!.defaultRuntime } };
  docker.containers.push(made);
  Object.assign(task, { container: made.id, given, error: '' });
  const outcome = startContainer(world, made);
  if (outcome.kind === 'refused')
    Object.assign(task, { error: `starting container failed: ${outcome.error}`, wanted: false });
};

/** The manager makes what runs equal to what is asked for: old tasks go, new ones come, waiting ones are tried again. */
export const reconcile = (world: World): void => {
  const docker = world.docker!;
  const { swarm } = docker;
  if (!swarm || swarm.locked || !docker.started) return;
  for (const service of swarm.services)
    for (const slot of service.replicas === null ? [0] : Array.from({ length: service.replicas }, (_, i) => i + 1)) {
      let task = swarm.tasks.findLast(t => t.service === service.id && t.slot === slot && t.wanted);
      const container = task && containerOf(world, task);
      if (task && task.version === service.version && container?.state === 'running') continue;
      if (task && (task.version !== service.version || task.container !== null)) {
        task.wanted = false;
        if (container?.state === 'running')
          Object.assign(container, { state: 'exited', exitCode: 143, finishedAt: world.fs.now });
        task = undefined;
      }
      if (!task) {
        task = {
          id: identity(`${service.id}.${slot}.${swarm.tasks.length}`),
          service: service.id,
          slot,
          version: service.version,
          since: world.fs.now,
          given: {},
          container: null,
          error: '',
          wanted: true,
        };
        swarm.tasks.push(task);
      }
      start(world, service, task);
    }
};

/** `docker service create`, before anything runs of it. */
export const addService = (world: World, name: string, request: Request, more: Partial<Service> = {}): void => {
  const id = identity(name);
  world.docker!.swarm!.services.push({ id, name, request, replicas: 1, asks: {}, version: 1, ...more });
  reconcile(world);
};
