/** Replaces what identifies a machine or a person by stand-ins, form by form. Linear: every pattern is bounded or anchored. */
import { type Aliases, isCommon, isOwnHost, isTld, STAND_IN } from './names.ts';

const UUID = /(?<![0-9A-Za-z])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9A-Za-z])/gi;
const UUID_AFTER_NAME =
  /(?<=(?:GPU|MIG)-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])/gi;
const SHORT_UUID = /(?<=\bGPU-)[0-9a-f]{8}(?![\w-])/gi;
const ENGINE_ID = /(?<![A-Z0-9:])(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}(?![A-Z0-9:])/g;
const MACHINE_ID =
  /((?:machine|boot|invocation|system)[ _-]?id["']?\s{0,3}[:=]\s{0,3}["']?)([0-9a-f]{32})(?![0-9a-f])/gi;
const ONLY_MACHINE_ID = /^[0-9a-f]{32}\n?$/;
const MAC =
  /(?<![\w:.-])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:-])|(?<![\w:.-])(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![\w:-])/gi;
const IP4 = /(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w]|\.\d|[+~]|-\d)/g;
const IP6 = /(?<![\w:.-])[0-9a-f:]{3,39}(?![\w:])/gi;
const SERIAL =
  /((?:serial(?:[ _-]?(?:number|no|num|short))?|asset[ _-]?tag|chassis[ _-]?id)["']?\s{0,40}[:=]\s{0,10}["']?)([A-Za-z0-9][\w./-]{3,63})/gi;
const SERIAL_ELEMENT = /(<(?:\w{0,40}_)?serial(?:_number)?>)([A-Za-z0-9][\w.-]{3,63})(?=<)/gi;
const DEVICE_SERIAL = /(Device Serial Number )([0-9a-f]{2}(?:-[0-9a-f]{2}){7})/gi;
const EMAIL = /(?<![\w.+%-])([\w.+%-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6})(?![\w@])/g;
const LOGIN = /(?<![\w.+/@:-])([a-z_][\w.-]{0,31})@([A-Za-z][\w-]{0,62})(?=[:\s'")\]~#$]|$)(?!\.\w)/gm;
const URL_HOST =
  /(?<=[a-z0-9]:\/\/(?:[^\s/@"'<>]{0,200}@)?)([A-Za-z0-9][A-Za-z0-9_.-]{0,252})(?=[:/\s"'?#<>)\],;]|$)/gim;
const DOTTED = /(?<![\w.@$-])[A-Za-z0-9_][\w-]{0,62}(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,8}(?![\w-]|\.[\w])/g;
const PORTED = /(?<![\w./@:-])([a-z][a-z0-9-]{1,62}):\d{2,5}(?=\/[a-z0-9])/g;
const EC2 = /(?<![\w.-])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[a-z0-9-]{1,63}){0,5}(?![\w-])/g;
const HOST_SPOKEN =
  /((?:\b(?:Static hostname|Transient hostname|host_?name|NodeName|node_?name|HOSTNAME|HOST|_HOSTNAME|kubernetes\.io\/hostname)["']?\s?[=:]\s{0,3}["']?)|--hostname[= ])([A-Za-z0-9][\w.-]{0,252})/g;
const UNAME = /^(Linux )([A-Za-z0-9][\w.-]{0,252})(?= \d{1,3}\.\d)/gm;
const SYSLOG =
  /^((?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,40}) )([A-Za-z][\w.-]{0,252})(?= [\w./@-]{1,64}(?:\[\d{1,8}\])?: )/gm;
const HOME =
  /((?<![\w.-])\/(?:var\/)?(?:home|Users|media|run\/media|export\/home|data\/home)\/)([^/\s"'`:;,<>|()\\]{1,64})/g;
const ID_NAME = /(?<=(?:uid=|gid=|groups=|,)\d{1,10}\()([\w.@\\-]{1,64})(?=\))/g;
const USER_VARIABLE = /(\b(?:USER|LOGNAME|SUDO_USER|USERNAME|User)=["']?)([A-Za-z_][\w.-]{0,63})/g;
const FOR_USER = /((?:for|by|to|invalid|from) user[ =]["']?)([a-z_][\w.-]{1,63})/g;
const LISTED =
  /^([bcdlsp-][rwxsStT-]{9}[.+@]? {1,8}\d{1,8} )([A-Za-z_][\w.-]{0,63})( {1,16})([A-Za-z_][\w.-]{0,63})(?= )/gm;

const WINDOWS_HOME =
  /((?:[A-Za-z]:|\/mnt\/[a-z]|wsl(?:\$|\.localhost)[\\/]{1,2}[\w.-]{1,40})[\\/]{1,4}(?:Users|home)[\\/]{1,4})([^\\/\s"':;,<>|]{1,64})/g;
const SSH_USER = /((?:password|publickey|pam) for (?:invalid user )?| by )([a-z_][\w.-]{0,31})(?= from |\(uid=)/g;
const DISK_SERIAL = /(\/by-id\/[\w.:-]{1,120}[_-])([A-Za-z0-9]{8,64})(?![\w])/g;
const ENGINE_NAME = /("Name":"|^ Name: )([A-Za-z0-9][\w.-]{0,252})(?=","Labels"|\n ID: )/gm;
const QUOTED_REGISTRY = /(?<=["'])([a-z][a-z0-9-]{1,62})(?=:\d{4,5}["'])/g;
const HOSTS_LINE =
  /^((?:ip6?-\d{1,6}|127\.0\.1\.1)[ \t]{1,40})([A-Za-z][\w.-]{0,252}(?:[ \t]{1,20}[A-Za-z][\w.-]{0,252}){0,5})[ \t]{0,20}$/gm;
const IMAGE_PATH = /^(?::\d{2,5})?\/[a-z0-9][\w./-]{0,120}(?::[A-Za-z0-9]|@sha256:)/;

const VERSION_BEFORE =
  /(?:\.so\.|==|[vV]|version["':=]{0,3}\s{0,20}:?\s{0,4}"?|(?:^|[\s"'(,])(?:lib|nvidia-|cuda|cudnn|nccl|python3?-|tensorrt)[\w.+-]{0,48}[ \t=]{1,40}|~|\bVBIOS\S{0,10}\s{1,40}:?\s?)$/i;

const isAddress = (parts: readonly string[]): boolean =>
  parts.every(p => Number(p) <= 255 && (p === '0' || !p.startsWith('0')));
const isEverybodys = (address: string): boolean => /^(?:127\.|0\.0\.0\.0$|255\.|169\.254\.169\.254$)/.test(address);

const isIp6 = (text: string): boolean => {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = text.split(':').filter(g => g !== '');
  if (groups.some(g => g.length > 4)) return false;
  if (halves.length === 1) return groups.length === 8 && !text.startsWith(':') && !text.endsWith(':');
  return groups.length >= 2 && groups.length <= 7 && text !== '::1' && (/\d/.test(text) || /^f[cde]/i.test(text));
};

/** Text in which every name of a known form has its stand-in. */
export const aliasText = (text: string, names: Aliases): string => {
  const host = (name: string): string => (isCommon(name) ? name : names.of('host', name));
  const user = (name: string): string => (isCommon(name) ? name : names.of('user', name));
  const own = (whole: string, lead: string, name: string): string => {
    const trail = /[.-]+$/.exec(name)?.[0] ?? '';
    const bare = trail === '' ? name : name.slice(0, -trail.length);
    return isOwnHost(bare, true) ? lead + host(bare) + trail : whole;
  };

  let now = text;
  if (now.includes('-') || now.includes(':')) {
    now = now
      .replace(UUID_AFTER_NAME, id => (/^[0-]+$/.test(id) ? id : names.of('uuid', id)))
      .replace(UUID, (whole, id: string) => (/^[0-]+$/.test(id) ? whole : names.of('uuid', id)))
      .replace(SHORT_UUID, id => names.of('uuid', id))
      .replace(ENGINE_ID, id => names.of('uuid', id))
      .replace(MAC, mac =>
        /^(?:00[:-]){5}00$|^(?:ff[:-]){5}ff$/i.test(mac) ? mac : names.of('mac', mac.replaceAll('-', ':')),
      );
  }
  if (ONLY_MACHINE_ID.test(now)) now = names.of('machine', now.trim());
  now = now
    .replace(MACHINE_ID, (_, lead: string, id: string) => lead + names.of('machine', id))
    .replace(SERIAL, (whole, lead: string, value: string) =>
      /\d/.test(value) && !/^(?:0+|0x0+)$/.test(value) ? lead + names.of('serial', value) : whole,
    )
    .replace(
      SERIAL_ELEMENT,
      (_, lead: string, value: string) => lead + (/\d/.test(value) ? names.of('serial', value) : value),
    )
    .replace(DISK_SERIAL, (whole, lead: string, value: string) =>
      /\d/.test(value) ? lead + names.of('serial', value) : whole,
    )
    .replace(DEVICE_SERIAL, (_, lead: string, value: string) => lead + names.of('serial', value));

  if (now.includes('@'))
    now = now
      .replace(EMAIL, (whole, person: string, domain: string) =>
        isTld(domain.split('.').at(-1)!) && person !== 'git' && !/^[\w-]+$/.test(whole)
          ? names.of('email', whole)
          : whole,
      )
      .replace(LOGIN, (whole, person: string, machine: string) =>
        person === 'git' || /^(?:sha256|sha512|latest|v\d.*)$/.test(machine)
          ? whole
          : `${user(person)}@${host(machine)}`,
      );

  now = now
    .replace(EC2, name => names.of('host', name))
    .replace(URL_HOST, (whole, name: string) => own(whole, '', name))
    .replace(PORTED, (whole, name: string) =>
      isCommon(name) ? whole : names.of('registry', name) + whole.slice(name.length),
    )
    .replace(DOTTED, (name: string, at: number, all: string) => {
      const after = all.slice(at + name.length, at + name.length + 130);
      const before = all.slice(Math.max(0, at - 3), at);
      const image =
        IMAGE_PATH.test(after) && !before.endsWith('/') && isOwnHost(name, true) && !/^(?:io|com|org|net)\./.test(name);
      if (!image && !isOwnHost(name, false)) return name;
      if (
        after.startsWith('(') ||
        (/[^/]\/$/.test(before) && /\.(?:local|private|example|app|dev|site|home|test)$/.test(name))
      )
        return name;
      return names.of(/^(?::\d{2,5})?\/[a-z0-9]/.test(after) && !before.endsWith('://') ? 'registry' : 'host', name);
    })
    .replace(ENGINE_NAME, own)
    .replace(HOST_SPOKEN, own)
    .replace(UNAME, own)
    .replace(SYSLOG, own);

  now = now.replace(IP4, (whole, ...rest) => {
    const at = rest[4] as number;
    if (!isAddress(rest.slice(0, 4) as string[]) || isEverybodys(whole)) return whole;
    return VERSION_BEFORE.test((rest[5] as string).slice(Math.max(0, at - 100), at)) ? whole : names.of('ip', whole);
  });
  if (now.includes(':')) now = now.replace(IP6, found => (isIp6(found) ? names.of('ip6', found) : found));
  now = now.replace(HOSTS_LINE, (whole, lead: string, listed: string) =>
    lead.startsWith('127') || listed.split(/[ \t]+/).every(name => /[\d.-]/.test(name))
      ? lead + listed.replace(/[^ \t]+/g, name => own(name, '', name))
      : whole,
  );
  if (/registr|mirror/i.test(now))
    now = now.replace(QUOTED_REGISTRY, name => (isCommon(name) ? name : names.of('registry', name)));

  now = now
    .replace(HOME, (whole, lead: string, name: string) =>
      isCommon(name) || STAND_IN.test(name) ? whole : lead + user(name),
    )
    .replace(WINDOWS_HOME, (_, lead: string, name: string) => lead + user(name))
    .replace(SSH_USER, (_, lead: string, name: string) => lead + user(name))
    .replace(ID_NAME, name => user(name))
    .replace(USER_VARIABLE, (_, lead: string, name: string) => lead + user(name))
    .replace(FOR_USER, (_, lead: string, name: string) => lead + user(name))
    .replace(
      LISTED,
      (_, lead: string, owner: string, gap: string, group: string) => lead + user(owner) + gap + user(group),
    );
  return now;
};

const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');

/** Looks for names learned elsewhere as plain words. One alternation, so that the cost does not grow with their number. */
export const wordPattern = (words: readonly (readonly [string, string])[]): RegExp | null => {
  if (words.length === 0) return null;
  const longestFirst = words.map(([word]) => word).sort((a, b) => b.length - a.length);
  return new RegExp(`(?<![A-Za-z0-9_])(?:${longestFirst.map(escaped).join('|')})(?![A-Za-z0-9_])`, 'gi');
};
