/** Finds secrets in text and takes them out. Every pattern is anchored or bounded, so that time is linear in the input. */

/** Called for each secret found; returns what stands in its place. */
export type Remove = (kind: string, value: string) => string;

const MARK = '[removed: ';
const isMark = (text: string, at = 0): boolean => text.startsWith(MARK, at);

/** The left edge of a token: no letter or digit before it, or an escaped line break as logs write it. */
const edge = (body: string): RegExp => new RegExp(`(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]))(?:${body})`, 'g');

/** Tokens that say what they are by their beginning. `mixed` ones need a digit or a capital to count. */
const TOKENS: readonly { readonly kind: string; readonly pattern: RegExp; readonly mixed?: true }[] = [
  { kind: 'GitHub token', pattern: edge('gh[a-z]_[A-Za-z0-9_]{16,}|github_pat_[A-Za-z0-9_]{16,}') },
  { kind: 'GitLab token', pattern: edge('gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[\\w.-]{16,}') },
  { kind: 'AWS key', pattern: edge('(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}') },
  { kind: 'Google key', pattern: edge('AIza[\\w-]{24,}|ya29\\.[\\w-]{10,}|GOCSPX-[\\w-]{16,}|1//0[\\w-]{20,}') },
  { kind: 'Slack token', pattern: edge('xox[a-z](?:\\.xox[a-z])?-[\\w-]{8,}|xapp-[\\w-]{10,}') },
  { kind: 'Slack hook', pattern: /(?<=hooks\.slack\.com\/)(?:services|workflows|triggers)\/[\w/-]{10,}/g },
  { kind: 'Discord hook', pattern: /(?<=\/api\/webhooks\/)\d{5,30}\/[\w-]{20,}/g },
  { kind: 'Stripe key', pattern: edge('(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}') },
  { kind: 'Hugging Face token', pattern: edge('hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}') },
  { kind: 'API key', pattern: edge('sk-[\\w-]{16,}'), mixed: true },
  { kind: 'NGC key', pattern: edge('nvapi-[\\w-]{16,}') },
  { kind: 'npm token', pattern: edge('npm_[A-Za-z0-9]{16,}') },
  { kind: 'PyPI token', pattern: edge('pypi-[\\w-]{16,}'), mixed: true },
  { kind: 'Docker token', pattern: edge('dckr_(?:pat|oat)_[\\w-]{12,}') },
  { kind: 'swarm token', pattern: edge('SWMTKN-\\d-[a-z0-9-]{10,}') },
  { kind: 'k3s token', pattern: edge('K10[0-9a-f]{32,}::[\\w.:-]{4,}') },
  { kind: 'Vault token', pattern: edge('hv[sbr]\\.[\\w-]{16,}') },
  { kind: 'DigitalOcean token', pattern: edge('do[opr]_v1_[0-9a-f]{16,}') },
  { kind: 'SendGrid key', pattern: edge('SG\\.[\\w-]{16,}\\.[\\w-]{16,}') },
  {
    kind: 'API key',
    pattern: edge(
      '(?:gsk|r8|xai|glc|glsa|sntrys|sntryu|shpat|shpss|lin_api|rubygems|pul|fio-u|ntn|secret)[_-][A-Za-z0-9_]{24,}',
    ),
    mixed: true,
  },
  { kind: 'Atlassian token', pattern: edge('AT(?:ATT|CTT|BB)[A-Za-z0-9][\\w=-]{20,}') },
  { kind: 'Tailscale key', pattern: edge('tskey-[\\w-]{12,}') },
  { kind: 'Databricks token', pattern: edge('dapi[0-9a-f]{32}(?:-\\d)?') },
  { kind: 'Telegram token', pattern: edge('\\d{8,10}:AA[\\w-]{30,}') },
  { kind: 'password hash', pattern: /\$(?:1|2[abxy]|5|6|7|y|gy|apr1|argon2\w{1,4})\$[./A-Za-z0-9$=,+]{12,}/g },
  { kind: 'age key', pattern: edge('AGE-SECRET-KEY-1[A-Z0-9]{20,}') },
  { kind: 'encoded key', pattern: edge('LS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}') },
];

/** A run of word characters that begins like a JWT; the dots decide in code. */
const JWT = edge('eyJ[\\w-]{6,}(?:\\.[\\w-]{0,8192}){0,4}');

const BEGIN_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** Private keys in PEM form, also those whose end is missing. */
export const removePrivateKeys = (text: string, remove: Remove): string => {
  if (!text.includes('PRIVATE KEY')) return text;
  let out = '';
  let from = 0;
  for (const begin of text.matchAll(BEGIN_KEY)) {
    if (begin.index < from) continue;
    const end = text.indexOf('-----END ', begin.index + begin[0].length);
    const close = end < 0 ? -1 : text.indexOf('-----', end + 9);
    const to = close < 0 ? text.length : close + 5;
    out += text.slice(from, begin.index) + remove('private key', text.slice(begin.index, to));
    from = to;
  }
  return out + text.slice(from);
};

const URL_LOGIN = /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}:\/\/)([^\s/?#"'<>\\`]{1,1024})@/g;
const BEARER = /(?<![A-Za-z0-9])(Bearer|Basic|Negotiate|ApiKey)( {1,4}|%20|\+)(?!realm=)([A-Za-z0-9._~+/=:-]{6,})/gi;
const SIGNED =
  /([?&;](?:sig|signature|x-amz-signature|x-amz-credential|x-goog-signature|x-goog-credential)=)([^&\s"'<>\\]{4,})/gi;
const ELEMENT = /<([A-Za-z][\w.:-]{1,80})>([^<\n]{1,8192})</g;
const SQL = /(\b(?:identified by|password) {1,4})'([^'\n]{1,512})'/gi;
const NETRC = /(\b(?:login|user) {1,4}\S{1,256}\s{1,40}password {1,4})(\S{1,512})/g;
const SPOKEN =
  /(\b(?:api|access|secret|private|auth) (?:key|token)(?: provided| is| was)?\s{0,2}[:=]?\s{1,2}["']?)([\w.+/=*-]{8,})/gi;
const PASSWORD_IS = /(\b(?:password|passphrase|passwd|token|secret) (?:is |was |of )?["']?)([^\s"']{4,})/gi;
/** A pair of name and value as Kubernetes and JSON lists of variables have it. */
const PAIR =
  /(["']?\b(?:name|key)["']?\s{0,8}[:=]\s{0,8}["']?)([A-Za-z_][\w.-]{1,80})(["']?,?\s{0,40}["']?value["']?\s{0,8}[:=]\s{0,8})("(?:[^"\\\n]|\\.){0,4096}"|'[^'\n]{0,4096}'|[^\s,}]{1,4096})/gi;
const DOCKERFILE_ENV = /^(\s{0,40}(?:ENV|env) {1,8})([A-Za-z_]\w{1,80})( {1,8})(\S[^\n]{0,4096})$/gm;

/** Looks like chance, not like a word: long enough, with a digit or mixed case. */
export const looksRandom = (value: string): boolean =>
  value.length >= 8 && /[A-Za-z]/.test(value) && (/\d/.test(value) || (/[a-z][A-Z]/.test(value) && value.length >= 12));

/** Secrets that need no name to be known: tokens, keys, logins in addresses, headers. */
export const removeKnownForms = (text: string, telling: (name: string) => string | null, remove: Remove): string => {
  let now = text;
  if (now.includes('://'))
    now = now.replace(URL_LOGIN, (whole, scheme: string, login: string) =>
      login === 'git' || isMark(login) || /^\[removed/.test(login) ? whole : `${scheme}${remove('login', login)}@`,
    );
  for (const { kind, pattern, mixed } of TOKENS)
    now = now.replace(pattern, found => (mixed && !/[0-9]|[a-z][A-Z]/.test(found) ? found : remove(kind, found)));
  now = now.replace(JWT, found => (found.includes('.') || found.length > 60 ? remove('JWT', found) : found));
  now = now.replace(BEARER, (whole, scheme: string, gap: string, value: string) =>
    /[0-9A-Z_=+/~]/.test(value) || value.length > 30 ? `${scheme}${gap}${remove('authorization', value)}` : whole,
  );
  now = now.replace(SIGNED, (_, name: string, value: string) => name + remove('signature', value));
  now = now.replace(SQL, (whole, lead: string, value: string) =>
    isMark(value) ? whole : `${lead}'${remove('password', value)}'`,
  );
  now = now.replace(NETRC, (whole, lead: string, value: string) =>
    isMark(value) ? whole : lead + remove('password', value),
  );
  now = now.replace(SPOKEN, (whole, lead: string, value: string) =>
    looksRandom(value) ? lead + remove('key', value) : whole,
  );
  now = now.replace(PASSWORD_IS, (whole, lead: string, value: string) =>
    looksRandom(value) || (/\d/.test(value) && / (?:is|was|of) ["']?$/.test(lead))
      ? lead + remove('password', value)
      : whole,
  );
  if (now.includes('</'))
    now = now.replace(ELEMENT, (whole, name: string, value: string) => {
      const kind = telling(name);
      return kind === null || isMark(value.trim()) ? whole : `<${name}>${remove(kind, value)}<`;
    });
  if (/value/i.test(now))
    now = now.replace(PAIR, (whole, lead: string, name: string, middle: string, value: string) => {
      const kind = telling(name);
      const quote = value[0] === '"' || value[0] === "'" ? value[0] : '';
      const bare = quote === '' ? value : value.slice(1, -1);
      return kind === null || bare === '' || isMark(bare)
        ? whole
        : lead + name + middle + quote + remove(kind, bare) + quote;
    });
  return now.replace(DOCKERFILE_ENV, (whole, lead: string, name: string, gap: string, value: string) => {
    const kind = telling(name);
    return kind === null || isMark(value) ? whole : lead + name + gap + remove(kind, value);
  });
};
