/** Words and signs that every rendering of a report shares. */
import type { Because } from '../box/box.ts';
import type { Effect } from '../plan/plan.ts';

export type Tone = 'ok' | 'bad' | 'unsure' | 'quiet';

/** Sign and colour of a tone; the word beside it carries the meaning. */
export const signs: Readonly<Record<Tone, { readonly sign: string; readonly ascii: string; readonly ansi: number }>> = {
  ok: { sign: '✔', ascii: 'ok', ansi: 32 },
  bad: { sign: '✖', ascii: '!!', ansi: 31 },
  unsure: { sign: '?', ascii: '??', ansi: 33 },
  quiet: { sign: '–', ascii: '--', ansi: 2 },
};

export const becauseWords: Readonly<Record<Because, string>> = {
  absent: 'not there',
  denied: 'permission denied',
  timedOut: 'no answer in time',
  unrecorded: 'not in the recording',
  unreadable: 'could not be read',
};

export const severityTone: Readonly<Record<'fault' | 'risk' | 'note', Tone>> = {
  fault: 'bad',
  risk: 'unsure',
  note: 'quiet',
};

export const worksTone = (works: boolean | null): Tone => (works === null ? 'unsure' : works ? 'ok' : 'bad');
export const worksWord = (works: boolean | null): string =>
  works === null ? 'cannot tell' : works ? 'works' : 'fails';

export const privilegeWords: Readonly<Record<number, string>> = {
  0: 'changes nothing',
  1: 'changes a file of yours',
  2: 'needs root',
  3: 'needs root, restarts a service',
  4: 'needs root, widens what containers may do',
  5: 'needs root, a reboot, or puts data at risk',
};

/** What a fix interrupts; nothing for effects that interrupt nothing. */
export const effectWords: Readonly<Partial<Record<Effect, string>>> = {
  RL: 'reloads Docker',
  RD: 'restarts Docker',
  RC: 'restarts the engine of pods',
  RK: 'restarts Kubernetes on this node',
  RX: 'containers must be started again',
  RM: 'reloads kernel modules',
  RB: 'needs a reboot',
};

export const platformWords: Readonly<Record<string, string>> = {
  'bare-metal': 'bare metal',
  vm: 'virtual machine',
  wsl: 'WSL 2',
  tegra: 'Tegra (Jetson)',
  container: 'inside a container',
};

/** "2 causes". */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** "0.4 s", "12 s". */
export const seconds = (ms: number): string => `${ms < 9950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
