/** How a text betrays a failure mode: plain data, written beside the modes and matched by `src/explain`. */

/** Something a text shows besides its error line. The tests for them stand in `src/explain/features.ts`. */
export type Feature =
  | 'amd'
  | 'appLog'
  | 'asksCdi'
  | 'asksGpus'
  | 'asksRuntime'
  | 'build'
  | 'cliRun'
  | 'compose'
  | 'containerd'
  | 'daemonReload'
  | 'desktop'
  | 'docker'
  | 'exitsLater'
  | 'fabric'
  | 'gpuWords'
  | 'hookRan'
  | 'hostFine'
  | 'inContainer'
  | 'jit'
  | 'k3s'
  | 'k8s'
  | 'kernelNew'
  | 'lxc'
  | 'mac'
  | 'mig'
  | 'moduleLoaded'
  | 'noCard'
  | 'noGpuAsked'
  | 'nonRoot'
  | 'nouveau'
  | 'operator'
  | 'oldPodman'
  | 'oldSpec'
  | 'plugin'
  | 'podman'
  | 'redHat'
  | 'rootless'
  | 'secureBoot'
  | 'selinux'
  | 'snap'
  | 'suspend'
  | 'swarm'
  | 'tegra'
  | 'thor'
  | 'toolkitChanged'
  | 'trouble'
  | 'unattended'
  | 'vm'
  | 'windows'
  | 'wsl';

/**
 * What the text is in the chain of events: `cause` names the fault itself, `error` is what a part of the stack says,
 * `symptom` what an application makes of it, `noise` is loud and harmless.
 */
export type Kind = 'cause' | 'error' | 'symptom' | 'noise';

export interface Signature {
  /**
   * Any of these. White space, quotes, backslashes, asterisks and case do not count. `…` stands for up to 200
   * characters, `#` for digits, `<a|b>` for one of several; all else is literal.
   */
  readonly says: readonly string[];
  /** How likely this mode is the one to name, given only this text: 0 to 1. */
  readonly sure: number;
  readonly kind?: Kind;
  /** Each of these must stand somewhere in the text as well. */
  readonly also?: readonly string[];
  /** One of these must be shown. */
  readonly needs?: readonly Feature[];
  /** Counts for nothing where one of these is shown. */
  readonly unless?: readonly Feature[];
  /** Moves the likelihood towards 1 by this share. */
  readonly more?: Partial<Record<Feature, number>>;
  /** Moves the likelihood towards 0 by this share. */
  readonly less?: Partial<Record<Feature, number>>;
}

/** Everything a text can show of one failure mode. */
export interface Signs {
  /** The probe or the one question that settles whether it is this one. */
  readonly tell: string;
  readonly shows: readonly Signature[];
  /** Modes of which this one is a mere consequence. */
  readonly follows?: readonly string[];
}

/** Something that is no fault of this stack. */
export interface Foreign {
  readonly kind: string;
  /** What it is, in a sentence. */
  readonly about: string;
  readonly says: readonly string[];
  /** Must hold on the cleaned text in lower case as well; bounded repetitions only. */
  readonly test?: RegExp;
  /** Names the matter so plainly that an error of the stack beside it has to be certain to win. */
  readonly plain?: true;
  /** Failure modes with the same words that it explains better. */
  readonly instead?: readonly string[];
}

type More = Omit<Signature, 'says' | 'sure'>;

/** A signature; `says` is one text or several that mean the same. */
export const s = (says: string | readonly string[], sure: number, more: More = {}): Signature => ({
  says: typeof says === 'string' ? [says] : says,
  sure,
  ...more,
});
