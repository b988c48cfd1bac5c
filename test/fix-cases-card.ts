/** Boxes whose trouble lies around the card. */
import { simBox } from '../src/sim/index.ts';
import * as card from '../src/sim/worlds/card.ts';
import { healthyNew } from '../src/sim/worlds/healthy.ts';
import { type Case, does, root } from './fix-boxes.ts';

export const cardCases: Readonly<Record<string, Case>> = {
  'the module is kept out by a line in modprobe.d': {
    box: async () => simBox(card.moduleBlocked()),
    finding: 'kernel-module-not-loaded',
    offers: ['unblock-nvidia-modules'],
  },
  'Secure Boot refuses the module': {
    box: async () => simBox(card.secureBoot()),
    finding: 'secure-boot-key-rejected',
    offers: ['sign-module'],
  },
  'the fabric manager is off': {
    box: async () => simBox(card.fabricDown()),
    finding: 'fabric-manager-not-running',
    offers: ['start-fabric-manager', 'install-fabric-manager'],
  },
  'a card that was divided after the spec was made': {
    box: async () => simBox(card.migDivided()),
    finding: 'mig-reconfigured-spec-stale',
    offers: ['regenerate-cdi-spec'],
  },
  'instances without their nodes': {
    box: async () => simBox(card.migWithoutNodes()),
    finding: 'nvidia-caps-missing',
    offers: ['create-mig-nodes'],
  },
  'MIG without an instance': {
    box: async () => simBox(card.migEmpty()),
    finding: 'mig-enabled-without-instances',
    offers: ['divide-card'],
  },
  'after a suspend': {
    box: async () => simBox(card.afterSleep()),
    finding: 'uvm-broken-after-suspend',
    isByName: true,
    offers: ['reload-uvm', 'reload-nvidia-modules'],
  },
  'nodes for one group only': {
    box: async () => simBox(card.closedNodes()),
    finding: 'device-node-permissions',
    isByName: true,
    offers: ['add-device-group', 'open-device-nodes'],
  },
  'a uvm node with the number of another boot': {
    box: async () => simBox(card.uvmOfLastBoot()),
    finding: 'nvidia-uvm-missing',
    offers: ['create-device-nodes'],
  },
  'a rootless engine': {
    box: async () => simBox(card.rootlessEngine()),
    finding: 'rootless-cgroup-denied',
    offers: ['ask-differently', 'set-no-cgroups-rootless'],
  },
  'inside LXC without nodes': {
    box: async () => {
      const box = simBox(card.insideLxc());
      for (const node of ['nvidiactl', 'nvidia0', 'nvidia-uvm']) await box.write(`/dev/${node}`, null, root);
      return box;
    },
    finding: 'device-nodes-missing',
    offers: ['ask-outside'],
    only: true,
  },
  'a folder in the place of the uvm node': {
    box: async () => {
      const box = simBox(healthyNew());
      await box.write('/dev/nvidia-uvm', null, root);
      await does(box, 'mkdir', '-p', '/dev/nvidia-uvm');
      return box;
    },
    finding: 'nvidia-uvm-missing',
    offers: ['create-device-nodes'],
    refused: /folder/,
  },
  'libraries of a second driver': {
    box: async () => {
      const box = simBox(healthyNew());
      const lib = '/usr/lib/x86_64-linux-gnu';
      for (const name of ['libnvidia-ml', 'libcuda'])
        for (const [from, to] of [['580.126.09', '590.44.01']] as const) {
          await box.write(`${lib}/${name}.so.${from}`, null, root);
          await box.write(`${lib}/${name}.so.${to}`, '', root);
        }
      await does(box, 'ldconfig');
      return box;
    },
    finding: 'driver-library-version-mismatch',
    offers: ['leave-one-driver'],
    only: true,
  },
  'an engine inside LXC': {
    box: async () => simBox(card.insideLxc()),
    finding: 'lxc-nested-engine',
    offers: ['ask-by-cdi-inside', 'set-no-cgroups-true'],
  },
};
