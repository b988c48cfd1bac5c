/** `docker service`: what a manager shows of its services, and the change that makes their tasks anew. */
import type { Ran } from '../box/box.ts';
import { render } from './go-template.ts';
import { containerOf, reconcile, type Service, type Swarm, type Task } from './swarm.ts';
import { fail, out, type World } from './world.ts';

const specOf = (service: Service): object => ({
  ID: service.id,
  Spec: {
    Name: service.name,
    TaskTemplate: {
      ContainerSpec: { Image: service.request.image },
      Resources: {
        Limits: {},
        Reservations:
          Object.keys(service.asks).length === 0
            ? {}
            : {
                GenericResources: Object.entries(service.asks).map(([Kind, Value]) => ({
                  DiscreteResourceSpec: { Kind, Value },
                })),
              },
      },
    },
    Mode: service.replicas === null ? { Global: {} } : { Replicated: { Replicas: service.replicas } },
  },
});

const rowOf = (world: World, service: Service, task: Task): object => {
  const container = containerOf(world, task);
  const minutes = Math.max(1, Math.round((world.fs.now - task.since) / 60));
  const state =
    container === undefined
      ? 'Pending'
      : container.state === 'running'
        ? 'Running'
        : task.error
          ? 'Rejected'
          : 'Shutdown';
  return {
    CurrentState: `${state} ${minutes} minutes ago`,
    DesiredState: task.wanted ? 'Running' : 'Shutdown',
    Error: task.error === '' ? '' : `"${task.error}"`,
    ID: task.id,
    Image: service.request.image,
    Name: task.wanted ? `${service.name}.${task.slot}` : ` \\_ ${service.name}.${task.slot}`,
    Node: container === undefined ? '' : world.hostname,
    Ports: '',
  };
};

const FLAGS = ['--generic-resource-add', '--generic-resource-rm'];

const update = (world: World, service: Service, args: readonly string[]): Ran => {
  const given = (flag: string): readonly string[] =>
    args.flatMap((a, i) => (args[i - 1] === flag ? [a] : a.startsWith(`${flag}=`) ? [a.slice(flag.length + 1)] : []));
  const asks: Record<string, number> = { ...service.asks };
  for (const term of given('--generic-resource-add')) {
    const [kind = '', value = ''] = term.split('=');
    if (!/^\d+$/.test(value))
      return fail(
        1,
        `invalid generic-resource request \`${term}\`, Named Generic Resources is not supported for service create or update\n`,
      );
    asks[kind] = Number(value);
  }
  for (const kind of given('--generic-resource-rm')) {
    if (asks[kind] === undefined) return fail(1, `could not find generic-resource \`${kind}\` to remove it\n`);
    delete asks[kind];
  }
  if (JSON.stringify(asks) !== JSON.stringify(service.asks))
    Object.assign(service, { asks, version: service.version + 1 });
  reconcile(world);
  if (args.includes('--detach') || args.includes('-d')) return out(`${service.name}\n`);
  const mine = world.docker!.swarm!.tasks.filter(t => t.service === service.id && t.wanted);
  // The client waits for as long as a task does.
  if (mine.some(t => t.container === null)) return { kind: 'timedOut', afterMs: 300_000 };
  const all = service.replicas ?? 1;
  return mine.length < all
    ? fail(1, 'service update paused: update paused due to failure or early termination of task\n')
    : out(`${service.name}\noverall progress: ${all} out of ${all} tasks\nverify: Service ${service.name} converged\n`);
};

const notManager = (swarm: Swarm | undefined): string | null =>
  swarm?.manager && !swarm.locked
    ? null
    : swarm?.locked
      ? 'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.'
      : swarm
        ? "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager."
        : 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** `docker service VERB …`, after the daemon was found to answer. */
export const dockerService = (world: World, args: readonly string[]): Ran => {
  const swarm = world.docker!.swarm;
  const no = notManager(swarm);
  if (no !== null || !swarm) return fail(1, `Error response from daemon: ${no}\n`);
  const [verb = '', ...rest] = args;
  const plain = rest.filter((a, i) => !a.startsWith('-') && !['--format', ...FLAGS].includes(rest[i - 1] ?? ''));
  const name = plain[0] ?? '';
  const service = swarm.services.find(s => s.name === name || s.id === name);
  const template = rest[rest.indexOf('--format') + 1] ?? '';
  if (verb !== 'ls' && !service)
    return fail(
      1,
      verb === 'update' ? `Error response from daemon: service ${name} not found\n` : `no such service: ${name}\n`,
    );
  const shown = (value: object): string => {
    const r = render(template, value);
    return 'text' in r ? `${r.text}\n` : '\n';
  };
  if (verb === 'inspect') return out(shown(specOf(service!)));
  if (verb === 'ps')
    return out(
      swarm.tasks
        .filter(t => t.service === service!.id)
        .toReversed()
        .map(t => shown(rowOf(world, service!, t)))
        .join(''),
    );
  if (verb === 'ls') return out(swarm.services.map(s => `${s.id.slice(0, 12)}   ${s.name}\n`).join(''));
  if (verb === 'update') return update(world, service!, rest);
  return fail(1, `docker: 'docker service ${verb}' is not a docker command.\nSee 'docker service --help'\n`);
};
