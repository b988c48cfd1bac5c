/** What a project file has to know of the box: which forms work, and the versions that gate them. */

import type { Facts } from '../../flows/probes/index.ts';
import { type Form, type FormId, forms, offerOrder } from '../../flows/requests/forms.ts';
import { imageArch } from '../../flows/rules/container.ts';
import { modeIfKnown } from '../../flows/rules/mode.ts';
import { type Board, boardOf } from '../../flows/rules/tegra.ts';
import { atLeast } from '../../flows/rules/version.ts';
import type { Box, Ran } from '../box/box.ts';
import type { WayId } from '../engine/flow.ts';
import { or } from '../engine/known.ts';
import type { Report, Way } from '../engine/report.ts';

export interface Here {
  readonly ways: ReadonlyMap<WayId, Way>;
  /** Version of Compose; null where it is not known. */
  readonly compose: string | null;
  readonly docker: string | null;
  readonly gpus: readonly { readonly uuid: string }[];
  readonly platform: string;
  /** Null where Docker does not say. */
  readonly defaultRuntime: string | null;
  /** Version of the driver that is loaded; null where it is not known. */
  readonly driver: string | null;
  /** Processor, as images name it; null where it is not known. */
  readonly arch: string | null;
  /** Null where it is no Jetson, or that is not known. */
  readonly board: Board | null;
  /** The nvidia runtime works by the hook, which filters by NVIDIA_DRIVER_CAPABILITIES; null where that cannot be told. */
  readonly runtimeByHook: boolean | null;
}

const versionIn = (ran: Ran): string | null =>
  ran.kind === 'exited' && ran.code === 0 ? (/(\d+\.\d+(?:\.\d+)?)/.exec(ran.stdout)?.[1] ?? null) : null;

export const hereOf = async (box: Box, report: Report): Promise<Here> => {
  const plugin = await box.run({ argv: ['docker', 'compose', 'version', '--short'] });
  const compose =
    versionIn(plugin) ??
    (plugin.kind === 'exited' ? versionIn(await box.run({ argv: ['docker-compose', 'version', '--short'] })) : null);
  const { facts } = report.internal;
  const info = or(facts.docker.info, null);
  const arch = or(facts.where.arch, null);
  return {
    ways: new Map(report.ways.map(w => [w.way, w])),
    compose,
    docker: report.machine.engines.docker?.version || null,
    gpus: report.machine.gpus,
    platform: report.machine.platform,
    defaultRuntime: info?.defaultRuntime ?? null,
    driver: or(facts.driver.loaded, null),
    arch: arch === null ? null : imageArch(arch),
    board: boardOf(facts),
    runtimeByHook: byHook(facts),
  };
};

const byHook = (facts: Facts): boolean | null => {
  const mode = modeIfKnown(facts);
  return mode === null ? null : mode === 'legacy';
};

/** Whether Compose reads the form; an unknown version is given the benefit. */
export const isRead = (form: Form, compose: string | null): boolean =>
  compose === null || atLeast(compose, form.compose);

export const wayOf = (form: FormId, cdiNames: boolean, here: Here): Way | undefined =>
  here.ways.get(form === 'runtime' && cdiNames ? 'docker-runtime-cdi' : forms[form].way);

/** Forms that work here, by the ways of the tree and the gates of Compose; best first. */
export const workingForms = (here: Here): readonly FormId[] =>
  offerOrder.filter(form => isRead(forms[form], here.compose) && wayOf(form, false, here)?.works === true);
