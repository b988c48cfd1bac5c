/** Puts foreign text into Markdown so that it cannot become markup: no HTML, no links, no fence broken out of. */
import { clip, printable } from '../text/sanitize.ts';

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map(run => run.length));

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '@': '&#64;' };

/** Running text on one line. */
export const inline = (text: string, maxCols = 400): string =>
  clip(printable(text).replace(/\s+/g, ' ').trim(), maxCols)
    .replace(/[&<>@\\`*_[\]|~#]/g, c => ENTITIES[c] ?? `\\${c}`)
    .replace(/:\/\//g, ':\\/\\/')
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');

/** A code span; backticks in the text get a longer fence. */
export const code = (text: string, maxCols = 400): string => {
  const line = clip(printable(text).replace(/\s+/g, ' ').trim(), maxCols);
  if (line === '') return '';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const pad = ticks.length > 1 || line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return ticks + pad + line + pad + ticks;
};

/** A code span inside a table, where even there a bar would end the cell. */
export const cell = (text: string, maxCols = 160): string => code(text, maxCols).replace(/\|/g, '\\|');

/** A fenced block; the fence is longer than any run of backticks in it. */
export const fence = (text: string, language = ''): string => {
  const body = printable(text).replace(/\n+$/, '');
  const ticks = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return `${ticks}${language}\n${body}\n${ticks}`;
};

/** Text between HTML tags, for <summary>. */
export const html = (text: string, maxCols = 200): string =>
  clip(printable(text).replace(/\s+/g, ' ').trim(), maxCols)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '&#64;')
    .replace(/[\\`*_[\]~#]/g, c => `&#${c.charCodeAt(0)};`)
    .replace(/:\/\//g, ':&#47;&#47;');

export const details = (summary: string, body: string): string =>
  `<details>\n<summary>${html(summary)}</summary>\n\n${body.trimEnd()}\n\n</details>\n`;

/** An argument vector as a person would type it; never run, only read. */
export const shown = (argv: readonly string[]): string =>
  argv.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** 12 s, 1 min 5 s, 380 ms. */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

export const bytes = (text: string): number => new TextEncoder().encode(text).length;
