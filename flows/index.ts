/** The tree: its table of contents, in the order in which a person would ask. */
import { card, sharing } from './card.ts';
import { cdi } from './cdi.ts';
import { config } from './config.ts';
import { csv } from './csv.ts';
import { docker, podman } from './docker.ts';
import { driver } from './driver.ts';
import { fabric } from './fabric.ts';
import { gpus } from './gpus.ts';
import { hardware } from './hardware.ts';
import { init } from './init.ts';
import { jit } from './jit.ts';
import { legacy } from './legacy.ts';
import { libraries } from './libraries.ts';
import { mig } from './mig.ts';
import { module } from './module.ts';
import { form, request } from './request.ts';
import { runtime } from './runtime.ts';
import { where, wsl } from './where.ts';

export const ROOT = 'where';

export const flows = {
  where,
  wsl,
  hardware,
  driver,
  module,
  init,
  card,
  fabric,
  mig,
  sharing,
  request,
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
