/** Nodes of Swarm whose service has no GPU, and what is done about it. */
import { DAEMON_JSON } from '../flows/probes/docker.ts';
import { CONFIG } from '../flows/probes/toolkit.ts';
import { simBox } from '../src/sim/index.ts';
import { daemonJsonWith } from '../src/sim/worlds/machine.ts';
import { type SwarmOptions, swarmNode } from '../src/sim/worlds/swarm.ts';
import { type Case, edit, restart } from './fix-boxes.ts';

const node =
  (o: SwarmOptions = {}) =>
  async () =>
    simBox(swarmNode(o));
const finding = 'swarm-service-no-gpu';
const container = 'lab_train';
const offers = ['teach-swarm-the-gpus', 'serve-swarm-with-generic-resources'];
const UUID = 'GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3';
const OFFERS = daemonJsonWith({
  'default-runtime': 'nvidia',
  'node-generic-resources': [`NVIDIA-GPU=${UUID}`],
});
const READS = 'swarm-resource = "DOCKER_RESOURCE_NVIDIA-GPU"';

export const swarmCases: Readonly<Record<string, Case>> = {
  'a stack on the new engine': { box: node(), finding, offers, container },
  'a stack on the old engine, named by its task': {
    box: node({ docker: '26.1.5', toolkit: '1.17.8' }),
    finding,
    offers,
    container: 'lab_train.1.vgo26847td53k0gmua18xin0z',
  },
  'a stack of two tasks and two cards, and no runtime': {
    box: node({ twoCards: true, service: { replicas: 2 }, daemonJson: '{}\n' }),
    finding,
    offers,
    container,
  },
  'a service that asks and waits, since nothing is offered': {
    box: node({ service: { asks: { 'NVIDIA-GPU': 1 } } }),
    finding,
    offers,
    container,
  },
  'a service that asks by a name of its own': {
    box: node({ service: { asks: { gpu: 1 } } }),
    finding,
    offers,
    container,
  },
  'an offer whose variable nobody reads': {
    box: async () => {
      const box = await node({
        daemonJson: OFFERS,
        service: { asks: { 'NVIDIA-GPU': 1 } },
      })();
      await edit(box, CONFIG, t => t.replace('#swarm-resource', 'swarm-resource'));
      await restart(box);
      return box;
    },
    finding,
    offers,
    container,
  },
  'a node that is ready, and a service that does not ask': {
    box: async () => {
      const box = await node({
        daemonJson: OFFERS,
      })();
      await edit(box, CONFIG, t => t.replace(/#swarm-resource.*/, READS));
      return box;
    },
    finding,
    offers,
    container,
  },
  'an offer that was written and not read': {
    box: async () => {
      const box = await node({ service: { asks: { 'NVIDIA-GPU': 1 } } })();
      await edit(box, DAEMON_JSON, () => OFFERS);
      await edit(box, CONFIG, t => t.replace(/#swarm-resource.*/, READS));
      return box;
    },
    finding,
    offers,
    container,
  },
  'tasks that were made before the node was ready': {
    box: async () => {
      const box = await node({
        daemonJson: OFFERS,
        service: { asks: { 'NVIDIA-GPU': 1 } },
      })();
      await edit(box, CONFIG, t => t.replace(/#swarm-resource.*/, READS));
      return box;
    },
    finding,
    offers,
    isByName: true,
    container,
  },
  'a toolkit whose runtime passes over what Swarm gives': {
    box: node({ toolkit: '1.18.1' }),
    finding,
    offers,
    container,
    refused: /1\.19 has it again/,
  },
  'a worker': { box: node({ manager: false }), finding, offers, container, refused: /on a manager/ },
  'more tasks than cards': {
    box: node({ service: { replicas: 2 } }),
    finding,
    offers,
    container,
    refused: /2 tasks with a GPU each, and this node has 1/,
  },
  'a manager that locks itself': { box: node({ autolock: true }), finding, offers, container, refused: /its key/ },
  'an offer by number': {
    box: node({ daemonJson: daemonJsonWith({ 'node-generic-resources': ['NVIDIA-GPU=1'] }) }),
    finding,
    offers,
    container,
    refused: /index of a card/,
  },
};
