/** The tree: its table of contents, in the order in which a person would ask. */
import { card, sharing } from './card.ts';
import { cdi } from './cdi.ts';
import { config } from './config.ts';
import { container } from './container.ts';
import { crio } from './crio.ts';
import { csv } from './csv.ts';
import { docker, podman } from './docker.ts';
import { driver } from './driver.ts';
import { extras } from './extras.ts';
import { fabric } from './fabric.ts';
import { gpus } from './gpus.ts';
import { hardware } from './hardware.ts';
import { hygiene } from './hygiene.ts';
import { image } from './image.ts';
import { init } from './init.ts';
import { injected } from './injected.ts';
import { jetson } from './jetson.ts';
import { jit } from './jit.ts';
import { handler, kubernetes } from './kubernetes.ts';
import { legacy } from './legacy.ts';
import { libraries } from './libraries.ts';
import { mig } from './mig.ts';
import { module } from './module.ts';
import { operator, plugin } from './operator.ts';
import { persistence } from './persistence.ts';
import { asks, pods } from './pods.ts';
import { engine, form, request } from './request.ts';
import { runtime } from './runtime.ts';
import { vm } from './vm.ts';
import { where, wsl } from './where.ts';

export const ROOT = 'where';

export const flows = {
  where,
  wsl,
  'vfio-vm': vm,
  jetson,
  hardware,
  driver,
  module,
  init,
  card,
  fabric,
  mig,
  sharing,
  request,
  kubernetes,
  handler,
  crio,
  operator,
  plugin,
  pods,
  asks,
  engine,
  docker,
  podman,
  form,
  gpus,
  runtime,
  config,
  libraries,
  legacy,
  jit,
  csv,
  cdi,
} as const;

/** Walked for themselves and not from the root: beside every check, or for the one container that a person named. */
export const aside = { hygiene, persistence, container, extras, injected, image } as const;

/** Of those, the flows that every check walks; they find risks and notes, never a fault. */
export const BESIDE = ['hygiene', 'persistence'] as const;

/** Of the trunk, what is about pods and not about Docker or Podman on this machine. */
export const CLUSTER: readonly string[] = ['kubernetes', 'handler', 'crio', 'operator', 'plugin', 'pods', 'asks'];

/** Everything there is to draw and to read. */
export const allFlows = { ...flows, ...aside } as const;
