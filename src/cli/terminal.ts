/** What the terminal can show, from the flags and the environment. */

export interface Terminal {
  /** Both ends are a terminal that can move its cursor, and nobody asked for plain lines. */
  readonly ink: boolean;
  readonly colour: boolean;
  /** ASCII twins of the signs. */
  readonly ascii: boolean;
  /** Width of what is printed; 80 where the output is no terminal. */
  readonly columns: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

/**
 * Chalk knows FORCE_COLOR but not NO_COLOR, and reads both only once, when it is imported. NO_COLOR and --no-color win.
 * Changes the environment given.
 */
export const mapColour = (env: Record<string, string | undefined>, words: readonly string[]): void => {
  const end = words.indexOf('--');
  const flags = end < 0 ? words : words.slice(0, end);
  if (!isSet(env.NO_COLOR) && env.TERM !== 'dumb' && !flags.includes('--no-color')) return;
  env.FORCE_COLOR = '0';
  // Node warns on stderr when it finds both.
  delete env.NO_COLOR;
};

/** Locales without UTF-8 get the ASCII signs of themselves; an empty locale is taken for UTF-8, as terminals are. */
const isAsciiLocale = (env: Env): boolean => {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(isSet);
  return locale !== undefined && (locale === 'C' || locale === 'POSIX' || /^(?!.*utf-?8)[\w@]+\./i.test(locale));
};

/** `env` after mapColour. */
export const terminalOf = (
  env: Env,
  flags: { readonly plain?: boolean; readonly ascii?: boolean },
  ends: {
    readonly stdin: { readonly isTTY?: boolean };
    readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
  },
): Terminal => {
  const forced = isSet(env.FORCE_COLOR) ? env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false' : undefined;
  const isPlain =
    flags.plain === true || (isSet(env.GPUMEDIC_PLAIN) && env.GPUMEDIC_PLAIN !== '0') || env.TERM === 'dumb';
  const isWide = ends.stdout.isTTY === true && ends.stdout.columns !== undefined && ends.stdout.columns > 0;
  return {
    // Standard input last: Node makes its stream when it is looked at.
    ink: !isPlain && ends.stdout.isTTY === true && ends.stdin.isTTY === true,
    colour: forced ?? ends.stdout.isTTY === true,
    ascii: flags.ascii === true || isAsciiLocale(env),
    columns: isWide ? ends.stdout.columns : 80,
  };
};
