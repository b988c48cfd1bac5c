/**
 * Edits of /etc/docker/daemon.json, by span: a file written anew loses its owner's order and indent, and
 * `nvidia-ctk runtime configure --cdi.enabled` replaces the whole features object (section 1.6).
 */
import { or } from '../../src/engine/known.ts';
import type { Refusal } from '../../src/plan/plan.ts';
import type { Edit } from '../../src/text/edit.ts';
import { DAEMON_JSON } from '../probes/docker.ts';
import type { Facts } from '../probes/index.ts';
import { type Draft, edits, isRefused, known } from './make.ts';
import { isHostEngine } from './restart.ts';

export const touches = () => [DAEMON_JSON];
export const parses = (f: Facts): boolean => isHostEngine(f) && f.daemonJson.fault === null;
export const server = (f: Facts): string => or(f.docker.serverVersion, null) ?? '0';

export const inDaemonJson = (
  f: Facts,
  change: (text: string | null) => Edit,
  why: string,
  summary: string,
): Draft | Refusal => {
  const text = known(f.daemonJson.text, DAEMON_JSON);
  if (isRefused(text)) return text;
  const step = edits(DAEMON_JSON, text, change(text), why, 0o644);
  return isRefused(step) ? step : { summary, steps: [step] };
};
/** Several edits of the one file, in order; the first that resists refuses all. */
export const allOf =
  (...changes: readonly ((text: string | null) => Edit)[]) =>
  (text: string | null): Edit => {
    let now = text;
    for (const change of changes) {
      const result = change(now);
      if (!result.ok) return result;
      now = result.text;
    }
    return { ok: true, text: now ?? '', changed: now !== text };
  };
