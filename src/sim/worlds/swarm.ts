/** Nodes of Docker Swarm on which a service found no GPU. */
import { addService, newSwarm, type Service } from '../swarm.ts';
import { tick, type World } from '../world.ts';
import { request } from './containers.ts';
import { machine } from './machine.ts';

export interface SwarmOptions {
  readonly docker?: string;
  readonly toolkit?: string;
  readonly daemonJson?: string;
  readonly twoCards?: boolean;
  readonly manager?: boolean;
  readonly nodes?: number;
  readonly autolock?: boolean;
  readonly service?: Partial<Service>;
  readonly image?: string;
}

/** A stack was deployed whose file reserves a device, which Swarm passes over. */
export const swarmNode = (o: SwarmOptions = {}): World => {
  const world = machine({
    name: 'swarm-service',
    docker: o.docker ?? '29.7.2',
    toolkit: o.toolkit ?? '1.20.0',
    ...(o.daemonJson === undefined ? {} : { daemonJson: o.daemonJson }),
    ...(o.twoCards ? { twoCards: true } : {}),
  });
  world.docker!.swarm = newSwarm({
    manager: o.manager ?? true,
    nodes: o.nodes ?? 1,
    autolock: o.autolock ?? false,
  });
  tick(world, 3600);
  const image = o.image ?? 'debian:trixie';
  addService(world, 'lab_train', request(image, { command: ['sleep', 'infinity'] }), o.service);
  tick(world, 1800);
  return world;
};
