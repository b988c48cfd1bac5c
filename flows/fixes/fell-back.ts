/**
 * The note that --gpus fell back to the hook: where nobody set CDI up, no other finding says what is wrong with the
 * spec, and the fixes of specs are offered for the note itself.
 */
import type { Refusal } from '../../src/plan/plan.ts';
import type { Facts } from '../probes/index.ts';
import { type GpusByCdi, gpusByCdi } from '../rules/cdi.ts';
import { type Draft, isRefused } from './make.ts';

/** The note that --gpus took the hook. */
export const FELL_BACK = 'docker-29.2-gpus-behaviour-change';

/** What keeps --gpus from CDI, by the finding that it is where somebody asked for CDI. */
const CAUSES: Readonly<Partial<Record<Extract<GpusByCdi, { is: 'no' }>['because'], string>>> = {
  missing: 'cdi-spec-missing',
  otherDir: 'cdi-spec-dir-mismatch',
  malformed: 'cdi-spec-malformed',
  tooNew: 'cdi-version-too-new',
  permission: 'cdi-spec-permission',
  name: 'cdi-device-name-unresolvable',
  node: 'cdi-host-device-missing',
};

/** The finding itself, or for the note what stands behind it now; null where nothing does, or no spec would help. */
export const causeOf = (f: Facts, finding: string): string | null => {
  if (finding !== FELL_BACK) return finding;
  const now = gpusByCdi(f);
  return now.is === 'yes' ? null : (CAUSES[now.because] ?? null);
};

/** Whether a fix for those findings helps against this one, too. */
export const helps = (f: Facts, finding: string, mends: readonly string[]): boolean =>
  finding !== FELL_BACK || mends.includes(causeOf(f, finding) ?? '');

/** A spec changes more for --gpus than the error in the journal. */
export const priced = (draft: Draft | Refusal, finding: string): Draft | Refusal =>
  isRefused(draft) || finding !== FELL_BACK
    ? draft
    : {
        ...draft,
        summary: `${draft.summary} --gpus then takes the spec in place of the hook: NVIDIA_DRIVER_CAPABILITIES and NVIDIA_REQUIRE_CUDA count no more.`,
      };
