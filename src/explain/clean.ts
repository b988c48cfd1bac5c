/** Takes from a line what the way here put around it: colours, prefixes of loggers, quoting marks, HTML. */

const ANSI =
  /(?:\u001b\[|\u009b|\\+(?:u001b|x1b|033|e)\[|\^\[\[|\u241b\[)[0-?]{0,40}[ -/]{0,8}[@-~]|\u001b\][^\u0007\u001b]{0,2000}(?:\u0007|\u001b\\)?|\u001b[ -/]?[0-~]/gi;
/** What is left of a colour when the escape character itself was lost. */
const RESIDUE = /\[(?:\d{1,3};){0,4}\d{0,3}m(?![a-z])/g;
const TAG =
  /<\/?(?:a|b|br|code|dd|details|div|dt|em|font|i|li|ol|p|pre|samp|span|strong|summary|table|tbody|td|th|tr|tt|ul)(?:\s[^<>]{0,300})?\/?>/gi;
const ENTITY = /&(?:quot|apos|lt|gt|amp|nbsp|#0?3[49]|#x2[27]|#96|#x60);/gi;
const UNICODE = /\\+u00(22|26|27|3c|3e|60)/gi;
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', nbsp: ' ' };

const TIME = String.raw`\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?`;
const DATE = String.raw`\d{4}[-/.]\d{2}[-/.]\d{2}`;

/** Each is tried at the start of a line; the loop below goes on while one fits. All are anchored and bounded. */
const prefixes: readonly RegExp[] = [
  // grep -n, cat -n, editors
  /^\s{0,8}\d{1,6}\s{0,4}[|:\u2502]\s/,
  // Compose, and tables
  /^\s{0,4}[\w.@/-]{1,80}\s{1,60}[|\u2502]\s?/,
  /^\s{0,4}[|\u2502\u2503]\s/,
  // CRI
  new RegExp(`^${DATE}[T ]${TIME}\\S{0,6}\\s(?:stdout|stderr)\\s[FP]\\s`),
  // ISO and Go dates, with or without brackets
  new RegExp(`^\\s{0,4}\\[?${DATE}[T ]${TIME}(?:\\s?(?:Z|UTC|[+-]\\d{2}:?\\d{2}))?\\]?[:,]?\\s{0,4}`),
  new RegExp(`^\\s{0,4}\\[?${TIME}\\]?\\s`),
  // the kernel's dates, in any locale; before the next, which would take what follows for a unit's name
  /^\s{0,4}\[(?:\S{1,12}\s{1,3}){2,4}?\d{2}:\d{2}:\d{2}\s\d{4}\]\s?/,
  // journald and syslog, in any locale; a word in brackets or before a colon is no host
  new RegExp(
    `^(?!\\s{0,4}\\[)(?:\\S{1,14}\\s{1,3}){1,4}?${TIME}\\s[^\\s[\\]]{0,79}[^\\s[\\]:]\\s[\\w@.()/:+-]{1,80}?(?:\\[\\d{1,8}\\])?:\\s`,
  ),
  // the kernel's seconds
  /^\s{0,4}(?:<\d{1,3}>)?\[\s{0,8}\d{1,8}\.\d{3,9}\]\s?/,
  // klog
  /^[IWEF]\d{4}\s\d{2}:\d{2}:\d{2}\.\d{1,9}\s{1,8}\d{1,8}\s[\w./-]{1,80}:\d{1,6}\]\s?/,
  // logfmt
  /^time=\S{1,40}\s(?:[\w.]{1,30}=(?:"[^"]{0,200}"|\S{0,200})\s){0,6}?msg=/,
  /^time="[^"]{1,40}"\s(?:[\w.]{1,30}=(?:"[^"]{0,200}"|\S{0,200})\s){0,6}?msg=/,
  // CI, BuildKit, kubectl logs --prefix
  /^##\[\w{1,20}\]/,
  /^::\w{1,20}(?:\s[^:]{0,200})?::/,
  /^#\d{1,4}\s\d{1,6}\.\d{1,4}\s/,
  /^\[pod\/[\w./-]{1,160}\]\s/,
  /^\s{0,4}=>\s(?:=>\s)?#\s/,
];
const ROUNDS = 8;
/** No line without one of these near its start has a prefix. */
const MAYBE = /^[\s>|\u2502\u2503[#:=<]|\d|[|\u2502]/;

/** Quoting marks of mail and Markdown, however many. */
const withoutQuoting = (line: string): string => {
  let i = 0;
  let last = -1;
  for (; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c === 62) last = i;
    else if (c !== 32 && c !== 9) break;
  }
  return last < 0 ? line : line.slice(last + 1);
};

const withoutPrefix = (line: string): string => {
  let now = line;
  for (let round = 0; round < ROUNDS; round++) {
    const head = now.slice(0, 400);
    if (!MAYBE.test(head.slice(0, 90)) && !now.startsWith('time=')) return now;
    let cut = 0;
    for (const prefix of prefixes) {
      const found = prefix.exec(head);
      if (found !== null && found[0].length > 0) {
        cut = found[0].length;
        break;
      }
    }
    const next = withoutQuoting(cut === 0 ? now : now.slice(cut));
    if (next === now) return now;
    now = next;
  }
  return now;
};

/** Linear in the length of the line. */
export const cleanLine = (raw: string): string => {
  let line = raw;
  if (line.includes('\r')) line = line.replaceAll('\r', ' ');
  if (/[\u001b\u009b\u241b^]|\\+(?:u001b|x1b|033|e\[)/i.test(line)) line = line.replace(ANSI, '');
  if (line.includes('m')) line = line.replace(RESIDUE, '');
  if (line.includes('&')) line = line.replace(ENTITY, whole => entities[whole.slice(1, -1).toLowerCase()] ?? '"');
  if (line.includes('u00'))
    line = line.replace(UNICODE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  if (line.includes('<')) line = line.replace(TAG, ' ');
  return withoutPrefix(line);
};
