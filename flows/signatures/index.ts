/** What each failure mode says of itself in texts, joined from the layers. */
import type { Signs } from '../../src/engine/signature.ts';
import type { ModeId } from '../modes/ids.ts';
import { cdiSigns } from './cdi.ts';
import { composeSigns } from './compose.ts';
import { dockerSigns } from './docker.ts';
import { driverSigns } from './driver.ts';
import { fabricSigns } from './fabric.ts';
import { hardwareSigns } from './hardware.ts';
import { imageSigns } from './image.ts';
import { kubernetesSigns } from './kubernetes.ts';
import { librariesSigns } from './libraries.ts';
import { podmanSigns } from './podman.ts';
import { requestSigns } from './requests.ts';
import { tegraSigns } from './tegra.ts';
import { toolkitSigns } from './toolkit.ts';
import { vmSigns } from './vm.ts';

/** By id of the failure mode. */
export const signs: Readonly<Partial<Record<ModeId, Signs>>> = {
  ...hardwareSigns,
  ...driverSigns,
  ...fabricSigns,
  ...vmSigns,
  ...librariesSigns,
  ...toolkitSigns,
  ...requestSigns,
  ...cdiSigns,
  ...dockerSigns,
  ...composeSigns,
  ...podmanSigns,
  ...imageSigns,
  ...kubernetesSigns,
  ...tegraSigns,
};
