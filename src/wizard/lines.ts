/** The few kinds of line a View is made of. */
import type { WayId } from '../engine/flow.ts';
import type { Report, Way } from './outside.ts';
import type { State } from './state.ts';
import type { Sign } from './walk.ts';

export type Tone = 'plain' | 'strong' | 'dim' | 'add' | 'remove' | 'ok' | 'broken' | 'unsure';
export type Line =
  /** Wraps at words. */
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone; readonly sign?: Sign }
  /** A label at the left, the text hanging beside it. */
  | { readonly kind: 'fact'; readonly label: string; readonly text: string; readonly tone?: Tone }
  /** Exact: wraps hard, loses nothing. */
  | { readonly kind: 'code'; readonly text: string; readonly tone?: Tone }
  /** A command to read or copy; wraps at words. */
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'way'; readonly how: string; readonly works: boolean | null; readonly because: string };

export const text = (t: string, tone?: Tone, sign?: Sign): Line => ({
  kind: 'text',
  text: t,
  ...(tone && { tone }),
  ...(sign && { sign }),
});
export const fact = (label: string, t: string, tone?: Tone): Line => ({
  kind: 'fact',
  label,
  text: t,
  ...(tone && { tone }),
});
export const code = (t: string, tone?: Tone): Line => ({ kind: 'code', text: t, ...(tone && { tone }) });
export const command = (t: string): Line => ({ kind: 'command', text: t });
export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** The ways in a word or two, for a row that lists several. */
export const SHORT: Readonly<Record<WayId, string>> = {
  'docker-gpus': '--gpus',
  'docker-runtime': '--runtime=nvidia',
  'docker-cdi': 'docker --device',
  'docker-runtime-cdi': 'CDI names through the runtime',
  'podman-cdi': 'podman',
};

const becauseOf = (way: Way, modes: State['modes']): string =>
  way.works === true
    ? ''
    : way.works === false && way.cause !== null
      ? (modes[way.cause]?.title ?? way.cause)
      : way.why;

export const waysLines = (report: Report, modes: State['modes']): readonly Line[] =>
  report.ways.map(w => ({ kind: 'way' as const, how: w.how, works: w.works, because: becauseOf(w, modes) }));
