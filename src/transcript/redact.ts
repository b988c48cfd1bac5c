/**
 * Redaction on the way in. Secrets are removed, names of people and machines get stand-ins that stay the same all
 * session long; versions, PCI addresses, library names, digests and paths of the stack stay as they are.
 */
import { aliasText, wordPattern } from './identity.ts';
import { removeNamed, telling } from './keyed.ts';
import { removeLogins, removeLoginsInText } from './logins.ts';
import { aliases, isCommon } from './names.ts';
import { looksRandom, type Remove, removeKnownForms, removePrivateKeys } from './secrets.ts';

/** Facts known beforehand, so that a plain host or user name in running text is found too. */
export interface Known {
  readonly hostname?: string;
  readonly users?: readonly string[];
  /** The home folder where it is not /home/<user>. */
  readonly home?: string;
}

/** What was hidden, by kind: removals are counted each time, stand-ins once for each distinct value. */
export interface Account {
  readonly removed: Readonly<Record<string, number>>;
  readonly aliased: Readonly<Record<string, number>>;
}

export interface Redactor {
  /** Any text: output, a file, a log line. Applying it twice changes nothing more. */
  text(text: string): string;
  /** An argument vector; knows that the word after `--password` is one. */
  argv<A extends readonly string[]>(argv: A): A;
  path(path: string): string;
  /** Facts learned on the way, e.g. from `hostname`. */
  learn(known: Known): void;
  account(): Account;
  /** What has which stand-in, for the review before something is shared; never part of what is shared. */
  standIns(): readonly (readonly [name: string, alias: string])[];
}

const removedMark = (kind: string): string => `[removed: ${kind}]`;
/** A flag that takes its secret as the next argument. */
const FLAG = /^--?([A-Za-z][\w.-]{1,80})$/;
const MAX_REMEMBERED = 256;

export const redactor = (known: Known = {}): Redactor => {
  const names = aliases();
  const removed = new Map<string, number>();
  const secrets = new Set<string>();
  const homes = new Map<string, string>();
  let pattern: RegExp | null = null;
  let patternFor = -1;

  const remember = (value: string): void => {
    const worth =
      value.length <= 512 && looksRandom(value) && !/\s|\[removed|^[/.]/.test(value) && !/^[\d.]+$/.test(value);
    if (worth && secrets.size < MAX_REMEMBERED) secrets.add(value);
  };
  const remove: Remove = (kind, value) => {
    removed.set(kind, (removed.get(kind) ?? 0) + 1);
    remember(value);
    return removedMark(kind);
  };

  const withoutSecrets = (text: string, whole: boolean): string => {
    let now = removePrivateKeys(text, remove);
    now = removeNamed(now, remove, whole);
    now = removeKnownForms(now, telling, remove);
    now = removeLoginsInText(now, remove);
    for (const secret of secrets) {
      if (!now.includes(secret)) continue;
      const parts = now.split(secret);
      removed.set('seen before', (removed.get('seen before') ?? 0) + parts.length - 1);
      now = parts.join(removedMark('secret'));
    }
    return now;
  };

  const withAliases = (text: string): string => {
    let now = text;
    for (const [home, alias] of homes) now = now.replaceAll(home, alias);
    now = aliasText(now, names);
    const words = names.words();
    if (words.length !== patternFor) {
      pattern = wordPattern(words);
      patternFor = words.length;
    }
    const lookup = new Map(words);
    return pattern === null ? now : now.replace(pattern, word => lookup.get(word.toLowerCase()) ?? word);
  };

  const learn = (facts: Known): void => {
    const hostname = facts.hostname?.trim();
    if (hostname !== undefined && hostname !== '') {
      const short = hostname.split('.')[0]!;
      if (!isCommon(short)) names.of('host', short);
      if (short !== hostname && !isCommon(hostname)) names.of('host', hostname);
    }
    for (const user of facts.users ?? [])
      if (user.trim() !== '' && !isCommon(user.trim())) names.of('user', user.trim());
    const home = facts.home?.replace(/\/+$/, '');
    if (home !== undefined && home.length > 5 && !/^\/(?:home|Users|var\/home)\/[^/]+$/.test(home) && home !== '/root')
      homes.set(home, `/home/${names.of('user', home.split('/').at(-1)!)}`);
  };
  learn(known);

  /** One replacement can complete the form of another, so it goes on until nothing changes. */
  const settled = (input: string, whole: boolean): string => {
    let now = input;
    for (let pass = 0; pass < 6; pass++) {
      const next = withAliases(withoutSecrets(now, whole));
      if (next === now) return now;
      now = next;
    }
    return now;
  };
  const text = (input: string): string => (input === '' ? '' : settled(input, false));

  return {
    text,
    path: text,
    argv: <A extends readonly string[]>(argv: A): A => {
      const words = removeLogins(argv, remove);
      for (let i = 0; i + 1 < words.length; i++) {
        const name = FLAG.exec(words[i]!)?.[1];
        const kind = name === undefined ? null : telling(name);
        const next = words[i + 1]!;
        if (kind === null || next.startsWith('[removed') || next.startsWith('-') || /^(?:id|type|src|env)=/.test(next))
          continue;
        words[i + 1] = remove(kind, next);
      }
      return words.map(word => settled(word, true)) as unknown as A;
    },
    learn,
    standIns: names.pairs,
    account: () => ({ removed: Object.fromEntries(removed), aliased: names.counts() }),
  };
};
