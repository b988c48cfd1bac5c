/** Passwords that programs take by a short flag: `docker login -p x`, `mysql -px`, `sshpass -p x`, `curl -u a:b`. */
import type { Remove } from './secrets.ts';

interface Habit {
  /** The word that makes the line count, e.g. `login`. */
  readonly word: RegExp;
  /** A flag whose next word, or whose own rest, is the secret. */
  readonly flag: RegExp;
  /** Only what follows the first colon is secret (curl -u user:password). */
  readonly afterColon?: true;
}

const HABITS: readonly Habit[] = [
  {
    word: /\b(?:docker|podman|nerdctl|buildah|skopeo|crane|oras|regctl|helm|az|ctr|singularity|apptainer)\b.{0,80}\blogin\b/,
    flag: /^-p/,
  },
  { word: /\bsshpass\b/, flag: /^-p/ },
  { word: /\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b/, flag: /^-p/ },
  { word: /\b(?:redis-cli|valkey-cli)\b/, flag: /^-a/ },
  { word: /\bopenssl\b/, flag: /^-(?:passin|passout|k)$/ },
  { word: /\b(?:ipmitool|ldapsearch|ldapadd|mongosh?|mongodump)\b/, flag: /^-[Pwp]$/ },
  { word: /\b(?:smbclient|mount\.cifs)\b/, flag: /^-U/, afterColon: true },
  { word: /\b(?:curl|ctr)\b/, flag: /^(?:-u|--user|--proxy-user|-U)/, afterColon: true },
];
const QUICK =
  /\b(?:login|sshpass|mysql\w*|mariadb|redis-cli|valkey-cli|openssl|ipmitool|ldap\w+|mongo\w*|smbclient|curl|ctr)\b/;

const hide = (habit: Habit, value: string, remove: Remove): string => {
  if (value === '' || value.startsWith('[removed') || value.startsWith('$')) return value;
  if (habit.afterColon !== true) return remove('password', value);
  const colon = value.search(/[:%]/);
  return colon < 0 || value.startsWith('[removed', colon + 1) || colon === value.length - 1
    ? value
    : value.slice(0, colon + 1) + remove('password', value.slice(colon + 1));
};

/** An argument vector, or the words of a line; the same length comes back. */
export const removeLogins = (words: readonly string[], remove: Remove): string[] => {
  const out = [...words];
  const line = words.slice(0, 40).join(' ').slice(0, 400);
  if (!QUICK.test(line)) return out;
  for (const habit of HABITS) {
    if (!habit.word.test(line)) continue;
    for (let i = 1; i < out.length; i++) {
      const word = out[i]!;
      const flag = habit.flag.exec(word)?.[0];
      if (flag === undefined || (flag === '-u' && word.startsWith('--'))) continue;
      const rest = word.slice(flag.length);
      if (rest === '' && i + 1 < out.length) out[i + 1] = hide(habit, out[i + 1]!, remove);
      else if (rest !== '' && !rest.startsWith('-') && !/^[a-z]+-/.test(rest)) {
        const equals = rest.startsWith('=') ? '=' : '';
        out[i] = flag + equals + hide(habit, rest.slice(equals.length), remove);
      }
    }
  }
  return out;
};

/** The same over a text, line by line; quotes around a word are left standing. */
export const removeLoginsInText = (text: string, remove: Remove): string => {
  if (!QUICK.test(text)) return text;
  return text
    .split('\n')
    .map(line => {
      if (line.length > 20_000 || !QUICK.test(line)) return line;
      const parts = line.split(/(\s+|["'])/);
      const at: number[] = [];
      const words = parts.filter((part, i) => i % 2 === 0 && part !== '' && part !== ',' && at.push(i) > 0);
      const changed = removeLogins(words, remove);
      at.forEach((i, n) => {
        parts[i] = changed[n]!;
      });
      return parts.join('');
    })
    .join('\n');
};
