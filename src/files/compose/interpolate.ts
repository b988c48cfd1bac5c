/** `${VAR:-default}` as Compose reads it. */

const VARIABLE = /\$(?:(\$)|\{([A-Za-z_]\w*)(?:(:?[-+?])((?:[^{}]|\{[^{}]*\}|\$\{[^{}]*\})*))?\}|([A-Za-z_]\w*))/g;

export type Env = Readonly<Record<string, string>>;

/** The text with its variables filled in from `env` and their defaults; null where one has neither. */
export const filled = (text: string, env: Env, depth = 0): string | null => {
  if (!text.includes('$')) return text;
  let known = true;
  const out = text.replace(VARIABLE, (_, dollar, braced, op, word, bare) => {
    if (dollar) return '$';
    const value = env[braced ?? bare];
    const isSet = value !== undefined && !(String(op ?? '').startsWith(':') && value === '');
    const other = (): string => {
      const inner = depth > 5 ? null : filled(word ?? '', env, depth + 1);
      if (inner === null) known = false;
      return inner ?? '';
    };
    if (op?.endsWith('+')) return isSet ? other() : '';
    if (isSet) return value;
    if (op?.endsWith('-')) return other();
    known = false;
    return '';
  });
  return known ? out : null;
};

export const isVariable = (text: string): boolean => /(?:^|[^$])(?:\$\$)*\$(?:\{|[A-Za-z_])/.test(text);

/** The lines of a .env or env_file that set something. */
export const envOf = (text: string): Env => {
  const env: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const m = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (!m?.[1]) continue;
    const value = m[2] ?? '';
    const quoted = /^(["'])([\s\S]*?)\1/.exec(value);
    env[m[1]] = quoted ? (quoted[2] ?? '') : value.replace(/\s+#.*$/, '');
  }
  return env;
};
