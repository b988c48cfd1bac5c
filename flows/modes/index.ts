import type { Mode } from '../../src/engine/mode.ts';
import { cdi } from './cdi.ts';
import { cdiEngine } from './cdi-engine.ts';
import { compose } from './compose.ts';
import { docker } from './docker.ts';
import { driver } from './driver.ts';
import { fabric } from './fabric.ts';
import { hardware } from './hardware.ts';
import { image } from './image.ts';
import { kubernetes } from './kubernetes.ts';
import { ldconfig } from './ldconfig.ts';
import { libraries } from './libraries.ts';
import { nodes } from './nodes.ts';
import { operator } from './operator.ts';
import { hygiene, podman } from './podman.ts';
import { requests } from './requests.ts';
import { runtime } from './runtime.ts';
import { tegra } from './tegra.ts';
import { toolkit } from './toolkit.ts';
import { vm } from './vm.ts';

export { isModeId, type ModeClass, type ModeId, modeIds } from './ids.ts';

const all: readonly Mode[] = [
  ...hardware,
  ...driver,
  ...nodes,
  ...fabric,
  ...vm,
  ...libraries,
  ...toolkit,
  ...ldconfig,
  ...requests,
  ...runtime,
  ...cdi,
  ...cdiEngine,
  ...docker,
  ...compose,
  ...podman,
  ...image,
  ...kubernetes,
  ...operator,
  ...tegra,
  ...hygiene,
];

/** Every failure mode that is written out, by id, in the order of the field reference. */
export const modes: Readonly<Record<string, Mode>> = Object.fromEntries(all.map(m => [m.id, m]));
