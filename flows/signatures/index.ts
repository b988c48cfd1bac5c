/** What each failure mode says of itself in texts, joined from the layers. */
import type { Signs } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cdiSigns } from './cdi.ts';
import { cdiEngineSigns } from './cdi-engine.ts';
import { composeSigns } from './compose.ts';
import { configurationSigns } from './configuration.ts';
import { dockerSigns } from './docker.ts';
import { driverSigns } from './driver.ts';
import { fabricSigns } from './fabric.ts';
import { hardwareSigns } from './hardware.ts';
import { imageSigns } from './image.ts';
import { kubernetesSigns } from './kubernetes.ts';
import { librariesSigns } from './libraries.ts';
import { nodeSigns } from './nodes.ts';
import { operatorSigns } from './operator.ts';
import { podmanSigns } from './podman.ts';
import { requestSigns } from './requests.ts';
import { runtimeSigns } from './runtime.ts';
import { tegraSigns } from './tegra.ts';
import { toolkitSigns } from './toolkit.ts';
import { vmSigns } from './vm.ts';

/** By id of the failure mode. */
export const signs: Readonly<Partial<Record<ModeId, Signs>>> = {
  ...hardwareSigns,
  ...driverSigns,
  ...nodeSigns,
  ...fabricSigns,
  ...vmSigns,
  ...librariesSigns,
  ...toolkitSigns,
  ...configurationSigns,
  ...requestSigns,
  ...runtimeSigns,
  ...cdiSigns,
  ...cdiEngineSigns,
  ...dockerSigns,
  ...composeSigns,
  ...podmanSigns,
  ...imageSigns,
  ...kubernetesSigns,
  ...operatorSigns,
  ...tegraSigns,
};
