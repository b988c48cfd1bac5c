/** Every fix, and which of them to offer for a finding. */
import type { Fix } from '../../src/engine/fix.ts';
import type { Facts } from '../probes/index.ts';
import { cardFixes } from './card.ts';
import { cdiPlaceFixes } from './cdi-place.ts';
import { cdiSpecFixes } from './cdi-spec.ts';
import { configFixes } from './config.ts';
import { configValueFixes } from './config-values.ts';
import { containerFixes } from './container.ts';
import { containerdFixes } from './containerd.ts';
import { crioFixes, crioGuides } from './crio.ts';
import { deviceNames } from './device-names.ts';
import { dockerFixes } from './docker.ts';
import { dockerCdiFixes } from './docker-cdi.ts';
import { driverFixes } from './driver.ts';
import { cardGuides } from './guides-card.ts';
import { engineGuides } from './guides-engine.ts';
import { hostGuides } from './guides-host.ts';
import { jetsonGuides } from './guides-jetson.ts';
import { kindGuides } from './guides-kinds.ts';
import { kubeGuides } from './guides-kube.ts';
import { requestGuides } from './guides-request.ts';
import { jetsonFixes } from './jetson.ts';
import { kubernetesFixes } from './kubernetes.ts';
import { leftoverFixes } from './leftovers.ts';
import { microk8sFixes, microk8sGuides } from './microk8s.ts';
import { operatorPlaces } from './operator-places.ts';
import { packageFixes } from './packages.ts';
import { persistenceFixes } from './persistence.ts';
import { podmanFixes } from './podman.ts';
import { projectFixes } from './project-files.ts';
import { swarmFixes } from './swarm.ts';
import { vmLadder } from './vm-ladder.ts';

/** Within one privilege the order is the one in which they are offered: official first, what has a price last. */
export const fixes: readonly Fix[] = [
  ...driverFixes,
  ...cardFixes,
  ...cdiPlaceFixes,
  ...cdiSpecFixes,
  ...persistenceFixes,
  ...leftoverFixes,
  ...dockerFixes,
  ...dockerCdiFixes,
  ...configValueFixes,
  ...configFixes,
  ...containerdFixes,
  ...packageFixes,
  ...podmanFixes,
  ...crioFixes,
  ...microk8sFixes,
  ...jetsonFixes,
  ...kubernetesFixes,
  operatorPlaces,
  ...vmLadder,
  ...deviceNames,
  ...projectFixes,
  ...containerFixes,
  ...swarmFixes,
  ...engineGuides,
  ...hostGuides,
  ...cardGuides,
  ...kindGuides,
  ...requestGuides,
  ...microk8sGuides,
  ...kubeGuides,
  ...crioGuides,
  ...jetsonGuides,
];

/**
 * The fixes for a finding that fit this box: those the program can carry out first, by privilege, then steps for a
 * person, and last what widens the rights of containers. A fix that cannot tell whether it fits is not offered.
 */
export const ladder = (id: string, facts: Facts): readonly Fix[] =>
  fixes
    .filter(f => f.mends.includes(id) && fits(f, facts, id))
    .toSorted((a, b) => turn(a) - turn(b) || a.privilege - b.privilege);

const turn = (f: Fix): number => (f.by === 'guide' ? 1 : f.privilege > 3 ? 2 : 0);

const fits = (f: Fix, facts: Facts, finding: string): boolean => {
  try {
    return f.fits(facts, finding);
  } catch {
    return false;
  }
};

export const fixById = (id: string): Fix | undefined => fixes.find(f => f.id === id);
